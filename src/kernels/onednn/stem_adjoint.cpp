// SPDX-License-Identifier: Apache-2.0
#include "kernels/onednn/stem_adjoint.h"

#include <omp.h>

#include <algorithm>
#include <dnnl.hpp>

#include "kernels/onednn/dispatch.h"
#include "kernels/onednn/elementwise.h"
#include "kernels/onednn/intervals.h"
#include "kernels/onednn/prepared_weights.h"
#include "relevid/error.h"

// Note [Adjoint of the stem]
// oneDNN's backward-data towards 3 channels fills a block of 16 with them and runs at an eighth of the
// machine's peak or less. The zB rule needs it for W, W⁺ and W⁻, of which W = W⁺ + W⁻ comes for nothing. Here
// the adjoint is a matrix product whose rows are the taps of all functions and channels, so that nothing is
// padded, and whose products are then added up where each tap points. One thread makes a band of rows of the
// result, in all frames, from a few source rows at a time, which stay in its cache; where bands meet, source
// rows are multiplied for both. These few rows are the same whatever the number of threads, and so are the
// sums and their order.

namespace relevid::kernels::onednn {
namespace {

constexpr WeightTransform kAsIs{WeightTransform::Kind::kAsIs}, kPositive{WeightTransform::Kind::kPositive},
    kNegative{WeightTransform::Kind::kNegative};

/// Products that one thread holds at a time, so that they stay in its cache.
constexpr int64_t kProducts = 1 << 16;

bool has(std::span<const WeightTransform> transforms, const WeightTransform& transform) {
  return std::ranges::find(transforms, transform) != transforms.end();
}

/// What has to be computed: W is not, where W⁺ and W⁻ are.
std::vector<WeightTransform> basis(std::span<const WeightTransform> transforms) {
  std::vector<WeightTransform> result(transforms.begin(), transforms.end());
  if (has(transforms, kPositive) && has(transforms, kNegative)) std::erase(result, kAsIs);
  return result;
}

RELEVID_DISPATCHED void add_to(const float* from, float* to, int64_t count) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) to[i] += from[i];
}

/// to[i step] = from[i], a block of channels at a time.
RELEVID_DISPATCHED void interleave(const float* from, int64_t count, int64_t block, float* to, int64_t step) {
  if (block == 16) {  // a copy of a size that is known is a few instructions
    for (int64_t i = 0; i < count; ++i) __builtin_memcpy(to + i * step, from + i * 16, 16 * sizeof(float));
  } else {
    for (int64_t i = 0; i < count; ++i)
      for (int64_t lane = 0; lane < block; ++lane) to[i * step + lane] = from[i * block + lane];
  }
}

/// One row of the result while it is added up: what neighbouring outputs reach through one tap lies side by
/// side, every stride-th number after another.
struct RowOrder {
  int64_t width, stride;

  /// Where the numbers begin that are `phase` behind a multiple of the stride.
  int64_t begin(int64_t phase) const { return phase * (width / stride) + std::min(phase, width % stride); }
  /// Where number output * stride + shift lies, less `output`.
  int64_t place(int64_t shift) const {
    const int64_t phase = (shift % stride + stride) % stride;
    return begin(phase) + (shift - phase) / stride;
  }
  /// Puts a row in its proper order.
  void restore(float* row, std::vector<float>& scratch) const {
    scratch.assign(row, row + width);
    for (int64_t phase = 0; phase < std::min(stride, width); ++phase) {
      const float* from = scratch.data() + begin(phase);
      for (int64_t i = phase; i < width; i += stride) row[i] = *from++;
    }
  }
};

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
  const int64_t bands = std::min<int64_t>(in_.height, omp_get_max_threads());
