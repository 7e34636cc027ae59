// SPDX-License-Identifier: Apache-2.0
#include "explain/gamma_groups.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "explain/explainer.h"
#include "explain/small_transformer.h"
#include "relevid/error.h"
#include "support/devices.h"
#include "support/scratch.h"

namespace relevid {
namespace {

using testing::GraphBuilder;
using testing::message_of;
using testing::Random;

using Names = std::vector<std::string>;

std::vector<GammaGroup> groups_of(const graph::Graph& graph, const std::string& method) {
  return gamma_groups(graph, assign(preset(method, InputBounds::kKnown), graph));
}

Names layers(const graph::Graph& graph, const GammaGroup& group) {
  Names names;
  for (const size_t node : group.nodes) names.push_back(graph.nodes[node].name);
  return names;
}

/// Convolutions one after another, with a ReLU after each, and a dense layer.
graph::Graph chain(int convolutions) {
  Random random;
  GraphBuilder b;
  int x = b.input({1, 3, 2, 4, 4});
  for (int i = 0; i < convolutions; ++i) x = b.relu(b.convolution(x, 4, random));
  return b.finish(b.dense(b.flatten(b.mean(x)), 3, random));
}

TEST(GammaGroups, OfATransformerAreItsParts) {
  const graph::Graph graph = testing::transformer();
  const auto groups = groups_of(graph, "value_path");
  ASSERT_EQ(groups.size(), 3U);
  EXPECT_EQ(groups[0].name, "embedding");
  EXPECT_THAT(layers(graph, groups[0]), ::testing::ElementsAre(::testing::StartsWith("Convolution")));
  EXPECT_EQ(groups[0].rules, Names{"gamma(0.25)"});
  EXPECT_EQ(groups[1].name, "attention");
  EXPECT_EQ(groups[1].nodes.size(), 4U) << "of queries, keys, values, and the one after";
  EXPECT_EQ(groups[2].name, "mlp");
  EXPECT_EQ(groups[2].nodes.size(), 3U) << "two of the block and the classifier";
  EXPECT_TRUE(groups[2].has_gamma(0.05));
  EXPECT_FALSE(groups[2].has_gamma(0.25));
}

TEST(GammaGroups, OfOtherNetworksAreThirdsByDepth) {
  const graph::Graph graph = chain(8);
  const auto groups = groups_of(graph, "epsilon_plus");
  ASSERT_EQ(groups.size(), 3U);
  const std::array names = {"early", "middle", "late"};
  for (size_t g = 0; g < 3; ++g) {
    EXPECT_EQ(groups[g].name, names[g]);
    EXPECT_EQ(groups[g].nodes.size(), 3U);
  }
  EXPECT_EQ(groups[0].rules, Names{"z+"});
  EXPECT_EQ(groups[2].rules, (Names{"z+", "epsilon(1e-06)"}));
  EXPECT_FALSE(groups[2].has_gamma(0)) << "not all of them have just that";
}

TEST(GammaGroups, LeaveOtherRulesAlone) {
  const graph::Graph graph = chain(8);
  EXPECT_EQ(groups_of(graph, "epsilon_plus_flat")[0].nodes.size(), 2U) << "the first layer stays flat";
  EXPECT_EQ(groups_of(graph, "epsilon_gamma_box")[0].rules, Names{"gamma(0.25)"}) << "and here zB";
  EXPECT_EQ(groups_of(graph, "epsilon_alpha2_beta1").size(), 1U) << "the dense layer's epsilon";
  Random random;
  GraphBuilder b;
  const graph::Graph single = b.finish(b.dense(b.flatten(b.input({1, 3, 2, 4, 4})), 3, random));
  EXPECT_TRUE(groups_of(single, "epsilon_plus_flat").empty());
}

TEST(GammaGroups, OfBranchesGoByTheLongestWay) {
  Random random;
  GraphBuilder b;
  const int x = b.input({1, 3, 2, 4, 4});
  const int trunk = b.convolution(b.convolution(b.convolution(x, 4, random), 4, random), 4, random);
  const int side = b.convolution(x, 4, random);
  const graph::Graph graph = b.finish(b.dense(b.flatten(b.mean(b.add(trunk, side))), 3, random));
  const auto groups = groups_of(graph, "epsilon_plus");
  ASSERT_EQ(groups.size(), 3U);
  EXPECT_EQ(layers(graph, groups[0]), (Names{"Convolution0", "Convolution1", "Convolution3"}));
  EXPECT_EQ(layers(graph, groups[2]).size(), 1U);
}

TEST(GammaGroups, HaveNoLayerThatAFileCannotName) {
  graph::Graph graph = chain(2);
  for (graph::Node& node : graph.nodes)
    if (node.name == "Convolution2") node.name = "block*";
  Names all;
  for (const GammaGroup& group : groups_of(graph, "epsilon_plus"))
    for (const std::string& name : layers(graph, group)) all.push_back(name);
  EXPECT_EQ(all.size(), 2U);
  EXPECT_THAT(all, ::testing::Not(::testing::Contains("block*")));
}

TEST(GammaGroups, AreOfPresetsThatHaveAGamma) {
  for (const std::string& method : gamma_method_names()) {
    EXPECT_NO_THROW(require_gamma_method(method));
    EXPECT_FALSE(groups_of(chain(3), method).empty()) << method;
  }
  const std::string message =
      message_of(ErrorKind::kInvalidArgument, [] { require_gamma_method("deep_taylor"); });
  EXPECT_THAT(message, ::testing::AllOf(::testing::HasSubstr("deep_taylor has no gamma"),
                                        ::testing::HasSubstr("value_path, attnlrp")));
}

/// A network with its presets' maps under rules of one's own.
class Maps {
 public:
  explicit Maps(graph::Graph graph)
      : library_(testing::library_under_test(1)),
        network_(std::move(graph), *library_, Purpose::kExplanation) {
    Random random(3);
    clip_ = random.uniform(network_.graph().shape(network_.graph().inputs[0]), 0, 1);
  }
  std::vector<double> operator()(const std::string& method, std::vector<CompositeEntry> rules) {
    ExplainerOptions options;
    options.method = method;
    options.rules = std::move(rules);
    Explainer explainer(network_, options);
    explainer.forward(clip_);
    const std::vector<int64_t> targets(static_cast<size_t>(clip_.shape()[0]), 1);
    return explainer.explain(targets).relevance.front().as_doubles();
  }
  const graph::Graph& graph() const { return network_.graph(); }

