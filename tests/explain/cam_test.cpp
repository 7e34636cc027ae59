// SPDX-License-Identifier: Apache-2.0
// Maps of activations: by their definitions, on networks whose answer can be written down.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "explain/explainer.h"
#include "explain/small_networks.h"
#include "relevid/error.h"
#include "support/devices.h"
#include "support/scratch.h"

namespace relevid {
namespace {

using testing::GraphBuilder;
using ::testing::HasSubstr;
using testing::Random;
using Vector = std::vector<double>;

ExplainerOptions method(const std::string& name, const std::string& layer = "") {
  ExplainerOptions options;
  options.method = name;
  options.layer = layer;
  return options;
}

Attribution explained(Network& network, const ExplainerOptions& options, const Tensor& clip,
                      const std::vector<int64_t>& targets) {
  Explainer explainer(network, options);
  explainer.forward(clip);
  return explainer.explain(targets);
}

Vector map_of(Network& network, const ExplainerOptions& options, const Tensor& clip,
              const std::vector<int64_t>& targets = {1}) {
  return explained(network, options, clip, targets).relevance.front().as_doubles();
}

/// The value that a node of this operator writes first.
graph::ValueId value_of(const graph::Graph& graph, std::string_view op) {
  for (const graph::Node& node : graph.nodes) {
    if (graph::name(node.op) == op) return node.output;
  }
  return -1;
}

Vector activation(Network& network, const Tensor& clip, graph::ValueId value) {
  const kernels::Buffer x = network.library().upload(clip);
  const Trace trace = network.forward(std::span(&x, 1), Keep::kNothing, {}, std::span(&value, 1));
  return network.library().download(trace.values[static_cast<size_t>(value)]).as_doubles();
}

Vector weights_of(const graph::Graph& graph) {
  return std::get<graph::Dense>(graph.nodes.back().op).weight->as_doubles();
}

void expect_near(const Vector& have, const Vector& want, const std::string& what) {
  ASSERT_EQ(have.size(), want.size()) << what;
  double largest = 1e-12;
  for (const double v : want) largest = std::max(largest, std::abs(v));
  for (size_t i = 0; i < want.size(); ++i)
    ASSERT_NEAR(have[i], want[i], 1e-6 * largest) << what << " at " << i;
}

constexpr int64_t kPlane = 4 * 6 * 6;  // positions of the clips here
const Shape kClip{1, 3, 4, 6, 6};

/// Behind global averaging Grad-CAM is CAM (Zhou et al. 2016): the class's weights over the features, up to
/// the number of positions.
TEST(GradCam, IsCamBehindGlobalAveraging) {
  const auto library = testing::reference_library();
  Random random(51);
  GraphBuilder b;
  const int features = b.relu(b.convolution(b.input(kClip), 5, random));
  const graph::Graph graph = b.finish(b.dense(b.flatten(b.mean(features)), 4, random));
  Network network(graph, *library, Purpose::kExplanation);
  const Tensor clip = random.uniform(kClip, -1, 1);
  const Vector a = activation(network, clip, value_of(graph, "Activation")), w = weights_of(graph);
  Vector want(3 * kPlane, 0.0);
  for (size_t i = 0; i < kPlane; ++i) {
    double cam = 0;
    for (size_t k = 0; k < 5; ++k) cam += w[2 * 5 + k] * a[k * kPlane + i];
    for (size_t c = 0; c < 3; ++c) want[c * kPlane + i] = std::max(0.0, cam) / kPlane / 3;
  }
  ASSERT_GT(*std::ranges::max_element(want), 0);
  expect_near(map_of(network, method("grad_cam"), clip, {2}), want, "the last convolution");
  expect_near(map_of(network, method("grad_cam", "Convolution0"), clip, {2}), want, "by name");
}

TEST(LayerCam, WeighsEveryPlaceByItsOwnPositiveGradient) {
  const auto library = testing::reference_library();
  Random random(52);
  GraphBuilder b;
  const int features = b.convolution(b.input(kClip), 5, random);
  const graph::Graph graph = b.finish(b.dense(b.flatten(features), 4, random));
  Network network(graph, *library, Purpose::kExplanation);
  const Tensor clip = random.uniform(kClip, -1, 1);
  const Vector a = activation(network, clip, value_of(graph, "Convolution")), w = weights_of(graph);
  Vector layer_cam(3 * kPlane, 0.0), grad_cam = layer_cam;
  Vector mean(5, 0.0);
  for (size_t k = 0; k < 5 * kPlane; ++k) mean[k / kPlane] += w[5 * kPlane + k] / kPlane;
  for (size_t i = 0; i < 3 * kPlane; ++i) {
    double own = 0, shared = 0;
    for (size_t k = 0; k < 5; ++k) {
      const size_t at = k * kPlane + i % kPlane;
      own += std::max(0.0, w[5 * kPlane + at]) * a[at];
      shared += mean[k] * a[at];
    }
    layer_cam[i] = std::max(0.0, own) / 3;
    grad_cam[i] = std::max(0.0, shared) / 3;
  }
  expect_near(map_of(network, method("layer_cam"), clip), layer_cam, "layer_cam");
  expect_near(map_of(network, method("grad_cam"), clip), grad_cam, "grad_cam");
}

TEST(GradCam, KeepsTheFeatureMapsTimeAndSaysHowCoarseItIs) {
  const auto library = testing::reference_library();
  GraphBuilder b;
  const int x = b.input({1, 1, 4, 2, 2});
  graph::Convolution half;  // sums two frames; one channel; stride 2 in time
  half.window = {{2, 1, 1}, {2, 1, 1}, {1, 1, 1}, {0, 0, 0}, {0, 0, 0}};
  half.weight = testing::shared(Tensor::from(Shape{1, 1, 2, 1, 1}, std::vector<float>{1, 1}));
  const int features = b.node(half, {x}, Shape{1, 1, 2, 2, 2});
  const auto ones = testing::shared(Tensor::from(Shape{1, 8}, std::vector<float>(8, 1.0F)));
  Network network(b.finish(b.node(graph::Dense{ones, nullptr}, {b.flatten(features)}, {1, 1})), *library,
                  Purpose::kExplanation);
  std::vector<float> values(16, 1.0F);
  std::fill(values.begin() + 8, values.end(), 3.0F);  // frames 1 1 3 3 become maps of 2 and 6
  Explainer explainer(network, method("grad_cam"));
  explainer.forward(Tensor::from(Shape{1, 1, 4, 2, 2}, values));
  const Vector map = explainer.explain(std::vector<int64_t>{0}).relevance.front().as_doubles();
  const Vector want = {2, 3, 5, 6};
  for (size_t i = 0; i < map.size(); ++i) EXPECT_NEAR(map[i], want[i / 4], 1e-9);
  EXPECT_EQ(explainer.resolution().values, (std::array<int64_t, 3>{2, 2, 2}));
  EXPECT_THAT(explainer.resolution().in_time, HasSubstr("2 frames of the feature map"));
  EXPECT_THAT(explainer.resolution().in_time, HasSubstr("for 4 frames"));
}

/// Networks that run over frames one by one have time in the batch; their map is the same.
TEST(GradCam, FindsTimeThatIsFoldedIntoTheBatch) {
  const auto library = testing::reference_library();
  const Shape clips{2, 3, 4, 6, 6};
  const auto network_of = [&](bool folded) {
    Random random(53);
    GraphBuilder b;
    const int x = b.input(clips);
    if (!folded) {
      const int y = b.relu(b.convolution(x, 5, random, {.kernel = {1, 3, 3}, .pads = {0, 1, 1}}));
      return b.finish(b.dense(b.flatten(b.mean(y)), 4, random));
    }
    const int frames =
        b.reshape(b.node(graph::Transpose{{0, 2, 1, 3, 4}}, {x}, Shape{2, 4, 3, 6, 6}), Shape{8, 3, 6, 6});
    const int y =
        b.relu(b.convolution(frames, 5, random, {.kernel = {3, 3}, .pads = {1, 1}, .strides = {1, 1}}));
    const int means = b.node(graph::Reduce{graph::Reduce::Kind::kMean, {2, 3}}, {y}, Shape{8, 5, 1, 1});
    const int mean = b.node(graph::Reduce{graph::Reduce::Kind::kMean, {1}},
                            {b.reshape(means, Shape{2, 4, 5})}, Shape{2, 1, 5});
    return b.finish(b.dense(b.reshape(mean, Shape{2, 5}), 4, random));
  };
  Network folded(network_of(true), *library, Purpose::kExplanation);
  Network whole(network_of(false), *library, Purpose::kExplanation);
  const Tensor clip = Random(54).uniform(clips, -1, 1);
  for (const char* name : {"grad_cam", "layer_cam"}) {
    const Vector want = map_of(whole, method(name), clip, {1, 3});
    ASSERT_GT(*std::ranges::max_element(want), 0) << name;
    expect_near(map_of(folded, method(name), clip, {1, 3}), want, name);
  }
}

TEST(GuidedGradCam, IsTheProductOfItsParts) {
  const auto library = testing::reference_library();
  const Tensor clip = Random(55).uniform(testing::kSmallClip, -1, 1);
  const auto networks = testing::small_networks();
  Network network(networks[0].graph, *library, Purpose::kExplanation);
  const std::vector<int64_t> targets = {1, 3};
  const Vector cam = map_of(network, method("grad_cam"), clip, targets),
               guided = map_of(network, method("guided_backprop"), clip, targets);
  Vector want(cam.size());
  for (size_t i = 0; i < want.size(); ++i) want[i] = 3 * cam[i] * guided[i];  // the map lies on 3 channels
  ASSERT_GT(*std::ranges::max_element(want), 0);
  expect_near(map_of(network, method("guided_grad_cam"), clip, targets), want, "guided_grad_cam");
}

TEST(GradCam, LibrariesAgree) {
  const auto reference = testing::reference_library(), onednn = testing::library_under_test(2);
  const Tensor clip = Random(56).uniform(testing::kSmallClip, -1, 1);
  for (const auto& [name, graph] : testing::small_networks()) {
    Network exact(graph, *reference, Purpose::kExplanation), fast(graph, *onednn, Purpose::kExplanation);
    for (const std::string kind : {"grad_cam", "layer_cam", "guided_grad_cam"}) {
      const Vector want = map_of(exact, method(kind), clip, {1, 3}),
                   have = map_of(fast, method(kind), clip, {1, 3});
      double largest = 1e-6, difference = 0;
      for (size_t i = 0; i < want.size(); ++i) {
        largest = std::max(largest, std::abs(want[i]));
        difference = std::max(difference, std::abs(want[i] - have[i]));
      }
      EXPECT_LE(difference, 1e-4 * largest) << name << ", " << kind;
    }
  }
}

TEST(GradCam, RefusesWhatHasNoMap) {
  const auto library = testing::reference_library();
  Random random(57);
  GraphBuilder b;
  const int y = b.convolution(b.input(kClip), 5, random);
  Network network(b.finish(b.dense(b.flatten(y), 4, random)), *library, Purpose::kExplanation);
  const auto message = [&](const std::string& layer) {
    return testing::message_of(ErrorKind::kInvalidArgument,
                               [&] { Explainer(network, method("grad_cam", layer)); });
  };
  EXPECT_THAT(message("Convolution1"), HasSubstr("did you mean 'Convolution0'"));
  EXPECT_THAT(message("Dense2"), HasSubstr("no rows and columns"));
  GraphBuilder flat;
  Network dense(flat.finish(flat.dense(flat.flatten(flat.input(kClip)), 4, random)), *library,
                Purpose::kExplanation);
  EXPECT_THAT(
      testing::message_of(ErrorKind::kUnsupportedModel, [&] { Explainer(dense, method("grad_cam")); }),
      HasSubstr("no convolution"));
  testing::message_of(ErrorKind::kInvalidArgument,
                      [&] { Explainer(network, method("gradient", "Convolution0")); });
}

}  // namespace
}  // namespace relevid
