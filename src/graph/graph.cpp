// SPDX-License-Identifier: Apache-2.0
#include "graph/graph.h"

#include <algorithm>
#include <array>

namespace relevid::graph {

std::vector<int> Graph::readers() const {
  std::vector<int> count(values.size(), 0);
  for (const Node& node : nodes) {
    for (const ValueId input : node.inputs) ++count[static_cast<size_t>(input)];
  }
  if (output >= 0) ++count[static_cast<size_t>(output)];
  return count;
}

std::vector<int> Graph::writers() const {
  std::vector<int> writer(values.size(), -1);
  for (size_t i = 0; i < nodes.size(); ++i)
    writer[static_cast<size_t>(nodes[i].output)] = static_cast<int>(i);
  return writer;
}

bool Resample::selects() const {
  return std::ranges::adjacent_find(taps, {}, &Tap::to) == taps.end() &&
         std::ranges::all_of(taps, [](const Tap& tap) { return tap.weight == 1; });
}

std::string_view name(const Operator& op) {
  constexpr std::array<std::string_view, std::variant_size_v<Operator>> kNames = {
      "Convolution", "Dense",     "MaxPool",     "AveragePool", "Reduce",  "Activation",
      "Affine",      "Add",       "Multiply",    "Concat",      "Slice",   "Pad",
      "Reshape",     "Transpose", "Softmax",     "BatchNorm",   "Dropout", "TransposedConvolution",
      "Resample",    "PRelu",     "Standardise", "MatMul"};
  return kNames[op.index()];
}

std::string_view name(Activation::Kind kind) {
  switch (kind) {
    case Activation::Kind::kRelu:
      return "Relu";
    case Activation::Kind::kClip:
      return "Clip";
    case Activation::Kind::kLeakyRelu:
      return "LeakyRelu";
    case Activation::Kind::kSigmoid:
      return "Sigmoid";
    case Activation::Kind::kHardSigmoid:
      return "HardSigmoid";
    case Activation::Kind::kHardSwish:
      return "HardSwish";
    case Activation::Kind::kTanh:
      return "Tanh";
    case Activation::Kind::kElu:
      return "Elu";
    case Activation::Kind::kGelu:
    case Activation::Kind::kGeluTanh:
      return "Gelu";
    case Activation::Kind::kErf:
      return "Erf";
    case Activation::Kind::kExp:
      return "Exp";
    case Activation::Kind::kPower:
      return "Power";
  }
  return "?";
}

namespace {

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

bool all_nonnegative(const Tensor& tensor) {
  return std::ranges::all_of(tensor.as_doubles(), [](double value) { return value >= 0; });
}

bool output_never_negative(const Operator& op, bool inputs_are) {
  return std::visit(
      Overloaded{[&](const Activation& a) {
                   switch (a.kind) {
                     case Activation::Kind::kRelu:
                     case Activation::Kind::kSigmoid:
                     case Activation::Kind::kHardSigmoid:
                     case Activation::Kind::kExp:
                       return true;
                     case Activation::Kind::kPower:
                       return inputs_are && a.beta >= 0;
                     case Activation::Kind::kClip:
                       return a.alpha >= 0 || (inputs_are && a.beta >= 0);
                     default:
                       return inputs_are;
                   }
                 },
                 [&](const Affine& a) {
                   return inputs_are && all_nonnegative(*a.scale) && all_nonnegative(*a.shift);
                 },
                 [&](const Add& a) { return inputs_are && a.sign > 0; },
                 [&](const Pad& p) { return inputs_are && p.value >= 0; },
                 [](const Convolution&) { return false; }, [](const Dense&) { return false; },
                 [](const TransposedConvolution&) { return false; }, [](const Standardise&) { return false; },
                 [](const BatchNorm&) { return false; }, [](const Softmax&) { return true; },
                 [&](const auto&) { return inputs_are; }},
      op);
}

bool only_moves(const Operator& op) {
  return std::holds_alternative<Affine>(op) || std::holds_alternative<Concat>(op) ||
         std::holds_alternative<Slice>(op) || std::holds_alternative<Pad>(op) ||
         std::holds_alternative<Reshape>(op) || std::holds_alternative<Transpose>(op) ||
         std::holds_alternative<Resample>(op);
}

}  // namespace

std::vector<char> never_negative(const Graph& graph) {
  std::vector<char> result(graph.values.size(), 0);
  for (const Node& node : graph.nodes) {
    const bool inputs_are =
        std::ranges::all_of(node.inputs, [&](ValueId v) { return result[static_cast<size_t>(v)] != 0; });
    result[static_cast<size_t>(node.output)] = output_never_negative(node.op, inputs_are);
  }
  return result;
}

std::vector<char> only_input(const Graph& graph) {
  std::vector<char> result(graph.values.size(), 0);
  for (const ValueId input : graph.inputs) result[static_cast<size_t>(input)] = 1;
  for (const Node& node : graph.nodes) {
    result[static_cast<size_t>(node.output)] =
        only_moves(node.op) &&
        std::ranges::all_of(node.inputs, [&](ValueId v) { return result[static_cast<size_t>(v)] != 0; });
  }
  return result;
}

}  // namespace relevid::graph
