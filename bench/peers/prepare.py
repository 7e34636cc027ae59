# SPDX-License-Identifier: Apache-2.0
"""Makes what is compared: a network with random weights, as PyTorch and as ONNX has it, and clips for it.

prepare.py NAME FOLDER BATCHES writes NAME.onnx, NAME.pt and NAME_batchN.npy for each number of BATCHES (as in 1,4).
"""
import pathlib
import sys
import warnings

import numpy
import torch
import torch.nn.functional as F
from networks import SUBJECTS
from torch import nn

LOW, HIGH = -1.0, 1.0  # of the clips, and the bounds that zB is given


def moving_clips(count, subject):
    """Smooth blobs that change with time, and a little noise: neighbours are alike, as in films."""
    shape = list(subject.clip)
    frames = shape.pop(subject.time_axis)
    channels, *size = shape
    coarse = torch.randn(count, channels, max(2, frames // 4), size[0] // 16, size[1] // 16)
    blobs = F.interpolate(coarse, size=[frames, *size], mode="trilinear", align_corners=False)
    clips = (0.6 * blobs + 0.1 * torch.randn_like(blobs)).clamp(LOW, HIGH)
    return clips if subject.time_axis == 1 else clips.transpose(1, 2).contiguous()


def calibrate(model, clips):
    """He's weights, then what a batch norm with the statistics of these clips would make of them.

    About half of the outputs of each layer are positive then. Layers with few values a channel are scaled as a whole.
    """

    def calibrated(layer, _inputs, output):
        axes = [0, *range(2, output.dim())]
        mean, std = output.mean(axes), output.std(axes)
        if output[:, 0].numel() < 32:
            mean, std = torch.zeros_like(mean), output.std().expand_as(std)
        # A channel that hardly varies is not blown up: rounding alone would decide what it says.
        std = torch.maximum(std, 0.1 * output.square().mean().sqrt())
        scale = torch.empty_like(std).uniform_(0.7, 1.3) / std
        shift = 0.1 * torch.randn_like(mean) - mean * scale
        layer.weight.mul_(scale.reshape(-1, *[1] * (layer.weight.dim() - 1)))
        layer.bias.copy_(shift)
        shape = [1, -1] + [1] * (output.dim() - 2)
        return output * scale.reshape(shape) + shift.reshape(shape)

    hooks = []
    for layer in model.modules():
        if isinstance(layer, (nn.Conv3d, nn.Linear)):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)
            hooks.append(layer.register_forward_hook(calibrated))
    with torch.no_grad():
        model(clips)
    for hook in hooks:
        hook.remove()


def randomise(model):
    """Their own random weights; but biases, embeddings and scales of norms, which those leave at 0 and 1, vary too."""
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() == 1 or not parameter.any():
                parameter += 0.1 * torch.randn_like(parameter)


def export(subject, model, clip, path):
    """Transformers by PyTorch's default exporter, which MViT needs, for one clip; the others for any number of them."""
    names = dict(input_names=["clip"], output_names=["logits"])
    if subject.is_transformer:
        torch.onnx.export(model, (clip,), str(path), dynamo=True, external_data=False, verbose=False, **names)
        return
    warnings.simplefilter("ignore", DeprecationWarning)  # the exporter that is asked for is the older one
    batch_axis = {0: "batch"}
    torch.onnx.export(model, (clip,), str(path), dynamo=False, opset_version=17,
                      dynamic_axes={"clip": batch_axis, "logits": batch_axis}, **names)


def main():
    name, folder, batches = sys.argv[1], pathlib.Path(sys.argv[2]), [int(n) for n in sys.argv[3].split(",")]
    folder.mkdir(parents=True, exist_ok=True)
    subject = SUBJECTS[name]
    torch.manual_seed(1)
    model = subject.build().eval()
    clips = moving_clips(max(batches), subject)
    if subject.is_transformer:
        randomise(model)
    else:
        with torch.no_grad():
            calibrate(model, clips[:2])
    for batch in batches:
        numpy.save(folder / f"{name}_batch{batch}.npy", clips[:batch].numpy())
    torch.save(model.state_dict(), folder / f"{name}.pt")
    export(subject, model, clips[:1], folder / f"{name}.onnx")


if __name__ == "__main__":
    main()
