// SPDX-License-Identifier: Apache-2.0
#include "graph/randomise.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string_view>

#include "graph/evaluate.h"
#include "relevid/error.h"

namespace relevid::graph {
namespace {

/// FNV-1a: what is drawn for a constant depends on its name, not on where it comes.
uint64_t hash_of(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return hash;
}

enum class Order { kAsIs, kTransposed };

/// A constant that reaches an operator, and whether it was transposed on the way.
struct Operand {
  std::string constant;
  Order order = Order::kAsIs;
};

class Randomiser {
 public:
  Randomiser(const Model& model, uint64_t seed) : result_(model), seed_(seed) {
    for (const ModelNode& node : model.nodes) {
      for (const std::string& output : node.outputs) producers_[output] = &node;
    }
    take_constant_nodes();
  }

  /// From the output down, until this many layers have been drawn.
  void draw_top(const Model& model, int64_t layers) {
    for (auto node = model.nodes.rbegin(); node != model.nodes.rend() && layers_ < layers; ++node) {
      const size_t before = drawn_.size();
      if (node->op == "Conv" || node->op == "ConvTranspose" || node->op == "Gemm" || node->op == "MatMul") {
        draw_operands(*node);
      } else if (node->op == "BatchNormalization") {
        for (size_t i = 1; i < 5; ++i) fill(*node, i, i == 1 || i == 4 ? 1 : 0);
      }
      layers_ += drawn_.size() > before;
    }
    if (drawn_.empty())
      throw Error(ErrorKind::kUnsupportedModel, "the model has no weights that could be drawn again");
  }

  int64_t layers() const { return layers_; }
  Model take() && { return std::move(result_); }

 private:
  /// Constants that the file has as nodes, and quantised ones, become constants like the others.
  void take_constant_nodes() {
    std::erase_if(result_.nodes, [this](const ModelNode& node) {
      if (node.op == "DequantizeLinear") return take_quantised(node);
      const auto value = node.attributes.find("value");
      const auto* tensor = value == node.attributes.end() ? nullptr : std::get_if<TensorRef>(&value->second);
      if (node.op != "Constant" || !tensor || node.outputs.empty()) return false;
      result_.constants[node.outputs[0]] = *tensor;
      return true;
    });
  }

  bool take_quantised(const ModelNode& node) {
    std::vector<TensorRef> inputs;
    for (const std::string& name : node.inputs) {
      const auto constant = result_.constants.find(name);
      if (constant == result_.constants.end()) return false;
      inputs.push_back(constant->second);
    }
    if (inputs.empty() || node.outputs.empty()) return false;
    result_.constants[node.outputs[0]] = share(std::move(evaluate(node, inputs).at(0)));
    return true;
  }

  void draw_operands(const ModelNode& node) {
    for (size_t i = 0; i < std::min<size_t>(2, node.inputs.size()); ++i) {
      if (i == 0 && node.op != "MatMul") continue;
      if (const auto operand = trace(node.inputs[i])) draw(*operand, node, i);
    }
    if (node.op != "MatMul") fill(node, 2, 0);
  }

  /// Back through what moves values without changing them.
  std::optional<Operand> trace(std::string name) const {
    Operand operand;
    for (size_t steps = 0; steps <= producers_.size(); ++steps) {
      if (result_.constants.contains(name)) {
        operand.constant = name;
        return operand;
      }
      const auto producer = producers_.find(name);
      if (producer == producers_.end()) return std::nullopt;
      const ModelNode& node = *producer->second;
      if (node.op == "Transpose") {
        operand.order = operand.order == Order::kAsIs ? Order::kTransposed : Order::kAsIs;
      } else if (node.op != "Identity" && node.op != "Cast") {
        return std::nullopt;
      }
      if (!node.has_input(0)) return std::nullopt;
      name = node.inputs[0];
    }
    return std::nullopt;
  }

  /// How many values are summed into one output: [out, in, ...] for convolutions, [..., in, out] for
  /// products.
  static int64_t fan_in(const Shape& shape, const Operand& operand, const ModelNode& node, size_t input) {
    if (node.op == "Conv") return shape.elements() / shape[0];
    if (node.op == "ConvTranspose") return shape.elements() / shape[1];
    const bool out_first = (operand.order == Order::kTransposed) != (node.integer("transB", 0) != 0);
    const bool left = input == 0;  // [..., out, in] of a product with the constant on its left
    return shape[shape.rank() - (out_first != left ? 1 : 2)];
  }

  void draw(const Operand& operand, const ModelNode& node, size_t input) {
    TensorRef& constant = result_.constants.at(operand.constant);
    const Shape& shape = constant->shape();
    const bool floating = constant->dtype() == DType::kF32 || constant->dtype() == DType::kF64;
    if (shape.rank() < 2 || !floating || shape.elements() == 0 || !drawn_.insert(operand.constant).second)
      return;
    const double bound = std::sqrt(6 / static_cast<double>(fan_in(shape, operand, node, input)));
    std::mt19937_64 random(seed_ ^ hash_of(operand.constant));
    Tensor weights(shape, DType::kF32);
    for (float& value : weights.values<float>()) {
      const double unit = static_cast<double>(random() >> 11) * 0x1p-53;
      value = static_cast<float>(bound * (2 * unit - 1));
    }
    constant = share(weights.cast(constant->dtype()));
  }

  void fill(const ModelNode& node, size_t input, float value) {
    if (!node.has_input(input)) return;
    const auto operand = trace(node.inputs[input]);
    if (!operand) return;
    TensorRef& constant = result_.constants.at(operand->constant);
    if (drawn_.contains(operand->constant)) return;
    Tensor filled(constant->shape(), DType::kF32);
    std::ranges::fill(filled.values<float>(), value);
    constant = share(filled.cast(constant->dtype()));
  }

  Model result_;
  uint64_t seed_;
  std::map<std::string, const ModelNode*> producers_;
  std::set<std::string> drawn_;
  int64_t layers_ = 0;
};

}  // namespace

Model with_random_weights(const Model& model, uint64_t seed) {
  return with_random_top(model, seed, std::numeric_limits<int64_t>::max());
}

Model with_random_top(const Model& model, uint64_t seed, int64_t layers) {
  Randomiser randomiser(model, seed);
  randomiser.draw_top(model, layers);
  return std::move(randomiser).take();
}

int64_t layers_with_weights(const Model& model) {
  Randomiser randomiser(model, 0);
  randomiser.draw_top(model, std::numeric_limits<int64_t>::max());
  return randomiser.layers();
}

}  // namespace relevid::graph
