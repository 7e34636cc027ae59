// SPDX-License-Identifier: Apache-2.0
#include "graph/gates.h"

#include <algorithm>
#include <limits>
#include <set>
#include <vector>

#include "graph/operator_traits.h"

namespace relevid::graph {
namespace {

/// The node that writes a value, null for an input of the network.
const Node* writer_of(const Graph& graph, const std::vector<int>& writers, ValueId value) {
  const int writer = writers[static_cast<size_t>(value)];
  return writer < 0 ? nullptr : &graph.nodes[static_cast<size_t>(writer)];
}

/// Whether a node scales and shifts all elements equally, as a decomposed HardSigmoid does; a batch norm does
/// not.
bool is_line(const Node* node) {
  const auto* affine = node ? std::get_if<Affine>(&node->op) : nullptr;
  return affine && affine->scale->elements() == 1 && affine->shift->elements() == 1;
}

/// Whether `value` is made of `base` alone, element by element.
bool is_made_of(const Graph& graph, const std::vector<int>& writers, ValueId value, ValueId base) {
  std::set<ValueId> seen = {base};
  std::vector<ValueId> open = {value};
  while (!open.empty()) {
    const ValueId next = open.back();
    open.pop_back();
    if (!seen.insert(next).second) continue;
    const Node* node = writer_of(graph, writers, next);
    if (!node || !traits(node->op).has(kElementwise) || graph.shape(next) != graph.shape(base)) return false;
    open.insert(open.end(), node->inputs.begin(), node->inputs.end());
  }
  return true;
}

/// Whether `factor` is a function of `other` alone, element by element: x f(x), as in swish; or of what
/// `other` is a constant multiple of, as in GELU's 0.5 x (1 + erf(x / √2)).
bool gates_itself(const Graph& graph, const std::vector<int>& writers, ValueId factor, ValueId other) {
  for (;;) {
    if (is_made_of(graph, writers, factor, other)) return true;
    const Node* node = writer_of(graph, writers, other);
    if (!is_line(node)) return false;
    other = node->inputs[0];
  }
}

bool has_finite_bounds(const Activation& clip) {
  constexpr auto kOpen = static_cast<double>(std::numeric_limits<float>::max());
  return clip.alpha > -kOpen && clip.beta < kOpen;
}

/// Whether a value comes out of a sigmoid, however reshaped or scaled since. A HardSigmoid that the exporter
/// took apart is a Clip with a line before or after it: Clip(x + 3, 0, 6) / 6, Clip(x / 6 + 0.5, 0, 1).
bool is_squashed(const Graph& graph, const std::vector<int>& writers, ValueId value) {
  bool scaled_since = false;
  while (const Node* node = writer_of(graph, writers, value)) {
    if (const auto* activation = std::get_if<Activation>(&node->op)) {
      using Kind = Activation::Kind;
      if (activation->kind == Kind::kClip && has_finite_bounds(*activation))
        return scaled_since || is_line(writer_of(graph, writers, node->inputs[0]));
      return activation->kind == Kind::kSigmoid || activation->kind == Kind::kHardSigmoid;
    }
    if (!std::holds_alternative<Reshape>(node->op) && !std::holds_alternative<Affine>(node->op)) return false;
    scaled_since = scaled_since || is_line(node);
    value = node->inputs[0];
  }
  return false;
}

/// Whether a value is that of a softmax or of a product of matrices, moved, masked or scaled since.
bool are_weights(const Graph& graph, const std::vector<int>& writers, ValueId value) {
  while (const Node* node = writer_of(graph, writers, value)) {
    if (std::holds_alternative<Softmax>(node->op) || std::holds_alternative<MatMul>(node->op)) return true;
    const bool passes =
        std::holds_alternative<Reshape>(node->op) || std::holds_alternative<Transpose>(node->op) ||
        std::holds_alternative<Affine>(node->op) || std::holds_alternative<Activation>(node->op);
    if (!passes) return false;
    value = node->inputs[0];
  }
  return false;
}

}  // namespace

int find_gate(const Graph& graph, ValueId a, ValueId b) {
  const auto writers = graph.writers();
  if (a == b) return -1;
  if (gates_itself(graph, writers, a, b)) return 0;
  if (gates_itself(graph, writers, b, a)) return 1;
  const bool squashed_a = is_squashed(graph, writers, a), squashed_b = is_squashed(graph, writers, b);
  if (squashed_a != squashed_b) return squashed_a ? 0 : 1;
  const int64_t size_a = graph.shape(a).elements(), size_b = graph.shape(b).elements();
  if (size_a != size_b) return size_a < size_b ? 0 : 1;
  return -1;
}

int find_weights(const Graph& graph, ValueId a, ValueId b) {
  const auto writers = graph.writers();
  const bool first = are_weights(graph, writers, a), second = are_weights(graph, writers, b);
  return first == second ? -1 : first ? 0 : 1;
}

}  // namespace relevid::graph
