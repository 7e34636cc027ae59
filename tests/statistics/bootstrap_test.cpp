// SPDX-License-Identifier: Apache-2.0
#include "statistics/bootstrap.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "relevid/error.h"
#include "statistics/interval.h"
#include "statistics/moments.h"
#include "statistics/poisson_weights.h"

namespace relevid::statistics {
namespace {

using ::testing::ElementsAre;

std::string key(size_t i) {
  return fmt::format("v{}", i);
}

Estimate mean_of(const std::vector<double>& values, Guard guard = Guard::kNone, uint64_t seed = 1) {
  Bootstrap bootstrap(seed, 2000);
  const auto panel = bootstrap.add_panel(1);
  for (size_t i = 0; i < values.size(); ++i) {
    bootstrap.next_video(key(i));
    bootstrap.add(panel, std::vector<double>{values[i]});
  }
  return bootstrap.mean(panel, {{0, 1}}, guard);
}

std::vector<double> bits_of(const Estimate& e) {
  return {e.value, e.low, e.high, e.standard_error};
}

TEST(PoissonWeights, AreCountsOfMeanAndVarianceOne) {
  std::vector<double> weights(200000), counts(20);
  fill_poisson_weights(3, "some video", weights);
  for (const double weight : weights) ++counts[static_cast<size_t>(weight)];
  double expected = 200000 * std::exp(-1.0);
  for (size_t k = 0; k < 6; ++k) {
    EXPECT_NEAR(counts[k], expected, 4 * std::sqrt(expected)) << "count " << k;
    expected /= static_cast<double>(k + 1);
  }
}

TEST(PoissonWeights, DependOnSeedKeyAndReplicateAlone) {
  // Written down once: whoever changes the weights changes everybody's intervals.
  std::vector<double> weights(12), more(101), other(12), seeded(12);
  fill_poisson_weights(0, "video 1", weights);
  EXPECT_THAT(weights, ElementsAre(2, 2, 1, 0, 3, 1, 0, 0, 0, 2, 3, 0));
  fill_poisson_weights(0, "video 1", more);
  EXPECT_TRUE(std::equal(weights.begin(), weights.end(), more.begin()));
  fill_poisson_weights(0, "video 2", other);
  fill_poisson_weights(1, "video 1", seeded);
  EXPECT_NE(weights, other);
  EXPECT_NE(weights, seeded);
}

TEST(PoissonWeights, OfTwoVideosAreIndependent) {
  std::vector<double> a(100000), b(100000);
  fill_poisson_weights(5, "video 1", a);
  fill_poisson_weights(5, "video 2", b);
  double covariance = 0;
  for (size_t i = 0; i < a.size(); ++i) covariance += (a[i] - 1) * (b[i] - 1) / 100000;
  EXPECT_NEAR(covariance, 0, 4 / std::sqrt(100000.0));
}

TEST(Bootstrap, StandardErrorIsThatOfTheMean) {
  std::vector<double> values;
  Random random(4);
  for (int i = 0; i < 60; ++i) values.push_back(0.1 * random.normal());
  double mean = 0, squares = 0;
  for (const double value : values) mean += value / 60;
  for (const double value : values) squares += (value - mean) * (value - mean);
  const double expected = std::sqrt(squares / 59 / 60);
  const Estimate estimate = mean_of(values);
  EXPECT_NEAR(estimate.value, mean, 1e-10);
  // 2,000 replicates know it to 1.6 %.
  EXPECT_NEAR(estimate.standard_error / expected, 1, 0.06);
  EXPECT_NEAR((estimate.high - estimate.low) / (2 * 2.0010 * expected), 1, 0.08);  // Student's 0.975, 59
  EXPECT_TRUE(estimate.reliable());
}

TEST(Bootstrap, OrderOfVideosDoesNotChangeABit) {
  Random random(7);
  std::vector<std::pair<std::string, std::vector<double>>> videos;
  for (size_t i = 0; i < 100; ++i) videos.push_back({key(i), {random.unit(), random.unit(), random.unit()}});
  const auto run = [&] {
    Bootstrap bootstrap(1, 500);
    Moments moments(3);
    const auto panel = bootstrap.add_panel(3);
    for (const auto& [name, row] : videos) {
      bootstrap.next_video(name);
      bootstrap.add(panel, row);
      moments.add(row);
    }
    std::vector<double> bits = bits_of(bootstrap.mean(panel, {{0, 0.3}, {2, 0.7}}));
    for (const Estimate& e : {bootstrap.ratio(panel, {{0, 1}}, {{1, 1}}), moments.mean({{0, 0.3}, {2, 0.7}}),
                              bootstrap.mean(panel, {{1, 1}}, Guard::kProportion)}) {
      for (const double bit : bits_of(e)) bits.push_back(bit);
    }
    return bits;
  };
  const auto first = run();
  std::reverse(videos.begin(), videos.end());
  EXPECT_EQ(run(), first);
  std::rotate(videos.begin(), videos.begin() + 37, videos.end());
  EXPECT_EQ(run(), first);
}

TEST(Bootstrap, AVideoThatIsInAPanelTwiceIsRefused) {
  Bootstrap bootstrap(1, 200);
  const auto panel = bootstrap.add_panel(1);
  EXPECT_THROW(bootstrap.add(panel, std::vector<double>{0.5}), Error);
  bootstrap.next_video("a");
  bootstrap.add(panel, std::vector<double>{0.5});
  EXPECT_THROW(bootstrap.add(panel, std::vector<double>{0.5}), Error);
  EXPECT_THROW(bootstrap.add(panel, std::vector<double>{0.5, 0.5}), Error);
}

TEST(Bootstrap, RefusesWhatIsNoNumber) {
  Bootstrap bootstrap(1, 200);
  const auto panel = bootstrap.add_panel(1);
  bootstrap.next_video("a");
  EXPECT_THROW(bootstrap.add(panel, std::vector<double>{std::nan("")}), Error);
  Moments moments(1);
  EXPECT_THROW(moments.add(std::vector<double>{HUGE_VAL}), Error);
}

TEST(Bootstrap, NoVideoGivesNothingAndOneNoInterval) {
  const Estimate none = mean_of({});
  EXPECT_EQ(none.videos, 0);
  EXPECT_TRUE(std::isnan(none.value));
  EXPECT_FALSE(none.has_interval());
  const Estimate one = mean_of({0.25});
  EXPECT_EQ(one.value, 0.25);
  EXPECT_FALSE(one.has_interval());
  const Estimate two = mean_of({0.25, 0.5});
  EXPECT_EQ(two.value, 0.375);
  EXPECT_TRUE(two.has_interval());
  EXPECT_FALSE(two.reliable());
}

TEST(Bootstrap, EqualVideosHaveAnIntervalOfNoWidth) {
  const Estimate estimate = mean_of(std::vector<double>(20, 0.125));
  EXPECT_THAT(bits_of(estimate), ElementsAre(0.125, 0.125, 0.125, 0));
}

TEST(Bootstrap, TwentyRightOfTwentyMayBeLessElsewhere) {
  const Estimate bare = mean_of(std::vector<double>(20, 1));
  EXPECT_EQ(bare.low, 1);
  const Estimate guarded = mean_of(std::vector<double>(20, 1), Guard::kProportion);
  EXPECT_EQ(guarded.value, 1);
  EXPECT_EQ(guarded.high, 1);
  // Clopper and Pearson's exact lower limit is 0.832.
  EXPECT_NEAR(guarded.low, 0.832, 0.03);
  const Estimate wrong = mean_of(std::vector<double>(20, 0), Guard::kProportion);
  EXPECT_EQ(wrong.low, 0);
  EXPECT_NEAR(wrong.high, 0.168, 0.03);
  const Estimate same = mean_of(std::vector<double>(20, 0), Guard::kDifference);
  EXPECT_EQ(same.value, 0);
  EXPECT_LT(same.low, -0.05);
  EXPECT_GT(same.high, 0.05);
}

TEST(Bootstrap, CopiesOfAVideoAreDrawnTogether) {
  Bootstrap bootstrap(1, 1000);
  const auto once = bootstrap.add_panel(1), twice = bootstrap.add_panel(1);
  Random random(9);
  for (size_t i = 0; i < 40; ++i) {
    const std::vector<double> row{random.unit()};
    for (int copy = 0; copy < 2; ++copy) {
      bootstrap.next_video(key(i));
      bootstrap.add(twice, row);
      if (copy == 0) bootstrap.add(once, row);
    }
  }
  const Estimate a = bootstrap.mean(once, {{0, 1}}), b = bootstrap.mean(twice, {{0, 1}});
  EXPECT_DOUBLE_EQ(a.value, b.value);
  // Not √2 smaller: copies add nothing.
  EXPECT_NEAR(b.standard_error / a.standard_error, 1, 0.02);
}

TEST(Bootstrap, APairedRatioIsSurerThanItsParts) {
  Bootstrap bootstrap(1, 1000);
  const auto panel = bootstrap.add_panel(2);
  Random random(2);
  for (size_t i = 0; i < 50; ++i) {
    const double x = random.uniform(0.1, 0.5);
    bootstrap.next_video(key(i));
    bootstrap.add(panel, std::vector<double>{1.5 * x, x});
  }
  const Estimate ratio = bootstrap.ratio(panel, {{0, 1}}, {{1, 1}});
  EXPECT_NEAR(ratio.value, 1.5, 1e-8);
  EXPECT_NEAR(ratio.high - ratio.low, 0, 1e-8);
  EXPECT_TRUE(std::isnan(bootstrap.ratio(panel, {{0, 1}}, {}).value));
}

TEST(Interval, IsPlainPercentilesOfManySymmetricReplicates) {
  std::vector<double> replicates;
  for (int i = 1; i <= 3999; ++i) replicates.push_back(i / 4000.0);
  const Estimate estimate = interval_of(0.5, replicates, int64_t{1} << 40, Levels::kBca);
  EXPECT_NEAR(estimate.low, 0.025, 1e-8);
  EXPECT_NEAR(estimate.high, 0.975, 1e-8);
}

/// Of the gamma distribution of shape 4, by bisection.
double gamma_quantile(double p) {
  double low = 0, high = 100;
  for (int i = 0; i < 60; ++i) {
    const double x = (low + high) / 2;
    (1 - std::exp(-x) * (1 + x + x * x / 2 + x * x * x / 6) < p ? low : high) = x;
  }
  return low;
}

TEST(Interval, LeansTheWayTheReplicatesAreSkewed) {
  std::vector<double> replicates;
  for (int i = 0; i < 20000; ++i) replicates.push_back(gamma_quantile((i + 0.5) / 20000));
  const Estimate estimate = interval_of(4, replicates, int64_t{1} << 40, Levels::kBca);
  // Skewness 1, so a = 1/6; P(X < 4) = 0.56653, so z0 = 0.16755. The levels Φ(z0 + (z0 ± z) / (1 - a (z0 ±
  // z))) are 0.11266 and 0.99973.
  EXPECT_NEAR(estimate.low, gamma_quantile(0.11266), 0.005);
  EXPECT_NEAR(estimate.high, gamma_quantile(0.99973), 0.2);
  const Estimate plain = interval_of(4, replicates, int64_t{1} << 40, Levels::kPercentile);
  EXPECT_NEAR(plain.low, gamma_quantile(0.025), 0.002);
  EXPECT_NEAR(plain.high, gamma_quantile(0.975), 0.002);
}

TEST(Moments, AreStudentsInterval) {
  Moments moments(2);
  for (const double x : {0.1, 0.2, 0.4, 0.5}) moments.add(std::vector<double>{x, 2 * x});
  const Estimate estimate = moments.mean({{0, 1}});
  // Mean 0.3, s = √(0.1 / 3), t = 3.182446.
  const double half = 3.182446305 * std::sqrt(0.1 / 3 / 4);
  EXPECT_NEAR(estimate.value, 0.3, 1e-9);
  EXPECT_NEAR(estimate.low, 0.3 - half, 1e-8);
  EXPECT_NEAR(estimate.high, 0.3 + half, 1e-8);
  EXPECT_EQ(estimate.videos, 4);
  const Estimate combined = moments.mean({{1, 1}, {0, -2}});
  EXPECT_NEAR(combined.high, 0, 1e-4);  // the two cancel, but for the grid's 2^-32
  EXPECT_NEAR(combined.low, 0, 1e-4);
}

TEST(Moments, OfAccuraciesAreGuarded) {
  Moments moments(1);
  for (int i = 0; i < 10; ++i) moments.add(std::vector<double>{1});
  const Estimate estimate = moments.mean({{0, 1}}, Guard::kProportion);
  // 11 of 12: p = 0.916667, √(p (1-p) / 11) = 0.083333, t = 2.200985.
  EXPECT_EQ(estimate.value, 1);
  EXPECT_EQ(estimate.high, 1);
  EXPECT_NEAR(estimate.low, 0.916667 - 2.200985 * 0.083333, 1e-5);
}

}  // namespace
}  // namespace relevid::statistics
