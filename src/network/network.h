// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "kernels/kernels.h"
#include "network/step.h"

namespace relevid {

/// What a network is prepared for. Inference adds residuals inside convolutions; an explanation needs both
/// summands.
enum class Purpose { kInference, kExplanation };

/// Which activations a forward pass keeps: none, what rules of relevance need, what gradients by the input
/// need, or by the parameters as well.
enum class Keep { kNothing, kRelevance, kGradient, kTraining };

/// What a forward pass leaves: kept activations by value, always the output, and by step what the backward
/// pass needs: winners of maxima, statistics of batch norms, masks of dropouts.
struct Trace {
  std::vector<kernels::Buffer> values;
  std::vector<kernels::Buffer> winners;
  std::vector<kernels::NormStatistics> statistics;
  std::vector<kernels::Buffer> masks;
};

/// Factors of a dropout's elements, by the index of its step and its shape: 0 or 1 / (1 - ratio).
using DropoutMask = std::function<kernels::Buffer(size_t step, const Shape& shape)>;

class SharedFrames;

/// A graph prepared for its input shape on one kernel library: primitives built, activations fused into what
/// is before them. Owns the graph; borrows the library, which must outlive it. Used from one thread at a
/// time.
class Network {
 public:
  Network(graph::Graph graph, kernels::Library& library, Purpose purpose);
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  const graph::Graph& graph() const { return graph_; }
  kernels::Library& library() const { return library_; }
  std::span<const Step> steps() const { return steps_; }

  /// One tensor per input of the graph, in its order. Activations are freed as soon as nothing needs them.
  /// Batch norms use the batch's own statistics; dropouts pass everything where no mask is given. `also` are
  /// kept whatever `keep` says; they are results of steps. `shared` runs the steps that it has.
  Trace forward(std::span<const kernels::Buffer> inputs, Keep keep, const DropoutMask& mask = {},
                std::span<const graph::ValueId> also = {}, SharedFrames* shared = nullptr);
  /// One step on values of the caller's.
  kernels::Buffer run_alone(size_t index, const std::function<kernels::Buffer(graph::ValueId)>& value);
  /// A linear map of another size, with what follows it as the step with this fusion has it.
  std::unique_ptr<kernels::LinearMap> prepare_like(const Fusion& fusion, const kernels::LinearSpec& spec,
                                                   const Shape& input) const;
  /// The output of a trace, [N, classes...].
  Tensor output(const Trace& trace) const;
  /// By step whether training changes its parameters; by default every layer's. Passes with Keep::kTraining
  /// keep what these need, and nothing before the first of them.
  void train_only(std::span<const char> steps);
  std::span<const char> trained() const { return trained_; }  ///< by step
  /// By value whether it depends on parameters that training changes: the others' gradients lead to none.
  std::vector<char> depends_on_trained() const;
  /// Says that the tensors which its trained layers hold have been written to, as an optimiser does. Only
  /// where they are this network's alone.
  void parameters_changed();

 private:
  PreparedOperator prepare(const graph::Node& node, const Fusion& fusion);
  Trace empty_trace() const;
  std::vector<size_t> last_readers() const;
  void require_inputs(std::span<const kernels::Buffer> inputs) const;
  kernels::Buffer run(size_t index, Trace& trace, Keep keep);
  /// The first operand of a sum or a product, in the output's shape.
  kernels::Buffer broadcast(const graph::Node& node, const kernels::Buffer& a);
  std::vector<char> kept_values(Keep keep) const;

  graph::Graph graph_;
  kernels::Library& library_;
  bool forward_in_float32_;  ///< whatever precision the library has
  std::vector<Step> steps_;
  std::vector<char> trained_;  ///< by step
};

/// The operands of an Attention, as a pass left them.
kernels::AttentionMap::Operands attention_operands(const graph::Node& node, const Trace& trace);

/// The kernel library's description of a node's linear map, or nothing where the node is not one.
std::optional<kernels::LinearSpec> linear_spec(const graph::Graph& graph, const graph::Node& node);

/// Multiply-adds of one forward pass through the node.
int64_t multiply_adds(const graph::Graph& graph, const graph::Node& node);
int64_t parameters(const graph::Node& node);

}  // namespace relevid
