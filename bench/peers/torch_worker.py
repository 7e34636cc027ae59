# SPDX-License-Identifier: Apache-2.0
"""PyTorch and, on it, zennit, as serving.py describes.

torch_worker.py NAME WEIGHTS CLIP THREADS TASK SETTING; TASK: forward, gradient (PyTorch), epsilon_plus, deep_taylor
(zennit). SETTING `tune` times every setting instead, prints their names, the fastest first, and ends.
"""
import sys
import time

import numpy
import torch
from networks import SUBJECTS
from serving import serve


def load(name, weights):
    model = SUBJECTS[name].build().eval()
    model.load_state_dict(torch.load(weights, mmap=True), assign=True)
    return model.requires_grad_(False)


def start(logits):
    """The top class's entry alone is not 0."""
    return torch.zeros_like(logits).scatter_(1, logits.argmax(1, keepdim=True), 1.0)


def forward(model, clip):
    with torch.inference_mode():
        logits = model(clip)
    return {"logits": logits.to_dense() if logits.is_mkldnn else logits}


def gradient(model, clip):
    clip = clip.detach().requires_grad_()
    logits = model(clip)
    return {"logits": logits, "relevance": torch.autograd.grad(logits, clip, start(logits))[0]}


def explanation(model, clip, composite):
    clip = clip.detach().requires_grad_()
    with composite.context(model) as hooked:
        logits = hooked(clip)
        relevance, = torch.autograd.grad(logits, clip, start(logits) * logits.detach())
    return {"logits": logits, "relevance": relevance}


def prepare(name, weights, clip, task, setting):
    """The task in one setting, as a function of nothing."""
    model, clip = load(name, weights), torch.from_numpy(numpy.load(clip))
    if task not in ("forward", "gradient"):
        from zennit_rules import composite, explainable
        model, rules = explainable(model), composite(task)
    if setting == "channels_last_3d":
        model, clip = (x.to(memory_format=torch.channels_last_3d) for x in (model, clip))
    elif setting == "mkldnn":
        from torch.utils.mkldnn import to_mkldnn
        model, clip = to_mkldnn(model), clip.to_mkldnn()
    elif setting == "compiled":
        from torch._inductor import config
        config.freezing = task == "forward"
        model = torch.compile(model)
    if task == "forward":
        return lambda: forward(model, clip)
    if task == "gradient":
        return lambda: gradient(model, clip)
    return lambda: explanation(model, clip, rules)


def settings(task):
    plain = ["contiguous", "channels_last_3d"]
    return plain + {"forward": ["mkldnn", "compiled"], "gradient": ["compiled"]}.get(task, [])


def seconds(work):
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def by_speed(subject, task):
    times = {}
    for setting in settings(task):
        try:
            work = prepare(*subject, task, setting)
            first = seconds(work)
            times[setting] = min(seconds(work) for _ in range(3 if first < 3 else 1))
            print(f"  {task}, {setting}: {times[setting]:.3f} s", file=sys.stderr)
        except Exception as error:  # not every layer has every setting, and compiling needs a compiler
            print(f"  {task}, {setting}: not possible: {repr(error):.100}", file=sys.stderr)
    return sorted(times, key=times.get)


def main():
    name, weights, clip, threads, task, setting = sys.argv[1:]
    torch.set_num_threads(int(threads))
    subject = name, weights, clip
    if setting == "tune":
        print(*by_speed(subject, task))
        return
    work = prepare(*subject, task, setting)
    serve(lambda: {key: value.detach().numpy() for key, value in work().items()})


if __name__ == "__main__":
    main()
