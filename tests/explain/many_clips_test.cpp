// SPDX-License-Identifier: Apache-2.0
// What an explanation needs of memory does not grow with the clips that are explained.
#include <gtest/gtest.h>

#include "explain/explainer.h"
#include "explain/small_networks.h"
#include "support/devices.h"

namespace relevid {
namespace {

TEST(ManyClips, TakeNoMoreMemoryThanAFew) {
  const auto library = testing::library_under_test(2);
  for (const auto& [name, graph] : testing::small_networks()) {
    if (name != "plain" && name != "residual") continue;
    Network network(graph, *library, Purpose::kExplanation);
    ExplainerOptions options;
    options.method = "epsilon_plus";
    Explainer explainer(network, options);
    const Tensor clip = testing::Random(4).uniform(testing::kSmallClip, -1, 1);
    const auto explain = [&](int clips) {
      for (int i = 0; i < clips; ++i) {
        explainer.forward(clip);
        explainer.explain(top_classes(explainer.logits()));
      }
    };
    explain(5);
    const int64_t after_a_few = library->peak_bytes();
    explain(1000);
    EXPECT_GT(after_a_few, 0);
    EXPECT_EQ(library->peak_bytes(), after_a_few) << name;
  }
}

}  // namespace
}  // namespace relevid
