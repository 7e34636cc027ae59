// SPDX-License-Identifier: Apache-2.0
// Attention by its rules written out, networks of two inputs, and what is said to be not exact.
#include "explain/attention.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "explain/exactness.h"
#include "explain/explainer.h"
#include "explain/small_networks.h"
#include "relevid/error.h"
#include "support/devices.h"
#include "support/scratch.h"

namespace relevid {
namespace {

using testing::GraphBuilder;
using testing::Random;
using Vector = std::vector<double>;

double sum_of(const Vector& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

/// softmax(x xᵀ) x of one clip [1, 3, 2], and its sum: queries, keys and values are the input.
graph::Graph attention() {
  GraphBuilder b;
  const int x = b.input({1, 3, 2});
  const int keys = b.node(graph::Transpose{{0, 2, 1}}, {x}, Shape{1, 2, 3});
  const int weights = b.like(graph::Softmax{2}, b.node(graph::MatMul{-1}, {x, keys}, Shape{1, 3, 3}));
  const int mixed = b.node(graph::MatMul{0}, {weights, x}, Shape{1, 3, 2});
  return b.finish(b.reshape(b.node(graph::Reduce{graph::Reduce::Kind::kSum, {1, 2}}, {mixed}, Shape{1, 1, 1}),
                            Shape{1, 1}));
}

Attribution explained(kernels::Library& library, const Tensor& clip, GateRule rule, double* logit) {
  Network network(attention(), library, Purpose::kExplanation);
  ExplainerOptions options;
  options.method = "epsilon_plus";
  options.gate = rule;
  Explainer explainer(network, options);
  explainer.forward(clip);
  *logit = explainer.logits().as_doubles()[0];
  return explainer.explain(std::vector<int64_t>{0});
}

TEST(Attention, ValuePathIsTheEpsilonRuleOfTheWeightedSumAndConserves) {
  const Tensor clip = Random(5).uniform(Shape{1, 3, 2}, 0.2, 1);
  const auto x = clip.as_doubles();
  Vector want(6, 0.0);
  for (size_t j = 0; j < 3; ++j) {
    Vector weight(3);
    for (size_t k = 0; k < 3; ++k) weight[k] = std::exp(x[2 * j] * x[2 * k] + x[2 * j + 1] * x[2 * k + 1]);
    for (size_t k = 0; k < 3; ++k)
      for (size_t p = 0; p < 2; ++p) want[2 * k + p] += weight[k] / sum_of(weight) * x[2 * k + p];
  }
  for (const bool fast : {false, true}) {
    const auto library = fast ? testing::library_under_test(1) : testing::reference_library();
    double logit = 0;
    const auto have = explained(*library, clip, GateRule::kSignal, &logit).relevance.front().as_doubles();
    for (size_t i = 0; i < want.size(); ++i) EXPECT_NEAR(have[i], want[i], 1e-5) << i;
    EXPECT_NEAR(sum_of(have), logit, 1e-5 * logit) << "all of it arrives";
  }
}

TEST(Attention, HalfGoesToTheWeightsAndTheSoftmaxTellsWhatItKept) {
  const Tensor clip = Random(6).uniform(Shape{1, 3, 2}, 0.2, 1);
  for (const bool fast : {false, true}) {
    const auto library = fast ? testing::library_under_test(1) : testing::reference_library();
    double logit = 0;
    const Attribution attribution = explained(*library, clip, GateRule::kHalf, &logit);
    double absorbed = 0;
    for (const LayerFlow& flow : attribution.flows) {
      absorbed += sum_of(flow.absorbed_by_bias) + sum_of(flow.absorbed_by_epsilon);
      if (flow.op == "Softmax") {
        EXPECT_NEAR(flow.incoming[0], logit / 2, 1e-5 * logit);
      }
    }
    EXPECT_NEAR(sum_of(attribution.relevance.front().as_doubles()) + absorbed, logit, 1e-4 * logit);
  }
}

/// A network of two inputs against one that cuts them out of one clip.
TEST(TwoInputs, RelevanceComesPerInput) {
  const auto network_of = [](bool two) {
    Random random(7);
    GraphBuilder b;
    const int fast = b.input({1, 3, 4, 5, 5});
    const int slow =
        two ? b.input({1, 3, 2, 5, 5})
            : b.node(graph::Slice{{0, 0, 0, 0, 0}, {1, 1, 2, 1, 1}}, {fast}, Shape{1, 3, 2, 5, 5});
    const int left = b.mean(b.relu(b.convolution(fast, 6, random))),
              right = b.mean(b.relu(b.convolution(slow, 5, random)));
    const int joined = b.node(graph::Concat{1}, {left, right}, Shape{1, 11, 1, 1, 1});
    return b.finish(b.dense(b.flatten(joined), 3, random));
  };
  const Tensor clip = Random(8).uniform(Shape{1, 3, 4, 5, 5}, 0, 1);
  const auto values = clip.values<float>();
  std::vector<float> picked;
  for (size_t i = 0; i < values.size(); ++i) {
    if (i / 25 % 4 % 2 == 0) picked.push_back(values[i]);
  }
  const auto library = testing::reference_library();
  std::vector<std::string> methods = preset_names();
  for (const std::string& name : gradient_method_names()) {
    if (name != "smoothgrad") methods.push_back(name);  // whose noise differs
  }
  for (const std::string& method : methods) {
    ExplainerOptions options;
    options.method = method;
    options.bounds.emplace();
    for (int i = 0; i < 2; ++i) {
      options.bounds->low.push_back(Tensor::from(Shape{1, 1, 1, 1, 1}, std::vector<float>{0}));
      options.bounds->high.push_back(Tensor::from(Shape{1, 1, 1, 1, 1}, std::vector<float>{1}));
    }
    Network both(network_of(true), *library, Purpose::kExplanation);
    Explainer explainer(both, options);
    std::vector<Tensor> clips;
    clips.push_back(clip.clone());
    clips.push_back(Tensor::from(Shape{1, 3, 2, 5, 5}, picked));
    explainer.forward(clips);
    const Attribution apart = explainer.explain(std::vector<int64_t>{1});
    ASSERT_EQ(apart.relevance.size(), 2U);
    Vector together = apart.relevance[0].as_doubles();
    const Vector slow = apart.relevance[1].as_doubles();
    for (size_t i = 0, k = 0; i < together.size(); ++i) {
      if (i / 25 % 4 % 2 == 0) together[i] += slow[k++];
    }
    options.bounds->low.resize(1);
    options.bounds->high.resize(1);
    Network one(network_of(false), *library, Purpose::kExplanation);
    Explainer single(one, options);
    single.forward(clip);
    const Vector want = single.explain(std::vector<int64_t>{1}).relevance.front().as_doubles();
    for (size_t i = 0; i < want.size(); ++i) ASSERT_NEAR(together[i], want[i], 1e-9) << method << " at " << i;
  }
}

/// What changes or freezes a clip would have to do so equally in each of a network's inputs.
TEST(TwoInputs, AreRefusedByMethodsThatChangeTheClip) {
  const auto library = testing::reference_library();
  Random random(9);
  GraphBuilder b;
  const int left = b.mean(b.input({1, 3, 4, 5, 5})), right = b.mean(b.input({1, 3, 2, 5, 5}));
  Network network(b.finish(b.dense(b.flatten(b.add(left, right)), 3, random)), *library,
                  Purpose::kExplanation);
  for (const char* method : {"occlusion_time", "rise", "shapley_frames", "spatial_relevance"}) {
    ExplainerOptions options;
    options.method = method;
    options.relevance = "epsilon_plus";
    const std::string message =
        testing::message_of(ErrorKind::kUnsupportedModel, [&] { Explainer(network, options); });
    EXPECT_NE(message.find("2 inputs"), std::string::npos) << message;
  }
}

TEST(Exactness, NamesConventionsWhereRelevancePasses) {
  for (const auto& [name, graph] : testing::small_networks()) {
    const auto reasons =
        by_reason(what_is_not_exact(graph, assign(preset("epsilon_plus", InputBounds::kUnknown), graph)));
    const auto says = [&](const std::string& part) {
      return std::any_of(reasons.begin(), reasons.end(),
                         [&](const auto& entry) { return entry.first.find(part) != std::string::npos; });
    };
    if (name == "plain") {
      EXPECT_TRUE(reasons.empty());
    }
    EXPECT_EQ(says("value path"), name == "non-local" || name == "transformer") << name;
    EXPECT_FALSE(says("softmax")) << name << ": by the value path nothing reaches it";
    EXPECT_EQ(says("gate"), name == "squeeze and excite" || name == "swish") << name;
    EXPECT_EQ(says("normalisation"), name == "normalised" || name == "transformer") << name;
    EXPECT_EQ(says("Gelu"), name == "bent activations" || name == "transformer") << name;
  }
}

}  // namespace
}  // namespace relevid
