// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "graph/model.h"
#include "graph/specialise.h"

namespace relevid::graph {

/// The state of one `specialise` run: the graph so far, and what each of the file's value names stands for.
/// Lowering functions read operands from it and emit nodes into it.
class Builder {
 public:
  Builder(const Model& model, Mode mode) : model_(model), mode_(mode) {}

  const Model& model() const { return model_; }
  Mode mode() const { return mode_; }
  Graph& graph() { return graph_; }

  bool is_constant(const std::string& name) const { return constants_.contains(name); }
  bool is_known(const std::string& name) const { return constants_.contains(name) || values_.contains(name); }
  /// The constant at input `index`, or null where that input is absent. Rejects the node where it is
  /// computed.
  TensorRef constant(const ModelNode& node, size_t index) const;
  /// All inputs as constants, null where absent; only for nodes whose inputs all are constant.
  std::vector<TensorRef> constants(const ModelNode& node) const;
  /// The value at input `index`; a constant there rejects the node.
  ValueId value(const ModelNode& node, size_t index) const;
  const Shape& shape(ValueId value) const { return graph_.shape(value); }

  void define(const std::string& name, TensorRef constant) { constants_[name] = std::move(constant); }
  void define(const std::string& name, ValueId value) { values_[name] = value; }
  ValueId add_input(const std::string& name, Shape shape);

  /// Appends a node and returns its output, called after the file's node.
  ValueId emit(const ModelNode& source, Operator op, std::vector<ValueId> inputs, Shape output_shape);
  /// A Reshape to `shape`, or the value itself where it has that shape already.
  ValueId reshape(const ModelNode& source, ValueId value, Shape shape);

  ValueId find(const std::string& name) const;

 private:
  const Model& model_;
  Mode mode_;
  Graph graph_;
  std::map<std::string, TensorRef> constants_;
  std::map<std::string, ValueId> values_;
};

/// Thrown by lowering functions for a form of an operator that relevid does not take; collected by
/// `specialise`.
struct Rejected {
  std::string reason;
};
[[noreturn]] void reject(const std::string& reason);

/// Throws Error(kCorruptInput) naming node and weight where a value is NaN or infinite.
void require_finite(const ModelNode& node, const Tensor& tensor, const std::string& what);

/// The shape with leading ones up to `rank`.
Shape with_rank(const Shape& shape, int64_t rank);

/// x with its axes of size 1 repeated, and axes put in front, up to `to`, which it must broadcast to.
ValueId emit_expand(Builder& builder, const ModelNode& node, ValueId x, const Shape& to);

// The lowering functions, by family. Each defines the node's outputs in the builder.
void lower_convolution(Builder& builder, const ModelNode& node);
void lower_transposed_convolution(Builder& builder, const ModelNode& node);
void lower_gemm(Builder& builder, const ModelNode& node);
void lower_matmul(Builder& builder, const ModelNode& node);
void lower_batch_norm(Builder& builder, const ModelNode& node);
void lower_layer_norm(Builder& builder, const ModelNode& node);
void lower_instance_norm(Builder& builder, const ModelNode& node);
void lower_group_norm(Builder& builder, const ModelNode& node);

void lower_max_pool(Builder& builder, const ModelNode& node);
void lower_average_pool(Builder& builder, const ModelNode& node);
void lower_global_pool(Builder& builder, const ModelNode& node);
void lower_reduce(Builder& builder, const ModelNode& node);

void lower_activation(Builder& builder, const ModelNode& node);
void lower_clip(Builder& builder, const ModelNode& node);
void lower_power(Builder& builder, const ModelNode& node);
void lower_negative(Builder& builder, const ModelNode& node);
void lower_prelu(Builder& builder, const ModelNode& node);
void lower_where(Builder& builder, const ModelNode& node);
void lower_arithmetic(Builder& builder, const ModelNode& node);
void lower_sum(Builder& builder, const ModelNode& node);
void lower_einsum(Builder& builder, const ModelNode& node);
void lower_softmax(Builder& builder, const ModelNode& node);

void lower_dropout(Builder& builder, const ModelNode& node);
void lower_identity(Builder& builder, const ModelNode& node);
void lower_cast(Builder& builder, const ModelNode& node);
void lower_concat(Builder& builder, const ModelNode& node);
void lower_split(Builder& builder, const ModelNode& node);
void lower_slice(Builder& builder, const ModelNode& node);
void lower_gather(Builder& builder, const ModelNode& node);
void lower_pad(Builder& builder, const ModelNode& node);
void lower_reshape(Builder& builder, const ModelNode& node);
void lower_transpose(Builder& builder, const ModelNode& node);
void lower_expand(Builder& builder, const ModelNode& node);
void lower_resize(Builder& builder, const ModelNode& node);

}  // namespace relevid::graph
