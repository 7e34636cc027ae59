# SPDX-License-Identifier: Apache-2.0
"""Trains the demo's network with relevid and with PyTorch: same losses from the same weights, same accuracies?

1. Losses: from the same weights, on the same batches, 200 updates with each optimiser. Status 1 where a loss differs by
   more than 1e-3; status 2 where the very first do by more than 1e-5, as weights or batches are not the same then.
2. Accuracies (not with --quick): the recipe of the demo (bench/training/recipe.sh) with fewer epochs, several seeds
   each, PyTorch with weights (of the same distribution) and clips that it draws itself. Status 1 where relevid's mean
   is lower and the 95 % interval of the difference excludes 0.

Status 2 where something is missing or nothing can be compared.
"""
import argparse
import json
import math
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

CANNOT_RUN = 2  # status, as argparse has it


def end(message):
    print(f"training: {message}", file=sys.stderr)
    sys.exit(CANNOT_RUN)


try:
    import torch
    import torch_training
except ImportError as error:
    end(f"{error}; this needs a Python that has what bench/peers/requirements.txt lists")

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
RECIPE = ROOT / "bench/training/recipe.sh"

UPDATES = 200
LOSS_TOLERANCE, FIRST_TOLERANCE = 1e-3, 1e-5
SET_SIZE, BATCH, PIXELS = 24, 16, 40  # of the videos of the losses, one clip long
SEED = 1
COMMON = {"clip-norm": "4", "epochs": str(UPDATES), "warmup": "20"}
CASES = {
    "AdamW": {"optimiser": "adamw", "lr": "0.00003", "weight-decay": "1"},
    "SGD, Nesterov's momentum": {"optimiser": "sgd", "lr": "0.0001", "momentum": "0.9", "weight-decay": "0.1"},
    "SGD, momentum": {"optimiser": "sgd", "lr": "0.0001", "momentum": "0.9", "weight-decay": "0.1",
                      "no-nesterov": None},
    "SGD": {"optimiser": "sgd", "lr": "0.001", "momentum": "0", "weight-decay": "0.1"},
}
EPOCHS = 12  # of the recipe's 20


def words_of(options):
    """{"lr": "1", "flip": None} as the words of a command."""
    return [word for name, value in options.items() for word in (f"--{name}", value) if word is not None]


def options_of(words):
    """The reverse of words_of."""
    options = {}
    for i, word in enumerate(words):
        if word.startswith("--"):
            has_value = i + 1 < len(words) and not words[i + 1].startswith("--")
            options[word[2:]] = words[i + 1] if has_value else None
    return options


def recipe(name):
    """The options of one of the recipe's lists."""
    script = f'source "$0"; printf "%s\\n" "${{{name}[@]}}"'
    listed = subprocess.run(["bash", "-c", script, RECIPE], check=True, stdout=subprocess.PIPE, text=True)
    return options_of(listed.stdout.split())


