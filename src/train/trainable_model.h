// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "graph/model.h"
#include "network/network.h"
#include "train/loss.h"
#include "train/parameter.h"

namespace relevid::train {

/// A running statistic of a batch norm: not learnt, but part of the model.
struct Statistic {
  std::string name;               ///< "layer1.bn.mean"
  std::shared_ptr<Tensor> value;  ///< [C] float32
};

struct TrainableOptions {
  std::vector<std::string> freeze = {};  ///< patterns (* and ?) of node names
  /// Patterns of those that are trained; `head` is the last layer with weights as well. Empty: all.
  std::vector<std::string> train_only = {};
  int64_t classes = 0;     ///< where the model has another number, it gets a new head; 0: as it is
  uint64_t head_seed = 1;  ///< of a new head's weights
  double label_smoothing = 0;
  double norm_momentum = 0.1;  ///< running = (1 - m) running + m batch, as PyTorch has it
};

/// A model prepared for training on batches of one shape. Owns its parameters, which start as the model's
/// constants; borrows the library, which must outlive it. Used from one thread at a time.
class TrainableModel {
 public:
  /// Errors as graph::specialise's; kInvalidArgument for a pattern that no layer with weights fits, and where
  /// nothing is left to train.
  TrainableModel(const graph::Model& model, const Shape& batch, kernels::Library& library,
                 const TrainableOptions& options);

  std::span<const Parameter> parameters() const { return parameters_; }
  std::span<const Statistic> statistics() const { return statistics_; }
  int64_t class_count() const;
  /// Frozen ones included.
  int64_t parameter_count() const;

  /// Forward and backward on one batch; the running statistics follow it. Dropout draws from `seed` alone.
  /// `clips` of the batch's shape, `labels` [B]. Where the loss is not finite, nothing else is changed.
  LossResult step(const Tensor& clips, std::span<const int64_t> labels, uint64_t seed);
  /// Gradients of the last step's loss, in the parameters' order, float32; the caller may write to them.
  std::span<Tensor> gradients() { return gradients_; }
  /// Says that the caller has written to the parameters.
  void parameters_changed() { network_->parameters_changed(); }

  /// The model as it is now, its constants shared with this one: valid until the next change.
  graph::Model model() const;

 private:
  struct Places {
    int weight = -1, bias = -1;  ///< in parameters_
  };
  /// By step; batch norms that are not trained become constants.
  std::vector<char> choose_trained(graph::Graph& graph) const;
  void adopt(graph::Graph& graph, std::span<const char> trained);
  int adopt(graph::TensorRef& tensor, const std::string& name, Parameter::Kind kind);
  graph::TensorRef adopt_statistic(const graph::TensorRef& tensor, const std::string& name);
  void take(size_t step, kernels::ParameterGradient gradient);
  void update_statistics(const Trace& trace);

  TrainableOptions options_;
  std::vector<Parameter> parameters_;
  std::vector<Statistic> statistics_;
  std::vector<Tensor> gradients_;
  std::vector<char> fresh_;  ///< by parameter: no gradient of this step is there yet
  std::map<graph::TensorRef, int>
      adopted_;  ///< tensors of the model by what they became: shared ones stay shared
  std::vector<Places> by_step_;
  std::unique_ptr<Network> network_;
};

}  // namespace relevid::train
