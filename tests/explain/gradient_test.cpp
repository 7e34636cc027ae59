// SPDX-License-Identifier: Apache-2.0
// Gradients against finite differences in double, and the methods that are made of them.
#include "network/gradient.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "explain/explainer.h"
#include "explain/small_networks.h"
#include "relevid/error.h"
#include "support/devices.h"
#include "support/sanitized.h"
#include "support/scratch.h"

namespace relevid {
namespace {

using testing::GraphBuilder;
using testing::Random;
using testing::small_networks;
using Vector = std::vector<double>;

const std::vector<int64_t> kTargets = {1, 3};

/// Σ of the targets' logits.
double score(Network& network, const Tensor& clip) {
  const kernels::Buffer x = network.library().upload(clip);
  const auto logits = network.output(network.forward(std::span(&x, 1), Keep::kNothing)).as_doubles();
  return logits[1] + logits[logits.size() / 2 + 3];
}

Vector explained(Network& network, const ExplainerOptions& options, const Tensor& clip) {
  Explainer explainer(network, options);
  explainer.forward(clip);
  return explainer.explain(kTargets).relevance.front().as_doubles();
}

ExplainerOptions method(const std::string& name) {
  ExplainerOptions options;
  options.method = name;
  return options;
}

TEST(Gradient, IsTheSlopeOfTheScore) {
  const auto library = testing::reference_library();
  for (const auto& [name, graph] : small_networks()) {
    Network network(graph, *library, Purpose::kExplanation);
    Random random(31);
    const Tensor clip = random.uniform(testing::kSmallClip, -1, 1).cast(DType::kF64);
    const Vector g = explained(network, method("gradient"), clip);
    int kinks = 0, checked = 0;
    for (int probe = 0; probe < testing::fewer_if_sanitized(60, 12); ++probe) {
      const auto at = static_cast<size_t>(random.uniform_index(clip.elements()));
      const auto moved = [&](double by) {
        Tensor other = clip.clone();
        other.values<double>()[at] += by;
        return score(network, other);
      };
      const double h = 1e-6, centre = moved(0);
      const double left = (centre - moved(-h)) / h, right = (moved(h) - centre) / h;
      if (std::abs(left - right) > 1e-5 * (1 + std::abs(left))) {
        ++kinks;  // a ReLU or a maximum turns within h
        continue;
      }
      ++checked;
      EXPECT_NEAR(g[at], (left + right) / 2, 1e-5 * (1 + std::abs(left))) << name << " at " << at;
    }
    EXPECT_GT(checked, 10 * kinks) << name;
  }
}

TEST(Gradient, LibrariesAgree) {
  const auto reference = testing::reference_library(), onednn = testing::library_under_test(2);
  const Tensor clip = Random(32).uniform(testing::kSmallClip, -1, 1);
  for (const auto& [name, graph] : small_networks()) {
    Network exact(graph, *reference, Purpose::kExplanation), fast(graph, *onednn, Purpose::kExplanation);
    for (const char* kind : {"gradient", "input_x_gradient", "guided_backprop", "deconvnet"}) {
      const Vector want = explained(exact, method(kind), clip), have = explained(fast, method(kind), clip);
      double largest = 1e-9, difference = 0;
      for (size_t i = 0; i < want.size(); ++i) {
        largest = std::max(largest, std::abs(want[i]));
        difference = std::max(difference, std::abs(want[i] - have[i]));
      }
      EXPECT_LE(difference, 1e-4 * largest) << name << ", " << kind;
    }
  }
}

/// y = relu(x) w: what passes the ReLU is plain to see.
graph::Graph one_relu() {
  GraphBuilder b;
  const int y = b.relu(b.input({1, 4}));
  return b.finish(b.node(
      graph::Dense{testing::shared(Tensor::from(Shape{1, 4}, std::vector<float>{2, 3, -4, -5})), nullptr},
      {y}, {1, 1}));
}

TEST(Gradient, GuidedAndDeconvnetByTheirDefinitions) {
  const Tensor clip = Tensor::from(Shape{1, 4}, std::vector<float>{1, -1, 1, -1});
  for (const bool fast : {false, true}) {
    const auto library = fast ? testing::library_under_test(1) : testing::reference_library();
    Network network(one_relu(), *library, Purpose::kExplanation);
    const auto of = [&](const char* kind) {
      Explainer explainer(network, method(kind));
      explainer.forward(clip);
      return explainer.explain(std::vector<int64_t>{0}).relevance.front().as_doubles();
    };
    EXPECT_EQ(of("gradient"), (Vector{2, 0, -4, 0}));
    EXPECT_EQ(of("guided_backprop"), (Vector{2, 0, 0, 0}));
    EXPECT_EQ(of("deconvnet"), (Vector{2, 3, 0, 0}));
    EXPECT_EQ(of("input_x_gradient"), (Vector{2, 0, -4, 0}));
  }
}

TEST(IntegratedGradients, SumToTheDifferenceOfTheScores) {
  const auto library = testing::reference_library();
  const Tensor clip = Random(33).uniform(testing::kSmallClip, -1, 1);
  for (const auto& [name, graph] : small_networks()) {
    if (name == "depthwise" || name == "other activations") continue;  // slow here, and of no other kind
    Network network(graph, *library, Purpose::kExplanation);
    ExplainerOptions options = method("integrated_gradients");
    options.integration_steps = 40;
    options.integration_baseline = PathBaseline::kMean;
    const auto values = clip.values<float>();
    const auto plane = static_cast<size_t>(testing::kSmallClip.elements() / testing::kSmallClip[0] / 3);
    Tensor whole(testing::kSmallClip, DType::kF32);
    for (size_t i = 0; i < values.size(); ++i) {
      const auto channel = values.subspan(i / plane * plane, plane);
      whole.values<float>()[i] =
          std::accumulate(channel.begin(), channel.end(), 0.0F) / static_cast<float>(plane);
    }
    double sum = 0, size = 0;
    for (const double v : explained(network, options, clip)) {
      sum += v;
      size += std::abs(v);
    }
    EXPECT_NEAR(sum, score(network, clip) - score(network, whole), 0.02 * size + 1e-6) << name;
  }
}

TEST(SmoothGrad, IsRepeatableBySeed) {
  const auto library = testing::library_under_test(2);
  const Tensor clip = Random(34).uniform(testing::kSmallClip, -1, 1);
  Network network(small_networks()[0].graph, *library, Purpose::kExplanation);
  ExplainerOptions options = method("smoothgrad");
  options.noise_samples = 3;
  const Vector first = explained(network, options, clip);
  EXPECT_EQ(first, explained(network, options, clip));
  options.seed = 2;
  EXPECT_NE(first, explained(network, options, clip));
  options.noise_level = 0;
  options.noise_samples = 1;
  EXPECT_EQ(explained(network, method("gradient"), clip), explained(network, options, clip)) << "no noise";
  EXPECT_NO_THROW(explained(network, method("smoothgrad"), Tensor(testing::kSmallClip, DType::kF32)))
      << "a clip of one value has no range for the noise";
}

TEST(Explainer, ClipsWithNanAreRefusedWithTheirPosition) {
  const auto library = testing::library_under_test(1);
  Network network(small_networks()[0].graph, *library, Purpose::kExplanation);
  Explainer explainer(network, method("gradient"));
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    Tensor clip(testing::kSmallClip, DType::kF32);
    clip.values<float>()[432 + 2 * 144 + 36 + 7] = bad;
    const std::string message =
        testing::message_of(ErrorKind::kCorruptInput, [&] { explainer.forward(clip); });
    EXPECT_NE(message.find("[1, 2, 1, 1, 1]"), std::string::npos) << message;
  }
}

TEST(Explainer, RefusesWhatMakesNoSense) {
  const auto library = testing::reference_library();
  Network network(small_networks()[0].graph, *library, Purpose::kExplanation);
  const std::string message =
      testing::message_of(ErrorKind::kInvalidArgument, [&] { Explainer(network, method("deep_tailor")); });
  EXPECT_NE(message.find("did you mean 'deep_taylor'"), std::string::npos) << message;
  ExplainerOptions options = method("smoothgrad");
  options.noise_samples = 0;
  testing::message_of(ErrorKind::kInvalidArgument, [&] { Explainer(network, options); });
  Explainer explainer(network, method("gradient"));
  explainer.forward(Random(35).uniform(testing::kSmallClip, 0, 1));
  testing::message_of(ErrorKind::kInvalidArgument, [&] { explainer.explain(std::vector<int64_t>{0}); });
  testing::message_of(ErrorKind::kInvalidArgument, [&] { explainer.explain(std::vector<int64_t>{0, 4}); });
  testing::message_of(ErrorKind::kInvalidArgument, [&] { explainer.explain(std::vector<int64_t>{-1, 0}); });
}

}  // namespace
}  // namespace relevid
