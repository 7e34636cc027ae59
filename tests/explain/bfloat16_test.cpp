// SPDX-License-Identifier: Apache-2.0
// Explanations whose convolutions multiply bf16 numbers are nearly those in float32. Emulated where the
// processor has no instructions for it.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <numeric>

#include "explain/explainer.h"
#include "support/devices.h"
#include "support/graphs.h"

namespace relevid {
namespace {

using testing::GraphBuilder;
using testing::Random;

const Shape kClip{2, 3, 8, 16, 16};

graph::Graph chain(Random& random) {
  GraphBuilder b;
  int x = b.input(kClip);
  for (const int64_t channels : {16, 32, 32}) x = b.max_pool(b.relu(b.convolution(x, channels, random)));
  return b.finish(b.dense(b.flatten(x), 4, random));
}

graph::Graph residual(Random& random) {
  GraphBuilder b;
  int x = b.max_pool(b.relu(b.convolution(b.input(kClip), 16, random)));
  for (int i = 0; i < 2; ++i)
    x = b.relu(b.add(b.convolution(b.relu(b.convolution(x, 24, random)), 16, random), x));
  return b.finish(b.dense(b.flatten(x), 4, random));
}

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

class Bfloat16Explanations : public ::testing::Test {
 protected:
  void SetUp() override {
    setenv("RELEVID_EMULATE_BF16", "1", 1);
    if (!computes_bfloat16()) GTEST_SKIP() << "this processor has neither bf16 instructions nor AVX-512";
  }
  void TearDown() override { unsetenv("RELEVID_EMULATE_BF16"); }

  struct Result {
    std::vector<double> logits, relevance;
    std::vector<int64_t> classes;
  };
  static Result explain(const graph::Graph& graph, const Tensor& clip, Precision precision) {
    const auto library = testing::library_under_test(0, precision);
    Network network(graph, *library, Purpose::kExplanation);
    ExplainerOptions options;
    options.method = "deep_taylor";
    options.bounds.emplace();
    options.bounds->low.push_back(Tensor::from(Shape{1, 1, 1, 1, 1}, std::vector<float>{-1}));
    options.bounds->high.push_back(Tensor::from(Shape{1, 1, 1, 1, 1}, std::vector<float>{1}));
    Explainer explainer(network, options);
    explainer.forward(clip);
    Result result;
    result.classes = top_classes(explainer.logits());
    result.logits = explainer.logits().as_doubles();
    result.relevance = explainer.explain(result.classes).relevance.front().as_doubles();
    return result;
  }
};

TEST_F(Bfloat16Explanations, AreNearlyThoseInFloat32) {
  for (const auto& make : {chain, residual}) {
    Random random(41);
    const graph::Graph graph = make(random);
    const Tensor clip = random.uniform(kClip, -1, 1);
    const Result f32 = explain(graph, clip, Precision::kFloat32),
                 bf16 = explain(graph, clip, Precision::kBfloat16);
    EXPECT_EQ(f32.classes, bf16.classes);
    EXPECT_NE(f32.relevance, bf16.relevance) << "nothing was rounded";
    const double cosine = dot(f32.relevance, bf16.relevance) /
                          std::sqrt(dot(f32.relevance, f32.relevance) * dot(bf16.relevance, bf16.relevance));
    EXPECT_GE(cosine, 0.999);
    double logits = 0;
    for (size_t n = 0; n < bf16.classes.size(); ++n)
      logits += bf16.logits[n * 4 + static_cast<size_t>(bf16.classes[n])];
    const double sum = std::accumulate(bf16.relevance.begin(), bf16.relevance.end(), 0.0);
    EXPECT_NEAR(sum, logits, 0.01 * std::abs(logits));
  }
}

/// Sums cancel, and what is rounded before them would change the map by much more than its rounding.
TEST_F(Bfloat16Explanations, LeaveForwardPassesThroughSumsInFloat32) {
  Random random(42);
  const graph::Graph with_sums = residual(random), without = chain(random);
  const Tensor clip = random.uniform(kClip, -1, 1);
  const auto logits = [&](const graph::Graph& graph, Precision precision) {
    return explain(graph, clip, precision).logits;
  };
  EXPECT_EQ(logits(with_sums, Precision::kFloat32), logits(with_sums, Precision::kBfloat16));
  EXPECT_NE(logits(without, Precision::kFloat32), logits(without, Precision::kBfloat16));
}

}  // namespace
}  // namespace relevid
