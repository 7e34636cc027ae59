// SPDX-License-Identifier: Apache-2.0
// Relevance that stops at a layer, and its split into what is still and what moves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "explain/explainer.h"
#include "explain/motion.h"
#include "explain/small_networks.h"
#include "relevid/error.h"
#include "support/devices.h"
#include "support/scratch.h"

namespace relevid {
namespace {

using testing::GraphBuilder;
using testing::Random;
using Vector = std::vector<double>;

ExplainerOptions method(const std::string& name) {
  ExplainerOptions options;
  options.method = name;
  return options;
}

double sum_of_item(const Vector& values, size_t item, size_t items) {
  const auto size = static_cast<std::ptrdiff_t>(values.size() / items);
  const auto begin = values.begin() + static_cast<std::ptrdiff_t>(item) * size;
  return std::accumulate(begin, begin + size, 0.0);
}

/// Whatever layer relevance stops at: what started is there, went around it, or was absorbed on the way.
TEST(LayerRelevance, IsConservedAtEveryLayer) {
  const auto library = testing::reference_library();
  const Tensor clip = Random(61).uniform(testing::kSmallClip, 0, 1);
  int around = 0;
  for (const auto& [name, graph] : testing::small_networks()) {
    Network network(graph, *library, Purpose::kExplanation);
    for (const graph::Node& node : graph.nodes) {
      if (node.output == graph.output) continue;
      ExplainerOptions options = method("epsilon_plus");
      options.layer = node.name;
      Explainer explainer(network, options);
      explainer.forward(clip);
      const Attribution found = explainer.explain(std::vector<int64_t>{1, 3});
      const Vector at_layer = found.at_layer.as_doubles(), spread = found.relevance[0].as_doubles();
      for (size_t item = 0; item < 2; ++item) {
        double absorbed = 0, size = 0;
        for (const LayerFlow& flow : found.flows) {
          for (const auto* part : {&flow.absorbed_by_bias, &flow.absorbed_by_epsilon, &flow.dropped}) {
            absorbed += part->empty() ? 0 : (*part)[item];
            size += part->empty() ? 0 : std::abs((*part)[item]);
          }
        }
        for (const double v : at_layer) size += std::abs(v);
        const double there = sum_of_item(at_layer, item, 2), start = found.flows.front().incoming[item];
        EXPECT_NEAR(there + found.around_layer[item] + absorbed, start, 1e-9 * (1 + size))
            << name << " at " << node.name;
        EXPECT_NEAR(sum_of_item(spread, item, 2), there, 1e-9 * (1 + size)) << name << " at " << node.name;
        if (std::abs(found.around_layer[item]) > 1e-3) ++around;
      }
    }
  }
  EXPECT_GT(around, 0) << "some layers have a way around them";
}

TEST(LayerRelevance, LiesWhereTheLayerHasIt) {
  const auto library = testing::reference_library();
  Random random(62);
  GraphBuilder b;
  const int pooled = b.average_pool(b.input({1, 2, 4, 4, 4}));
  Network network(b.finish(b.dense(b.flatten(pooled), 3, random)), *library, Purpose::kExplanation);
  ExplainerOptions options = method("epsilon_plus");
  options.layer = "AveragePool0";
  Explainer explainer(network, options);
  explainer.forward(random.uniform(Shape{1, 2, 4, 4, 4}, 0, 1));
  const Attribution found = explainer.explain(std::vector<int64_t>{1});
  ASSERT_EQ(found.at_layer.shape(), (Shape{1, 2, 2, 2, 2}));
  EXPECT_EQ(explainer.resolution().values, (std::array<int64_t, 3>{2, 2, 2}));
  const Vector coarse = found.at_layer.as_doubles(), fine = found.relevance[0].as_doubles();
  for (size_t i = 0; i < 128; ++i) {
    const size_t t = i % 64 / 16 / 2, h = i % 16 / 4 / 2, w = i % 4 / 2, cell = t * 4 + h * 2 + w;
    EXPECT_NEAR(fine[i], (coarse[cell] + coarse[8 + cell]) / 16, 1e-9);  // 8 positions, 2 channels
  }
}

const Shape kClip{1, 3, 4, 6, 6};

graph::Graph moving_network() {
  Random random(63);
  GraphBuilder b;
  const int y = b.relu(b.convolution(b.input(kClip), 6, random, {.bias = 0}));
  return b.finish(b.dense(b.flatten(b.mean(y)), 3, random, 0));
}

Vector relevance_of(const std::string& name, const Tensor& clip, double sigmas = 1) {
  const auto library = testing::reference_library();
  Network network(moving_network(), *library, Purpose::kExplanation);
  ExplainerOptions options = method(name);
  options.relevance = "epsilon_plus";
  options.selective_sigmas = sigmas;
  Explainer explainer(network, options);
  explainer.forward(clip);
  return explainer.explain(std::vector<int64_t>{1}).relevance.front().as_doubles();
}

TEST(MotionRelevance, SpaceAndTimeAddUpAndAStillClipHasNoMotion) {
  const Tensor clip = Random(64).uniform(kClip, 0, 1);
  const Vector whole = relevance_of("epsilon_plus", clip), still = relevance_of("spatial_relevance", clip),
               moving = relevance_of("temporal_relevance", clip);
  double motion = 0;
  for (size_t i = 0; i < whole.size(); ++i) {
    ASSERT_NEAR(still[i] + moving[i], whole[i], 1e-9);
    motion += std::abs(moving[i]);
  }
  EXPECT_GT(motion, 0.01);

  Tensor frozen = clip.clone();
  const auto values = frozen.values<float>();
  for (size_t i = 0; i < values.size(); ++i) values[i] = values[i / 144 * 144 + 36 + i % 36];
  for (const double v : relevance_of("temporal_relevance", frozen)) ASSERT_NEAR(v, 0, 1e-12);
}

/// What each frame gets of space is its relevance where the clip is that frame throughout.
TEST(MotionRelevance, SpaceIsTheFrozenClips) {
  const Tensor clip = Random(65).uniform(kClip, 0, 1);
  const Vector still = relevance_of("spatial_relevance", clip);
  for (size_t t = 0; t < 4; ++t) {
    Tensor frozen = clip.clone();
    const auto values = frozen.values<float>();
    for (size_t i = 0; i < values.size(); ++i)
      values[i] = clip.values<float>()[i / 144 * 144 + t * 36 + i % 36];
    const Vector want = relevance_of("epsilon_plus", frozen);
    for (size_t i = 0; i < want.size(); ++i) {
      if (i % 144 / 36 == t) {
        ASSERT_NEAR(still[i], want[i], 1e-12);
      }
    }
  }
}

TEST(SelectiveRelevance, ChangeOverTimeIsSobels) {
  Volume ramp({3, 3, 3});
  for (int64_t t = 0; t < 3; ++t) {
    for (int64_t k = 0; k < 9; ++k) ramp.at(t, k / 3, k % 3) = static_cast<double>(10 * t + k);
  }
  const Volume change = change_over_time(ramp);
  EXPECT_DOUBLE_EQ(change.at(1, 1, 1), 20 * 16);  // weights 1 2 1 by 1 2 1 add up to 16
  EXPECT_DOUBLE_EQ(change.at(0, 1, 1), 10 * 16);  // no frame before: the first is held
  EXPECT_DOUBLE_EQ(change.at(2, 0, 2), 10 * 16);
  Volume point({3, 3, 3});
  point.at(2, 1, 1) = 1;
  EXPECT_DOUBLE_EQ(change_over_time(point).at(1, 1, 1), 4);
  EXPECT_DOUBLE_EQ(change_over_time(point).at(1, 0, 0), 1);
  EXPECT_DOUBLE_EQ(change_over_time(point).at(0, 1, 1), 0);
}

TEST(SelectiveRelevance, KeepsWhatChangesAndNothingElse) {
  Tensor clip(kClip, DType::kF32);  // grey, but for a point that appears in the last frame
  for (float& v : clip.values<float>()) v = 0.5F;
  for (size_t c = 0; c < 3; ++c) clip.values<float>()[c * 144 + 3 * 36 + 2 * 6 + 2] = 1;
  const Vector whole = relevance_of("epsilon_plus", clip),
               kept = relevance_of("selective_relevance", clip, 1),
               loose = relevance_of("selective_relevance", clip, 0.25);
  int some = 0, more = 0;
  for (size_t i = 0; i < whole.size(); ++i) {
    EXPECT_TRUE(kept[i] == 0 || kept[i] == whole[i]);
    some += kept[i] != 0;
    more += loose[i] != 0;
  }
  EXPECT_GT(some, 0);
  EXPECT_GT(more, some);
  EXPECT_LT(some, static_cast<int>(whole.size()) / 2);
}

TEST(MotionRelevance, TakesPresetsApart) {
  const auto library = testing::reference_library();
  Network network(moving_network(), *library, Purpose::kExplanation);
  ExplainerOptions options = method("temporal_relevance");
  options.relevance = "gradient";
  const std::string message =
      testing::message_of(ErrorKind::kInvalidArgument, [&] { Explainer(network, options); });
  EXPECT_THAT(message, ::testing::HasSubstr("--relevance gradient: it is one of deep_taylor"));
}

}  // namespace
}  // namespace relevid
