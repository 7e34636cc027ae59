// SPDX-License-Identifier: Apache-2.0
// What is promised of the statistics, measured on data whose truth is known. Seeds are fixed: the figures are
// the same in every run. docs/dev/audit-statistics.md quotes them.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <functional>
#include <string>

#include "false_alarms.h"
#include "made_up.h"
#include "statistics/bootstrap.h"
#include "statistics/moments.h"

namespace relevid::audit {

using statistics::Bootstrap;
using statistics::Combination;
using statistics::Estimate;
using statistics::Guard;
using statistics::Moments;

namespace {

using testing::Claims;
using testing::claims_about;

/// One value of a video, or two for a ratio.
struct Distribution {
  std::string name;
  std::function<std::array<double, 2>(Random&)> draw;
  double truth;
  Guard guard = Guard::kNone;
  enum { kMean, kRatio } statistic = kMean;
};

constexpr size_t kDataSets = 2000;

struct Coverage {
  double bootstrap = 0, student = 0;
  double missed_below = 0, missed_above = 0;  ///< truth below, above the bootstrap's interval
};

/// A column is a data set. They share their bootstrap weights, but not their values, so whether one interval
/// holds the truth says nothing about another; eight groups of them have different weights.
Coverage coverage(const Distribution& distribution, int64_t videos) {
  constexpr size_t kGroups = 8, kColumns = kDataSets / kGroups;
  const bool is_ratio = distribution.statistic == Distribution::kRatio;
  const size_t width = is_ratio ? 2 : 1;
  Coverage found;
  Random random(static_cast<uint64_t>(videos));
  for (size_t group = 0; group < kGroups; ++group) {
    Bootstrap bootstrap(group, 1000);
    const auto panel = bootstrap.add_panel(width * kColumns);
    std::vector<Moments> moments(kColumns, Moments(1));
    for (int64_t i = 0; i < videos; ++i) {
      std::vector<double> row;
      for (size_t column = 0; column < kColumns; ++column) {
        const auto [first, second] = distribution.draw(random);
        row.push_back(first);
        if (is_ratio) row.push_back(second);
        moments[column].add({&first, 1});
      }
      bootstrap.next_video(fmt::format("video {}", i));
      bootstrap.add(panel, row);
    }
    for (size_t column = 0; column < kColumns; ++column) {
      const Combination numerator{{width * column, 1}}, denominator{{width * column + 1, 1}};
      const Estimate e = is_ratio ? bootstrap.ratio(panel, numerator, denominator)
                                  : bootstrap.mean(panel, numerator, distribution.guard);
      const Estimate s = moments[column].mean({{0, 1}}, distribution.guard);
      found.missed_below += distribution.truth < e.low;
      found.missed_above += distribution.truth > e.high;
      found.student += s.low <= distribution.truth && distribution.truth <= s.high;
    }
  }
  for (double* count : {&found.missed_below, &found.missed_above, &found.student}) *count /= kDataSets;
  found.bootstrap = 1 - found.missed_below - found.missed_above;
  return found;
}

/// Measured share of intervals that hold the truth, nominally 0.95. With 2,000 data sets a share of 0.95 is
/// known to ±0.01.
void expect_coverage(const Distribution& distribution, std::array<double, 3> least,
                     std::array<double, 3> most) {
  const std::array<int64_t, 3> sizes{20, 50, 200};
  for (size_t i = 0; i < 3; ++i) {
    const Coverage c = coverage(distribution, sizes[i]);
    const std::string what = fmt::format(
        "{}, {} videos: bootstrap {:.3f} (truth below {:.3f}, above {:.3f}){}", distribution.name, sizes[i],
        c.bootstrap, c.missed_below, c.missed_above,
        distribution.statistic == Distribution::kMean ? fmt::format(", Student {:.3f}", c.student) : "");
    ::testing::Test::RecordProperty(fmt::format("{} {}", distribution.name, sizes[i]), what);
    fmt::print("{}\n", what);
    EXPECT_GE(c.bootstrap, least[i]) << what;
    EXPECT_LE(c.bootstrap, most[i]) << what;
  }
}

std::array<double, 2> alone(double value) {
  return {value, 0};
}

TEST(Coverage, OfANormalMean) {
  const auto draw = [](Random& r) { return alone(0.1 * r.normal()); };
  expect_coverage({"normal", draw, 0}, {0.935, 0.94, 0.94}, {0.96, 0.96, 0.96});
}

TEST(Coverage, OfASkewedBorderShare) {
  const auto draw = [](Random& r) { return alone(0.25 * (1 + testing::skewed(r, 0.4))); };
  expect_coverage({"skewed share", draw, 0.25}, {0.94, 0.94, 0.94}, {0.98, 0.965, 0.965});
}

TEST(Coverage, OfAShareWithALongTail) {
  const auto draw = [](Random& r) { return alone(0.05 * std::exp(0.5 * r.normal())); };
  expect_coverage({"log-normal", draw, 0.05 * std::exp(0.125)}, {0.92, 0.935, 0.94}, {0.95, 0.96, 0.96});
}

TEST(Coverage, OfARatioOfPairedShares) {
  const auto draw = [](Random& r) {
    const double common = 0.2 * (1 + testing::skewed(r, 0.3));
    return std::array{1.3 * common * (1 + testing::skewed(r, 0.2)), common};
  };
  expect_coverage({"paired ratio", draw, 1.3, Guard::kNone, Distribution::kRatio}, {0.94, 0.94, 0.94},
                  {0.98, 0.965, 0.965});
}

TEST(Coverage, OfAnAccuracy) {
  for (const double p : {0.5, 0.8, 0.95}) {
    const auto draw = [p](Random& r) { return alone(r.unit() < p ? 1 : 0); };
    expect_coverage({fmt::format("accuracy {}", p), draw, p, Guard::kProportion}, {0.95, 0.945, 0.945},
                    {0.995, 0.99, 0.97});
  }
}

TEST(Coverage, OfAClipAccuracy) {
  // Four clips of a video are right together more often than apart.
  const auto draw = [](Random& r) {
    const double p = r.unit() < 0.7 ? 0.95 : 0.3;
    double right = 0;
    for (int clip = 0; clip < 4; ++clip) right += r.unit() < p ? 0.25 : 0;
    return alone(right);
  };
  expect_coverage({"clip accuracy", draw, 0.7 * 0.95 + 0.3 * 0.3, Guard::kProportion}, {0.95, 0.95, 0.945},
                  {0.985, 0.97, 0.965});
}

TEST(Coverage, OfAGain) {
  const auto draw = [](Random& r) {
    const double u = r.unit();
    return alone(u < 0.15 ? 1 : u < 0.2 ? -1 : 0);
  };
  expect_coverage({"gain", draw, 0.1, Guard::kDifference}, {0.95, 0.95, 0.945}, {0.995, 0.975, 0.965});
}

void report(const char* what, const Claims& claims) {
  fmt::print("{}: present {}, absent {}, change {}, chosen {} of {}\n", what, claims.present, claims.absent,
             claims.change, claims.chosen, claims.data_sets);
}

TEST(FalseAlarms, WithoutAnEffectAreRare) {
  const Claims claims = claims_about(1, 0, 40, 1000, 500);
  report("no effect, 40 videos", claims);
  EXPECT_LE(claims.share(claims.present), 0.005);
  EXPECT_LE(claims.share(claims.change), 0.02);
}

TEST(FalseAlarms, AtTheLimitAreThoseOfOneSide) {
  // The excess is just the smallest of interest: "present" and "absent" each claim too much.
  const Claims claims = claims_about(1.05, 0, 40, 500, 500);
  report("excess at the limit, 40 videos", claims);
  EXPECT_LE(claims.share(claims.present), 0.04);
  EXPECT_LE(claims.share(claims.absent), 0.04);
  EXPECT_GE(claims.share(claims.present), 0.005);
}

TEST(FalseAlarms, OfTheRecommendationStayRareWithManyVideos) {
  const Claims claims = claims_about(1, 0, 200, 200, 500);
  report("no effect, 200 videos", claims);
  EXPECT_LE(claims.share(claims.change), 0.025);
  EXPECT_GE(claims.share(claims.chosen), 0.1);
}

TEST(TrueAlarms, ComeWithPower) {
  const Claims claims = claims_about(1.3, 0.2, 200, 100, 500);
  report("excess 1.3, gain 0.2, 200 videos", claims);
  EXPECT_GE(claims.share(claims.present), 0.99);
  EXPECT_GE(claims.share(claims.change), 0.7);
}

}  // namespace
}  // namespace relevid::audit
