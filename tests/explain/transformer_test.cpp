// SPDX-License-Identifier: Apache-2.0
// Methods for transformers: against each other where two ways lead to one map, against their definitions
// written out, and by what they conserve.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "explain/automatic.h"
#include "explain/explainer.h"
#include "explain/small_transformer.h"
#include "explain/token_grid.h"
#include "network/gradient.h"
#include "relevid/error.h"
#include "support/devices.h"
#include "support/scratch.h"

namespace relevid {
namespace {

using testing::GraphBuilder;
using testing::Random;
using testing::SmallTransformer;
using Vector = std::vector<double>;

const Shape kClip{2, 3, 4, 6, 6};
const std::vector<int64_t> kTargets = {0, 3};

struct Explained {
  Vector relevance, logits;
  Attribution attribution;
};

Explained explained(const graph::Graph& graph, kernels::Library& library, const ExplainerOptions& options) {
  Network network(graph, library, Purpose::kExplanation);
  Explainer explainer(network, options);
  explainer.forward(Random(2).uniform(kClip, -1, 1));
  Explained result{{}, explainer.logits().as_doubles(), explainer.explain(kTargets)};
  result.relevance = result.attribution.relevance.front().as_doubles();
  return result;
}

ExplainerOptions by(const std::string& method) {
  ExplainerOptions options;
  options.method = method;
  return options;
}

/// With the epsilon rule, all but without ε, in its layers.
ExplainerOptions plain(const std::string& method) {
  ExplainerOptions options = by(method);
  options.rules = {{{{"Convolution", "Dense"}, "", {}}, epsilon_rule(1e-12)}};
  return options;
}

double sum_of_item(const Vector& values, size_t item) {
  const auto size = static_cast<std::ptrdiff_t>(values.size() / 2);
  const auto begin = values.begin() + static_cast<std::ptrdiff_t>(item) * size;
  return std::accumulate(begin, begin + size, 0.0);
}

double largest(const Vector& values) {
  double result = 0;
  for (const double v : values) result = std::max(result, std::abs(v));
  return result;
}

void expect_near(const Vector& want, const Vector& have, double tolerance) {
  ASSERT_EQ(want.size(), have.size());
  for (size_t i = 0; i < want.size(); ++i)
    ASSERT_NEAR(want[i], have[i], tolerance * largest(want)) << "at " << i;
}

std::vector<std::unique_ptr<kernels::Library>> both_libraries() {
  std::vector<std::unique_ptr<kernels::Library>> result;
  result.push_back(testing::reference_library());
  result.push_back(testing::library_under_test(2));
  return result;
}

/// Relevance on the value path is the input times the gradient of LibraGrad, which goes another way through
/// the code.
TEST(Transformer, ValuePathIsInputTimesTheLibraGradient) {
  for (const auto& library : both_libraries()) {
    ExplainerOptions libra = by("input_x_gradient");
    libra.paths = GradientPaths::kLibra;
    libra.start = Start::kOne;  // it adds up to the logit
    const auto graph = testing::transformer();
    expect_near(explained(graph, *library, libra).relevance,
                explained(graph, *library, plain("value_path")).relevance, 1e-3);
  }
}

TEST(Transformer, ConservesWithoutBiases) {
  const auto graph = testing::transformer({.bias = 0});
  for (const auto& library : both_libraries()) {
    for (const auto& options : {by("value_path"), plain("value_path")}) {
      const auto found = explained(graph, *library, options);
      for (size_t n = 0; n < 2; ++n) {
        const double logit = found.logits[n * 4 + static_cast<size_t>(kTargets[n])];
        EXPECT_NEAR(sum_of_item(found.relevance, n), logit, 1e-3 * std::abs(logit)) << options.method;
      }
    }
    EXPECT_EQ(explained(graph, *library, by("value_path")).attribution.position.elements(), 0);
  }
}

TEST(Transformer, AccountsHoldUnderEveryPreset) {
  const auto graph = testing::transformer();
  for (const auto& library : both_libraries()) {
    for (const char* method :
         {"value_path", "attnlrp", "attention_rollout", "null_profile", "epsilon_plus"}) {
      const auto found = explained(graph, *library, by(method));
      const auto& flows = found.attribution.flows;
      ASSERT_EQ(flows.size(), method == std::string("attnlrp") ? graph.nodes.size() : flows.size());
      for (const LayerFlow& flow : flows) {
        for (size_t n = 0; n < 2; ++n) {
          const double kept =
              flow.outgoing[n] + flow.absorbed_by_bias[n] + flow.absorbed_by_epsilon[n] + flow.dropped[n];
          EXPECT_NEAR(flow.incoming[n], kept, 1e-4 * (1 + std::abs(flow.incoming[n])))
              << method << ", " << flow.name;
        }
      }
    }
  }
}

TEST(Transformer, LibrariesAgree) {
  const auto graph = testing::transformer();
  const auto libraries = both_libraries();
  for (const char* method :
       {"value_path", "attnlrp", "attention_rollout", "gradient_attention", "null_profile"}) {
    expect_near(explained(graph, *libraries[0], by(method)).relevance,
                explained(graph, *libraries[1], by(method)).relevance, 1e-3);
  }
}

/// Half of the weights' part goes back through the softmax: other maps than the value path's, which --gate
/// signal gives.
TEST(Transformer, AttnlrpDiffersFromTheValuePathByItsHalves) {
  const auto library = testing::reference_library();
  const auto graph = testing::transformer();
  ExplainerOptions signal = plain("attnlrp");
  const auto halves = explained(graph, *library, signal).relevance;
  signal.gate = GateRule::kSignal;
  const auto values = explained(graph, *library, signal).relevance;
  expect_near(explained(graph, *library, plain("value_path")).relevance, values, 1e-4);
  double apart = 0;
  for (size_t i = 0; i < halves.size(); ++i) apart = std::max(apart, std::abs(halves[i] - values[i]));
  EXPECT_GT(apart, 0.01 * largest(values));
}

TEST(Transformer, NormsPassRelevanceAsItIsWhereTheyAreTold) {
  const auto library = testing::reference_library();
  const auto graph = testing::transformer();
  ExplainerOptions options = by("value_path");
  options.norm = NormHandling::kPass;
  for (const LayerFlow& flow : explained(graph, *library, options).attribution.flows) {
    if (flow.op != "Standardise") continue;
    EXPECT_EQ(flow.rule, "pass");
    EXPECT_EQ(flow.incoming, flow.outgoing);
  }
}

/// What positions take is what their sum absorbs, by patch.
TEST(Transformer, PositionsTakeWhatTheirSumAbsorbs) {
  const auto graph = testing::transformer();
  for (const auto& library : both_libraries()) {
    for (const char* method : {"value_path", "attnlrp"}) {
      const auto found = explained(graph, *library, by(method));
      ASSERT_EQ(found.attribution.position.shape(), (Shape{2, 2, 2, 2}));
      const auto position = found.attribution.position.as_doubles();
      for (const LayerFlow& flow : found.attribution.flows) {
        if (flow.op != "Affine") continue;
        for (size_t n = 0; n < 2; ++n)
          EXPECT_NEAR(sum_of_item(position, n), flow.absorbed_by_bias[n], 1e-5) << method;
      }
    }
    EXPECT_EQ(explained(graph, *library, by("epsilon_plus")).attribution.position.elements(), 0);
  }
}

/// Class tokens in front, tokens turned and folded: places follow.
TEST(TokenGrid, FollowsPatchesThroughMovement) {
  Random random(3);
  GraphBuilder b;
  const int patches =
      b.convolution(b.input(Shape{1, 3, 4, 6, 6}), 2, random,
                    {.kernel = {2, 3, 3}, .pads = {0, 0, 0}, .strides = {2, 3, 3}});  // 2 x 2 x 2
  const int tokens =
      b.node(graph::Transpose{{0, 2, 1}}, {b.reshape(patches, Shape{1, 2, 8})}, Shape{1, 8, 2});
  const int with_class = b.node(graph::Pad{{0, 1, 0}, {0, 0, 0}, 0.5}, {tokens}, Shape{1, 9, 2});
  const int no_class = b.node(graph::Slice{{0, 1, 0}, {1, 1, 1}}, {with_class}, Shape{1, 8, 2});
  const int by_place =
      b.node(graph::Transpose{{0, 2, 1, 3}}, {b.reshape(no_class, Shape{1, 2, 4, 2})}, Shape{1, 4, 2, 2});
  const int mixed = b.dense(by_place, 2, random);
  const graph::Graph graph = b.finish(b.flatten(mixed));
  const auto library = testing::library_under_test(1);
  const TokenGrid grid(graph, *library, {with_class, by_place, mixed});
  EXPECT_EQ(grid.shape(), (Shape{1, 2, 2, 2}));
  ASSERT_NE(grid.places(with_class), nullptr);
  EXPECT_EQ(*grid.places(with_class),
            (std::vector<int64_t>{-1, -1, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7}));
  ASSERT_NE(grid.places(by_place), nullptr);
  EXPECT_EQ(*grid.places(by_place), (std::vector<int64_t>{0, 0, 4, 4, 1, 1, 5, 5, 2, 2, 6, 6, 3, 3, 7, 7}));
  EXPECT_EQ(grid.places(mixed), nullptr)
      << "a layer mixes channels, not places, but what it gives is no patch's";
}

/// Queries and keys from fixed weights, so that the weights of both heads can be written out: rollout is
/// 0.5 mean(A) + 0.5 I from the mean over tokens down, and the feed-forward block leaves tokens where they
/// are.
struct Weights {
  std::vector<Vector> heads;  ///< [head][query * 8 + key] of the first clip
};
Weights weights_of(const graph::Graph& graph, kernels::Library& library) {
  Network network(graph, library, Purpose::kExplanation);
  const kernels::Buffer input = library.upload(Random(2).uniform(kClip, -1, 1));
  Weights result;
  for (const graph::Node& node : graph.nodes) {
    if (!std::holds_alternative<graph::Attention>(node.op)) continue;
    const Trace trace = network.forward(std::span(&input, 1), Keep::kRelevance);
    const auto operands = attention_operands(node, trace);
    // Aᵀ I, whose rows are keys.
    Tensor identity(Shape{operands.q.shape()[0], 8, 8}, DType::kF64);
    for (size_t s = 0; s < 4; ++s)
      for (size_t i = 0; i < 8; ++i) identity.values<double>()[s * 64 + i * 9] = 1;
    const auto turned = library
                            .download(library
                                          .prepare_attention({1.5, {}}, operands.q.shape(),
                                                             operands.k.shape(), operands.v.shape())
                                          ->by_values(operands, library.upload(identity)))
                            .as_doubles();
    for (size_t head = 0; head < 2; ++head) {
      Vector& a = result.heads.emplace_back(64);
      for (size_t i = 0; i < 8; ++i)
        for (size_t j = 0; j < 8; ++j) a[i * 8 + j] = turned[head * 64 + j * 8 + i];
    }
  }
  return result;
}

/// Sums over a patch's pixels and channels, of the first clip.
Vector by_token(const Vector& relevance) {
  Vector tokens(8, 0.0);
  for (size_t i = 0; i < relevance.size() / 2; ++i) {
    const size_t t = i / 36 % 4, y = i / 6 % 6, x = i % 6;
    tokens[t / 2 * 4 + y / 3 * 2 + x / 3] += relevance[i];
  }
  return tokens;
}

TEST(Transformer, AttentionRolloutIsItsProductOfMatrices) {
  const auto graph = testing::transformer();
  for (const auto& library : both_libraries()) {
    ExplainerOptions options = by("attention_rollout");
    options.start = Start::kOne;
    const Weights weights = weights_of(graph, *library);
    Vector want(8, 0.0);
    for (size_t i = 0; i < 8; ++i)
      for (size_t j = 0; j < 8; ++j) {
        const double mean = (weights.heads[0][i * 8 + j] + weights.heads[1][i * 8 + j]) / 2;
        want[j] += (0.5 * mean + (i == j ? 0.5 : 0)) / 8;
      }
    expect_near(want, by_token(explained(graph, *library, options).relevance), 1e-5);
  }
}

TEST(Transformer, GradientAttentionAddsPositiveProductsOfWeightsAndGradients) {
  const auto graph = testing::transformer();
  for (const auto& library : both_libraries()) {
    const Weights weights = weights_of(graph, *library);
    // The gradient by a weight is that by the output times the value: from the definition, by the reference's
    // operations.
    Network network(graph, *library, Purpose::kExplanation);
    const kernels::Buffer input = library->upload(Random(2).uniform(kClip, -1, 1));
    const Trace trace = network.forward(std::span(&input, 1), Keep::kGradient);
    Tensor start(Shape{2, 4}, DType::kF64);
    for (size_t n = 0; n < 2; ++n) start.values<double>()[n * 4 + static_cast<size_t>(kTargets[n])] = 1;
    Vector want(8, 1.0 / 8);
    for (const graph::Node& node : graph.nodes) {
      if (!std::holds_alternative<graph::Attention>(node.op)) continue;
      const auto g =
          library->download(gradient_at(network, trace, library->upload(start), node.output)).as_doubles();
      const auto v = library->download(attention_operands(node, trace).v).as_doubles();
      for (size_t head = 0; head < 2; ++head)
        for (size_t i = 0; i < 8; ++i)
          for (size_t j = 0; j < 8; ++j) {
            double by_weight = 0;
            for (size_t c = 0; c < 3; ++c) by_weight += g[(head * 8 + i) * 3 + c] * v[(head * 8 + j) * 3 + c];
            want[j] += std::max(weights.heads[head][i * 8 + j] * by_weight, 0.0) / 2 / 8;
          }
    }
    expect_near(want, by_token(explained(graph, *library, by("gradient_attention")).relevance), 1e-5);
  }
}

TEST(Transformer, GradientAttentionNeedsAttention) {
  GraphBuilder b;
  Random random(1);
  const graph::Graph graph = b.finish(b.dense(b.flatten(b.input(kClip)), 4, random));
  Network network(graph, *testing::reference_library(), Purpose::kExplanation);
  EXPECT_THROW(Explainer(network, by("gradient_attention")), Error);
}

TEST(Transformer, AutomaticMethodIsTheValuePath) {
  EXPECT_EQ(automatic_method(testing::transformer()), "value_path");
}

/// A sum of two layers that cancel but for a millionth.
TEST(Transformer, NoiseIsAnErrorThatNamesTheLayer) {
  Random random(4);
  GraphBuilder b;
  const int x = b.flatten(b.input(kClip));
  const auto far_from_zero = [&](float bias) {
    const auto weight = testing::shared(random.uniform(Shape{6, b.shape(x)[1]}, -0.1F, 0.1F));
    const auto biases = testing::shared(Tensor::from(Shape{6}, std::vector<float>(6, bias)));
    return b.node(graph::Dense{weight, biases}, {x}, Shape{2, 6});
  };
  const int sum = b.add(far_from_zero(1e6F), far_from_zero(-1e6F));
  const graph::Graph graph = b.finish(b.dense(sum, 4, random));
  for (const auto& library : both_libraries()) {
    const std::string message = testing::message_of(ErrorKind::kUnsupportedModel,
                                                    [&] { explained(graph, *library, by("epsilon_plus")); });
    EXPECT_THAT(message, ::testing::HasSubstr("break down numerically"));
    EXPECT_THAT(message, ::testing::HasSubstr("'Dense"));
  }
}

}  // namespace
}  // namespace relevid