def relevid(options, *words):
    done = subprocess.run([options.relevid, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"relevid {words[0]} ended with status {done.returncode}:\n{done.stdout}")


def train(options, videos, out, *words):
    """The log of a training whose last state is kept, by epoch."""
    for left in (".checkpoint.npz", ".log.jsonl", ".onnx"):
        out.with_suffix(left).unlink(missing_ok=True)
    relevid(options, "train", videos, "--out", out, "--cache", options.work / "cache", "--keep", "last",
            "--allow-chance", "--threads", options.threads, *words)
    return [json.loads(line) for line in out.with_suffix(".log.jsonl").read_text().splitlines()]


class Twister:
    """std::mt19937_64 (Nishimura 2000), whose numbers shuffle relevid's clips."""

    def __init__(self, seed):
        self.state, self.next = [seed], 312
        for i in range(1, 312):
            last = self.state[-1]
            self.state.append((6364136223846793005 * (last ^ (last >> 62)) + i) % 2**64)

    def bits(self):
        if self.next == 312:
            for i in range(312):
                x = (self.state[i] & ~0x7FFFFFFF) | (self.state[(i + 1) % 312] & 0x7FFFFFFF)
                self.state[i] = self.state[(i + 156) % 312] ^ (x >> 1) ^ (0xB5026F5AA96619E9 if x & 1 else 0)
            self.next = 0
        x = self.state[self.next]
        self.next += 1
        x ^= (x >> 29) & 0x5555555555555555
        x ^= (x << 17) & 0x71D67FFFEDA60000
        x ^= (x << 37) & 0xFFF7EEE000000000
        return x ^ (x >> 43)


def mix(a, b):
    """As src/data/random.h has it."""
    z = (a + 0x9E3779B97F4A7C15 * (b + 1)) % 2**64
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB % 2**64
    return z ^ (z >> 31)


def relevid_batch(epoch):
    """The videos of an epoch's only batch: src/train/epoch.cpp shuffles all, and those that fill no batch are left out."""
    videos = list(range(SET_SIZE))
    random = Twister(mix(mix(mix(SEED, 1), epoch), 0))
    for i in range(SET_SIZE - 1, 0, -1):
        j = random.bits() % (i + 1)
        videos[i], videos[j] = videos[j], videos[i]
    return videos[:BATCH]


def make_losses_set(options):
    """The list of the videos, and an ONNX file of relevid's network as it is before its first update."""
    folder, start = options.work / "losses", options.work / "start.onnx"
    relevid(options, "generate", folder, "--videos", SET_SIZE, "--frames", torch_training.CLIP_LEN, "--size", PIXELS,
            "--seed", SEED, "--threads", options.threads)
    shape = {name: recipe("recipe_training")[name] for name in ("arch", "width", "subtract-clip-mean")}
    train(options, folder / "videos.csv", start, *words_of(shape), "--dropout", 0, "--size", PIXELS, "--resize", PIXELS,
          "--centre-crop", "--epochs", 1, "--warmup", 0, "--optimiser", "sgd", "--lr", 1e-30, "--seed", SEED)
    return folder / "videos.csv", start


def pytorch_losses(start, clips, labels, case):
    """(loss, norm, rate) of every update, and the weights after the last. The clips' memory format chooses the kernels."""
    model = torch_training.from_onnx(start, PIXELS)
    if clips.is_contiguous():
        model = model.to(memory_format=torch.contiguous_format)
    run = torch_training.Training(model, case, 1)
    found = []
    for epoch in range(UPDATES):
        chosen = relevid_batch(epoch)
        found.append(run.update(clips[chosen], labels[chosen]))
    return found, [parameter.detach() for parameter in torch_training.parameters_of(model)]


def length(tensors):
    return math.sqrt(sum(t.double().square().sum().item() for t in tensors))


def largest(a, b):
    """The largest difference, and the number of the update where it is, from 1."""
    return max((abs(x - y), i + 1) for i, (x, y) in enumerate(zip(a, b)))


def compare_losses(options):
    """Whether all agree; prints a row an optimiser."""
    listed, start = make_losses_set(options)
    videos = torch_training.read_videos(listed, PIXELS)
    clips, begin = torch_training.normalised(videos.frames.float()), torch_training.weights_of(start)
    print(f"Losses of {UPDATES} updates from the same weights on the same batches of {BATCH}\n"
          "| optimiser | loss, first | last | first apart | largest apart | at update | PyTorch from itself "
          "| gradient norms apart | clipped | weights apart |\n|---|---|---|---|---|---|---|---|---|---|", flush=True)
    agree = True
    for name, case in CASES.items():
        case = COMMON | case
        out = options.work / "losses.onnx"
        log = train(options, listed, out, "--init", start, "--centre-crop", "--batch", BATCH, "--seed", SEED,
                    "--restarts", 0, "--patience", UPDATES, *words_of(case))
        own = [line["loss"] for line in log]
        peer, weights = pytorch_losses(start, clips, videos.labels, case)
        again, _ = pytorch_losses(start, clips.contiguous(), videos.labels, case)
        losses, norms, rates = zip(*peer)
        rate_apart, _ = largest([line["learning_rate"] for line in log], rates)
        if len(own) != UPDATES or rate_apart > 1e-6 * float(case["lr"]):
            raise RuntimeError(f"{name}: {len(own)} updates, learning rates apart by {rate_apart:.1e}")
        apart, where = largest(own, losses)
        first = abs(own[0] - losses[0])
        norm_apart = max(abs(line["gradient_norm"] / norm - 1) for line, norm in zip(log, norms))
        trained = torch_training.weights_of(out)
        way = length([a - b for a, b in zip(weights, begin)])
        weights_apart = length([a - b for a, b in zip(weights, trained)]) / way
        clipped = sum(norm > float(case["clip-norm"]) for norm in norms)
        print(f"| {name} | {own[0]:.4f} | {own[-1]:.4f} | {first:.1e} | {apart:.1e} | {where} "
              f"| {largest([x for x, *_ in again], losses)[0]:.1e} | {norm_apart:.1e} | {clipped} "
              f"| {weights_apart:.1e} of the way |", flush=True)
        if not first <= FIRST_TOLERANCE:
            raise RuntimeError(f"{name}: first losses apart by {first:.1e}, so weights or batches differ")
        if not apart <= LOSS_TOLERANCE:
            print(f"{name}: losses apart by {apart:.1e} at update {where}; {LOSS_TOLERANCE:g} is taken")
            agree = False
    return agree


def student_quantile(freedom):
    """The 97.5 % quantile of Student's t, by bisection of its integral."""
    scale = math.exp(math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)) / math.sqrt(freedom * math.pi)

    def beyond_middle(t, steps=2000):
        return sum(scale * (1 + ((i + 0.5) * t / steps) ** 2 / freedom) ** (-(freedom + 1) / 2)
                   for i in range(steps)) * t / steps

    low, high = 0.0, 20.0
    while high - low > 1e-6:
        middle = (low + high) / 2
        low, high = (middle, high) if beyond_middle(middle) < 0.475 else (low, middle)
    return high


