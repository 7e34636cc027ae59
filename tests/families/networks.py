# SPDX-License-Identifier: Apache-2.0
"""The families of video networks at their published geometry, with random weights.

From torchvision and pytorchvideo where these have the family; the others are written out here in plain torch.
"""

import torch
import torch.nn.functional as F
import torchvision
from pytorchvideo.layers.nonlocal_net import create_nonlocal
from pytorchvideo.models import hub
from torch import nn


def hub_model(name):
    """Without the softmax that some heads end in: relevid cuts it, and logits are what is compared."""
    model = getattr(hub, name)(pretrained=False)
    head = model.blocks[-1]
    if hasattr(head, "activation"):
        head.activation = None
    return model


class SlowFast(nn.Module):
    """Two inputs: slow [N, 3, T / alpha, H, W] and fast [N, 3, T, H, W]."""

    def __init__(self):
        super().__init__()
        self.body = hub_model("slowfast_r50")

    def forward(self, slow, fast):
        return self.body([slow, fast])


class OneInputSlowFast(SlowFast):
    """One input; the slow pathway is every fourth frame, by Resize on time."""

    def forward(self, clip):
        slow = F.interpolate(clip, scale_factor=(0.25, 1.0, 1.0), mode="nearest")
        return self.body([slow, clip])


def i3d_nonlocal():
    """Five embedded Gaussian blocks, as Wang et al. 2018 (arXiv 1711.07971) put them into res3 and res4."""
    model = hub_model("i3d_r50")
    for stage, channels, places in ((3, 512, (1, 3)), (4, 1024, (1, 3, 5))):
        blocks = [m for m in model.blocks[stage].modules() if isinstance(m, nn.ModuleList)][0]
        for place in places:
            non_local = create_nonlocal(dim_in=channels, dim_inner=channels // 2, pool_size=(1, 2, 2),
                                        instantiation="softmax", norm=nn.BatchNorm3d)
            for layer in (non_local.conv_theta, non_local.conv_phi, non_local.conv_g):  # as its authors start them
                nn.init.normal_(layer.weight, std=0.01)
            # What a random attention gives hardly varies; divided by that, rounding alone would decide its maxima.
            non_local.norm.least_variance = 1.0
            blocks[place] = nn.Sequential(blocks[place], non_local)
    return model


class Shift(nn.Module):
    """TSM's shift (Lin et al. 2019, arXiv 1811.08383) in front of a layer, by Slice and Concat."""

    def __init__(self, layer, segments):
        super().__init__()
        self.layer, self.segments = layer, segments

    def forward(self, x):
        frames, c, h, w = x.shape
        x = x.reshape(-1, self.segments, c, h, w)
        fold = c // 8
        left, mid, right = x[:, :, :fold], x[:, :, fold:2 * fold], x[:, :, 2 * fold:]
        zeros = left[:, :1] - left[:, :1]
        left = torch.cat((left[:, 1:], zeros), 1)
        mid = torch.cat((mid[:, :1] - mid[:, :1], mid[:, :-1]), 1)
        return self.layer(torch.cat((left, mid, right), 2).reshape(-1, c, h, w))


class Segments(nn.Module):
    """TSN (Wang et al. 2016, arXiv 1608.00859): a 2-D network on every frame and the mean; [N, T, 3, H, W]."""

    def __init__(self, shifted, segments=8):
        super().__init__()
        self.body, self.segments = torchvision.models.resnet50(weights=None, num_classes=400), segments
        if shifted:
            for stage in (self.body.layer1, self.body.layer2, self.body.layer3, self.body.layer4):
                for block in stage:
                    block.conv1 = Shift(block.conv1, segments)

    def forward(self, clip):
        scores = self.body(clip.reshape(-1, *clip.shape[2:]))
        return scores.reshape(-1, self.segments, 400).mean(1)


