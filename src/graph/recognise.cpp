// SPDX-License-Identifier: Apache-2.0
// Normalisations that an exporter took apart.
#include <optional>

#include "graph/simplify.h"

namespace relevid::graph {
namespace {

/// What leads to a value, step by step; every function gives nothing where the value is another thing.
class Pattern {
 public:
  explicit Pattern(const Graph& graph) : graph_(graph), writers_(graph.writers()) {}

  struct Found {
    ValueId x = -1;
    Standardise op;
  };
  /// (x - mean x) times 1 / sqrt(mean (x - mean x)² + epsilon).
  std::optional<Found> standardised(const Node& node) const {
    if (!std::holds_alternative<Multiply>(node.op)) return std::nullopt;
    for (const size_t i : {size_t{0}, size_t{1}}) {
      const auto found = centred(node.inputs[i]);
      if (!found) continue;
      const auto epsilon = inverse_deviation(node.inputs[1 - i], *found);
      if (epsilon) return Found{found->x, {found->axes, *epsilon}};
    }
    return std::nullopt;
  }

 private:
  struct Centred {
    ValueId x = -1;
    std::vector<int64_t> axes;
    bool operator==(const Centred&) const = default;
  };

  const Node* writer(ValueId value) const {
    const int writer = writers_[static_cast<size_t>(value)];
    return writer < 0 ? nullptr : &graph_.nodes[static_cast<size_t>(writer)];
  }
  template <class Op>
  const Op* as(ValueId value) const {
    const Node* node = writer(value);
    return node ? std::get_if<Op>(&node->op) : nullptr;
  }
  /// The exponent of a power without a shift.
  std::optional<double> power(ValueId value) const {
    const auto* f = as<Activation>(value);
    if (!f || f->kind != Activation::Kind::kPower || f->beta != 0) return std::nullopt;
    return f->alpha;
  }
  ValueId input(ValueId value, size_t index = 0) const { return writer(value)->inputs[index]; }

  std::optional<Centred> centred(ValueId value) const {
    const auto* difference = as<Add>(value);
    if (!difference || difference->sign != -1) return std::nullopt;
    const auto* mean = as<Reduce>(input(value, 1));
    if (!mean || mean->kind != Reduce::Kind::kMean || input(input(value, 1)) != input(value))
      return std::nullopt;
    return Centred{input(value), mean->axes};
  }

  bool is_square_of(ValueId value, const Centred& base) const {
    if (as<Multiply>(value)) return centred(input(value)) == base && centred(input(value, 1)) == base;
    return power(value) == 2 && centred(input(value)) == base;
  }

  /// The epsilon of 1 / sqrt(mean of `base` squared + epsilon).
  std::optional<double> inverse_deviation(ValueId value, const Centred& base) const {
    if (power(value) == -1 && power(input(value)) == 0.5) {
      value = input(input(value));
    } else if (power(value) == -0.5) {
      value = input(value);
    } else {
      return std::nullopt;
    }
    double epsilon = 0;
    if (const auto* shifted = as<Affine>(value)) {
      if (shifted->scale->elements() != 1 || shifted->shift->elements() != 1 ||
          shifted->scale->as_doubles()[0] != 1)
        return std::nullopt;
      epsilon = shifted->shift->as_doubles()[0];
      value = input(value);
    }
    const auto* variance = as<Reduce>(value);
    if (!variance || variance->kind != Reduce::Kind::kMean || variance->axes != base.axes)
      return std::nullopt;
    if (epsilon < 0 || !is_square_of(input(value), base)) return std::nullopt;
    return epsilon;
  }

  const Graph& graph_;
  std::vector<int> writers_;
};

}  // namespace

Graph recognise_norms(Graph graph) {
  std::vector<std::pair<size_t, Pattern::Found>> found;
  {
    const Pattern pattern(graph);
    for (size_t i = 0; i < graph.nodes.size(); ++i) {
      if (auto norm = pattern.standardised(graph.nodes[i])) found.emplace_back(i, std::move(*norm));
    }
  }
  for (auto& [index, norm] : found) {
    graph.nodes[index].op = std::move(norm.op);
    graph.nodes[index].inputs = {norm.x};
  }
  return drop_dead(std::move(graph));
}

}  // namespace relevid::graph
