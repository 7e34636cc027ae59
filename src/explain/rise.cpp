// SPDX-License-Identifier: Apache-2.0
// RISE: Petsiuk et al. 2018 (BMVC, arXiv 1806.07421), with masks that change over time.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "explain/perturbation.h"
#include "relevid/error.h"

namespace relevid {
namespace {

/// Note [RISE around its mean]
/// The paper's map is S = Σ f(mask · x) mask / (masks · p), an estimate of E[f | the pixel is shown]. It
/// holds the mean score everywhere, so its zero means nothing. Here stands E[f | shown] - E[f | hidden],
/// which is (S - mean f) / (1 - p): the same order of pixels, and zero where showing one makes no difference.
/// It is shared over the positions of a cell, so that of a score that is a sum over cells the map adds up to
/// f(x) - f(fill).
class Rise : public PerturbationMethod {
 public:
  Rise(Network& network, const ExplainerOptions& options)
      : PerturbationMethod(network, options, fill_or(options, Fill::kMean)), seed_(options.seed) {
    cells_ = mask_cells();
  }

  MethodCost cost() const override { return {1 + options().masks, 0}; }
  MethodResolution resolution() const override {
    return {cells_, fmt::format("{} mask cells over {} frames", cells_[0], extent()[0])};
  }

 protected:
  Volume explain_item(const Subject& subject) override {
    std::mt19937_64 random(seed_);
    Volume with_score(extent()), shown(extent());
    double scores = 0;
    for (int64_t begin = 0; begin < options().masks; begin += scorer().batch()) {
      std::vector<Volume> masks;
      const int64_t count = std::min(scorer().batch(), options().masks - begin);
      for (int64_t i = 0; i < count; ++i) masks.push_back(mask(random));
      const auto found = scorer().scores(count, subject.target, [&](int64_t i, std::span<float> item) {
        subject.clip.write(masks[static_cast<size_t>(i)], item);
      });
      for (size_t i = 0; i < masks.size(); ++i) {
        scores += found[i];
        for (size_t k = 0; k < shown.values.size(); ++k) {
          with_score.values[k] += found[i] * masks[i].values[k];
          shown.values[k] += masks[i].values[k];
        }
      }
    }
    const auto masks = static_cast<double>(options().masks);
    const double p = options().keep_share,
                 cell = static_cast<double>(positions(extent())) / static_cast<double>(positions(cells_));
    for (size_t k = 0; k < shown.values.size(); ++k) {
      with_score.values[k] =
          (with_score.values[k] - scores / masks * shown.values[k]) / (masks * p * (1 - p) * cell);
    }
    return with_score;
  }

 private:
  /// Cells that are shown or hidden, one more along each axis that has several, shifted by part of a cell and
  /// interpolated. Where a cell is one frame or pixel there is nothing to shift.
  Volume mask(std::mt19937_64& random) const {
    std::bernoulli_distribution shows(options().keep_share);
    Extent grid = cells_;
    std::array<AxisTaps, 3> taps;
    for (size_t axis = 0; axis < 3; ++axis) {
      const double cell = static_cast<double>(extent()[axis]) / static_cast<double>(cells_[axis]);
      const bool moves = cells_[axis] > 1 && cell > 1;
      if (moves) ++grid[axis];
      const double shift = moves ? std::uniform_real_distribution<double>(0, 1)(random) : 0;
      for (int64_t i = 0; i < extent()[axis]; ++i) {
        const double at = std::clamp((static_cast<double>(i) + 0.5) / cell - 0.5 + shift, 0.0,
                                     static_cast<double>(grid[axis] - 1));
        const auto low = static_cast<int64_t>(at);
        taps[axis].taps.push_back({low, std::min(low + 1, grid[axis] - 1), at - static_cast<double>(low)});
      }
    }
    Volume coarse(grid);
    for (double& value : coarse.values) value = shows(random) ? 1 : 0;
    return interpolated(coarse, taps);
  }

  uint64_t seed_;
  Extent cells_{};
};

}  // namespace

std::vector<std::string> rise_method_names() {
  return {"rise"};
}

std::unique_ptr<Method> make_rise(Network& network, const ExplainerOptions& options) {
  return std::make_unique<Rise>(network, options);
}

}  // namespace relevid
