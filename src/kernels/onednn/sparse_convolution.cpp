// SPDX-License-Identifier: Apache-2.0
#include "kernels/onednn/sparse_convolution.h"

#include <omp.h>

#include <algorithm>
#include <limits>

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

/// What sparse kernels take, in times of a multiply-add of one block of channels in a direct convolution: for
/// each output that is looked at, each that counts, and each multiply-add of one that counts. From layers of
/// C3D, R(2+1)D-18, X3D-M and MoViNet-A0.
struct Costs {
  double look, count, multiply_add;
};
constexpr Costs kApplyCosts{13, 40, 4}, kAdjointCosts{14, 20, 3};

/// Floats of a tile's windows in apply_where, for a part of the channels: 32 KiB.
constexpr int64_t kTileFloats = 8 << 10;
/// Outputs a channel that are taken at a time: few, so that their list stays in the first cache; not fewer,
/// because weights are read again for each such group.
constexpr int64_t kGroupPositions = 4096;
/// Pieces of work a thread, so that no thread waits long for the last one.
constexpr int64_t kPiecesAThread = 4;
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

bool SparseConvolution::pays_for(Direction direction, const Buffer& r, double dense_time) const {
  return pays_for(direction, r.data<float>(), out_.floats(), dense_time);
}

bool SparseConvolution::pays_for(Direction direction, const MaxWindow& maximum, const Buffer& r,
                                 double dense_time) const {
  if (direction == Direction::kAdjoint && !maximum.windows_are_apart()) return false;
  return pays_for(direction, r.data<float>(), maximum.out().floats(), dense_time);
}

bool SparseConvolution::pays_for(Direction direction, const float* values, int64_t count,
                                 double dense_time) const {
  // Windows of one column have no stretches of memory that outputs could share.
  if (direction == Direction::kApply && spec_.kernel[2] == 1) return false;
  const Costs& costs = direction == Direction::kApply ? kApplyCosts : kAdjointCosts;
  const auto work = static_cast<double>(spec_.kernel[0] * spec_.kernel[1] * spec_.kernel[2] * in_.blocks);
  const double room =
      dense_time * work * static_cast<double>(out_.floats()) - costs.look * static_cast<double>(count);
  const double most = room / (costs.count + costs.multiply_add * work) / static_cast<double>(count);
  if (most <= 0 || most >= 1) return most > 0;
  // A sample: one stretch of each so many, more thinly where there are more; which one of them is scattered,
  // because rows have as many columns in every frame, and steps of one size would meet the same few.
  constexpr int64_t kStretch = 64, kStretches = 2048;
  const int64_t each = std::max<int64_t>(8, count / (kStretch * kStretches));
  const int64_t stretches = (count + kStretch - 1) / kStretch;
  int64_t found = 0, looked_at = 0;
#pragma omp parallel for schedule(static) reduction(+ : found, looked_at)
  for (int64_t group = 0; group < stretches; group += each) {
    const auto scattered = static_cast<uint64_t>(group) * 0x9E3779B97F4A7C15U >> 40;
    const int64_t begin = std::min(group + static_cast<int64_t>(scattered) % each, stretches - 1) * kStretch;
    const int64_t end = std::min(count, begin + kStretch);
    for (int64_t i = begin; i < end; ++i) found += values[i] != 0;
    looked_at += end - begin;
  }
  return static_cast<double>(found) <= most * static_cast<double>(looked_at);
}

/// Places of the grid whose windows together hold about so many floats of a source of this width: two frames
/// and rows, which share most of their windows, as long as they fit.
std::vector<SparseConvolution::Tile> SparseConvolution::tiles_of(const Grid& grid, int64_t floats,
                                                                 int64_t width) const {
  const Extent& all = grid.size;
  const auto held = [&](const Extent& size) {
    int64_t result = width;
    for (size_t axis = 0; axis < 3; ++axis) {
      const int64_t outputs = (size[axis] - 1) * grid.step[axis] + grid.width[axis];
      result *= (outputs - 1) * spec_.strides[axis] + (spec_.kernel[axis] - 1) * spec_.dilations[axis] + 1;
    }
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
  return cut(all, size);
}

std::vector<SparseConvolution::Tile> SparseConvolution::cut(const Extent& of, const Extent& size) {
  std::vector<Tile> tiles;
  for (int64_t t = 0; t < of[0]; t += size[0])
    for (int64_t h = 0; h < of[1]; h += size[1])
      for (int64_t w = 0; w < of[2]; w += size[2])
        tiles.push_back(
            {{t, h, w},
             {std::min(size[0], of[0] - t), std::min(size[1], of[1] - h), std::min(size[2], of[2] - w)}});
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

/// The places of tiles as outputs of their first channel.
std::vector<std::vector<WantedSum>> SparseConvolution::places_of(const Grid& grid,
                                                                 std::span<const Tile> tiles) const {
  std::vector<std::vector<WantedSum>> result;
  for (const Tile& tile : tiles) {
    auto& places = result.emplace_back();
    for (int64_t t = tile.begin[0]; t < tile.begin[0] + tile.size[0]; ++t)
      for (int64_t h = tile.begin[1]; h < tile.begin[1] + tile.size[1]; ++h)
        for (int64_t w = tile.begin[2]; w < tile.begin[2] + tile.size[2]; ++w) {
          const int64_t window = window_of(grid.first[0] + t * grid.step[0], grid.first[1] + h * grid.step[1],
                                           grid.first[2] + w * grid.step[2]);
          const int64_t place = (t * grid.size[1] + h) * grid.size[2] + w;
          places.push_back({static_cast<int32_t>(window), static_cast<int32_t>(place * out_.block)});
        }
  }
  return result;
}

/// Which sums of a block of channels are wanted, by tile and channel: those of the i-th tile and channel lie
/// in [starts[i], starts[i + 1]). `move` tells how far an element's window is from that of its place.
template <class Move>
void SparseConvolution::collect(const float* r, Move&& move, std::span<const std::vector<WantedSum>> tiles,
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
        wanted.sums[static_cast<size_t>(count)] = {place.window + move(target), target};
        count += r[target] != 0;
      }
      wanted.starts.push_back(count);
    }
  wanted.sums.resize(static_cast<size_t>(count));
}

