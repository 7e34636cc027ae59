# SPDX-License-Identifier: Apache-2.0
"""Relevance rules for transformers as modified backward passes of PyTorch.

Every rule has the form R_x = x * c_x with c a modified gradient, so that R = x * c at any value, and c starts as 1 at the
target's logit. A function mode replaces each operation on the way by one of the same value whose backward pass is the
rule: sums and moves pass c on as gradients do, what counts as a constant is detached, and what the rules say nothing about
is an error. A value is computed where it needs a gradient; weights, biases, embeddings and tokens are constants, whose share
ends in them.
"""

from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch.overrides import TorchFunctionMode, handle_torch_function, has_torch_function_unary

# What moves, sums or averages values, and what only asks for their form: c passes as gradients do. A maximum is its winner.
LINEAR = {"__getitem__", "__setitem__", "amax", "cat", "chunk", "contiguous", "dropout",
          "expand", "flatten", "gather", "max_pool3d", "movedim", "neg", "pad", "permute", "repeat", "reshape", "roll", "split",
          "squeeze", "stack", "tensor_split", "to", "transpose", "unbind", "unflatten", "unsqueeze", "view"}
QUERIES = {"__get__", "new_zeros", "type_as", "dim", "is_floating_point", "size", "stride", "numel", "__len__"}


@dataclass
class Settings:
    """How relevance passes where methods differ.

    weights: what softmax passes: "constant" nothing, "gradient" its derivative's part (AttnLRP, proposition 3.1).
    products: what each of two computed factors receives.
    norm: "linear": the deviation is a constant, the mean is subtracted; "pass": relevance passes as it is; "gradient".
    activations: "ratio", f(x) / x, so that relevance passes as it is, or "gradient".
    gamma_convolution, gamma_dense: the gamma rule's; 0 is the gradient, that is LRP-0.
    epsilon: what stabilises denominators, wherever relevance is divided by an output: R / (y + epsilon sgn y).
    """
    weights: str = "constant"
    products: float = 1.0
    norm: str = "linear"
    activations: str = "ratio"
    gamma_convolution: float = 0.0
    gamma_dense: float = 0.0
    epsilon: float = 0.0


EPSILON = 1e-6
VALUE_PATH = Settings(gamma_convolution=0.25, gamma_dense=0.05, epsilon=EPSILON)
VALUE_PATH_LRP0 = Settings(epsilon=EPSILON)
ATTNLRP = Settings(weights="gradient", products=0.5, epsilon=EPSILON)
ATTNLRP_PASS = Settings(weights="gradient", products=0.5, norm="pass", epsilon=EPSILON)
LIBRA = Settings(products=0.5)
GRADIENT = Settings(weights="gradient", norm="gradient", activations="gradient")


def whole_activation(function, x):
    """An activation that its module writes out in several operations; rules see it as one."""
    if has_torch_function_unary(x):
        return handle_torch_function(whole_activation, (x,), function, x)
    return function(x)


def scaled(x, factor):
    """x, with c multiplied by a constant on its way back."""
    return factor * x + (1 - factor) * x.detach()


def with_value_of(value, linear):
    """value, with the gradient of `linear`."""
    return value.detach() + linear - linear.detach()


def by_ratio(x, y):
    """y with c_x = c_y y / x: relevance passes as it is."""
    return x * (y / x).detach()


def stabilised(y, epsilon):
    """y, with c multiplied by y / (y + epsilon sgn y) on its way back."""
    return scaled(y, (y / (y + torch.where(y >= 0, epsilon, -epsilon))).detach()) if epsilon else y


def gamma_rule(layer, x, weight, bias, gamma, epsilon):
    """Where z = Wx + b > 0: D = (W + g W+) x+ + (W + g W-) x- + b + g b+, R_x = x+ (W + g W+)'q + x- (W + g W-)'q with
    q = R / D; where z < 0 with W-, W+ and b- in place of W+, W- and b+; where z = 0 nothing."""
    z = layer(x, weight, bias).detach()
    positive = x * (x >= 0)
    negative = x - positive
    passed = 0
    for sign in (1, -1):
        grow = lambda constant, of: constant + gamma * of * (of * constant).clamp(min=0)
        same = layer(positive, grow(weight, sign), None) + layer(negative, grow(weight, -sign), None)
        denominator = same if bias is None else same + layer(torch.zeros_like(x), weight, grow(bias, sign))
        active = sign * z > 0
        denominator = torch.where(active, denominator + sign * epsilon, torch.ones_like(z))
        share = torch.where(active, z / denominator, torch.zeros_like(z))
        passed = passed + share.detach() * same
    return with_value_of(z, passed)


@dataclass
class Record:
    """What a pass leaves behind."""
    attention: list = field(default_factory=list)  # weights [N, heads, queries, keys], softmax by softmax
    norm_inputs: list = field(default_factory=list)
    embeddings: list = field(default_factory=list)  # (constant, sum) of the additions of position


