// SPDX-License-Identifier: Apache-2.0
#include "evaluate/clip_evaluator.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/random.h"
#include "evaluate/baselines.h"
#include "evaluate/localisation.h"
#include "evaluate/similarity.h"
#include "evaluate/superpixels.h"
#include "statistics/poisson_weights.h"

namespace relevid::evaluate {
namespace {

Volume volume_of(const Tensor& clip) {
  return {clip.shape()[2], clip.shape()[3], clip.shape()[4]};
}

/// What draws of one clip start from; `purpose` keeps them apart.
uint64_t seed_of(const ClipToEvaluate& clip, const EvaluationPlan& plan, std::string_view purpose) {
  const uint64_t of_clip =
      mix(mix(plan.seed, statistics::hash_of_key(clip.video)), static_cast<uint64_t>(clip.number));
  return mix(of_clip, statistics::hash_of_key(purpose));
}

Regions regions_of(const Tensor& clip, const EvaluationPlan& plan, RegionKind kind) {
  switch (kind) {
    case RegionKind::kFrames:
      return frame_regions(volume_of(clip));
    case RegionKind::kCells:
      return cell_regions(volume_of(clip), plan.cells);
    case RegionKind::kSuperpixels:
      return superpixel_regions(clip, plan.superpixels);
  }
  return {};
}

class Evaluator {
 public:
  Evaluator(const ClipToEvaluate& clip, const EvaluationPlan& plan, const Networks& networks)
      : clip_(clip), plan_(plan), networks_(networks), volume_(volume_of(clip.clip)) {}

  EvaluatedClip run() {
    result_.predicted = networks_.network.take(clip_.clip);
    result_.target = clip_.target.value_or(result_.predicted);
    result_.score = networks_.network.score(result_.target);
    for (size_t m = 0; m < plan_.methods.size(); ++m)
      result_.maps.push_back(networks_.network.map(m, result_.target));
    if (clip_.number == 0 && plan_.has(Check::kClass)) compare_classes();
    if (clip_.mask) localise();
    for (const Flipping& flipping : plan_.flippings) flip_all(flipping);
    if (clip_.number == 0) check();
    return std::move(result_);
  }

 private:
  void flip_all(const Flipping& flipping) {
    const Regions regions = regions_of(clip_.clip, plan_, flipping.regions);
    const Filling filling(clip_.clip, flipping.fill, seed_of(clip_, plan_, "noise"));
    const Classify classify = [&](int64_t count, const ClipWriter& write) {
      return networks_.network.classify(count, write, result_.target);
    };
    std::vector<std::vector<int32_t>> orders;
    const auto add = [&](const std::vector<double>& scores) {
      orders.push_back(most_first(scores, seed_of(clip_, plan_, "ties")));
      orders.emplace_back(orders.back().rbegin(), orders.back().rend());
    };
    for (const auto& map : result_.maps) add(region_means(map, regions));
    if (plan_.baselines == EvaluationPlan::Baselines::kWith) {
      add(random_scores(regions.count, seed_of(clip_, plan_, kRandom)));
      add(region_means(centre_prior(volume_), regions));
    }
    const CurveEnds ends{result_.score, all_flipped(regions, filling, classify)};
    const auto curves =
        flip(regions, filling, flip_counts(regions.count, plan_.steps), orders, ends, classify);
    const auto names = rivals(plan_);
    for (size_t c = 0; c < curves.size(); ++c)
      add_curve(names[c / 2], flipping, c % 2 == 0 ? "most" : "least", curves[c]);
  }

  void add_curve(const std::string& method, const Flipping& flipping, const char* first, const Curve& curve) {
    CurveRow row{method, std::string(name(flipping.regions)), std::string(name(flipping.fill)), first, {},
                 {}};
    for (const TargetScore& score : curve) {
      row.logits.push_back(score.logit);
      row.probabilities.push_back(score.probability);
    }
    result_.curves.push_back(std::move(row));
  }

  void localise() {
    auto maps = result_.maps;
    const auto random = random_scores(static_cast<int64_t>(volume_.voxels()), seed_of(clip_, plan_, kRandom));
    maps.emplace_back(random.begin(), random.end());
    maps.push_back(centre_prior(volume_));
    const auto names = rivals(plan_);
    for (size_t m = 0; m < maps.size(); ++m) {
      const Localisation found = localisation(maps[m], *clip_.mask, volume_);
      result_.measures.push_back({names[m], "area", "", found.area});
      result_.measures.push_back({names[m], "share_inside", "", found.share_inside});
      result_.measures.push_back({names[m], "pointing", "", found.pointing});
      result_.measures.push_back({names[m], "pointing_area", "", found.pointing_area});
    }
  }

