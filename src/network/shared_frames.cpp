// SPDX-License-Identifier: Apache-2.0
#include "network/shared_frames.h"

#include <algorithm>
#include <cstring>
#include <random>
#include <utility>

#include "base/overloaded.h"

// Note [Parts with the bits of the whole]
// Kernels for few frames may add up in another order than those for all: oneDNN's Winograd convolutions do by
// the number of images, and what divides by small numbers makes much of the last bit. Nobody tells when, so
// each end is tried on noise beforehand, with one frame more for as long as its bits are not those of the
// whole layer.

namespace relevid {
namespace {

using graph::at;
using kernels::Buffer;

/// What is taken over is copied twice. Measured on two cores with AVX-512, 16 frames: C3D's first layer (81
/// multiply-adds for each of its elements) took twice its time in parts, R(2+1)D-18's first layers (135 to
/// 576) 0.4 to 1.3 of it and the network nothing less in all, C3D's second (1728) half.
constexpr int64_t kLeastMultiplyAdds = 1024;
constexpr double kLeastShare = 0.5;

int64_t rounded_up(int64_t a, int64_t b) {
  return a <= 0 ? 0 : (a + b - 1) / b;
}

/// Of an operator whose window reaches over frames.
FrameRange through_window(const graph::Window& window, const FrameRange& from, int64_t frames_out) {
  const size_t spatial = window.kernel.size();
  if (spatial < 3) return {};
  const int64_t stride = window.strides[0], begin_pad = window.pads_begin[0];
  const int64_t dilation = window.dilations.empty() ? 1 : window.dilations[0];
  const int64_t reach = (window.kernel[0] - 1) * dilation;
  // Padding beyond the window's reach would leave frames that read nothing but padding.
  if (from.axis != 2 || from.shift % stride != 0 || begin_pad > reach) return {};
  const int64_t last = from.end - 1 - reach + begin_pad;  // where the last window inside begins, with padding
  FrameRange range{2, rounded_up(from.begin + begin_pad, stride), last < 0 ? 0 : last / stride + 1,
                   from.shift / stride};
  range.end = std::min(range.end, frames_out - range.shift);
  return range.count() > 0 ? range : FrameRange{};
}

/// Where both operands share the same frames of the same axis.
FrameRange in_both(const FrameRange& a, const FrameRange& b) {
  if (a.axis != b.axis || a.shift != b.shift) return {};
  const FrameRange range{a.axis, std::max(a.begin, b.begin), std::min(a.end, b.end), a.shift};
  return range.count() > 0 ? range : FrameRange{};
}

/// Whether constants of these shapes are the same for every frame.
bool same_for_frames(const Tensor& constant, int64_t rank, int64_t axis) {
  const int64_t missing = rank - constant.shape().rank();
  return axis < missing || constant.shape()[axis - missing] == 1;
}

class Ranges {
 public:
  Ranges(const graph::Graph& graph, std::vector<FrameRange>& of) : graph_(graph), of_(of) {}

  FrameRange operator()(const graph::Node& node) const {
    const FrameRange& x = of_[at(node.inputs[0])];
    const Shape& shape = graph_.shape(node.output);
    if (x.count() == 0) return {};
    return std::visit(
        Overloaded{[&](const OneOf<graph::Convolution, graph::MaxPool, graph::AveragePool> auto& op) {
                     return window(op.window, x, shape);
                   },
                   [&](const Activation&) { return x; },
                   [&](const graph::Affine& op) {
                     const bool same = same_for_frames(*op.scale, shape.rank(), x.axis) &&
                                       same_for_frames(*op.shift, shape.rank(), x.axis);
                     return same ? x : FrameRange{};
                   },
                   [&](const OneOf<graph::Add, graph::Multiply> auto&) {
                     const bool whole =
                         graph_.shape(node.inputs[0]) == shape && graph_.shape(node.inputs[1]) == shape;
                     return whole ? in_both(x, of_[at(node.inputs[1])]) : FrameRange{};
                   },
                   [&](const graph::Transpose& op) {
                     FrameRange moved = x;
                     moved.axis = std::ranges::find(op.permutation, x.axis) - op.permutation.begin();
                     return moved;
                   },
                   [&](const graph::Concat& op) { return concatenated(op, node); },
                   // What mixes frames, or has not paid to be followed.
                   [](const OneOf<graph::Dense, graph::TransposedConvolution, graph::Reduce, graph::Resample,
                                  graph::PRelu, graph::MatMul, graph::Attention, graph::Softmax,
                                  graph::Standardise, graph::BatchNorm, graph::Dropout, graph::Slice,
                                  graph::Pad, graph::Reshape> auto&) { return FrameRange{}; }},
        node.op);
  }

