// SPDX-License-Identifier: Apache-2.0
// Loss, optimisers and schedules, against their formulas worked out by hand or step by step in double.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "support/random.h"
#include "support/scratch.h"
#include "train/loss.h"
#include "train/optimiser.h"
#include "train/schedule.h"

namespace relevid::train {
namespace {

using testing::message_of;
using testing::Random;

Tensor row(const std::vector<double>& values) {
  return Tensor::from(Shape{1, static_cast<int64_t>(values.size())}, values);
}

TEST(CrossEntropy, IsTheLogarithmOfTheLabelsProbability) {
  const std::vector<int64_t> label = {1};
  const LossResult result = cross_entropy(row({0, std::log(3.0)}), label, 0);
  EXPECT_NEAR(result.loss, -std::log(0.75), 1e-12);
  EXPECT_EQ(result.right, 1);
  EXPECT_NEAR(result.gradient.as_doubles()[0], 0.25, 1e-7);
  EXPECT_NEAR(result.gradient.as_doubles()[1], -0.25, 1e-7);
}

TEST(CrossEntropy, SmoothingMovesMassToAllClasses) {
  const std::vector<int64_t> label = {0};
  // Targets 0.1 / 2 + 0.9 and 0.1 / 2; probabilities 0.25 and 0.75.
  const LossResult result = cross_entropy(row({0, std::log(3.0)}), label, 0.1);
  EXPECT_NEAR(result.loss, -0.95 * std::log(0.25) - 0.05 * std::log(0.75), 1e-12);
  EXPECT_EQ(result.right, 0);
}

TEST(CrossEntropy, GradientIsTheSlope) {
  Random random;
  const std::vector<int64_t> labels = {2, 0, 1};
  Tensor logits = random.uniform(Shape{3, 4}, -3, 3).cast(DType::kF64);
  const auto gradient = cross_entropy(logits, labels, 0.2).gradient.as_doubles();
  for (size_t i = 0; i < gradient.size(); ++i) {
    const double h = 1e-5, before = logits.values<double>()[i];
    const auto loss_at = [&](double value) {
      logits.values<double>()[i] = value;
      return cross_entropy(logits, labels, 0.2).loss;
    };
    EXPECT_NEAR(gradient[i], (loss_at(before + h) - loss_at(before - h)) / (2 * h), 1e-7);
    loss_at(before);
  }
}

TEST(CrossEntropy, LargeLogitsDoNotOverflowAndNanShows) {
  const std::vector<int64_t> label = {0};
  EXPECT_NEAR(cross_entropy(row({1000, -1000}), label, 0).loss, 0, 1e-12);
  EXPECT_NEAR(cross_entropy(row({-1000, 1000}), label, 0).loss, 2000, 1e-9);
  EXPECT_FALSE(std::isfinite(cross_entropy(row({std::nan(""), 0}), label, 0).loss));
  EXPECT_FALSE(
      std::isfinite(cross_entropy(row({std::numeric_limits<double>::infinity(), 0}), label, 0).loss));
}

TEST(CrossEntropy, RefusesWhatDoesNotFit) {
  const std::vector<int64_t> bad = {2}, none;
  message_of(ErrorKind::kInvalidArgument, [&] { cross_entropy(row({0, 1}), bad, 0); });
  message_of(ErrorKind::kInvalidArgument, [&] { cross_entropy(Tensor(Shape{0, 2}, DType::kF32), none, 0); });
  const std::vector<int64_t> good = {1};
  message_of(ErrorKind::kInvalidArgument, [&] { cross_entropy(row({0, 1}), good, 1); });
}

struct Problem {
  std::vector<Parameter> parameters = {
      {"w", Parameter::Kind::kWeight,
       std::make_shared<Tensor>(Tensor::from(Shape{2}, std::vector<float>{1, -2}))},
      {"b", Parameter::Kind::kBias, std::make_shared<Tensor>(Tensor::from(Shape{1}, std::vector<float>{3}))}};
  std::vector<Tensor> gradients(float a, float b, float c) const {
    std::vector<Tensor> result;
    result.push_back(Tensor::from(Shape{2}, std::vector<float>{a, b}));
    result.push_back(Tensor::from(Shape{1}, std::vector<float>{c}));
    return result;
  }
  double value(size_t i, size_t j) const { return parameters[i].value->as_doubles()[j]; }
};

/// The first weight (which decays) and the bias (which does not) through three updates.
template <class Update>
void expect_updates(const OptimiserOptions& options, Update update) {
  Problem problem;
  Optimiser optimiser(options, problem.parameters);
  double w = 1, b = 3;
  std::array<double, 2> state_w{}, state_b{};
  for (int t = 1; t <= 3; ++t) {
    const auto gw = static_cast<float>(0.5 * t), gb = static_cast<float>(-0.25 * t);
    auto gradients = problem.gradients(gw, 0, gb);
    optimiser.step(gradients, 0.1);
    update(w, static_cast<double>(gw), *options.weight_decay, state_w, t);
    update(b, static_cast<double>(gb), 0, state_b, t);
    EXPECT_NEAR(problem.value(0, 0), w, 1e-6) << t;
    EXPECT_NEAR(problem.value(1, 0), b, 1e-6) << t;
  }
}

TEST(Optimiser, SgdAsPytorchHasIt) {
  for (const Nesterov nesterov : {Nesterov::kOff, Nesterov::kOn}) {
    expect_updates({.kind = OptimiserKind::kSgd,
                    .momentum = 0.9,
                    .nesterov = nesterov,
                    .weight_decay = 0.1,
                    .clip_norm = 0},
                   [&](double& w, double g, double decay, std::array<double, 2>& v, int) {
                     g += decay * w;
                     v[0] = 0.9 * v[0] + g;
                     w -= 0.1 * (nesterov == Nesterov::kOn ? g + 0.9 * v[0] : v[0]);
                   });
  }
}

TEST(Optimiser, SgdWithoutMomentum) {
  expect_updates({.kind = OptimiserKind::kSgd, .momentum = 0, .weight_decay = 0, .clip_norm = 0},
                 [](double& w, double g, double, std::array<double, 2>&, int) { w -= 0.1 * g; });
}

TEST(Optimiser, AdamWAsPytorchHasIt) {
  expect_updates({.kind = OptimiserKind::kAdamW, .weight_decay = 0.1, .clip_norm = 0},
                 [](double& w, double g, double decay, std::array<double, 2>& s, int t) {
                   w *= 1 - 0.1 * decay;
                   s[0] = 0.9 * s[0] + 0.1 * g;
                   s[1] = 0.999 * s[1] + 0.001 * g * g;
                   const double m = s[0] / (1 - std::pow(0.9, t)), v = s[1] / (1 - std::pow(0.999, t));
                   w -= 0.1 * m / (std::sqrt(v) + 1e-8);
                 });
}

TEST(Optimiser, ClipsTheNormOfAllGradientsTogether) {
  Problem problem;
  Optimiser optimiser({.kind = OptimiserKind::kSgd, .momentum = 0, .weight_decay = 0, .clip_norm = 1},
                      problem.parameters);
  auto gradients = problem.gradients(3, 0, 4);
  EXPECT_DOUBLE_EQ(optimiser.step(gradients, 1), 5);
  EXPECT_NEAR(problem.value(0, 0), 1 - 0.6, 1e-6);
  EXPECT_NEAR(problem.value(1, 0), 3 - 0.8, 1e-6);
}

TEST(Optimiser, AGradientThatIsNotFiniteChangesNothing) {
  Problem problem;
  Optimiser optimiser({}, problem.parameters);
  auto gradients = problem.gradients(std::numeric_limits<float>::quiet_NaN(), 1, 1);
  EXPECT_FALSE(std::isfinite(optimiser.step(gradients, 1)));
  EXPECT_EQ(problem.value(1, 0), 3);
  EXPECT_EQ(optimiser.updates(), 0);
}

TEST(Schedule, WarmsUpThenFollowsTheCosine) {
  const ScheduleOptions options{.learning_rate = 2, .warmup_epochs = 1};
  EXPECT_DOUBLE_EQ(learning_rate(options, 0, 4, 3), 0.5);
  EXPECT_DOUBLE_EQ(learning_rate(options, 3, 4, 3), 2);
  EXPECT_DOUBLE_EQ(learning_rate(options, 4, 4, 3), 2);
  EXPECT_DOUBLE_EQ(learning_rate(options, 8, 4, 3), 1);
  EXPECT_NEAR(learning_rate(options, 11, 4, 3), 1 + std::cos(std::numbers::pi * 7 / 8), 1e-12);
}

TEST(Schedule, Steps) {
  const ScheduleOptions options{.schedule = Schedule::kStep,
                                .learning_rate = 1,
                                .warmup_epochs = 0,
                                .step_epochs = 2,
                                .step_factor = 0.1};
  EXPECT_DOUBLE_EQ(learning_rate(options, 7, 4, 6), 1);
  EXPECT_DOUBLE_EQ(learning_rate(options, 8, 4, 6), 0.1);
  EXPECT_NEAR(learning_rate(options, 23, 4, 6), 0.01, 1e-15);
}

}  // namespace
}  // namespace relevid::train
