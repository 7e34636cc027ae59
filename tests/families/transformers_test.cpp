// SPDX-License-Identifier: Apache-2.0
// Of every family of video transformers a small network, against modified backward passes in float64
// (transformer_references.py).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <numeric>

#include "explain/explainer.h"
#include "graph/specialise.h"
#include "onnx/import.h"
#include "relevid/npz.h"
#include "support/devices.h"

namespace relevid {
namespace {

const std::filesystem::path kReferences = RELEVID_REFERENCES_DIR;
using Arrays = std::map<std::string, Tensor>;

struct Case {
  std::string network, library;
};

void PrintTo(const Case& value, std::ostream* out) {
  *out << value.network << " on " << value.library;
}

/// The largest difference, relative to the largest number that is wanted.
double difference(const std::vector<double>& want, const std::vector<double>& have) {
  if (want.size() != have.size()) return HUGE_VAL;
  double largest = 0, apart = 0;
  for (size_t i = 0; i < want.size(); ++i) {
    largest = std::max(largest, std::abs(want[i]));
    apart = std::max(apart, std::abs(want[i] - have[i]));
  }
  return apart / largest;
}

double sum(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

std::vector<double> in_shares(std::vector<double> values) {
  const double total = sum(values);
  for (double& value : values) value /= total;
  return values;
}

/// "value_path:gamma=0" and "attnlrp:norm=pass" are settings of those presets.
ExplainerOptions options_of(const std::string& name, const Shape& clip) {
  ExplainerOptions options;
  options.method = name.substr(0, name.find(':'));
  options.layout = clip[1] == 3 ? ClipLayout::kNcthw : ClipLayout::kNtchw;
  if (name == "libra") {
    options.method = "input_x_gradient";
    options.paths = GradientPaths::kLibra;
  }
  if (name.ends_with(":norm=pass")) options.norm = NormHandling::kPass;
  if (name.ends_with(":gamma=0")) {
    options.rules = {{{{"Convolution", "Dense"}, "", {}}, epsilon_rule()}};
  }
  return options;
}

/// A map of a clip in [1, T, C, H, W] or [1, C, T, H, W], summed over each of a grid's patches.
std::vector<double> patch_sums(const Tensor& map, const Shape& grid) {
  const auto values = map.as_doubles();
  const int64_t time = map.shape()[1] == 3 ? 2 : 1, channel = 3 - time;
  const int64_t frames = map.shape()[time], rows = map.shape()[3], columns = map.shape()[4];
  std::vector<double> result(static_cast<size_t>(grid.elements()), 0.0);
  for (int64_t c = 0; c < map.shape()[channel]; ++c) {
    for (int64_t t = 0; t < frames; ++t) {
      for (int64_t y = 0; y < rows; ++y) {
        for (int64_t x = 0; x < columns; ++x) {
          const int64_t plane = time == 1 ? t * map.shape()[channel] + c : c * frames + t;
          const int64_t patch =
              (t * grid[0] / frames * grid[1] + y * grid[1] / rows) * grid[2] + x * grid[2] / columns;
          result[static_cast<size_t>(patch)] += values[static_cast<size_t>((plane * rows + y) * columns + x)];
        }
      }
    }
  }
  return result;
}

/// A network of tests/families/references on a kernel library, and what is explained on it.
class Twin {
 public:
  explicit Twin(const Case& which)
      : arrays_(read_npz(kReferences / (which.network + ".npz"))),
        model_(onnx_io::read_model(kReferences / (which.network + ".onnx"))),
        library_(which.library == "onednn" ? testing::library_under_test(0) : testing::reference_library()),
        target_(arrays_.at("target").as_ints().front()) {}

  const Arrays& arrays() const { return arrays_; }
  const Tensor& clip() const { return arrays_.at("clip"); }
  std::vector<double> wanted(const std::string& key) const { return arrays_.at(key).as_doubles(); }
  std::vector<double> logits() const { return logits_; }
  double explained_logit() const { return logits_[static_cast<size_t>(target_)]; }

  /// Biases, shifts, tokens and embeddings become 0. The references have marked them.
  void drop_added_constants() {
    target_ = top_classes(arrays_.at("conservation/logits")).front();
    for (auto& [name, constant] : model_.constants) {
      if (!name.ends_with("@added")) continue;
      constant = graph::share(Tensor::from(
          constant->shape(), std::vector<float>(static_cast<size_t>(constant->elements()), 0.0F)));
    }
  }

  Attribution explain(const ExplainerOptions& options) {
    const graph::Graph graph = graph::specialise(model_, {{model_.inputs[0].name, clip().shape()}});
    Network network(graph, *library_, Purpose::kExplanation);
    Explainer explainer(network, options);
    explainer.forward(clip());
    logits_ = explainer.logits().as_doubles();
    return explainer.explain(std::vector<int64_t>{target_});
  }
  Attribution explain(const std::string& method) { return explain(options_of(method, clip().shape())); }

 private:
  Arrays arrays_;
  graph::Model model_;
  std::unique_ptr<kernels::Library> library_;
  int64_t target_;
  std::vector<double> logits_;
};

class FamilyTransformers : public ::testing::TestWithParam<Case> {};

TEST_P(FamilyTransformers, HaveTheRelevanceOfTheReference) {
  Twin twin(GetParam());
  int checked = 0;
  for (const auto& [key, expected] : twin.arrays()) {
    if (!key.starts_with("relevance/")) continue;
    const Attribution found = twin.explain(key.substr(10));
    EXPECT_LE(difference(twin.wanted("logits"), twin.logits()), 1e-5);
    EXPECT_LE(difference(expected.as_doubles(), found.relevance.front().as_doubles()), 1e-4) << key;
    ++checked;
  }
  EXPECT_EQ(checked, 6);
}

TEST_P(FamilyTransformers, HaveTheGradientTimesInputOfTheReference) {
  Twin twin(GetParam());
  std::vector<double> expected = twin.wanted("relevance/gradient");
  const std::vector<double> clip = twin.wanted("clip");
  for (size_t i = 0; i < expected.size(); ++i) expected[i] *= clip[i];
  EXPECT_LE(difference(expected, twin.explain("input_x_gradient").relevance.front().as_doubles()), 1e-4);
}

TEST_P(FamilyTransformers, GivePositionsTheirShare) {
  Twin twin(GetParam());
  for (const std::string method : {"value_path", "attnlrp"}) {
    const Tensor position = twin.explain(method).position;
    if (!twin.arrays().contains("position/" + method)) {
      EXPECT_EQ(position.elements(), 0) << method;
      continue;
    }
    EXPECT_LE(difference(twin.wanted("position/" + method), position.as_doubles()), 1e-4) << method;
  }
}

/// Every layer of these attends over all tokens, so that the weights can be multiplied down to the patches.
class PlainTransformers : public FamilyTransformers {};

TEST_P(PlainTransformers, FollowAttentionWeightsAsTheReferenceDoes) {
  Twin twin(GetParam());
  for (const std::string method : {"attention_rollout", "gradient_attention"}) {
    const Tensor& expected = twin.arrays().at("tokens/" + method);
    const Attribution attribution = twin.explain(method);
    const auto found = patch_sums(attribution.relevance.front(), expected.shape());
    EXPECT_LE(difference(in_shares(expected.as_doubles()), in_shares(found)), 1e-4) << method;
  }
}

/// What transformer_references.py proves in float64: without added constants all that is left is linear in
/// the clip, for constant attention weights, deviations and f(x) / x.
TEST_P(FamilyTransformers, ConserveTheLogitWithoutAddedConstants) {
  Twin twin(GetParam());
  twin.drop_added_constants();
  for (const std::string method : {"value_path", "value_path:gamma=0"}) {
    const auto relevance = twin.explain(method).relevance.front().as_doubles();
    EXPECT_LE(difference(twin.wanted("conservation/logits"), twin.logits()), 1e-5);
    double magnitudes = 0;
    for (const double r : relevance) magnitudes += std::abs(r);
    EXPECT_NEAR(sum(relevance), twin.explained_logit(), 1e-5 * magnitudes) << method;
  }
}

std::vector<Case> cases_of(const std::vector<std::string>& networks) {
  std::vector<Case> result;
  for (const std::string& network : networks) {
    for (const char* library : {"reference", "onednn"}) result.push_back({network, library});
  }
  return result;
}

std::string name_of(const ::testing::TestParamInfo<Case>& test) {
  return test.param.network + "_" + test.param.library;
}

const std::vector<std::string> kFamilies = {"videomae", "timesformer", "vivit",     "vjepa2", "mvit_v1",
                                            "mvit_v2",  "swin3d",      "uniformer", "hiera"};
INSTANTIATE_TEST_SUITE_P(All, FamilyTransformers, ::testing::ValuesIn(cases_of(kFamilies)), name_of);
INSTANTIATE_TEST_SUITE_P(All, PlainTransformers, ::testing::ValuesIn(cases_of({"videomae", "vivit"})),
                         name_of);

}  // namespace
}  // namespace relevid
