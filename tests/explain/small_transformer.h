// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/graphs.h"

namespace relevid::testing {

/// What a transformer of one block is made of.
struct SmallTransformer {
  float bias = 0.3F;  ///< largest of layers; 0 leaves out norms' shifts and positions as well
  int64_t heads = 2;
};

/// Tubelets of 2 x 3 x 3 of a clip [2, 3, 4, 6, 6], 8 tokens of 6 channels, positions, attention and a
/// feed-forward block before their norms, the mean over tokens.
inline GraphBuilder::Value transformer_features(GraphBuilder& b, GraphBuilder::Value clip, Random& random,
                                                const SmallTransformer& options) {
  using V = GraphBuilder::Value;
  constexpr int64_t kChannels = 6;
  const auto size = kChannels / options.heads;
  const auto constant = [&](Shape shape, float largest) {
    return shared(random.uniform(std::move(shape), -largest, largest));
  };
  const auto norm = [&](V x) {
    graph::Standardise op{{2}, 1e-3};
    op.scale = constant({1, 1, kChannels}, 2);
    op.shift = options.bias == 0 ? nullptr : constant({1, 1, kChannels}, options.bias);
    return b.like(op, x);
  };
  const V patches = b.convolution(
      clip, kChannels, random,
      {.kernel = {2, 3, 3}, .pads = {0, 0, 0}, .strides = {2, 3, 3}, .groups = 1, .bias = options.bias});
  V x = b.node(graph::Transpose{{0, 2, 1}}, {b.reshape(patches, Shape{2, kChannels, 8})},
               Shape{2, 8, kChannels});
  if (options.bias != 0) {
    const auto ones = shared(Tensor::from(Shape{1, 1, 1}, std::vector<float>{1}));
    x = b.like(graph::Affine{ones, constant({1, 8, kChannels}, 0.6F)}, x);
  }
  const V normed = norm(x);
  const auto heads = [&](std::vector<int64_t> order, Shape shape) {
    const V split =
        b.reshape(b.dense(normed, kChannels, random, options.bias), Shape{2, 8, options.heads, size});
    Shape turned = b.shape(split);
    for (size_t i = 0; i < 4; ++i) turned[static_cast<int64_t>(i)] = b.shape(split)[order[i]];
    return b.reshape(b.node(graph::Transpose{order}, {split}, turned), std::move(shape));
  };
  const Shape stack{2 * options.heads, 8, size};
  const V q = heads({0, 2, 1, 3}, stack), k = heads({0, 2, 3, 1}, Shape{stack[0], size, 8}),
          v = heads({0, 2, 1, 3}, stack);
  const V attended = b.node(graph::Attention{1.5, {}}, {q, k, v}, stack);
  const V joined =
      b.node(graph::Transpose{{0, 2, 1, 3}}, {b.reshape(attended, Shape{2, options.heads, 8, size})},
             Shape{2, 8, options.heads, size});
  x = b.add(b.dense(b.reshape(joined, Shape{2, 8, kChannels}), kChannels, random, options.bias), x);
  const V wide = b.like(Activation{Activation::Kind::kGelu}, b.dense(norm(x), 9, random, options.bias));
  x = b.add(x, b.dense(wide, kChannels, random, options.bias));
  return b.node(graph::Reduce{graph::Reduce::Kind::kMean, {1}}, {x}, Shape{2, 1, kChannels});
}

inline graph::Graph transformer(const SmallTransformer& options = {}, uint64_t seed = 7) {
  GraphBuilder b;
  Random random(seed);
  const int features = transformer_features(b, b.input(Shape{2, 3, 4, 6, 6}), random, options);
  return b.finish(b.dense(b.flatten(features), 4, random, options.bias));
}

}  // namespace relevid::testing
