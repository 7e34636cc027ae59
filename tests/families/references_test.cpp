// SPDX-License-Identifier: Apache-2.0
// Of every family a small network, against zennit in float64 (references.py).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>

#include "explain/explainer.h"
#include "graph/join_pathways.h"
#include "graph/specialise.h"
#include "onnx/import.h"
#include "relevid/npz.h"
#include "support/devices.h"
#include "support/norm_sums.h"

namespace relevid {
namespace {

const std::filesystem::path kReferences = RELEVID_REFERENCES_DIR;

struct Case {
  std::string network, library;
};

void PrintTo(const Case& value, std::ostream* out) {
  *out << value.network << " on " << value.library;
}

std::unique_ptr<kernels::Library> make_library(const std::string& name) {
  return name == "onednn" ? testing::library_under_test(0) : testing::reference_library();
}

Tensor one_value(float value, int64_t rank) {
  return Tensor::from(Shape(std::vector<int64_t>(static_cast<size_t>(rank), 1)), std::vector<float>{value});
}

/// By references.py's name: a method, or "rule_...", one rule on every layer with weights.
ExplainerOptions options_of(const std::string& name, const Tensor& clip, const graph::Graph& graph) {
  const std::map<std::string, Rule> rules = {{"rule_epsilon_0.25", epsilon_rule(0.25)},
                                             {"rule_gamma_0.25", gamma_rule(0.25)},
                                             {"rule_alpha_beta_1_0", alpha_beta_rule(1, 0)},
                                             {"rule_alpha_beta_3_2", alpha_beta_rule(3, 2)},
                                             {"rule_w_square", w_square_rule()},
                                             {"rule_flat", flat_rule()}};
  ExplainerOptions options;
  options.method = name == "integrated_gradients_20" ? "integrated_gradients" : name;
  options.rules = norm_sums(graph);
  if (const auto rule = rules.find(name); rule != rules.end()) {
    options.method = "epsilon_plus";
    options.rules = {{{{"Convolution"}, "", {}}, rule->second}, {{{"Dense"}, "", {}}, rule->second}};
  }
  Bounds bounds;
  bounds.low.push_back(one_value(-1.5F, clip.shape().rank()));
  bounds.high.push_back(one_value(2.0F, clip.shape().rank()));
  options.bounds = std::move(bounds);
  return options;
}

/// The largest difference, relative to the largest number that is wanted.
double difference(const std::vector<double>& want, const std::vector<double>& have) {
  double largest = 0, apart = 0;
  for (size_t i = 0; i < want.size(); ++i) {
    largest = std::max(largest, std::abs(want[i]));
    apart = std::max(apart, std::abs(want[i] - have[i]));
  }
  return apart / largest;
}

class FamilyReferences : public ::testing::TestWithParam<Case> {};

TEST_P(FamilyReferences, HaveTheRelevanceOfTheReference) {
  const auto [name, library_name] = GetParam();
  const auto arrays = read_npz(kReferences / (name + ".npz"));
  auto model = onnx_io::read_model(kReferences / (name + ".onnx"));
  EXPECT_EQ(graph::join_pathways(model).empty(), name != "slowfast");
  const Tensor& clip = arrays.at("clip");
  const auto library = make_library(library_name);
  const graph::Graph graph = graph::specialise(model, {{model.inputs[0].name, clip.shape()}});
  Network network(graph, *library, Purpose::kExplanation);
  const auto targets = arrays.at("target").as_ints();
  int checked = 0;
  for (const auto& [key, expected] : arrays) {
    if (!key.starts_with("relevance/")) continue;
    Explainer explainer(network, options_of(key.substr(10), clip, graph));
    explainer.forward(clip);
    EXPECT_LE(difference(arrays.at("logits").as_doubles(), explainer.logits().as_doubles()), 1e-5);
    const auto relevance = explainer.explain(targets).relevance.front().as_doubles();
    ASSERT_EQ(relevance.size(), expected.as_doubles().size());
    EXPECT_LE(difference(expected.as_doubles(), relevance), 1e-4) << key;
    ++checked;
  }
  EXPECT_EQ(checked, name == "c3d" ? 18 : 7);
}

std::vector<Case> cases() {
  std::vector<Case> result;
  for (const char* network :
       {"c3d", "r3d", "mc3", "r2plus1d", "i3d", "slow", "csn", "x3d", "movinet", "s3d", "slowfast",
        "slowfast_one_input", "tsn", "tsm", "tpn", "nonlocal", "mmdeploy"}) {
    for (const char* library : {"reference", "onednn"}) result.push_back({network, library});
  }
  return result;
}

std::string name_of(const ::testing::TestParamInfo<Case>& test) {
  return test.param.network + "_" + test.param.library;
}

INSTANTIATE_TEST_SUITE_P(All, FamilyReferences, ::testing::ValuesIn(cases()), name_of);

}  // namespace
}  // namespace relevid
