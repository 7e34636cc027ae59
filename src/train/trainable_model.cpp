// SPDX-License-Identifier: Apache-2.0
#include "train/trainable_model.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/overloaded.h"
#include "base/random.h"
#include "base/suggest.h"
#include "graph/operator_traits.h"
#include "graph/specialise.h"
#include "graph/to_model.h"
#include "network/gradient.h"
#include "relevid/error.h"
#include "train/head.h"
#include "train/learnt_factors.h"

namespace relevid::train {
namespace {

using graph::Node;
using kernels::Buffer;

/// Which layers with parameters some patterns name.
class Patterns {
 public:
  /// Throws Error(kInvalidArgument) for a pattern that fits no layer.
  Patterns(const graph::Graph& graph, std::span<const std::string> patterns) : fits_(graph.nodes.size(), 0) {
    std::vector<std::string> names = {"head"};
    size_t head = graph.nodes.size();
    for (size_t i = 0; i < graph.nodes.size(); ++i) {
      if (!graph::is_trained(graph.nodes[i].op)) continue;
      names.push_back(graph.nodes[i].name);
      if (traits(graph.nodes[i].op).has(graph::kWeights)) head = i;
    }
    for (const std::string& pattern : patterns) {
      bool found = false;
      for (size_t i = 0; i < graph.nodes.size(); ++i) {
        const bool fits = graph::is_trained(graph.nodes[i].op) &&
                          ((pattern == "head" && i == head) || matches(pattern, graph.nodes[i].name));
        if (fits) fits_[i] = found = true;
      }
      if (found) continue;
      throw Error(ErrorKind::kInvalidArgument,
                  fmt::format("no layer with weights fits '{}'{}; `relevid inspect` lists them", pattern,
                              did_you_mean(pattern, names)));
    }
  }
  bool fit(size_t node) const { return fits_[node] != 0; }

 private:
  static bool matches(const std::string& pattern, const std::string& name) {
    return ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
  }
  std::vector<char> fits_;  ///< by node
};

/// A batch norm that keeps its statistics and factors: a multiplication and an addition.
graph::Affine settled(const graph::BatchNorm& norm, int64_t rank) {
  Shape shape(std::vector<int64_t>(static_cast<size_t>(rank), 1));
  shape[1] = norm.scale->elements();
  Tensor scale(shape, DType::kF32), shift(shape, DType::kF32);
  for (size_t c = 0; c < scale.values<float>().size(); ++c) {
    const auto value = [&](const graph::TensorRef& tensor) {
      return static_cast<double>(tensor->values<float>()[c]);
    };
    const double k = value(norm.scale) / std::sqrt(value(norm.variance) + norm.epsilon);
    scale.values<float>()[c] = static_cast<float>(k);
    shift.values<float>()[c] = static_cast<float>(value(norm.shift) - value(norm.mean) * k);
  }
  return {graph::share(std::move(scale)), graph::share(std::move(shift))};
}

/// Inverted dropout (Srivastava et al. 2014, with the scaling moved to training).
Tensor dropout_mask(const Shape& shape, double ratio, uint64_t seed) {
  Tensor mask(shape, DType::kF32);
  const auto values = mask.values<float>();
  const auto kept = static_cast<float>(1 / (1 - ratio));
  for (size_t i = 0; i < values.size(); ++i) {
    const double unit = static_cast<double>(mix(seed, i) >> 11) * 0x1p-53;
    values[i] = unit < ratio ? 0.0F : kept;
  }
  return mask;
}

/// into += from, whatever floating type `from` has.
void add_to(Tensor& into, const Tensor& from) {
  const auto add = [&](const auto values) {
    const auto target = into.values<float>();
    for (size_t i = 0; i < target.size(); ++i) target[i] += static_cast<float>(values[i]);
  };
  from.dtype() == DType::kF64 ? add(from.values<double>()) : add(from.values<float>());
}

}  // namespace

TrainableModel::TrainableModel(const graph::Model& model, const Shape& batch, kernels::Library& library,
                               const TrainableOptions& options)
    : options_(options) {
  graph::Graph graph = graph::specialise(model, {{model.inputs.at(0).name, batch}}, graph::Mode::kTraining);
  if (options.classes > 0) fit_head(graph, options.classes, options.head_seed);
  const Shape& output = graph.shape(graph.output);
  if (output.rank() != 2 || output[0] != batch[0]) {
    throw Error(ErrorKind::kUnsupportedModel,
                fmt::format("the output is {}; training takes [batch, classes]", output.to_string()));
  }
  expose_factors(graph);
  const std::vector<char> trained = choose_trained(graph);
  adopt(graph, trained);
  adopted_.clear();
  if (parameters_.empty()) throw Error(ErrorKind::kInvalidArgument, "nothing is left to train");
  for (const Parameter& parameter : parameters_)
    gradients_.emplace_back(parameter.value->shape(), DType::kF32);
  fresh_.resize(parameters_.size());
  network_ = std::make_unique<Network>(std::move(graph), library, Purpose::kExplanation);
  network_->train_only(trained);
}

std::vector<char> TrainableModel::choose_trained(graph::Graph& graph) const {
  std::vector<char> trained;
  const Patterns freeze(graph, options_.freeze), train_only(graph, options_.train_only);
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    Node& node = graph.nodes[i];
    const bool is_trained =
        graph::is_trained(node.op) && !freeze.fit(i) && (options_.train_only.empty() || train_only.fit(i));
    trained.push_back(is_trained);
    if (is_trained) continue;
    if (const auto* norm = std::get_if<graph::BatchNorm>(&node.op))
      node.op = settled(*norm, graph.shape(node.output).rank());
  }
  return trained;
}

