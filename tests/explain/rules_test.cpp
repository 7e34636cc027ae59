// SPDX-License-Identifier: Apache-2.0
// Every rule against a dense matrix in double, the reference implementation, on every kind of linear layer
// and both libraries.
#include "explain/rules.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "explain/dense_reference.h"
#include "explain/propagate.h"
#include "relevid/error.h"
#include "support/devices.h"
#include "support/graphs.h"

namespace relevid {
namespace {

using kernels::Buffer;
using testing::DenseReference;
using testing::GraphBuilder;
using testing::Random;
using testing::Vector;

Vector doubles(kernels::Library& library, const Buffer& x) {
  return library.download(x).as_doubles();
}

/// The layer's matrix, found by sending unit vectors through it. Taps are where all-ones weights connect.
DenseReference probe(const graph::Graph& graph) {
  const auto library = testing::reference_library();
  Network network(graph, *library, Purpose::kExplanation);
  kernels::LinearMap* linear = network.steps()[0].linear();
  const Shape in = graph.shape(graph.inputs[0]);
  const auto count = static_cast<size_t>(in.elements());
  DenseReference reference;
  reference.b = doubles(*library, linear->apply(library->filled(in, 0), {}, {kernels::BiasPart::Kind::kAll}));
  reference.w.assign(reference.b.size(), Vector(count, 0.0));
  reference.is_tap.assign(reference.b.size(), std::vector<char>(count, 0));
  for (size_t i = 0; i < count; ++i) {
    Tensor unit(in, DType::kF32);
    unit.values<float>()[i] = 1;
    const Buffer x = library->upload(unit);
    const Vector column = doubles(*library, linear->apply(x, {}, {}));
    const Vector taps = doubles(*library, linear->apply(x, {kernels::WeightTransform::Kind::kOnes}, {}));
    for (size_t j = 0; j < column.size(); ++j) {
      reference.w[j][i] = column[j];
      reference.is_tap[j][i] = taps[j] != 0;
    }
  }
  return reference;
}

struct Layer {
  std::string name;
  graph::Graph graph;
};

std::vector<Layer> layers() {
  Random random(11);
  std::vector<Layer> result;
  const auto add = [&](const std::string& name, const Shape& input, auto&& make) {
    GraphBuilder b;
    result.push_back({name, b.finish(make(b, b.input(input)))});
  };
  using B = GraphBuilder;
  add("convolution", {2, 3, 3, 3, 4}, [&](B& b, int x) { return b.convolution(x, 5, random); });
  add("strided", {1, 6, 3, 4, 5}, [&](B& b, int x) {
    return b.convolution(x, 17, random, {.kernel = {3, 3, 3}, .pads = {1, 0, 1}, .strides = {2, 2, 1}});
  });
  add("image", {2, 5, 4, 5}, [&](B& b, int x) {
    return b.convolution(x, 4, random, {.kernel = {3, 3}, .pads = {1, 1}, .strides = {1, 1}});
  });
  add("grouped", {1, 6, 2, 3, 3}, [&](B& b, int x) { return b.convolution(x, 4, random, {.groups = 2}); });
  add("depthwise", {1, 7, 3, 3, 3}, [&](B& b, int x) { return b.convolution(x, 7, random, {.groups = 7}); });
  add("dense", {3, 17}, [&](B& b, int x) { return b.dense(x, 9, random, 0.5F); });
  add("average", {1, 5, 2, 4, 4}, [&](B& b, int x) { return b.average_pool(x); });
  add("mean", {2, 5, 2, 3, 3}, [&](B& b, int x) { return b.mean(x); });
  return result;
}

struct Inputs {
  Tensor x, r, low, high;
};

/// Relevance by one rule on the layer.
Vector by_library(kernels::Library& library, const graph::Graph& graph, const Rule& rule, const Inputs& in,
                  LayerFlow* flow) {
  Network network(graph, library, Purpose::kExplanation);
  Bounds bounds;
  bounds.low.push_back(in.low.clone());
  bounds.high.push_back(in.high.clone());
  Composite composite{"test", {{Match{}, rule}}};
  Propagation propagation(network, composite, &bounds);
  const Buffer x = library.upload(in.x);
  std::vector<LayerFlow> flows;
  const auto result =
      propagation.run(network.forward(std::span(&x, 1), Keep::kRelevance), library.upload(in.r), &flows);
  *flow = flows.at(0);
  return doubles(library, result[0]);
}

/// The reference's answer: `w`, `b` and relevance of each item alone, because an item's matrix is the whole's
/// block.
using Formula = std::function<Vector(const DenseReference&, const Vector& x, const Vector& r,
                                     const Vector& low, const Vector& high)>;

struct Case {
  Rule rule;
  Formula formula;
};

std::map<std::string, Case> rules() {
  using T = const DenseReference&;
  using V = const Vector&;
  std::map<std::string, Case> cases;
  for (const double epsilon : {1e-6, 0.25}) {
    cases[fmt::format("epsilon {}", epsilon)] = {
        epsilon_rule(epsilon), [=](T t, V x, V r, V, V) { return testing::dense_epsilon(t, x, r, epsilon); }};
  }
  cases["z+"] = {z_plus_rule(), [](T t, V x, V r, V, V) { return testing::dense_z_plus(t, x, r, true); }};
  cases["z+ without bias"] = {z_plus_rule(ZPlusBias::kNone),
                              [](T t, V x, V r, V, V) { return testing::dense_z_plus(t, x, r, false); }};
  for (const double beta : {0.0, 1.0, 2.0}) {
    cases[fmt::format("alpha-beta {}", beta)] = {alpha_beta_rule(1 + beta, beta), [=](T t, V x, V r, V, V) {
                                                   return testing::dense_alpha_beta(t, x, r, 1 + beta, beta);
                                                 }};
  }
  for (const double gamma : {0.25, 2.0}) {
    cases[fmt::format("gamma {}", gamma)] = {
        gamma_rule(gamma), [=](T t, V x, V r, V, V) { return testing::dense_gamma(t, x, r, gamma); }};
  }
  cases["zB"] = {z_box_rule(), [](T t, V x, V r, V l, V h) { return testing::dense_z_box(t, x, r, l, h); }};
  cases["w²"] = {w_square_rule(), [](T t, V, V r, V, V) { return testing::dense_w_square(t, r); }};
  cases["flat"] = {flat_rule(), [](T t, V, V r, V, V) { return testing::dense_flat(t, r); }};
  cases["norm"] = {norm_rule(), [](T t, V x, V r, V, V) { return testing::dense_norm(t, x, r); }};
  cases["same sign"] = {same_sign_rule(),
                        [](T t, V x, V r, V, V) { return testing::dense_same_sign(t, x, r); }};
  return cases;
}

/// Where denominators nearly cancel, float32 differs from double without being wrong: such outputs get no
/// relevance to pass on.
void drop_cancelling(const DenseReference& reference, Inputs& in) {
  const Vector x = in.x.as_doubles();
  for (size_t j = 0; j < reference.outputs(); ++j) {
    double sum = reference.b[j], norm = reference.b[j], size = std::abs(reference.b[j]);
    norm = 0;
    for (size_t i = 0; i < x.size(); ++i) {
      sum += reference.w[j][i] * x[i];
      norm += reference.w[j][i] * x[i];
      size += std::abs(reference.w[j][i] * x[i]);
    }
    if (std::min(std::abs(sum), std::abs(norm)) < 0.1 * size) in.r.values<float>()[j] = 0;
  }
}

void check(const Layer& layer, const DenseReference& reference, const Inputs& in) {
  const auto in_double = testing::reference_library();
  const auto tested = testing::library_under_test(2);
  for (const auto& [name, c] : rules()) {
    const Vector want =
        c.formula(reference, in.x.as_doubles(), in.r.as_doubles(), in.low.as_doubles(), in.high.as_doubles());
    const double largest =
        std::abs(*std::ranges::max_element(want, {}, [](double v) { return std::abs(v); })) + 1e-9;
    for (kernels::Library* library : {in_double.get(), tested.get()}) {
      LayerFlow flow;
      const Vector have = by_library(*library, layer.graph, c.rule, in, &flow);
      const double tolerance = library->name() == "reference" ? 1e-9 : 2e-5;
      double difference = 0;
      for (size_t i = 0; i < want.size(); ++i) difference = std::max(difference, std::abs(want[i] - have[i]));
      EXPECT_LE(difference, tolerance * largest) << name << " on " << layer.name << " by " << library->name();
      double size = 1e-3;
      for (const double r : in.r.as_doubles()) size += std::abs(r);
      for (size_t n = 0; n < flow.incoming.size(); ++n) {
        const double accounted =
            flow.outgoing[n] + flow.absorbed_by_bias[n] + flow.absorbed_by_epsilon[n] + flow.dropped[n];
        EXPECT_NEAR(flow.incoming[n], accounted, (library->name() == "reference" ? 1e-9 : 1e-4) * size)
            << name << " on " << layer.name << " by " << library->name() << ", item " << n;
      }
    }
  }
}

Inputs make_inputs(const graph::Graph& graph, Tensor x, Random& random) {
  const Shape& in = graph.shape(graph.inputs[0]);
  return {std::move(x), random.signed_values(graph.shape(graph.output)), random.uniform(in, -3, -1),
          random.uniform(in, 1, 2)};
}

TEST(Rules, MatchTheirReferencesOnSignedInputs) {
  Random random(3);
  for (const Layer& layer : layers()) {
    const DenseReference reference = probe(layer.graph);
    Inputs in =
        make_inputs(layer.graph, random.signed_values(layer.graph.shape(layer.graph.inputs[0])), random);
    drop_cancelling(reference, in);
    check(layer, reference, in);
  }
}

TEST(Rules, MatchTheirReferencesOnRectifiedInputs) {
  Random random(4);
  for (const Layer& layer : layers()) {
    const DenseReference reference = probe(layer.graph);
    Inputs in = make_inputs(layer.graph, random.rectified(layer.graph.shape(layer.graph.inputs[0])), random);
    drop_cancelling(reference, in);
    check(layer, reference, in);
  }
}

TEST(Rules, AlphaLessBetaIsOne) {
  EXPECT_THROW(alpha_beta_rule(2, 2), Error);
  EXPECT_THROW(alpha_beta_rule(0.5, -0.5), Error);
  EXPECT_NO_THROW(alpha_beta_rule(1, 0));
}

TEST(Rules, DeadOutputsAbsorbWhatReachesThem) {
  // W+ x+ is 0 at the only output, which lives through its bias alone.
  graph::Graph graph;
  GraphBuilder b;
  const int x = b.input({1, 2});
  graph = b.finish(b.node(graph::Dense{testing::shared(Tensor::from(Shape{1, 2}, std::vector<float>{-1, -1})),
                                       testing::shared(Tensor::from(Shape{1}, std::vector<float>{5}))},
                          {x}, {1, 1}));
  for (const auto& library :
       {testing::reference_library().release(), testing::library_under_test(1).release()}) {
    const std::unique_ptr<kernels::Library> owned(library);
    Inputs in{Tensor::from(Shape{1, 2}, std::vector<float>{1, 1}),
              Tensor::from(Shape{1, 1}, std::vector<float>{3}), Tensor(Shape{1, 2}, DType::kF32),
              Tensor(Shape{1, 2}, DType::kF32)};
    LayerFlow flow;
    const Vector relevance = by_library(*library, graph, z_plus_rule(ZPlusBias::kNone), in, &flow);
    EXPECT_EQ(relevance, (Vector{0, 0}));
    EXPECT_NEAR(flow.absorbed_by_epsilon[0], 3, 1e-5);
    by_library(*library, graph, z_plus_rule(), in, &flow);
    EXPECT_NEAR(flow.absorbed_by_bias[0], 3, 1e-5);
  }
}

}  // namespace
}  // namespace relevid
