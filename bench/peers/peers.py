# SPDX-License-Identifier: Apache-2.0
"""Times relevid, ONNX Runtime, PyTorch and zennit on the same networks, in turn, on this machine.

Answers are compared before anything is timed. Writes bench/results/NETWORK_batchN.json and the tables of
docs/user/speed.md. Called by ./run bench --peers.
"""
import argparse
import importlib.metadata
import json
import os
import pathlib
import platform
import subprocess
import sys
import tempfile
import time

import agreement
import numpy
import page
from measured import TASK_NAMES
from networks import SUBJECTS
from workers import HERE, PEERS, Files, Worker, command, settings_by_speed, tasks_here

ROOT = HERE.parent.parent
SLEEP_SECONDS = 0.1  # between tasks, so that the threads of the last one have gone to sleep
MOST_ELEMENTS = 20_000_000  # of a batch of clips: four of I3D are left out, which would take as long as the rest


def cpu_name():
    with open("/proc/cpuinfo") as info:
        names = [line.split(":")[1].strip() for line in info if line.startswith("model name")]
    return names[0] if names else platform.machine()


def versions():
    names = ("onnxruntime", "torch", "torchvision", "transformers", "zennit")
    return {name: importlib.metadata.version(name) for name in names}


def prepare(name, folder, batches):
    files = [Files(name, folder, batch) for batch in batches]
    if all(path.exists() for f in files for path in (f.onnx, f.weights, f.clip)):
        return
    print(f"making {SUBJECTS[name].title}", flush=True)
    words = [sys.executable, HERE / "prepare.py", name, folder, ",".join(map(str, batches))]
    subprocess.run([str(word) for word in words], check=True)


def start(peer, task, files, options, setting):
    return Worker(peer, task, command(peer, task, files, options.threads, options.worker, setting))


def start_all(files, options, workers):
    """Fills `workers`, by (peer, task); returns the settings of PyTorch's, the fastest first and in use."""
    settings = {}
    for peer, task in tasks_here(options.peers, options.tasks, SUBJECTS[files.name]):
        ranked = [""]
        if peer in ("pytorch", "zennit"):
            ranked = [options.setting] if options.setting else settings_by_speed(files, task, options.threads)
            settings[peer, task] = ranked
        workers[peer, task] = start(peer, task, files, options, ranked[0])
    return settings


def answers(worker):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "results.npz"
        worker.save(path)
        return {} if worker.is_bare() else dict(numpy.load(path))


def check(workers, settings, files, options):
    """By how much answers differ, and what was left for them; every worker has run once then.

    Where those of a setting are wrong, the next fastest takes its place. Throws where there is none, or where a
    program's settings agree with each other, so that it is relevid that is off.
    """
    results, asked, left = {}, list(workers), []
    while asked:
        for key in asked:
            results[key] = answers(workers[key])
        found = agreement.compare({key: arrays for key, arrays in results.items() if arrays})
        wrong = agreement.wrong(found)
        asked = [key for key, worker in workers.items() if worker.name in wrong and len(settings.get(key, [])) > 1]
        for key in asked:
            left.append((key, settings[key].pop(0), results[key], wrong[workers[key].name]))
            workers[key].close()
            workers[key] = start(*key, files, options, settings[key][0])
    agreement.describe(found)
    for key, setting, arrays, lines in left:
        if not agreement.disagreements("", agreement.entry(results[key], arrays, key[1])):
            wrong.setdefault(workers[key].name, []).extend(lines)
        print(f"  left: setting {setting} of {'; '.join(lines)}")
    if wrong:
        raise RuntimeError("wrong answers, so nothing is timed:\n" + "\n".join(sum(wrong.values(), [])))
    return found, [f"{setting} of {line}" for _, setting, _, lines in left for line in lines]


def time_rounds(workers, rounds):
    seconds = {worker.name: [] for worker in workers.values()}
    for number in range(rounds + 1):  # the first does not count
        for worker in workers.values():
            time.sleep(SLEEP_SECONDS)
            taken = worker.seconds()
            if number > 0:
                seconds[worker.name].append(round(taken, 6))
    return seconds


