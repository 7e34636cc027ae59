// SPDX-License-Identifier: Apache-2.0
// Relevances computed by an independent package in float64, matched by both kernel libraries.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>

#include "explain/explainer.h"
#include "graph/specialise.h"
#include "onnx/import.h"
#include "relevid/npz.h"
#include "support/devices.h"
#include "support/norm_sums.h"

namespace relevid {
namespace {

const std::filesystem::path kReference = std::filesystem::path(RELEVID_SHARED_DIR) / "reference";

struct Case {
  std::string network;
  std::string library;
};

void PrintTo(const Case& value, std::ostream* out) {
  *out << value.network << " on " << value.library;
}

std::unique_ptr<kernels::Library> make_library(const std::string& name) {
  return name == "onednn" ? testing::library_under_test(0) : testing::reference_library();
}

Bounds constant_bounds(float low, float high) {
  Bounds bounds;
  bounds.low.push_back(Tensor::from(Shape{1, 1, 1, 1, 1}, std::vector<float>{low}));
  bounds.high.push_back(Tensor::from(Shape{1, 1, 1, 1, 1}, std::vector<float>{high}));
  return bounds;
}

/// Note [What the reference left behind]
/// The reference package merges batch norm into the convolution before it and sets mean, variance, scale and
/// shift to 0, 1, 1, 0, but leaves ε: a factor 1 / √(1 + ε) stays behind every merged convolution. It acts on
/// what goes forward, while the relevance starts from the original network's logit; and on the backward pass
/// relevance passes it, but not in excitation_backprop, whose preset there has no rule for batch norm.
/// Networks without batch norm, and the methods that it runs unmerged (gradient, input_x_gradient,
/// integrated_gradients), are free of it. To compare rules and not that slip, the slip is made here too: a
/// constant factor behind every convolution.
double leftover_factor(const std::string& network) {
  if (network.starts_with("c3d")) return 1;
  return 1 / std::sqrt(1 + (network == "inception3d_small" ? 1e-3 : 1e-5));
}

graph::Graph with_leftover(const graph::Graph& original, double factor) {
  graph::Graph graph = original;
  graph.nodes.clear();
  std::map<graph::ValueId, graph::ValueId> moved;
  const auto constant = [](double value) {
    return graph::share(Tensor::from(Shape{1, 1, 1, 1, 1}, std::vector<float>{static_cast<float>(value)}));
  };
  for (graph::Node node : original.nodes) {
    for (graph::ValueId& input : node.inputs) input = moved.contains(input) ? moved.at(input) : input;
    graph.nodes.push_back(node);
    if (!std::holds_alternative<graph::Convolution>(node.op)) continue;
    const auto scaled = static_cast<graph::ValueId>(graph.values.size());
    graph.values.push_back(graph.values[static_cast<size_t>(node.output)]);
    graph.nodes.push_back(
        {graph::Affine{constant(factor), constant(0)}, node.name + "/leftover", {node.output}, scaled});
    moved[node.output] = scaled;
  }
  return graph;
}

/// excitation_backprop's rule for convolutions, with the factor on what it passes back.
std::vector<CompositeEntry> scaled_excitation(double factor) {
  Rule rule = z_plus_rule();
  for (Share& share : rule.shares) share.coefficient *= factor;
  return {{{{"Convolution"}, "", {}}, rule}};
}

bool runs_unmerged(const std::string& name) {
  return name == "gradient" || name == "input_x_gradient" || name == "integrated_gradients_20";
}

/// Relevance by the reference's name: one of our methods, or one rule on every layer with weights.
ExplainerOptions options_for(const std::string& name, double factor, const graph::Graph& graph) {
  const std::map<std::string, Rule> rules = {{"rule_epsilon_0.25", epsilon_rule(0.25)},
                                             {"rule_gamma_0.25", gamma_rule(0.25)},
                                             {"rule_alpha_beta_1_0", alpha_beta_rule(1, 0)},
                                             {"rule_alpha_beta_3_2", alpha_beta_rule(3, 2)},
                                             {"rule_w_square", w_square_rule()},
                                             {"rule_flat", flat_rule()}};
  ExplainerOptions options;
  options.bounds = constant_bounds(-1.5F, 2.0F);
  options.method = name == "integrated_gradients_20" ? "integrated_gradients" : name;
  if (const auto rule = rules.find(name); rule != rules.end()) {
    options.method = "epsilon_plus";
    options.rules = {{{{"Convolution"}, "", {}}, rule->second}, {{{"Dense"}, "", {}}, rule->second}};
  }
  if (name == "excitation_backprop") options.rules = scaled_excitation(factor);
  if (name == "excitation_backprop" || name == "deep_taylor") {
    for (CompositeEntry& entry : norm_sums(graph)) options.rules.push_back(std::move(entry));
  }
  return options;
}

/// The relevance of the targets; relevance methods start from `logits`, given by the reference.
std::vector<double> relevance_of(const ExplainerOptions& options, Network& network, const Tensor& clip,
                                 std::span<const int64_t> targets, const Tensor& logits) {
  Explainer explainer(network, options);
  explainer.forward(clip);
  const Attribution found_by = explainer.explain(targets);
  auto relevance = found_by.relevance.front().as_doubles();
  if (found_by.flows.empty()) return relevance;
  const auto item = relevance.size() / targets.size();
  const auto given = logits.as_doubles(), found = explainer.logits().as_doubles();
  for (size_t i = 0; i < relevance.size(); ++i) {
    const size_t at = i / item * (given.size() / targets.size()) + static_cast<size_t>(targets[i / item]);
    relevance[i] *= given[at] / found[at];
  }
  return relevance;
}

class ReferenceRelevances : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kReference)) GTEST_SKIP() << "no reference relevances at " << kReference;
  }
};

