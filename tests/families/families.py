#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Exports each family of video networks to ONNX and measures relevid on it; docs/user/families.md is its table.

    python3 -m venv build/venv
    build/venv/bin/pip install torch torchvision onnx onnxruntime
    build/venv/bin/pip install --no-deps pytorchvideo fvcore iopath yacs portalocker tabulate termcolor tqdm \\
        parameterized pyyaml
    cmake --build build/dev --target check_family
    build/venv/bin/python tests/families/families.py build/dev/tests/families/check_family build/families [NAME...]

Weights are random (no weights are fetched), batch norms have statistics of a random clip, disturbed. The logits
are compared with ONNX Runtime's on the same file.
"""

import json
import pathlib
import subprocess
import sys

import numpy
import onnxruntime
import torch
from networks import FAMILIES
from torch import nn


PRESETS = ("deep_taylor", "epsilon_plus", "epsilon_plus_flat", "epsilon_alpha2_beta1", "epsilon_alpha2_beta1_flat",
           "epsilon_gamma_box", "excitation_backprop", "null_profile")


def disturb_norms(model, clips):
    """Statistics that a clip gives, then everything moved: no norm is the identity, no activation dies."""
    norms = [m for m in model.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    for norm in norms:
        norm.momentum = 1.0
        nn.init.uniform_(norm.weight, 0.5, 1.5)
        nn.init.normal_(norm.bias, 0, 0.2)
    model.train()
    for dropout in (m for m in model.modules() if isinstance(m, nn.Dropout)):
        dropout.p = 0.0
    with torch.no_grad():
        model(*clips)
    for norm in norms:
        norm.running_mean += 0.1 * norm.running_var.sqrt() * torch.randn_like(norm.running_mean)
        norm.running_var.clamp_(min=getattr(norm, "least_variance", 0.0))
        norm.running_var *= torch.empty_like(norm.running_var).uniform_(0.8, 1.25)


def export(name, folder):
    """Writes NAME.onnx, its inputs and ONNX Runtime's logits; returns the paths."""
    torch.manual_seed(sum(map(ord, name)))
    constructor, shapes, _ = FAMILIES[name]
    model = constructor()
    clips = [torch.randn(shape) for shape in shapes]
    disturb_norms(model, clips)
    path = folder / f"{name}.onnx"
    inputs = ["slow", "fast"] if len(shapes) == 2 else ["clip"]
    torch.onnx.export(model.eval(), tuple(clips), str(path), input_names=inputs, output_names=["scores"],
                      opset_version=17, dynamo=False)
    files = []
    for key, value in zip(inputs, clips):
        files.append(folder / f"{name}.{key}.npy")
        numpy.save(files[-1], value.numpy())
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    scores = session.run(None, {key: value.numpy() for key, value in zip(inputs, clips)})[0]
    if name.startswith("mmdeploy"):  # relevid cuts the softmax and averages logits; so does this
        body = model.body.eval()
        with torch.no_grad():
            scores = body(clips[0].reshape(-1, *clips[0].shape[2:])).mean(0, keepdim=True).numpy()
    numpy.save(folder / f"{name}.scores.npy", scores)
    return path, folder / f"{name}.scores.npy", files


def measure(check, name, folder):
    path, scores, files = export(name, folder)
    result = subprocess.run([check, path, scores, *files], capture_output=True, text=True)
    for file in (path, scores, *files):
        file.unlink()
    if result.returncode != 0:
        raise RuntimeError(result.stderr.strip())
    record = json.loads(result.stdout)
    (folder / f"{name}.json").write_text(result.stdout)
    return record


def line(name, record):
    _, shapes, source = FAMILIES[name]
    sizes = " and ".join("x".join(map(str, shape[1:])) for shape in shapes)
    cells = [name, source, sizes, f"{record['logits_error']:.1e}"]
    for preset in PRESETS:
        cells.append(f"{100 * record['presets'][preset]['reached']:.1f}")
    cells.append(f"{max(p['gap'] for p in record['presets'].values()):.0e}")
    return "| " + " | ".join(cells) + " |"


def main(check, folder, *names):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    failed = []
    for name in names or FAMILIES:
        try:
            record = measure(check, name, folder)
        except Exception as error:  # told, and the others go on
            print(f"{name}: {error}", flush=True)
            failed.append(name)
            continue
        print(line(name, record), flush=True)
        for text, nodes in record.get("not_exact", {}).items():
            print(f"    {nodes} x {text}", flush=True)
        if record["logits_error"] > 1e-4:
            print(f"{name}: logits differ by {record['logits_error']:.1e} of the largest", flush=True)
            failed.append(name)
    sys.exit(f"not taken, or not exact enough: {', '.join(failed)}" if failed else 0)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
