#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the references of transformer_references.py with the attention-LRP package (lxt 2.1), where it can do a network:
its rules for attention hold for transformers' attention interface, its gamma rule is zennit's.

    build/venv/bin/pip install lxt zennit
    build/venv/bin/python tests/families/transformer_lxt.py tests/families/references
"""

import dataclasses
import importlib
import pathlib
import sys
import types
import warnings

import lxt
import numpy
import torch
from torch import nn
from transformer_references import METHODS, explain, make
from transformer_twins import TWINS
from transformers.activations import FastGELUActivation, GELUActivation
from zennit.composites import LayerMapComposite
from zennit.rules import Gamma

# The package as a folder: its own __init__ reads models that transformers 5 has no more.
sys.modules["lxt.efficient"] = types.ModuleType("lxt.efficient")
sys.modules["lxt.efficient"].__path__ = [str(pathlib.Path(lxt.__file__).parent / "efficient")]
patches = importlib.import_module("lxt.efficient.patches")
monkey_patch_zennit = importlib.import_module("lxt.efficient.zennit_patches").monkey_patch_zennit

TOLERANCE = 1e-5  # of the largest; its gamma rule stabilises denominators by 1e-6, and what is compared by nothing
# Where a learnt query meets keys, as in V-JEPA 2's pooler, the package halves all the same; here a product with a constant
# is a linear layer, as it is in the exported file. So only its value path is compared there.
CASES = [("videomae", "attnlrp"), ("videomae", "value_path:gamma=0"), ("videomae", "value_path"), ("vivit", "attnlrp"),
         ("vivit", "value_path:gamma=0"), ("vivit", "value_path"), ("vjepa2", "value_path:gamma=0"), ("vjepa2", "value_path")]


class Interfaces:
    """Takes the place of transformers' table of attention functions."""

    def __init__(self, table, wrap):
        self.table, self.wrap = table, wrap

    def get_interface(self, *names):
        return self.wrap(self.table.get_interface(*names))


def relevance(model, clip, target, composite):
    given = clip.clone().requires_grad_()
    if composite:
        with composite.context(model) as hooked:
            hooked(given)[0, target].backward()
    else:
        model(given)[0, target].backward()
    return (given * given.grad).detach()


def without_epsilon(name, method, arrays):
    """The reference again, with no denominator stabilised."""
    model, clip = make(TWINS[name], int(arrays["seed"][0]))
    return explain(model, clip, int(arrays["target"][0]), dataclasses.replace(METHODS[method], epsilon=0))[0]


def main(folder):
    warnings.filterwarnings("ignore")
    of = {name: numpy.load(pathlib.Path(folder) / f"{name}.npz") for name, _ in CASES}
    references = {case: without_epsilon(*case, of[case[0]]) for case in CASES}  # before anything is patched
    patches.patch_method(patches.layer_norm_forward, nn.LayerNorm)
    for activation in (FastGELUActivation, GELUActivation):
        patches.patch_method(patches.non_linear_forward, activation, keep_original=True)
    monkey_patch_zennit()
    for name, method in CASES:
        arrays, expected = of[name], references[name, method]
        module = importlib.import_module(f"transformers.models.{name}.modeling_{name}")
        table = module.ALL_ATTENTION_FUNCTIONS
        wrap = patches.wrap_attention_forward if method == "attnlrp" else patches.cp_wrap_attention_forward
        model, clip = make(TWINS[name], int(arrays["seed"][0]))
        gamma = LayerMapComposite([(nn.Conv3d, Gamma(0.25)), (nn.Linear, Gamma(0.05))]) if method == "value_path" else None
        module.ALL_ATTENTION_FUNCTIONS = Interfaces(table, wrap)
        found = relevance(model, clip, int(arrays["target"][0]), gamma)
        module.ALL_ATTENTION_FUNCTIONS = table
        apart = float((found - expected).abs().max() / expected.abs().max())
        print(f"{name} {method}: {apart:.1e} of the largest apart")
        if apart > TOLERANCE:
            sys.exit(f"more than {TOLERANCE}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
