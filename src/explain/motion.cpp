// SPDX-License-Identifier: Apache-2.0
// Relevance taken apart into what a still picture would get and what motion adds.
// spatial_relevance    of frame t: its relevance in a clip that is frame t throughout (Hiley et al. 2019,
//                      arXiv 1908.01536: motion is taken out, and what is left is space's)
// temporal_relevance   the clip's own relevance less that
// selective_relevance  the clip's relevance where it changes over time: where the temporal Sobel operator's
//                      value exceeds some of its standard deviations (Hiley et al. 2020, arXiv 2003.14285)
#include "explain/motion.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "relevid/error.h"

namespace relevid {
namespace {

using kernels::Buffer;

class MotionSplit : public Method {
 public:
  MotionSplit(Network& network, const ExplainerOptions& options)
      : network_(network),
        name_(options.method),
        preset_(options.relevance),
        channel_axis_(options.channel_axis()),
        sigmas_(options.selective_sigmas),
        on_pass_(options.on_pass) {
    const graph::Graph& graph = network.graph();
    if (graph.inputs.size() > 1 && name_ != "selective_relevance") {
      throw Error(
          ErrorKind::kUnsupportedModel,
          fmt::format("{} freezes the clip, and this model has {} inputs that would have to be frozen "
                      "equally",
                      name_, graph.inputs.size()));
    }
    for (const graph::ValueId input : graph.inputs)
      axes_.emplace_back(graph.shape(input), channel_axis_, name_);
    whole_ = make_preset_method(network, options, preset_);
  }

  Keep keep() const override { return Keep::kRelevance; }
  bool starts_from_logit() const override { return whole_->starts_from_logit(); }
  MethodResolution resolution() const override { return full_resolution(network_.graph(), channel_axis_); }
  MethodCost cost() const override {
    const int64_t frames = axes_[0].extent[0];
    if (name_ == "selective_relevance") return {1, 1};
    return {1 + frames, frames + (name_ == "temporal_relevance" ? 1 : 0)};
  }

  Attribution explain(const ClipState& state, std::span<const int64_t> targets) override {
    Attribution result;
    if (name_ == "spatial_relevance") {
      result.relevance.push_back(spatial(state, targets));
      return result;
    }
    result.relevance = whole_->explain(state, targets).relevance;
    if (name_ == "selective_relevance") {
      for (size_t i = 0; i < result.relevance.size(); ++i) keep_changes(result.relevance[i], axes_[i]);
      return result;
    }
    const Tensor still = spatial(state, targets);
    with_values(result.relevance[0], [&](auto values) {
      using T = typename decltype(values)::value_type;
      const auto taken = still.values<T>();
      for (size_t i = 0; i < values.size(); ++i) values[i] -= taken[i];
    });
    return result;
  }

 private:
  template <class F>
  static void with_values(Tensor& tensor, F&& f) {
    if (tensor.dtype() == DType::kF64) {
      f(tensor.values<double>());
    } else {
      f(tensor.values<float>());
    }
  }

  /// F(offset of an element) for the elements of a frame, over all items.
  template <class F>
  static void for_each_of_frame(const ClipAxes& axes, int64_t t, F&& f) {
    for (int64_t n = 0; n < axes.items; ++n) {
      for (int64_t c = 0; c < axes.channels; ++c) {
        for (int64_t h = 0; h < axes.extent[1]; ++h) {
          for (int64_t w = 0; w < axes.extent[2]; ++w)
            f(n * axes.item_elements + c * axes.channel_stride + axes.offset(t, h, w));
        }
      }
    }
  }

  /// All items at once.
  Tensor frozen_at(const Tensor& clips, int64_t frame) const {
    Tensor frozen = clips.clone();
    const ClipAxes& axes = axes_[0];
    with_values(frozen, [&](auto values) {
      for (int64_t t = 0; t < axes.extent[0]; ++t) {
        const int64_t back = (frame - t) * axes.frame_stride;
        if (back == 0) continue;
        for_each_of_frame(axes, t, [&](int64_t i) {
          values[static_cast<size_t>(i)] = values[static_cast<size_t>(i + back)];
        });
      }
    });
    return frozen;
  }

