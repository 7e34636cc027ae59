#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Is the border effect a lever? An experiment that can refute it: docs/user/border-effect.md tells what came out.

The lever: a speed that is estimated from noisy places weighs a frame by its distance in time from the mean time of the
clip's frames. So of clips of 16 frames that span the same 32 frames of a video, three spacings are explained:

  even   every other frame: both ends are as far from the mean time
  late   eight frames at step 1, then eight at step 3: the last two frames are 1.5 times as far as the first two
  early  the mirror image

The lever says that the later end gets more relevance than the earlier one under `late`, less under `early`, and the least
lies at the mean time, which is beside the middle of the clip. A border effect of the position in the clip (padding,
architecture) gives both ends the same in all three. Relevance that goes with motion between neighbours alone gives all
frames of the wide half more, or all less.

And single frames are covered (relevid's occlusion_time): the lever says that the class loses most where a frame far from
the mean time goes, however relevance is computed.

  lever.py --relevid PROGRAM --videos GENERATED_SET --out FOLDER NETWORK.onnx...

Prints a table in Markdown. Runs that are done are not done again. Needs ffmpeg.
"""
import argparse
import csv
import json
import math
import pathlib
import subprocess
import sys

FRAMES = 16
SPACINGS = {
    "even": [2 * i for i in range(16)],
    "late": [*range(8), *range(10, 32, 3)],
    "early": [31 - t for t in reversed([*range(8), *range(10, 32, 3)])],
}


def rows_of(videos):
    with open(videos / "val.csv", newline="") as file:
        return list(csv.DictReader(file))


def cut(videos, rows, name, times, folder):
    """Videos of just the clip's frames, without loss; their list."""
    target = folder / name
    target.mkdir(parents=True, exist_ok=True)
    listed = folder / f"{name}.csv"
    with open(listed, "w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["path", "label"])
        for row in rows:
            clip = target / (pathlib.Path(row["path"]).stem + ".mkv")
            out.writerow([clip.relative_to(folder), row["label"]])
            if clip.exists():
                continue
            chosen = "+".join(f"eq(n\\,{16 + t})" for t in times)
            part = clip.with_suffix(".part.mkv")
            subprocess.run(
                ["ffmpeg", "-v", "error", "-y", "-i", videos / row["path"], "-vf", f"select={chosen},setpts=N/25/TB", "-r", "25",
                 "-c:v", "ffv1", part], check=True, stdin=subprocess.DEVNULL)
            part.rename(clip)
    return listed


def audit(relevid, network, listed, run, more):
    """What an audit of one clip a video finds at interval 1."""
    command = [relevid, "audit", network, listed, "--out", run, "--intervals", "1", "--base-interval", "1", "--num-clips", "1",
               "--controls", "none", "--target", "label", *more]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    report = subprocess.run([relevid, "report", run, "--format", "json"], check=True, capture_output=True).stdout
    return json.loads(report)["statistics"]["conditions"][0]


def shares_of(condition):
    return [share["value"] for share in condition["all"]["shares"]]


def mean_and_interval(values):
    """Over networks: Student's t at 95 %."""
    n = len(values)
    mean = sum(values) / n
    if n < 2:
        return mean, math.nan, math.nan
    quantiles = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571, 7: 2.447, 8: 2.365, 9: 2.306, 10: 2.262}
    t = quantiles[n] if n in quantiles else 1.96 + 2.7 / (n - 1)  # Student's within 0.01 from 11 on
    error = t * math.sqrt(sum((v - mean) ** 2 for v in values) / (n - 1) / n)
    return mean, mean - error, mean + error


def words(values, digits=2):
    mean, low, high = mean_and_interval(values)
    return f"{mean:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def late_end(shares):
    """The last two frames' part of what both ends have."""
    first, last = sum(shares[:2]), sum(shares[-2:])
    return last / (first + last)


def lever_of(times):
    mean = sum(times) / len(times)
    return [abs(t - mean) for t in times]


def wide_interior(shares, name):
    """Mean share of the inner six frames of the wide half over that of the narrow half's; of even spacing, late over early."""
    inner = [sum(shares[2:8]), sum(shares[8:14])]
    return inner[0] / inner[1] if name == "early" else inner[1] / inner[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="+", type=pathlib.Path)
    parser.add_argument("--relevid", type=pathlib.Path, default=pathlib.Path("build/release/relevid"))
    parser.add_argument("--videos", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--threads", default="0")
    options = parser.parse_args()
    rows = rows_of(options.videos)
    options.out.mkdir(parents=True, exist_ok=True)
    threads = ["--threads", options.threads]
    found = {name: [] for name in SPACINGS}
    covered = {name: [] for name in SPACINGS}
    for name, times in SPACINGS.items():
        listed = cut(options.videos, rows, name, times, options.out)
        for network in options.networks:
            run = options.out / f"{network.stem}-{name}"
            found[name].append(audit(options.relevid, network, listed, run.with_suffix(".db"), threads))
            occlusion = ["--method", "occlusion_time", "--window", "1", *threads]
            covered[name].append(audit(options.relevid, network, listed, run.with_suffix(".covered.db"), occlusion))
            print(f"{network.stem}, {name}: done", file=sys.stderr)
    print(f"{len(rows)} videos, {len(options.networks)} networks; mean over networks with its 95 % interval\n")
    print("| spacing | videos right | late end's part of both ends | the lever says | wide half's interior over the other's | "
          "late end's part, frames covered |")
    print("|---|---|---|---|---|---|")
    for name, times in SPACINGS.items():
        right = [100 * c["accuracy"]["video1"]["value"] for c in found[name]]
        print(f"| {name} | {words(right, 1)} % | {words([late_end(shares_of(c)) for c in found[name]])} | "
              f"{late_end(lever_of(times)):.2f} | {words([wide_interior(shares_of(c), name) for c in found[name]])} | "
              f"{words([late_end(shares_of(c)) for c in covered[name]])} |")
    print("\nMean share of each frame in %:\n")
    print("| spacing | by | " + " | ".join(str(t + 1) for t in range(FRAMES)) + " |")
    print("|---|---|" + "---|" * FRAMES)
    for name, times in SPACINGS.items():
        lever = lever_of(times)
        lines = [("relevance", [shares_of(c) for c in found[name]]), ("frames covered", [shares_of(c) for c in covered[name]]),
                 ("the lever", [[v / sum(lever) for v in lever]])]
        for what, profiles in lines:
            mean = [100 * sum(profile[t] for profile in profiles) / len(profiles) for t in range(FRAMES)]
            print(f"| {name} | {what} | " + " | ".join(f"{v:.1f}" for v in mean) + " |")


if __name__ == "__main__":
    main()
