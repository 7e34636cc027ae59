# SPDX-License-Identifier: Apache-2.0
"""Writes small models, each with one operator in one form, an input, and what ONNX Runtime computes of it.

    python3 onnx_runtime_models.py FOLDER
"""

import pathlib
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

RANDOM = np.random.default_rng(0)
FOLDER = pathlib.Path(sys.argv[1])


def floats(*shape):
    return RANDOM.uniform(-1, 1, shape).astype(np.float32)


def node(op, inputs, outputs, **attributes):
    domain = attributes.pop("domain", "")
    return helper.make_node(op, inputs, outputs, domain=domain, **attributes)


def write(name, shape, nodes, constants=None, opset=17, functions=(), rtol=None):
    """`nodes` read 'x' and write 'y'."""
    graph = helper.make_graph(nodes, name, [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
                              [numpy_helper.from_array(value, key) if isinstance(value, np.ndarray) else value
                               for key, value in (constants or {}).items()])
    domains = {n.domain for n in nodes} | {f.domain for f in functions}
    imports = [helper.make_opsetid("", opset)] + [helper.make_opsetid(d, 1) for d in sorted(domains - {""})]
    model = helper.make_model(graph, opset_imports=imports, functions=list(functions), ir_version=10)
    x = floats(*shape)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    y = onnxruntime.InferenceSession(model.SerializeToString(), options).run(None, {"x": x})[0]
    onnx.save(model, str(FOLDER / f"{name}.onnx"))
    np.save(FOLDER / f"{name}.x.npy", x)
    np.save(FOLDER / f"{name}.y.npy", y.astype(np.float32))


def ints(*values):
    return np.array(values, np.int64)


def products():
    for name, x, c, constant_first in [
            ("stack", (2, 3, 4, 5), (3, 5, 6), False), ("full_stack", (1, 3, 4, 5), (1, 3, 5, 6), False),
            ("stack_left", (2, 3, 5, 4), (1, 3, 6, 5), True), ("vector", (2, 3, 5), (5,), False),
            ("vector_left", (2, 5, 4), (5,), True), ("more_axes", (2, 5), (3, 5, 6), False),
            ("repeats_x", (2, 1, 4, 5), (3, 5, 6), False), ("repeats_x_left", (2, 1, 5, 4), (3, 6, 5), True),
            ("same_for_all", (2, 3, 4, 5), (2, 1, 5, 6), False), ("stack_of_clips", (1, 4, 5), (3, 5, 2), False),
            ("matrix", (2, 3, 4, 5), (5, 6), False)]:
        constant = floats(*c)
        if name == "same_for_all":
            constant[1] = constant[0]
        inputs = ["c", "x"] if constant_first else ["x", "c"]
        write(f"matmul_{name}", x, [node("MatMul", inputs, ["y"])], {"c": constant})
    write("matmul_vectors", (3, 5), [node("MatMul", ["x", "v"], ["p"]), node("MatMul", ["p", "x"], ["y"])],
          {"v": floats(5)})
    for name, attributes, a, b, c in [
            ("a_constant", dict(transA=1, alpha=0.5, beta=2.0), "w", "x", "c"),
            ("a_transposed", dict(transA=1), "x", "w", None), ("bias_per_row", dict(transB=1), "x", "wt", "rows")]:
        write(f"gemm_{name}", (4, 4), [node("Gemm", [a, b] + ([c] if c else []), ["y"], **attributes)],
              {"w": floats(4, 6) if a == "w" else floats(4, 5), "wt": floats(6, 4), "c": floats(4),
               "rows": floats(4, 1)})


def einsums():
    for name, equation, x, c in [
            ("mvit", "bythwc,hkc->bythwk", (2, 2, 3, 4, 3, 5), (4, 6, 5)), ("dense", "bnc,dc->bnd", (2, 3, 4), (5, 4)),
            ("moved", "bchw,cd->bhwd", (2, 3, 4, 5), (3, 6)), ("factors", "bnc,c->bnc", (2, 3, 4), (4,)),
            ("summed", "bnc,dce->bd", (2, 3, 4), (5, 4, 2)), ("outer", "bn,c->bcn", (2, 3), (4,)),
            ("implied", "bij,jk", (2, 3, 4), (4, 5)), ("ellipsis", "...ij,...jk->...ik", (2, 3, 4, 5), (2, 3, 5, 2)),
            ("first_constant", "hkc,bhnc->bhnk", (2, 4, 3, 5), (4, 6, 5))]:
        constant = floats(*c)
        if name == "ellipsis":
            constant[1] = constant[0]
        inputs = ["c", "x"] if name == "first_constant" else ["x", "c"]
        write(f"einsum_{name}", x, [node("Einsum", inputs, ["y"], equation=equation)], {"c": constant})
    for name, equation in [("transposed", "bij->bji"), ("one_sum", "bij->b"), ("implied_one", "bji")]:
        write(f"einsum_{name}", (2, 3, 4), [node("Einsum", ["x"], ["y"], equation=equation)])
    for name, equation, shape in [("squares", "bic,bjc->bij", (2, 3, 4)), ("last_stack", "bic,bjc->ijb", (1, 3, 4)),
                                  ("hidden_sum", "bic,bjd->bij", (2, 3, 4))]:
        write(f"einsum_{name}", shape, [node("Einsum", ["x", "x"], ["y"], equation=equation)])
    write("einsum_three", (2, 3, 4), [node("Einsum", ["x", "c", "d"], ["y"], equation="bic,cd,de->bie")],
          {"c": floats(4, 5), "d": floats(5, 2)})
    write("einsum_of_constants", (2, 3), [node("Einsum", ["c", "d"], ["e"], equation="iij,...j->...ij"),
                                          node("Add", ["x", "e"], ["y"])], {"c": floats(2, 2, 3), "d": floats(3)})


def indexing():
    write("tile", (2, 3, 4), [node("Tile", ["x", "r"], ["y"])], {"r": ints(1, 2, 3)})
    write("tile_constant", (2, 6, 4), [node("Tile", ["c", "r"], ["t"]), node("Add", ["x", "t"], ["y"])],
          {"c": floats(1, 3, 2), "r": ints(2, 2, 2)})
    every = np.stack(np.meshgrid(np.arange(2), [2, 0], indexing="ij"), -1).astype(np.int64)
    write("gather_nd", (2, 3, 4), [node("GatherND", ["x", "i"], ["y"])], {"i": every})
    write("gather_nd_run", (1, 5, 4), [node("GatherND", ["x", "i"], ["y"])], {"i": ints([0, 1], [0, 2], [0, 3])})
    write("gather_nd_batch", (2, 3, 4), [node("GatherND", ["x", "i"], ["y"], batch_dims=1)],
          {"i": ints([[2], [-1], [0]], [[2], [-1], [0]])})
    write("gather_nd_moved", (2, 3, 4), [node("Transpose", ["x"], ["t"], perm=[1, 0, 2]),
                                         node("GatherND", ["t", "i"], ["g"]),
                                         node("Transpose", ["g"], ["y"], perm=[1, 0, 2])], {"i": ints([2], [0])})
    write("gather_elements", (1, 3, 4), [node("GatherElements", ["x", "i"], ["y"], axis=2)],
          {"i": RANDOM.integers(-4, 4, (1, 3, 2))})
    write("scatter_run", (2, 5, 3),
          [node("Transpose", ["x"], ["t"], perm=[1, 0, 2]), node("Slice", ["t", "b", "e"], ["s"]),
           node("Mul", ["s", "two"], ["u"]), node("ScatterND", ["t", "i", "u"], ["w"]),
           node("Transpose", ["w"], ["y"], perm=[1, 0, 2])],
          {"b": ints(1), "e": ints(4), "two": np.float32(2) * np.ones(1, np.float32), "i": ints([1], [2], [3])})
    rows = ints([[0, 3], [0, 0]], [[1, 3], [1, 0]])
    start = [node("Slice", ["x", "b", "e", "a"], ["u"])]
    ends = {"b": ints(0), "e": ints(2), "a": ints(1), "i": rows}
    for reduction in ("none", "add"):
        write(f"scatter_both_{reduction}", (2, 4, 3), start + [node("ScatterND", ["x", "i", "u"], ["y"],
                                                                  reduction=reduction)], ends, opset=18)
        write(f"scatter_data_{reduction}", (2, 4, 3),
              start + [node("ScatterND", ["c", "i", "u"], ["y"], reduction=reduction)],
              {**ends, "c": floats(2, 4, 3)}, opset=18)
        write(f"scatter_updates_{reduction}", (2, 4, 3),
              [node("ScatterND", ["x", "i", "c"], ["y"], reduction=reduction)], {"i": rows, "c": floats(2, 2, 3)},
              opset=18)
    write("scatter_twice", (1, 4, 3), start + [node("ScatterND", ["x", "i", "u"], ["y"], reduction="add")],
          {**ends, "i": ints([[0, 3], [0, 3]])}, opset=18)
    for reduction in ("none", "add", "mul", "max", "min"):
        write(f"scatter_constants_{reduction}", (4, 3),
              [node("ScatterND", ["c", "i", "u"], ["w"], reduction=reduction), node("Add", ["x", "w"], ["y"])],
              {"c": floats(4, 3), "i": ints([2], [-4]), "u": floats(2, 3)}, opset=18)
    write("scatter_elements", (4, 3), [node("ScatterElements", ["c", "i", "u"], ["w"], axis=1),
                                       node("Add", ["x", "w"], ["y"])],
          {"c": floats(4, 3), "i": ints([2], [-3]), "u": floats(2, 1)}, opset=18)
    write("concat_constant", (2, 3, 4), [node("Concat", ["c", "x", "d", "x"], ["y"], axis=1)],
          {"c": np.repeat(floats(1, 1, 4), 2, 0), "d": np.repeat(floats(1, 2, 4), 2, 0)})
    write("concat_differs", (2, 3), [node("Concat", ["x", "c"], ["y"], axis=1)], {"c": floats(2, 2)})
    write("add_enlarges", (2, 1, 4), [node("Add", ["x", "c"], ["y"])], {"c": floats(1, 3, 4)})


def constants():
    """Arithmetic on constants, added to the input."""
    grid = floats(3, 4)
    whole = RANDOM.integers(-9, 9, (3, 4))
    for op in ("Sin", "Cos", "Tan", "Asin", "Acos", "Atan", "Round", "Sign", "Softplus", "Tanh", "Sigmoid", "Erf",
               "Relu", "HardSwish", "Softmax", "Abs"):
        write(f"constant_{op.lower()}", (3, 4), [node(op, ["c"], ["f"]), node("Add", ["x", "f"], ["y"])],
              {"c": grid * (1 if op in ("Asin", "Acos") else 3)})
    for name, attributes, a, b in [("mod", {}, whole, np.array([-4], np.int64)), ("fmod", dict(fmod=1), grid * 5, floats(4))]:
        write(f"constant_{name}", (3, 4), [node("Mod", ["a", "b"], ["m"], **attributes),
                                           node("Cast", ["m"], ["f"], to=TensorProto.FLOAT),
                                           node("Add", ["x", "f"], ["y"])], {"a": a, "b": b})
    for op, more in [("IsNaN", {}), ("IsInf", {}), ("IsInf", dict(detect_negative=0))]:
        values = np.array([np.nan, np.inf, -np.inf, 1], np.float32)
        write(f"constant_{op.lower()}{len(more)}", (3, 4), [node(op, ["c"], ["b"], **more),
                                                            node("Cast", ["b"], ["f"], to=TensorProto.FLOAT),
                                                            node("Add", ["x", "f"], ["y"])], {"c": values})
    for upper, k in [(1, 0), (0, 1), (1, -1), (0, -2)]:
        write(f"constant_trilu_{upper}_{k}", (3, 4), [node("Trilu", ["c", "k"], ["f"], upper=upper),
                                                      node("Add", ["x", "f"], ["y"])], {"c": grid, "k": np.array(k, np.int64)})
    for exclusive, reverse in [(0, 0), (1, 0), (0, 1), (1, 1)]:
        write(f"constant_cumsum_{exclusive}{reverse}", (3, 4),
              [node("CumSum", ["c", "a"], ["f"], exclusive=exclusive, reverse=reverse), node("Add", ["x", "f"], ["y"])],
              {"c": grid, "a": np.array(1, np.int64)})
    write("constant_nonzero", (2, 6), [node("NonZero", ["c"], ["n"]), node("Cast", ["n"], ["f"], to=TensorProto.FLOAT),
                                       node("Add", ["x", "f"], ["y"])],
          {"c": np.array([[1, 0, 2, 3], [0, 4, 5, 6]], np.float32)})
    write("constant_layer_norm", (3, 4), [node("LayerNormalization", ["c", "s"], ["f"]), node("Add", ["x", "f"], ["y"])],
          {"c": grid, "s": floats(4)})
    write("constant_gemm", (3, 5), [node("Gemm", ["c", "w", "b"], ["f"], alpha=2.0, transA=1),
                                    node("Add", ["x", "f"], ["y"])], {"c": floats(4, 3), "w": floats(4, 5), "b": floats(5)})
    write("constant_kinds", (2, 3), [node("Constant", [], ["a"], value_floats=[1.0, 2.0, 3.0]),
                                     node("Constant", [], ["b"], value_float=0.5),
                                     node("Constant", [], ["t"], value_string="bilinear"),
                                     node("Constant", [], ["s"], value_ints=[1, 3]), node("Constant", [], ["i"], value_int=2),
                                     node("Reshape", ["a", "s"], ["r"]), node("CastLike", ["i", "b"], ["j"]),
                                     node("CastLike", ["x", "b"], ["z"]),
                                     node("Add", ["r", "j"], ["q"]), node("Add", ["z", "q"], ["y"])])


def elementwise():
    """A softmax at the end would be cut off: something follows each."""
    write("guard", (2, 3, 4), [node("Softmax", ["x"], ["s"]), node("IsNaN", ["s"], ["n"]),
                               node("Where", ["n", "zero", "s"], ["w"]), node("Add", ["w", "x"], ["y"])],
          {"zero": np.zeros((), np.float32)})
    mask = np.where(RANDOM.uniform(size=(1, 4, 4)) < 0.5, -np.inf, 0).astype(np.float32)
    mask[:, :, 0] = 0
    write("infinite_mask", (2, 4, 4), [node("Add", ["x", "m"], ["a"]), node("Softmax", ["a"], ["s"]),
                                         node("Mul", ["s", "s"], ["y"])], {"m": mask})
    write("where_mask", (2, 4, 4), [node("Where", ["m", "x", "low"], ["a"]), node("Softmax", ["a"], ["s"]),
                                    node("Mul", ["s", "s"], ["y"])],
          {"m": mask[0] == 0, "low": np.full((), -np.inf, np.float32)})
    write("where_all", (2, 4), [node("Where", ["m", "x", "z"], ["a"]), node("Relu", ["a"], ["y"])],
          {"m": np.ones((1, 4), bool), "z": np.zeros((), np.float32)})
    write("extrema", (2, 4), [node("Max", ["x", "a"], ["m"]), node("Min", ["b", "m"], ["y"])],
          {"a": np.full((), -0.5, np.float32), "b": np.full((1,), 0.25, np.float32)})
    write("l2", (2, 3, 4), [node("ReduceL2", ["x"], ["n"], axes=[2], keepdims=1), node("Max", ["n", "e"], ["m"]),
                            node("Div", ["x", "m"], ["y"])], {"e": np.full((), 1e-12, np.float32)})
    write("lp_normalization", (2, 3, 4), [node("LpNormalization", ["x"], ["y"], axis=1, p=2)])
    write("sum_of_squares", (2, 3, 4), [node("ReduceSumSquare", ["x", "a"], ["y"], keepdims=0)], {"a": ints(1)}, opset=18)


def attentions():
    def project(heads, kv_heads, size, flat):
        """Queries, keys and values of different widths from x."""
        nodes, weights = [], {}
        for key, count in (("q", heads), ("k", kv_heads), ("v", kv_heads)):
            weights[f"w{key}"] = floats(6, count * size)
            nodes.append(node("MatMul", ["x", f"w{key}"], [key if flat else f"{key}0"]))
            if not flat:
                weights[f"s{key}"] = ints(0, 0, count, size)
                nodes += [node("Reshape", [f"{key}0", f"s{key}"], [f"{key}1"]),
                          node("Transpose", [f"{key}1"], [key], perm=[0, 2, 1, 3])]
        return nodes, weights

    causal_mask = np.tril(np.ones((5, 5), bool))
    for name, heads, kv_heads, flat, attributes, mask, opset in [
            ("plain", 2, 2, False, {}, None, 23), ("scaled", 2, 2, False, dict(scale=0.3), None, 24),
            ("flat", 2, 2, True, dict(q_num_heads=2, kv_num_heads=2), None, 23),
            ("grouped", 4, 2, False, {}, None, 23),
            ("grouped_flat", 4, 1, True, dict(q_num_heads=4, kv_num_heads=1), None, 23),
            ("causal", 2, 2, False, dict(is_causal=1), None, 23), ("boolean", 2, 2, False, {}, causal_mask, 23),
            ("added", 2, 2, False, {}, floats(2, 1, 5, 5)[:1], 23),
            ("softcap", 2, 2, False, dict(softcap=0.7), causal_mask, 23),
            ("causal_mask", 2, 2, False, dict(is_causal=1), floats(5, 5), 23)]:
        nodes, weights = project(heads, kv_heads, 3, flat)
        inputs = ["q", "k", "v"]
        if mask is not None:
            weights["mask"] = mask
            inputs.append("mask")
        write(f"attention_{name}", (2, 5, 6), nodes + [node("Attention", inputs, ["y"], **attributes)], weights, opset)
    nodes, weights = project(2, 2, 3, False)
    weights["query"] = floats(1, 2, 1, 3)
    write("attention_learnt_query", (1, 5, 6), nodes[3:] + [node("Attention", ["query", "k", "v"], ["y"])], weights, 23)
    write("attention_computed_mask", (2, 6, 6), [node("Unsqueeze", ["x", "axis"], ["q"]),
                                                 node("Attention", ["q", "q", "q", "q"], ["y"])], {"axis": ints(1)}, 23)

    for name, shape, attributes, ids in [
            ("halves", (2, 2, 3, 8), {}, None), ("pairs", (2, 2, 3, 8), dict(interleaved=1), None),
            ("part", (2, 2, 3, 8), dict(rotary_embedding_dim=4), None), ("flat", (2, 3, 16), dict(num_heads=2), None),
            ("positions", (2, 2, 3, 8), {}, ints([0, 2, 1], [0, 2, 1]))]:
        half = attributes.get("rotary_embedding_dim", 8) // 2
        cache = (4, half) if ids is not None else (2, 3, half)
        weights = {"cos": floats(*cache), "sin": floats(*cache)}
        if ids is not None:
            weights["ids"] = ids
        write(f"rotary_{name}", shape, [node("RotaryEmbedding", ["x", *weights], ["y"], **attributes)], weights, 23)

    write("rms_norm", (2, 3, 4), [node("RMSNormalization", ["x", "s"], ["y"], epsilon=1e-3)], {"s": floats(4)}, 23)
    write("rms_norm_axis", (2, 3, 4), [node("RMSNormalization", ["x", "s"], ["y"], axis=1)], {"s": floats(3, 4)}, 23)
    write("swish", (2, 3), [node("Swish", ["x"], ["y"], alpha=1.3)], opset=24)


def fused():
    ms = dict(domain="com.microsoft")
    write("ms_gelu", (2, 3), [node("Gelu", ["x"], ["y"], **ms)])
    write("ms_fast_gelu", (2, 3), [node("FastGelu", ["x", "b"], ["y"], **ms)], {"b": floats(3)})
    write("ms_bias_gelu", (2, 3), [node("BiasGelu", ["x", "b"], ["y"], **ms)], {"b": floats(3)})
    write("ms_quick_gelu", (2, 3), [node("QuickGelu", ["x"], ["y"], **ms)])
    write("ms_skip_norm", (2, 3, 4), [node("Relu", ["x"], ["r"]),
                                      node("SkipLayerNormalization", ["x", "r", "g", "b", "c"], ["n", "", "", "s"],
                                           epsilon=1e-3, **ms), node("Add", ["n", "s"], ["y"])],
          {"g": floats(4), "b": floats(4), "c": floats(4)})
    write("ms_skip_rms_norm", (2, 3, 4), [node("Relu", ["x"], ["r"]),
                                          node("SkipSimplifiedLayerNormalization", ["x", "r", "g"], ["y"],
                                               epsilon=1e-3, **ms)], {"g": floats(4)})
    write("ms_fused_matmul", (2, 4, 3), [node("FusedMatMul", ["x", "x"], ["y"], transA=1, alpha=0.5, **ms)])
    write("ms_fused_conv", (1, 3, 4, 4), [node("FusedConv", ["x", "w", "b"], ["y"], activation="Relu", pads=[1] * 4,
                                               **ms)], {"w": floats(2, 3, 3, 3), "b": floats(2)})
    write("ms_attention", (2, 5, 6), [node("Attention", ["x", "w", "b"], ["y"], num_heads=2, **ms)],
          {"w": floats(6, 24), "b": floats(24)})
    projections = [node("MatMul", ["x", f"w{k}"], [k]) for k in "qkv"]
    weights = {f"w{k}": floats(6, 8) for k in "qkv"}
    write("ms_multi_head", (2, 5, 6), projections + [node("MultiHeadAttention", ["q", "k", "v", "b"], ["y"], num_heads=2,
                                                          **ms)], {**weights, "b": floats(24)})
    write("ms_multi_head_bias", (2, 5, 6), projections + [node("MultiHeadAttention", ["q", "k", "v", "", "", "a"], ["y"],
                                                               num_heads=2, scale=0.4, **ms)],
          {**weights, "a": floats(1, 2, 5, 5)})


def control_flow():
    def branch(name, nodes, output, constants=()):
        return helper.make_graph(nodes, name, [], [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)],
                                 [numpy_helper.from_array(v, k) for k, v in constants])

    for taken in (True, False):
        write(f"if_{taken}".lower(), (2, 3), [
            node("Shape", ["x"], ["s"]), node("Gather", ["s", "one"], ["n"]), node("Equal", ["n", "size"], ["c"]),
            node("If", ["c"], ["y"], then_branch=branch("then", [node("Mul", ["x", "f"], ["t"])], "t",
                                                        [("f", floats(3))]),
                 else_branch=branch("else", [node("Relu", ["x"], ["t"])], "t"))],
              {"one": np.array(1, np.int64), "size": np.array(3 if taken else 4, np.int64)})

    def loop_body(nodes, states, scans):
        inputs = [helper.make_tensor_value_info("i", TensorProto.INT64, []),
                  helper.make_tensor_value_info("go", TensorProto.BOOL, [])]
        inputs += [helper.make_tensor_value_info(s, TensorProto.FLOAT, None) for s in states]
        outputs = [helper.make_tensor_value_info("go_on", TensorProto.BOOL, [])]
        outputs += [helper.make_tensor_value_info(s, TensorProto.FLOAT, None) for s in scans]
        return helper.make_graph(nodes, "body", inputs, outputs)

    step = [node("Cast", ["i"], ["f"], to=TensorProto.FLOAT), node("Add", ["a", "f"], ["b"]), node("Mul", ["b", "x"], ["m"]),
            node("Identity", ["m"], ["scan"])]
    fixed = loop_body(step + [node("Identity", ["go"], ["go_on"])], ["a"], ["m", "scan"])
    until = loop_body(step + [node("Less", ["i", "two"], ["go_on"])], ["a"], ["m", "scan"])
    scalars = {"trips": np.array(3, np.int64), "yes": np.array(True), "two": np.array(2, np.int64)}
    for name, body, inputs in [("trips", fixed, ["trips", "", "x"]), ("condition", until, ["", "yes", "x"]),
                               ("both", until, ["trips", "yes", "x"])]:
        write(f"loop_{name}", (2, 3), [node("Loop", inputs, ["last", "all"], body=body),
                                       node("ReduceSum", ["all", "zero"], ["sum"], keepdims=0),
                                       node("Add", ["last", "sum"], ["y"])], {**scalars, "zero": ints(0)})

    # A list that a loop fills, as traced modules have it.
    parts = helper.make_tensor_sequence_value_info
    body = helper.make_graph(
        [node("Gather", ["x", "i"], ["g"], axis=1), node("SequenceInsert", ["list", "g"], ["longer"]),
         node("Identity", ["go"], ["go_on"])], "body",
        [helper.make_tensor_value_info("i", TensorProto.INT64, []), helper.make_tensor_value_info("go", TensorProto.BOOL, []),
         parts("list", TensorProto.FLOAT, None)],
        [helper.make_tensor_value_info("go_on", TensorProto.BOOL, []), parts("longer", TensorProto.FLOAT, None)])
    write("loop_list", (2, 3, 4), [node("SequenceEmpty", [], ["empty"]), node("Loop", ["trips", "yes", "empty"], ["list"], body=body),
                                   node("ConcatFromSequence", ["list"], ["y"], axis=1, new_axis=1)], scalars)

    write("sequence", (2, 3, 4), [
        node("SplitToSequence", ["x", "sizes"], ["parts"], axis=1), node("SequenceLength", ["parts"], ["n"]),
        node("Sub", ["n", "one"], ["last"]), node("SequenceAt", ["parts", "last"], ["b"]),
        node("SequenceErase", ["parts", "zero"], ["rest"]), node("SequenceInsert", ["rest", "b", "zero"], ["more"]),
        node("SequenceConstruct", ["b", "c"], ["pair"]), node("SequenceAt", ["pair", "one"], ["d"]),
        node("ConcatFromSequence", ["more"], ["e"], axis=1), node("Add", ["e", "d"], ["y"])],
          {"sizes": ints(2, 1), "one": np.array(1, np.int64), "zero": np.array(0, np.int64), "c": floats(1, 2, 4)})
    write("split_to_sequence", (2, 3), [node("SplitToSequence", ["x"], ["parts"], axis=1, keepdims=0),
                                        node("SequenceAt", ["parts", "one"], ["y"])], {"one": np.array(-1, np.int64)})


