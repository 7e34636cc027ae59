// SPDX-License-Identifier: Apache-2.0
// Occlusion: Zeiler and Fergus 2014 (ECCV), section 4.2, in space, in time, and in both.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "explain/perturbation.h"

namespace relevid {
namespace {

/// Where a window of `size` begins along an axis: every `stride`, and at the very end, so that all is
/// covered.
std::vector<int64_t> places(int64_t length, int64_t size, int64_t stride) {
  std::vector<int64_t> result;
  for (int64_t begin = 0; begin + size < length; begin += stride) result.push_back(begin);
  result.push_back(length - size);
  return result;
}

class Occlusion : public PerturbationMethod {
 public:
  Occlusion(Network& network, const ExplainerOptions& options)
      : PerturbationMethod(network, options, fill_or(options, Fill::kMean)) {
    const bool time = options.method != "occlusion_space", space = options.method != "occlusion_time";
    for (size_t axis = 0; axis < 3; ++axis) {
      const bool moves = axis == 0 ? time : space;
      window_[axis] = moves ? window_along(axis, time && space) : extent()[axis];
      const int64_t stride = options.window_stride[axis];
      stride_[axis] = stride > 0 ? stride : space ? std::max<int64_t>(1, window_[axis] / 2) : window_[axis];
      places_[axis] = places(extent()[axis], window_[axis], stride_[axis]);
    }
  }

  MethodCost cost() const override { return {1 + count(), 0}; }

  MethodResolution resolution() const override {
    const auto along = [&](size_t axis) { return static_cast<int64_t>(places_[axis].size()); };
    if (along(0) == 1)
      return {{1, along(1), along(2)}, fmt::format("one value for all {} frames", extent()[0])};
    return {{along(0), along(1), along(2)},
            fmt::format("{} windows of {} frame{}, {} apart, over {} frames", along(0), window_[0],
                        window_[0] == 1 ? "" : "s", stride_[0], extent()[0])};
  }

 protected:
  /// What the score loses is shared evenly over the window; where windows overlap, their mean stands.
  Volume explain_item(const Subject& subject) override {
    const auto scores = scorer().scores(count(), subject.target, [&](int64_t i, std::span<float> item) {
      Volume keep(extent(), 1);
      for_each_covered(i, [&](int64_t t, int64_t h, int64_t w) { keep.at(t, h, w) = 0; });
      subject.clip.write(keep, item);
    });
    Volume relevance(extent()), covered(extent());
    const auto size = static_cast<double>(positions(window_));
    for (int64_t i = 0; i < count(); ++i) {
      const double loss = (subject.score - scores[static_cast<size_t>(i)]) / size;
      for_each_covered(i, [&](int64_t t, int64_t h, int64_t w) {
        relevance.at(t, h, w) += loss;
        covered.at(t, h, w) += 1;
      });
    }
    for (size_t i = 0; i < relevance.values.size(); ++i)
      relevance.values[i] /= std::max(1.0, covered.values[i]);
    return relevance;
  }

 private:
  /// Defaults that keep the passes in the low hundreds: a sixth of a side in space, a sixteenth of the clip
  /// in time, a quarter of each for tubes.
  int64_t window_along(size_t axis, bool tube) const {
    const int64_t asked = options().window[axis], length = extent()[axis];
    const int64_t parts = tube ? 4 : axis == 0 ? 16 : 6;
    const int64_t size =
        asked > 0
            ? asked
            : static_cast<int64_t>(std::lround(static_cast<double>(length) / static_cast<double>(parts)));
    return std::clamp<int64_t>(size, 1, length);
  }

  int64_t count() const {
    return static_cast<int64_t>(places_[0].size() * places_[1].size() * places_[2].size());
  }

  template <class F>
  void for_each_covered(int64_t index, F&& f) const {
    const auto i = static_cast<size_t>(index), columns = places_[2].size(), rows = places_[1].size();
    const Extent begin = {places_[0][i / columns / rows], places_[1][i / columns % rows],
                          places_[2][i % columns]};
    for (int64_t t = begin[0]; t < begin[0] + window_[0]; ++t) {
      for (int64_t h = begin[1]; h < begin[1] + window_[1]; ++h) {
        for (int64_t w = begin[2]; w < begin[2] + window_[2]; ++w) f(t, h, w);
      }
    }
  }

  Extent window_{}, stride_{};
  std::array<std::vector<int64_t>, 3> places_;
};

}  // namespace

std::vector<std::string> occlusion_method_names() {
  return {"occlusion_space", "occlusion_time", "occlusion_tube"};
}

std::unique_ptr<Method> make_occlusion(Network& network, const ExplainerOptions& options) {
  return std::make_unique<Occlusion>(network, options);
}

}  // namespace relevid
