// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <random>
#include <string>

#include "graph/model.h"
#include "models/models.h"

namespace relevid::models {

/// Time, height, width.
using Extent = std::array<int64_t, 3>;

/// What flows between layers: a value of the model, and its size for one clip.
struct Volume {
  std::string name;
  int64_t channels = 0;
  Extent size{};
};

enum class Bias { kNone, kZero };

/// Writes a model layer by layer. Every function appends nodes named after their weights and returns what
/// they give.
class LayerWriter {
 public:
  explicit LayerWriter(const CreateOptions& options);

  Volume input();
  /// `published` channels at this model's width, at least 1.
  int64_t channels(int64_t published) const;

  /// Padded in time as the options say.
  Volume convolution(const Volume& x, const std::string& name, int64_t channels, const Extent& kernel,
                     const Extent& strides, const Extent& pads, Bias bias);
  Volume batch_norm(const Volume& x, const std::string& name);
  Volume relu(const Volume& x, const std::string& name);
  /// Windows side by side, of this size or the volume's where that is smaller; one that overhangs the end
  /// counts, as Caffe has it.
  Volume max_pool(const Volume& x, const std::string& name, const Extent& most);
  Volume add(const Volume& a, const Volume& b, const std::string& name);
  Volume global_average(const Volume& x, const std::string& name);
  /// [batch, channels · T · H · W]
  Volume flatten(const Volume& x, const std::string& name);
  Volume dense(const Volume& x, const std::string& name, int64_t channels);
  /// The options' dropout, or x itself where there is none.
  Volume dropout(const Volume& x, const std::string& name);

  /// Any other node; returns the name of its value.
  std::string node(const std::string& op, const std::string& name, std::vector<std::string> inputs,
                   std::map<std::string, graph::Attribute> attributes = {});
  std::string integers(const std::string& name, const std::vector<int64_t>& values);
  /// Uniform in [low, high), by bits that are the same with every standard library.
  std::string constant(const std::string& name, const Shape& shape, double low, double high);
  std::string number(const std::string& name, double value);

  /// The model, with `logits` as its output.
  graph::Model finish(const Volume& logits) &&;

 private:
  Volume emit(const std::string& op, const std::string& name, std::vector<std::string> inputs, Volume result,
              std::map<std::string, graph::Attribute> attributes = {});
  /// The first and the last frame `count` times more, by Slice and Concat, which every runtime has.
  Volume repeat_ends(const Volume& x, const std::string& name, int64_t count);
  /// Frames [begin, end) of x, as a value's name.
  std::string frames(const Volume& x, const std::string& name, int64_t begin, int64_t end);
  /// Uniform with the variance 2 / fan_in.
  std::string he_weights(const std::string& name, const Shape& shape);

  CreateOptions options_;
  std::mt19937_64 random_;
  graph::Model model_;
};

}  // namespace relevid::models
