// SPDX-License-Identifier: Apache-2.0
// What must hold of every relevance: it is accounted for, linear in its start, and every clip's own.
#include "explain/propagate.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "explain/explainer.h"
#include "explain/small_networks.h"
#include "relevid/error.h"
#include "support/devices.h"
#include "support/scratch.h"

namespace relevid {
namespace {

using testing::GraphBuilder;
using testing::Random;
using testing::small_networks;
using Vector = std::vector<double>;

std::vector<std::unique_ptr<kernels::Library>> both_libraries() {
  std::vector<std::unique_ptr<kernels::Library>> both;
  both.push_back(testing::reference_library());
  both.push_back(testing::library_under_test(2));
  return both;
}

ExplainerOptions options_for(const std::string& method, float low = -1, float high = 1) {
  ExplainerOptions options;
  options.method = method;
  options.bounds.emplace();
  options.bounds->low.push_back(Tensor::from(Shape{1, 1, 1, 1, 1}, std::vector<float>{low}));
  options.bounds->high.push_back(Tensor::from(Shape{1, 1, 1, 1, 1}, std::vector<float>{high}));
  return options;
}

Vector relevance_of(const graph::Graph& graph, kernels::Library& library, const ExplainerOptions& options,
                    const Tensor& clip, const std::vector<int64_t>& targets,
                    std::vector<LayerFlow>* flows = nullptr) {
  Network network(graph, library, Purpose::kExplanation);
  Explainer explainer(network, options);
  explainer.forward(clip);
  Attribution attribution = explainer.explain(targets);
  if (flows) *flows = std::move(attribution.flows);
  return attribution.relevance.front().as_doubles();
}

void expect_near(const Vector& want, const Vector& have, double tolerance, const std::string& what) {
  ASSERT_EQ(want.size(), have.size()) << what;
  double largest = 1e-12, difference = 0;
  for (size_t i = 0; i < want.size(); ++i) {
    largest = std::max(largest, std::abs(want[i]));
    difference = std::max(difference, std::abs(want[i] - have[i]));
  }
  EXPECT_LE(difference, tolerance * largest) << what << ": relative " << difference / largest;
}

TEST(Propagation, EveryLayerAccountsForItsRelevance) {
  const Tensor clip = Random(1).uniform(testing::kSmallClip, -1, 1);
  for (const auto& [name, graph] : small_networks()) {
    for (const auto& library : both_libraries()) {
      for (const std::string& method : preset_names()) {
        std::vector<LayerFlow> flows;
        relevance_of(graph, *library, options_for(method), clip, {1, 3}, &flows);
        EXPECT_FALSE(flows.empty());
        // Signed sums may be far larger than the logit; float32 errs by what flows, not by what is left of
        // it.
        double largest = 0;
        for (const LayerFlow& flow : flows)
          for (const double in : flow.incoming) largest = std::max(largest, std::abs(in));
        for (const LayerFlow& flow : flows) {
          for (size_t n = 0; n < 2; ++n) {
            const double out =
                flow.outgoing[n] + flow.absorbed_by_bias[n] + flow.absorbed_by_epsilon[n] + flow.dropped[n];
            EXPECT_NEAR(flow.incoming[n], out, (library->name() == "reference" ? 1e-9 : 1e-4) * largest)
                << fmt::format("{}, {}, {} '{}' on {}", name, method, flow.op, flow.name, library->name());
          }
        }
      }
    }
  }
}

TEST(Propagation, FramesInTheBatchAreAccountedForPerClip) {
  // [2 clips, 3, 4 frames, 6, 6] as 8 pictures through a 2-D layer, then 4 scores a clip averaged.
  Random random(71);
  testing::GraphBuilder build;
  auto x = build.input(Shape{2, 3, 4, 6, 6});
  x = build.node(graph::Transpose{{0, 2, 1, 3, 4}}, {x}, Shape{2, 4, 3, 6, 6});
  x = build.node(graph::Reshape{}, {x}, Shape{8, 3, 6, 6});
  x = build.relu(build.convolution(x, 5, random, {.kernel = {3, 3}, .pads = {1, 1}, .strides = {1, 1}}));
  x = build.node(graph::Reduce{graph::Reduce::Kind::kMean, {2, 3}}, {x}, Shape{8, 5, 1, 1});
  x = build.node(graph::Reshape{}, {x}, Shape{2, 4, 5});
  x = build.node(graph::Reduce{graph::Reduce::Kind::kMean, {1}}, {x}, Shape{2, 1, 5});
  x = build.node(graph::Reshape{}, {x}, Shape{2, 5});
  const graph::Graph graph = build.finish(x);
  const Tensor clip = random.uniform(Shape{2, 3, 4, 6, 6}, 0, 1);
  for (const auto& library : {testing::reference_library(), testing::library_under_test(1)}) {
    std::vector<LayerFlow> flows;
    relevance_of(graph, *library, options_for("epsilon_plus"), clip, {0, 3}, &flows);
    ASSERT_EQ(flows.size(), graph.nodes.size());
    for (size_t i = 0; i < flows.size(); ++i) {
      const LayerFlow& flow = flows[i];
      ASSERT_EQ(flow.incoming.size(), 2U) << flow.name;
      for (size_t n = 0; n < 2; ++n) {
        const double start = std::abs(flows[0].incoming[n]);
        const double kept =
            flow.outgoing[n] + flow.absorbed_by_bias[n] + flow.absorbed_by_epsilon[n] + flow.dropped[n];
        EXPECT_NEAR(flow.incoming[n], kept, 1e-4 * start) << flow.name;
        const double before = i > 0 ? flows[i - 1].outgoing[n] : flow.incoming[n];
        EXPECT_NEAR(before, flow.incoming[n], 1e-4 * start) << flow.name;
      }
    }
  }
}

TEST(Propagation, LibrariesAgree) {
  const Tensor clip = Random(2).uniform(testing::kSmallClip, -1, 1);
  const auto libraries = both_libraries();
  for (const auto& [name, graph] : small_networks()) {
    for (const char* method : {"deep_taylor", "epsilon_plus_flat", "excitation_backprop", "null_profile",
                               "value_path", "attnlrp"}) {
      expect_near(relevance_of(graph, *libraries[0], options_for(method), clip, {0, 2}),
                  relevance_of(graph, *libraries[1], options_for(method), clip, {0, 2}), 1e-3,
                  name + ", " + method);
    }
  }
}

TEST(Propagation, DeepTaylorConservesWhereNothingLivesByItsBias) {
  // Averages of positive inputs through positive weights: every output has a positive bias-free z+.
  Random random(3);
  GraphBuilder b;
  graph::Convolution layer;
  layer.weight = testing::shared(random.uniform(Shape{4, 3, 3, 3, 3}, 0.1F, 1));
  layer.window = {{3, 3, 3}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}};
  const int y = b.relu(b.node(layer, {b.input(testing::kSmallClip)}, Shape{2, 4, 4, 6, 6}));
  const int features = b.flatten(b.max_pool(y));
  const Shape weight{3, b.shape(features)[1]};
  const graph::Graph graph = b.finish(
      b.node(graph::Dense{testing::shared(random.uniform(weight, 0, 1)), nullptr}, {features}, Shape{2, 3}));
  const Tensor clip = random.uniform(testing::kSmallClip, 0, 1);
  for (const auto& library : both_libraries()) {
    Network network(graph, *library, Purpose::kExplanation);
    Explainer explainer(network, options_for("deep_taylor", -0.5F, 1.5F));
    explainer.forward(clip);
    const auto sums = testing::sums_of(
        *library, library->upload(explainer.explain(std::vector<int64_t>{0, 2}).relevance.front()));
    EXPECT_NEAR(sums[0] / explainer.logits().as_doubles()[0], 1, 1e-3);
    EXPECT_NEAR(sums[1] / explainer.logits().as_doubles()[5], 1, 1e-3);
  }
}

TEST(Propagation, PresetsOfOneSignKeepIt) {
  // Residual sums, differences and averages of either sign among them: there norm gives parts of both.
  const Tensor clip = Random(5).uniform(testing::kSmallClip, -1, 1);
  for (const auto& [name, graph] : small_networks()) {
    for (const auto& library : both_libraries()) {
      for (const std::string method : {"deep_taylor", "excitation_backprop"}) {
        ExplainerOptions options = options_for(method);
        options.start = Start::kOne;
        const Vector relevance = relevance_of(graph, *library, options, clip, {1, 3});
        double negative = 0, size = 0;
        for (const double r : relevance) {
          negative -= std::min(r, 0.0);
          size += std::abs(r);
        }
        EXPECT_LE(negative, 1e-6 * size) << fmt::format("{}, {} on {}", name, method, library->name());
      }
    }
  }
}

TEST(Propagation, SummandsOfTheOtherSignGetNothing) {
  // Relevance 6 of each of the sums 3 - 2, -1 - 2 and 2 - 2; the last cancels and passes nothing on.
  for (const double sign : {1.0, -1.0}) {
    GraphBuilder build;
    const auto a = build.input({1, 3}), b = build.input({1, 3});
    const graph::Graph graph = build.finish(build.add(a, b, sign));
    const auto value = static_cast<float>(sign);
    for (const auto& library : both_libraries()) {
      Network network(graph, *library, Purpose::kExplanation);
      Propagation propagation(network, {"test", {{Match{}, AdditionRule::kSameSign}}}, nullptr);
      const std::vector<kernels::Buffer> summands = {
          library->upload(Tensor::from(Shape{1, 3}, std::vector<float>{3, -1, 2})),
          library->upload(Tensor::from(Shape{1, 3}, std::vector<float>{-2 * value, -2 * value, -2 * value}))};
      std::vector<LayerFlow> flows;
      const auto parts =
          propagation.run(network.forward(summands, Keep::kRelevance),
                          library->upload(Tensor::from(Shape{1, 3}, std::vector<float>{6, 6, 6})), &flows);
      expect_near({6, 2, 0}, library->download(parts[0]).as_doubles(), 1e-5, "first summand");
      expect_near({0, 4, 0}, library->download(parts[1]).as_doubles(), 1e-5, "second summand");
      EXPECT_NEAR(flows.at(0).absorbed_by_epsilon[0], 6, 1e-4);
    }
  }
}

TEST(Propagation, IsLinearInItsStart) {
  const Tensor clip = Random(4).uniform(testing::kSmallClip, -1, 1);
  for (const auto& [name, graph] : small_networks()) {
    const auto library = testing::reference_library();
    Network network(graph, *library, Purpose::kExplanation);
    const ExplainerOptions options = options_for("epsilon_gamma_box");
    const Composite composite = preset(options.method, InputBounds::kKnown);
    Propagation propagation(network, composite, &*options.bounds);
    const kernels::Buffer x = library->upload(clip);
    const Trace trace = network.forward(std::span(&x, 1), Keep::kRelevance);
    Random random(5);
    const Shape shape = graph.shape(graph.output);
    const kernels::Buffer a = library->upload(random.signed_values(shape)),
                          c = library->upload(random.signed_values(shape));
    const auto run = [&](const kernels::Buffer& start) { return propagation.run(trace, start, nullptr)[0]; };
    const kernels::Buffer together = run(library->add(a, c, -2.5));
    const kernels::Buffer apart = library->add(run(a), run(c), -2.5);
    expect_near(library->download(together).as_doubles(), library->download(apart).as_doubles(), 1e-9, name);
  }
}

/// The network for another batch size: every shape's first size.
graph::Graph with_batch(graph::Graph graph, int64_t batch) {
  const int64_t before = graph.shape(graph.output)[0];
  for (graph::Value& value : graph.values) value.shape[0] = value.shape[0] * batch / before;
  return graph;
}

Tensor item(const Tensor& clips, int64_t n) {
  Shape shape = clips.shape();
  const auto size = static_cast<size_t>(clips.elements() / shape[0]);
  shape[0] = 1;
  const auto from = clips.values<float>().subspan(static_cast<size_t>(n) * size, size);
  return Tensor::from(shape, std::vector<float>(from.begin(), from.end()));
}

TEST(Propagation, ItemsOfABatchAreTheirOwn) {
  const Tensor clips = Random(6).uniform(testing::kSmallClip, -1, 1);
  std::vector<std::string> methods = preset_names();
  methods.insert(methods.end(),
                 {"gradient", "input_x_gradient", "integrated_gradients", "guided_backprop", "deconvnet"});
  for (const auto& [name, graph] : small_networks()) {
    const auto library = testing::reference_library();
    const graph::Graph single = with_batch(graph, 1);
    for (const std::string& method : methods) {
      ExplainerOptions options = options_for(method);
      options.integration_steps = 2;
      const Vector both = relevance_of(graph, *library, options, clips, {1, 3});
      const Vector first = relevance_of(single, *library, options, item(clips, 0), {1});
      const Vector second = relevance_of(single, *library, options, item(clips, 1), {3});
      Vector joined = first;
      joined.insert(joined.end(), second.begin(), second.end());
      expect_near(joined, both, 1e-9, name + ", " + method);
    }
  }
}

TEST(Propagation, ConstantFactorBehindALayerIsTheSameMergedAndUnmerged) {
  Random random(7);
  GraphBuilder merged, unmerged;
  graph::Convolution layer;
  const Tensor weight = random.uniform(Shape{4, 3, 3, 3, 3}, -1, 1);
  layer.weight = testing::shared(weight.clone());
  layer.bias = testing::shared(Tensor::from(Shape{4}, std::vector<float>{0.1F, -0.2F, 0.3F, 0}));
  layer.window = {{3, 3, 3}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}};
  const Tensor readout = random.uniform(Shape{2, 4}, -1, 1);
  const auto build = [&](GraphBuilder& b, const graph::Convolution& first, bool scaled) {
    int y = b.node(first, {b.input(testing::kSmallClip)}, Shape{2, 4, 4, 6, 6});
    if (scaled) y = b.affine(y, {2, 0.5, 1, 3}, {0, 0, 0, 0});
    const int features = b.flatten(b.mean(b.relu(y)));
    return b.finish(b.node(graph::Dense{testing::shared(readout.clone()), nullptr}, {features}, Shape{2, 2}));
  };
  const graph::Graph apart = build(unmerged, layer, true);
  Tensor scaled = weight.clone();
  const std::vector<float> k = {2, 0.5, 1, 3};
  for (size_t i = 0; i < scaled.values<float>().size(); ++i) scaled.values<float>()[i] *= k[i / 81];
  layer.weight = testing::shared(std::move(scaled));
  layer.bias = testing::shared(Tensor::from(Shape{4}, std::vector<float>{0.2F, -0.1F, 0.3F, 0}));
  const graph::Graph together = build(merged, layer, false);
  const auto library = testing::reference_library();
  const Tensor clip = random.uniform(testing::kSmallClip, -1, 1);
  for (const std::string& method : preset_names()) {
    if (method == "epsilon_gamma_box" || method == "null_profile") continue;
    // Positive factors leave every rule's shares as they are, but for what epsilon absorbs.
    if (method.find("flat") == std::string::npos)
      expect_near(relevance_of(together, *library, options_for(method), clip, {0, 1}),
                  relevance_of(apart, *library, options_for(method), clip, {0, 1}), 1e-3, method);
  }
}