TEST_P(ReferenceRelevances, Agree) {
  const auto [name, library_name] = GetParam();
  const auto arrays = read_npz(kReference / "zennit" / (name + ".npz"));
  const auto model = onnx_io::read_model(kReference / "zennit" / (name + ".onnx"));
  const Tensor& clip = arrays.at("clip");
  const auto library = make_library(library_name);
  const double factor = leftover_factor(name);
  const graph::Graph graph = graph::specialise(model, {{model.inputs[0].name, clip.shape()}});
  Network network(graph, *library, Purpose::kExplanation);
  Network merged(with_leftover(graph, factor), *library, Purpose::kExplanation);
  const auto targets = arrays.at("target").as_ints();
  int checked = 0;
  for (const auto& [key, expected] : arrays) {
    if (!key.starts_with("relevance/")) continue;
    const auto want = expected.as_doubles();
    const std::string method = key.substr(10);
    const bool exact = factor == 1 || runs_unmerged(method);
    const auto have = relevance_of(options_for(method, factor, graph), exact ? network : merged, clip,
                                   targets, arrays.at("logits"));
    ASSERT_EQ(want.size(), have.size());
    double largest = 0, difference = 0;
    for (size_t i = 0; i < want.size(); ++i) {
      largest = std::max(largest, std::abs(want[i]));
      difference = std::max(difference, std::abs(want[i] - have[i]));
    }
    EXPECT_LE(difference, 1e-4 * largest) << key << ": relative " << difference / largest;
    ++checked;
  }
  EXPECT_EQ(checked, 18);
}

std::vector<Case> cases() {
  std::vector<Case> result;
  for (const char* network :
       {"c3d_small", "c3d_grouped_dilated", "resnet3d_small", "r2plus1d_small", "inception3d_small"}) {
    for (const char* library : {"reference", "onednn"}) result.push_back({network, library});
  }
  return result;
}

std::string name_of(const ::testing::TestParamInfo<Case>& test) {
  return test.param.network + "_" + test.param.library;
}

INSTANTIATE_TEST_SUITE_P(All, ReferenceRelevances, ::testing::ValuesIn(cases()), name_of);

}  // namespace
}  // namespace relevid
