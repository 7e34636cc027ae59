# SPDX-License-Identifier: Apache-2.0
"""Small video transformers: the packages' own classes with tiny settings, and UniFormer written out from its paper.

Weights are random but not degenerate: nothing is zero, attention is far from uniform, and the residual stream stays away
from zero, as it does in trained networks with their large constant channels: where it crosses zero, "norm=pass" divides by
next to nothing.
"""

from dataclasses import dataclass
from functools import partial
from typing import Callable

import torch
from timm.models.hiera import Hiera
from torch import nn
from torchvision.models.video.mvit import MSBlockConfig, MViT
from torchvision.models.video.swin_transformer import SwinTransformer3d
from transformers import (TimesformerConfig, TimesformerForVideoClassification, VideoMAEConfig,
                          VideoMAEForVideoClassification, VivitConfig, VivitForVideoClassification, VJEPA2Config,
                          VJEPA2ForVideoClassification)
from transformers.activations import FastGELUActivation

from transformer_rules import whole_activation

FRAMES, SIZE, CLASSES = 8, 12, 5
ENCODER = dict(num_hidden_layers=2, num_attention_heads=2, num_labels=CLASSES)


def videomae():
    return VideoMAEForVideoClassification(VideoMAEConfig(
        image_size=SIZE, patch_size=4, num_frames=FRAMES, hidden_size=16, intermediate_size=32, **ENCODER))


def timesformer():
    return TimesformerForVideoClassification(TimesformerConfig(
        image_size=SIZE, patch_size=4, num_frames=FRAMES, hidden_size=12, intermediate_size=24, **ENCODER))


def vivit():
    return VivitForVideoClassification(VivitConfig(
        image_size=SIZE, num_frames=FRAMES, tubelet_size=[2, 4, 4], hidden_size=16, intermediate_size=32, **ENCODER))


def vjepa2():
    """Rotary positions, and a pooler whose learnt query attends to the tokens. Its predictor has no part in classes."""
    return VJEPA2ForVideoClassification(VJEPA2Config(
        crop_size=SIZE, patch_size=4, frames_per_clip=FRAMES, hidden_size=12, mlp_ratio=2, num_pooler_layers=1,
        pred_hidden_size=12, pred_num_attention_heads=2, pred_num_hidden_layers=1, **ENCODER))


def mvit(residual_pool, rel_pos_embed):
    """The second block has its tokens pooled and its width doubled."""
    def block(heads, c_in, c_out, stride_q, stride_kv):
        return MSBlockConfig(heads, c_in, c_out, [3, 3, 3], [3, 3, 3], stride_q, stride_kv)
    return MViT((SIZE, SIZE), FRAMES, [block(1, 8, 8, [1, 1, 1], [1, 2, 2]), block(2, 8, 16, [1, 2, 2], [1, 1, 1])],
                residual_pool=residual_pool, residual_with_cls_embed=not rel_pos_embed, rel_pos_embed=rel_pos_embed,
                proj_after_attn=rel_pos_embed, num_classes=CLASSES, patch_embed_kernel=(3, 5, 5),
                patch_embed_stride=(2, 3, 3), patch_embed_padding=(1, 2, 2))


def swin3d():
    """Windows that do not divide the tokens, shifted in the second block; the third block is after a merge."""
    return SwinTransformer3d(patch_size=[2, 2, 2], embed_dim=8, depths=[2, 1], num_heads=[2, 2], window_size=[2, 4, 4],
                             mlp_ratio=2.0, num_classes=CLASSES)


def hiera():
    """timm's class, which is not for images alone: attention in mask units, then over everything, with queries pooled."""
    return Hiera(img_size=(FRAMES, SIZE, SIZE), embed_dim=8, num_heads=1, num_classes=CLASSES, stages=(1, 2), q_pool=1,
                 q_stride=(1, 2, 2), mask_unit_size=(1, 4, 4), mask_unit_attn=(True, False), patch_kernel=(3, 5, 5),
                 patch_stride=(2, 3, 3), patch_padding=(1, 2, 2), mlp_ratio=2.0, sep_pos_embed=True)