  Tensor spatial(const ClipState& state, std::span<const int64_t> targets) {
    kernels::Library& library = network_.library();
    const Tensor clips = library.download(state.clips[0]);
    Tensor result(clips.shape(), clips.dtype());
    for (int64_t t = 0; t < axes_[0].extent[0]; ++t) {
      const Buffer frozen = library.upload(frozen_at(clips, t));
      if (on_pass_) on_pass_();
      const Trace trace = network_.forward(std::span(&frozen, 1), Keep::kRelevance);
      const Tensor logits = network_.output(trace);
      const Tensor relevance =
          std::move(whole_->explain({std::span(&frozen, 1), trace, logits}, targets).relevance[0]);
      with_values(result, [&](auto values) {
        using T = typename decltype(values)::value_type;
        const auto from = relevance.values<T>();
        for_each_of_frame(axes_[0], t,
                          [&](int64_t i) { values[static_cast<size_t>(i)] = from[static_cast<size_t>(i)]; });
      });
    }
    return result;
  }

  void keep_changes(Tensor& relevance, const ClipAxes& axes) const {
    for (int64_t n = 0; n < axes.items; ++n) {
      with_values(relevance, [&](auto values) {
        const auto element = [&](int64_t offset, int64_t c) -> auto& {
          return values[static_cast<size_t>(n * axes.item_elements + offset + c * axes.channel_stride)];
        };
        Volume sum(axes.extent);
        axes.for_each_position([&](int64_t position, int64_t offset) {
          for (int64_t c = 0; c < axes.channels; ++c)
            sum.values[static_cast<size_t>(position)] += static_cast<double>(element(offset, c));
        });
        const Volume change = change_over_time(sum);
        const double limit = sigmas_ * deviation(change.values);
        axes.for_each_position([&](int64_t position, int64_t offset) {
          if (std::abs(change.values[static_cast<size_t>(position)]) > limit) return;
          for (int64_t c = 0; c < axes.channels; ++c) element(offset, c) = 0;
        });
      });
    }
  }

  static double deviation(const std::vector<double>& values) {
    const auto n = static_cast<double>(values.size());
    double mean = 0, square = 0;
    for (const double v : values) mean += v / n;
    for (const double v : values) square += (v - mean) * (v - mean) / n;
    return std::sqrt(square);
  }

  Network& network_;
  std::string name_, preset_;
  int64_t channel_axis_;
  double sigmas_;
  std::function<void()> on_pass_;
  std::vector<ClipAxes> axes_;  ///< by input of the network
  std::unique_ptr<Method> whole_;
};

}  // namespace

Volume change_over_time(const Volume& relevance) {
  const auto along = [](const Volume& from, size_t axis, double before, double here, double after) {
    Volume to(from.extent);
    for (int64_t t = 0; t < from.extent[0]; ++t) {
      for (int64_t h = 0; h < from.extent[1]; ++h) {
        for (int64_t w = 0; w < from.extent[2]; ++w) {
          const auto moved = [&](int64_t by) {
            Extent at = {t, h, w};
            at[axis] = std::clamp<int64_t>(at[axis] + by, 0, from.extent[axis] - 1);
            return from.at(at[0], at[1], at[2]);
          };
          to.at(t, h, w) = before * moved(-1) + here * from.at(t, h, w) + after * moved(1);
        }
      }
    }
    return to;
  };
  return along(along(along(relevance, 0, -1, 0, 1), 1, 1, 2, 1), 2, 1, 2, 1);
}

std::vector<std::string> motion_method_names() {
  return {"spatial_relevance", "temporal_relevance", "selective_relevance"};
}

std::unique_ptr<Method> make_motion(Network& network, const ExplainerOptions& options) {
  return std::make_unique<MotionSplit>(network, options);
}

}  // namespace relevid
