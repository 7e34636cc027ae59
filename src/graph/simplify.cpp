// SPDX-License-Identifier: Apache-2.0
#include "graph/simplify.h"

#include <algorithm>
#include <functional>
#include <optional>

#include "tensor/strides.h"

namespace relevid::graph {
namespace {

/// The constant as one number per channel along `axis`, where it is one.
std::optional<std::vector<float>> per_channel(const Tensor& tensor, int64_t axis, int64_t channels) {
  const auto values = tensor.values<float>();
  if (values.size() == 1) return std::vector<float>(static_cast<size_t>(channels), values[0]);
  if (tensor.elements() != channels || tensor.shape()[axis] != channels) return std::nullopt;
  return std::vector<float>(values.begin(), values.end());
}

TensorRef scale_rows(const Tensor& weight, const std::vector<float>& scale) {
  Tensor result = weight.clone();
  const auto values = result.values<float>();
  const size_t row = values.size() / scale.size();
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<float>(static_cast<double>(values[i]) * static_cast<double>(scale[i / row]));
  }
  return share(std::move(result));
}

TensorRef scale_and_shift(const TensorRef& bias, const std::vector<float>& scale,
                          const std::vector<float>& shift) {
  Tensor result(Shape{static_cast<int64_t>(scale.size())}, DType::kF32);
  const auto values = result.values<float>();
  for (size_t i = 0; i < values.size(); ++i) {
    const double b = bias ? static_cast<double>(bias->values<float>()[i]) : 0.0;
    values[i] = static_cast<float>(b * static_cast<double>(scale[i]) + static_cast<double>(shift[i]));
  }
  return share(std::move(result));
}

/// Whether a constant varies along the axes alone that a normalisation has parameters for: those that it is
/// over, or the channels.
bool is_of_norm(const Tensor& tensor, const Standardise& norm) {
  std::vector<int64_t> varies;
  for (int64_t axis = 0; axis < tensor.shape().rank(); ++axis) {
    if (tensor.shape()[axis] > 1) varies.push_back(axis);
  }
  return varies == std::vector<int64_t>{1} || std::ranges::includes(norm.axes, varies);
}

/// f of two constants of one rank, of which either may broadcast.
template <class F>
TensorRef combined(const Tensor& a, const Tensor& b, F&& f) {
  const Shape shape = broadcast(a.shape(), b.shape());
  Tensor result(shape, DType::kF32);
  const auto values = result.values<float>();
  for_each_offsets(shape, broadcast_strides(a.shape(), shape), broadcast_strides(b.shape(), shape),
                   [&](int64_t i, int64_t in_a, int64_t in_b) {
                     values[static_cast<size_t>(i)] = f(a.values<float>()[static_cast<size_t>(in_a)],
                                                        b.values<float>()[static_cast<size_t>(in_b)]);
                   });
  return share(std::move(result));
}

bool merge_into_norm(Standardise& norm, const Affine& affine) {
  if (!is_of_norm(*affine.scale, norm) || !is_of_norm(*affine.shift, norm)) return false;
  norm.scale = norm.scale ? combined(*norm.scale, *affine.scale, std::multiplies<>()) : affine.scale;
  norm.shift = norm.shift ? combined(*combined(*norm.shift, *affine.scale, std::multiplies<>()),
                                     *affine.shift, std::plus<>())
                          : affine.shift;
  return true;
}

/// Merges `affine` into the layer, where the layer is one with weights and the constants are per channel.
bool merge_into(Operator& layer, const Affine& affine, const Shape& output) {
  if (auto* norm = std::get_if<Standardise>(&layer)) return merge_into_norm(*norm, affine);
  auto* convolution = std::get_if<Convolution>(&layer);
  auto* dense = std::get_if<Dense>(&layer);
  if (!convolution && !dense) return false;
  const int64_t axis = convolution ? 1 : output.rank() - 1;
  const auto scale = per_channel(*affine.scale, axis, output[axis]);
  const auto shift = per_channel(*affine.shift, axis, output[axis]);
  if (!scale || !shift) return false;
  TensorRef& weight = convolution ? convolution->weight : dense->weight;
  TensorRef& bias = convolution ? convolution->bias : dense->bias;
  bias = scale_and_shift(bias, *scale, *shift);
  if (std::ranges::any_of(*scale, [](float k) { return k != 1; })) weight = scale_rows(*weight, *scale);
  return true;
}

/// Whether the border is along the window's axes alone.
bool is_spatial(const Pad& pad) {
  return pad.value == 0 && pad.begin[0] == 0 && pad.begin[1] == 0 && pad.end[0] == 0 && pad.end[1] == 0;
}

bool fold_into(Operator& op, const Pad& pad) {
  auto* convolution = std::get_if<Convolution>(&op);
  auto* average = std::get_if<AveragePool>(&op);
  if (!convolution && !average) return false;
  Window& window = convolution ? convolution->window : average->window;
  if (average && average->count == AveragePool::Count::kInside) {
    const auto is_zero = [](int64_t p) { return p == 0; };
    if (!std::ranges::all_of(window.pads_begin, is_zero) ||
        !std::ranges::all_of(average->counted_end, is_zero)) {
      return false;  // the node's own padding is not counted, and the border would have been
    }
    average->count = AveragePool::Count::kPadding;
  }
  for (size_t i = 0; i < window.kernel.size(); ++i) {
    window.pads_begin[i] += pad.begin[i + 2];
    window.pads_end[i] += pad.end[i + 2];
    if (average) average->counted_end[i] += pad.end[i + 2];
  }
  return true;
}

/// Everything that read `from` reads `to`.
void redirect(Graph& graph, ValueId from, ValueId to) {
  for (Node& node : graph.nodes) std::ranges::replace(node.inputs, from, to);
  if (graph.output == from) graph.output = to;
}

}  // namespace

