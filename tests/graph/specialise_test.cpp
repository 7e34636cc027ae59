// SPDX-License-Identifier: Apache-2.0
// Operators by family, with what changed between opsets and between exporters.
#include "graph/specialise.h"

#include <gtest/gtest.h>

#include <limits>

#include "graph/model_builder.h"
#include "relevid/error.h"
#include "support/scratch.h"

namespace relevid::graph {
namespace {

using testing::list;
using testing::message_of;
using testing::ModelBuilder;
using testing::node_as;

const Shape kClip{2, 3, 4, 6, 6};

/// The output's shape of one node over the clip.
Shape shape_of(const std::string& op, testing::Attributes attributes, const Shape& input = kClip) {
  return ModelBuilder(input).node(op, {"x"}, {"y"}, std::move(attributes)).shape();
}

TEST(Specialise, AxesAreAttributesOrInputs) {
  for (const char* op : {"ReduceMean", "ReduceSum", "ReduceMax"}) {
    for (const int64_t keep : {0, 1}) {
      const Shape want = keep ? Shape{2, 3, 4, 1, 1} : Shape{2, 3, 4};
      EXPECT_EQ(shape_of(op, {{"axes", list({-1, 3})}, {"keepdims", keep}}), want) << op;
      ModelBuilder input(kClip, 18);
      input.ints("axes", {3, -1}).node(op, {"x", "axes"}, {"y"}, {{"keepdims", keep}});
      EXPECT_EQ(input.shape(), want) << op;
    }
  }
  EXPECT_EQ(shape_of("ReduceMean", {{"keepdims", int64_t{0}}}, {2, 3}), (Shape{}));
  EXPECT_EQ(ModelBuilder(kClip)
                .node("ReduceSum", {"x"}, {"r"}, {{"noop_with_empty_axes", int64_t{1}}})
                .node("Relu", {"r"}, {"y"})
                .operators(),
            "Activation");
  EXPECT_EQ(shape_of("Squeeze", {{"axes", list({1})}}, {2, 1, 3}), (Shape{2, 3}));
  EXPECT_EQ(shape_of("Squeeze", {}, {1, 2, 1, 3}), (Shape{2, 3}));
  EXPECT_EQ(shape_of("Unsqueeze", {{"axes", list({0, -1})}}, {2, 3}), (Shape{1, 2, 3, 1}));
  ModelBuilder squeeze({2, 1, 3}, 13);
  EXPECT_EQ(squeeze.ints("axes", {-2}).node("Squeeze", {"x", "axes"}, {"y"}).shape(), (Shape{2, 3}));
}

TEST(Specialise, EveryActivationKeepsItsKind) {
  using Kind = Activation::Kind;
  const std::vector<std::pair<std::string, Activation>> expected = {
      {"Relu", {Kind::kRelu}},
      {"LeakyRelu", {Kind::kLeakyRelu, 0.01, 0}},
      {"Sigmoid", {Kind::kSigmoid}},
      {"HardSigmoid", {Kind::kHardSigmoid, 0.2, 0.5}},
      {"HardSwish", {Kind::kHardSwish}},
      {"Tanh", {Kind::kTanh}},
      {"Elu", {Kind::kElu, 1, 0}},
      {"Gelu", {Kind::kGelu}},
      {"Erf", {Kind::kErf}},
      {"Exp", {Kind::kExp}},
      {"Sqrt", {Kind::kPower, 0.5, 0}},
      {"Reciprocal", {Kind::kPower, -1, 0}}};
  for (const auto& [op, f] : expected) {
    ModelBuilder m({1, 2, 3, 4, 4});
    m.node(op, {"x"}, {"y"});
    EXPECT_EQ(std::get<Activation>(m.specialise().nodes.at(0).op), f) << op;
  }
}

TEST(Specialise, ClipByAttributesOrInputs) {
  ModelBuilder old(kClip, 9);
  old.node("Clip", {"x"}, {"y"}, {{"min", 0.0}, {"max", 6.0}});
  ModelBuilder recent(kClip, 13);
  recent.floats("low", {}, {0}).floats("high", {}, {6}).node("Clip", {"x", "low", "high"}, {"y"});
  for (const auto& graph : {old.specialise(), recent.specialise()}) {
    const auto& op = node_as<Activation>(graph, 0);
    EXPECT_EQ(op.kind, Activation::Kind::kClip);
    EXPECT_EQ(op.alpha, 0);
    EXPECT_EQ(op.beta, 6);
  }
  ModelBuilder open(kClip, 13);
  open.floats("low", {}, {0}).node("Clip", {"x", "low", ""}, {"y"});
  EXPECT_EQ(node_as<Activation>(open.specialise(), 0).kind, Activation::Kind::kRelu);
}

TEST(Specialise, SliceOfOpset9AndLater) {
  EXPECT_EQ(shape_of("Slice", {{"starts", list({1, -3})}, {"ends", list({9, -1})}, {"axes", list({2, 4})}}),
            (Shape{2, 3, 3, 6, 2}));
  ModelBuilder m(kClip, 13);
  m.ints("s", {-1}).ints("e", {std::numeric_limits<int64_t>::min()}).ints("a", {2}).ints("k", {-2});
  m.node("Slice", {"x", "s", "e", "a", "k"}, {"y"});
  EXPECT_EQ(m.shape(), (Shape{2, 3, 2, 6, 6}));
  const Graph graph = m.specialise();
  EXPECT_EQ(node_as<Slice>(graph, 0).begin, list({0, 0, 3, 0, 0}));
  EXPECT_EQ(node_as<Slice>(graph, 0).step, list({1, 1, -2, 1, 1}));
}

TEST(Specialise, PadByAttributeInputOrAxes) {
  EXPECT_EQ(shape_of("Pad", {{"pads", list({0, 0, 1, 0, 2, 0, 0, 0, 3, 0})}}), (Shape{2, 3, 5, 9, 8}));
  ModelBuilder axes(kClip, 18);
  axes.ints("pads", {1, 2, 3, 4}).ints("axes", {2, -1}).node("Pad", {"x", "pads", "", "axes"}, {"y"});
  EXPECT_EQ(axes.shape(), (Shape{2, 3, 8, 6, 12}));
  ModelBuilder negative(kClip, 13);
  negative.ints("pads", {0, 0, -1, 1, 0, 0, 0, -1, -2, 0}).node("Pad", {"x", "pads"}, {"y"});
  EXPECT_EQ(negative.shape(), (Shape{2, 3, 2, 5, 6}));
  EXPECT_EQ(negative.operators(), "Slice Pad");
  message_of(ErrorKind::kUnsupportedModel, [] {
    shape_of("Pad", {{"pads", list({0, 0, 0, 0, 0, 0, 0, 0, 0, 1})}, {"mode", std::string("reflect")}});
  });
}

TEST(Specialise, SplitInEveryForm) {
  ModelBuilder attribute(kClip, 11);
  attribute.node("Split", {"x"}, {"a", "b"}, {{"axis", int64_t{2}}, {"split", list({1, 3})}}).output("b");
  EXPECT_EQ(attribute.shape(), (Shape{2, 3, 3, 6, 6}));
  ModelBuilder input(kClip, 13);
  input.ints("sizes", {3, 1}).node("Split", {"x", "sizes"}, {"a", "b"}, {{"axis", int64_t{2}}}).output("b");
  EXPECT_EQ(input.shape(), (Shape{2, 3, 1, 6, 6}));
  ModelBuilder even(kClip, 18);
  even.node("Split", {"x"}, {"a", "b", "c"}, {{"axis", int64_t{3}}}).output("c");
  EXPECT_EQ(even.shape(), (Shape{2, 3, 4, 2, 6}));
  ModelBuilder wrong(kClip, 11);
  wrong.node("Split", {"x"}, {"a", "b"}, {{"axis", int64_t{2}}, {"split", list({-1, 5})}});
  message_of(ErrorKind::kCorruptInput, [&] { wrong.specialise(); });
}

TEST(Specialise, ReshapeFlattenGatherExpandTranspose) {
  const auto reshaped = [](const std::vector<int64_t>& to, testing::Attributes attributes = {}) {
    return ModelBuilder(kClip)
        .ints("to", to)
        .node("Reshape", {"x", "to"}, {"y"}, std::move(attributes))
        .shape();
  };
  EXPECT_EQ(reshaped({0, -1}), (Shape{2, 432}));
  EXPECT_EQ(reshaped({-1, 0, 36}), (Shape{8, 3, 36}));
  message_of(ErrorKind::kCorruptInput, [&] { reshaped({-1, 5}); });
  message_of(ErrorKind::kCorruptInput, [&] { reshaped({-1, -1}); });
  message_of(ErrorKind::kCorruptInput, [&] { reshaped({0, -1}, {{"allowzero", int64_t{1}}}); });
  EXPECT_EQ(shape_of("Flatten", {}), (Shape{2, 432}));
  EXPECT_EQ(shape_of("Flatten", {{"axis", int64_t{-2}}}), (Shape{24, 36}));
  EXPECT_EQ(shape_of("Flatten", {{"axis", int64_t{5}}}), (Shape{864, 1}));
  EXPECT_EQ(shape_of("Transpose", {}), (Shape{6, 6, 4, 3, 2}));
  ModelBuilder gather(kClip);
  EXPECT_EQ(gather.scalar("i", -1).node("Gather", {"x", "i"}, {"y"}, {{"axis", int64_t{2}}}).shape(),
            (Shape{2, 3, 6, 6}));
  ModelBuilder kept(kClip);
  EXPECT_EQ(kept.ints("i", {0}).node("Gather", {"x", "i"}, {"y"}, {{"axis", int64_t{2}}}).shape(),
            (Shape{2, 3, 1, 6, 6}));
  ModelBuilder expand({2, 3});
  EXPECT_EQ(expand.ints("to", {1, 2, 1}).node("Expand", {"x", "to"}, {"y"}).shape(), (Shape{1, 2, 3}));
}

TEST(Specialise, AutoPad) {
  const auto window = [](const char* how, int64_t size) {
    ModelBuilder m({1, 1, 1, size});
    m.filled("w", {1, 1, 1, 4}, 1);
    m.node("Conv", {"x", "w"}, {"y"}, {{"auto_pad", std::string(how)}, {"strides", list({1, 2})}});
    const Graph graph = m.specialise();
    const auto& w = node_as<Convolution>(graph, 0).window;
    return list({graph.shape(graph.output)[3], w.pads_begin[1], w.pads_end[1]});
  };
  EXPECT_EQ(window("SAME_UPPER", 5), list({3, 1, 2}));
  EXPECT_EQ(window("SAME_LOWER", 5), list({3, 2, 1}));
  EXPECT_EQ(window("SAME_UPPER", 6), list({3, 1, 1}));
  EXPECT_EQ(window("VALID", 5), list({1, 0, 0}));
}

TEST(Specialise, CeilModeDropsWindowsThatStartBeyondTheInput) {
  const auto size = [](int64_t in, int64_t kernel, int64_t stride, int64_t pad) {
    return shape_of("AveragePool",
                    {{"kernel_shape", list({1, kernel})},
                     {"strides", list({1, stride})},
                     {"pads", list({0, pad, 0, pad})},
                     {"ceil_mode", int64_t{1}}},
                    {1, 1, 1, in})[3];
  };
  EXPECT_EQ(size(5, 2, 2, 0), 3);
  EXPECT_EQ(size(6, 2, 2, 0), 3);
  EXPECT_EQ(size(5, 3, 2, 1), 3);
  EXPECT_EQ(size(3, 1, 2, 0), 2);
  EXPECT_EQ(size(4, 1, 3, 1), 2) << "a third window would start in the padding behind the input";
}

TEST(Specialise, MaxPoolWithWindowsOfPaddingAloneIsRefused) {
  message_of(ErrorKind::kUnsupportedModel, [] {
    shape_of("MaxPool", {{"kernel_shape", list({1, 2})}, {"pads", list({0, 0, 0, 2})}}, {1, 1, 1, 4});
  });
}

TEST(Specialise, GatesAreRecognised) {
  ModelBuilder swish(kClip);
  swish.node("Relu", {"x"}, {"r"}).node("Sigmoid", {"r"}, {"s"}).node("Mul", {"r", "s"}, {"y"});
  EXPECT_EQ(node_as<Multiply>(swish.specialise(), 2).gate, 1);
  ModelBuilder turned(kClip);
  turned.node("Relu", {"x"}, {"r"}).node("Sigmoid", {"r"}, {"s"}).node("Mul", {"s", "r"}, {"y"});
  EXPECT_EQ(node_as<Multiply>(turned.specialise(), 2).gate, 0);
  ModelBuilder excite(kClip);
  excite.filled("w", {3, 3, 1, 1, 1}, 1)
      .node("GlobalAveragePool", {"x"}, {"g"})
      .node("Conv", {"g", "w"}, {"c"});
  excite.node("HardSigmoid", {"c"}, {"s"}).node("Mul", {"s", "x"}, {"y"});
  EXPECT_EQ(node_as<Multiply>(excite.specialise(), 3).gate, 0);
  ModelBuilder squared(kClip);
  squared.node("Mul", {"x", "x"}, {"y"});
  EXPECT_EQ(node_as<Multiply>(squared.specialise(), 0).gate, -1);
}

/// The gate that is found in x * f(c), where c is a convolution of x and `decompose` writes f(c) to 's'.
template <class Decompose>
int gate_of(Decompose&& decompose) {
  ModelBuilder m(kClip);
  m.filled("w", {3, 3, 1, 1, 1}, 1).floats("three", {}, {3}).floats("six", {}, {6}).floats("zero", {}, {0});
  m.floats("half", {}, {0.5}).floats("one", {1}, {1}).filled("per_channel", {3, 1, 1, 1}, 2);
  m.node("Conv", {"x", "w"}, {"c"});
  decompose(m);
  m.node("Mul", {"x", "s"}, {"y"});
  const Graph graph = m.specialise();
  return std::get<Multiply>(graph.nodes.back().op).gate;
}

TEST(Specialise, DecomposedHardSigmoidsAreGates) {
  EXPECT_EQ(gate_of([](ModelBuilder& m) {
              m.node("Add", {"c", "three"}, {"a"}).node("Clip", {"a", "zero", "six"}, {"k"});
              m.node("Div", {"k", "six"}, {"s"});
            }),
            1);
  EXPECT_EQ(gate_of([](ModelBuilder& m) {
              m.node("Div", {"c", "six"}, {"d"}).node("Add", {"d", "half"}, {"a"});
              m.node("Clip", {"a", "zero", "one"}, {"s"});
            }),
            1);
  EXPECT_EQ(gate_of([](ModelBuilder& m) {
              m.node("Clip", {"c", "zero", "six"}, {"s"});
            }),
            -1)
      << "ReLU6 is an activation";
  EXPECT_EQ(gate_of([](ModelBuilder& m) {
              m.node("Mul", {"c", "per_channel"}, {"n"}).node("Clip", {"n", "zero", "six"}, {"s"});
            }),
            -1)
      << "and stays one behind a batch norm";
  EXPECT_EQ(gate_of([](ModelBuilder& m) {
              m.node("Add", {"c", "three"}, {"a"}).node("Clip", {"a", "zero", ""}, {"s"});
            }),
            -1)
      << "nothing holds a ReLU below one";
}

TEST(Specialise, DecomposedHardSwishGatesItself) {
  ModelBuilder m(kClip);
  m.floats("three", {}, {3}).floats("six", {}, {6}).floats("zero", {}, {0});
  m.node("Add", {"x", "three"}, {"a"}).node("Clip", {"a", "zero", "six"}, {"k"});
  m.node("Div", {"k", "six"}, {"s"}).node("Mul", {"s", "x"}, {"y"});
  const Graph graph = m.specialise();
  EXPECT_EQ(std::get<Multiply>(graph.nodes.back().op).gate, 0);
}

TEST(Specialise, NormsTakenApartAreRecognised) {
  const auto decomposed = [](bool power, bool reciprocal) {
    ModelBuilder m({2, 4, 6});
    m.floats("two", {}, {2}).floats("e", {}, {1e-3F});
    m.node("ReduceMean", {"x"}, {"m"}, {{"axes", list({-1})}}).node("Sub", {"x", "m"}, {"c"});
    if (power)
      m.node("Pow", {"c", "two"}, {"q"});
    else
      m.node("Mul", {"c", "c"}, {"q"});
    m.node("ReduceMean", {"q"}, {"v"}, {{"axes", list({2})}}).node("Add", {"v", "e"}, {"w"});
    m.node("Sqrt", {"w"}, {"d"});
    if (reciprocal)
      m.node("Reciprocal", {"d"}, {"r"}).node("Mul", {"r", "c"}, {"y"});
    else
      m.node("Div", {"c", "d"}, {"y"});
    return m;
  };
  for (const bool power : {false, true}) {
    for (const bool reciprocal : {false, true}) {
      const ModelBuilder m = decomposed(power, reciprocal);
      ASSERT_EQ(m.operators(), "Standardise");
      const auto norm = node_as<Standardise>(m.specialise(), 0);
      EXPECT_EQ(norm.axes, list({2}));
      EXPECT_NEAR(norm.epsilon, 1e-3, 1e-9);
    }
  }
  ModelBuilder other({2, 4, 6});  // the variance over other axes than the mean
  other.floats("e", {}, {1e-3F}).node("ReduceMean", {"x"}, {"m"}, {{"axes", list({1})}});
  other.node("Sub", {"x", "m"}, {"c"}).node("Mul", {"c", "c"}, {"q"});
  other.node("ReduceMean", {"q"}, {"v"}, {{"axes", list({2})}})
      .node("Sqrt", {"v"}, {"d"})
      .node("Div", {"c", "d"}, {"y"});
  EXPECT_EQ(other.operators().find("Standardise"), std::string::npos);
}

TEST(Specialise, ResizesThatCannotBeTakenSayWhy) {
  const auto refusal = [](testing::Attributes attributes) {
    ModelBuilder m({1, 3, 4, 4});
    m.floats("s", {4}, {1, 1, 2, 2}).node("Resize", {"x", "", "s"}, {"y"}, std::move(attributes));
    return message_of(ErrorKind::kUnsupportedModel, [&] { m.specialise(); });
  };
  EXPECT_NE(refusal({{"mode", std::string("cubic")}}).find("nearest and linear"), std::string::npos);
  EXPECT_NE(refusal({{"antialias", int64_t{1}}}).find("antialias"), std::string::npos);
  EXPECT_NE(refusal({{"coordinate_transformation_mode", std::string("tf_crop_and_resize")}}).find("tf_crop"),
            std::string::npos);
  ModelBuilder short_one({1, 3, 4, 4});
  short_one.floats("s", {2}, {2, 2}).node("Resize", {"x", "", "s"}, {"y"});
  EXPECT_NE(message_of(ErrorKind::kCorruptInput, [&] { short_one.specialise(); }).find("2 scales for 4 axes"),
            std::string::npos);
}

TEST(Specialise, SumsTakeConstants) {
  ModelBuilder m(kClip);
  m.floats("a", {}, {1}).filled("b", {3, 1, 1, 1}, 2).filled("w", {3, 3, 1, 1, 1}, 1);
  m.node("Conv", {"x", "w"}, {"c"}).node("Sum", {"a", "c", "b"}, {"y"});
  ASSERT_EQ(m.operators(), "Convolution");
  EXPECT_EQ(node_as<Convolution>(m.specialise(), 0).bias->as_doubles(), (std::vector<double>{3, 3, 3}));
  ModelBuilder branches(kClip);
  branches.floats("a", {}, {1}).node("Relu", {"x"}, {"r"}).node("Sum", {"x", "a", "r"}, {"y"});
  EXPECT_EQ(branches.operators(), "Activation Add Affine");
}

TEST(Specialise, StandardisedWeightsAreConstants) {
  ModelBuilder m({1, 1, 1, 2});
  m.floats("w", {2, 1, 1, 2}, {1, 3, 4, 8}).ints("shape", {2, -1}).ints("back", {2, 1, 1, 2});
  m.node("Reshape", {"w", "shape"}, {"rows"})
      .node("ReduceMean", {"rows"}, {"mean"}, {{"axes", list({1})}})
      .node("Sub", {"rows", "mean"}, {"centred"})
      .node("Mul", {"centred", "centred"}, {"squares"})
      .node("ReduceMean", {"squares"}, {"variance"}, {{"axes", list({1})}})
      .node("Sqrt", {"variance"}, {"deviation"})
      .node("Div", {"centred", "deviation"}, {"standard"})
      .node("Reshape", {"standard", "back"}, {"weight"})
      .node("Conv", {"x", "weight"}, {"y"});
  ASSERT_EQ(m.operators(), "Convolution");
  EXPECT_EQ(node_as<Convolution>(m.specialise(), 0).weight->as_doubles(),
            (std::vector<double>{-1, 1, -1, 1}));
}

TEST(Specialise, ShapesTakenApartAreConstants) {
  ModelBuilder m({2, 3, 4});
  m.ints("minus", {-1}).node("Shape", {"x"}, {"shape"}).node("Split", {"shape"}, {"n", "c", "t"});
  m.node("Concat", {"n", "minus"}, {"to"}, {{"axis", int64_t{0}}}).node("Reshape", {"x", "to"}, {"y"});
  EXPECT_EQ(m.shape(), (Shape{2, 12}));
  ModelBuilder whole({2, 3, 4});
  whole.ints("axes", {0}).node("Size", {"x"}, {"size"}).node("Unsqueeze", {"size", "axes"}, {"to"});
  EXPECT_EQ(whole.node("Reshape", {"x", "to"}, {"y"}).shape(), (Shape{24}));
}

TEST(Specialise, ZerosJoinedToATensorAreABorder) {
  ModelBuilder m(kClip);  // as TSM shifts: the first frames, and zeros for what is beyond the end
  m.ints("s", {1}).ints("e", {4}).ints("a", {2}).node("Slice", {"x", "s", "e", "a"}, {"rest"});
  m.ints("z", {0})
      .ints("o", {1})
      .node("Slice", {"x", "z", "o", "a"}, {"one"})
      .node("Sub", {"one", "one"}, {"zeros"});
  m.node("Concat", {"rest", "zeros"}, {"y"}, {{"axis", int64_t{2}}});
  EXPECT_EQ(m.operators(), "Slice Pad");
  EXPECT_EQ(m.shape(), kClip);
}

TEST(Specialise, NanInWeightsIsNamed) {
  ModelBuilder m({1, 3});
  m.floats("w", {2, 3}, {1, 2, 3, 4, std::numeric_limits<float>::quiet_NaN(), 6});
  m.node("Gemm", {"x", "w"}, {"scores"}, {{"transB", int64_t{1}}});
  const std::string message = message_of(ErrorKind::kCorruptInput, [&] { m.specialise(); });
  for (const char* part : {"scores", "weight", "nan", "element 4"})
    EXPECT_NE(message.find(part), std::string::npos) << message;
  ModelBuilder norm(kClip);
  norm.filled("one", {3}, 1)
      .filled("v", {3}, -1)
      .node("BatchNormalization", {"x", "one", "one", "one", "v"}, {"n"});
  EXPECT_NE(message_of(ErrorKind::kCorruptInput, [&] { norm.specialise(); }).find("'n'"), std::string::npos);
}

TEST(Specialise, AllRejectedNodesAreListed) {
  ModelBuilder m(kClip);
  m.node("Pow", {"x", "x"}, {"d"})
      .node("Cast", {"x"}, {"i"}, {{"to", int64_t{7}}})
      .node("Resize", {"x", "", "", ""}, {"p"}, {{"mode", std::string("cubic")}});
  m.node("Relu", {"d"}, {"y"});
  const std::string message = message_of(ErrorKind::kUnsupportedModel, [&] { m.specialise(); });
  for (const char* part : {"3 nodes", "Pow 'd'", "Cast 'i'", "Resize 'p': mode 'cubic'"})
    EXPECT_NE(message.find(part), std::string::npos) << message;
  EXPECT_EQ(message.find("Relu"), std::string::npos)
      << "what depends on a rejected node is no problem of its own";
}

std::string refusal_of(const ModelBuilder& m) {
  return message_of(ErrorKind::kUnsupportedModel, [&] { m.specialise(); });
}

TEST(Specialise, UnknownOperatorsAndRefusedFormsComeInOneList) {
  ModelBuilder m(kClip);
  m.node("Gather", {"x", "x"}, {"g"}).node("Relu", {"g"}, {"r"});
  m.node("Mish", {"x"}, {"p"}).node("Det", {"r", "p"}, {"q"}).node("Sigmoid", {"q"}, {"y"});
  const std::string message = refusal_of(m);
  const size_t gather = message.find("Gather 'g': input 1 is computed"),
               known = message.find("Mish 'p': operator not supported"),
               behind = message.find("Det 'q': operator not supported");
  EXPECT_NE(message.find("holds 3 nodes"), std::string::npos) << message;
  EXPECT_NE(behind, std::string::npos) << message;
  EXPECT_LT(gather, known) << message;
  EXPECT_LT(known, behind) << message;
  EXPECT_NE(message.find("2 more nodes"), std::string::npos) << message;
  EXPECT_EQ(message.find("Mish 'p'", known + 1), std::string::npos) << "once: " << message;
}

TEST(Specialise, TheListComesBeforeOtherErrors) {
  ModelBuilder m({1, 3});
  m.filled("w", {2, 3}, std::numeric_limits<float>::quiet_NaN());
  m.node("Gemm", {"x", "w"}, {"g"}, {{"transB", int64_t{1}}}).node("Mish", {"g"}, {"y"});
  EXPECT_NE(refusal_of(m).find("Mish 'y'"), std::string::npos);
  const std::string message =
      message_of(ErrorKind::kUnsupportedModel, [&] { graph::specialise(m.model(), {}); });
  EXPECT_NE(message.find("Mish 'y'"), std::string::npos) << message;
}

TEST(Specialise, OutputsThatAreLeftOutAreNamedWhereTheyAreRead) {
  ModelBuilder m(kClip);
  m.node("MaxPool", {"x"}, {"m", "where"}, {{"kernel_shape", list({1, 2, 2})}});
  EXPECT_EQ(m.operators(), "MaxPool");
  m.node("Add", {"m", "where"}, {"y"});
  const std::string message = refusal_of(m);
  EXPECT_NE(message.find("MaxPool 'm': its output 'where' is read"), std::string::npos) << message;
}

TEST(Specialise, AnOutputThatIsTheInputIsNoNetwork) {
  ModelBuilder moved({2, 5});
  moved.node("Identity", {"x"}, {"y"});
  EXPECT_NE(refusal_of(moved).find("output 'y' is the input itself"), std::string::npos);
  ModelBuilder scores({2, 5});
  scores.node("Softmax", {"x"}, {"y"});
  EXPECT_NE(refusal_of(scores).find("output 'y' is the input itself"), std::string::npos);
}

TEST(Specialise, ClipsTooSmallForTheModel) {
  const std::string message = message_of(ErrorKind::kInvalidArgument, [] {
    shape_of("MaxPool", {{"kernel_shape", list({1, 1, 7})}});
  });
  EXPECT_NE(message.find("too small"), std::string::npos) << message;
}

}  // namespace
}  // namespace relevid::graph
