// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "kernels/onednn/device.h"
#include "kernels/onednn/maximum_window.h"
#include "kernels/onednn/sparse_lanes.h"
#include "kernels/onednn/sparse_weights.h"

namespace relevid::kernels::onednn {

/// A convolution whose outputs mostly do not count: W'x + b' where r is not 0, and W'ᵀs of an s that is
/// mostly 0, at a cost that goes with the number of those. See the note in the source file.
class SparseConvolution {
 public:
  /// Null where the convolution or the processor is not one for it: groups, and inputs of few channels.
  static std::unique_ptr<SparseConvolution> make(Device& device, const ConvolutionSpec& spec,
                                                 const Shape& input);

  enum class Direction { kApply, kAdjoint };
  /// Whether so little of r (of the output's shape) is not 0 that this is faster than all of it; from a
  /// sample. `dense_time`: of what would compute all, over that of a direct convolution in float32.
  bool pays_for(Direction direction, const Buffer& r, double dense_time) const;

  /// W'x + b' where r is not 0, and 0 elsewhere. `bias` [channels out].
  Buffer apply_where(const Buffer& x, const Buffer& r, WeightTransform weight, const float* bias);
  /// W'ᵀs.
  Buffer adjoint(const Buffer& s, WeightTransform weight);

  /// The same for r and s on winners of a maximum over the outputs, in the shape of its output; the adjoint
  /// of maxima whose windows are apart alone.
  bool pays_for(Direction direction, const MaxWindow& maximum, const Buffer& r, double dense_time) const;
  Buffer apply_at(const MaxWindow& maximum, const Buffer& winners, const Buffer& x, const Buffer& r,
                  WeightTransform weight, const float* bias);
  Buffer adjoint_at(const MaxWindow& maximum, const Buffer& winners, const Buffer& s, WeightTransform weight);
  void weights_changed() { weights_.changed(); }

 private:
  /// The entries of s that are not 0 in one row of one chunk of channels: those of column w lie in
  /// [starts[w], starts[w + 1]).
  struct Row {
    std::vector<Scaled> scaled;
    std::vector<int32_t> starts;
  };
  /// A box of positions, in time, height and width.
  struct Tile {
    Extent begin, size;
  };
  /// The wanted outputs of a block of channels, by tile and channel.
  struct Wanted {
    std::vector<WantedSum> sums;
    std::vector<int32_t> starts;
  };
  /// What apply_where reads.
  struct Sources {
    const float *x, *weights, *bias;
    std::vector<int64_t> stretches;  ///< where taps in a row begin, in positions from the window's first
    int64_t in_a_row;                ///< taps of each
  };

  SparseConvolution(Device& device, const ConvolutionSpec& spec, const Shape& input,
                    const SparseLanes& lanes);

  /// Places that have one output each: in outputs of the convolution, where the first begins, how far apart
  /// they are and how wide each is.
  struct Grid {
    Extent size, first, step, width;
  };

  std::vector<Tile> input_tiles(int64_t positions) const;
  std::vector<Tile> tiles_of(const Grid& grid, int64_t floats, int64_t width) const;
  static std::vector<Tile> cut(const Extent& of, const Extent& size);
  /// Where an output's window begins, in positions of the padded input.
  int64_t window_of(int64_t t, int64_t h, int64_t w) const {
    return (t * spec_.strides[0] * padded_[1] + h * spec_.strides[1]) * padded_[2] + w * spec_.strides[2];
  }

  Buffer with_padding(const Buffer& x);
  std::vector<std::vector<WantedSum>> places_of(const Grid& grid, std::span<const Tile> tiles) const;
  template <class Move>
  void collect(const float* r, Move&& move, std::span<const std::vector<WantedSum>> tiles,
               Wanted& wanted) const;
  template <class MovesFrom>
  Buffer sums_of(const Grid& grid, MovesFrom&& moves_from, const Buffer& x, const Buffer& r,
                 WeightTransform weight, const float* bias);
  void add_dots(std::span<const std::vector<WantedSum>> tiles, int64_t item, int64_t block,
                const Sources& from, float* y, const Wanted& wanted) const;
  bool pays_for(Direction direction, const float* r, int64_t count, double dense_time) const;
  std::vector<Row> rows_of(const Buffer& s) const;
  template <class Code>
  std::vector<Row> rows_of(const MaxWindow& maximum, const Code* codes, const Buffer& s) const;
  Buffer adjoint_of(const std::vector<Row>& rows, WeightTransform weight);
  void add_tile(const std::vector<Row>& rows, int64_t item, const Tile& tile, int64_t part,
                const float* weights, float* sums) const;

  int64_t chunk_count() const {
    return ChannelParts{out_.blocks, out_.block, SparseWeights::kChunk / out_.block}.count();
  }

  Device& device_;
  ConvolutionSpec spec_;
  Shape input_, output_;
  Layout in_, out_;
  const SparseLanes& lanes_;
  Extent padded_;  ///< of the input with its padding, as far as windows reach
  SparseWeights weights_;
};

}  // namespace relevid::kernels::onednn
