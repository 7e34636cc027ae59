#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes tests/families/references: of each family of video networks a small network that has what sets the family apart,
and its relevances by zennit in float64, which references_test.cpp compares relevid's with.

    build/venv/bin/pip install torch onnx zennit
    build/venv/bin/python tests/families/references.py tests/families/references [NAME...]

zennit has the rules of layers with weights, averages and sums. What it has none for is written out here, by autograd
functions whose backward pass is the rule that docs/user/rules.md states: gates and attention weights count as constants,
activations pass relevance on.
"""

import contextlib
import pathlib
import sys

import numpy
import torch
import torch.nn.functional as F
from torch import nn
from zennit.composites import LayerMapComposite
from zennit.layer import Sum
from zennit.rules import (AlphaBeta, Epsilon, Flat, Gamma, Norm, Pass, ReLUDeconvNet, ReLUGuidedBackprop, WSquare, ZBox,
                          ZPlus)

FRAMES, SIZE, CLASSES = 8, 12, 5
STEPS = 20  # of integrated gradients
LOW, HIGH = -1.5, 2.0
EPSILON = 1e-6


def stabilised(z):
    return z + torch.where(z >= 0, EPSILON, -EPSILON)


class Gated(torch.autograd.Function):
    """signal * gate; relevance goes to the signal as it is."""

    @staticmethod
    def forward(ctx, signal, gate):
        ctx.shape = signal.shape
        return signal * gate

    @staticmethod
    def backward(ctx, relevance):
        return relevance, None


class Attended(torch.autograd.Function):
    """weights @ values; the epsilon rule on the linear map of the values."""

    @staticmethod
    def forward(ctx, weights, values):
        result = weights @ values
        ctx.save_for_backward(weights, values, result)
        return result

    @staticmethod
    def backward(ctx, relevance):
        weights, values, result = ctx.saved_tensors
        return None, values * (weights.transpose(-1, -2) @ (relevance / stabilised(result)))


class Gate(nn.Module):
    def forward(self, signal, gate):
        return signal * gate if torch.onnx.is_in_onnx_export() else Gated.apply(signal, gate)


class Attend(nn.Module):
    def forward(self, weights, values):
        return weights @ values if torch.onnx.is_in_onnx_export() else Attended.apply(weights, values)


class Add(nn.Module):
    """zennit knows sums as a module over a stacked axis; ONNX gets an addition."""

    def __init__(self):
        super().__init__()
        self.sum = Sum(-1)

    def forward(self, a, b):
        return a + b if torch.onnx.is_in_onnx_export() else self.sum(torch.stack((a, b), -1))


class Mean(nn.Module):
    """Over some axes, whole."""

    def __init__(self, *axes, keepdim=False):
        super().__init__()
        self.axes, self.keepdim = axes, keepdim

    def forward(self, x):
        return x.mean(self.axes, keepdim=self.keepdim)


def conv(c_in, c_out, kernel, stride=1, groups=1):
    kernel = kernel if isinstance(kernel, tuple) else (kernel,) * 3
    return nn.Conv3d(c_in, c_out, kernel, stride, tuple(k // 2 for k in kernel), groups=groups)


class Head(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.pool, self.flat, self.linear = nn.AdaptiveAvgPool3d(1), nn.Flatten(), nn.Linear(channels, CLASSES)

    def forward(self, x):
        return self.linear(self.flat(self.pool(x)))


class SqueezeExcite(nn.Module):
    def __init__(self, channels, inner_activation, gate_activation):
        super().__init__()
        self.mean = nn.AdaptiveAvgPool3d(1)
        self.down, self.up = conv(channels, 2, 1), conv(2, channels, 1)
        self.inner, self.outer, self.gate = inner_activation(), gate_activation(), Gate()

    def forward(self, x):
        return self.gate(x, self.outer(self.up(self.inner(self.down(self.mean(x.detach()))))))


class Bottleneck(nn.Module):
    """Pointwise, depthwise, and what comes before the second pointwise layer; with a residual connection."""

    def __init__(self, channels, inner, kernel, activation, between=None):
        super().__init__()
        self.body = nn.Sequential(conv(channels, inner, 1), activation(), conv(inner, inner, kernel, groups=inner),
                                  *([between] if between else []), activation(), conv(inner, channels, 1))
        self.add = Add()

    def forward(self, x):
        return self.add(self.body(x), x)


class BasicBlock(nn.Module):
    """Two layers that `layer` makes and a shortcut with a stride, as in R3D, MC3 and R(2+1)D (Tran et al. 2018)."""

    def __init__(self, layer, c_in, c_out, stride):
        super().__init__()
        self.body = nn.Sequential(layer(c_in, c_out, stride), nn.ReLU(), layer(c_out, c_out, 1))
        self.skip, self.add, self.act = nn.Conv3d(c_in, c_out, 1, stride), Add(), nn.ReLU()

    def forward(self, x):
        return self.act(self.add(self.body(x), self.skip(x)))


class Residual(nn.Module):
    def __init__(self, stem, layer, stride):
        super().__init__()
        self.body = nn.Sequential(*stem, nn.ReLU(), BasicBlock(layer, 6, 8, stride), Head(8))

    def forward(self, x):
        return self.body(x)


def r3d():
    return Residual([conv(3, 6, 3, (1, 2, 2))], lambda a, b, stride: conv(a, b, 3, stride), 2)


def mc3():
    """3-D convolutions at the bottom, 2-D ones above."""
    return Residual([conv(3, 6, 3, (1, 2, 2))], lambda a, b, stride: conv(a, b, (1, 3, 3), stride), (1, 2, 2))


def r2plus1d():
    def layer(c_in, c_out, stride):
        return nn.Sequential(conv(c_in, 5, (1, 3, 3), (1, stride, stride)), nn.ReLU(), conv(5, c_out, (3, 1, 1), (stride, 1, 1)))
    return Residual([conv(3, 4, (1, 5, 5), (1, 2, 2)), nn.ReLU(), conv(4, 6, (3, 1, 1))], layer, 2)


class I3D(nn.Module):
    """Inception's branches, inflated (Carreira and Zisserman 2017)."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(conv(3, 6, 5, 2), nn.ReLU(), nn.MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1)))
        layer = lambda a, b, kernel: nn.Sequential(conv(a, b, kernel), nn.ReLU())
        self.branches = nn.ModuleList([layer(6, 3, 1), nn.Sequential(layer(6, 4, 1), layer(4, 5, 3)),
                                       nn.Sequential(layer(6, 2, 1), layer(2, 3, 3)),
                                       nn.Sequential(nn.MaxPool3d(3, 1, 1), layer(6, 2, 1))])
        self.pool, self.last, self.mean = nn.AvgPool3d((2, 2, 2), 1), nn.Conv3d(13, CLASSES, 1), Mean(2, 3, 4)

    def forward(self, x):
        x = self.stem(x)
        return self.mean(self.last(self.pool(torch.cat([branch(x) for branch in self.branches], 1))))


