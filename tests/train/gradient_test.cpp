// SPDX-License-Identifier: Apache-2.0
// Gradients of whole networks by their parameters: against finite differences of the loss, in double on the
// reference library, and the oneDNN library's against those.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "base/random.h"
#include "graph/to_model.h"
#include "models/models.h"
#include "support/devices.h"
#include "support/graphs.h"
#include "support/scratch.h"
#include "train/trainable_model.h"

namespace relevid::train {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using testing::GraphBuilder;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using testing::message_of;
using ::testing::Not;
using testing::Random;
using Value = GraphBuilder::Value;

constexpr uint64_t kSeed = 5;

struct Case {
  graph::Model model;
  Shape batch;
};

struct Trial {
  Trial(const Case& c, kernels::Library& library, const TrainableOptions& options = {})
      : model(c.model, c.batch, library, options),
        clips(Random(2).uniform(c.batch, -1, 1)),
        labels(static_cast<size_t>(c.batch[0])) {
    for (size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<int64_t>(i) % model.class_count();
  }
  LossResult step() { return model.step(clips, labels, kSeed); }

  TrainableModel model;
  Tensor clips;
  std::vector<int64_t> labels;
};

/// Central differences at a few places of every parameter.
void expect_finite_differences(const Case& c, const TrainableOptions& options) {
  const auto library = testing::reference_library();
  Trial trial(c, *library, options);
  ASSERT_TRUE(std::isfinite(trial.step().loss));
  std::vector<std::vector<double>> gradients;
  for (const Tensor& gradient : trial.model.gradients()) gradients.push_back(gradient.as_doubles());
  relevid::Random random(7);
  for (size_t p = 0; p < gradients.size(); ++p) {
    const Parameter& parameter = trial.model.parameters()[p];
    const auto values = parameter.value->values<float>();
    for (int place = 0; place < 2; ++place) {
      const auto i = static_cast<size_t>(random.below(static_cast<int64_t>(values.size())));
      const float before = values[i];
      const auto loss_at = [&](float value) {
        values[i] = value;
        trial.model.parameters_changed();
        return trial.step().loss;
      };
      const float high = before + 0x1p-13F, low = before - 0x1p-13F;
      const double slope =
          (loss_at(high) - loss_at(low)) / (static_cast<double>(high) - static_cast<double>(low));
      loss_at(before);
      EXPECT_NEAR(gradients[p][i], slope, 2e-6 + 1e-4 * std::abs(slope)) << parameter.name << " at " << i;
    }
  }
}

void expect_onednn_agrees(const Case& c, const TrainableOptions& options) {
  const auto reference = testing::reference_library();
  const auto onednn = testing::library_under_test(2);
  Trial want(c, *reference, options), have(c, *onednn, options);
  EXPECT_NEAR(want.step().loss, have.step().loss, 1e-5);
  for (size_t p = 0; p < want.model.parameters().size(); ++p) {
    const auto w = want.model.gradients()[p].as_doubles(), h = have.model.gradients()[p].as_doubles();
    double largest = 1e-3;
    for (const double value : w) largest = std::max(largest, std::abs(value));
    for (size_t i = 0; i < w.size(); ++i)
      ASSERT_NEAR(w[i], h[i], 1e-4 * largest) << want.model.parameters()[p].name << " at " << i;
  }
  for (size_t s = 0; s < want.model.statistics().size(); ++s) {
    const auto w = want.model.statistics()[s].value->as_doubles(),
               h = have.model.statistics()[s].value->as_doubles();
    for (size_t i = 0; i < w.size(); ++i) ASSERT_NEAR(w[i], h[i], 1e-5 * (1 + std::abs(w[i])));
  }
}

Case architecture(const std::string& name, double width, int64_t clip_len, int64_t size,
                  double dropout = 0.5) {
  CreateOptions options;
  options.width = width;
  options.clip_len = clip_len;
  options.height = size;
  options.classes = 3;
  options.dropout = dropout;
  options.batch_norm = CreateOptions::BatchNorm::kNeutral;
  return {models::create(name, options), Shape{3, 3, clip_len, size, size}};
}

/// What the architectures lack: groups, dilation by hand, averages, branches, a gate, concatenation.
Case branches() {
  Random random;
  GraphBuilder b;
  const Value x = b.convolution(b.input({3, 3, 3, 5, 5}), 4, random);
  const Value left = b.relu(b.convolution(x, 4, random, {.groups = 4}));
  const Value right =
      b.like(graph::Activation{graph::Activation::Kind::kTanh}, b.convolution(x, 4, random, {.groups = 2}));
  const Value gate =
      b.like(graph::Activation{graph::Activation::Kind::kSigmoid}, b.convolution(x, 4, random));
  const Value sum = b.add(b.multiply(left, gate, 1), right, -1);
  const Shape twice{3, 8, 3, 5, 5};
  const Value both = b.node(graph::Concat{1}, {sum, x}, twice);
  const Value pooled = b.average_pool(both);
  return {graph::to_model(b.finish(b.dense(
              b.flatten(b.affine(pooled, {1, 2, 1, 2, 1, 2, 1, 2}, {0, 0, 0, 0, 1, 1, 1, 1})), 3, random))),
          Shape{3, 3, 3, 5, 5}};
}

/// As the ResNets have it: normalised convolutions, and a shortcut with one of its own.
Case residual_block() {
  Random random;
  GraphBuilder b;
  const auto normalised = [&](Value x, std::vector<int64_t> kernel) {
    const std::vector<int64_t> pads(3, kernel[0] / 2);
    const Value y = b.convolution(x, 6, random, {.kernel = kernel, .pads = pads});
    const auto constant = [&](float low) { return graph::share(random.uniform(Shape{6}, low, low + 0.5F)); };
    return b.like(graph::BatchNorm{constant(0.75F), constant(-0.25F), constant(0), constant(0.5F), 1e-5}, y);
  };
  const Value x = b.relu(normalised(b.input({3, 3, 3, 5, 5}), {3, 3, 3}));
  const Value inner = normalised(b.relu(normalised(x, {3, 3, 3})), {3, 3, 3});
  const Value y = b.relu(b.add(inner, normalised(x, {1, 1, 1})));
  return {graph::to_model(b.finish(b.dense(b.flatten(b.mean(y)), 3, random))), Shape{3, 3, 3, 5, 5}};
}

TEST(Gradients, C3dSmall) {
  const Case c = architecture("c3d_small", 0.04, 4, 16);
  expect_finite_differences(c, {.label_smoothing = 0.1});
  expect_onednn_agrees(c, {.label_smoothing = 0.1});
}

TEST(Gradients, ResidualBlockWithBatchNorm) {
  expect_finite_differences(residual_block(), {});
  expect_onednn_agrees(residual_block(), {});
}

TEST(Gradients, ResidualBlockWithAFrozenStem) {
  const TrainableOptions options{.freeze = {"Convolution0", "BatchNorm1"}};
  expect_finite_differences(residual_block(), options);
  expect_onednn_agrees(residual_block(), options);
}

TEST(Gradients, BranchesGatesAndGroups) {
  expect_finite_differences(branches(), {});
  expect_onednn_agrees(branches(), {});
}

TEST(Gradients, TransformerWithPositionsAndNorms) {
  const Case c = architecture("vit_small", 0.25, 4, 16);
  expect_finite_differences(c, {.train_only = {"embedding", "position", "block2.*", "norm", "head"}});
  expect_onednn_agrees(c, {});
}

std::vector<std::string> names_of(const TrainableModel& model) {
  std::vector<std::string> names;
  for (const Parameter& parameter : model.parameters()) names.push_back(parameter.name);
  return names;
}

TEST(TrainableModel, LearnsATransformersNormsAndPositions) {
  const auto library = testing::library_under_test(1);
  const Case c = architecture("vit_small", 0.25, 4, 16);
  const auto names = names_of(TrainableModel(c.model, c.batch, *library, {}));
  EXPECT_THAT(names, IsSupersetOf({"embedding.weight", "position.shift", "block1.norm1.scale",
                                   "block4.mlp.out.weight", "norm.shift", "head.bias"}));
  EXPECT_THAT(names, Not(Contains("position.scale")));
  EXPECT_EQ(names.size(), 2U + 1 + 4 * (2 * 2 + 6 * 2) + 2 + 2);
}

TEST(TrainableModel, TrainsTheHeadAlone) {
  const auto library = testing::library_under_test(1);
  const Case c = architecture("vit_small", 0.25, 4, 16);
  const TrainableOptions head{.train_only = {"head"}, .classes = 5};
  EXPECT_THAT(names_of(TrainableModel(c.model, c.batch, *library, head)),
              ElementsAre("head.weight", "head.bias"));
  expect_finite_differences(c, {.train_only = {"head"}});
  const TrainableOptions without{.freeze = {"head"}, .train_only = {"head", "norm"}};
  EXPECT_THAT(names_of(TrainableModel(c.model, c.batch, *library, without)),
              ElementsAre("norm.scale", "norm.shift"));
  EXPECT_THAT(message_of(ErrorKind::kInvalidArgument,
                         [&] { TrainableModel(c.model, c.batch, *library, {.train_only = {"heat"}}); }),
              HasSubstr("did you mean 'head'"));
}

/// What is before the first trained layer is not kept.
TEST(TrainableModel, ATrainedHeadNeedsLittleMemory) {
  const Case c = architecture("vit_small", 0.5, 8, 32);
  const auto peak = [&](const TrainableOptions& options) {
    const auto library = testing::library_under_test(1);
    Trial trial(c, *library, options);
    trial.step();
    return library->peak_bytes();
  };
  EXPECT_LT(peak({.train_only = {"head"}}), peak({}) / 3);
}

/// A trained transformer is read as it was written: attention and norms as one operator each.
TEST(TrainableModel, ATransformerIsWrittenAsItIsRead) {
  const auto library = testing::library_under_test(1);
  const Case c = architecture("vit_small", 0.25, 4, 16, 0);
  TrainableModel model(c.model, c.batch, *library, {});
  for (const Parameter& parameter : model.parameters()) {
    for (float& value : parameter.value->values<float>()) value += 0.01F;
  }
  model.parameters_changed();
  Trial again({model.model(), c.batch}, *library);
  Trial before(c, *library);
  EXPECT_EQ(names_of(again.model), names_of(model));
  const auto loss = model.step(again.clips, again.labels, kSeed).loss;
  EXPECT_NEAR(again.step().loss, loss, 1e-6);
  EXPECT_GT(std::abs(before.step().loss - loss), 1e-4);
}

TEST(TrainableModel, FrozenLayersKeepTheirWeightsAndStatistics) {
  const auto library = testing::library_under_test(1);
  const Case c = residual_block();
  const TrainableModel model(c.model, c.batch, *library, {.freeze = {"Convolution0", "BatchNorm1"}});
  for (const Parameter& parameter : model.parameters())
    EXPECT_FALSE(parameter.name.starts_with("Convolution0")) << parameter.name;
  for (const Statistic& statistic : model.statistics())
    EXPECT_FALSE(statistic.name.starts_with("BatchNorm1"));
  EXPECT_NE(message_of(ErrorKind::kInvalidArgument,
                       [&] { TrainableModel(c.model, c.batch, *library, {.freeze = {"Convolution00"}}); })
                .find("'Convolution00'"),
            std::string::npos);
  message_of(ErrorKind::kInvalidArgument,
             [&] { TrainableModel(c.model, c.batch, *library, {.freeze = {"*"}}); });
}

TEST(TrainableModel, OtherClassesGetANewHead) {
  const auto library = testing::library_under_test(1);
  const Case c = architecture("c3d_small", 0.1, 8, 16);
  TrainableModel model(c.model, c.batch, *library, {.classes = 5});
  EXPECT_EQ(model.class_count(), 5);
  const TrainableModel same(c.model, c.batch, *library, {.classes = 3});
  EXPECT_EQ(same.parameters().back().value->as_doubles(), c.model.constants.at("fc5.bias")->as_doubles());
  EXPECT_EQ(same.parameters()[0].value->as_doubles(), model.parameters()[0].value->as_doubles());
}

TEST(TrainableModel, TheModelItWasMadeFromStaysAsItWas) {
  const auto library = testing::library_under_test(1);
  const Case c = architecture("c3d_small", 0.1, 8, 16);
  const auto before = c.model.constants.at("conv1.weight")->as_doubles();
  const TrainableModel model(c.model, c.batch, *library, {});
  for (const Parameter& parameter : model.parameters())
    std::ranges::fill(parameter.value->values<float>(), 0.0F);
  EXPECT_EQ(c.model.constants.at("conv1.weight")->as_doubles(), before);
}

}  // namespace
}  // namespace relevid::train
