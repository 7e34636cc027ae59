// SPDX-License-Identifier: Apache-2.0
// A real pretrained network against relevances computed in float64 by an independent package.
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

const std::filesystem::path kShared = RELEVID_SHARED_DIR;
const std::filesystem::path kModel = kShared / "models/movinet_a0_k600.onnx";
const std::filesystem::path kReference = kShared / "reference/movinet_reference_carving_ice.npz";
constexpr int64_t kFrames = 16, kSize = 172, kPixels = kSize * kSize;

/// [1, 3, T, H, W] in [0, 1] from the frames [T, H, W, 3] of 8 bits.
Tensor clip_of(const Tensor& frames) {
  Tensor clip(Shape{1, 3, kFrames, kSize, kSize}, DType::kF32);
  const auto from = frames.values<uint8_t>();
  const auto to = clip.values<float>();
  for (int64_t i = 0; i < kFrames * kPixels; ++i)
    for (int64_t c = 0; c < 3; ++c)
      to[static_cast<size_t>(c * kFrames * kPixels + i)] =
          static_cast<float>(from[static_cast<size_t>(i * 3 + c)]) / 255;
  return clip;
}

std::vector<double> over_channels(const Tensor& relevance) {
  const auto values = relevance.as_doubles();
  std::vector<double> sums(static_cast<size_t>(kFrames * kPixels), 0.0);
  for (size_t i = 0; i < values.size(); ++i) sums[i % sums.size()] += values[i];
  return sums;
}

/// L1 of the difference over L1.
double relative(const std::vector<double>& want, const std::vector<double>& have) {
  double error = 0, size = 0;
  for (size_t i = 0; i < want.size(); ++i) {
    error += std::abs(want[i] - have[i]);
    size += std::abs(want[i]);
  }
  return error / size;
}

/// One network for all tests of this file: it takes seconds to make.
class Movinet : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!std::filesystem::exists(kModel) || !std::filesystem::exists(kReference)) return;
    arrays_ = new std::map<std::string, Tensor>(read_npz(kReference));
    library_ = testing::library_under_test(0).release();
    const auto model = onnx_io::read_model(kModel);
    network_ =
        new Network(graph::specialise(model, {{model.inputs[0].name, Shape{1, 3, kFrames, kSize, kSize}}}),
                    *library_, Purpose::kExplanation);
  }
  static void TearDownTestSuite() {
    delete network_;
    delete library_;
    delete arrays_;
    network_ = nullptr;
    library_ = nullptr;
    arrays_ = nullptr;
  }
  void SetUp() override {
    if (!network_) GTEST_SKIP() << "no model or reference at " << kShared;
  }

  Attribution explain(const std::string& method, std::vector<CompositeEntry> rules = {}) {
    ExplainerOptions options;
    options.method = method;
    options.rules = std::move(rules);
    options.bounds.emplace();
    options.bounds->low.push_back(Tensor::from(Shape{1, 1, 1, 1, 1}, std::vector<float>{0}));
    options.bounds->high.push_back(Tensor::from(Shape{1, 1, 1, 1, 1}, std::vector<float>{1}));
    Explainer explainer(*network_, options);
    explainer.forward(clip_of(arrays_->at("frames")));
    logits_ = explainer.logits().as_doubles();
    return explainer.explain(top_classes(explainer.logits()));
  }
  void expect_like(const std::string& method, const std::string& key, double tolerance,
                   std::vector<CompositeEntry> rules = {}) {
    const Attribution attribution = explain(method, std::move(rules));
    EXPECT_LE(relative(arrays_->at(key).as_doubles(), over_channels(attribution.relevance.front())),
              tolerance)
        << method;
  }

  static std::map<std::string, Tensor>* arrays_;
  static kernels::Library* library_;
  static Network* network_;
  std::vector<double> logits_;
};
std::map<std::string, Tensor>* Movinet::arrays_ = nullptr;
kernels::Library* Movinet::library_ = nullptr;
Network* Movinet::network_ = nullptr;

TEST_F(Movinet, Logits) {
  explain("gradient");
  const auto want = arrays_->at("logits").as_doubles();
  ASSERT_EQ(want.size(), logits_.size());
  for (size_t i = 0; i < want.size(); ++i) EXPECT_NEAR(want[i], logits_[i], 1e-3) << i;
}
TEST_F(Movinet, EpsilonPlus) {
  expect_like("epsilon_plus", "relevance/epsilon_plus", 1e-3);
}
TEST_F(Movinet, DeepTaylor) {
  // The reference shares sums by contribution, which takes both signs.
  expect_like("deep_taylor", "relevance/deep_taylor_own_padding", 1e-3, norm_sums(network_->graph()));
}
TEST_F(Movinet, DeepTaylorHasOneSign) {
  const Attribution attribution = explain("deep_taylor");
  const auto map = over_channels(attribution.relevance.front());
  double negative = 0, size = 0;
  for (const double r : map) {
    negative -= std::min(r, 0.0);
    size += std::abs(r);
  }
  ASSERT_GT(std::ranges::max(logits_), 0);
  EXPECT_LE(negative, 1e-6 * size);
}
TEST_F(Movinet, EpsilonAlpha2Beta1) {
  expect_like("epsilon_alpha2_beta1", "relevance/epsilon_alpha2_beta1", 1e-3);
}
TEST_F(Movinet, Gradient) {
  expect_like("gradient", "relevance/gradient", 2e-3);
}
TEST_F(Movinet, InputTimesGradient) {
  expect_like("input_x_gradient", "relevance/input_x_gradient", 2e-3);
}

}  // namespace
}  // namespace relevid