class Slow(nn.Module):
    """Slow-R50's kinds of layers: a spatial stem with max pooling, bottlenecks with (3, 1, 1) and (1, 3, 3)."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(conv(3, 6, (1, 5, 5), (1, 2, 2)), nn.ReLU(), nn.MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1)))
        self.body = nn.Sequential(conv(6, 4, (3, 1, 1)), nn.ReLU(), conv(4, 4, (1, 3, 3)), nn.ReLU(), conv(4, 8, 1))
        self.skip, self.add, self.act, self.head = conv(6, 8, 1), Add(), nn.ReLU(), Head(8)

    def forward(self, x):
        x = self.stem(x)
        return self.head(self.act(self.add(self.body(x), self.skip(x))))


class CSN(nn.Module):
    """Depthwise convolutions (Tran et al. 2019)."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(conv(3, 6, 3, (1, 2, 2)), nn.ReLU(), Bottleneck(6, 8, 3, nn.ReLU), nn.ReLU(), Head(6))

    def forward(self, x):
        return self.body(x)


class X3D(nn.Module):
    """Squeeze and excitation with a sigmoid, swish (Feichtenhofer 2020)."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(conv(3, 6, (1, 3, 3), (1, 2, 2)), conv(6, 6, (5, 1, 1), groups=6), nn.ReLU(),
                                  Bottleneck(6, 8, 3, nn.SiLU, SqueezeExcite(8, nn.ReLU, nn.Sigmoid)), nn.ReLU(),
                                  Head(6))

    def forward(self, x):
        return self.body(x)


class MoViNet(nn.Module):
    """Hard swish and hard sigmoid (Kondratyuk et al. 2021)."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(conv(3, 6, (1, 3, 3), (1, 2, 2)), nn.Hardswish(),
                                  Bottleneck(6, 8, (5, 3, 3), nn.Hardswish, SqueezeExcite(8, nn.Hardswish, nn.Hardsigmoid)),
                                  conv(6, 8, 1), nn.Hardswish(), Head(8))

    def forward(self, x):
        return self.body(x)