 private:
  std::unique_ptr<kernels::Library> library_;
  Network network_;
  Tensor clip_;
};

TEST(GammaRulesFile, GivesTheMapOfTheCompositeWithTheseGammas) {
  const testing::ScratchFolder folder;
  for (const auto& [method, graph] :
       {std::pair{"value_path", testing::transformer()}, std::pair{"attnlrp", testing::transformer()},
        std::pair{"epsilon_plus", chain(5)}}) {
    Maps maps(graph);
    const auto groups = groups_of(maps.graph(), method);
    const Gammas gammas = {0.5, std::nullopt, 0.0};
    testing::write_bytes(folder / "tuned.json",
                         gamma_rules_file(maps.graph(), groups, gammas, R"({"seed": 1, "name": "a"})"));
    const auto read = read_rules(folder / "tuned.json");
    const auto wanted = gamma_entries(maps.graph(), groups, gammas);
    ASSERT_EQ(read.size(), wanted.size());
    ASSERT_EQ(read.size(), groups[0].nodes.size() + groups[2].nodes.size());
    EXPECT_EQ(maps(method, read), maps(method, wanted)) << method;
    EXPECT_NE(maps(method, read), maps(method, {})) << method;
  }
}

/// By operator, as one would write it by hand: the groups' entries reach the same layers.
TEST(GammaRulesFile, GivesTheMapOfRulesWrittenByHand) {
  Maps maps(chain(5));
  const auto groups = groups_of(maps.graph(), "epsilon_plus");
  const std::vector<CompositeEntry> by_hand = {{{{"Convolution", "Dense"}, "", {}}, gamma_rule(0.1)}};
  EXPECT_EQ(maps("epsilon_plus", gamma_entries(maps.graph(), groups, {0.1, 0.1, 0.1})),
            maps("epsilon_plus", by_hand));
}

TEST(GammaRulesFile, OfThePresetsOwnHasNoEntry) {
  const testing::ScratchFolder folder;
  const graph::Graph graph = chain(5);
  const auto groups = groups_of(graph, "epsilon_plus");
  testing::write_bytes(folder / "own.json", gamma_rules_file(graph, groups, Gammas(3), "{}"));
  EXPECT_TRUE(read_rules(folder / "own.json").empty());
}

}  // namespace
}  // namespace relevid
