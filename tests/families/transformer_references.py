#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the video transformers among tests/families/references: of each family a small network (transformer_twins.py) and its
relevances in float64 by modified backward passes (transformer_rules.py), which transformers_test.cpp compares relevid's with.

    build/venv/bin/pip install torch torchvision transformers timm onnx onnxscript onnxruntime
    build/venv/bin/python tests/families/transformer_references.py tests/families/references [NAME...]

NAME.npz holds clip, logits and target; relevance/METHOD; position/METHOD, what absolute embeddings take of a token,
[T, H, W]; tokens/METHOD for methods on attention weights; and conservation/logits, those of the network without its added
constants, which in NAME.onnx are the initialisers with names in "@added".
"""

import dataclasses
import pathlib
import sys
import tempfile
import warnings

import numpy
import onnx
import onnx.numpy_helper
import onnxruntime
import torch
from transformer_rules import (ATTNLRP, ATTNLRP_PASS, GRADIENT, LIBRA, VALUE_PATH, VALUE_PATH_LRP0, Record, Rules)
from transformer_twins import TWINS, Logits, randomise, without_constants

SEEDS = 200
LEAST_LOGIT = 0.3
ADDED = "@added"
METHODS = {"value_path": VALUE_PATH, "value_path:gamma=0": VALUE_PATH_LRP0, "attnlrp": ATTNLRP,
           "attnlrp:norm=pass": ATTNLRP_PASS}


def make_clip(shape):
    """Of few different values, which pack well."""
    return torch.randint(-12, 17, shape).double() / 8


def make(twin, seed):
    torch.manual_seed(seed)
    model = randomise(Logits(twin.build())).double().eval().requires_grad_(False)
    return model, make_clip(twin.clip_shape())


def explain(model, clip, target, settings):
    """Relevance of the clip, and what the pass left behind."""
    record, given = Record(), clip.clone().requires_grad_()
    with Rules(settings, record):
        scores = model(given)
    scores[0, target].backward()
    return (given * given.grad).detach(), record


def steadiness(model, clip):
    """The smallest input of a layer norm over its spread: how far the rule that divides by it is from meaningless."""
    record = Record()
    with Rules(ATTNLRP, record):
        model(clip.clone().requires_grad_())
    return min(float(x.abs().min() / x.square().mean().sqrt()) for x in record.norm_inputs)


def steadiest(twin):
    """The seed with which the rules are best conditioned, among those whose target's logit is not small."""
    scores = {}
    for seed in range(SEEDS):
        model, clip = make(twin, seed)
        if model(clip).max() > LEAST_LOGIT:
            scores[seed] = steadiness(model, clip)
    return max(scores, key=scores.get)


def relevances(model, clip, target):
    """By method; every one is checked to be no matter of rounding."""
    given = clip.clone().requires_grad_()
    gradient, = torch.autograd.grad(model(given)[0, target], given)
    intercepted, _ = explain(model, clip, target, GRADIENT)
    torch.testing.assert_close(intercepted, clip * gradient, rtol=1e-9, atol=1e-12)
    step = 1e-5 * torch.randn_like(clip)
    along = (model(clip + step) - model(clip - step))[0, target] / 2
    torch.testing.assert_close(along, (gradient * step).sum(), rtol=1e-5, atol=1e-12)
    maps, records = {"gradient": gradient}, {}
    for name, settings in METHODS.items():
        maps[name], records[name] = explain(model, clip, target, settings)
        single, _ = explain(model.float(), clip.float(), target, settings)
        model.double()
        rounding = float((single - maps[name]).abs().max() / maps[name].abs().max())
        assert rounding < 2e-5, f"{name} in float32 is {rounding} off: ill-conditioned"
    # These networks have no products of computed values but attention's, in which their halves would differ.
    maps["libra"], _ = explain(model, clip, target, LIBRA)
    plain, _ = explain(model, clip, target, dataclasses.replace(VALUE_PATH_LRP0, epsilon=0))
    torch.testing.assert_close(maps["libra"], plain, rtol=1e-9, atol=1e-12)
    return maps, records


def positions(twin, record):
    """Per token, over channels, what the embeddings take: their share is embedding * c."""
    parts = [(embedding * total.grad).sum(-1) for embedding, total in record.embeddings]
    return twin.position(*parts)


def rows_of_the_head(twin, of_tokens):
    """[tokens, tokens] to a map: the class token's row, or the mean of all rows."""
    row = of_tokens[0, 1:] if twin.class_token else of_tokens.mean(0)
    return row.reshape(twin.tokens)


def attention_maps(twin, model, clip, target):
    _, record = explain(model, clip, target, GRADIENT)
    one = torch.eye(record.attention[0].shape[-1], dtype=torch.float64)
    rollout, gradients = one, one
    for weights in record.attention:
        # Abnar and Zuidema 2020: half of the mean over heads, half of the residual connection.
        rollout = (0.5 * weights[0].mean(0) + 0.5 * one) @ rollout
        # Chefer et al. 2021 (arXiv 2103.15679), equations 5 and 6: R starts as the identity, and stays in it.
        gradients = gradients + (weights.grad * weights)[0].clamp(min=0).mean(0) @ gradients
    return {"attention_rollout": rows_of_the_head(twin, rollout), "gradient_attention": rows_of_the_head(twin, gradients)}