class S3D(nn.Module):
    """Separable convolutions in branches (Xie et al. 2018)."""

    def __init__(self):
        super().__init__()
        separable = lambda a, b: nn.Sequential(conv(a, b, (1, 3, 3)), nn.ReLU(), conv(b, b, (3, 1, 1)), nn.ReLU())
        self.stem = nn.Sequential(conv(3, 6, (1, 3, 3), (1, 2, 2)), nn.ReLU(), conv(6, 6, (3, 1, 1)), nn.ReLU())
        self.branches = nn.ModuleList([nn.Sequential(conv(6, 4, 1), nn.ReLU()), separable(6, 4),
                                       nn.Sequential(nn.MaxPool3d(3, 1, 1), conv(6, 3, 1), nn.ReLU())])
        self.head = Head(11)

    def forward(self, x):
        x = self.stem(x)
        return self.head(torch.cat([branch(x) for branch in self.branches], 1))


class SlowFast(nn.Module):
    """Two inputs and a lateral connection (Feichtenhofer et al. 2019); the slow one has a quarter of the frames."""

    def __init__(self):
        super().__init__()
        self.slow, self.fast = conv(3, 6, (1, 3, 3), (1, 2, 2)), conv(3, 2, (3, 3, 3), (1, 2, 2))
        self.lateral = nn.Conv3d(2, 4, (3, 1, 1), (4, 1, 1), (1, 0, 0))
        self.slow2, self.fast2 = conv(10, 8, (1, 3, 3)), conv(2, 3, 3)
        self.pools = nn.ModuleList([nn.AdaptiveAvgPool3d(1), nn.AdaptiveAvgPool3d(1)])
        self.acts = nn.ModuleList([nn.ReLU() for _ in range(5)])
        self.flat, self.head = nn.Flatten(), nn.Linear(11, CLASSES)

    def forward(self, slow, fast):
        slow, fast = self.acts[0](self.slow(slow)), self.acts[1](self.fast(fast))
        slow = torch.cat((slow, self.acts[2](self.lateral(fast))), 1)
        slow, fast = self.acts[3](self.slow2(slow)), self.acts[4](self.fast2(fast))
        return self.head(self.flat(torch.cat((self.pools[0](slow), self.pools[1](fast)), 1)))


class OneInputSlowFast(SlowFast):
    """The slow pathway is every fourth frame, by Resize on time."""

    def forward(self, clip):
        return super().forward(F.interpolate(clip, scale_factor=(0.25, 1.0, 1.0), mode="nearest"), clip)


class TSN(nn.Module):
    """A 2-D network on every frame, and the mean over frames (Wang et al. 2016); [N, T, 3, H, W]."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU(), nn.Conv2d(8, 8, 3, 1, 1), nn.ReLU())
        self.pool, self.flat, self.linear = nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, CLASSES)
        self.consensus = Mean(1)

    def shifted(self, x):
        return x

    def forward(self, clip):
        x = self.stem[1](self.stem[0](clip.reshape(-1, 3, SIZE, SIZE)))
        x = self.stem[3](self.stem[2](self.shifted(x)))
        return self.consensus(self.linear(self.flat(self.pool(x))).reshape(-1, FRAMES, CLASSES))


class TSM(TSN):
    """The same with an eighth of the channels moved by a frame to either side (Lin et al. 2019)."""

    def shifted(self, x):
        x = x.reshape(-1, FRAMES, *x.shape[1:])
        zeros = torch.zeros_like(x[:, :1, :1])
        earlier = torch.cat((x[:, 1:, :1], zeros), 1)
        later = torch.cat((zeros, x[:, :-1, 1:2]), 1)
        return torch.cat((earlier, later, x[:, :, 2:]), 2).reshape(-1, *x.shape[2:])


class TPN(nn.Module):
    """A temporal pyramid: two rates of pooling, one enlarged and added (Yang et al. 2020)."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(conv(3, 6, (1, 3, 3), (1, 2, 2)), nn.ReLU())
        self.low = nn.Sequential(conv(6, 6, (3, 1, 1), groups=2), nn.ReLU(), nn.MaxPool3d((2, 1, 1)))
        self.high = nn.Sequential(conv(6, 6, (1, 3, 3)), nn.ReLU(), nn.MaxPool3d((4, 1, 1)))
        self.enlarge, self.add = nn.Upsample(scale_factor=(2, 1, 1), mode="nearest"), Add()
        self.pools = nn.ModuleList([nn.AdaptiveAvgPool3d(1), nn.AdaptiveAvgPool3d(1)])
        self.flat, self.head = nn.Flatten(), nn.Linear(12, CLASSES)

    def forward(self, x):
        x = self.stem(x)
        high = self.high(x)
        low = self.add(self.low(x), self.enlarge(high))
        return self.head(self.flat(torch.cat((self.pools[0](low), self.pools[1](high)), 1)))