def functions():
    def function(name, inputs, outputs, nodes, attributes=(), **more):
        return helper.make_function("own", name, inputs, outputs, nodes,
                                    [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)], list(attributes), **more)

    leaky = node("LeakyRelu", ["a"], ["b"])
    leaky.attribute.add(name="alpha", type=onnx.AttributeProto.FLOAT, ref_attr_name="slope")
    scale = function("Scale", ["a", "w"], ["b"], [node("Mul", ["a", "w"], ["t"]), node("Add", ["t", "t"], ["b"])])
    bent = function("Bent", ["a"], ["b"], [leaky], ["slope"])
    default = function("Default", ["a"], ["b"], [leaky], [], attribute_protos=[helper.make_attribute("slope", 0.25)])
    outer = function("Outer", ["a", "w"], ["c", "a2"], [node("Scale", ["a", "w"], ["t"], domain="own"),
                                                        node("Scale", ["t", "w"], ["c"], domain="own"),
                                                        node("Identity", ["a"], ["a2"])])
    own = dict(domain="own")
    write("functions", (2, 3), [node("Outer", ["x", "w"], ["t", "u"], **own), node("Bent", ["t"], ["v"], slope=0.1, **own),
                                node("Default", ["v"], ["p"], **own), node("Add", ["p", "u"], ["y"])],
          {"w": floats(3)}, functions=[scale, bent, default, outer])


def main():
    for group in (products, einsums, indexing, constants, elementwise, attentions, fused, control_flow, functions):
        group()


main()