Buffer SparseConvolution::apply_where(const Buffer& x, const Buffer& r, WeightTransform weight,
                                      const float* bias) {
  const Grid grid{{out_.time, out_.height, out_.width}, {0, 0, 0}, {1, 1, 1}, {1, 1, 1}};
  return sums_of(
      grid, [](int64_t) { return [](int32_t) { return 0; }; }, x, r, weight, bias);
}

Buffer SparseConvolution::apply_at(const MaxWindow& maximum, const Buffer& winners, const Buffer& x,
                                   const Buffer& r, WeightTransform weight, const float* bias) {
  const MaxWindowSpec& pool = maximum.spec();
  Grid grid{{maximum.out().time, maximum.out().height, maximum.out().width}, {}, pool.strides, {}};
  for (size_t axis = 0; axis < 3; ++axis) {
    grid.first[axis] = -pool.pads_begin[axis];
    grid.width[axis] = (pool.kernel[axis] - 1) * pool.dilations[axis] + 1;
  }
  std::vector<int32_t> moves;
  for (int64_t t = 0; t < pool.kernel[0]; ++t)
    for (int64_t h = 0; h < pool.kernel[1]; ++h)
      for (int64_t w = 0; w < pool.kernel[2]; ++w)
        moves.push_back(static_cast<int32_t>(
            window_of(t * pool.dilations[0], h * pool.dilations[1], w * pool.dilations[2])));
  const auto run = [&](const auto* codes) {
    return sums_of(
        grid,
        [&moves, codes](int64_t first) {
          return [&moves, at = codes + first](int32_t element) { return moves[at[element]]; };
        },
        x, r, weight, bias);
  };
  return maximum.winners_are_bytes() ? run(winners.data<uint8_t>()) : run(winners.data<int32_t>());
}

/// W'x + b' at the places of a grid where r, of one element a place, is not 0, and 0 elsewhere.
/// `moves_from(first)` gives collect its `move` for elements from `first` on.
template <class MovesFrom>
Buffer SparseConvolution::sums_of(const Grid& grid, MovesFrom&& moves_from, const Buffer& x, const Buffer& r,
                                  WeightTransform weight, const float* bias) {
  const float* weights = weights_.for_apply(weight);
  const Buffer source = with_padding(x);
  Buffer y = device_.allocate(r.shape());
  const Extent &kernel = spec_.kernel, &dilation = spec_.dilations;
  // Taps along the width lie in a row unless they are dilated.
  Sources from{source.data<float>(), weights, bias, {}, dilation[2] == 1 ? kernel[2] : 1};
  for (int64_t t = 0; t < kernel[0]; ++t)
    for (int64_t h = 0; h < kernel[1]; ++h)
      for (int64_t w = 0; w < kernel[2]; w += from.in_a_row)
        from.stretches.push_back((t * dilation[0] * padded_[1] + h * dilation[1]) * padded_[2] +
                                 w * dilation[2]);
  const auto tiles = places_of(grid, tiles_of(grid, kTileFloats, weights_.apply_parts().width(0)));
  const int64_t wanted_pieces = kPiecesAThread * omp_get_max_threads(), pieces = out_.batch * out_.blocks;
  const int64_t places = grid.size[0] * grid.size[1] * grid.size[2];
  const int64_t groups = std::min<int64_t>(
      std::ssize(tiles),
      std::max((places + kGroupPositions - 1) / kGroupPositions, (wanted_pieces + pieces - 1) / pieces));
#pragma omp parallel
  {
    Wanted wanted;
#pragma omp for collapse(3) schedule(dynamic)
    for (int64_t n = 0; n < out_.batch; ++n)
      for (int64_t block = 0; block < out_.blocks; ++block)
        for (int64_t group = 0; group < groups; ++group) {
          const auto count = std::ssize(tiles);
          const auto begin = tiles.begin() + group * count / groups,
                     end = tiles.begin() + (group + 1) * count / groups;
          const int64_t first = (n * out_.blocks + block) * places * out_.block;
          collect(r.data<float>() + first, moves_from(first), {begin, end}, wanted);
          add_dots({begin, end}, n, block, from, y.data<float>() + first, wanted);
        }
  }
  return y;
}

/// The wanted sums of a block of channels in some tiles; y is the block's.
void SparseConvolution::add_dots(std::span<const std::vector<WantedSum>> tiles, int64_t item, int64_t block,
                                 const Sources& from, float* y, const Wanted& wanted) const {
  const int64_t B = out_.block;
  for (const auto& places : tiles)
    for (const WantedSum& place : places) std::fill_n(y + place.target, B, 0.0F);
  for (const WantedSum& sum : wanted.sums) y[sum.target] = from.bias[block * B + sum.target % B];

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
                  wanted.sums.data() + begin, count, y);
    }
  }
}

}  // namespace relevid::kernels::onednn