def unit(c_in, c_out, kernel, stride=1, groups=1, act=nn.ReLU):
    kernel = kernel if isinstance(kernel, tuple) else (kernel,) * 3
    layers = [nn.Conv3d(c_in, c_out, kernel, stride, tuple(k // 2 for k in kernel), groups=groups, bias=False),
              nn.BatchNorm3d(c_out, eps=1e-3)]
    return nn.Sequential(*layers, *([act()] if act else []))


class Mixed(nn.Module):
    def __init__(self, c_in, a, b0, b1, c0, c1, d):
        super().__init__()
        self.a = unit(c_in, a, 1)
        self.b = nn.Sequential(unit(c_in, b0, 1), unit(b0, b1, 3))
        self.c = nn.Sequential(unit(c_in, c0, 1), unit(c0, c1, 3))
        self.d = nn.Sequential(nn.MaxPool3d(3, 1, 1), unit(c_in, d, 1))

    def forward(self, x):
        return torch.cat((self.a(x), self.b(x), self.c(x), self.d(x)), 1)


class InceptionI3D(nn.Module):
    """Carreira and Zisserman 2017 (arXiv 1705.07750), figure 3."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            unit(3, 64, 7, 2), nn.MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1)), unit(64, 64, 1), unit(64, 192, 3),
            nn.MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1)),
            Mixed(192, 64, 96, 128, 16, 32, 32), Mixed(256, 128, 128, 192, 32, 96, 64), nn.MaxPool3d(3, 2, 1),
            Mixed(480, 192, 96, 208, 16, 48, 64), Mixed(512, 160, 112, 224, 24, 64, 64),
            Mixed(512, 128, 128, 256, 24, 64, 64), Mixed(512, 112, 144, 288, 32, 64, 64),
            Mixed(528, 256, 160, 320, 32, 128, 128), nn.MaxPool3d(2, 2),
            Mixed(832, 256, 160, 320, 32, 128, 128), Mixed(832, 384, 192, 384, 48, 128, 128),
            nn.AvgPool3d((2, 7, 7), 1), nn.Conv3d(1024, 400, 1))

    def forward(self, x):
        return self.body(x).mean((2, 3, 4))


class SqueezeExcite(nn.Module):
    def __init__(self, channels, inner):
        super().__init__()
        self.down, self.up = nn.Conv3d(channels, inner, 1), nn.Conv3d(inner, channels, 1)

    def forward(self, x):
        return x * F.hardsigmoid(self.up(F.hardswish(self.down(x.mean((2, 3, 4), keepdim=True)))))


class Bottleneck(nn.Module):
    def __init__(self, c_in, c_out, inner, kernel, stride):
        super().__init__()
        self.body = nn.Sequential(unit(c_in, inner, 1, act=nn.Hardswish),
                                  unit(inner, inner, kernel, (1, stride, stride), inner, nn.Hardswish),
                                  SqueezeExcite(inner, inner // 4), unit(inner, c_out, 1, act=None))
        self.skip = c_in == c_out and stride == 1

    def forward(self, x):
        return self.body(x) + x if self.skip else self.body(x)


class MoViNetBase(nn.Module):
    """The layers of MoViNet-A0 base (Kondratyuk et al. 2021, arXiv 2103.11511, table 9), symmetric pads."""

    STAGES = (((8, 40, (1, 5, 5), 2),),
              ((32, 80, (3, 3, 3), 2), (32, 80, (3, 3, 3), 1), (32, 80, (3, 3, 3), 1)),
              ((56, 184, (5, 3, 3), 2), (56, 112, (3, 3, 3), 1), (56, 184, (3, 3, 3), 1)),
              ((56, 184, (5, 3, 3), 1), (56, 184, (3, 3, 3), 1), (56, 184, (3, 3, 3), 1), (56, 184, (3, 3, 3), 1)),
              ((104, 384, (5, 3, 3), 2), (104, 280, (1, 5, 5), 1), (104, 280, (1, 5, 5), 1), (104, 344, (1, 5, 5), 1)))

    def __init__(self):
        super().__init__()
        layers, channels = [unit(3, 8, (1, 3, 3), (1, 2, 2), act=nn.Hardswish)], 8
        for stage in self.STAGES:
            for c_out, inner, kernel, stride in stage:
                layers.append(Bottleneck(channels, c_out, inner, kernel, stride))
                channels = c_out
        self.body = nn.Sequential(*layers, unit(104, 480, 1, act=nn.Hardswish))
        self.head = nn.Sequential(nn.Linear(480, 2048), nn.Hardswish(), nn.Linear(2048, 600))

    def forward(self, x):
        return self.head(self.body(x).mean((2, 3, 4)))


class TPN(nn.Module):
    """Slow-R50 with a temporal pyramid over res4 and res5 (Yang et al. 2020, arXiv 2004.03548, figure 3)."""

    def __init__(self):
        super().__init__()
        self.body = hub_model("slow_r50").blocks
        self.spatial = unit(1024, 2048, (1, 3, 3), (1, 2, 2))
        self.rates = nn.ModuleList([nn.Sequential(unit(2048, 1024, (3, 1, 1), groups=32), nn.MaxPool3d((r, 1, 1)))
                                    for r in (4, 2)])
        self.out = nn.ModuleList([unit(1024, 1024, 1), unit(1024, 1024, 1)])
        self.head = nn.Linear(2048, 400)

    def forward(self, x):
        for block in self.body[:3]:
            x = block(x)
        res4 = self.body[3](x)
        low, high = self.rates[0](self.spatial(res4)), self.rates[1](self.body[4](res4))
        low = low + F.interpolate(high, size=low.shape[2:], mode="nearest")
        return self.head(torch.cat((self.out[0](low).mean((2, 3, 4)), self.out[1](high).mean((2, 3, 4))), 1))


class Deployed(nn.Module):
    """As MMDeploy writes graphs: [N, clips, 3, T, H, W], softmax and the mean over clips inside."""

    def __init__(self, clips=3):
        super().__init__()
        self.body, self.clips = torchvision.models.video.r2plus1d_18(weights=None), clips

    def forward(self, x):
        scores = self.body(x.reshape(-1, *x.shape[2:]))
        return F.softmax(scores.reshape(-1, self.clips, scores.shape[1]), 2).mean(1)


def clip(frames, size):
    return [(1, 3, frames, size, size)]


# name -> (constructor, input shapes, where the network comes from)
FAMILIES = {
    "r3d_18": (lambda: torchvision.models.video.r3d_18(weights=None), clip(16, 112), "torchvision"),
    "mc3_18": (lambda: torchvision.models.video.mc3_18(weights=None), clip(16, 112), "torchvision"),
    "r2plus1d_18": (lambda: torchvision.models.video.r2plus1d_18(weights=None), clip(16, 112), "torchvision"),
    "movinet_base_like": (MoViNetBase, clip(50, 172), "written out"),
    "x3d_s": (lambda: hub_model("x3d_s"), clip(13, 182), "pytorchvideo"),
    "x3d_m": (lambda: hub_model("x3d_m"), clip(16, 224), "pytorchvideo"),
    "tsn_r50": (lambda: Segments(False), [(1, 8, 3, 224, 224)], "torchvision, mean written out"),
    "tsm_r50": (lambda: Segments(True), [(1, 8, 3, 224, 224)], "torchvision, shift written out"),
    "s3d": (lambda: torchvision.models.video.s3d(weights=None), clip(16, 224), "torchvision"),
    "i3d_inception": (InceptionI3D, clip(16, 224), "written out"),
    "i3d_r50": (lambda: hub_model("i3d_r50"), clip(8, 224), "pytorchvideo"),
    "i3d_r50_nonlocal": (i3d_nonlocal, clip(8, 224), "pytorchvideo"),
    "slow_r50": (lambda: hub_model("slow_r50"), clip(8, 256), "pytorchvideo"),
    "slowfast_r50": (SlowFast, [(1, 3, 8, 256, 256), (1, 3, 32, 256, 256)], "pytorchvideo"),
    "slowfast_r50_one_input": (OneInputSlowFast, clip(32, 256), "pytorchvideo, Resize written out"),
    "tpn_like": (TPN, clip(8, 224), "pytorchvideo, neck written out"),
    "mmdeploy_r2plus1d_18": (Deployed, [(1, 3, 3, 8, 112, 112)], "torchvision, 6-D input written out"),
    "csn_r101": (lambda: hub_model("csn_r101"), clip(32, 256), "pytorchvideo"),
}