#pragma omp parallel
  {
    std::vector<float> scratch;
#pragma omp for collapse(2) schedule(static)
    for (int64_t n = 0; n < in_.batch; ++n)
      for (int64_t band = 0; band < bands; ++band)
        run_band(m, s, n, {band * in_.height / bands, (band + 1) * in_.height / bands}, to, scratch);
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

/// Adds up rows `band` of item `item` in every function's result.
void StemAdjoint::run_band(const Matrices& m, const Buffer& s, int64_t item, Rows band,
                           std::span<float* const> to, std::vector<float>& scratch) const {
  const int64_t stride = spec_.strides[1], pad = spec_.pads_begin[1];
  const int64_t reach = (spec_.kernel[1] - 1) * spec_.dilations[1];
  const int64_t row_products = spec_.kernel[0] * m.rows * out_.width;
  const int64_t at_once = std::clamp<int64_t>(kProducts / row_products, 1, out_.height);
  const int64_t first = std::max<int64_t>(0, band.begin + pad - reach) / stride / at_once * at_once;
  const int64_t end = std::min(out_.height, (band.end - 1 + pad) / stride + 1);
  for (int64_t t = 0; t < out_.time; ++t) {
    for (int64_t h = first; h < end; h += at_once) {
      const Rows source{h, std::min(out_.height, h + at_once)};
      const float* products = multiply(m, s, item, t, source, scratch);
      const int64_t columns = (source.end - source.begin) * out_.width;
      for (int64_t k = 0; k < spec_.kernel[0]; ++k) {
        const int64_t frame = t * spec_.strides[0] - spec_.pads_begin[0] + k * spec_.dilations[0];
        if (frame < 0 || frame >= in_.time) continue;
        const int64_t offset = item * in_.channels * in_.spatial() + frame * in_.height * in_.width;
        for (int64_t row = source.begin; row < source.end; ++row) {
          scatter_row(products + k * m.rows * columns + (row - source.begin) * out_.width, columns, row,
                      offset, band, to);
        }
      }
    }
  }
  if (spec_.strides[2] == 1) return;
  const RowOrder order{in_.width, spec_.strides[2]};
  for (float* result : to)
    for (int64_t plane = 0; plane < in_.channels * in_.time; ++plane)
      for (int64_t h = band.begin; h < band.end; ++h)
        order.restore(result + ((item * in_.channels * in_.time + plane) * in_.height + h) * in_.width,
                      scratch);
}

/// The products of every tap with rows `source` of frame t: [kernel frame][row of m][position].
const float* StemAdjoint::multiply(const Matrices& m, const Buffer& s, int64_t item, int64_t t, Rows source,
                                   std::vector<float>& scratch) const {
  const int64_t depth = out_.blocks * out_.block, taps = spec_.kernel[0] * m.rows;
  const int64_t columns = (source.end - source.begin) * out_.width;
  scratch.resize(static_cast<size_t>(std::max<int64_t>(std::ssize(scratch), columns * (depth + taps))));
  float *packed = scratch.data(), *products = scratch.data() + columns * depth;
  for (int64_t b = 0; b < out_.blocks; ++b) {
    const float* from = s.data<float>() + ((item * out_.blocks + b) * out_.spatial() +
                                           (t * out_.height + source.begin) * out_.width) *
                                              out_.block;
    interleave(from, columns, out_.block, packed + b * out_.block, depth);
  }
  const auto status = dnnl_sgemm('N', 'T', taps, columns, depth, 1, m.values.data(), depth, packed, depth, 0,
                                 products, columns);
  if (status != dnnl_success) throw Error(ErrorKind::kInternal, "oneDNN: a matrix product failed");
  return products;
}

/// Adds the products of one source row where their taps point, in the band.
void StemAdjoint::scatter_row(const float* products, int64_t columns, int64_t source_row,
                              int64_t frame_offset, Rows band, std::span<float* const> to) const {
  const Extent &kernel = spec_.kernel, &stride = spec_.strides, &dilation = spec_.dilations;
  for (int64_t kh = 0; kh < kernel[1]; ++kh) {
    const int64_t h = source_row * stride[1] - spec_.pads_begin[1] + kh * dilation[1];
    if (h < band.begin || h >= band.end) continue;
    for (int64_t kw = 0; kw < kernel[2]; ++kw) {
      const int64_t shift = kw * dilation[2] - spec_.pads_begin[2];
      const auto [begin, end] = inside(out_.width, in_.width, stride[2], shift);
      const int64_t place = RowOrder{in_.width, stride[2]}.place(shift);
      for (size_t f = 0; f < to.size(); ++f)
        for (int64_t c = 0; c < in_.channels; ++c) {
          const int64_t row =
              ((kh * kernel[2] + kw) * static_cast<int64_t>(to.size()) + static_cast<int64_t>(f)) *
                  in_.channels +
              c;
          float* target = to[f] + frame_offset + c * in_.spatial() + h * in_.width + place;
          add_to(products + row * columns + begin, target + begin, end - begin);
        }
    }
  }
}

}  // namespace relevid::kernels::onednn
