// SPDX-License-Identifier: Apache-2.0
#include "kernels/onednn/sparse_convolution.h"

#include <omp.h>

#include <algorithm>
#include <limits>

#include "kernels/onednn/intervals.h"

// Note [Sparse convolutions]
// Relevance that has come back through a max pooling lies on the winners alone, an eighth of the outputs for
// 2x2x2, and a denominator is needed only where it lies. So W'x + b' is computed there and nowhere else, and
// W'ᵀ of the quotients adds up only what is not zero. That has less arithmetic and loses the blocking that
// makes dense kernels fast; where more than a few of the outputs count, dense kernels win.
//
// apply_where: the input is copied once with its padding, channels innermost, so that a tap row of a window
// is one stretch of memory. A thread takes a block of output channels, whose weights for a part of the
// input's channels stay in the second cache, and goes over tiles whose windows stay in the first: the weights
// of one channel are multiplied with all of a tile's windows that are wanted. adjoint: what is not zero
// becomes lists, by position and chunk of output channels. A thread adds up one tile of the input for a part
// of its channels, tap by tap; the weights of one tap, part and chunk stay in the first cache, and the sums
// of a position in registers. Neither order of addition depends on the number of threads.

namespace relevid::kernels::onednn {

extern const SparseLanes kSparseLanes16, kSparseLanes8;

const SparseLanes* sparse_lanes(int64_t block) {
#if defined(__x86_64__)
  if (block == 16) return __builtin_cpu_supports("avx512f") ? &kSparseLanes16 : nullptr;
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &kSparseLanes8 : nullptr;
#else
  return block == 16 ? &kSparseLanes16 : &kSparseLanes8;
#endif
}

namespace {

/// Shares of outputs that count beyond which a dense convolution took less time, on layers of C3D.
constexpr double kMostForApply = 0.2, kMostForAdjoint = 0.3;

/// What is left of these shares where dense convolutions multiply bf16 numbers, on layers of C3D with AMX:
/// sparse ones stay in float32.
constexpr double kLeftInBfloat16 = 0.65;

/// Floats of a tile's windows in apply_where, for a part of the channels: 32 KiB.
constexpr int64_t kTileFloats = 8 << 10;
/// Outputs a channel that are taken at a time: few, so that their list stays in the first cache; not fewer,
/// because weights are read anew for each such group.
constexpr int64_t kGroupPositions = 4096;
/// Pieces of work a thread, so that no thread waits long for the last one.
constexpr int64_t kPiecesAThread = 4;
/// Positions of a tile in adjoint: 256 KiB of sums.
constexpr int64_t kTilePositions = 1024;

}  // namespace

std::unique_ptr<SparseConvolution> SparseConvolution::make(Device& device, const ConvolutionSpec& spec,
                                                           const Shape& input) {
  const SparseLanes* lanes = sparse_lanes(device.block());
  if (!lanes || spec.groups != 1 || input[1] < lanes->lanes) return nullptr;
  const Shape output = output_shape(spec, input);
  // Positions and rows are counted in 32 bits.
  constexpr int64_t kMost = std::numeric_limits<int32_t>::max();
  if (device.floats(input) > kMost / 8 || device.floats(output) > kMost) return nullptr;
  return std::unique_ptr<SparseConvolution>(new SparseConvolution(device, spec, input, *lanes));
}

SparseConvolution::SparseConvolution(Device& device, const ConvolutionSpec& spec, const Shape& input,
                                     const SparseLanes& lanes)
    : device_(device),
      spec_(spec),
      input_(input),
      output_(output_shape(spec, input)),
      in_(device.layout(input_)),
      out_(device.layout(output_)),
      lanes_(lanes),
      weights_(device, spec, in_, out_) {
  const int64_t sizes[3] = {out_.time, out_.height, out_.width};
  for (size_t axis = 0; axis < 3; ++axis)
    padded_[axis] =
        (sizes[axis] - 1) * spec_.strides[axis] + (spec_.kernel[axis] - 1) * spec_.dilations[axis] + 1;
}

bool SparseConvolution::pays_for(Direction direction, const Buffer& r) const {
  // A sample: a stretch of each so many floats.
  constexpr int64_t kStretch = 64, kEvery = 8 * kStretch;
  const float* values = r.data<float>();
  const int64_t count = out_.floats();
  int64_t found = 0, looked_at = 0;
#pragma omp parallel for schedule(static) reduction(+ : found, looked_at)
  for (int64_t begin = 0; begin < count; begin += kEvery) {
    const int64_t end = std::min(count, begin + kStretch);
    for (int64_t i = begin; i < end; ++i) found += values[i] != 0;
    looked_at += end - begin;
  }
  double most = direction == Direction::kApply ? kMostForApply : kMostForAdjoint;
  if (device_.rounds_to_bf16()) most *= kLeftInBfloat16;
  return static_cast<double>(found) <= most * static_cast<double>(looked_at);
}

/// Whole rows of the input, about so many positions.
std::vector<SparseConvolution::Tile> SparseConvolution::input_tiles(int64_t positions) const {
  const int64_t rows = std::max<int64_t>(1, positions / in_.width), heights = std::min(rows, in_.height);
  return cut(in_, {std::clamp<int64_t>(rows / heights, 1, in_.time), heights, in_.width});
}

/// Outputs whose windows together hold about so many floats of a source of this width: two frames and rows,
/// which share most of their windows, as long as they fit.
std::vector<SparseConvolution::Tile> SparseConvolution::output_tiles(int64_t floats, int64_t width) const {
  const Extent all{out_.time, out_.height, out_.width};
  const auto held = [&](const Extent& size) {
    int64_t result = width;
    for (size_t axis = 0; axis < 3; ++axis)
      result *= (size[axis] - 1) * spec_.strides[axis] + (spec_.kernel[axis] - 1) * spec_.dilations[axis] + 1;
    return result;
  };
  Extent size{1, 1, 1};
  for (const size_t axis : {size_t{1}, size_t{0}, size_t{2}, size_t{1}, size_t{0}}) {
    const bool is_pair = axis != 2 && size[2] == 1;
    const int64_t most = is_pair ? std::min<int64_t>(2, all[axis]) : all[axis];
    for (Extent larger = size; size[axis] < most; size = larger) {
      ++larger[axis];
      if (held(larger) > floats) break;
    }
  }
  return cut(out_, size);
}

std::vector<SparseConvolution::Tile> SparseConvolution::cut(const Layout& of, const Extent& size) {
  std::vector<Tile> tiles;
  for (int64_t t = 0; t < of.time; t += size[0])
    for (int64_t h = 0; h < of.height; h += size[1])
      for (int64_t w = 0; w < of.width; w += size[2])
        tiles.push_back({{t, h, w},
                         {std::min(size[0], of.time - t), std::min(size[1], of.height - h),
                          std::min(size[2], of.width - w)}});
  return tiles;
}

/// [item][part of the channels][position][channel], padding included.
Buffer SparseConvolution::with_padding(const Buffer& x) {
  const int64_t positions = padded_[0] * padded_[1] * padded_[2];
  Buffer result = device_.allocate(Shape{in_.batch * positions * in_.blocks * in_.block});
  const float* from = x.data<float>();
  float* to = result.data<float>();
  const Extent& pads = spec_.pads_begin;
  const int64_t B = in_.block;
  const ChannelParts parts = weights_.apply_parts();
  const int64_t begin = std::min(padded_[2], pads[2]),
                end = std::clamp(pads[2] + in_.width, begin, padded_[2]);  // of the source in a row
#pragma omp parallel for collapse(3) schedule(static)
  for (int64_t n = 0; n < in_.batch; ++n)
    for (int64_t part = 0; part < parts.count(); ++part)
      for (int64_t t = 0; t < padded_[0]; ++t) {
        const int64_t width = parts.width(part);
        float* frame = to + (n * in_.blocks * B + part * parts.widest()) * positions +
                       t * padded_[1] * padded_[2] * width;
        const int64_t source_t = t - pads[0];
        for (int64_t h = 0; h < padded_[1]; ++h) {
          float* row = frame + h * padded_[2] * width;
          const int64_t source_h = h - pads[1];
          if (source_t < 0 || source_t >= in_.time || source_h < 0 || source_h >= in_.height) {
            std::fill_n(row, padded_[2] * width, 0.0F);
            continue;
          }
          std::fill_n(row, begin * width, 0.0F);
          std::fill_n(row + end * width, (padded_[2] - end) * width, 0.0F);
          for (int64_t b = 0; b < width / B; ++b) {
            const float* source = from + ((n * in_.blocks + part * parts.most + b) * in_.spatial() +
                                          (source_t * in_.height + source_h) * in_.width) *
                                             B;
            for (int64_t w = begin; w < end; ++w)
              std::copy_n(source + (w - pads[2]) * B, B, row + w * width + b * B);
          }
        }
      }
  return result;
}

/// The positions of tiles as outputs of their first channel.
std::vector<std::vector<WantedSum>> SparseConvolution::places_of(std::span<const Tile> tiles) const {
  std::vector<std::vector<WantedSum>> result;
  for (const Tile& tile : tiles) {
    auto& places = result.emplace_back();
    for (int64_t t = tile.begin[0]; t < tile.begin[0] + tile.size[0]; ++t)
      for (int64_t h = tile.begin[1]; h < tile.begin[1] + tile.size[1]; ++h)
        for (int64_t w = tile.begin[2]; w < tile.begin[2] + tile.size[2]; ++w) {
          const int64_t window =
              (t * spec_.strides[0] * padded_[1] + h * spec_.strides[1]) * padded_[2] + w * spec_.strides[2];
          places.push_back({static_cast<int32_t>(window),
                            static_cast<int32_t>(((t * out_.height + h) * out_.width + w) * out_.block)});
        }
  }
  return result;
}

/// Which outputs of a block of channels are wanted, by tile and channel: those of the i-th tile and channel
/// lie in [starts[i], starts[i + 1]).
void SparseConvolution::collect(const float* r, std::span<const std::vector<WantedSum>> tiles,
                                Wanted& wanted) const {
  size_t positions = 0;
  for (const auto& places : tiles) positions += places.size();
  wanted.sums.resize(positions * static_cast<size_t>(out_.block) + 1);
  wanted.starts.assign(1, 0);
  int32_t count = 0;
  for (const auto& places : tiles)
    for (int32_t lane = 0; lane < static_cast<int32_t>(out_.block); ++lane) {
      // Written without asking whether a value is 0, which no processor could foresee.
      for (const WantedSum& place : places) {
        const int32_t target = place.target + lane;
        wanted.sums[static_cast<size_t>(count)] = {place.window, target};
        count += r[target] != 0;
      }
      wanted.starts.push_back(count);
    }
  wanted.sums.resize(static_cast<size_t>(count));
}

Buffer SparseConvolution::apply_where(const Buffer& x, const Buffer& r, WeightTransform weight,
                                      const float* bias) {
  const float* weights = weights_.for_apply(weight);
  const Buffer source = with_padding(x);
  Buffer y = device_.allocate(output_);
  const Extent &kernel = spec_.kernel, &dilation = spec_.dilations;
  // Taps along the width lie in a row unless they are dilated.
  Sources from{source.data<float>(), weights, bias, {}, dilation[2] == 1 ? kernel[2] : 1};
  for (int64_t t = 0; t < kernel[0]; ++t)
    for (int64_t h = 0; h < kernel[1]; ++h)
      for (int64_t w = 0; w < kernel[2]; w += from.in_a_row)
        from.stretches.push_back((t * dilation[0] * padded_[1] + h * dilation[1]) * padded_[2] +
                                 w * dilation[2]);
  const auto tiles = places_of(output_tiles(kTileFloats, weights_.apply_parts().width(0)));
  const int64_t wanted_pieces = kPiecesAThread * omp_get_max_threads(), pieces = out_.batch * out_.blocks;
  const int64_t groups =
      std::min<int64_t>(std::ssize(tiles), std::max((out_.spatial() + kGroupPositions - 1) / kGroupPositions,
                                                    (wanted_pieces + pieces - 1) / pieces));
#pragma omp parallel
  {
    Wanted wanted;
#pragma omp for collapse(3) schedule(dynamic)
    for (int64_t n = 0; n < out_.batch; ++n)
      for (int64_t block = 0; block < out_.blocks; ++block)
        for (int64_t group = 0; group < groups; ++group) {
          const auto count = std::ssize(tiles);
          const auto first = tiles.begin() + group * count / groups,
                     last = tiles.begin() + (group + 1) * count / groups;
          add_dots({first, last}, n, block, from, r, y, wanted);
        }
  }
  return y;
}

/// The wanted outputs of a block of channels in some tiles.
void SparseConvolution::add_dots(std::span<const std::vector<WantedSum>> tiles, int64_t item, int64_t block,
                                 const Sources& from, const Buffer& r, Buffer& y, Wanted& wanted) const {
  const int64_t B = out_.block, first = (item * out_.blocks + block) * out_.spatial() * B;
  float* to = y.data<float>() + first;
  collect(r.data<float>() + first, tiles, wanted);
  for (const auto& places : tiles)
    for (const WantedSum& place : places) std::fill_n(to + place.target, B, 0.0F);
  for (const WantedSum& sum : wanted.sums) to[sum.target] = from.bias[block * B + sum.target % B];

  const int64_t positions = padded_[0] * padded_[1] * padded_[2], taps = weights_.taps();
  const ChannelParts parts = weights_.apply_parts();
  std::vector<int64_t> begins(from.stretches.size());
  for (int64_t part = 0; part < parts.count(); ++part) {
    const int64_t width = parts.width(part);
    std::ranges::transform(from.stretches, begins.begin(), [&](int64_t p) { return p * width; });
    const Window window{begins.data(), std::ssize(begins), from.in_a_row * width};
    const float* x = from.x + (item * in_.blocks * in_.block + part * parts.widest()) * positions;
    const float* w = from.weights + (part * parts.widest() * out_.blocks * B + block * B * width) * taps;
    for (size_t place = 0; place + 1 < wanted.starts.size(); ++place) {
      const int32_t begin = wanted.starts[place], count = wanted.starts[place + 1] - begin;
      if (count == 0) continue;
      lanes_.dots(w + static_cast<int64_t>(place) % B * taps * width, window, x, width,
                  wanted.sums.data() + begin, count, to);
    }
  }
}

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

Buffer SparseConvolution::adjoint(const Buffer& s, WeightTransform weight) {
  const float* weights = weights_.for_adjoint(weight);
  const auto rows = rows_of(s);
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
