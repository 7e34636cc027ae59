# SPDX-License-Identifier: Apache-2.0
"""The networks that are compared, at their published sizes, in plain PyTorch; transformers are the packages' own.

Convolutional networks are written as every one of the compared programs runs them: batch norms are merged into the
convolutions before them, which therefore all have a bias.
"""
from dataclasses import dataclass
from typing import Callable

import torch
from torch import nn


class Add(nn.Module):
    """A residual addition: a module, so that zennit can give it a rule."""

    def forward(self, a, b):
        return a + b


class Gate(nn.Module):
    """The product of a signal and its gate."""

    def forward(self, signal, gate):
        return signal * gate


def extent(size):
    return size if isinstance(size, tuple) else (size,) * 3


def convolution(c_in, c_out, kernel, stride=1, groups=1):
    kernel = extent(kernel)
    return nn.Conv3d(c_in, c_out, kernel, extent(stride), tuple(k // 2 for k in kernel), groups=groups)


def unit(c_in, c_out, kernel, stride=1, groups=1):
    return nn.Sequential(convolution(c_in, c_out, kernel, stride, groups), nn.ReLU(inplace=True))


def c3d():
    """Tran et al. 2015 (ICCV), 487 classes of Sports-1M."""
    layers, c_in = [], 3
    for i, (channels, convolutions) in enumerate([(64, 1), (128, 1), (256, 2), (512, 2), (512, 2)]):
        for _ in range(convolutions):
            layers.append(unit(c_in, channels, 3))
            c_in = channels
        pool = (1, 2, 2) if i == 0 else (2, 2, 2)
        layers.append(nn.MaxPool3d(pool, pool, ceil_mode=True))
    dense = [nn.Linear(8192, 4096), nn.ReLU(inplace=True), nn.Linear(4096, 4096), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers, nn.Flatten(), *dense, nn.Linear(4096, 487))


class R2Plus1dBlock(nn.Module):
    def __init__(self, c_in, c_out, stride):
        super().__init__()
        # As many weights in each pair as a 3x3x3 convolution would have.
        middle = c_in * c_out * 27 // (c_in * 9 + c_out * 3)

        def pair(channels, stride):
            return [*unit(channels, middle, (1, 3, 3), (1, stride, stride)),
                    convolution(middle, c_out, (3, 1, 1), (stride, 1, 1))]

        self.body = nn.Sequential(*pair(c_in, stride), nn.ReLU(inplace=True), *pair(c_out, 1))
        self.shortcut = nn.Identity() if c_in == c_out and stride == 1 else convolution(c_in, c_out, 1, stride)
        self.add, self.relu = Add(), nn.ReLU(inplace=True)

    def forward(self, x):
        return self.relu(self.add(self.body(x), self.shortcut(x)))


def r2plus1d_18():
    """Tran et al. 2018 (CVPR), in the geometry of torchvision, 400 classes of Kinetics."""
    layers, c_in = [unit(3, 45, (1, 7, 7), (1, 2, 2)), unit(45, 64, (3, 1, 1))], 64
    for i, channels in enumerate([64, 128, 256, 512]):
        layers += [R2Plus1dBlock(c_in, channels, 1 if i == 0 else 2), R2Plus1dBlock(channels, channels, 1)]
        c_in = channels
    return nn.Sequential(*layers, nn.AdaptiveAvgPool3d(1), nn.Flatten(), nn.Linear(512, 400))


class Mixed(nn.Module):
    def __init__(self, c_in, a, b0, b1, c0, c1, d):
        super().__init__()
        self.ways = nn.ModuleList([
            unit(c_in, a, 1),
            nn.Sequential(unit(c_in, b0, 1), unit(b0, b1, 3)),
            nn.Sequential(unit(c_in, c0, 1), unit(c0, c1, 3)),
            nn.Sequential(nn.MaxPool3d(3, 1, 1), unit(c_in, d, 1)),
        ])

    def forward(self, x):
        return torch.cat([way(x) for way in self.ways], 1)


def i3d():
    """Carreira and Zisserman 2017 (CVPR), figure 3, 400 classes of Kinetics; pads the same at both ends."""
    return nn.Sequential(
        unit(3, 64, 7, 2), nn.MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1)), unit(64, 64, 1), unit(64, 192, 3),
        nn.MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1)),
        Mixed(192, 64, 96, 128, 16, 32, 32), Mixed(256, 128, 128, 192, 32, 96, 64), nn.MaxPool3d(3, 2, 1),
        Mixed(480, 192, 96, 208, 16, 48, 64), Mixed(512, 160, 112, 224, 24, 64, 64),
        Mixed(512, 128, 128, 256, 24, 64, 64), Mixed(512, 112, 144, 288, 32, 64, 64),
        Mixed(528, 256, 160, 320, 32, 128, 128), nn.MaxPool3d(2, 2),
        Mixed(832, 256, 160, 320, 32, 128, 128), Mixed(832, 384, 192, 384, 48, 128, 128),
        nn.AvgPool3d((2, 7, 7), 1), nn.Conv3d(1024, 400, 1), nn.AdaptiveAvgPool3d(1), nn.Flatten())