def conserved_logits(twin, seed):
    """Without biases, shifts, tokens and embeddings all that is left is linear in the clip once attention weights, deviations,
    f(x) / x and maxima's places are constants. So value_path with layer norm's mean propagated conserves exactly, with any
    gamma. attnlrp does not: softmax(0) is not 0, and what that share takes is lost."""
    model, clip = make(twin, seed)
    without_constants(model)
    logits = model(clip)
    target = int(logits.argmax())
    for settings in (VALUE_PATH, VALUE_PATH_LRP0, LIBRA):
        relevance, _ = explain(model, clip, target, dataclasses.replace(settings, epsilon=0))
        torch.testing.assert_close(relevance.sum(), logits[0, target], rtol=1e-9, atol=1e-12)
    return logits


def export(twin, model, clip, path):
    options = dict(input_names=["clip"], output_names=["logits"], opset_version=twin.opset)
    model, clip = model.float(), clip.float()
    if twin.dynamo:
        torch.onnx.export(model, (clip,), str(path), dynamo=True, external_data=False, verbose=False, **options)
    else:
        torch.onnx.export(model, (clip,), str(path), dynamo=False, **options)
    model.double()
    written = onnx.load(path)
    del written.metadata_props[:], written.graph.metadata_props[:], written.graph.value_info[:]
    for node in written.graph.node:
        node.ClearField("metadata_props")
        node.ClearField("doc_string")
    return written


def initialisers(model):
    return {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer}


def mark_added(model, zeroed):
    """Names "@added" the initialisers that are no more, or zero, in the export without added constants."""
    arrays, others = initialisers(model), initialisers(zeroed)
    floats = {name for name, array in arrays.items() if array.dtype == numpy.float32}
    added = {name for name in floats if name not in others or (arrays[name].any() and not others[name].any())}
    renamed = lambda name: name + ADDED if name in added else name
    for tensor in model.graph.initializer:
        tensor.name = renamed(tensor.name)
    for node in model.graph.node:
        node.input[:] = map(renamed, node.input)
    return model


def run(model, clip):
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return torch.from_numpy(session.run(None, {"clip": clip.float().numpy()})[0]).double()


def zeroed_constants(model):
    result = onnx.ModelProto.FromString(model.SerializeToString())
    for tensor in result.graph.initializer:
        if tensor.name.endswith(ADDED):
            zeros = numpy.zeros_like(onnx.numpy_helper.to_array(tensor))
            tensor.CopyFrom(onnx.numpy_helper.from_array(zeros, tensor.name))
    return result


def check_logits(found, expected, what):
    apart = float((found - expected).abs().max() / expected.abs().max())
    assert apart < 1e-5, f"{what}: logits of ONNX Runtime are {apart} off"


def save(name, folder):
    twin = TWINS[name]
    seed = steadiest(twin)
    model, clip = make(twin, seed)
    logits = model(clip)
    target = int(logits.argmax())
    maps, records = relevances(model, clip, target)
    arrays = {"clip": clip, "logits": logits}
    arrays.update({f"relevance/{method}": relevance for method, relevance in maps.items()})
    if twin.position:
        arrays.update({f"position/{method}": positions(twin, records[method]) for method in ("value_path", "attnlrp")})
    if twin.attends:
        of_attention = attention_maps(twin, model, clip, target)
        arrays.update({f"tokens/{method}": tokens for method, tokens in of_attention.items()})
    arrays["conservation/logits"] = conserved_logits(twin, seed)
    with tempfile.TemporaryDirectory() as scratch:
        path = pathlib.Path(scratch) / "model.onnx"
        written = export(twin, model, clip, path)
        zeroed = export(twin, without_constants(make(twin, seed)[0]), clip, path)
    written = mark_added(written, zeroed)
    check_logits(run(written, clip), logits, name)
    check_logits(run(zeroed_constants(written), clip), arrays["conservation/logits"], f"{name} without constants")
    onnx.save(written, folder / f"{name}.onnx")
    arrays = {key: value.detach().numpy().astype(numpy.float32) for key, value in arrays.items()}
    numpy.savez_compressed(folder / f"{name}.npz", target=numpy.array([target]), seed=numpy.array([seed]), **arrays)
    sums = {key: f"{value.sum():.4f}" for key, value in arrays.items() if key.startswith(("relevance", "position"))}
    size = sum((folder / f"{name}.{end}").stat().st_size for end in ("onnx", "npz"))
    print(f"{name} seed {seed}, {size // 1024} KiB, logit {logits[0, target]:.4f}", sums, flush=True)


def main(folder, *names):
    warnings.filterwarnings("ignore")
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name in names or TWINS:
        save(name, folder)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(*sys.argv[1:])
