# SPDX-License-Identifier: Apache-2.0
"""relevid's presets, said to zennit."""
import torch
from networks import Add, Gate
from prepare import HIGH, LOW
from torch import nn
from zennit.composites import LayerMapComposite, SpecialFirstLayerMapComposite, layer_map_base
from zennit.core import BasicHook, Hook, Stabilizer
from zennit.layer import Sum
from zennit.rules import Epsilon, NoMod, ZBox, ZPlus
from zennit.types import AvgPool, Convolution


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


class SameSign(BasicHook):
    """Sums and averages by the contributions of their own sign, as relevid's deep_taylor has them; zennit's norm takes both."""

    def __init__(self):
        stabilise = Stabilizer(1e-6)

        def shares(grad, outputs):
            total = outputs[0] + outputs[1]
            zero = torch.zeros_like(grad)
            return [torch.where(total > 0, grad, zero) / stabilise(outputs[0]), torch.where(total < 0, grad, zero) / stabilise(outputs[1])]

        super().__init__(
            input_modifiers=[lambda x: x.clamp(min=0), lambda x: x.clamp(max=0)],
            param_modifiers=[NoMod(param_keys=[])] * 2,
            output_modifiers=[lambda y: y] * 2,
            gradient_mapper=shares,
            reducer=lambda inputs, gradients: inputs[0] * gradients[0] + inputs[1] * gradients[1],
        )


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
        sums = [((Sum, AvgPool), SameSign())]
        return SpecialFirstLayerMapComposite(sums + base + others, [(Convolution, ZBox(LOW, HIGH, **no_bias))])
    raise ValueError(f"no composite {name!r}")
