// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "api/explainer_options.h"
#include "api/model_implementation.h"
#include "explain/automatic.h"
#include "explain/explainer.h"
#include "explain/perturbation.h"
#include "kernels/devices.h"
#include "network/memory.h"
#include "network/network.h"
#include "relevid/error.h"
#include "relevid/explain.h"

namespace relevid {

std::vector<std::string> methods() {
  return method_names();
}

void require_known_method(const std::string& method) {
  if (method != kAutomatic) require_method(method);
}

std::string resolved_method(const std::string& method, const Model& model, const Shape& clip_shape) {
  return method == kAutomatic ? automatic_method(graph_for(model, clip_shape)) : method;
}

namespace {

std::unique_ptr<kernels::Library> library_of(const MethodOptions& options) {
  return kernels::make_library(options.device, {options.threads, options.precision});
}

/// What devices compute in float64 is rounded.
Tensor in_float32(Tensor tensor) {
  return tensor.dtype() == DType::kF32 ? std::move(tensor) : tensor.cast(DType::kF32);
}

}  // namespace

struct ClipExplainer::Implementation {
  Implementation(const Model& model, const Shape& shape, std::span<const MethodOptions> methods,
                 const InputRange* range)
      : pathways(model.implementation().pathways),
        library(library_of(methods.front())),
        network(graph_for(model, shape), *library, Purpose::kExplanation),
        contrast(methods.front().contrast) {
    if (range) input_range = InputRange{range->low.clone(), range->high.clone()};
    for (MethodOptions options : methods) {
      if (options.method == kAutomatic) options.method = automatic_method(network.graph());
      ExplainerOptions chosen = explainer_options(options, range);
      chosen.on_pass = [this, interrupt = options.interrupt] {
        if (interrupt && interrupt->load(std::memory_order_relaxed)) throw Interrupted{};
        if (on_pass) on_pass();
      };
      chosen.scoring = scoring_network(model, shape, options);
      explainers.push_back(std::make_unique<Explainer>(network, chosen));
      names.push_back(options.method);
      settings.push_back(options);
      traits.push_back(method_traits(options));
    }
  }

  /// For changed clips that go through together; null where they go one by one through the network itself.
  /// One for all methods: the batch of the first that asks for one.
  Network* scoring_network(const Model& model, const Shape& shape, const MethodOptions& options) {
    const bool changes_clips = std::ranges::count(perturbation_method_names(), options.method) > 0;
    if (!changes_clips || options.batch < 2 || !takes_batches(model)) return nullptr;
    if (!batched) {
      Shape together = shape;
      together[0] = fitting_batch(network.graph(), options.batch, options.batch_limit_bytes);
      if (together[0] < 2) return nullptr;
      batched = std::make_unique<Network>(graph_for(model, together), *library, Purpose::kInference);
    }
    return batched.get();
  }

  /// The explainer of a method, with the clip.
  Explainer& with_clip(size_t method) {
    explainers.at(method)->take_clip_from(*explainers[holder]);
    holder = method;
    return *explainers[method];
  }

  /// Of a model of several pathways: how much of the relevance came through each input.
  std::optional<std::string> pathway_note(const std::vector<LayerAccount>& layers, double total) const {
    if (pathways.empty() || layers.empty() || total == 0) return std::nullopt;
    std::vector<double> shares;
    double through_others = 0;
    for (const graph::Pathway& pathway : pathways) {
      const auto layer = std::ranges::find(layers, pathway.node, &LayerAccount::name);
      shares.push_back(pathway.node.empty() || layer == layers.end() ? 0 : layer->incoming / total);
      through_others += shares.back();
    }
    std::string parts;
    for (size_t i = 0; i < pathways.size(); ++i) {
      const double share = pathways[i].node.empty() ? 1 - through_others : shares[i];
      parts += fmt::format("{}{:.1f} % through '{}' ({} frames)", parts.empty() ? "" : ", ", 100 * share,
                           pathways[i].input, pathways[i].frames.size());
    }
    return fmt::format("relevance by input: {}", parts);
  }

