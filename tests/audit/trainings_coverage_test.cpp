// SPDX-License-Identifier: Apache-2.0
// How often the interval over trainings and videos holds the truth, on trainings whose truth is known. Seeds
// are fixed: the figures are the same in every run. docs/dev/audit-statistics.md quotes them.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>

#include "audit/statistics.h"
#include "audit/summary.h"
#include "made_up.h"
#include "statistics/trainings_estimate.h"

namespace relevid::audit {

using statistics::Guard;
using statistics::over_trainings;
using statistics::TrainingsEstimate;
using statistics::TrainingValues;

namespace {

enum class Design { kShared, kOwn, kOverlapping };

/// The value of a video under a training, from what is the training's and what is the video's.
struct Recipe {
  std::string name;
  double truth = 0;
  std::function<double(Random&)> training, video;
  std::function<double(Random&, double training, double video)> value;
  Guard guard = Guard::kNone;
};

/// Of trainings that differ as much as the mean of 50 videos does, or by `spread` of it.
Recipe excess(double spread) {
  return {fmt::format("excess, trainings differ by {}", spread), 1.15,
          [=](Random& r) { return spread * r.normal(); }, [](Random& r) { return testing::skewed(r, 0.25); },
          [](Random& r, double a, double b) { return 1.15 + a + b + 0.15 * r.normal(); }};
}

Recipe skewed_excess() {
  Recipe recipe = excess(0.05);
  recipe.name = "excess, few trainings are high";
  recipe.training = [](Random& r) { return testing::skewed(r, 0.06); };
  return recipe;
}

/// Right with the probability `p` on average; seven of ten videos are easy.
Recipe accuracy(double p) {
  const double easier = 0.8 * (1 - p) / 3, spread = 0.15 * (1 - p);
  return {fmt::format("accuracy {}", p),
          p,
          [=](Random& r) { return r.uniform(-spread, spread); },
          [=](Random& r) { return r.unit() < 0.7 ? 3 * easier : -7 * easier; },
          [=](Random& r, double a, double b) { return r.unit() < p + a + b ? 1.0 : 0.0; },
          Guard::kProportion};
}

/// 0.1: a video is gained or lost.
Recipe gain() {
  return {"gain 0.1",
          0.1,
          [](Random& r) { return r.uniform(-0.06, 0.06); },
          [](Random& r) { return r.unit() < 0.5 ? 0.05 : -0.05; },
          [](Random& r, double a, double b) {
            const double u = r.unit();
            return u < 0.13 + a + b ? 1.0 : u > 0.97 ? -1.0 : 0.0;
          },
          Guard::kDifference};
}

/// The videos of training `r`: all the same, n of its own, or n of 2 n that all draw from.
std::vector<size_t> videos_of(Design design, size_t r, size_t n, Random& random) {
  std::vector<size_t> videos;
  for (size_t i = 0; i < (design == Design::kOverlapping ? 2 * n : n); ++i)
    videos.push_back(design == Design::kOwn ? r * n + i : i);
  if (design != Design::kOverlapping) return videos;
  for (size_t i = 0; i < n; ++i) {
    const auto rest = static_cast<int64_t>(videos.size() - i);
    std::swap(videos[i], videos[i + static_cast<size_t>(random.below(rest))]);
  }
  videos.resize(n);
  return videos;
}

std::vector<TrainingValues> drawn(const Recipe& recipe, Design design, size_t trainings, size_t n,
                                  Random& random) {
  std::vector<double> of_videos;
  for (size_t v = 0; v < std::max<size_t>(trainings, 2) * n; ++v) of_videos.push_back(recipe.video(random));
  std::vector<TrainingValues> all;
  for (size_t r = 0; r < trainings; ++r) {
    const double own = recipe.training(random);
    TrainingValues& values = all.emplace_back();
    for (const size_t v : videos_of(design, r, n, random))
      values.emplace_back(v, recipe.value(random, own, of_videos[v]));
  }
  return all;
}

struct Coverage {
  double held = 0, below = 0, above = 0, width = 0;
};

Coverage coverage(const Recipe& recipe, Design design, size_t trainings, size_t n) {
  constexpr int kDataSets = 2000;
  Random random(1000 * trainings + n);
  Coverage found;
  for (int i = 0; i < kDataSets; ++i) {
    const auto values = drawn(recipe, design, trainings, n, random);
    const TrainingsEstimate e = over_trainings(values, recipe.guard);
    found.below += recipe.truth < e.low;
    found.above += recipe.truth > e.high;
    found.width += e.high - e.low;
  }
  for (double* sum : {&found.below, &found.above, &found.width}) *sum /= kDataSets;
  found.held = 1 - found.below - found.above;
  return found;
}

std::string_view name(Design design) {
  if (design == Design::kShared) return "the same videos";
  return design == Design::kOwn ? "videos of their own" : "overlapping videos";
}

/// 0.95 is known to ±0.01 from 2,000 data sets.
void expect_coverage(const Recipe& recipe, double least, double most) {
  for (const Design design : {Design::kShared, Design::kOwn, Design::kOverlapping}) {
    for (const size_t trainings : {3, 6}) {
      for (const size_t n : {50, 200}) {
        const Coverage c = coverage(recipe, design, trainings, n);
        const std::string what =
            fmt::format("{}, {} trainings, {} {}: {:.3f} (truth below {:.3f}, above {:.3f}), width {:.3f}",
                        recipe.name, trainings, n, name(design), c.held, c.below, c.above, c.width);
        fmt::print("{}\n", what);
        EXPECT_GE(c.held, least) << what;
        EXPECT_LE(c.held, most) << what;
      }
    }
  }
}

TEST(TrainingsCoverage, OfAnExcessWhoseTrainingsDiffer) {
  expect_coverage(excess(0.05), 0.94, 0.98);
}

TEST(TrainingsCoverage, OfAnExcessWhoseTrainingsAreEqual) {
  expect_coverage(excess(0), 0.94, 0.995);
}

TEST(TrainingsCoverage, OfAnExcessWhoseTrainingsAreSkewed) {
  expect_coverage(skewed_excess(), 0.9, 0.985);
}

TEST(TrainingsCoverage, OfAnAccuracy) {
  for (const double p : {0.7, 0.9, 0.97}) expect_coverage(accuracy(p), 0.94, 1);
}

TEST(TrainingsCoverage, OfAGain) {
  expect_coverage(gain(), 0.94, 1);
}

/// Six trainings that differ, on the same videos, of which each seed draws others.
std::vector<Training> trainings_with(double gain, int64_t count, uint64_t seed) {
  const std::vector<double> null{0.15, 0.25, 0.35, 0.25};
  Random random(seed);
  std::vector<Training> trainings(6);
  TrainingVideos videos;
  for (size_t r = 0; r < trainings.size(); ++r) {
    Report& report = trainings[r].report;
    report.manifest.conditions = testing::intervals({1, 2, 4});
    report.options.null_profile = null;
    report.options.replicates = 100;
    const double own = random.uniform(-0.1, 0.1);
    const testing::Truth truth{null, 0.2, {0.7 + own, 0.7 + own + gain, 0.7 + own + gain}, 4};
    testing::Videos drawn = testing::draw(truth, count, 6 * seed + r);
    for (size_t v = 0; v < drawn.size(); ++v) drawn[v].video.sha256 = fmt::format("video {} of {}", v, seed);
    report.statistics = analyse(testing::source_of(drawn), report.manifest.conditions, report.options);
    videos.read(trainings[r], testing::source_of(drawn));
  }
  videos.deal(trainings);
  return trainings;
}

struct Advised {
  double chosen = 0, use = 0;  ///< shares of data sets
};

Advised advised(double gain, int64_t videos, uint64_t data_sets) {
  Advised found;
  for (uint64_t i = 0; i < data_sets; ++i) {
    const Summary s = summary_of(trainings_with(gain, videos, i));
    found.chosen += s.choice.chosen != 1;
    found.use += s.sentences.gain.starts_with("Use interval");
  }
  found.chosen /= static_cast<double>(data_sets);
  found.use /= static_cast<double>(data_sets);
  fmt::print("gain {}, {} videos: another interval chosen {:.3f}, advised {:.3f}\n", gain, videos,
             found.chosen, found.use);
  return found;
}

TEST(TrainingsAdvice, IsRarelyAFalseAlarm) {
  const Advised none = advised(0, 60, 200);
  EXPECT_LE(none.use, 0.02);
  EXPECT_GE(none.chosen, 0.1) << "the other half of the videos is what keeps these from becoming advice";
}

TEST(TrainingsAdvice, ComesWithPower) {
  EXPECT_GE(advised(0.15, 150, 50).use, 0.9);
}

/// The 2.5th and 97.5th percentiles of a bootstrap that draws trainings, then videos of each.
std::pair<double, double> percentiles(const std::vector<TrainingValues>& trainings, Random& random) {
  constexpr size_t kReplicates = 400;
  const auto pick = [&](size_t count) {
    return static_cast<size_t>(random.below(static_cast<int64_t>(count)));
  };
  std::vector<double> means;
  for (size_t replicate = 0; replicate < kReplicates; ++replicate) {
    double sum = 0;
    for (size_t i = 0; i < trainings.size(); ++i) {
      const TrainingValues& one = trainings[pick(trainings.size())];
      for (size_t v = 0; v < one.size(); ++v)
        sum += one[pick(one.size())].second / static_cast<double>(one.size());
    }
    means.push_back(sum / static_cast<double>(trainings.size()));
  }
  std::ranges::sort(means);
  return {means[kReplicates / 40], means[kReplicates - kReplicates / 40 - 1]};
}

/// Why it is done otherwise.
TEST(TrainingsCoverage, PercentilesOfABootstrapOfBothLevelsHoldTheTruthTooRarely) {
  constexpr int kDataSets = 400;
  for (const size_t trainings : {3, 6}) {
    Random random(trainings);
    double held = 0;
    for (int i = 0; i < kDataSets; ++i) {
      const auto values = drawn(excess(0.05), Design::kOwn, trainings, 100, random);
      const auto [low, high] = percentiles(values, random);
      held += low <= 1.15 && 1.15 <= high;
    }
    fmt::print("percentiles, {} trainings, 100 videos of their own: {:.3f}\n", trainings, held / kDataSets);
    EXPECT_LT(held / kDataSets, 0.925);
    EXPECT_GT(held / kDataSets, 0.6);
  }
}

}  // namespace
}  // namespace relevid::audit
