// SPDX-License-Identifier: Apache-2.0
// Which frames can be frozen without changing the answer: the mask over time of Mänttäri et al. 2020 (ACCV,
// arXiv 2002.00367), learnt by gradients.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "explain/adam.h"
#include "explain/perturbation.h"

namespace relevid {
namespace {

constexpr double kLiveCost = 0.5, kUnevenCost = 0.1, kRate = 0.1;

/// Note [The mask that keeps]
/// The paper learns the shortest stretch whose freezing destroys the score. What is asked here is the other
/// side of it (the preservation game of Fong and Vedaldi 2017): keep[t] in [0, 1] says how live frame t is,
///     loss = max(0, 1 - s) + 0.5 mean keep + 0.1 mean |keep[t] - keep[t - 1]|³
/// where s is the score on its way from the clip with all frames frozen (0) to the clip itself (1). A frame
/// is given up where it carries less than half of the mean frame's part. The first frame has none before it
/// that could stand in, and its value is 0: what is said is where changes matter.
class TemporalMask : public PerturbationMethod {
 public:
  TemporalMask(Network& network, const ExplainerOptions& options)
      : PerturbationMethod(network, options, Fill::kFreeze) {}

  MethodCost cost() const override {
    const int64_t frozen = std::max<int64_t>(0, extent()[0] - 2);
    return {2 + options().iterations + frozen, options().iterations};
  }
  MethodResolution resolution() const override {
    return {{extent()[0], 1, 1}, fmt::format("every one of {} frames", extent()[0])};
  }

 protected:
  Volume explain_item(const Subject& subject) override {
    std::vector<double> keep(static_cast<size_t>(extent()[0]), 0.0);
    keep[0] = 1;
    const auto write = [&](int64_t, std::span<float> item) { subject.clip.write_frames(keep, item); };
    const auto frozen = scorer().logits(1, write)[0];
    const double all_frozen = scorer().score(frozen, subject.target);
    std::fill(keep.begin() + 1, keep.end(), 0.5);
    learn(keep, subject, all_frozen);
    note_frozen(keep, subject, frozen);
    keep[0] = 0;
    return from_frames(keep, extent());
  }

 private:
  void learn(std::vector<double>& keep, const Subject& subject, double all_frozen) const {
    const auto frames = static_cast<double>(extent()[0]);
    const double way = subject.score - all_frozen;
    MaskAdam adam(keep.size(), kRate);
    std::vector<float> changed(subject.clip.clip().size());
    for (int64_t i = 0; i < options().iterations; ++i) {
      subject.clip.write_frames(keep, changed);
      const auto slope = scorer().slopes(1, subject.target, [&](int64_t, std::span<float> item) {
        std::ranges::copy(changed, item.begin());
      })[0];
      std::vector<double> gradient(keep.size(), kLiveCost / frames);
      if (way > 0 && slope.score < subject.score) {
        const auto by_keep = subject.clip.slope_by_frozen_frames(keep, changed, slope.gradient);
        for (size_t t = 0; t < keep.size(); ++t) gradient[t] -= by_keep[t] / way;
      }
      for (size_t t = 2; t < keep.size(); ++t) {
        const double step = keep[t] - keep[t - 1], by_step = kUnevenCost * 3 * step * std::abs(step) / frames;
        gradient[t] += by_step;
        gradient[t - 1] -= by_step;
      }
      adam.step(keep, gradient);
      keep[0] = 1;
    }
  }

  /// How many of the least live frames can be frozen before the best class is another.
  void note_frozen(const std::vector<double>& keep, const Subject& subject,
                   const std::vector<double>& all_frozen) const {
    std::vector<size_t> order(keep.size() - 1);
    std::iota(order.begin(), order.end(), size_t{1});
    std::ranges::stable_sort(order, {}, [&](size_t t) { return keep[t]; });
    const auto count = static_cast<int64_t>(order.size());
    auto rows = scorer().logits(std::max<int64_t>(0, count - 1), [&](int64_t i, std::span<float> item) {
      std::vector<double> live(keep.size(), 1.0);
      for (size_t k = 0; k <= static_cast<size_t>(i); ++k) live[order[k]] = 0;
      subject.clip.write_frames(live, item);
    });
    if (count > 0) rows.push_back(all_frozen);
    const auto best = [](const std::vector<double>& row) {
      return std::ranges::max_element(row) - row.begin();
    };
    int64_t kept = 0;
    while (kept < count && best(rows[static_cast<size_t>(kept)]) == best(subject.logits)) ++kept;
    subject.notes.push_back(
        fmt::format("the best class stays with {} of {} frames frozen", kept, extent()[0]));
  }
};

}  // namespace

std::vector<std::string> temporal_mask_method_names() {
  return {"temporal_mask"};
}

std::unique_ptr<Method> make_temporal_mask(Network& network, const ExplainerOptions& options) {
  return std::make_unique<TemporalMask>(network, options);
}

}  // namespace relevid
