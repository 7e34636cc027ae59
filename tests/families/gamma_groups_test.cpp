// SPDX-License-Identifier: Apache-2.0
// The groups of layers that get a gamma together, of exports as people have them.
#include "explain/gamma_groups.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "explain/automatic.h"
#include "graph/specialise.h"
#include "onnx/import.h"
#include "relevid/npz.h"

namespace relevid {
namespace {

const std::filesystem::path kReferences = RELEVID_REFERENCES_DIR;

/// "embedding 1, attention 8, mlp 5" under the preset that auto takes.
std::string groups_of(const std::string& network) {
  const Shape clip = read_npz(kReferences / (network + ".npz")).at("clip").shape();
  const graph::Model model = onnx_io::read_model(kReferences / (network + ".onnx"));
  const graph::Graph graph = graph::specialise(model, {{model.inputs[0].name, clip}});
  const Composite composite = preset(automatic_method(graph), InputBounds::kKnown);
  std::string text;
  for (const GammaGroup& group : gamma_groups(graph, assign(composite, graph)))
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", group.name, group.nodes.size());
  return text;
}

TEST(FamilyGammaGroups, ArePartsOfTransformers) {
  EXPECT_EQ(groups_of("videomae"), "embedding 1, attention 8, mlp 5");
  EXPECT_EQ(groups_of("vivit"), "embedding 1, attention 8, mlp 5");
  EXPECT_EQ(groups_of("timesformer"), "embedding 1, attention 8, mlp 7");
  EXPECT_EQ(groups_of("vjepa2"), "embedding 1, attention 16, mlp 8");
  EXPECT_EQ(groups_of("swin3d"), "embedding 1, attention 6, mlp 8");
  EXPECT_EQ(groups_of("mvit_v1"), "embedding 1, attention 10, mlp 6");
  EXPECT_EQ(groups_of("mvit_v2"), "embedding 1, attention 16, mlp 6");
  EXPECT_EQ(groups_of("uniformer"), "embedding 9, attention 2, mlp 3");
  EXPECT_EQ(groups_of("hiera"), "embedding 1, attention 6, mlp 8");
}

TEST(FamilyGammaGroups, AreThirdsOfOtherNetworks) {
  EXPECT_EQ(groups_of("c3d"), "early 1, middle 2, late 1");
  EXPECT_EQ(groups_of("r3d"), "early 2, middle 1, late 1");
  EXPECT_EQ(groups_of("nonlocal"), "early 3, middle 1, late 1") << "attention without layer norms";
}

}  // namespace
}  // namespace relevid