TEST(Propagation, NormalisationInTheNetworkMovesTheBounds) {
  // y = (x - m) / s in front of the network, negative s included, equals the network on the normalised clip.
  Random random(8);
  const Tensor weight = random.uniform(Shape{5, 3, 3, 3, 3}, -1, 1),
               readout = random.uniform(Shape{2, 5}, -1, 1);
  const std::vector<float> scale = {2, -0.5F, 4}, shift = {-1, 0.25F, -2};
  const auto build = [&](bool normalises) {
    GraphBuilder b;
    int x = b.input(testing::kSmallClip);
    if (normalises) x = b.affine(x, scale, shift);
    graph::Convolution layer;
    layer.weight = testing::shared(weight.clone());
    layer.window = {{3, 3, 3}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}};
    const int y = b.relu(b.node(layer, {x}, Shape{2, 5, 4, 6, 6}));
    return b.finish(
        b.node(graph::Dense{testing::shared(readout.clone()), nullptr}, {b.flatten(b.mean(y))}, Shape{2, 2}));
  };
  const Tensor clip = random.uniform(testing::kSmallClip, 0, 1);
  Tensor normalised = clip.clone();
  const auto values = normalised.values<float>();
  for (size_t i = 0; i < values.size(); ++i) values[i] = values[i] * scale[i / 144 % 3] + shift[i / 144 % 3];
  ExplainerOptions per_channel = options_for("deep_taylor");
  const auto bound = [&](const std::vector<float>& v) { return Tensor::from(Shape{1, 3, 1, 1, 1}, v); };
  per_channel.bounds->low[0] = bound({-1, -0.25F, -2});
  per_channel.bounds->high[0] = bound({1, 0.25F, 2});
  for (const auto& library : both_libraries()) {
    expect_near(relevance_of(build(false), *library, per_channel, normalised, {0, 1}),
                relevance_of(build(true), *library, options_for("deep_taylor", 0, 1), clip, {0, 1}), 1e-4,
                std::string(library->name()));
  }
}

