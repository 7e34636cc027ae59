// SPDX-License-Identifier: Apache-2.0
// What is said before a map is read: of which class it is, and how much of the score.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "api/explained_video.h"
#include "evaluate/similarity.h"

namespace relevid {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using testing::ExplainedVideo;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

const std::vector<std::string> kNames = {"left", "right", "up"};

/// An explanation that starts with 1, of which `arrived` comes to the clip.
Explanation with_account(float arrived, double bias, double epsilon) {
  Explanation e;
  e.method = "epsilon_plus";
  e.relevance = Tensor::from(Shape{1, 1, 1, 1, 1}, std::vector<float>{arrived});
  LayerAccount last;
  last.incoming = 1;
  last.absorbed_by_bias = bias;
  last.absorbed_by_epsilon = epsilon;
  e.layers = {{last}};
  return e;
}

TEST(Warnings, SayHowLittleOfTheScoreArrives) {
  EXPECT_THAT(warnings_of(with_account(0.5F, 0.5, 0), kNames), IsEmpty());
  const auto warnings = warnings_of(with_account(0.25F, 0.7, 0.05), kNames);
  ASSERT_THAT(warnings, SizeIs(1));
  EXPECT_THAT(warnings[0],
              HasSubstr("Only 25 % of the score's relevance is in this map: 70.0 % stayed in biases, "
                        "5.0 % stayed in units that had no input to give it to."));
  Explanation flat = with_account(0.25F, 0.75, 0);
  flat.method = "null_profile";
  EXPECT_THAT(warnings_of(flat, kNames), IsEmpty());
  Explanation at_layer = with_account(0.25F, 0.05, 0);
  at_layer.around_layer = {0.7};
  EXPECT_THAT(warnings_of(at_layer, kNames),
              ElementsAre(HasSubstr(
                  "Only 25 % of the score's relevance is in this map: 5.0 % stayed in biases, 70.0 % "
                  "went around the layer.")));
  Explanation gradient = with_account(0.25F, 0, 0);
  gradient.layers = {{}};
  EXPECT_THAT(warnings_of(gradient, kNames), IsEmpty());
  EXPECT_FALSE(relevance_account(gradient));
}

TEST(Warnings, SayWhereRelevanceHasTheOtherSignThanTheScore) {
  EXPECT_THAT(
      warnings_of(with_account(-0.25F, 1.25, 0), kNames),
      ElementsAre(HasSubstr("The score starts 1, and relevance of -0.25 is in this map, of the other sign: "
                            "biases took 1.25.")));
}

TEST(Warnings, CountClipsOfOppositeScoresByTheirSize) {
  Explanation e = with_account(0, 0, 0);
  e.relevance = Tensor::from(Shape{2, 1, 1, 1, 1}, std::vector<float>{1.8F, -1.7F});
  LayerAccount first, second;
  first.incoming = 2;
  second.incoming = -1.9;
  e.layers = {{first}, {second}};
  EXPECT_THAT(warnings_of(e, kNames), IsEmpty());
  EXPECT_NEAR(relevance_account(e)->start, 0.1, 1e-9);
}

TEST(Warnings, SayWhereNoRelevanceIsLeft) {
  EXPECT_THAT(warnings_of(with_account(0, 1, 0), kNames), ElementsAre(HasSubstr("No relevance arrives")));
}

TEST(Warnings, SayWhereTheMapHardlyDependsOnTheClass) {
  Explanation e = with_account(1, 0, 0);
  e.target = 1;
  e.class_comparison = ClassComparison{2, 0.95};
  EXPECT_THAT(warnings_of(e, kNames), IsEmpty());
  e.class_comparison->correlation = 0.9987;
  EXPECT_THAT(warnings_of(e, kNames),
              ElementsAre(AllOf(
                  HasSubstr("with that of the runner-up, 'up', the first clip's has a correlation of 0.9987"),
                  HasSubstr("--against"))));
  e.contrast = 0;
  EXPECT_THAT(warnings_of(e, kNames), ElementsAre(Not(HasSubstr("--against"))));
}

TEST(RunnerUp, IsTheBestClassButTheTargetAndTheOneItIsSetAgainst) {
  const std::vector<double> p = {0.1, 0.6, 0.3};
  EXPECT_EQ(runner_up(p, 1), 2);
  EXPECT_EQ(runner_up(p, 2), 1);
  EXPECT_EQ(runner_up(p, 1, 2), 0);
  EXPECT_EQ(runner_up(std::vector<double>{1.0}, 0), -1);
}

TEST_F(ExplainedVideo, ComparesTheFirstClipsMapWithTheRunnerUps) {
  for (const std::string name : {"deep_taylor", "epsilon_alpha2_beta1", "gradient"}) {
    for (const Explanation& e : explain(video_, {name})) {
      ASSERT_TRUE(e.class_comparison) << name;
      const auto [other, correlation] = *e.class_comparison;
      EXPECT_NE(other, e.target);
      // By hand: the first clip explained for both classes.
      const Shape shape = model_->clip_shape(settings_);
      auto [low, high] = input_bounds(settings_.preprocessing, testing::kFrames);
      const InputRange range{std::move(low), std::move(high)};
      ClipExplainer explainer(*model_, shape, method(name), &range);
      Tensor clip(shape, DType::kF32);
      std::ranges::copy(e.clips->values<float>().first(clip.values<float>().size()),
                        clip.values<float>().begin());
      const auto logits = explainer.forward(clip);
      const auto map = [&](int64_t target) {
        const Tensor relevance = explainer.explain(target).relevance;
        const auto values = relevance.values<float>();
        std::vector<float> sum(values.size() / 3);
        for (size_t i = 0; i < values.size(); ++i) sum[i % sum.size()] += values[i];
        return sum;
      };
      const auto target = map(e.target), runner = map(other);
      const float sign = name != "deep_taylor"
                             ? 1.0F
                             : std::copysign(1.0F, logits.values<float>()[static_cast<size_t>(e.target)]) *
                                   std::copysign(1.0F, logits.values<float>()[static_cast<size_t>(other)]);
      EXPECT_NEAR(correlation,
                  static_cast<double>(sign) *
                      evaluate::correlation(std::span<const float>(target), std::span<const float>(runner)),
                  1e-4)
          << name << " of class " << e.target;
      const auto record = nlohmann::json::parse(to_json(e, *model_, options_));
      EXPECT_EQ(record["class_comparison"]["runner_up"]["index"], other);
      EXPECT_EQ(record["warnings"].size(), warnings_of(e, {}).size());
    }
  }
  // More than two passes, and a method that knows of no class.
  for (const Explanation& e : explain(video_, {"null_profile", "integrated_gradients"}))
    EXPECT_FALSE(e.class_comparison) << e.method;
}

TEST_F(ExplainedVideo, AutoIsAMethodByItsOwnName) {
  const auto automatic = explain(video_, {"auto"});
  const std::string name = resolved_method("auto", *model_, model_->clip_shape(settings_));
  EXPECT_NE(name, "auto");
  EXPECT_EQ(resolved_method("gradient", *model_, model_->clip_shape(settings_)), "gradient");
  EXPECT_EQ(MethodOptions{}.method, "auto");
  const auto named = explain(video_, {name});
  ASSERT_EQ(automatic.size(), named.size());
  for (size_t i = 0; i < named.size(); ++i) {
    EXPECT_EQ(automatic[i].method, name);
    EXPECT_TRUE(
        std::ranges::equal(automatic[i].relevance.values<float>(), named[i].relevance.values<float>()));
  }
}

}  // namespace
}  // namespace relevid
