# SPDX-License-Identifier: Apache-2.0
"""One process a program and task, spoken to as serving.py describes."""
import contextlib
import pathlib
import signal
import subprocess
import sys
from dataclasses import dataclass

HERE = pathlib.Path(__file__).parent

# In the order in which a round does them.
TASKS = [
    ("relevid", "bare_forward"), ("relevid", "bare_backward"),
    ("relevid", "forward"), ("onnxruntime", "forward"), ("pytorch", "forward"),
    ("relevid", "gradient"), ("pytorch", "gradient"),
    ("relevid", "epsilon_plus"), ("zennit", "epsilon_plus"),
    ("relevid", "deep_taylor"), ("zennit", "deep_taylor"),
    ("relevid", "value_path"),
    ("relevid", "forward_bf16"), ("relevid", "deep_taylor_bf16"),
]
BF16 = "_bf16"  # ends the tasks that need a processor with bf16 instructions
PEERS = ("relevid", "onnxruntime", "pytorch", "zennit")


@dataclass
class Files:
    """What prepare.py has made of one network, and one of its clips."""
    name: str
    folder: pathlib.Path
    batch: int

    @property
    def onnx(self):
        return self.folder / f"{self.name}.onnx"

    @property
    def weights(self):
        return self.folder / f"{self.name}.pt"

    @property
    def clip(self):
        return self.folder / f"{self.name}_batch{self.batch}.npy"


def processor_has_bf16():
    with open("/proc/cpuinfo") as info:
        return any("avx512_bf16" in line for line in info if line.startswith("flags"))


def tasks_here(peers, wanted, subject):
    """What these peers do of the wanted tasks that a network has, on this processor; and the floors of convolutions.

    Only convolutions compute in bf16, and a transformer has none that count.
    """
    has = {"forward", *subject.tasks} & set(wanted)
    if not subject.is_transformer:
        if processor_has_bf16():
            has |= {task + BF16 for task in has}
        has |= {task for _, task in TASKS if task.startswith("bare")}
    return [(peer, task) for peer, task in TASKS if peer in peers and task in has]


def torch_command(files, task, threads, setting):
    return [sys.executable, HERE / "torch_worker.py", files.name, files.weights, files.clip, threads, task, setting]


def command(peer, task, files, threads, worker, setting):
    if peer == "relevid":
        return [worker, "--model", files.onnx, "--clip", files.clip, "--task", task, "--threads", threads]
    if peer == "onnxruntime":
        return [sys.executable, HERE / "onnxruntime_worker.py", files.onnx, files.clip, threads]
    return torch_command(files, task, threads, setting)


def settings_by_speed(files, task, threads):
    """The settings of PyTorch for a task, the fastest here first; what was tried goes to the terminal."""
    words = [str(word) for word in torch_command(files, task, threads, "tune")]
    lines = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    ranked = lines[-1].split() if lines else []
    if not ranked:
        raise RuntimeError(f"PyTorch does {task} on {files.name} in no setting: see the lines above")
    return ranked


class Worker:
    def __init__(self, peer, task, words):
        self.name = f"{peer} {task}"
        self.process = subprocess.Popen([str(word) for word in words], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        self.expect("ready")

    def is_bare(self):
        """Whether it times convolutions alone, which have no answer."""
        return self.name.startswith("relevid bare")

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            raise self.end()
        return line.strip()

    def end(self):
        status = self.process.wait()
        if status == -signal.SIGKILL:
            return RuntimeError(f"{self.name} was killed, as where memory runs out: "
                                "name fewer --peers or --tasks at a time")
        return RuntimeError(f"{self.name} ended with status {status}: see its message above")

    def expect(self, word):
        line = self.read()
        if line != word:
            raise RuntimeError(f"{self.name} said '{line}' where '{word}' was expected")

    def tell(self, line):
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise self.end() from None

    def seconds(self):
        self.tell("run")
        return float(self.read())

    def peak_bytes(self):
        self.tell("peak")
        return int(self.read())

    def save(self, path):
        self.tell(f"save {path}")
        self.expect("saved")

    def close(self):
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
