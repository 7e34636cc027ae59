// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "explain/small_transformer.h"
#include "support/graphs.h"

namespace relevid::testing {

struct SmallNetwork {
  std::string name;
  graph::Graph graph;
};

inline const Shape kSmallClip{2, 3, 4, 6, 6};

/// Between them every kind of node that relevance and gradients pass. Their activations have slopes of 0 and
/// kinks at 0 only where the name says so.
inline std::vector<SmallNetwork> small_networks() {
  using B = GraphBuilder;
  using Kind = graph::Activation::Kind;
  Random random(21);
  const B::ConvolutionOptions point{.kernel = {1, 1, 1}, .pads = {0, 0, 0}};
  std::vector<SmallNetwork> result;
  const auto add = [&](const std::string& name, auto&& body) {
    B b;
    const auto features = body(b, b.input(kSmallClip));
    result.push_back({name, b.finish(b.dense(b.flatten(features), 4, random, 0.5F))});
  };
  add("plain", [&](B& b, int x) {
    const int y = b.max_pool(b.relu(b.convolution(x, 8, random)));
    return b.relu(b.convolution(y, 17, random));
  });
  add("residual", [&](B& b, int x) {
    const int y = b.relu(b.convolution(x, 8, random));
    return b.mean(b.add(b.convolution(b.relu(b.convolution(y, 6, random)), 8, random), y));
  });
  add("difference", [&](B& b, int x) {
    return b.average_pool(b.add(b.convolution(x, 5, random), b.convolution(x, 5, random), -1));
  });
  add("doubled", [&](B& b, int x) {
    const int y = b.convolution(x, 5, random);
    return b.mean(b.add(y, y));
  });
  add("squeeze and excite", [&](B& b, int x) {
    const int y = b.relu(b.convolution(x, 17, random));
    const int gate = b.convolution(b.mean(y), 17, random, {.kernel = {1, 1, 1}, .pads = {0, 0, 0}});
    return b.average_pool(b.multiply(y, b.like(graph::Activation{Kind::kSigmoid, 0, 0}, gate), 1));
  });
  add("swish", [&](B& b, int x) {
    const int y = b.convolution(x, 6, random);
    return b.mean(b.multiply(y, b.like(graph::Activation{Kind::kSigmoid, 0, 0}, y), 1));
  });
  add("square", [&](B& b, int x) {
    const int y = b.convolution(x, 6, random);
    return b.average_pool(b.multiply(y, y, -1));
  });
  add("branches", [&](B& b, int x) {
    const int left = b.relu(b.convolution(x, 5, random)), right = b.convolution(x, 16, random);
    return b.mean(b.node(graph::Concat{1}, {left, right}, Shape{2, 21, 4, 6, 6}));
  });
  add("moved", [&](B& b, int x) {
    const int y = b.affine(b.convolution(x, 6, random), {1, 2, 0.5, 1, 1, -1}, {0, 0.1F, 0, 0, 0.2F, 0});
    const int cut = b.node(graph::Slice{{0, 1, 3, 0, 0}, {1, 1, -1, 1, 2}}, {y}, Shape{2, 5, 3, 6, 3});
    const int wide = b.node(graph::Pad{{0, 0, 1, 0, 0}, {0, 0, 0, 1, 0}, 0.5}, {cut}, Shape{2, 5, 4, 7, 3});
    return b.node(graph::Transpose{{0, 2, 1, 3, 4}}, {wide}, Shape{2, 4, 5, 7, 3});
  });
  add("depthwise", [&](B& b, int x) {
    const int y = b.relu(b.convolution(x, 12, random, {.kernel = {1, 1, 1}, .pads = {0, 0, 0}}));
    const int z = b.convolution(y, 12, random, {.groups = 12});
    return b.mean(b.like(graph::Activation{Kind::kClip, 0, 6}, z));
  });
  add("other activations", [&](B& b, int x) {
    int y = b.like(graph::Activation{Kind::kLeakyRelu, 0.1, 0}, b.convolution(x, 6, random));
    y = b.like(graph::Activation{Kind::kHardSwish, 0, 0}, b.convolution(y, 6, random));
    y = b.like(graph::Activation{Kind::kElu, 0.8, 0}, b.convolution(y, 6, random));
    y = b.like(graph::Activation{Kind::kHardSigmoid, 0.2, 0.5}, b.convolution(y, 6, random));
    return b.mean(b.like(graph::Activation{Kind::kTanh, 0, 0}, y));
  });
  add("bent activations", [&](B& b, int x) {
    int y = b.like(graph::Activation{Kind::kGelu, 0, 0}, b.convolution(x, 6, random));
    y = b.like(graph::Activation{Kind::kGeluTanh, 0, 0}, b.convolution(y, 6, random, point));
    y = b.like(graph::PRelu{b.constant({1, 6, 1, 1, 1}, random)}, b.convolution(y, 6, random, point));
    y = b.like(graph::Activation{Kind::kErf, 0, 0}, b.convolution(y, 6, random, point));
    y = b.like(graph::Activation{Kind::kExp, 0, 0}, b.convolution(y, 6, random, point));
    return b.mean(b.like(graph::Activation{Kind::kPower, -0.5, 1}, y));
  });
  add("resampled", [&](B& b, int x) {
    const int y = b.relu(b.convolution(x, 6, random));
    const graph::Resample linear{3, {{0, 0, 1}, {1, 1, 0.75}, {1, 2, 0.25}, {2, 3, 0.5}, {2, 5, 0.5}}};
    const graph::Resample picked{2, {{0, 3, 1}, {1, 1, 1}, {2, 1, 1}, {3, 0, 1}, {4, 3, 1}}};
    const int z = b.convolution(b.node(linear, {y}, Shape{2, 6, 4, 3, 6}), 5, random);
    return b.average_pool(b.node(picked, {z}, Shape{2, 5, 5, 3, 6}));
  });
  add("input resampled", [&](B& b, int x) {
    const graph::Resample slow{2, {{0, 0, 1}, {1, 2, 1}}};
    return b.mean(b.relu(b.convolution(b.node(slow, {x}, Shape{2, 3, 2, 6, 6}), 6, random)));
  });
  add("transposed convolution", [&](B& b, int x) {
    const int y =
        b.relu(b.convolution(x, 6, random, {.kernel = {2, 2, 2}, .pads = {0, 0, 0}, .strides = {2, 2, 2}}));
    const graph::Convolution of{{{2, 3, 3}, {2, 2, 2}, {1, 1, 1}, {0, 1, 1}, {0, 1, 1}},
                                2,
                                b.constant({6, 4, 2, 3, 3}, random),
                                nullptr};
    return b.mean(
        b.relu(b.node(graph::TransposedConvolution{of, b.constant({8}, random)}, {y}, Shape{2, 8, 4, 6, 6})));
  });
  add("normalised", [&](B& b, int x) {
    const int y = b.like(graph::Standardise{{2, 3, 4}, 1e-3}, b.convolution(x, 6, random));
    const int z = b.affine(y, {1, 0.5, 2, 1, 1, -1}, {0.1F, 0, 0, 0.2F, 0, 0});
    return b.like(graph::Standardise{{1}, 1e-3}, b.average_pool(b.convolution(b.relu(z), 5, random)));
  });
  add("masked", [&](B& b, int x) {
    const int y = b.affine(b.convolution(x, 6, random), {1, 0, 1, 0, 1, 1}, {0, 0.3F, 0, 0.2F, 0, 0});
    const int z = b.affine(b.convolution(x, 6, random), {0, 1, 0, 1, 0, 0}, {0, 0, 0, 0, 0, 0});
    return b.mean(b.relu(b.add(y, z)));
  });
  // Wang et al. 2018 (arXiv 1711.07971), figure 2, embedded Gaussian.
  add("non-local", [&](B& b, int x) {
    const int y = b.average_pool(b.relu(b.convolution(x, 6, random)));
    const auto flat = [&](int v, int64_t channels) { return b.reshape(v, Shape{2, channels, 18}); };
    const auto turned = [&](int v, int64_t channels) {
      return b.node(graph::Transpose{{0, 2, 1}}, {flat(v, channels)}, Shape{2, 18, channels});
    };
    const int queries = turned(b.convolution(y, 4, random, point), 4),
              keys = flat(b.convolution(y, 4, random, point), 4);
    const int scores = b.node(graph::MatMul{-1}, {queries, keys}, Shape{2, 18, 18});
    const int values = turned(b.convolution(y, 4, random, point), 4);
    const int mixed = b.node(graph::MatMul{0}, {b.like(graph::Softmax{2}, scores), values}, Shape{2, 18, 4});
    const int back =
        b.reshape(b.node(graph::Transpose{{0, 2, 1}}, {mixed}, Shape{2, 4, 18}), Shape{2, 4, 2, 3, 3});
    return b.mean(b.add(b.convolution(back, 6, random, point), y));
  });
  add("maximum over time", [&](B& b, int x) {
    const int y = b.convolution(x, 6, random);
    return b.node(graph::Reduce{graph::Reduce::Kind::kMax, {2}}, {y}, Shape{2, 6, 1, 6, 6});
  });
  add("transformer", [&](B& b, int x) { return transformer_features(b, x, random, {}); });
  return result;
}

}  // namespace relevid::testing