class NonLocal(nn.Module):
    """An embedded Gaussian block (Wang et al. 2018)."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(conv(3, 6, (1, 3, 3), (1, 2, 2)), nn.ReLU(), nn.MaxPool3d((1, 2, 2)))
        self.theta, self.phi, self.g, self.out = conv(6, 4, 1), conv(6, 4, 1), conv(6, 4, 1), conv(4, 6, 1)
        self.attend, self.add, self.head = Attend(), Add(), Head(6)

    def forward(self, x):
        x = self.stem(x)
        flat = lambda y: y.flatten(2).transpose(1, 2)
        queries, keys, values = flat(self.theta(x.detach())), flat(self.phi(x.detach())), flat(self.g(x))
        weights = torch.softmax(queries @ keys.transpose(1, 2), -1)
        found = self.attend(weights, values).transpose(1, 2).reshape(x.shape[0], 4, *x.shape[2:])
        return self.head(self.add(self.out(found), x))


class Deployed(nn.Module):
    """[N, clips, 3, T, H, W], with the mean over clips inside."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(conv(3, 6, (1, 3, 3), (1, 2, 2)), nn.ReLU(), conv(6, 8, (3, 1, 1)), nn.ReLU(), Head(8))
        self.mean = Mean(1)

    def forward(self, x):
        return self.mean(self.body(x.reshape(-1, *x.shape[2:])).reshape(-1, x.shape[1], CLASSES))


class C3D(nn.Module):
    """Convolutions, max pooling and fully connected layers with biases, a grouped and a dilated convolution among them: what
    every rule and every gradient method is compared on."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv3d(3, 6, 3, padding=1), nn.ReLU(), nn.MaxPool3d((1, 2, 2)),
            nn.Conv3d(6, 8, 3, padding=1, groups=2), nn.ReLU(), nn.MaxPool3d(2),
            nn.Conv3d(8, 8, (2, 3, 3), padding=(1, 2, 2), dilation=(2, 2, 2)), nn.ReLU(), nn.Flatten(),
            nn.Linear(8 * FRAMES // 2 * (SIZE // 4) ** 2, 12), nn.ReLU(), nn.Linear(12, CLASSES))

    def forward(self, x):
        return self.body(x)


CLIP, FRAMES_FIRST = (1, 3, FRAMES, SIZE, SIZE), (1, FRAMES, 3, SIZE, SIZE)
# name -> (constructor, input shape, the layers that read the input)
REFERENCES = {
    "c3d": (C3D, CLIP, ["body.0"]),
    "r3d": (r3d, CLIP, ["body.0"]),
    "mc3": (mc3, CLIP, ["body.0"]),
    "r2plus1d": (r2plus1d, CLIP, ["body.0"]),
    "i3d": (I3D, CLIP, ["stem.0"]),
    "slow": (Slow, CLIP, ["stem.0"]),
    "csn": (CSN, CLIP, ["body.0"]),
    "x3d": (X3D, CLIP, ["body.0"]),
    "movinet": (MoViNet, CLIP, ["body.0"]),
    "s3d": (S3D, CLIP, ["stem.0"]),
    "slowfast": (SlowFast, CLIP, ["slow", "fast"]),
    "slowfast_one_input": (OneInputSlowFast, CLIP, ["slow", "fast"]),
    "tsn": (TSN, FRAMES_FIRST, ["stem.0"]),
    "tsm": (TSM, FRAMES_FIRST, ["stem.0"]),
    "tpn": (TPN, CLIP, ["stem.0"]),
    "nonlocal": (NonLocal, CLIP, ["stem.0"]),
    "mmdeploy": (Deployed, (1, 2, 3, 4, SIZE, SIZE), ["body.0"]),
}

CONVOLUTIONS = (nn.Conv2d, nn.Conv3d)
COMMON = [((nn.ReLU, nn.SiLU, nn.Hardswish), Pass()),
          ((Sum, Mean, nn.Upsample, nn.AvgPool3d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d), Norm())]


def box():
    return ZBox(low=torch.tensor(LOW, dtype=torch.float64), high=torch.tensor(HIGH, dtype=torch.float64))


class FirstLayers(LayerMapComposite):
    """zennit's SpecialFirstLayerMapComposite takes the first layer alone; a SlowFast has two that read the clip."""

    def __init__(self, layer_map, names, rule):
        super().__init__(layer_map)
        self.names, self.rule = names, rule

    def mapping(self, ctx, name, module):
        return self.rule() if name in self.names else super().mapping(ctx, name, module)


