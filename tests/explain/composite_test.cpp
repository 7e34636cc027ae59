// SPDX-License-Identifier: Apache-2.0
#include "explain/composite.h"

#include <gtest/gtest.h>

#include "relevid/error.h"
#include "support/graphs.h"
#include "support/scratch.h"

namespace relevid {
namespace {

using testing::GraphBuilder;
using testing::message_of;
using testing::Random;
using testing::ScratchFolder;

/// Two stems that read the input (one of them behind a normalisation), a layer behind them, and two last
/// layers.
graph::Graph two_stems() {
  Random random;
  GraphBuilder b;
  const int x = b.input({1, 3, 2, 4, 4});                                // node names:
  const int normal = b.affine(x, {2, 2, 2}, {0, 0, 0});                  // Affine0
  const int left = b.relu(b.convolution(normal, 4, random));             // Convolution1, Activation2
  const int right = b.relu(b.convolution(x, 4, random));                 // Convolution3, Activation4
  const int joined = b.max_pool(b.add(left, right));                     // Add5, MaxPool6
  const int deep = b.flatten(b.mean(b.convolution(joined, 4, random)));  // Convolution7, Reduce8, Reshape9
  return b.finish(b.add(b.dense(deep, 3, random), b.dense(deep, 3, random)));  // Dense10, Dense11, Add12
}

std::vector<std::string> described(const Composite& composite) {
  std::vector<std::string> names;
  for (const auto& rule : assign(composite, two_stems())) names.push_back(describe(rule));
  return names;
}

using Names = std::vector<std::string>;

TEST(Composite, FirstMeansEveryLayerThatReadsTheInput) {
  EXPECT_EQ(described(preset("deep_taylor", InputBounds::kKnown)),
            (Names{"pass", "zB", "pass", "zB", "pass", "norm", "winner", "z+ (no bias)", "same sign", "pass",
                   "z+ (no bias)", "z+ (no bias)", "same sign"}));
  EXPECT_EQ(described(preset("deep_taylor", InputBounds::kUnknown))[1], "w²");
}

TEST(Composite, PresetsGiveTheRulesOfTheirNames) {
  const auto rule = [](const char* name, size_t node) {
    return described(preset(name, InputBounds::kKnown))[node];
  };
  EXPECT_EQ(rule("epsilon_plus", 1), "z+");
  EXPECT_EQ(rule("epsilon_plus", 10), "epsilon(1e-06)");
  EXPECT_EQ(rule("epsilon_plus_flat", 3), "flat");
  EXPECT_EQ(rule("epsilon_alpha2_beta1", 7), "alpha2 beta1");
  EXPECT_EQ(rule("epsilon_gamma_box", 1), "zB");
  EXPECT_EQ(rule("epsilon_gamma_box", 7), "gamma(0.25)");
  EXPECT_EQ(rule("excitation_backprop", 11), "z+");
  EXPECT_EQ(rule("null_profile", 6), "even");
  EXPECT_EQ(rule("null_profile", 5), "even");
}

TEST(Composite, TheFirstMatchWins) {
  const std::vector<CompositeEntry> mine = {{{{}, "Convolution1", {}}, flat_rule()},
                                            {{{}, "Convolution?", {}}, w_square_rule()},
                                            {{{"Convolution"}, "", {}}, epsilon_rule()},
                                            {{{}, "", Match::Position::kLast}, z_plus_rule()},
                                            {{{"MaxPool"}, "", {}}, PoolingRule::kEven}};
  const auto names = described(preset("deep_taylor", InputBounds::kKnown).preceded_by(mine));
  EXPECT_EQ(names[1], "flat");
  EXPECT_EQ(names[3], "w²");
  EXPECT_EQ(names[6], "even");
  EXPECT_EQ(names[10], "z+");
  EXPECT_EQ(names[11], "z+");
}

TEST(Composite, RulesThatDoNotSuitANodeAreNotForIt) {
  const std::vector<CompositeEntry> mine = {{{{}, "*", {}}, PoolingRule::kEven}};
  const auto names = described(preset("epsilon_plus", InputBounds::kKnown).preceded_by(mine));
  EXPECT_EQ(names[6], "even");
  EXPECT_EQ(names[1], "z+") << "a pooling rule is nothing for a convolution";
}

TEST(Composite, NodesWithoutARuleAreAllNamed) {
  const std::string message = message_of(ErrorKind::kUnsupportedModel, [] {
    described({"mine", {{{{"Convolution"}, "", {}}, flat_rule()}}});
  });
  for (const char* name : {"Add5", "MaxPool6", "Reduce8", "Dense10", "Dense11"})
    EXPECT_NE(message.find(name), std::string::npos) << message;
}

TEST(Composite, BoxIsForLayersThatReadTheInput) {
  const std::string message = message_of(ErrorKind::kInvalidArgument, [] {
    described(
        preset("epsilon_plus", InputBounds::kKnown).preceded_by({{{{}, "Convolution7", {}}, z_box_rule()}}));
  });
  EXPECT_NE(message.find("Convolution7"), std::string::npos) << message;
}

TEST(Composite, UnknownPresetsGetASuggestion) {
  const std::string message =
      message_of(ErrorKind::kInvalidArgument, [] { preset("epsilon_pluss", InputBounds::kKnown); });
  EXPECT_NE(message.find("did you mean 'epsilon_plus'"), std::string::npos) << message;
}

TEST(RulesFile, EveryRuleByName) {
  const ScratchFolder folder;
  testing::write_bytes(folder / "rules.json", R"([
    {"name": "Convolution1", "rule": "gamma", "gamma": 0.5},
    {"operator": "Convolution", "position": "first", "rule": "z_box"},
    {"position": "last", "rule": "epsilon", "epsilon": 0.1},
    {"operator": "Convolution", "rule": "alpha_beta", "alpha": 3, "beta": 2},
    {"operator": "MaxPool", "rule": "even"},
    {"operator": "Add", "rule": "add_even"},
    {"operator": "Reduce", "rule": "flat"}
  ])");
  const auto entries = read_rules(folder / "rules.json");
  ASSERT_EQ(entries.size(), 7U);
  EXPECT_EQ(described(preset("epsilon_plus", InputBounds::kKnown).preceded_by(entries)),
            (Names{"pass", "gamma(0.5)", "pass", "zB", "pass", "even", "even", "alpha3 beta2", "flat", "pass",
                   "epsilon(0.1)", "epsilon(0.1)", "even"}));
  for (const char* name : {"z_plus", "z_plus_no_bias", "w_square", "norm", "same_sign", "winner", "add_norm",
                           "add_same_sign", "signal", "half"}) {
    testing::write_bytes(folder / "one.json", std::string(R"([{"rule": ")") + name + R"("}])");
    EXPECT_EQ(read_rules(folder / "one.json").size(), 1U) << name;
  }
}

TEST(RulesFile, EveryMistakeIsNamed) {
  const ScratchFolder folder;
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "not JSON"},
      {"[{]", "not JSON"},
      {R"({"rule": "flat"})", "a list of entries"},
      {R"({"rules": {}})", "a list of entries"},
      {R"({"rules": [], "abuot": {}})", "unknown field 'abuot'"},
      {R"({"rules": [{"rule": "gama"}]})", "entry 1: no rule 'gama'"},
      {"[1]", "entry 1: not an object"},
      {R"([{"rule": "flat"}, {}])", "entry 2: no rule ''"},
      {R"([{"rule": "gama"}])", "did you mean 'gamma'"},
      {R"([{"rule": 3}])", "'rule' is not a string"},
      {R"([{"rule": "gamma", "gamma": "much"}])", "'gamma' is not a number"},
      {R"([{"rule": "flat", "operater": "Dense"}])", "did you mean 'operator'"},
      {R"([{"rule": "flat", "operator": "Convolutoin"}])", "did you mean 'Convolution'"},
      {R"([{"rule": "flat", "position": "middle"}])", "it is first or last"},
      {R"([{"rule": "flat", "name": []}])", "'name' is not a string"},
      {R"([{"rule": "alpha_beta", "alpha": 2, "beta": 2}])", "entry 1: alpha-beta takes"},
  };
  for (const auto& [content, part] : cases) {
    testing::write_bytes(folder / "rules.json", content);
    const std::string message =
        message_of(ErrorKind::kCorruptInput, [&] { read_rules(folder / "rules.json"); });
    EXPECT_NE(message.find(part), std::string::npos) << content << ": " << message;
    EXPECT_NE(message.find("rules.json"), std::string::npos) << content << ": " << message;
  }
  message_of(ErrorKind::kIo, [&] { read_rules(folder / "missing.json"); });
}

}  // namespace
}  // namespace relevid
