// SPDX-License-Identifier: Apache-2.0
#include "kernels/onednn/stem_adjoint.h"

#include <algorithm>
#include <dnnl.hpp>

#include "kernels/onednn/elementwise.h"
#include "kernels/onednn/intervals.h"
#include "kernels/onednn/prepared_weights.h"
#include "relevid/error.h"

// Note [Adjoint of the stem]
// oneDNN's backward-data towards 3 channels fills a block of 16 with them and runs at an eighth of the
// machine's peak or less. The zB rule needs it for W, W⁺ and W⁻, of which W = W⁺ + W⁻ comes for nothing. Here
// the adjoint is a matrix product whose rows are the taps of all functions and channels, so that nothing is
// padded, and whose products are then added up where each tap points. One thread makes one frame of the
// result from a few source rows at a time, which stay in its cache; so sums have one order whatever the
// number of threads.

namespace relevid::kernels::onednn {
namespace {

constexpr WeightTransform kAsIs{WeightTransform::Kind::kAsIs}, kPositive{WeightTransform::Kind::kPositive},
    kNegative{WeightTransform::Kind::kNegative};

/// Positions whose products one thread holds at a time; about half a megabyte for a 3x3x3 kernel.
constexpr int64_t kPositions = 1024;

bool has(std::span<const WeightTransform> transforms, const WeightTransform& transform) {
  return std::ranges::find(transforms, transform) != transforms.end();
}

/// What has to be computed: W is not, where W⁺ and W⁻ are.
std::vector<WeightTransform> basis(std::span<const WeightTransform> transforms) {
  std::vector<WeightTransform> result(transforms.begin(), transforms.end());
  if (has(transforms, kPositive) && has(transforms, kNegative)) std::erase(result, kAsIs);
  return result;
}

/// to[o stride] += from[o]
void add_strided(const float* from, float* to, int64_t count, int64_t stride) {
  if (stride == 1) {
#pragma omp simd
    for (int64_t o = 0; o < count; ++o) to[o] += from[o];
  } else {
    for (int64_t o = 0; o < count; ++o) to[o * stride] += from[o];
  }
}

}  // namespace

StemAdjoint::StemAdjoint(Device& device, const ConvolutionSpec& spec, const Shape& input)
    : device_(device),
      spec_(spec),
      input_(input),
      in_(device.layout(input)),
      out_(device.layout(output_shape(spec, input))) {}

const StemAdjoint::Matrices& StemAdjoint::matrices(std::span<const WeightTransform> transforms) {
  auto found = std::ranges::find_if(
      matrices_, [&](const auto& entry) { return std::ranges::equal(entry->transforms, transforms); });
  if (found == matrices_.end()) {
    auto entry = std::make_unique<Matrices>();
    entry->transforms.assign(transforms.begin(), transforms.end());
    entry->rows = spec_.kernel[1] * spec_.kernel[2] * std::ssize(transforms) * in_.channels;
    const int64_t columns = out_.blocks * out_.block;
    entry->values.assign(static_cast<size_t>(spec_.kernel[0] * entry->rows * columns), 0.0F);
    found = matrices_.insert(matrices_.end(), std::move(entry));
  }
  Matrices& m = **found;
  if (m.version != version_) fill(m);
  m.version = version_;
  return m;
}

void StemAdjoint::fill(Matrices& m) const {
  const int64_t channels = in_.channels, functions = std::ssize(m.transforms);
  const int64_t taps = spec_.kernel[0] * spec_.kernel[1] * spec_.kernel[2],
                columns = out_.blocks * out_.block;
  for (int64_t f = 0; f < functions; ++f) {
    const auto weights = transformed(*spec_.weight, m.transforms[static_cast<size_t>(f)]);
    for (int64_t o = 0; o < spec_.channels_out; ++o)
      for (int64_t c = 0; c < channels; ++c)
        for (int64_t k = 0; k < taps; ++k) {
          const int64_t row = (k * functions + f) * channels + c;
          m.values[static_cast<size_t>(row * columns + o)] =
              weights[static_cast<size_t>((o * channels + c) * taps + k)];
        }
  }
}

std::vector<Buffer> StemAdjoint::run(const Buffer& s, std::span<const WeightTransform> transforms) {
  const auto computed = basis(transforms);
  const Matrices& m = matrices(computed);
  std::vector<Buffer> parts;
  std::vector<float*> to;
  for (size_t i = 0; i < computed.size(); ++i) {
    parts.push_back(device_.zeros(input_));
    to.push_back(parts.back().data<float>());
  }
#pragma omp parallel
  {
    std::vector<float> scratch;
#pragma omp for collapse(2) schedule(dynamic)
    for (int64_t n = 0; n < in_.batch; ++n)
      for (int64_t t = 0; t < in_.time; ++t) run_frame(m, s, n, t, to, scratch);
  }
  std::vector<Buffer> result;
  for (size_t next = 0; const auto& transform : transforms) {
    result.push_back(has(computed, transform) ? parts[next++] : sum_of_signs(computed, parts));
  }
  return result;
}

/// Wᵀs = W⁺ᵀs + W⁻ᵀs.
Buffer StemAdjoint::sum_of_signs(std::span<const WeightTransform> computed, std::span<const Buffer> parts) {
  const auto part = [&](const WeightTransform& transform) {
    return parts[static_cast<size_t>(std::ranges::find(computed, transform) - computed.begin())]
        .data<float>();
  };
  const float *positive = part(kPositive), *negative = part(kNegative);
  Buffer y = device_.allocate(input_);
  float* values = y.data<float>();
  for_each_float(device_, input_, [=](int64_t i) { values[i] = positive[i] + negative[i]; });
  return y;
}

/// Adds up frame `frame` of item `item` in every function's result.
void StemAdjoint::run_frame(const Matrices& m, const Buffer& s, int64_t item, int64_t frame,
                            std::span<float* const> to, std::vector<float>& scratch) const {
  const int64_t rows_at_once = std::clamp<int64_t>(kPositions / out_.width, 1, out_.height);
  const int64_t most = rows_at_once * out_.width, depth = out_.blocks * out_.block;
  scratch.resize(static_cast<size_t>(most * (depth + m.rows)));
  float *packed = scratch.data(), *products = scratch.data() + most * depth;
  for (int64_t k = 0; k < spec_.kernel[0]; ++k) {
    const int64_t from = frame + spec_.pads_begin[0] - k * spec_.dilations[0];
    if (from < 0 || from % spec_.strides[0] != 0 || from / spec_.strides[0] >= out_.time) continue;
    const int64_t t = from / spec_.strides[0];
    for (int64_t h = 0; h < out_.height; h += rows_at_once) {
      const int64_t rows = std::min(rows_at_once, out_.height - h), columns = rows * out_.width;
      for (int64_t b = 0; b < out_.blocks; ++b) {
        const float* source =
            s.data<float>() +
            ((item * out_.blocks + b) * out_.spatial() + (t * out_.height + h) * out_.width) * out_.block;
        for (int64_t i = 0; i < columns; ++i)
          std::copy_n(source + i * out_.block, out_.block, packed + i * depth + b * out_.block);
      }
      const float* weights = m.values.data() + k * m.rows * depth;
      const auto status = dnnl_sgemm('N', 'T', m.rows, columns, depth, 1, weights, depth, packed, depth, 0,
                                     products, columns);
      if (status != dnnl_success) throw Error(ErrorKind::kInternal, "oneDNN: a matrix product failed");
      for (int64_t row = 0; row < rows; ++row) {
        scatter_row(products + row * out_.width, columns, h + row,
                    item * in_.channels * in_.spatial() + frame * in_.height * in_.width, to);
      }
    }
  }
}

/// Adds the products of one source row where their taps point.
void StemAdjoint::scatter_row(const float* products, int64_t columns, int64_t source_row,
                              int64_t frame_offset, std::span<float* const> to) const {
  const Extent &kernel = spec_.kernel, &stride = spec_.strides, &dilation = spec_.dilations;
  for (int64_t kh = 0; kh < kernel[1]; ++kh) {
    const int64_t h = source_row * stride[1] - spec_.pads_begin[1] + kh * dilation[1];
    if (h < 0 || h >= in_.height) continue;
    for (int64_t kw = 0; kw < kernel[2]; ++kw) {
      const int64_t shift = kw * dilation[2] - spec_.pads_begin[2];
      const auto [begin, end] = inside(out_.width, in_.width, stride[2], shift);
      for (size_t f = 0; f < to.size(); ++f)
        for (int64_t c = 0; c < in_.channels; ++c) {
          const int64_t row =
              ((kh * kernel[2] + kw) * static_cast<int64_t>(to.size()) + static_cast<int64_t>(f)) *
                  in_.channels +
              c;
          float* target = to[f] + frame_offset + c * in_.spatial() + h * in_.width + shift;
          add_strided(products + row * columns + begin, target + begin * stride[2], end - begin, stride[2]);
        }
    }
  }
}

}  // namespace relevid::kernels::onednn