def depthwise(channels, kernel):
    return nn.Conv3d(channels, channels, kernel, padding=kernel // 2, groups=channels)


def contiguous_video(tokens, shape):
    """Contiguous, as PyTorch 2.15's gradient of batch norm is wrong for some other strides."""
    return tokens.transpose(1, 2).reshape(shape).contiguous()


class LocalBlock(nn.Module):
    """UniFormer (Li et al. 2022), equations 1 to 3 with local affinities: convolutions alone."""

    def __init__(self, channels):
        super().__init__()
        self.position = depthwise(channels, 3)
        self.relate = nn.Sequential(nn.BatchNorm3d(channels), nn.Conv3d(channels, channels, 1), depthwise(channels, 5),
                                    nn.Conv3d(channels, channels, 1))
        self.mlp = nn.Sequential(nn.BatchNorm3d(channels), nn.Conv3d(channels, 2 * channels, 1), nn.GELU(),
                                 nn.Conv3d(2 * channels, channels, 1))

    def forward(self, x):
        x = x + self.position(x)
        x = x + self.relate(x)
        return x + self.mlp(x)


class GlobalBlock(nn.Module):
    """The same with attention."""

    def __init__(self, channels, heads):
        super().__init__()
        self.heads = heads
        self.position = depthwise(channels, 3)
        self.norm, self.qkv, self.out = nn.LayerNorm(channels), nn.Linear(channels, 3 * channels), nn.Linear(channels, channels)
        self.mlp = nn.Sequential(nn.LayerNorm(channels), nn.Linear(channels, 2 * channels), nn.GELU(),
                                 nn.Linear(2 * channels, channels))

    def attend(self, x):
        n, tokens, channels = x.shape
        q, k, v = self.qkv(x).reshape(n, tokens, 3, self.heads, channels // self.heads).permute(2, 0, 3, 1, 4)
        weights = (q @ k.transpose(-2, -1) * (channels // self.heads) ** -0.5).softmax(-1)
        return self.out((weights @ v).transpose(1, 2).reshape(n, tokens, channels))

    def forward(self, x):
        x = x + self.position(x)
        shape, x = x.shape, x.flatten(2).transpose(1, 2)
        x = x + self.attend(self.norm(x))
        x = x + self.mlp(x)
        return contiguous_video(x, shape)


class PatchEmbedding(nn.Module):
    def __init__(self, c_in, c_out, kernel, stride, padding):
        super().__init__()
        self.conv, self.norm = nn.Conv3d(c_in, c_out, kernel, stride, padding), nn.LayerNorm(c_out)

    def forward(self, x):
        x = self.conv(x)
        shape = x.shape
        return contiguous_video(self.norm(x.flatten(2).transpose(1, 2)), shape)


class UniFormer(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(PatchEmbedding(3, 8, (3, 4, 4), (2, 2, 2), (1, 1, 1)), LocalBlock(8),
                                  PatchEmbedding(8, 12, (1, 2, 2), (1, 2, 2), 0), GlobalBlock(12, 2), nn.BatchNorm3d(12))
        self.head = nn.Linear(12, CLASSES)

    def forward(self, x):
        return self.head(self.body(x).flatten(2).mean(-1))


class Whole(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return whole_activation(self.function, x)


class Logits(nn.Module):
    """The packages' models return records."""

    def __init__(self, model):
        super().__init__()
        self.model = model
        for module in list(model.modules()):
            for name, child in module.named_children():
                if isinstance(child, FastGELUActivation):
                    setattr(module, name, Whole(child))

    def forward(self, clip):
        output = self.model(clip)
        return getattr(output, "logits", output)


def space_and_time(spatial, temporal):
    """TimeSformer adds [T, 1 + HW, C] in space, then [HW, T, C] in time."""
    frames = temporal.shape[1]
    return spatial[:, 1:].reshape(frames, 3, 3) + temporal.transpose(0, 1).reshape(frames, 3, 3)


def grid(shape, class_tokens=0):
    return lambda embedding: embedding[0, class_tokens:].reshape(shape)


@dataclass
class Twin:
    """A network, and where things are in it."""
    build: Callable[[], nn.Module]
    tokens: tuple  # [T, H, W] of the first layers
    frames_first: bool = False  # [N, T, C, H, W] rather than [N, C, T, H, W]
    position: Callable = None  # from embeddings summed over channels, [N, tokens] each, to the tokens' grid
    attends: bool = False  # whether every layer attends over all tokens, so that weights multiply down to the input
    class_token: bool = False  # whose row the head reads; else the mean over tokens
    opset: int = 17
    dynamo: bool = False

    def clip_shape(self):
        return (1, FRAMES, 3, SIZE, SIZE) if self.frames_first else (1, 3, FRAMES, SIZE, SIZE)


PATCHES, FINE = (4, 3, 3), (4, 4, 4)
TWINS = {
    "videomae": Twin(videomae, PATCHES, True, grid(PATCHES), attends=True, opset=20, dynamo=True),
    "timesformer": Twin(timesformer, (8, 3, 3), True, space_and_time, opset=20, dynamo=True),
    "vivit": Twin(vivit, PATCHES, True, grid(PATCHES, 1), attends=True, class_token=True, opset=20, dynamo=True),
    "vjepa2": Twin(vjepa2, PATCHES, True, opset=23, dynamo=True),
    "mvit_v1": Twin(partial(mvit, False, False), FINE, position=grid(FINE, 1), opset=20, dynamo=True),
    "mvit_v2": Twin(partial(mvit, True, True), FINE, opset=20, dynamo=True),
    "swin3d": Twin(swin3d, (4, 6, 6), opset=20, dynamo=True),
    "uniformer": Twin(UniFormer, (4, 6, 6)),
    "hiera": Twin(hiera, FINE, position=grid(FINE)),
}


# Layers that write the residual stream, and layers that add to it.
STREAM = ("projection", "conv_proj", "patch_embeddings.proj", "patch_embed.proj", "project", "blocks.1.proj", "conv")
BRANCH = ("output.dense", "temporal_dense", "o_proj", "out_proj", "attention.proj", "attn.proj", "attn.project.0", "fc2",
          "cross_attn.v_proj", "mlp.3", "position", "relate.3", "out")
# Layers without a bias that read or write it: averages of either sign, so that its constant part does not cancel.
AVERAGES = ("pool", "reduction")
GAINS, OTHER_GAIN = {STREAM: 0.4, BRANCH: 0.4}, 1.2
SHARP = 2.0  # of queries and keys, so that attention is not uniform


def part_of(path):
    """STREAM or BRANCH, by the longest ending that fits, or None."""
    fits = {end: part for part in (STREAM, BRANCH) for end in part if path == end or path.endswith("." + end)}
    return fits[max(fits, key=len)] if fits else None


def normal(tensor, spread):
    tensor.copy_(spread * torch.randn(tensor.shape))


def away_from_zero(tensor):
    tensor.copy_(torch.empty(tensor.shape).uniform_(1.6, 2.6) * torch.randn(tensor.shape).sign())


def randomise_norm(norm, precedes_average):
    norm.weight.uniform_(0.6, 1.4)
    normal(norm.bias, 0.15)
    if precedes_average:
        norm.bias += 1.5
    if isinstance(norm, nn.BatchNorm3d):
        normal(norm.running_mean, 0.3)
        norm.running_var.uniform_(0.5, 1.5)


def randomise_weight(path, weight):
    end, inputs = path.split(".")[-1], weight[0].numel()
    if end in AVERAGES:
        weight.uniform_(0.2 / inputs, 2 / inputs)
        weight *= torch.randn([len(weight)] + [1] * (weight.dim() - 1)).sign()
        return
    normal(weight, GAINS.get(part_of(path), OTHER_GAIN) * inputs ** -0.5)
    if end in ("query", "key", "q_proj", "k_proj"):
        weight *= SHARP
    elif end == "qkv":
        weight[:2 * len(weight) // 3] *= SHARP


def randomise(model):
    """Weights of about unit gain, branches less, and a stream whose channels keep their sign. In float32, so that an export
    has the same numbers."""
    parents = {f"{path}.{name}": module for path, module in model.named_modules() for name, _ in module.named_children()}
    with torch.no_grad():
        for path, module in model.named_modules():
            if isinstance(module, (nn.LayerNorm, nn.BatchNorm3d)):
                randomise_norm(module, hasattr(parents[path], "reduction"))
                continue
            for name, parameter in module.named_parameters(recurse=False):
                if name == "weight":
                    randomise_weight(path, parameter)
                elif name in ("cls_token", "class_token", "query_tokens") or (name == "bias" and part_of(path) is STREAM):
                    away_from_zero(parameter)
                else:  # other biases; embeddings and tables of relative positions
                    normal(parameter, 0.1 if name == "bias" else 0.3)
    return model


def without_constants(model):
    """In place: no biases, shifts, tokens or embeddings are left, so that the network maps 0 to 0."""
    with torch.no_grad():
        for module in model.modules():
            for name, parameter in module.named_parameters(recurse=False):
                if name != "weight" and not name.startswith("rel"):
                    parameter.zero_()
            for name, buffer in module.named_buffers(recurse=False):
                if name == "running_mean":
                    buffer.zero_()
            if isinstance(getattr(module, "position_embeddings", None), torch.Tensor):
                module.position_embeddings.zero_()  # VideoMAE's is no parameter
    return model