def measure(files, options):
    """The record of one network at one batch, or None where only answers were wanted."""
    print(f"{SUBJECTS[files.name].title}, batch {files.batch}", flush=True)
    workers = {}
    try:
        settings = start_all(files, options, workers)
        found, left = check(workers, settings, files, options)
        if options.check_only:
            for worker in workers.values():
                print(f"  {worker.name:<26} {worker.peak_bytes() / (1 << 30):.2f} GiB")
            return None
        seconds = time_rounds(workers, options.rounds)
        peaks = {worker.name: worker.peak_bytes() for worker in workers.values()}
    finally:
        for worker in workers.values():
            worker.close()
    return {
        "network": files.name, "batch": files.batch, "clip": list(SUBJECTS[files.name].clip),
        "machine": {"cpu": cpu_name(), "cores": os.cpu_count(), "system": f"{platform.system()} {platform.machine()}"},
        "versions": versions(), "threads": options.threads, "rounds": options.rounds,
        "settings": {workers[key].name: ranked[0] for key, ranked in settings.items()},
        "agreement": found, "left": left, "seconds": seconds, "peak_bytes": peaks,
    }


def fits(name, batch):
    if batch > 1 and SUBJECTS[name].is_transformer:
        print(f"{SUBJECTS[name].title}, batch {batch}: left out, as its file is for one clip")
        return False
    elements = batch * int(numpy.prod(SUBJECTS[name].clip))
    if batch > 1 and elements > MOST_ELEMENTS:
        print(f"{SUBJECTS[name].title}, batch {batch}: left out, as it would take as long as all the rest")
        return False
    return True


def parse():
    def listed(text):
        return text.split(",")

    parser = argparse.ArgumentParser(prog="./run bench --peers", description=__doc__)
    parser.add_argument("--networks", type=listed, default=list(SUBJECTS), help="of " + ",".join(SUBJECTS))
    parser.add_argument("--batches", type=listed, default=["1", "4"])
    parser.add_argument("--peers", type=listed, default=list(PEERS), help="of " + ",".join(PEERS))
    parser.add_argument("--tasks", type=listed, default=list(TASK_NAMES), help="of " + ",".join(TASK_NAMES) + "; forward always")
    parser.add_argument("--rounds", type=int, default=7, help="that count")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--setting", default="", help="of PyTorch, where it is not to be found out (contiguous, ...)")
    parser.add_argument("--check-only", action="store_true", help="compare answers, and time nothing")
    parser.add_argument("--worker", type=pathlib.Path, default=ROOT / "build/release/bench/peers/peer_worker")
    parser.add_argument("--work", type=pathlib.Path, default=ROOT / "build/peers/networks",
                        help="folder of the networks")
    parser.add_argument("--results", type=pathlib.Path, default=ROOT / "bench/results")
    parser.add_argument("--page", type=pathlib.Path, default=ROOT / "docs/user/speed.md")
    options = parser.parse_args()
    for name in options.networks:
        if name not in SUBJECTS:
            parser.error(f"no network '{name}'; there are {', '.join(SUBJECTS)}")
    for peer in options.peers:
        if peer not in PEERS:
            parser.error(f"no peer '{peer}'; there are {', '.join(PEERS)}")
    for task in options.tasks:
        if task not in TASK_NAMES:
            parser.error(f"no task '{task}'; there are {', '.join(TASK_NAMES)}")
    options.tasks.append("forward")  # whose logits all others' are compared with
    if "relevid" not in options.peers:
        parser.error("relevid is what the others are compared with")
    return options


def main():
    options = parse()
    # Each program gets as many threads as the others, also where it asks nobody.
    os.environ["OMP_NUM_THREADS"] = str(options.threads)
    batches = [int(batch) for batch in options.batches]
    for name in options.networks:
        prepare(name, options.work, batches)
        for batch in batches:
            if not fits(name, batch):
                continue
            record = measure(Files(name, options.work, batch), options)
            if record:
                options.results.mkdir(parents=True, exist_ok=True)
                path = options.results / f"{name}_batch{batch}.json"
                path.write_text(json.dumps(record, indent=1) + "\n")
    if not options.check_only:
        print("\n" + page.write(options.results, options.page))


if __name__ == "__main__":
    try:
        main()
    except RuntimeError as error:
        sys.exit(f"peers: {error}")
