# SPDX-License-Identifier: Apache-2.0
"""relevid's presets, said to zennit."""
import torch
from networks import Add, Gate
from prepare import HIGH, LOW
from torch import nn
from zennit.composites import LayerMapComposite, SpecialFirstLayerMapComposite, layer_map_base
from zennit.core import Hook
from zennit.layer import Sum
from zennit.rules import Epsilon, ZBox, ZPlus
from zennit.types import Convolution


class StackedAdd(nn.Module):
    """A residual as zennit's own canonizers for torchvision write it."""

    def __init__(self):
        super().__init__()
        self.sum = Sum()

    def forward(self, a, b):
        return self.sum(torch.stack((a, b), -1))


class Signal(Hook):
    """All relevance of a product to its signal; the gate counts as a constant. zennit has no rule for products."""

    def backward(self, module, grad_input, grad_output):
        return grad_output[0], torch.zeros_like(grad_input[1])


def explainable(model):
    """The same network in the modules that zennit's rules hold on to."""
    for module in model.modules():
        for name, child in module.named_children():
            if isinstance(child, Add):
                setattr(module, name, StackedAdd())
            if isinstance(child, nn.ReLU):
                child.inplace = False
    return model


def composite(name):
    base = [(Gate, Signal()), *layer_map_base()]
    if name == "epsilon_plus":
        return LayerMapComposite(base + [(Convolution, ZPlus()), (nn.Linear, Epsilon())])
    if name == "deep_taylor":
        no_bias = {"zero_params": ["bias"]}
        others = [((Convolution, nn.Linear), ZPlus(**no_bias))]
        return SpecialFirstLayerMapComposite(base + others, [(Convolution, ZBox(LOW, HIGH, **no_bias))])
    raise ValueError(f"no composite {name!r}")
