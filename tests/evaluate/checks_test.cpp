// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <numeric>

#include "evaluate/clip_evaluator.h"
#include "evaluate/linear_network.h"
#include "evaluate/similarity.h"

namespace relevid::evaluate {
namespace {

constexpr int64_t kFrames = 3, kHeight = 8, kWidth = 8;

/// No two voxels are equal.
Tensor clip_of(float offset = 0) {
  Tensor clip(Shape{1, 1, kFrames, kHeight, kWidth}, DType::kF32);
  for (size_t i = 0; i < clip.values<float>().size(); ++i)
    clip.values<float>()[i] = offset + static_cast<float>((i * 61) % 192);
  return clip;
}

std::vector<float> ramp_weights() {
  std::vector<float> weights(192);
  for (size_t i = 0; i < weights.size(); ++i) weights[i] = static_cast<float>(i % 7) - 3;
  return weights;
}

std::map<std::string, double> measures(const EvaluatedClip& result) {
  std::map<std::string, double> by_name;
  for (const MeasureRow& row : result.measures)
    by_name[row.method + " " + row.measure + (row.versus.empty() ? "" : " " + row.versus)] = row.value;
  return by_name;
}

TEST(Checks, AgreementIsBothWaysAndOppositesDisagree) {
  testing::LinearNetwork network({1});
  EvaluationPlan plan;
  plan.methods = {"perfect", "reversed", "nothing"};
  plan.checks = {Check::kAgreement};
  const Tensor clip = clip_of();
  auto found = measures(evaluate_clip({clip, "video"}, plan, {network, {}, nullptr}));
  EXPECT_DOUBLE_EQ(found["perfect agreement reversed"], -1);
  EXPECT_DOUBLE_EQ(found["reversed agreement perfect"], -1);
  EXPECT_TRUE(std::isnan(found["perfect agreement nothing"]));
  EXPECT_EQ(found.size(), 6U);
}

TEST(Checks, AreOfTheFirstClipAlone) {
  testing::LinearNetwork network({1});
  EvaluationPlan plan;
  plan.methods = {"perfect", "reversed"};
  plan.checks = all_checks();
  const Tensor clip = clip_of();
  EXPECT_TRUE(evaluate_clip({clip, "video", 1}, plan, {network, {}, nullptr}).measures.empty());
}

/// A map that moves with the picture is not changed by a shift; one that does not is.
TEST(Checks, AShiftIsUndoneBeforeMapsAreCompared) {
  EvaluationPlan plan;
  plan.methods = {"perfect"};
  plan.checks = {Check::kShift};
  const Tensor clip = clip_of();
  testing::LinearNetwork moving({1}), fixed(ramp_weights());
  EXPECT_DOUBLE_EQ(measures(evaluate_clip({clip, "video"}, plan, {moving, {}, nullptr}))["perfect shift"], 1);
  EXPECT_LT(measures(evaluate_clip({clip, "video"}, plan, {fixed, {}, nullptr}))["perfect shift"], 0.9);
}

TEST(Checks, TheRunnerUpsMapIsComparedWithTheTargets) {
  EvaluationPlan plan;
  plan.methods = {"same", "opposite", "nothing"};
  plan.checks = {Check::kClass};
  testing::LinearNetwork network(ramp_weights());
  const Tensor clip = clip_of();
  auto found = measures(evaluate_clip({clip, "video"}, plan, {network, {}, nullptr}));
  EXPECT_DOUBLE_EQ(found["same class"], 1);
  EXPECT_DOUBLE_EQ(found["opposite class"], -1);
  EXPECT_TRUE(std::isnan(found["nothing class"]));
  EXPECT_EQ(cost_of(plan, {16, 8, 8}, true).explanations, 6);
  EXPECT_EQ(cost_of(plan, {16, 8, 8}, false).explanations, 3);
}

TEST(Checks, AnOffsetComparesTheFramesThatBothHave) {
  EvaluationPlan plan;
  plan.methods = {"perfect"};
  testing::LinearNetwork network({1});
  const Tensor clip = clip_of();
  const EvaluatedClip result = evaluate_clip({clip, "video"}, plan, {network, {}, nullptr});
  Tensor later(clip.shape(), DType::kF32);
  const auto from = clip.values<float>();
  std::ranges::copy(from.subspan(64), later.values<float>().begin());
  const auto rows = compare_offset(later, 1, result.maps, plan, network);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].measure, "offset");
  EXPECT_DOUBLE_EQ(rows[0].value, 1);
  const Tensor same = clip_of();
  EXPECT_LT(compare_offset(same, 1, result.maps, plan, network)[0].value, 0.9);
}

/// A network that takes the constant off again, and explains by x: w x moves with it, w alone does not.
TEST(Checks, AConstantIsAddedForTheNetworkThatTakesItOff) {
  EvaluationPlan plan;
  plan.methods = {"perfect"};
  plan.checks = {Check::kInvariance};
  plan.input_shift = 1000;
  testing::LinearNetwork network(ramp_weights()), shifted(ramp_weights());
  const Tensor clip = clip_of(), moved = clip_of(1000);
  const EvaluatedClip result = evaluate_clip({clip, "video"}, plan, {network, {}, &shifted});
  shifted.take(moved);
  EXPECT_DOUBLE_EQ(measures(result)["perfect invariance"],
                   rank_correlation(result.maps[0], shifted.map(0, 1)));
  EXPECT_LT(measures(result)["perfect invariance"], 0.99);
}

TEST(Checks, RandomisedNetworksAreNamedByTheirLayers) {
  EvaluationPlan plan;
  plan.methods = {"perfect"};
  plan.checks = {Check::kRandomised};
  plan.randomised = {"1 of 2", "2 of 2"};
  testing::LinearNetwork network({1}), same({1}), other(ramp_weights());
  const Tensor clip = clip_of();
  const EvaluatedClip result = evaluate_clip({clip, "video"}, plan, {network, {&same, &other}, nullptr});
  auto found = measures(result);
  EXPECT_DOUBLE_EQ(found["perfect randomised_rank 1 of 2"], 1);
  EXPECT_NEAR(found["perfect randomised_ssim 1 of 2"], 1, 1e-9);
  other.take(clip);
  const auto map = other.map(0, 1);
  EXPECT_DOUBLE_EQ(found["perfect randomised_rank 2 of 2"], rank_correlation(result.maps[0], map));
  EXPECT_LT(found["perfect randomised_ssim 2 of 2"], 0.9);
}

TEST(Checks, AMaskGivesLocalisationOfMethodsAndBaselines) {
  EvaluationPlan plan;
  plan.methods = {"perfect", "nothing"};
  testing::LinearNetwork network({1});
  const Tensor clip = clip_of();
  std::vector<char> mask(192, 0);
  for (size_t i = 0; i < 48; ++i) mask[i] = 1;
  auto found = measures(evaluate_clip({clip, "video", 0, std::nullopt, mask}, plan, {network, {}, nullptr}));
  const auto values = clip.values<float>();
  const double inside = std::accumulate(values.begin(), values.begin() + 48, 0.0);
  EXPECT_NEAR(found["perfect share_inside"], inside / (192 * 191 / 2), 1e-9);
  EXPECT_DOUBLE_EQ(found["random area"], 0.25);
  EXPECT_NEAR(found["random share_inside"], 0.25, 0.1);
  EXPECT_TRUE(found.contains("centre_prior pointing"));
}

}  // namespace
}  // namespace relevid::evaluate