class Rules(TorchFunctionMode):
    """Within this context a network's backward pass is that of the settings."""

    def __init__(self, settings, record=None):
        super().__init__()
        self.settings, self.record = settings, record or Record()

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        name = function.__name__
        tensors = [x for x in _flat(args) + _flat(kwargs.values()) if isinstance(x, torch.Tensor)]
        if name in QUERIES or name in LINEAR or not any(x.requires_grad for x in tensors):
            return function(*args, **kwargs)
        rule = getattr(self, "rule_" + name.removeprefix("__").removesuffix("__"), None)
        if rule is None:
            raise NotImplementedError(f"no rule for {name}")
        return rule(*args, **kwargs)

    def rule_add(self, a, b, alpha=1):
        return self.sum_of(a, b, torch.add(a, b, alpha=alpha))

    rule_iadd = rule_radd = rule_add

    def rule_add_(self, a, b):
        return self.sum_of(a, b, a.add_(b))

    def sum_of(self, a, b, total):
        """Keeps the embeddings that are added before anything is attended to or normalised."""
        constants = [x for x in (a, b) if torch.is_tensor(x) and not x.requires_grad]
        if constants and not self.record.attention and not self.record.norm_inputs:
            total.retain_grad()
            self.record.embeddings.append((constants[0].expand(total.shape), total))
        return stabilised(total, self.settings.epsilon)

    def rule_sub(self, a, b):
        return torch.sub(a, b)

    def rule_mul(self, a, b):
        if _computed(a) and _computed(b):
            raise NotImplementedError("no rule for a product of two computed values, element by element")
        return torch.mul(a, b)

    rule_rmul = rule_mul

    def rule_div(self, a, b):
        if _computed(b):
            raise NotImplementedError("no rule for a division by a computed value")
        return torch.div(a, b)

    rule_truediv = rule_div

    def rule_matmul(self, a, b):
        last = self.record.attention[-1] if self.record.attention else None
        weighs_values = last is not None and a.shape == last.shape and torch.equal(a, last)
        if _computed(a) and _computed(b):
            a, b = scaled(a, self.settings.products), scaled(b, self.settings.products)
        product = torch.matmul(a, b)
        return stabilised(product, self.settings.epsilon) if weighs_values else product

    def rule_mean(self, x, *args, **kwargs):
        return stabilised(torch.mean(x, *args, **kwargs), self.settings.epsilon)

    def rule_adaptive_avg_pool3d(self, x, *args, **kwargs):
        return stabilised(F.adaptive_avg_pool3d(x, *args, **kwargs), self.settings.epsilon)

    def rule_einsum(self, equation, *operands):
        if sum(map(_computed, operands)) > 1:
            raise NotImplementedError("no rule for an einsum of two computed values")
        return torch.einsum(equation, *operands)

    def rule_softmax(self, x, dim=-1, dtype=None, **_):
        """In x's type, whichever the network asks for: its own is a matter of precision."""
        weights = torch.softmax(x, dim)
        if self.settings.weights == "constant":
            weights = weights.detach()
        self.record.attention.append(weights)
        if weights.requires_grad:
            weights.retain_grad()
        return weights

    def rule_scaled_dot_product_attention(self, query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False,
                                          scale=None, **_):
        if attn_mask is not None or is_causal or dropout_p != 0:
            raise NotImplementedError("attention with a mask or dropout")
        scores = self.rule_matmul(query, key.transpose(-1, -2)) * (scale or query.shape[-1] ** -0.5)
        return self.rule_matmul(self.rule_softmax(scores), value)

    def rule_layer_norm(self, x, shape, weight=None, bias=None, eps=1e-5):
        self.record.norm_inputs.append(x.detach())
        y = F.layer_norm(x, shape, weight, bias, eps)
        if self.settings.norm == "gradient":
            return y
        if self.settings.norm == "pass":
            return by_ratio(x, y)
        axes = tuple(range(-len(shape), 0))
        centred = x - x.mean(axes, keepdim=True)
        deviation = (centred.square().mean(axes, keepdim=True) + eps).sqrt().detach()
        return stabilised(with_value_of(y, centred / deviation * (1 if weight is None else weight)), self.settings.epsilon)

    def rule_batch_norm(self, x, mean, variance, weight, bias, training, momentum, eps):
        """The shift takes its share, as all added constants do."""
        by_channel = lambda constant: constant.reshape([1, -1] + [1] * (x.dim() - 2))
        scale = weight / (variance + eps).sqrt()
        return stabilised(x * by_channel(scale) + by_channel(bias - mean * scale), self.settings.epsilon)

    def activation(self, x, y):
        return by_ratio(x, y) if self.settings.activations == "ratio" else y

    def rule_gelu(self, x, approximate="none"):
        return self.activation(x, F.gelu(x, approximate=approximate))

    def rule_whole_activation(self, function, x):
        return self.activation(x, function(x))

    def rule_linear(self, x, weight, bias=None):
        return self.layer(F.linear, x, weight, bias, self.settings.gamma_dense)

    def rule_conv2d(self, x, weight, bias=None, *window):
        return self.layer(lambda *operands: F.conv2d(*operands, *window), x, weight, bias, self.settings.gamma_convolution)

    def rule_conv3d(self, x, weight, bias=None, *window):
        return self.layer(lambda *operands: F.conv3d(*operands, *window), x, weight, bias, self.settings.gamma_convolution)

    def layer(self, function, x, weight, bias, gamma):
        epsilon = self.settings.epsilon
        return gamma_rule(function, x, weight, bias, gamma, epsilon) if gamma else stabilised(function(x, weight, bias), epsilon)


def _computed(x):
    return torch.is_tensor(x) and x.requires_grad


def _flat(values):
    result = []
    for value in values:
        result += _flat(value) if isinstance(value, (list, tuple)) else [value]
    return result
