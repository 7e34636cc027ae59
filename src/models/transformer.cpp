// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "models/architectures.h"
#include "models/layers.h"
#include "relevid/error.h"

namespace relevid::models {
namespace {

constexpr int64_t kKineticsClasses = 400;
constexpr int64_t kHeadChannels = 64, kSmallHeadChannels = 32;

struct Geometry {
  Extent tubelet;
  int64_t channels, head_channels, blocks;
};

Geometry geometry_of(TransformerSize size) {
  if (size == TransformerSize::kBase) return {{2, 16, 16}, 768, kHeadChannels, 12};
  return {{2, 8, 8}, 128, kSmallHeadChannels, 4};
}

/// Writes blocks of a transformer; values are tokens [batch, count, channels].
class TransformerWriter {
 public:
  TransformerWriter(const Geometry& geometry, const CreateOptions& options)
      : layers_(options), blocks_(geometry.blocks), tubelet_(geometry.tubelet) {
    heads_ = std::max<int64_t>(1, layers_.channels(geometry.channels) / geometry.head_channels);
    channels_ = heads_ * geometry.head_channels;
  }

  graph::Model create(int64_t classes) && {
    std::string x = embed();
    for (int64_t i = 0; i < blocks_; ++i) x = block(x, fmt::format("block{}", i + 1));
    const std::string mean = layers_.node("ReduceMean", "mean", {x},
                                          {{"axes", std::vector<int64_t>{1}}, {"keepdims", int64_t{0}}});
    const Volume pooled{normalise(mean, "norm"), channels_, {1, 1, 1}};
    return std::move(layers_).finish(layers_.dense(layers_.dropout(pooled, "drop"), "head", classes));
  }

 private:
  /// Tubelets side by side, each with the position it has in the clip.
  std::string embed() {
    const Volume clip = layers_.input();
    for (size_t i = 0; i < 3; ++i) {
      if (clip.size[i] >= tubelet_[i]) continue;
      throw Error(ErrorKind::kInvalidArgument,
                  fmt::format("a clip is smaller than one tubelet of {} frames and {} x {} pixels",
                              tubelet_[0], tubelet_[1], tubelet_[2]));
    }
    const Volume patches =
        layers_.convolution(clip, "embedding", channels_, tubelet_, tubelet_, {0, 0, 0}, Bias::kZero);
    count_ = patches.size[0] * patches.size[1] * patches.size[2];
    const std::string rows = reshape(patches.name, "embedding.rows", {0, channels_, -1});
    const std::string tokens = transpose(rows, "embedding.tokens", {0, 2, 1});
    constexpr double kBound =
        0.02 * std::numbers::sqrt3;  // a standard deviation of 0.02, as Tong et al. have
    return add(tokens, layers_.constant("position.values", Shape{1, count_, channels_}, -kBound, kBound),
               "position");
  }

  std::string block(const std::string& x, const std::string& name) {
    const std::string y = add(x, attend(normalise(x, name + ".norm1"), name + ".attention"), name + ".add1");
    return add(y, perceive(normalise(y, name + ".norm2"), name + ".mlp"), name + ".add2");
  }

  std::string normalise(const std::string& x, const std::string& name) {
    return layers_.node("LayerNormalization", name,
                        {x, layers_.constant(name + ".weight", Shape{channels_}, 1, 1),
                         layers_.constant(name + ".bias", Shape{channels_}, 0, 0)},
                        {{"axis", int64_t{-1}}, {"epsilon", 1e-6}});
  }

  /// Vaswani et al. 2017, section 3.2.2.
  std::string attend(const std::string& x, const std::string& name) {
    const int64_t head = channels_ / heads_;
    const auto heads = [&](const std::string& part, const std::vector<int64_t>& order) {
      const std::string rows = linear(x, name + "." + part, channels_, channels_);
      const std::string split = reshape(rows, name + "." + part + ".heads", {0, count_, heads_, head});
      return transpose(split, name + "." + part + ".stacked", order);
    };
    const std::string q = heads("q", {0, 2, 1, 3}), k = heads("k", {0, 2, 3, 1}),
                      v = heads("v", {0, 2, 1, 3});
    const double scale = 1 / std::sqrt(static_cast<double>(head));
    const std::string scaled =
        layers_.node("Mul", name + ".scaled", {q, layers_.number(name + ".scale", scale)});
    const std::string scores = layers_.node("MatMul", name + ".scores", {scaled, k});
    const std::string weights = layers_.node("Softmax", name + ".weights", {scores}, {{"axis", int64_t{-1}}});
    const std::string mixed = layers_.node("MatMul", name + ".mixed", {weights, v});
    const std::string rows =
        reshape(transpose(mixed, name + ".unstacked", {0, 2, 1, 3}), name + ".rows", {0, count_, channels_});
    return linear(rows, name + ".out", channels_, channels_);
  }

  /// Two layers with a GELU (Hendrycks and Gimpel 2016) between them.
  std::string perceive(const std::string& x, const std::string& name) {
    const int64_t hidden = 4 * channels_;
    const std::string y = linear(x, name + ".in", channels_, hidden);
    const std::string scaled = layers_.node("Mul", name + ".gelu.scaled",
                                            {y, layers_.number(name + ".factor", 1 / std::numbers::sqrt2)});
    const std::string erf = layers_.node("Erf", name + ".gelu.erf", {scaled});
    const std::string lifted =
        layers_.node("Add", name + ".gelu.lifted", {erf, layers_.number(name + ".one", 1)});
    const std::string gate =
        layers_.node("Mul", name + ".gelu.gate", {lifted, layers_.number(name + ".half", 0.5)});
    return linear(layers_.node("Mul", name + ".gelu", {y, gate}), name + ".out", hidden, channels_);
  }

  /// Uniform weights with the variance 2 / (from + to) (Glorot and Bengio 2010, equation 16).
  std::string linear(const std::string& x, const std::string& name, int64_t from, int64_t to) {
    const double bound = std::sqrt(6 / static_cast<double>(from + to));
    const std::string product =
        layers_.node("MatMul", name, {x, layers_.constant(name + ".weight", Shape{from, to}, -bound, bound)});
    return add(product, layers_.constant(name + ".bias", Shape{to}, 0, 0), name + ".biased");
  }

  std::string add(const std::string& a, const std::string& b, const std::string& name) {
    return layers_.node("Add", name, {a, b});
  }
  std::string reshape(const std::string& x, const std::string& name, const std::vector<int64_t>& shape) {
    return layers_.node("Reshape", name, {x, layers_.integers(name + ".shape", shape)});
  }
  std::string transpose(const std::string& x, const std::string& name, const std::vector<int64_t>& order) {
    return layers_.node("Transpose", name, {x}, {{"perm", order}});
  }

  LayerWriter layers_;
  int64_t blocks_;
  Extent tubelet_;
  int64_t heads_ = 1, channels_ = 0;
  int64_t count_ = 0;  ///< of tokens
};

}  // namespace

graph::Model create_video_transformer(TransformerSize size, const CreateOptions& options) {
  return TransformerWriter(geometry_of(size), options)
      .create(options.classes > 0 ? options.classes : kKineticsClasses);
}

}  // namespace relevid::models