  std::vector<graph::Pathway> pathways;
  std::unique_ptr<kernels::Library> library;
  Network network;
  std::unique_ptr<Network> batched;
  std::function<void()> on_pass;
  std::vector<std::unique_ptr<Explainer>> explainers;
  std::vector<std::string> names;
  std::vector<MethodOptions> settings;
  std::optional<InputRange> input_range;
  std::vector<MethodTraits> traits;
  std::optional<int64_t> contrast;
  size_t holder = 0;  ///< the explainer that has the clip
};

ClipExplainer::ClipExplainer(const Model& model, const Shape& clip_shape, const MethodOptions& options,
                             const InputRange* range)
    : ClipExplainer(model, clip_shape, std::span(&options, 1), range) {}
ClipExplainer::ClipExplainer(const Model& model, const Shape& clip_shape,
                             std::span<const MethodOptions> methods, const InputRange* range) {
  if (methods.empty()) throw Error(ErrorKind::kInvalidArgument, "no method is given");
  implementation_ = std::make_unique<Implementation>(model, clip_shape, methods, range);
}
ClipExplainer::~ClipExplainer() = default;
ClipExplainer::ClipExplainer(ClipExplainer&&) noexcept = default;

Tensor ClipExplainer::forward(const Tensor& clip) {
  Explainer& explainer = *implementation_->explainers[implementation_->holder];
  explainer.forward(clip);
  return in_float32(explainer.logits().clone());
}

ClipExplanation ClipExplainer::explain(int64_t target, size_t method) {
  Attribution attribution = implementation_->with_clip(method).explain(std::span(&target, 1));
  ClipExplanation result;
  result.relevance = in_float32(std::move(attribution.relevance.front()));
  if (attribution.at_layer.elements() > 0) result.at_layer = in_float32(std::move(attribution.at_layer));
  if (!attribution.around_layer.empty()) result.around_layer = attribution.around_layer[0];
  if (attribution.position.elements() > 0) result.position = in_float32(std::move(attribution.position));
  if (!attribution.notes.empty()) result.notes = std::move(attribution.notes[0]);
  for (const LayerFlow& flow : attribution.flows) {
    result.layers.push_back(converted(flow, [](const std::vector<double>& items) { return items[0]; }));
  }
  const auto values = result.relevance.values<float>();
  const double total = std::accumulate(values.begin(), values.end(), 0.0);
  if (auto note = implementation_->pathway_note(result.layers, total))
    result.notes.push_back(std::move(*note));
  return result;
}

int64_t ClipExplainer::class_count() const {
  const graph::Graph& graph = implementation_->network.graph();
  return graph.shape(graph.output)[1];
}

const std::vector<std::string>& ClipExplainer::methods() const {
  return implementation_->names;
}

const MethodOptions& ClipExplainer::options(size_t method) const {
  return implementation_->settings.at(method);
}

const std::optional<InputRange>& ClipExplainer::input_range() const {
  return implementation_->input_range;
}

std::optional<int64_t> ClipExplainer::contrast() const {
  return implementation_->contrast;
}

Start ClipExplainer::effective_start(size_t method) const {
  return implementation_->explainers.at(method)->starts_from_logit() ? Start::kLogit : Start::kOne;
}

MethodCost ClipExplainer::cost(size_t method) const {
  return implementation_->explainers.at(method)->cost();
}

MethodResolution ClipExplainer::resolution(size_t method) const {
  return implementation_->explainers.at(method)->resolution();
}

const MethodTraits& ClipExplainer::traits(size_t method) const {
  return implementation_->traits.at(method);
}

void ClipExplainer::on_pass(std::function<void()> call) {
  implementation_->on_pass = std::move(call);
}

void ClipExplainer::slide(bool slides) {
  for (const auto& explainer : implementation_->explainers) explainer->slide(slides);
}

std::vector<std::vector<double>> probabilities(const Tensor& logits) {
  const auto values = logits.as_doubles();
  const auto classes = static_cast<size_t>(logits.shape()[1]);
  std::vector<std::vector<double>> result;
  for (size_t row = 0; row * classes < values.size(); ++row) {
    const auto begin = values.begin() + static_cast<std::ptrdiff_t>(row * classes);
    const double largest = *std::max_element(begin, begin + static_cast<std::ptrdiff_t>(classes));
    std::vector<double>& p = result.emplace_back();
    double sum = 0;
    for (size_t c = 0; c < classes; ++c) {
      p.push_back(std::exp(values[row * classes + c] - largest));
      sum += p.back();
    }
    for (double& value : p) value /= sum;
  }
  return result;
}

}  // namespace relevid
