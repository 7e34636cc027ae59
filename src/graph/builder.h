// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <variant>
#include <vector>

#include "graph/graph.h"
#include "graph/model.h"
#include "graph/specialise.h"

namespace relevid::graph {

/// A sequence of ONNX: tensors in order, constant or computed.
using Sequence = std::vector<std::variant<TensorRef, ValueId>>;
/// Whether elements of a computed value are NaN or infinite: a guard, which no finite value trips.
struct Guard {
  ValueId of = -1;
};
/// What QuantizeLinear made of a computed value, which stays as it was.
struct Quantised {
  ValueId of = -1;
  TensorRef scale, zero_point;  ///< zero_point is null where the node has none
};
/// What a name of the file stands for.
using Binding = std::variant<TensorRef, ValueId, Sequence, Guard, Quantised>;

/// The state of one `specialise` run: the graph so far, and what each of the file's value names stands for.
/// Lowering functions read operands from it and emit nodes into it.
class Builder {
 public:
  Builder(const Model& model, Mode mode) : model_(model), mode_(mode) {}

  const Model& model() const { return model_; }
  Mode mode() const { return mode_; }
  Graph& graph() { return graph_; }
  /// How many clips a pass takes: axis 0 of the input, and a divisor of axis 0 of every value.
  int64_t clips() const;

  bool is_constant(const std::string& name) const { return find_as<TensorRef>(name) != nullptr; }
  bool is_known(const std::string& name) const { return lookup(name) != nullptr; }
  /// Null where the name stands for nothing, or for something of another kind.
  const Binding* lookup(const std::string& name) const;
  template <class Kind>
  const Kind* find_as(const std::string& name) const {
    const Binding* found = lookup(name);
    return found ? std::get_if<Kind>(found) : nullptr;
  }
  /// The constant at input `index`, or null where that input is absent. Rejects the node where it is
  /// computed.
  TensorRef constant(const ModelNode& node, size_t index) const;
  /// All inputs as constants, null where absent; only for nodes whose inputs all are constant.
  std::vector<TensorRef> constants(const ModelNode& node) const;
  /// The value at input `index`; anything else there rejects the node.
  ValueId value(const ModelNode& node, size_t index) const;
  /// The sequence at input `index`; anything else there rejects the node.
  const Sequence& sequence(const ModelNode& node, size_t index) const;
  /// By value: what a reference would point to moves whenever a node is added.
  Shape shape(ValueId value) const { return graph_.shape(value); }
  /// Of the constant or computed tensor at input `index`.
  Shape shape(const ModelNode& node, size_t index) const;

  /// What the name stands for from now on, in the innermost scope. An empty name, an output that nobody
  /// wants, stays undefined.
  void define(const std::string& name, Binding binding);
  /// All inputs come before the first node.
  ValueId add_input(const std::string& name, Shape shape);
  /// A name that no file has.
  std::string fresh_name(const std::string& what);

  /// Names that are defined while one exists end with it; those from before are seen.
  class Scope {
   public:
    explicit Scope(Builder& builder) : builder_(builder) { builder_.scopes_.emplace_back(); }
    ~Scope() { builder_.scopes_.pop_back(); }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Builder& builder_;
  };

  /// Adds to the work that constants take, in products and elements. Throws Error(kResourceLimit) above what
  /// any model needs: a small file can ask for much.
  void count_work(const ModelNode& node, int64_t operations);

  /// Appends a node and returns its output, called after the file's node.
  ValueId emit(const ModelNode& source, Operator op, std::vector<ValueId> inputs, Shape output_shape);
  /// A Reshape to `shape`, or the value itself where it has that shape already.
  ValueId reshape(const ModelNode& source, ValueId value, Shape shape);
  /// A Transpose, or what it comes down to: none for the axes' own order, one for two in a row.
  ValueId transpose(const ModelNode& source, ValueId value, std::vector<int64_t> permutation);

  /// -1 where the name stands for no computed value.
  ValueId find(const std::string& name) const;
  /// The node that writes a value, null for an input of the network.
  const Node* writer(ValueId value) const;

 private:
  const Model& model_;
  Mode mode_;
  Graph graph_;
  std::vector<std::map<std::string, Binding>> scopes_{1};
  int64_t fresh_names_ = 0;
  int64_t work_ = 0, repeated_work_ = 0;  ///< of nodes of the graph itself, and of those within a scope
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

/// The file's node as constants or nodes of the graph, whatever its operator. Throws Rejected where it cannot
/// be taken.
void lower_node(Builder& builder, const ModelNode& node);

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
void lower_guard(Builder& builder, const ModelNode& node);
void lower_extremum(Builder& builder, const ModelNode& node);
void lower_arithmetic(Builder& builder, const ModelNode& node);
void lower_sum(Builder& builder, const ModelNode& node);
void lower_einsum(Builder& builder, const ModelNode& node);
void lower_softmax(Builder& builder, const ModelNode& node);

void lower_dropout(Builder& builder, const ModelNode& node);
void lower_identity(Builder& builder, const ModelNode& node);
void lower_cast(Builder& builder, const ModelNode& node);
void lower_cast_like(Builder& builder, const ModelNode& node);
void lower_concat(Builder& builder, const ModelNode& node);
void lower_split(Builder& builder, const ModelNode& node);
void lower_slice(Builder& builder, const ModelNode& node);
void lower_gather(Builder& builder, const ModelNode& node);
void lower_pad(Builder& builder, const ModelNode& node);
void lower_reshape(Builder& builder, const ModelNode& node);
void lower_transpose(Builder& builder, const ModelNode& node);
void lower_expand(Builder& builder, const ModelNode& node);
void lower_resize(Builder& builder, const ModelNode& node);
void lower_tile(Builder& builder, const ModelNode& node);
void lower_gather_nd(Builder& builder, const ModelNode& node);
void lower_gather_elements(Builder& builder, const ModelNode& node);
void lower_scatter_nd(Builder& builder, const ModelNode& node);

void lower_attention(Builder& builder, const ModelNode& node);
void lower_rotary_embedding(Builder& builder, const ModelNode& node);
void lower_rms_norm(Builder& builder, const ModelNode& node);
void lower_swish(Builder& builder, const ModelNode& node);
void lower_l2_norm(Builder& builder, const ModelNode& node);
void lower_bias_gelu(Builder& builder, const ModelNode& node);
void lower_skip_norm(Builder& builder, const ModelNode& node);
void lower_fused_matmul(Builder& builder, const ModelNode& node);
void lower_fused_convolution(Builder& builder, const ModelNode& node);
void lower_multi_head_attention(Builder& builder, const ModelNode& node);
void lower_microsoft_attention(Builder& builder, const ModelNode& node);

void lower_quantize(Builder& builder, const ModelNode& node);
void lower_dequantize(Builder& builder, const ModelNode& node);
void lower_integer_arithmetic(Builder& builder, const ModelNode& node);

void lower_sequence_construct(Builder& builder, const ModelNode& node);
void lower_sequence_insert(Builder& builder, const ModelNode& node);
void lower_sequence_erase(Builder& builder, const ModelNode& node);
void lower_sequence_at(Builder& builder, const ModelNode& node);
void lower_sequence_length(Builder& builder, const ModelNode& node);
void lower_split_to_sequence(Builder& builder, const ModelNode& node);
void lower_concat_from_sequence(Builder& builder, const ModelNode& node);

}  // namespace relevid::graph
