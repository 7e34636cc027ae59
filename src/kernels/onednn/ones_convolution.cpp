// SPDX-License-Identifier: Apache-2.0
#include "kernels/onednn/ones_convolution.h"

#include <algorithm>
#include <array>

#include "kernels/onednn/intervals.h"

namespace relevid::kernels::onednn {
namespace {

constexpr int64_t kMostLanes = 16;

/// An axis of the input, and the windows over it.
struct Axis {
  int64_t in, out, kernel, stride, dilation, pad;
};

std::array<Axis, 3> axes_of(const ConvolutionSpec& spec, const Layout& in, const Layout& out) {
  const Extent from = {in.time, in.height, in.width}, to = {out.time, out.height, out.width};
  std::array<Axis, 3> axes{};
  for (size_t i = 0; i < axes.size(); ++i)
    axes[i] = {from[i], to[i], spec.kernel[i], spec.strides[i], spec.dilations[i], spec.pads_begin[i]};
  return axes;
}

/// y[o] += x[i] for every i of o's window, along one axis of [outer][axis][inner]; the other way round for
/// the adjoint.
enum class Way { kApply, kAdjoint };
std::vector<float> along(const Axis& axis, Way way, const std::vector<float>& x, int64_t inner) {
  const int64_t source = way == Way::kApply ? axis.in : axis.out,
                target = way == Way::kApply ? axis.out : axis.in;
  const int64_t outer = std::ssize(x) / (source * inner);
  std::vector<float> y(static_cast<size_t>(outer * target * inner), 0.0F);
#pragma omp parallel for schedule(static)
  for (int64_t n = 0; n < outer; ++n) {
    const float* from = x.data() + n * source * inner;
    float* to = y.data() + n * target * inner;
    for (int64_t k = 0; k < axis.kernel; ++k) {
      const int64_t shift = k * axis.dilation - axis.pad;
      const auto [begin, end] = inside(axis.out, axis.in, axis.stride, shift);
      for (int64_t o = begin; o < end; ++o) {
        const int64_t i = o * axis.stride + shift;
        const float* a = from + (way == Way::kApply ? i : o) * inner;
        float* b = to + (way == Way::kApply ? o : i) * inner;
#pragma omp simd
        for (int64_t j = 0; j < inner; ++j) b[j] += a[j];
      }
    }
  }
  return y;
}

/// Sums of windows over all three axes, of [outer][time][height][width].
std::vector<float> over_windows(const std::array<Axis, 3>& axes, Way way, std::vector<float> x) {
  const auto left = [&](size_t i) { return way == Way::kApply ? axes[i].in : axes[i].out; };
  x = along(axes[0], way, x, left(1) * left(2));
  x = along(axes[1], way, x, left(2));
  return along(axes[2], way, x, 1);
}

}  // namespace

OnesConvolution::OnesConvolution(Device& device, const ConvolutionSpec& spec, const Shape& input)
    : device_(device), spec_(spec), input_(input), output_(output_shape(spec, input)) {}

std::vector<float> OnesConvolution::group_sums(const Buffer& x) const {
  const Layout l = device_.layout(x.shape());
  const int64_t positions = l.spatial(), in_group = l.channels / spec_.groups;
  const float* values = x.data<float>();
  std::vector<float> sums(static_cast<size_t>(l.batch * spec_.groups * positions), 0.0F);
#pragma omp parallel for collapse(2) schedule(static)
  for (int64_t n = 0; n < l.batch; ++n) {
    for (int64_t i = 0; i < positions; ++i) {
      for (int64_t b = 0; b < l.blocks; ++b) {
        const float* lanes = values + ((n * l.blocks + b) * positions + i) * l.block;
        if (spec_.groups == 1) {  // channels that fill up the last block are zero
          float sum = 0;
#pragma omp simd reduction(+ : sum)
          for (int64_t lane = 0; lane < l.block; ++lane) sum += lanes[lane];
          sums[static_cast<size_t>(n * positions + i)] += sum;
          continue;
        }
        for (int64_t c = b * l.block; c < std::min(l.channels, (b + 1) * l.block); ++c)
          sums[static_cast<size_t>((n * spec_.groups + c / in_group) * positions + i)] +=
              lanes[c - b * l.block];
      }
    }
  }
  return sums;
}

Buffer OnesConvolution::spread(const std::vector<float>& sums, const Shape& shape, const float* bias) const {
  const Layout l = device_.layout(shape);
  const int64_t positions = l.spatial(), in_group = l.channels / spec_.groups;
  Buffer y = device_.allocate(shape);
  float* values = y.data<float>();
#pragma omp parallel for collapse(2) schedule(static)
  for (int64_t n = 0; n < l.batch; ++n) {
    for (int64_t b = 0; b < l.blocks; ++b) {
      float* lanes = values + (n * l.blocks + b) * positions * l.block;
      float exists[kMostLanes] = {}, offset[kMostLanes] = {};
      const float* from[kMostLanes];
      for (int64_t lane = 0; lane < l.block; ++lane) {
        const int64_t c = std::min(b * l.block + lane, l.channels - 1);
        exists[lane] = b * l.block + lane < l.channels ? 1.0F : 0.0F;
        offset[lane] = bias ? exists[lane] * bias[c] : 0.0F;
        from[lane] = sums.data() + (n * spec_.groups + c / in_group) * positions;
      }
      for (int64_t i = 0; i < positions; ++i) {
        float* to = lanes + i * l.block;
        if (spec_.groups == 1) {
          const float sum = from[0][i];
#pragma omp simd
          for (int64_t lane = 0; lane < l.block; ++lane) to[lane] = exists[lane] * sum + offset[lane];
        } else {
          for (int64_t lane = 0; lane < l.block; ++lane)
            to[lane] = exists[lane] * from[lane][i] + offset[lane];
        }
      }
    }
  }
  return y;
}

Buffer OnesConvolution::apply(const Buffer& x, const float* bias) const {
  const auto axes = axes_of(spec_, device_.layout(input_), device_.layout(output_));
  return spread(over_windows(axes, Way::kApply, group_sums(x)), output_, bias);
}

Buffer OnesConvolution::adjoint(const Buffer& s) const {
  const auto axes = axes_of(spec_, device_.layout(input_), device_.layout(output_));
  return spread(over_windows(axes, Way::kAdjoint, group_sums(s)), input_, nullptr);
}

}  // namespace relevid::kernels::onednn