void TrainableModel::adopt(graph::Graph& graph, std::span<const char> trained) {
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    Node& node = graph.nodes[i];
    Places& places = by_step_.emplace_back();
    if (!trained[i]) continue;
    const auto factor = [&](graph::TensorRef& tensor, const std::string& name) {
      return adopt(tensor, node.name + name, Parameter::Kind::kNorm);
    };
    std::visit(Overloaded{[&](graph::BatchNorm& norm) {
                            places = {factor(norm.scale, ".scale"), factor(norm.shift, ".shift")};
                            norm.mean = adopt_statistic(norm.mean, node.name + ".mean");
                            norm.variance = adopt_statistic(norm.variance, node.name + ".variance");
                          },
                          [&](graph::Affine& affine) {
                            if (affine.learns == graph::Affine::Learns::kBoth)
                              places.weight = factor(affine.scale, ".scale");
                            places.bias = factor(affine.shift, ".shift");
                          },
                          [&](OneOf<graph::Convolution, graph::Dense> auto& layer) {
                            places.weight =
                                adopt(layer.weight, node.name + ".weight", Parameter::Kind::kWeight);
                            if (layer.bias)
                              places.bias = adopt(layer.bias, node.name + ".bias", Parameter::Kind::kBias);
                          },
                          []<class Op>(Op&) requires(!graph::kTraits<Op>.has(graph::kTrained)){}},
               node.op);
  }
}

int TrainableModel::adopt(graph::TensorRef& tensor, const std::string& name, Parameter::Kind kind) {
  auto found = adopted_.find(tensor);
  if (found == adopted_.end()) {
    const auto copy = std::make_shared<Tensor>(tensor->clone());
    found = adopted_.emplace(tensor, static_cast<int>(parameters_.size())).first;
    parameters_.push_back({name, kind, copy});
  }
  tensor = parameters_[static_cast<size_t>(found->second)].value;
  return found->second;
}

graph::TensorRef TrainableModel::adopt_statistic(const graph::TensorRef& tensor, const std::string& name) {
  statistics_.push_back({name, std::make_shared<Tensor>(tensor->clone())});
  return statistics_.back().value;
}

int64_t TrainableModel::class_count() const {
  return network_->graph().shape(network_->graph().output)[1];
}

int64_t TrainableModel::parameter_count() const {
  int64_t count = 0;
  for (const Node& node : network_->graph().nodes) count += relevid::parameters(node);
  return count;
}

LossResult TrainableModel::step(const Tensor& clips, std::span<const int64_t> labels, uint64_t seed) {
  kernels::Library& library = network_->library();
  const Buffer input = library.upload(clips);
  const auto mask = [&](size_t step, const Shape& shape) {
    const double ratio = std::get<graph::Dropout>(network_->graph().nodes[step].op).ratio;
    return library.upload(dropout_mask(shape, ratio, mix(seed, step)));
  };
  const Trace trace = network_->forward({&input, 1}, Keep::kTraining, mask);
  LossResult result = cross_entropy(network_->output(trace), labels, options_.label_smoothing);
  if (!std::isfinite(result.loss)) return result;
  std::ranges::fill(fresh_, 1);
  parameter_gradients(
      *network_, trace, library.upload(result.gradient),
      [&](size_t index, kernels::ParameterGradient gradient) { take(index, std::move(gradient)); });
  for (size_t i = 0; i < fresh_.size(); ++i) {  // of layers whose output does not reach the loss
    if (fresh_[i]) std::ranges::fill(gradients_[i].values<float>(), 0.0F);
  }
  update_statistics(trace);
  return result;
}

void TrainableModel::take(size_t step, kernels::ParameterGradient gradient) {
  const auto store = [&](int place, Tensor& from) {
    if (place < 0) return;
    const auto i = static_cast<size_t>(place);
    if (std::exchange(fresh_[i], 0) == 0) return add_to(gradients_[i], from);
    gradients_[i] = from.dtype() == DType::kF32 ? std::move(from) : from.cast(DType::kF32);
  };
  store(by_step_[step].weight, gradient.weight);
  store(by_step_[step].bias, gradient.bias);
}

/// The running variance follows the batch's unbiased one (Ioffe and Szegedy 2015, algorithm 2, step 10).
void TrainableModel::update_statistics(const Trace& trace) {
  const double m = options_.norm_momentum;
  std::vector<size_t> norms;
  std::vector<kernels::Sums> wanted;
  const auto trained = network_->trained();
  for (size_t i = 0; i < trained.size(); ++i) {
    if (!trained[i] || !std::holds_alternative<graph::BatchNorm>(network_->graph().nodes[i].op)) continue;
    norms.push_back(i);
    wanted.push_back(trace.statistics[i].mean);
    wanted.push_back(trace.statistics[i].variance);
  }
  const auto batch = network_->library().fetch(wanted);
  for (size_t k = 0; k < norms.size(); ++k) {
    const auto mean = statistics_[2 * k].value->values<float>();
    const auto variance = statistics_[2 * k + 1].value->values<float>();
    const Shape& shape = network_->graph().shape(network_->graph().nodes[norms[k]].output);
    const int64_t per_channel = shape.elements() / shape[1];
    const auto count = static_cast<double>(per_channel);
    const double unbiased = count > 1 ? count / (count - 1) : 1;
    const auto follow = [&](float& running, double of_batch) {
      running = static_cast<float>((1 - m) * static_cast<double>(running) + m * of_batch);
    };
    for (size_t c = 0; c < mean.size(); ++c) {
      follow(mean[c], batch[2 * k][c]);
      follow(variance[c], batch[2 * k + 1][c] * unbiased);
    }
  }
}

graph::Model TrainableModel::model() const {
  return graph::to_model(network_->graph());
}

}  // namespace relevid::train
