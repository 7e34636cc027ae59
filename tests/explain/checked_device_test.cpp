// SPDX-License-Identifier: Apache-2.0
// Every operation of forward passes and explanations of a small network of each kind, on the device that is
// tested, checked against the reference library.
#include "explain/explainer.h"
#include "explain/small_networks.h"
#include "kernels/libraries.h"
#include "support/devices.h"

namespace relevid {
namespace {

/// Float32 sums of a few hundred products, of which none is far below the largest.
constexpr double kTolerance = 1e-4;

std::vector<double> relevance(const graph::Graph& graph, kernels::Library& library,
                              const std::string& method) {
  Network network(graph, library, Purpose::kExplanation);
  ExplainerOptions options;
  options.method = method;
  options.bounds.emplace();
  options.bounds->low.push_back(Tensor::from(Shape{1, 1, 1, 1, 1}, std::vector<float>{-1}));
  options.bounds->high.push_back(Tensor::from(Shape{1, 1, 1, 1, 1}, std::vector<float>{1}));
  Explainer explainer(network, options);
  explainer.forward(testing::Random(4).uniform(testing::kSmallClip, -1, 1));
  return explainer.explain(top_classes(explainer.logits())).relevance.front().as_doubles();
}

class CheckedDevice : public ::testing::TestWithParam<testing::SmallNetwork> {};

TEST_P(CheckedDevice, AgreesWithTheReferenceInEveryOperation) {
  const auto plain = testing::library_under_test(1);
  const auto checked =
      kernels::make_checked_library(testing::library_under_test(1), testing::reference_library(), kTolerance);
  for (const std::string method :
       {"deep_taylor", "epsilon_alpha2_beta1_flat", "epsilon_gamma_box", "null_profile", "guided_backprop"}) {
    SCOPED_TRACE(method);
    std::vector<double> have;
    ASSERT_NO_THROW(have = relevance(GetParam().graph, *checked, method));
    EXPECT_EQ(have, relevance(GetParam().graph, *plain, method)) << "results are the tested library's own";
  }
}

INSTANTIATE_TEST_SUITE_P(SmallNetworks, CheckedDevice, ::testing::ValuesIn(testing::small_networks()),
                         [](const auto& network) {
                           std::string name = network.param.name;
                           std::ranges::replace_if(
                               name, [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
                           return name;
                         });

}  // namespace
}  // namespace relevid
