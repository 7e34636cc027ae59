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