class SqueezeExcite(nn.Module):
    def __init__(self, channels):
        super().__init__()
        inner = max(8, (channels // 16 + 4) // 8 * 8)
        if inner < 0.9 * channels / 16:
            inner += 8
        self.gate = nn.Sequential(nn.AdaptiveAvgPool3d(1), nn.Conv3d(channels, inner, 1), nn.ReLU(inplace=True),
                                  nn.Conv3d(inner, channels, 1), nn.Sigmoid())
        self.product = Gate()

    def forward(self, x):
        return self.product(x, self.gate(x))


class X3dBlock(nn.Module):
    def __init__(self, c_in, c_out, stride, has_gate):
        super().__init__()
        inner = c_out * 9 // 4
        gate = [SqueezeExcite(inner)] if has_gate else []
        self.body = nn.Sequential(*unit(c_in, inner, 1), convolution(inner, inner, 3, (1, stride, stride), inner),
                                  *gate, nn.SiLU(), convolution(inner, c_out, 1))
        self.shortcut = (nn.Identity() if c_in == c_out and stride == 1
                         else convolution(c_in, c_out, 1, (1, stride, stride)))
        self.add, self.relu = Add(), nn.ReLU(inplace=True)

    def forward(self, x):
        return self.relu(self.add(self.body(x), self.shortcut(x)))


def x3d_m():
    """Feichtenhofer 2020 (CVPR), table 2 with the factors of X3D-M, 400 classes of Kinetics."""
    layers, c_in = [convolution(3, 24, (1, 3, 3), (1, 2, 2)), *unit(24, 24, (5, 1, 1), 1, 24)], 24
    for channels, blocks in [(24, 3), (48, 5), (96, 11), (192, 7)]:
        for i in range(blocks):
            layers.append(X3dBlock(c_in, channels, 2 if i == 0 else 1, i % 2 == 0))
            c_in = channels
    return nn.Sequential(*layers, unit(192, 432, 1), nn.AdaptiveAvgPool3d(1), unit(432, 2048, 1), nn.Flatten(),
                         nn.Linear(2048, 400))


class Logits(nn.Module):
    """Of a model of the transformers package, which returns records."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, clip):
        return self.model(clip).logits


# The packages are imported where they are built: those who need others are spared the time and the memory.
def videomae_b():
    """Tong et al. 2022 (NeurIPS), ViT-B with tubelets of 2 x 16 x 16, 400 classes of Kinetics."""
    from transformers import VideoMAEConfig, VideoMAEForVideoClassification
    return Logits(VideoMAEForVideoClassification(VideoMAEConfig(num_labels=400)))


def swin3d_t():
    """Liu et al. 2022 (CVPR), 400 classes of Kinetics."""
    from torchvision.models.video import swin3d_t as build
    return build()


def mvit_v2_s():
    """Li et al. 2022 (CVPR), 400 classes of Kinetics."""
    from torchvision.models.video import mvit_v2_s as build
    return build()


@dataclass
class Subject:
    title: str
    build: Callable[[], nn.Module]
    clip: tuple  # [C, T, H, W], or [T, C, H, W]
    is_transformer: bool = False

    @property
    def tasks(self):
        """What it is explained by, besides predictions."""
        return ("gradient", "value_path") if self.is_transformer else ("gradient", "epsilon_plus", "deep_taylor")

    @property
    def time_axis(self):
        return 1 if self.clip[0] == 3 else 0


SUBJECTS = {
    "c3d": Subject("C3D", c3d, (3, 16, 112, 112)),
    "r2plus1d_18": Subject("R(2+1)D-18", r2plus1d_18, (3, 16, 112, 112)),
    "i3d": Subject("I3D", i3d, (3, 64, 224, 224)),
    "x3d_m": Subject("X3D-M", x3d_m, (3, 16, 224, 224)),
    "videomae_b": Subject("VideoMAE-B", videomae_b, (16, 3, 224, 224), is_transformer=True),
    "swin3d_t": Subject("Video Swin-T", swin3d_t, (3, 16, 224, 224), is_transformer=True),
    "mvit_v2_s": Subject("MViTv2-S", mvit_v2_s, (3, 16, 224, 224), is_transformer=True),
}