Graph merge_affine(Graph graph) {
  auto readers = graph.readers();
  const auto writers = graph.writers();
  for (Node& node : graph.nodes) {
    const auto* affine = std::get_if<Affine>(&node.op);
    if (!affine) continue;
    const ValueId input = node.inputs[0];
    const int writer = writers[static_cast<size_t>(input)];
    if (writer < 0 || readers[static_cast<size_t>(input)] != 1) continue;
    if (!merge_into(graph.nodes[static_cast<size_t>(writer)].op, *affine, graph.shape(input))) continue;
    redirect(graph, node.output, input);  // so that a chain of them merges one after the other
    readers[static_cast<size_t>(input)] = readers[static_cast<size_t>(node.output)];
  }
  return drop_dead(std::move(graph));
}

Graph fold_padding(Graph graph) {
  const auto writers = graph.writers();
  for (Node& node : graph.nodes) {
    for (;;) {
      if (node.inputs.size() != 1) break;
      const int writer = writers[static_cast<size_t>(node.inputs[0])];
      if (writer < 0) break;
      const Node& source = graph.nodes[static_cast<size_t>(writer)];
      const auto* pad = std::get_if<Pad>(&source.op);
      if (!pad || graph.shape(source.output).rank() < 4 || !is_spatial(*pad) || !fold_into(node.op, *pad))
        break;
      node.inputs[0] = source.inputs[0];
    }
  }
  return drop_dead(std::move(graph));
}

bool can_follow_softmax(const Operator& op) {
  const auto* reduce = std::get_if<Reduce>(&op);
  return std::holds_alternative<Reshape>(op) || std::holds_alternative<Transpose>(op) ||
         std::holds_alternative<Slice>(op) || (reduce && reduce->kind != Reduce::Kind::kMax);
}

Graph cut_softmax(Graph graph) {
  const auto readers = graph.readers();
  const auto writers = graph.writers();
  ValueId value = graph.output;
  for (;;) {
    const int writer = writers[static_cast<size_t>(value)];
    if (writer < 0 || readers[static_cast<size_t>(value)] != 1) return graph;
    const Node& node = graph.nodes[static_cast<size_t>(writer)];
    if (std::holds_alternative<Softmax>(node.op)) break;
    if (!can_follow_softmax(node.op)) return graph;
    value = node.inputs[0];
  }
  redirect(graph, value, graph.nodes[static_cast<size_t>(writers[static_cast<size_t>(value)])].inputs[0]);
  return drop_dead(std::move(graph));
}

Graph drop_dead(Graph graph) {
  std::vector<char> needed(graph.values.size(), 0);
  needed[static_cast<size_t>(graph.output)] = 1;
  std::vector<Node> kept;
  for (auto node = graph.nodes.rbegin(); node != graph.nodes.rend(); ++node) {
    if (!needed[static_cast<size_t>(node->output)]) continue;
    for (const ValueId input : node->inputs) needed[static_cast<size_t>(input)] = 1;
    kept.push_back(std::move(*node));
  }
  std::ranges::reverse(kept);
  graph.nodes = std::move(kept);
  return graph;
}

Graph simplify(Graph graph) {
  graph = merge_affine(recognise_norms(drop_dead(std::move(graph))));
  graph = recognise_attention(merge_movement(recognise_gelu(std::move(graph))));
  return merge_movement(keep_tokens_plain(cut_softmax(fold_padding(std::move(graph)))));
}

}  // namespace relevid::graph