  void check() {
    if (plan_.has(Check::kAgreement)) agree();
    if (plan_.has(Check::kShift)) shift();
    if (plan_.has(Check::kInvariance) && networks_.shifted) add_constant();
    if (plan_.has(Check::kRandomised)) randomise();
  }

  /// While the network still has the clip.
  void compare_classes() {
    const int64_t other = networks_.network.runner_up(result_.target);
    if (other < 0) return;
    for (size_t m = 0; m < plan_.methods.size(); ++m) {
      const auto map = networks_.network.map_beside(m, other, result_.target);
      result_.measures.push_back(
          {plan_.methods[m], "class", "",
           correlation(std::span<const float>(result_.maps[m]), std::span<const float>(map))});
    }
  }

  void agree() {
    std::vector<std::vector<double>> ranked;
    for (const auto& map : result_.maps) ranked.push_back(ranks(map));
    for (size_t a = 0; a < ranked.size(); ++a) {
      for (size_t b = 0; b < ranked.size(); ++b) {
        if (a == b) continue;
        const double value = correlation(ranked[std::min(a, b)], ranked[std::max(a, b)]);
        result_.measures.push_back({plan_.methods[a], "agreement", plan_.methods[b], value});
      }
    }
  }

  /// The picture moved to the right, its first column twice; what both maps have is compared.
  void shift() {
    const Shape& shape = clip_.clip.shape();
    const auto width = static_cast<size_t>(shape[4]);
    if (width < 2) return;
    Tensor moved(shape, DType::kF32);
    const auto from = clip_.clip.values<float>();
    const auto to = moved.values<float>();
    for (size_t i = 0; i < from.size(); ++i) to[i] = from[i % width == 0 ? i : i - 1];
    networks_.network.take(moved);
    for (size_t m = 0; m < plan_.methods.size(); ++m) {
      const auto map = networks_.network.map(m, result_.target);
      std::vector<float> before, after;
      for (size_t i = 0; i < map.size(); ++i) {
        if (i % width == 0) continue;
        before.push_back(result_.maps[m][i - 1]);
        after.push_back(map[i]);
      }
      result_.measures.push_back({plan_.methods[m], "shift", "", rank_correlation(before, after)});
    }
  }

  void add_constant() {
    Tensor brighter = clip_.clip.clone();
    for (float& value : brighter.values<float>()) value += plan_.input_shift;
    networks_.shifted->take(brighter);
    for (size_t m = 0; m < plan_.methods.size(); ++m) {
      const auto map = networks_.shifted->map(m, result_.target);
      result_.measures.push_back(
          {plan_.methods[m], "invariance", "", rank_correlation(result_.maps[m], map)});
    }
  }

  void randomise() {
    for (size_t level = 0; level < networks_.randomised.size(); ++level) {
      MethodNetwork& network = *networks_.randomised[level];
      network.take(clip_.clip);
      for (size_t m = 0; m < plan_.methods.size(); ++m) {
        const auto map = network.map(m, result_.target);
        const auto add = [&](const char* measure, double value) {
          result_.measures.push_back({plan_.methods[m], measure, plan_.randomised[level], value});
        };
        add("randomised_rank", rank_correlation(result_.maps[m], map));
        add("randomised_ssim", structural_similarity(result_.maps[m], map, volume_));
      }
    }
  }

  const ClipToEvaluate& clip_;
  const EvaluationPlan& plan_;
  const Networks& networks_;
  Volume volume_;
  EvaluatedClip result_;
};

}  // namespace

EvaluatedClip evaluate_clip(const ClipToEvaluate& clip, const EvaluationPlan& plan,
                            const Networks& networks) {
  return Evaluator(clip, plan, networks).run();
}

std::vector<MeasureRow> compare_offset(const Tensor& later, int64_t target,
                                       std::span<const std::vector<float>> maps, const EvaluationPlan& plan,
                                       MethodNetwork& network) {
  const Volume volume = volume_of(later);
  const auto area = static_cast<size_t>(volume.height * volume.width);
  std::vector<MeasureRow> rows;
  if (volume.frames < 2) return rows;
  network.take(later);
  for (size_t m = 0; m < plan.methods.size(); ++m) {
    const auto map = network.map(m, target);
    const std::span<const float> before(maps[m]), after(map);
    const size_t shared = before.size() - area;
    rows.push_back({plan.methods[m], "offset", "",
                    rank_correlation(before.subspan(area, shared), after.subspan(0, shared))});
  }
  return rows;
}

}  // namespace relevid::evaluate