def composites(first):
    no_bias = ZPlus(zero_params="bias")
    plus = COMMON + [(CONVOLUTIONS, ZPlus()), (nn.Linear, Epsilon())]
    alpha_beta = COMMON + [(CONVOLUTIONS, AlphaBeta(2, 1)), (nn.Linear, Epsilon())]
    return {
        "deep_taylor": FirstLayers(COMMON + [(CONVOLUTIONS + (nn.Linear,), no_bias)], first, box),
        "epsilon_plus": LayerMapComposite(plus),
        "epsilon_plus_flat": FirstLayers(plus, first, Flat),
        "epsilon_alpha2_beta1": LayerMapComposite(alpha_beta),
        "epsilon_alpha2_beta1_flat": FirstLayers(alpha_beta, first, Flat),
        "epsilon_gamma_box": FirstLayers(COMMON + [(CONVOLUTIONS, Gamma(0.25)), (nn.Linear, Epsilon())], first, box),
        "excitation_backprop": LayerMapComposite(COMMON + [(CONVOLUTIONS + (nn.Linear,), ZPlus())]),
    }


RULES = {"epsilon_0.25": Epsilon(0.25), "gamma_0.25": Gamma(0.25), "alpha_beta_1_0": AlphaBeta(1, 0),
         "alpha_beta_3_2": AlphaBeta(3, 2), "w_square": WSquare(), "flat": Flat()}


def single_rules():
    """One rule on every layer with weights."""
    return {f"rule_{name}": LayerMapComposite(COMMON + [(CONVOLUTIONS + (nn.Linear,), rule)]) for name, rule in RULES.items()}


def gradients(model, clip, target):
    """Gradient methods, whose start is 1."""
    def gradient(x, composite=None):
        x = x.clone().requires_grad_()
        with composite.context(model) if composite else contextlib.nullcontext():
            return torch.autograd.grad(model(x)[0, target], x)[0]

    plain = gradient(clip)
    path = [gradient(clip * (step + 1) / STEPS) for step in range(STEPS)]
    return {"gradient": plain, "input_x_gradient": clip * plain,
            f"integrated_gradients_{STEPS}": clip * sum(path) / STEPS,
            "guided_backprop": gradient(clip, LayerMapComposite([(nn.ReLU, ReLUGuidedBackprop())])),
            "deconvnet": gradient(clip, LayerMapComposite([(nn.ReLU, ReLUDeconvNet())]))}


def slow_frames():
    """floor(i (T - 1) / (n - 1)), as relevid and PyTorchVideo pack pathways."""
    count = FRAMES // 4
    return [i * (FRAMES - 1) // (count - 1) for i in range(count)]


def save(name, folder):
    torch.manual_seed(sum(map(ord, name)))
    constructor, shape, first = REFERENCES[name]
    model = constructor().double().eval().requires_grad_(False)
    for parameter in model.parameters():
        parameter *= 1.5
    clip = torch.empty(shape, dtype=torch.float64).uniform_(LOW, HIGH)
    two_inputs = name == "slowfast"
    inputs = lambda x: (x[:, :, slow_frames()], x) if two_inputs else (x,)
    logits = model(*inputs(clip))
    target = int(logits.argmax())
    arrays = {"clip": clip, "logits": logits}
    relevances = composites(first)
    if name == "c3d":
        relevances.update(single_rules())
        arrays.update({f"relevance/{method}": map_ for method, map_ in gradients(model, clip, target).items()})
    for preset, composite in relevances.items():
        given = clip.clone().requires_grad_()
        with composite.context(model):
            scores = model(*inputs(given))
            start = torch.zeros_like(scores)
            start[0, target] = scores[0, target]
            (relevance,) = torch.autograd.grad(scores, given, start)
        arrays[f"relevance/{preset}"] = relevance
    arrays = {key: value.detach().numpy().astype(numpy.float32) for key, value in arrays.items()}
    numpy.savez_compressed(folder / f"{name}.npz", target=numpy.array([target]), **arrays)
    names = ["slow", "fast"] if two_inputs else ["clip"]
    torch.onnx.export(model.float(), inputs(clip.float()), str(folder / f"{name}.onnx"), input_names=names,
                      output_names=["scores"], opset_version=17, dynamo=False)
    sums = {key[10:]: f"{value.sum():.4f}" for key, value in arrays.items() if key.startswith("relevance/")}
    print(name, f"logit {logits[0, target]:.4f}", sums, flush=True)


def main(folder, *names):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name in names or REFERENCES:
        save(name, folder)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(*sys.argv[1:])