 private:
  static FrameRange window(const graph::Window& window, const FrameRange& x, const Shape& shape) {
    return shape.rank() == 5 ? through_window(window, x, shape[2]) : FrameRange{};
  }

  FrameRange concatenated(const graph::Concat& op, const graph::Node& node) const {
    FrameRange range = of_[at(node.inputs[0])];
    if (op.axis == range.axis) return {};
    for (const graph::ValueId input : node.inputs) range = in_both(range, of_[at(input)]);
    return range;
  }

  const graph::Graph& graph_;
  std::vector<FrameRange>& of_;
};

/// `count` frames of x from `begin` on.
Buffer frames(kernels::Library& library, const Buffer& x, int64_t begin, int64_t count) {
  Shape shape = x.shape();
  shape[2] = count;
  std::vector<int64_t> from(static_cast<size_t>(shape.rank()), 0);
  const std::vector<int64_t> step(from.size(), 1);
  from[2] = begin;
  return library.slice(x, shape, from, step);
}

bool shares_enough(const FrameRange& range, const Shape& output) {
  return static_cast<double>(range.count()) >= kLeastShare * static_cast<double>(output[2]);
}

/// A video of `more` frames more than a layer's input has.
Buffer noise(kernels::Library& library, Shape shape, int64_t more) {
  shape[2] += more;
  Tensor video(shape, DType::kF32);
  std::mt19937 generator(1);
  std::uniform_real_distribution<float> uniform(-1, 1);
  for (float& value : video.values<float>()) value = uniform(generator);
  return library.upload(video);
}

bool same_bits(kernels::Library& library, const Buffer& a, const Buffer& b) {
  const Tensor left = library.download(a), right = library.download(b);
  return std::memcmp(left.bytes().data(), right.bytes().data(), left.bytes().size()) == 0;
}

}  // namespace

std::vector<FrameRange> shared_frames(const graph::Graph& graph, int64_t time_axis, int64_t shift) {
  std::vector<FrameRange> ranges(graph.values.size());
  for (const graph::ValueId input : graph.inputs) {
    const int64_t frames = graph.shape(input)[time_axis];
    if (shift > 0 && shift < frames) ranges[at(input)] = {time_axis, 0, frames - shift, shift};
  }
  const Ranges of(graph, ranges);
  for (const graph::Node& node : graph.nodes) ranges[at(node.output)] = of(node);
  return ranges;
}

SharedFrames::SharedFrames(Network& network, int64_t time_axis, int64_t shift)
    : network_(network), shift_(shift) {
  const graph::Graph& graph = network.graph();
  const auto ranges = shared_frames(graph, time_axis, shift);
  for (const Step& step : network.steps()) {
    const auto* convolution = std::get_if<graph::Convolution>(&step.node->op);
    const FrameRange& range = ranges[at(step.node->output)];
    std::unique_ptr<Parts> parts;
    if (convolution && step.fusion.residual < 0 && range.count() > 0) {
      const Shape& output = graph.shape(step.node->output);
      const int64_t each = multiply_adds(graph, *step.node) / output.elements();
      if (each >= kLeastMultiplyAdds && shares_enough(range, output))
        parts = prepare(step, range, ranges[at(step.node->inputs[0])].shift);
    }
    parts_.push_back(std::move(parts));
  }
}

std::unique_ptr<SharedFrames::Parts> SharedFrames::prepare(const Step& step, FrameRange range,
                                                           int64_t input_shift) {
  kernels::Library& library = network_.library();
  const Shape& input = network_.graph().shape(step.node->inputs[0]);
  const Shape& output = network_.graph().shape(step.node->output);
  const Buffer video = noise(library, input, input_shift);
  const auto window = [&](int64_t begin) { return frames(library, video, begin, input[2]); };
  const Buffer x = window(input_shift), whole = step.linear()->forward(x, {}),
               before = step.linear()->forward(window(0), {});
  const auto is_whole = [&](const Buffer& part, int64_t begin) {
    return same_bits(library, part, frames(library, whole, begin, part.shape()[2]));
  };
  if (!is_whole(frames(library, before, range.begin + range.shift, range.count()), range.begin))
    return nullptr;
  auto parts = std::make_unique<Parts>();
  Parts& p = *parts;
  for (p.range = range; shares_enough(p.range, output); ++p.range.begin) {
    p.first = prepare_first(step, p.range.begin);
    if (!p.first.map || is_whole(forward(p.first, x), 0)) break;
  }
  for (; shares_enough(p.range, output); --p.range.end) {
    p.last = prepare_last(step, p.range.end);
    if (!p.last.map || is_whole(forward(p.last, x), p.range.end)) return parts;
  }
  return nullptr;
}

SharedFrames::End SharedFrames::prepare_first(const Step& step, int64_t frames_out) const {
  if (frames_out == 0) return {};
  auto spec = std::get<kernels::ConvolutionSpec>(*linear_spec(network_.graph(), *step.node));
  spec.pads_end[0] = 0;
  const int64_t count =
      (frames_out - 1) * spec.strides[0] - spec.pads_begin[0] + (spec.kernel[0] - 1) * spec.dilations[0] + 1;
  return prepare_end(step, spec, 0, count);
}

SharedFrames::End SharedFrames::prepare_last(const Step& step, int64_t first_out) const {
  const graph::Graph& graph = network_.graph();
  if (first_out == graph.shape(step.node->output)[2]) return {};
  auto spec = std::get<kernels::ConvolutionSpec>(*linear_spec(graph, *step.node));
  const int64_t begin = first_out * spec.strides[0] - spec.pads_begin[0];
  spec.pads_begin[0] = 0;
  return prepare_end(step, spec, begin, graph.shape(step.node->inputs[0])[2] - begin);
}

SharedFrames::End SharedFrames::prepare_end(const Step& step, const kernels::ConvolutionSpec& spec,
                                            int64_t begin, int64_t count) const {
  Shape input = network_.graph().shape(step.node->inputs[0]);
  input[2] = count;
  return {begin, count, network_.prepare_like(step.fusion, spec, input)};
}

Buffer SharedFrames::forward(const End& end, const Buffer& x) const {
  return end.map->forward(frames(network_.library(), x, end.begin, end.count), {});
}

bool SharedFrames::pays() const {
  return std::ranges::any_of(parts_, [](const auto& parts) { return parts != nullptr; });
}

bool SharedFrames::holds_last() const {
  return std::ranges::any_of(parts_, [](const auto& parts) { return parts && parts->before; });
}

Buffer SharedFrames::run(size_t step, const Buffer& x) {
  kernels::Library& library = network_.library();
  Parts& parts = *parts_[step];
  const FrameRange& range = parts.range;
  Buffer y;
  if (parts.before) {
    std::vector<Buffer> all;
    if (parts.first.map) all.push_back(forward(parts.first, x));
    all.push_back(std::exchange(parts.before, {}));
    if (parts.last.map) all.push_back(forward(parts.last, x));
    y = library.concat(all, 2);
  } else {
    y = network_.steps()[step].linear()->forward(x, {});
  }
  parts.before = frames(library, y, range.begin + range.shift, range.count());
  return y;
}

void SharedFrames::forget() {
  for (const auto& parts : parts_) {
    if (parts) parts->before = {};
  }
}

}  // namespace relevid
