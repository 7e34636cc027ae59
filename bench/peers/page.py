# SPDX-License-Identifier: Apache-2.0
"""Writes what bench/results holds into docs/user/speed.md, between two marks, and onto the terminal."""
import json

from measured import BESIDE, TASK_NAMES, Run, target_rows
from networks import SUBJECTS
from workers import BF16

BEGIN, END = "<!-- measured: written by ./run bench --peers -->", "<!-- end -->"
PEER_TITLES = {"onnxruntime": "ONNX Runtime", "pytorch": "PyTorch", "zennit": "zennit"}


def read_runs(folder):
    """By (network, batch), in the order of SUBJECTS."""
    runs = {}
    for name in SUBJECTS:
        for path in sorted(folder.glob(f"{name}_batch*.json")):
            record = json.loads(path.read_text())
            runs[name, record["batch"]] = Run(record)
    return runs


def table(header, rows):
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def time_rows(run):
    """A row for each task and program that is not relevid, relevid's own numbers beside it."""
    rows = []
    for task, own_task in [(task, own) for task in TASK_NAMES for own in (task, task + BF16)]:
        own, others = f"relevid {own_task}", BESIDE.get(task, task)
        peers = [peer for peer in PEER_TITLES if run.has(own, f"{peer} {others}")]
        for peer in peers:
            other = f"{peer} {others}"
            share = run.floor_share(task, own)
            rows.append([
                f"{SUBJECTS[run.record['network']].title}, {run.record['batch']}",
                task + (" in bf16" if own_task != task else ""),
                f"{run.median(own):.3f}",
                f"{PEER_TITLES[peer]}{'' if others == task else ', ' + others} {run.median(other):.3f}",
                f"{run.ratio(other, own):.2f}", f"{run.peak_gib(own):.2f}", f"{run.peak_gib(other):.2f}",
                "–" if share is None else f"{100 * share:.0f} %"])
    return rows


def times_table(runs):
    header = ["network, batch", "task", "relevid, s", "peer, s", "times as fast", "relevid, GiB", "peer, GiB",
              "share of the dense floor"]
    return table(header, [row for run in runs.values() for row in time_rows(run)])


def targets_table(runs):
    rows = target_rows({name: run for (name, batch), run in runs.items() if batch == 1})
    return table(["target, batch 1", "network", "wanted", "measured", ""],
                 [[what, SUBJECTS[network].title, f"{bound} {limit:g} {unit}", f"{found:.2f} {unit}",
                   "met" if met else "missed"]
                  for what, network, bound, limit, found, met, unit in rows])


def machine_lines(runs):
    """One line a machine and set of versions: results may be of several days."""
    lines = []
    for run in runs.values():
        machine, versions = run.record["machine"], run.record["versions"]
        line = (f"{machine['cpu']}, {run.record['threads']} threads on {machine['cores']} cores, {machine['system']}; "
                + ", ".join(f"{name} {version}" for name, version in versions.items())
                + f"; median of {run.record['rounds']} rounds.")
        if line not in lines:
            lines.append(line)
    return "\n".join(lines)


def left_lines(runs):
    """Settings that were fastest, and not taken for their answers."""
    return [f"Not taken, {SUBJECTS[name].title}, batch {batch}: setting {line}."
            for (name, batch), run in runs.items() for line in run.record.get("left", [])]


def write(results, page):
    """Returns what it has put onto the page."""
    runs = read_runs(results)
    content = "\n\n".join([machine_lines(runs), times_table(runs), targets_table(runs), *left_lines(runs)])
    text = page.read_text()
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    page.write_text(f"{before}{BEGIN}\n{content}\n{END}{after}")
    return content
