// SPDX-License-Identifier: Apache-2.0
// Presets of relevance, to the clip or to a layer.
#include <fmt/format.h>

#include "explain/explainer.h"
#include "explain/layers.h"
#include "explain/method.h"
#include "relevid/error.h"

namespace relevid {
namespace {

class PresetMethod : public Method {
 public:
  PresetMethod(Network& network, const ExplainerOptions& options, const std::string& preset)
      : network_(network),
        name_(preset),
        layer_(options.layer),
        channel_axis_(options.channel_axis()),
        on_pass_(options.on_pass),
        start_{options.start != Start::kOne, options.contrast} {
    const InputBounds bounds = options.bounds ? InputBounds::kKnown : InputBounds::kUnknown;
    const Composite composite = composite_for(name_, bounds, options, options.rules, network.graph());
    propagation_ =
        std::make_unique<Propagation>(network, composite, options.bounds ? &*options.bounds : nullptr);
    if (!layer_.empty()) value_ = layer_value(network, layer_);
  }

  Keep keep() const override { return Keep::kRelevance; }
  std::vector<graph::ValueId> also_kept() const override { return propagation_->also_read(); }
  MethodCost cost() const override { return {1, 1}; }
  bool starts_from_logit() const override { return start_.logit; }
  std::vector<std::string> rule_names() const override { return propagation_->rule_names(); }

  MethodResolution resolution() const override {
    const MethodResolution full = full_resolution(network_.graph(), channel_axis_);
    if (value_ < 0) return full;
    const Extent extent = layer_extent();
    return {extent, fmt::format("{} of layer '{}' for {} frames", extent[0], layer_, full.values[0])};
  }

  Attribution explain(const ClipState& state, std::span<const int64_t> targets) override {
    kernels::Library& library = network_.library();
    const kernels::Buffer start = start_.at(library, targets, state.logits);
    if (on_pass_) on_pass_();
    Attribution result;
    if (value_ < 0) {
      result.relevance = download_all(library, propagation_->run(state.trace, start, &result.flows));
      result.position = propagation_->position();
      return result;
    }
    const auto stopped = propagation_->run_to(value_, state.trace, start, &result.flows);
    result.at_layer = library.download(stopped.relevance);
    result.around_layer = stopped.around;
    spread_over_clips(state, result);
    return result;
  }

 private:
  int64_t items() const { return network_.graph().shape(network_.graph().output)[0]; }

  Extent layer_extent() const {
    const Shape& shape = network_.graph().shape(value_);
    return FeatureMaps::has_space(shape, items()) ? FeatureMaps::of(shape, items(), layer_).extent
                                                  : Extent{1, 1, 1};
  }

  /// Summed over the layer's channels; a layer without space gives every pixel the same.
  Volume layer_map(const std::vector<double>& relevance, int64_t item) const {
    const Shape& shape = network_.graph().shape(value_);
    const auto value = [&](size_t offset) { return relevance[offset]; };
    if (FeatureMaps::has_space(shape, items())) {
      return FeatureMaps::of(shape, items(), layer_).sum(item, [&](int64_t, size_t i) { return value(i); });
    }
    const int64_t size = shape.elements() / items();
    Volume map({1, 1, 1});
    for (int64_t i = 0; i < size; ++i) map.values[0] += value(static_cast<size_t>(item * size + i));
    return map;
  }

  /// Each of the layer's elements goes evenly to the part of the clip that it stands over, so that the sum
  /// stays. The inputs of a network with several share it evenly.
  void spread_over_clips(const ClipState& state, Attribution& result) const {
    const auto relevance = result.at_layer.as_doubles();
    for (const kernels::Buffer& clip : state.clips) {
      const ClipAxes axes(clip.shape(), channel_axis_, "relevance at a layer");
      Tensor& spread = result.relevance.emplace_back(clip.shape(), result.at_layer.dtype());
      for (int64_t item = 0; item < axes.items; ++item) {
        Volume map = shared_out(layer_map(relevance, item), axes.extent);
        for (double& v : map.values) v /= static_cast<double>(state.clips.size());
        put_volume(spread, axes, item, map);
      }
    }
  }

  Network& network_;
  std::string name_, layer_;
  int64_t channel_axis_;
  std::function<void()> on_pass_;
  OutputStart start_;
  std::unique_ptr<Propagation> propagation_;
  graph::ValueId value_ = -1;  ///< where relevance stops; -1: at the clip
};

}  // namespace

std::unique_ptr<Method> make_preset_method(Network& network, const ExplainerOptions& options) {
  return make_preset_method(network, options, options.method);
}

std::unique_ptr<Method> make_preset_method(Network& network, const ExplainerOptions& options,
                                           const std::string& preset) {
  return std::make_unique<PresetMethod>(network, options, preset);
}

}  // namespace relevid