def difference_of(own, peer):
    """Mean of `own` less that of `peer`, and half the width of its 95 % interval (equal variances)."""
    count = len(own)
    spread = math.sqrt((statistics.variance(own) + statistics.variance(peer)) / count)
    return statistics.mean(own) - statistics.mean(peer), student_quantile(2 * count - 2) * spread


def measured_by_both(log, path, validation, settings, clips):
    """relevid's count of videos right; refuses where PyTorch counts another for the same network."""
    own = log[-1]["validation"]["videos_right"]
    peer = torch_training.videos_right(torch_training.from_onnx(path, int(settings["size"])), validation,
                                       int(settings["size"]), clips)
    if abs(own - peer) > 1:
        raise RuntimeError(f"{path}: relevid says {own} videos right, PyTorch {peer}, so the measures differ")
    return own


def compare_accuracies(options):
    """Whether relevid's are not lower; prints a row a seed."""
    folder, made, settings = options.work / "videos", recipe("recipe_videos"), recipe("recipe_training")
    settings["epochs"] = str(EPOCHS)
    relevid(options, "generate", folder, *words_of(made))
    size = int(made["size"])
    if size != int(settings["resize"]):
        raise RuntimeError(f"{RECIPE} resizes frames, which this does not do for PyTorch")
    training, validation = (torch_training.read_videos(folder / name, size) for name in ("train.csv", "val.csv"))
    total, clips, own, peer = len(validation.labels), 2, [], []
    print(f"\nPercent of {total} validation videos right after {EPOCHS} epochs on {len(training.labels)} videos\n"
          "| seed | relevid | PyTorch | relevid, s | PyTorch, s |\n|---|---|---|---|---|", flush=True)
    for seed in range(1, options.seeds + 1):
        begin, out = time.monotonic(), options.work / f"seed{seed}.onnx"
        log = train(options, folder / "train.csv", out, "--val", folder / "val.csv", "--val-clips", clips,
                    "--seed", seed, *words_of(settings))
        between = time.monotonic()
        own.append(100 * measured_by_both(log, out, validation, settings, clips) / total)
        widths = [len(w) for w in torch_training.weights_of(out)[:-2:2]]
        middle = time.monotonic()
        model = torch_training.train_by_recipe(training, settings, widths, seed)
        peer.append(100 * torch_training.videos_right(model, validation, int(settings["size"]), clips) / total)
        print(f"| {seed} | {own[-1]:.1f} | {peer[-1]:.1f} | {between - begin:.0f} | {time.monotonic() - middle:.0f} |",
              flush=True)
    difference, half = difference_of(own, peer)
    print(f"| mean | {statistics.mean(own):.1f} | {statistics.mean(peer):.1f} | | |\n"
          f"relevid less PyTorch: {difference:+.1f} points ({difference - half:+.1f} to {difference + half:+.1f})")
    if difference + half < 0:
        print("relevid's accuracies are lower")
        return False
    return True


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="losses alone")
    parser.add_argument("--relevid", type=pathlib.Path, default=ROOT / "build/release/relevid", help="the program")
    parser.add_argument("--work", type=pathlib.Path, default=ROOT / "build/peers/training",
                        help="folder of videos and networks")
    parser.add_argument("--threads", type=int, default=1, help="of both")
    parser.add_argument("--seeds", type=int, default=5, help="trainings of each for the accuracies")
    options = parser.parse_args()
    if options.seeds < 2:
        parser.error("an interval needs two seeds")
    if not options.relevid.exists():
        parser.error(f"there is no {options.relevid}; build it (./run build release) or give --relevid PROGRAM")
    if not shutil.which("ffmpeg"):
        parser.error("the ffmpeg program is missing, which decodes for PyTorch")
    options.relevid = options.relevid.resolve()
    return options


def main():
    options = parse()
    options.work.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(options.threads)
    agree = compare_losses(options)
    if not options.quick:
        agree = compare_accuracies(options) and agree
    sys.exit(0 if agree else 1)


if __name__ == "__main__":
    try:
        main()
    except RuntimeError as error:
        end(error)
