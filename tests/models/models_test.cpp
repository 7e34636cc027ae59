// SPDX-License-Identifier: Apache-2.0
#include "models/models.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "graph/specialise.h"
#include "network/network.h"
#include "support/devices.h"
#include "support/scratch.h"

namespace relevid::models {
namespace {

using relevid::testing::message_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// What training would change: all constants but batch norm's running statistics.
int64_t trainable_parameters(const graph::Model& model) {
  int64_t count = 0;
  for (const auto& [name, tensor] : model.constants) {
    if (!name.ends_with("running_mean") && !name.ends_with("running_var")) count += tensor->elements();
  }
  return count;
}

graph::Graph specialised(const graph::Model& model, const CreateOptions& options, int64_t batch = 1) {
  return graph::specialise(model,
                           {{"clip", Shape{batch, 3, options.clip_len, options.height, options.height}}});
}

const Shape& output_of(const graph::Graph& graph, const std::string& node) {
  const auto found = std::ranges::find(graph.nodes, node, &graph::Node::name);
  if (found == graph.nodes.end()) throw std::runtime_error("no node " + node);
  return graph.shape(found->output);
}

TEST(C3d, HasThePublishedParameters) {
  // Convolutions 27 in · out + out; dense in · out + out; fc6 sees 512 · 1 · 4 · 4.
  const int64_t convolutions = (27 * 3 * 64 + 64) + (27 * 64 * 128 + 128) + (27 * 128 * 256 + 256) +
                               (27 * 256 * 256 + 256) + (27 * 256 * 512 + 512) + 3 * (27 * 512 * 512 + 512);
  const int64_t dense = (8192 * 4096 + 4096) + (4096 * 4096 + 4096) + (4096 * 487 + 487);
  EXPECT_EQ(convolutions + dense, 79'991'015);
  EXPECT_EQ(trainable_parameters(create("c3d", {})), convolutions + dense);
}

TEST(C3d, HasThePublishedGeometry) {
  CreateOptions narrow;
  narrow.width = 1.0 / 64;
  const graph::Graph graph = specialised(create("c3d", narrow), narrow);
  EXPECT_EQ(output_of(graph, "pool1"), (Shape{1, 1, 16, 56, 56}));
  EXPECT_EQ(output_of(graph, "pool2"), (Shape{1, 2, 8, 28, 28}));
  EXPECT_EQ(output_of(graph, "pool3"), (Shape{1, 4, 4, 14, 14}));
  EXPECT_EQ(output_of(graph, "pool4"), (Shape{1, 8, 2, 7, 7}));
  EXPECT_EQ(output_of(graph, "pool5"), (Shape{1, 8, 1, 4, 4})) << "Caffe rounds 7 / 2 up";
  EXPECT_EQ(graph.shape(graph.output), (Shape{1, 487}));
}

TEST(C3dBn, HasANormForEveryConvolutionAndNoOtherBias) {
  CreateOptions narrow;
  narrow.width = 1.0 / 64;
  const auto parameters = [&](const std::string& name) { return trainable_parameters(create(name, narrow)); };
  // A bias gives way to a factor and a shift: one number more for each channel.
  EXPECT_EQ(parameters("c3d_bn") - parameters("c3d"), 1 + 2 + 4 + 4 + 8 + 8 + 8 + 8);
  EXPECT_EQ(parameters("c3d_small_bn") - parameters("c3d_small"), 1 + 1 + 2 + 2);
}

/// Whether a value's frames are all equal where the clip's frames are.
bool keeps_stillness(const CreateOptions& options, const std::string& value) {
  graph::Model model = create("c3d_small", options);
  model.outputs = {{value, {-1, -1, -1, -1, -1}, {"batch", "", "", "", ""}}};
  const graph::Graph graph = specialised(model, options);
  const auto library = testing::reference_library();
  Network network(graph, *library, Purpose::kExplanation);
  Tensor clip(graph.shape(graph.inputs[0]), DType::kF32);
  const auto pixels = static_cast<size_t>(options.height * options.height);
  for (size_t i = 0; i < clip.values<float>().size(); ++i) {
    const size_t channel = i / pixels / static_cast<size_t>(options.clip_len);
    clip.values<float>()[i] = std::sin(static_cast<float>(i % pixels + 7 * channel));
  }
  const kernels::Buffer input = library->upload(clip);
  const Tensor y = network.output(network.forward(std::span(&input, 1), Keep::kNothing));
  const Shape& s = y.shape();
  const int64_t frame = s[3] * s[4];
  for (int64_t i = 0; i < y.elements(); ++i) {
    const int64_t first = i / (s[2] * frame) * s[2] * frame + i % frame;
    if (y.values<double>()[static_cast<size_t>(i)] != y.values<double>()[static_cast<size_t>(first)])
      return false;
  }
  return true;
}

TEST(TimePadding, RepeatedFramesAreNoChangeAndZerosAre) {
  CreateOptions options;
  options.width = 1.0 / 16;
  options.clip_len = 8;
  options.height = 16;
  options.classes = 3;
  EXPECT_FALSE(keeps_stillness(options, "pool3.out"));
  options.time_padding = CreateOptions::TimePadding::kRepeat;
  EXPECT_TRUE(keeps_stillness(options, "pool3.out"));
}

TEST(TimePadding, ChangesNoWeight) {
  CreateOptions options;
  options.width = 1.0 / 16;
  const graph::Model zeros = create("r2plus1d_18", options);
  options.time_padding = CreateOptions::TimePadding::kRepeat;
  const graph::Model repeats = create("r2plus1d_18", options);
  for (const auto& [name, tensor] : zeros.constants) {
    ASSERT_EQ(tensor->as_doubles(), repeats.constants.at(name)->as_doubles()) << name;
  }
}

TEST(R3d18, HasTorchvisionsParameters) {
  EXPECT_EQ(trainable_parameters(create("r3d_18", {})), 33'371'472);
}

TEST(R2plus1d18, HasTorchvisionsParameters) {
  EXPECT_EQ(trainable_parameters(create("r2plus1d_18", {})), 31'505'325);
}

TEST(Vit, HasThePublishedParameters) {
  int64_t learnt = 0;
  CreateOptions options;
  options.height = 224;
  for (const auto& [name, tensor] : create("vit", options).constants) {
    if (name.ends_with(".weight") || name.ends_with(".bias")) learnt += tensor->elements();
  }
  // transformers 5 counts 86'534'800 of VideoMAE-B with 400 classes: its keys have no bias, which the softmax
  // does not see, and its positions are not learnt.
  EXPECT_EQ(learnt, 86'534'800 + 12 * 768);
}

TEST(Vit, HasThePublishedTokens) {
  CreateOptions narrow;
  narrow.width = 1.0 / 12;
  narrow.height = 224;
  EXPECT_EQ(create("vit", narrow).constants.at("position.values")->shape(), (Shape{1, 1568, 64}));
  narrow.clip_len = 1;
  EXPECT_THAT(message_of(ErrorKind::kInvalidArgument, [&] { create("vit", narrow); }),
              HasSubstr("tubelet of 2 frames"));
}

TEST(Vit, AttendsByOneOperatorABlock) {
  CreateOptions narrow;
  narrow.width = 0.25;
  narrow.height = 32;
  const graph::Graph graph = specialised(create("vit_small", narrow), narrow, 2);
  const auto count = [&]<class Op>(const Op&) {
    return std::ranges::count_if(graph.nodes,
                                 [](const auto& node) { return std::holds_alternative<Op>(node.op); });
  };
  EXPECT_EQ(count(graph::Attention{}), 4);
  EXPECT_EQ(count(graph::Standardise{}), 9);
  EXPECT_EQ(graph.shape(graph.output), (Shape{2, 400}));
}

TEST(ResNets, HaveTorchvisionsGeometry) {
  for (const char* name : {"r3d_18", "r2plus1d_18"}) {
    CreateOptions narrow;
    narrow.width = 1.0 / 16;
    const graph::Graph graph = specialised(create(name, narrow), narrow);
    EXPECT_EQ(output_of(graph, "layer1.1.relu"), (Shape{1, 4, 16, 56, 56})) << name;
    EXPECT_EQ(output_of(graph, "layer2.0.relu"), (Shape{1, 8, 8, 28, 28})) << name;
    EXPECT_EQ(output_of(graph, "layer3.0.relu"), (Shape{1, 16, 4, 14, 14})) << name;
    EXPECT_EQ(output_of(graph, "layer4.1.relu"), (Shape{1, 32, 2, 7, 7})) << name;
    EXPECT_EQ(graph.shape(graph.output), (Shape{1, 400})) << name;
  }
}

TEST(Models, KeepBatchNormInTheFile) {
  CreateOptions narrow;
  narrow.width = 1.0 / 16;
  const graph::Model model = create("r3d_18", narrow);
  EXPECT_EQ(std::ranges::count(model.nodes, "BatchNormalization", &graph::ModelNode::op), 20);
}

TEST(Models, AreTheSameForTheSameSeedOnly) {
  CreateOptions options;
  options.width = 1.0 / 32;
  const auto weights = [&](uint64_t seed) {
    options.seed = seed;
    return create("c3d", options).constants.at("conv1a.weight")->as_doubles();
  };
  EXPECT_EQ(weights(1), weights(1));
  EXPECT_NE(weights(1), weights(2));
  // The generator and the arithmetic are defined to the bit, so this holds on every machine.
  EXPECT_EQ(static_cast<float>(weights(1)[0]), -0.199292317F);
}

TEST(Models, HaveWeightsOfHesVariance) {
  CreateOptions options;
  options.width = 0.25;
  const auto weights = create("c3d", options).constants.at("conv3b.weight")->as_doubles();
  double squares = 0;
  for (const double w : weights) squares += w * w;
  EXPECT_NEAR(squares / static_cast<double>(weights.size()), 2.0 / (64 * 27), 0.02 * 2 / (64 * 27));
}

/// Logits of a batch on one of the libraries.
std::vector<double> logits(const graph::Graph& graph, kernels::Library& library, Purpose purpose) {
  Tensor clip(graph.shape(graph.inputs[0]), DType::kF32);
  std::mt19937 random(3);
  for (float& value : clip.values<float>()) value = static_cast<float>(random() % 2001) / 1000 - 1;
  Network network(graph, library, purpose);
  const kernels::Buffer input = library.upload(clip);
  return network.output(network.forward(std::span(&input, 1), Keep::kNothing)).as_doubles();
}

/// Batches on either side of where dense layers change from streaming their weights to matrix products.
class ModelsInBatches : public ::testing::TestWithParam<int64_t> {};

TEST_P(ModelsInBatches, RunAlikeOnBothLibraries) {
  for (const std::string& name : names()) {
    CreateOptions options;
    options.width = 1.0 / 16;
    options.clip_len = 8;
    options.height = 32;
    options.classes = 11;
    const graph::Graph graph = specialised(create(name, options), options, GetParam());
    const auto reference = testing::reference_library(), onednn = testing::library_under_test(2);
    const auto expected = logits(graph, *reference, Purpose::kInference);
    ASSERT_EQ(expected.size(), static_cast<size_t>(11 * GetParam()));
    double largest = 0;
    for (const double value : expected) largest = std::max(largest, std::abs(value));
    EXPECT_GT(largest, 0.01) << name;
    for (const Purpose purpose : {Purpose::kInference, Purpose::kExplanation}) {
      const auto found = logits(graph, *onednn, purpose);
      for (size_t i = 0; i < expected.size(); ++i)
        EXPECT_NEAR(found[i], expected[i], 1e-4 * largest) << name << " at " << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, ModelsInBatches, ::testing::Values(1, 3, 6));

TEST(Models, TakeClipsThatPoolsDoNotDivide) {
  CreateOptions options;
  options.width = 1.0 / 32;
  options.clip_len = 5;
  options.height = 50;
  const graph::Graph graph = specialised(create("c3d", options), options);
  EXPECT_EQ(output_of(graph, "pool5"), (Shape{1, 16, 1, 2, 2}));
}

TEST(Models, NameWhatTheyDoNotKnow) {
  const auto message = message_of(ErrorKind::kInvalidArgument, [] { create("c3", {}); });
  EXPECT_THAT(message, HasSubstr("no architecture 'c3' (did you mean 'c3d'?)"));
  EXPECT_THAT(message,
              HasSubstr("c3d, c3d_bn, c3d_small, c3d_small_bn, r3d_18, r2plus1d_18, vit, vit_small"));
  EXPECT_THAT(names(), ElementsAre("c3d", "c3d_bn", "c3d_small", "c3d_small_bn", "r3d_18", "r2plus1d_18",
                                   "vit", "vit_small"));
}

TEST(Models, RefuseOptionsOutOfRange) {
  const auto refused = [](auto change) {
    CreateOptions options;
    change(options);
    return message_of(ErrorKind::kInvalidArgument, [&] { create("c3d", options); });
  };
  EXPECT_THAT(refused([](auto& o) { o.classes = -1; }), HasSubstr("classes"));
  EXPECT_THAT(refused([](auto& o) { o.clip_len = 0; }), HasSubstr("clip length"));
  EXPECT_THAT(refused([](auto& o) { o.height = 8; }), HasSubstr("height"));
  EXPECT_THAT(refused([](auto& o) { o.width = 0; }), HasSubstr("width"));
  EXPECT_THAT(refused([](auto& o) { o.width = std::nan(""); }), HasSubstr("width"));
}

}  // namespace
}  // namespace relevid::models
