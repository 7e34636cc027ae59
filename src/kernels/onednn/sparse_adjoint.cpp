// SPDX-License-Identifier: Apache-2.0
// The adjoint of SparseConvolution: see the note in sparse_convolution.cpp.
#include <omp.h>

#include <algorithm>
#include <utility>

#include "kernels/onednn/intervals.h"
#include "kernels/onednn/sparse_convolution.h"

namespace relevid::kernels::onednn {
namespace {

/// Positions of a tile: 256 KiB of sums.
constexpr int64_t kTilePositions = 1024;

}  // namespace

/// By item, chunk of channels, frame and row.
std::vector<SparseConvolution::Row> SparseConvolution::rows_of(const Buffer& s) const {
  const int64_t B = out_.block, blocks_in_chunk = SparseWeights::kChunk / B, chunks = chunk_count();
  const int64_t row_count = out_.batch * chunks * out_.time * out_.height;
  const float* values = s.data<float>();
  std::vector<Row> rows(static_cast<size_t>(row_count));
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < row_count; ++i) {
    const int64_t place = i % (out_.time * out_.height), chunk = i / (out_.time * out_.height) % chunks,
                  n = i / (out_.time * out_.height) / chunks;
    Row& row = rows[static_cast<size_t>(i)];
    row.starts.resize(static_cast<size_t>(out_.width) + 1, 0);
    const int64_t first = chunk * blocks_in_chunk, last = std::min(out_.blocks, first + blocks_in_chunk);
    // Written without asking whether a value is 0, which no processor could foresee.
    row.scaled.resize(static_cast<size_t>((last - first) * B * out_.width + 1));
    size_t count = 0;
    for (int64_t w = 0; w < out_.width; ++w) {
      for (int64_t b = first; b < last; ++b) {
        const float* block = values + ((n * out_.blocks + b) * out_.spatial() + place * out_.width + w) * B;
        for (int64_t lane = 0; lane < B; ++lane) {
          row.scaled[count] = {block[lane], static_cast<int32_t>((b - first) * B + lane)};
          count += block[lane] != 0;
        }
      }
      row.starts[static_cast<size_t>(w) + 1] = static_cast<int32_t>(count);
    }
    row.scaled.resize(count);
    row.scaled.shrink_to_fit();
  }
  return rows;
}

/// As rows_of, for an s on the winners of a maximum whose windows are apart: those of a row of windows fill
/// the rows that they cover.
template <class Code>
std::vector<SparseConvolution::Row> SparseConvolution::rows_of(const MaxWindow& maximum, const Code* codes,
                                                               const Buffer& s) const {
  const MaxWindowSpec& pool = maximum.spec();
  const Layout& pooled = maximum.out();
  const int64_t B = out_.block, blocks_in_chunk = SparseWeights::kChunk / B, chunks = chunk_count();
  std::vector<Row> rows(static_cast<size_t>(out_.batch * chunks * out_.time * out_.height));
  for (Row& row : rows) row.starts.assign(static_cast<size_t>(out_.width) + 1, 0);
#pragma omp parallel for collapse(3) schedule(static)
  for (int64_t part = 0; part < out_.batch * chunks; ++part)
    for (int64_t t = 0; t < pooled.time; ++t)
      for (int64_t h = 0; h < pooled.height; ++h) {
        const int64_t n = part / chunks, chunk = part % chunks, first = chunk * blocks_in_chunk,
                      last = std::min(out_.blocks, first + blocks_in_chunk);
        const Extent begin{t * pool.strides[0] - pool.pads_begin[0], h * pool.strides[1] - pool.pads_begin[1],
                           -pool.pads_begin[2]};
        // Calls f(row, position in it, value, channel in the chunk) for what is not 0, row by row in the
        // order of positions and channels.
        const auto for_each = [&](auto&& f) {
          for (int64_t w = 0; w < pooled.width; ++w)
            for (int64_t b = first; b < last; ++b) {
              const int64_t place =
                  (n * out_.blocks + b) * pooled.spatial() + (t * pooled.height + h) * pooled.width + w;
              for (int64_t lane = 0; lane < B; ++lane) {
                const float value = s.data<float>()[place * B + lane];
                if (value == 0) continue;
                const int64_t code = codes[place * B + lane];
                const int64_t at_t = begin[0] + code / (pool.kernel[1] * pool.kernel[2]) * pool.dilations[0],
                              at_h = begin[1] + code / pool.kernel[2] % pool.kernel[1] * pool.dilations[1],
                              at_w =
                                  begin[2] + w * pool.strides[2] + code % pool.kernel[2] * pool.dilations[2];
                f(rows[static_cast<size_t>((part * out_.time + at_t) * out_.height + at_h)],
                  static_cast<size_t>(at_w), value, (b - first) * B + lane);
              }
            }
        };
        const auto for_each_row = [&](auto&& f) {
          for (int64_t a = 0; a < pool.kernel[0]; ++a)
            for (int64_t b = 0; b < pool.kernel[1]; ++b) {
              const int64_t at_t = begin[0] + a * pool.dilations[0], at_h = begin[1] + b * pool.dilations[1];
              if (at_t < 0 || at_t >= out_.time || at_h < 0 || at_h >= out_.height) continue;
              f(rows[static_cast<size_t>((part * out_.time + at_t) * out_.height + at_h)]);
            }
        };
        // Counted, then placed: starts[w + 1] moves from where position w begins to where it ends.
        for_each([](Row& row, size_t w, float, int64_t) { ++row.starts[w + 1]; });
        for_each_row([](Row& row) {
          int32_t count = 0;
          for (size_t w = 1; w < row.starts.size(); ++w) count += std::exchange(row.starts[w], count);
          row.scaled.resize(static_cast<size_t>(count));
        });
        for_each([](Row& row, size_t w, float value, int64_t channel) {
          row.scaled[static_cast<size_t>(row.starts[w + 1]++)] = {value, static_cast<int32_t>(channel)};
        });
      }
  return rows;
}

