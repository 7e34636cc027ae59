// SPDX-License-Identifier: Apache-2.0
#include "evaluate/flipping.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "evaluate/baselines.h"
#include "evaluate/linear_network.h"
#include "support/scratch.h"

namespace relevid::evaluate {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(FlipCounts, GoFromNoneToAll) {
  EXPECT_THAT(flip_counts(10, 5), ElementsAre(0, 2, 4, 6, 8, 10));
  EXPECT_THAT(flip_counts(3, 10), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(flip_counts(16, 10), ElementsAre(0, 2, 3, 5, 6, 8, 10, 11, 13, 14, 16));
}

TEST(Curves, ByHand) {
  const std::vector<double> most = {1, 0.4, 0.1, 0.1}, least = {1, 0.9, 0.8, 0.1};
  EXPECT_DOUBLE_EQ(area_under(most), 0.4);
  EXPECT_DOUBLE_EQ(aopc(most), 0.6);
  EXPECT_DOUBLE_EQ(abpc(least, most), 0.3);
}

/// Four frames of one pixel with values 4, 3, 2, 1 and weights one: with the mean 2.5 for what is flipped.
class LinearFlipping : public ::testing::Test {
 protected:
  EvaluatedClip evaluate(EvaluationPlan plan) {
    plan.steps = 4;
    return evaluate_clip({clip_, "video"}, plan, {network_, {}, nullptr});
  }
  std::map<std::string, CurveRow> curves(const EvaluatedClip& result) {
    std::map<std::string, CurveRow> by_name;
    for (const CurveRow& row : result.curves) by_name[row.method + " " + row.first] = row;
    return by_name;
  }

  Tensor clip_ = Tensor::from<float>(Shape{1, 1, 4, 1, 1}, {4, 1, 3, 2});
  testing::LinearNetwork network_{{1}};
};

TEST_F(LinearFlipping, TheOrderIsExactAndTheCurveIsTheSumOfWhatIsLeft) {
  EvaluationPlan plan;
  plan.methods = {"perfect", "reversed", "nothing"};
  plan.flippings = {{RegionKind::kFrames, Fill::kMean}};
  const EvaluatedClip result = evaluate(plan);
  EXPECT_EQ(result.target, 1);
  EXPECT_DOUBLE_EQ(result.score.logit, 10);
  auto found = curves(result);
  EXPECT_THAT(found["perfect most"].logits, ElementsAre(10, 8.5, 8, 8.5, 10));
  EXPECT_THAT(found["perfect least"].logits, ElementsAre(10, 11.5, 12, 11.5, 10));
  EXPECT_EQ(found["reversed most"].logits, found["perfect least"].logits);
  EXPECT_DOUBLE_EQ(aopc(found["perfect most"].logits), (0 + 1.5 + 2 + 1.5 + 0) / 5);
  EXPECT_DOUBLE_EQ(abpc(found["perfect least"].logits, found["perfect most"].logits), (3 + 4 + 3) / 5.0);
  EXPECT_DOUBLE_EQ(found["perfect most"].probabilities[1], 1 / (1 + std::exp(-8.5)));
}

TEST_F(LinearFlipping, TakesAsManyPassesAsItSaid) {
  EvaluationPlan plan;
  plan.methods = {"perfect", "reversed"};
  plan.flippings = {{RegionKind::kFrames, Fill::kMean}, {RegionKind::kCells, Fill::kBlur}};
  plan.steps = 4;
  evaluate(plan);
  const ClipCost cost = cost_of(plan, {4, 1, 1}, true);
  EXPECT_EQ(network_.passes(), cost.forward_passes);
  EXPECT_EQ(cost.forward_passes, 2 * (1 + 4 * 2 * 3));
  EXPECT_EQ(cost.explanations, 2);
}

TEST_F(LinearFlipping, ATargetThatIsGivenIsExplained) {
  EvaluationPlan plan;
  plan.methods = {"perfect"};
  plan.flippings = {{RegionKind::kFrames, Fill::kMean}};
  const EvaluatedClip result = evaluate_clip({clip_, "video", 0, 0}, plan, {network_, {}, nullptr});
  EXPECT_EQ(result.target, 0);
  EXPECT_DOUBLE_EQ(result.curves[0].probabilities[1], 0.5);
}

/// ABPC of a random order is 0 on average, and the perfect explanation's is the largest of all orders.
TEST(Baselines, ARandomOrderKnowsNothingAndTheExplanationEverything) {
  const Volume volume{4, 4, 4};
  std::vector<float> values(64);
  for (size_t i = 0; i < 64; ++i) values[i] = static_cast<float>((i * 37) % 64) / 64;
  const Tensor clip = Tensor::from<float>(Shape{1, 1, 4, 4, 4}, values);
  testing::LinearNetwork network({1});
  network.take(clip);
  const Regions regions = cell_regions(volume, {4, 4, 4});
  const Filling filling(clip, Fill::kMean, 1);
  const Classify classify = [&](int64_t count, const ClipWriter& write) {
    return network.classify(count, write, 1);
  };
  const auto abpc_of = [&](const std::vector<double>& scores) {
    std::vector<std::vector<int32_t>> orders = {most_first(scores, 1)};
    orders.emplace_back(orders[0].rbegin(), orders[0].rend());
    const CurveEnds ends{network.score(1), all_flipped(regions, filling, classify)};
    const auto found = flip(regions, filling, flip_counts(64, 16), orders, ends, classify);
    std::vector<double> most, least;
    for (size_t k = 0; k < found[0].size(); ++k) {
      most.push_back(found[0][k].logit);
      least.push_back(found[1][k].logit);
    }
    return abpc(least, most);
  };
  const double perfect = abpc_of({values.begin(), values.end()});
  double sum = 0, squares = 0;
  constexpr int kOrders = 400;
  for (uint64_t seed = 0; seed < kOrders; ++seed) {
    const double value = abpc_of(random_scores(64, seed));
    EXPECT_LT(value, perfect);
    sum += value;
    squares += value * value;
  }
  const double mean = sum / kOrders, error = std::sqrt((squares / kOrders - mean * mean) / kOrders);
  EXPECT_LT(std::abs(mean), 4 * error);
  EXPECT_GT(perfect, 20 * error);
}

TEST(Baselines, TheCentrePriorIsLargestInTheMiddleAndEvenOnBothSides) {
  const auto map = centre_prior({3, 3, 5});
  const size_t middle = (1 * 3 + 1) * 5 + 2;
  for (size_t i = 0; i < map.size(); ++i) {
    if (i != middle) {
      EXPECT_LT(map[i], map[middle]);
    }
    EXPECT_FLOAT_EQ(map[i], map[map.size() - 1 - i]);
  }
  EXPECT_FLOAT_EQ(map[middle + 1], std::exp(-0.5F / (1.25F * 1.25F)));
}

TEST(Plan, WordsThatAreNotKnownHaveTheNearest) {
  const auto message = [](const auto& act) { return testing::message_of(ErrorKind::kInvalidArgument, act); };
  EXPECT_THAT(message([] { parse_flipping("cels:blur"); }), HasSubstr("cells"));
  EXPECT_THAT(message([] { parse_flipping("cells:blurr"); }), HasSubstr("did you mean"));
  EXPECT_THAT(message([] { parse_flipping("cells"); }), HasSubstr("REGIONS:FILL"));
  EXPECT_THAT(message([] { parse_check("shfit"); }), HasSubstr("shift"));
  EXPECT_EQ(to_string(parse_flipping("superpixels:noise")), "superpixels:noise");
}

}  // namespace
}  // namespace relevid::evaluate
