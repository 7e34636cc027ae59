# SPDX-License-Identifier: Apache-2.0
"""What is made of the times of a run: medians, ratios, the share of the dense floor, and the targets."""
import statistics

GIB = 1 << 30

# (what, network, ratio, bound, limit): see Run.ratio; at batch 1.
TARGETS = [
    ("forward against ONNX Runtime", "c3d", ("onnxruntime forward", "relevid forward"), "at least", 1.2),
    ("deep_taylor against its own forward", "c3d", ("relevid deep_taylor", "relevid forward"), "at most", 2.0),
    ("deep_taylor against ONNX Runtime's forward", "c3d", ("relevid deep_taylor", "onnxruntime forward"), "at most",
     1.5),
    ("deep_taylor against zennit", "c3d", ("zennit deep_taylor", "relevid deep_taylor"), "at least", 5.0),
    ("deep_taylor in bf16 against zennit", "c3d", ("zennit deep_taylor", "relevid deep_taylor_bf16"), "at least", 9.0),
    ("epsilon_plus against zennit", "r2plus1d_18", ("zennit epsilon_plus", "relevid epsilon_plus"), "at least", 4.0),
    ("epsilon_plus against zennit", "i3d", ("zennit epsilon_plus", "relevid epsilon_plus"), "at least", 4.0),
    ("forward against ONNX Runtime", "x3d_m", ("onnxruntime forward", "relevid forward"), "at least", 1.0),
]
for transformer in ("videomae_b", "swin3d_t", "mvit_v2_s"):
    TARGETS += [
        ("forward against ONNX Runtime", transformer, ("onnxruntime forward", "relevid forward"), "at least", 1.0),
        ("value_path against its own forward", transformer, ("relevid value_path", "relevid forward"), "at most", 3.0),
        ("value_path against PyTorch's gradient", transformer, ("pytorch gradient", "relevid value_path"), "at least", 2.0),
    ]
# Peak memory of these against zennit's, for every network.
MEMORY_METHODS, MEMORY_LIMIT = ("deep_taylor", "epsilon_plus"), 0.5
# Peak memory in GiB, of a network and a task of relevid's.
PEAK_LIMITS = {("videomae_b", "value_path"): 2.0}
# What the programs do, in the order of the tables; beside what of another program's, where it has no such task.
TASK_NAMES = ("forward", "gradient", "epsilon_plus", "deep_taylor", "value_path")
BESIDE = {"value_path": "gradient"}

# How many forward passes and passes by data of the bare convolutions no dense kernels can do without.
FLOORS = {"forward": (1, 0), "gradient": (1, 1), "epsilon_plus": (2, 1), "deep_taylor": (2, 1)}


class Run:
    """One network at one batch, as its file in bench/results has it."""

    def __init__(self, record):
        self.record = record

    def has(self, *names):
        return all(name in self.record["seconds"] for name in names)

    def median(self, name):
        return statistics.median(self.record["seconds"][name])

    def ratio(self, a, b):
        """The median of the rounds' own ratios, which drift touches less than the ratio of two medians."""
        seconds = self.record["seconds"]
        return statistics.median(x / y for x, y in zip(seconds[a], seconds[b]))

    def floor_share(self, task, own):
        """The float32 dense floor's part of relevid's time, round by round; above 1 where less than all is computed.

        None where it was not measured: transformers have next to no convolutions."""
        if not self.has("relevid bare_forward", "relevid bare_backward"):
            return None
        forward, backward = FLOORS[task]
        seconds = self.record["seconds"]
        return statistics.median(
            (forward * f + backward * b) / own for f, b, own in
            zip(seconds["relevid bare_forward"], seconds["relevid bare_backward"], seconds[own]))

    def peak_gib(self, name):
        return self.record["peak_bytes"][name] / GIB

    def memory_ratio(self, method):
        peaks = self.record["peak_bytes"]
        return peaks[f"relevid {method}"] / peaks[f"zennit {method}"]


def target_rows(runs):
    """(what, network, bound, limit, found, met, unit) of every target that the runs at batch 1 have; by network's name."""
    rows = []
    for what, network, names, bound, limit in TARGETS:
        run = runs.get(network)
        if run and run.has(*names):
            rows.append((what, network, bound, limit, run.ratio(*names), "×"))
    for network, run in runs.items():
        for method in MEMORY_METHODS:
            if run.has(f"relevid {method}", f"zennit {method}"):
                rows.append((f"peak memory of {method} against zennit's", network, "at most", MEMORY_LIMIT,
                             run.memory_ratio(method), "×"))
    for (network, task), limit in PEAK_LIMITS.items():
        name = f"relevid {task}"
        if network in runs and runs[network].has(name):
            rows.append((f"peak memory of {task}", network, "at most", limit, runs[network].peak_gib(name), "GiB"))
    return [(*row[:5], row[4] >= row[3] if row[2] == "at least" else row[4] <= row[3], row[5]) for row in rows]