Buffer SparseConvolution::adjoint(const Buffer& s, WeightTransform weight) {
  return adjoint_of(rows_of(s), weight);
}

Buffer SparseConvolution::adjoint_at(const MaxWindow& maximum, const Buffer& winners, const Buffer& s,
                                     WeightTransform weight) {
  return adjoint_of(maximum.winners_are_bytes() ? rows_of(maximum, winners.data<uint8_t>(), s)
                                                : rows_of(maximum, winners.data<int32_t>(), s),
                    weight);
}

/// Whole rows of the input, about so many positions.
std::vector<SparseConvolution::Tile> SparseConvolution::input_tiles(int64_t positions) const {
  const int64_t rows = std::max<int64_t>(1, positions / in_.width), heights = std::min(rows, in_.height);
  return cut({in_.time, in_.height, in_.width},
             {std::clamp<int64_t>(rows / heights, 1, in_.time), heights, in_.width});
}

Buffer SparseConvolution::adjoint_of(const std::vector<Row>& rows, WeightTransform weight) {
  const float* weights = weights_.for_adjoint(weight);
  Buffer y = device_.allocate(input_);
  const int64_t B = in_.block;
  const ChannelParts parts = weights_.adjoint_parts();
  const auto tiles = input_tiles(kTilePositions);
  const int64_t a_thread = (kTilePositions + in_.width) * parts.widest();
  Buffer scratch = device_.allocate(Shape{omp_get_max_threads() * a_thread});
#pragma omp parallel
  {
    float* sums = scratch.data<float>() + omp_get_thread_num() * a_thread;
#pragma omp for collapse(3) schedule(dynamic)
    for (int64_t n = 0; n < in_.batch; ++n)
      for (int64_t part = 0; part < parts.count(); ++part)
        for (int64_t i = 0; i < std::ssize(tiles); ++i) {
          const Tile& tile = tiles[static_cast<size_t>(i)];
          add_tile(rows, n, tile, part,
                   weights + part * parts.widest() * out_.blocks * out_.block * weights_.taps(), sums);
          const int64_t width = parts.width(part), count = tile.size[1] * in_.width;
          for (int64_t b = 0; b < width / B; ++b)
            for (int64_t t = 0; t < tile.size[0]; ++t) {
              float* to = y.data<float>() + ((n * in_.blocks + part * parts.most + b) * in_.spatial() +
                                             ((tile.begin[0] + t) * in_.height + tile.begin[1]) * in_.width) *
                                                B;
              const float* from = sums + t * count * width + b * B;
              for (int64_t k = 0; k < count; ++k) std::copy_n(from + k * width, B, to + k * B);
            }
        }
  }
  return y;
}

/// The sums of a tile for one part of the channels, [position][channel].
void SparseConvolution::add_tile(const std::vector<Row>& rows, int64_t item, const Tile& tile, int64_t part,
                                 const float* weights, float* sums) const {
  const Extent &kernel = spec_.kernel, &stride = spec_.strides, &dilation = spec_.dilations,
               &pads = spec_.pads_begin;
  const int64_t width = weights_.adjoint_parts().width(part), vectors = width / in_.block;
  const int64_t chunks = chunk_count();
  std::fill_n(sums, tile.size[0] * tile.size[1] * in_.width * width, 0.0F);
  for (int64_t chunk = 0; chunk < chunks; ++chunk) {
    const int64_t in_chunk =
        std::min(SparseWeights::kChunk, out_.blocks * out_.block - chunk * SparseWeights::kChunk);
    const Row* const frames = rows.data() + (item * chunks + chunk) * out_.time * out_.height;
    for (int64_t tap = 0; tap < weights_.taps(); ++tap, weights += in_chunk * width) {
      const int64_t shift[3] = {tap / (kernel[1] * kernel[2]) * dilation[0] - pads[0] - tile.begin[0],
                                tap / kernel[2] % kernel[1] * dilation[1] - pads[1] - tile.begin[1],
                                tap % kernel[2] * dilation[2] - pads[2]};
      const auto times = inside(out_.time, tile.size[0], stride[0], shift[0]);
      const auto heights = inside(out_.height, tile.size[1], stride[1], shift[1]);
      const auto [begin, end] = inside(out_.width, in_.width, stride[2], shift[2]);
      if (begin >= end) continue;
      for (int64_t t = times.first; t < times.second; ++t)
        for (int64_t h = heights.first; h < heights.second; ++h) {
          const Row& row = frames[t * out_.height + h];
          if (row.scaled.empty()) continue;
          const int64_t target =
              ((t * stride[0] + shift[0]) * tile.size[1] + h * stride[1] + shift[1]) * in_.width +
              begin * stride[2] + shift[2];
          lanes_.add_rows(weights, vectors, row.scaled.data(), row.starts.data() + begin, end - begin,
                          sums + target * width, stride[2] * width);
        }
    }
  }
}

}  // namespace relevid::kernels::onednn
