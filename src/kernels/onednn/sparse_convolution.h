// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "kernels/onednn/device.h"
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
  /// sample.
  bool pays_for(Direction direction, const Buffer& r) const;

  /// W'x + b' where r is not 0, and 0 elsewhere. `bias` [channels out].
  Buffer apply_where(const Buffer& x, const Buffer& r, WeightTransform weight, const float* bias);
  /// W'ᵀs.
  Buffer adjoint(const Buffer& s, WeightTransform weight);
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

  std::vector<Tile> input_tiles(int64_t positions) const;
  std::vector<Tile> output_tiles(int64_t floats, int64_t width) const;
  static std::vector<Tile> cut(const Layout& of, const Extent& size);

  Buffer with_padding(const Buffer& x);
  std::vector<std::vector<WantedSum>> places_of(std::span<const Tile> tiles) const;
  void collect(const float* r, std::span<const std::vector<WantedSum>> tiles, Wanted& wanted) const;
  void add_dots(std::span<const std::vector<WantedSum>> tiles, int64_t item, int64_t block,
                const Sources& from, const Buffer& r, Buffer& y, Wanted& wanted) const;
  std::vector<Row> rows_of(const Buffer& s) const;
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