TEST(Propagation, GatesPassNothingOrHalf) {
  GraphBuilder b;
  const int x = b.input({1, 2});
  const int gate =
      b.like(graph::Activation{graph::Activation::Kind::kSigmoid, 0, 0}, b.affine(x, {3, 3}, {0, 0}));
  const graph::Graph graph = b.finish(b.multiply(x, gate, 1));
  const auto library = testing::reference_library();
  const Tensor clip = Tensor::from(Shape{1, 2}, std::vector<float>{1, 2});
  for (const GateRule rule : {GateRule::kSignal, GateRule::kHalf}) {
    ExplainerOptions options = options_for("epsilon_plus");
    options.start = Start::kOne;
    options.gate = rule;
    std::vector<LayerFlow> flows;
    EXPECT_EQ(relevance_of(graph, *library, options, clip, {1}, &flows), (Vector{0, 1}));
    EXPECT_EQ(flows.size(), rule == GateRule::kSignal ? size_t{1} : size_t{3}) << "the gate is reached";
  }
}

TEST(Propagation, NullProfileKnowsNothingOfTheClip) {
  for (const auto& [name, graph] : small_networks()) {
    if (name == "square" || name == "swish" || name == "squeeze and excite") continue;
    const auto library = testing::reference_library();
    ExplainerOptions options = options_for("null_profile");
    options.start = Start::kOne;
    const Tensor one = Random(9).uniform(testing::kSmallClip, -1, 1),
                 other = Random(10).uniform(testing::kSmallClip, 0, 1);
    expect_near(relevance_of(graph, *library, options, one, {0, 0}),
                relevance_of(graph, *library, options, other, {0, 0}), 1e-9, name);
  }
}

TEST(Propagation, BoundsAreAskedFor) {
  const auto library = testing::reference_library();
  Network network(small_networks()[0].graph, *library, Purpose::kExplanation);
  ExplainerOptions options;
  options.method = "epsilon_gamma_box";
  const std::string message =
      testing::message_of(ErrorKind::kInvalidArgument, [&] { Explainer(network, options); });
  EXPECT_NE(message.find("--low"), std::string::npos) << message;
  options.method = "deep_taylor";
  EXPECT_EQ(Explainer(network, options).rule_names().front(), "w²") << "w² where bounds are not known";
}

}  // namespace
}  // namespace relevid
