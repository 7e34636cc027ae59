// SPDX-License-Identifier: Apache-2.0
#include "models/layers.h"

#include <algorithm>
#include <cmath>

namespace relevid::models {
namespace {

constexpr int64_t kOpset = 17;
constexpr int64_t kInputChannels = 3;

std::vector<int64_t> list(const Extent& extent) {
  return {extent.begin(), extent.end()};
}

/// The same padding at both ends, in ONNX's order.
std::vector<int64_t> both_ends(const Extent& pads) {
  return {pads[0], pads[1], pads[2], pads[0], pads[1], pads[2]};
}

}  // namespace

LayerWriter::LayerWriter(const CreateOptions& options) : options_(options), random_(options.seed) {
  model_.opset = kOpset;
  model_.producer = "relevid";
}

int64_t LayerWriter::channels(int64_t published) const {
  return std::max<int64_t>(1, std::llround(static_cast<double>(published) * options_.width));
}

Volume LayerWriter::input() {
  Volume clip{"clip", kInputChannels, {options_.clip_len, options_.height, options_.height}};
  model_.inputs.push_back(
      {clip.name, {-1, clip.channels, clip.size[0], clip.size[1], clip.size[2]}, {"batch", "", "", "", ""}});
  return clip;
}

Volume LayerWriter::convolution(const Volume& x, const std::string& name, int64_t channels,
                                const Extent& kernel, const Extent& strides, const Extent& pads, Bias bias) {
  if (options_.time_padding == CreateOptions::TimePadding::kRepeat && pads[0] > 0) {
    return convolution(repeat_ends(x, name, pads[0]), name, channels, kernel, strides, {0, pads[1], pads[2]},
                       bias);
  }
  std::vector<std::string> inputs = {
      x.name, he_weights(name + ".weight", {channels, x.channels, kernel[0], kernel[1], kernel[2]})};
  if (bias == Bias::kZero) inputs.push_back(constant(name + ".bias", {channels}, 0, 0));
  Volume y{"", channels, {}};
  for (size_t i = 0; i < 3; ++i) y.size[i] = (x.size[i] + 2 * pads[i] - kernel[i]) / strides[i] + 1;
  return emit("Conv", name, std::move(inputs), y,
              {{"kernel_shape", list(kernel)}, {"strides", list(strides)}, {"pads", both_ends(pads)}});
}

Volume LayerWriter::repeat_ends(const Volume& x, const std::string& name, int64_t count) {
  const auto copies = static_cast<size_t>(count);
  std::vector<std::string> parts(copies, frames(x, name + ".first", 0, 1));
  parts.push_back(x.name);
  parts.insert(parts.end(), copies, frames(x, name + ".last", x.size[0] - 1, x.size[0]));
  Volume longer = x;
  longer.size[0] += 2 * count;
  return emit("Concat", name + ".repeated", std::move(parts), longer, {{"axis", int64_t{2}}});
}

std::string LayerWriter::frames(const Volume& x, const std::string& name, int64_t begin, int64_t end) {
  return emit("Slice", name,
              {x.name, integers(name + ".starts", {begin}), integers(name + ".ends", {end}),
               integers(name + ".axes", {2})},
              {"", x.channels, {end - begin, x.size[1], x.size[2]}})
      .name;
}

std::string LayerWriter::integers(const std::string& name, const std::vector<int64_t>& values) {
  model_.constants[name] = graph::share(Tensor::from(Shape{std::ssize(values)}, values));
  return name;
}

Volume LayerWriter::batch_norm(const Volume& x, const std::string& name) {
  const Shape shape{x.channels};
  const double spread = options_.batch_norm == CreateOptions::BatchNorm::kVaried ? 1 : 0;
  return emit("BatchNormalization", name,
              {x.name, constant(name + ".weight", shape, 1 - spread / 2, 1 + spread / 2),
               constant(name + ".bias", shape, -spread / 10, spread / 10),
               constant(name + ".running_mean", shape, -spread / 10, spread / 10),
               constant(name + ".running_var", shape, 1 - spread / 2, 1 + spread / 2)},
              x, {{"epsilon", 1e-5}});
}

Volume LayerWriter::relu(const Volume& x, const std::string& name) {
  return emit("Relu", name, {x.name}, x);
}

Volume LayerWriter::max_pool(const Volume& x, const std::string& name, const Extent& most) {
  Volume y = x;
  Extent window = most;
  for (size_t i = 0; i < 3; ++i) {
    window[i] = std::min(most[i], x.size[i]);
    y.size[i] = (x.size[i] + window[i] - 1) / window[i];
  }
  return emit("MaxPool", name, {x.name}, y,
              {{"kernel_shape", list(window)}, {"strides", list(window)}, {"ceil_mode", int64_t{1}}});
}

Volume LayerWriter::add(const Volume& a, const Volume& b, const std::string& name) {
  return emit("Add", name, {a.name, b.name}, a);
}

Volume LayerWriter::global_average(const Volume& x, const std::string& name) {
  return emit("GlobalAveragePool", name, {x.name}, {"", x.channels, {1, 1, 1}});
}

Volume LayerWriter::flatten(const Volume& x, const std::string& name) {
  return emit("Flatten", name, {x.name}, {"", x.channels * x.size[0] * x.size[1] * x.size[2], {1, 1, 1}},
              {{"axis", int64_t{1}}});
}

Volume LayerWriter::dense(const Volume& x, const std::string& name, int64_t channels) {
  return emit("Gemm", name,
              {x.name, he_weights(name + ".weight", {channels, x.channels}),
               constant(name + ".bias", {channels}, 0, 0)},
              {"", channels, {1, 1, 1}}, {{"transB", int64_t{1}}});
}

Volume LayerWriter::dropout(const Volume& x, const std::string& name) {
  if (options_.dropout == 0) return x;
  return emit("Dropout", name, {x.name, number(name + ".ratio", options_.dropout)}, x);
}

graph::Model LayerWriter::finish(const Volume& logits) && {
  model_.nodes.back().outputs = {"logits"};
  model_.outputs.push_back({"logits", {-1, logits.channels}, {"batch", ""}});
  return std::move(model_);
}

Volume LayerWriter::emit(const std::string& op, const std::string& name, std::vector<std::string> inputs,
                         Volume result, std::map<std::string, graph::Attribute> attributes) {
  result.name = node(op, name, std::move(inputs), std::move(attributes));
  return result;
}

std::string LayerWriter::node(const std::string& op, const std::string& name, std::vector<std::string> inputs,
                              std::map<std::string, graph::Attribute> attributes) {
  model_.nodes.push_back({op, name, std::move(inputs), {name + ".out"}, std::move(attributes)});
  return name + ".out";
}

std::string LayerWriter::constant(const std::string& name, const Shape& shape, double low, double high) {
  Tensor tensor(shape, DType::kF32);
  for (float& value : tensor.values<float>()) {
    const double unit = static_cast<double>(random_() >> 11) * 0x1p-53;
    value = static_cast<float>(low + (high - low) * unit);
  }
  model_.constants[name] = graph::share(std::move(tensor));
  return name;
}

std::string LayerWriter::number(const std::string& name, double value) {
  return constant(name, Shape(std::vector<int64_t>{}), value, value);
}

std::string LayerWriter::he_weights(const std::string& name, const Shape& shape) {
  const int64_t fan_in = shape.elements() / shape[0];
  const double bound = std::sqrt(6 / static_cast<double>(fan_in));
  return constant(name, shape, -bound, bound);
}

}  // namespace relevid::models
