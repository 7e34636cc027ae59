// SPDX-License-Identifier: Apache-2.0
// Maps of a layer's activation. With A the activation and G the target's gradient by it, at channel k:
// grad_cam         ReLU(Σ_k mean(G_k) A_k): Selvaraju et al. 2017 (ICCV), equations 1 and 2, the mean going
//                  over time as well as over space, and the map keeping both
// layer_cam        ReLU(Σ_k ReLU(G_k) · A_k): Jiang et al. 2021 (IEEE TIP 30), equations 6 and 7
// guided_grad_cam  grad_cam, interpolated, times guided backpropagation: Selvaraju et al. 2017, section 3.2
#include "explain/cam.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "explain/layers.h"
#include "network/gradient.h"
#include "relevid/error.h"

namespace relevid {
namespace {

using kernels::Buffer;

class ActivationMap : public Method {
 public:
  ActivationMap(Network& network, const ExplainerOptions& options)
      : network_(network),
        name_(options.method),
        channel_axis_(options.channel_axis()),
        on_pass_(options.on_pass),
        start_{options.start == Start::kLogit, options.contrast} {
    const graph::Graph& graph = network.graph();
    value_ = options.layer.empty() ? last_spatial_value(network) : layer_value(network, options.layer);
    const auto writer = static_cast<size_t>(graph.writers()[static_cast<size_t>(value_)]);
    layer_ = options.layer.empty() ? graph.nodes[writer].name : options.layer;
    maps_ = FeatureMaps::of(graph.shape(value_), graph.shape(graph.output)[0], layer_);
    for (const graph::ValueId input : graph.inputs)
      axes_.emplace_back(graph.shape(input), channel_axis_, name_);
  }

  Keep keep() const override { return Keep::kGradient; }
  std::vector<graph::ValueId> also_kept() const override { return {value_}; }
  bool starts_from_logit() const override { return start_.logit; }
  MethodCost cost() const override { return {1, name_ == "guided_grad_cam" ? 2 : 1}; }

  MethodResolution resolution() const override {
    return {maps_.extent, fmt::format("{} frame{} of the feature map of '{}' for {} frames", maps_.extent[0],
                                      maps_.extent[0] == 1 ? "" : "s", layer_, axes_[0].extent[0])};
  }

  Attribution explain(const ClipState& state, std::span<const int64_t> targets) override {
    kernels::Library& library = network_.library();
    const Buffer start = start_.at(library, targets, state.logits);
    if (on_pass_) on_pass_();
    const auto gradient = library.download(gradient_at(network_, state.trace, start, value_)).as_doubles();
    const Tensor kept = library.download(state.trace.values[static_cast<size_t>(value_)]);
    const auto activation = kept.as_doubles();
    const DType type = kept.dtype();
    std::vector<Volume> maps;
    for (size_t n = 0; n < targets.size(); ++n)
      maps.push_back(map_of(static_cast<int64_t>(n), activation, gradient));
    Attribution result;
    for (size_t i = 0; i < state.clips.size(); ++i) {
      Tensor& relevance = result.relevance.emplace_back(state.clips[i].shape(), type);
      for (size_t n = 0; n < maps.size(); ++n)
        put_volume(relevance, axes_[i], static_cast<int64_t>(n), interpolated(maps[n], axes_[i].extent));
    }
    if (name_ == "guided_grad_cam") weigh_with_guided(state, start, result.relevance);
    return result;
  }

 private:
  Volume map_of(int64_t item, const std::vector<double>& activation,
                const std::vector<double>& gradient) const {
    Volume map =
        name_ == "layer_cam"
            ? maps_.sum(item, [&](int64_t, size_t i) { return std::max(0.0, gradient[i]) * activation[i]; })
            : weighted_by_channel(item, activation, gradient);
    for (double& value : map.values) value = std::max(0.0, value);
    return map;
  }

  Volume weighted_by_channel(int64_t item, const std::vector<double>& activation,
                             const std::vector<double>& gradient) const {
    std::vector<double> weights(static_cast<size_t>(maps_.channels), 0.0);
    maps_.sum(item, [&](int64_t k, size_t i) { return weights[static_cast<size_t>(k)] += gradient[i]; });
    for (double& weight : weights) weight /= static_cast<double>(positions(maps_.extent));
    return maps_.sum(item,
                     [&](int64_t k, size_t i) { return weights[static_cast<size_t>(k)] * activation[i]; });
  }

  /// The maps lie evenly over the channels, and are put back together here.
  void weigh_with_guided(const ClipState& state, const Buffer& start, std::vector<Tensor>& maps) const {
    if (on_pass_) on_pass_();
    kernels::Library& library = network_.library();
    const auto guided = gradient(network_, state.trace, start, kernels::GradientMode::kGuided);
    for (size_t i = 0; i < maps.size(); ++i) {
      const Buffer product = library.multiply(library.upload(maps[i]), guided[i]);
      const Buffer zero = library.filled(product.shape(), 0);
      maps[i] = library.download(library.add(zero, product, static_cast<double>(axes_[i].channels)));
    }
  }

  Network& network_;
  std::string name_, layer_;
  int64_t channel_axis_;
  std::function<void()> on_pass_;
  OutputStart start_;
  graph::ValueId value_ = -1;
  FeatureMaps maps_;
  std::vector<ClipAxes> axes_;  ///< by input of the network
};

}  // namespace

std::vector<std::string> cam_method_names() {
  return {"grad_cam", "layer_cam", "guided_grad_cam"};
}

std::unique_ptr<Method> make_cam(Network& network, const ExplainerOptions& options) {
  return std::make_unique<ActivationMap>(network, options);
}

}  // namespace relevid
