// SPDX-License-Identifier: Apache-2.0
// Extremal perturbation: Fong et al. 2019 (ICCV, arXiv 1910.08485), over space and time as Li et al. 2021
// (WACV, "Towards Visually Explaining Video Understanding Networks with Perturbation") carry it to video.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "explain/adam.h"
#include "explain/perturbation.h"
#include "relevid/error.h"

namespace relevid {
namespace {

constexpr double kRate = 0.1, kFirstWeight = 1, kLastWeight = 100;

/// Note [Extremal perturbation]
/// For each area a the mask m of cells in [0, 1], interpolated to the clip, that makes
///     min(s(m), 1) - λ mean (sorted m - r_a)²
/// largest: r_a is 1 in the last share a of the cells and 0 elsewhere, so that m is driven to show just so
/// much of the clip and nothing by halves; λ grows from 1 to 100. s is the score on its way from the clip
/// with nothing shown (0) to the clip itself (1), so that λ means the same for every network. The paper has
/// no bound at 1; but a mask over frames is free enough to raise a logit to several times the clip's with a
/// scatter of cells that is no explanation of it, so nothing is gained by more than the clip has. The paper
/// smooths masks by a maximum over kernels and mixes blurs of several widths; here interpolation smooths, and
/// one blur fills.
class ExtremalPerturbation : public PerturbationMethod {
 public:
  ExtremalPerturbation(Network& network, const ExplainerOptions& options)
      : PerturbationMethod(network, options, fill_or(options, Fill::kBlur)) {
    if (options.fill == Fill::kFreeze) {
      throw Error(ErrorKind::kInvalidArgument,
                  "extremal_perturbation cannot freeze: its masks let frames through by parts");
    }
    cells_ = mask_cells();
  }

  MethodCost cost() const override {
    const int64_t steps = areas() * options().iterations;
    return {2 + steps + areas(), steps};
  }
  MethodResolution resolution() const override {
    return {cells_, fmt::format("{} mask cells over {} frames", cells_[0], extent()[0])};
  }

 protected:
  /// The mean of the areas' masks: what the smallest area shows lies in all of them, if they nest.
  Volume explain_item(const Subject& subject) override {
    const Volume nothing(extent());
    const double least = scorer().scores(
        1, subject.target, [&](int64_t, std::span<float> item) { subject.clip.write(nothing, item); })[0];
    std::vector<Volume> masks;
    for (const double area : options().areas)
      masks.push_back(interpolated(best_mask(area, subject, least), extent()));
    const auto shown = scorer().scores(areas(), subject.target, [&](int64_t i, std::span<float> item) {
      subject.clip.write(masks[static_cast<size_t>(i)], item);
    });
    Volume mean(extent());
    const double scale = 1 / static_cast<double>(areas() * positions(extent()));
    for (size_t k = 0; k < masks.size(); ++k) {
      for (size_t i = 0; i < mean.values.size(); ++i) mean.values[i] += scale * masks[k].values[i];
      subject.notes.push_back(
          fmt::format("score with {:.3g} % of the clip shown: {:.4g} (all: {:.4g}, nothing: {:.4g})",
                      100 * share_of(masks[k]), shown[k], subject.score, least));
    }
    return mean;
  }

 private:
  int64_t areas() const { return static_cast<int64_t>(options().areas.size()); }

  static double share_of(const Volume& mask) {
    return std::accumulate(mask.values.begin(), mask.values.end(), 0.0) /
           static_cast<double>(mask.values.size());
  }

  Volume best_mask(double area, const Subject& subject, double least) const {
    Volume mask(cells_, 0.5);
    const double way = std::max(std::abs(subject.score - least), 1e-12);
    MaskAdam adam(mask.values.size(), kRate);
    for (int64_t i = 0; i < options().iterations; ++i) {
      const Volume fine = interpolated(mask, extent());
      const auto slope = scorer().slopes(
          1, subject.target, [&](int64_t, std::span<float> item) { subject.clip.write(fine, item); })[0];
      const double progress = static_cast<double>(i) / static_cast<double>(options().iterations);
      std::vector<double> gradient =
          area_gradient(mask, area, kFirstWeight * std::pow(kLastWeight / kFirstWeight, progress));
      const bool enough = (slope.score - least) * (subject.score - least) >= way * way;
      if (!enough) {
        const Volume by_cell = interpolated_adjoint(subject.clip.slope_by_keep(slope.gradient), cells_);
        for (size_t k = 0; k < gradient.size(); ++k) gradient[k] -= by_cell.values[k] / way;
      }
      adam.step(mask.values, gradient);
    }
    return mask;
  }

  /// Of λ mean (sorted m - r)². Equal cells, as all are at first, share their places in the order, which is
  /// no reason to show one rather than another.
  static std::vector<double> area_gradient(const Volume& mask, double area, double weight) {
    std::vector<size_t> order(mask.values.size());
    std::iota(order.begin(), order.end(), size_t{0});
    const auto value = [&](size_t i) { return mask.values[i]; };
    std::ranges::stable_sort(order, {}, value);
    const auto cells = static_cast<double>(order.size());
    const double hidden = cells - std::max(1.0, std::round(area * cells));
    std::vector<double> gradient(order.size());
    for (size_t begin = 0, end = 0; begin < order.size(); begin = end) {
      while (end < order.size() && value(order[end]) == value(order[begin])) ++end;
      const double first = std::max(static_cast<double>(begin), hidden);
      const double wanted =
          std::max(0.0, static_cast<double>(end) - first) / static_cast<double>(end - begin);
      for (size_t k = begin; k < end; ++k)
        gradient[order[k]] = weight * 2 * (value(order[k]) - wanted) / cells;
    }
    return gradient;
  }

  Extent cells_{};
};

}  // namespace

std::vector<std::string> extremal_method_names() {
  return {"extremal_perturbation"};
}

std::unique_ptr<Method> make_extremal(Network& network, const ExplainerOptions& options) {
  return std::make_unique<ExtremalPerturbation>(network, options);
}

}  // namespace relevid
