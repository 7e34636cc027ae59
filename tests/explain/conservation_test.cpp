// SPDX-License-Identifier: Apache-2.0
// Relevance is accounted for in every layer of the reference networks, to 1e-4 of the logit.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "explain/explainer.h"
#include "graph/specialise.h"
#include "onnx/import.h"
#include "relevid/npz.h"
#include "support/devices.h"

namespace relevid {
namespace {

const std::filesystem::path kReference = std::filesystem::path(RELEVID_SHARED_DIR) / "reference/zennit";

struct Case {
  std::string network, library;
};
void PrintTo(const Case& value, std::ostream* out) {
  *out << value.network << " on " << value.library;
}

class Conservation : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kReference)) GTEST_SKIP() << "no reference networks at " << kReference;
    arrays_ = read_npz(kReference / (GetParam().network + ".npz"));
    const auto model = onnx_io::read_model(kReference / (GetParam().network + ".onnx"));
    library_ = GetParam().library == "onednn" ? testing::library_under_test(0) : testing::reference_library();
    network_ = std::make_unique<Network>(
        graph::specialise(model, {{model.inputs[0].name, arrays_.at("clip").shape()}}), *library_,
        Purpose::kExplanation);
  }

  /// Explains the targets and returns their logits.
  std::vector<double> explain(const std::string& method, Attribution& attribution) {
    ExplainerOptions options;
    options.method = method;
    options.bounds.emplace();
    options.bounds->low.push_back(Tensor::from(Shape{1, 1, 1, 1, 1}, std::vector<float>{-1.5F}));
    options.bounds->high.push_back(Tensor::from(Shape{1, 1, 1, 1, 1}, std::vector<float>{2}));
    Explainer explainer(*network_, options);
    explainer.forward(arrays_.at("clip"));
    const auto targets = arrays_.at("target").as_ints();
    attribution = explainer.explain(targets);
    const auto logits = explainer.logits().as_doubles();
    std::vector<double> result;
    for (size_t n = 0; n < targets.size(); ++n)
      result.push_back(logits[n * (logits.size() / targets.size()) + static_cast<size_t>(targets[n])]);
    return result;
  }

  std::map<std::string, Tensor> arrays_;
  std::unique_ptr<kernels::Library> library_;
  std::unique_ptr<Network> network_;
};

TEST_P(Conservation, EveryLayerUnderEveryPreset) {
  for (const std::string& method : preset_names()) {
    Attribution attribution;
    const auto logits = explain(method, attribution);
    ASSERT_FALSE(attribution.flows.empty());
    for (const LayerFlow& flow : attribution.flows) {
      for (size_t n = 0; n < logits.size(); ++n) {
        const double out =
            flow.outgoing[n] + flow.absorbed_by_bias[n] + flow.absorbed_by_epsilon[n] + flow.dropped[n];
        EXPECT_NEAR(flow.incoming[n], out, 1e-4 * std::abs(logits[n]))
            << fmt::format("{}: {} '{}' ({}), item {}, incoming {}", method, flow.op, flow.name, flow.rule, n,
                           flow.incoming[n]);
      }
    }
  }
}

TEST_P(Conservation, DeepTaylorSumsToTheLogitOnC3d) {
  if (!GetParam().network.starts_with("c3d")) return;
  Attribution attribution;
  const auto logits = explain("deep_taylor", attribution);
  const auto relevance = attribution.relevance.front().as_doubles();
  const size_t size = relevance.size() / logits.size();
  for (size_t n = 0; n < logits.size(); ++n) {
    double sum = 0;
    for (size_t i = n * size; i < (n + 1) * size; ++i) sum += relevance[i];
    EXPECT_NEAR(sum, logits[n], 1e-3 * std::abs(logits[n])) << "item " << n;
  }
}

std::vector<Case> cases() {
  std::vector<Case> result;
  for (const char* network :
       {"c3d_small", "c3d_grouped_dilated", "resnet3d_small", "r2plus1d_small", "inception3d_small"}) {
    for (const char* library : {"reference", "onednn"}) result.push_back({network, library});
  }
  return result;
}

INSTANTIATE_TEST_SUITE_P(All, Conservation, ::testing::ValuesIn(cases()),
                         [](const auto& test) { return test.param.network + "_" + test.param.library; });

}  // namespace
}  // namespace relevid
