// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "network/network.h"

namespace relevid {

/// Frames [begin, end) of a value along `axis` that are those of the clip before, `shift` later there.
struct FrameRange {
  int64_t axis = -1, begin = 0, end = 0, shift = 0;
  int64_t count() const { return end - begin; }
};

/// By value of the graph, what a clip shares with the one before it, from whose frames `shift` on its own
/// begin: an element of a layer is the same where all that it is made of lies inside both clips and away from
/// the padding. Count is 0 where a value shares nothing, or has frames no more.
std::vector<FrameRange> shared_frames(const graph::Graph& graph, int64_t time_axis, int64_t shift);

/// Clips that are windows sliding over a video by the same number of frames: convolutions of the first layers
/// take over from the window before what is the same there, and compute the frames at both ends alone. The
/// values are those of the plain way to the bit, see Note [Parts with the bits of the whole]. Holds what the
/// next window takes over. Borrows the network.
class SharedFrames {
 public:
  SharedFrames(Network& network, int64_t time_axis, int64_t shift);

  int64_t shift() const { return shift_; }
  /// Whether the step shares enough to be worth its copies.
  bool has(size_t step) const { return parts_[step] != nullptr; }
  /// Whether any step does.
  bool pays() const;
  /// The step's result for x, from the window before where that has been here.
  kernels::Buffer run(size_t step, const kernels::Buffer& x);
  /// Whether a window has been here that the next one can take over from.
  bool holds_last() const;
  /// The next window begins elsewhere.
  void forget();

 private:
  /// A convolution of some frames of the input; its map is null where there are none.
  struct End {
    int64_t begin = 0, count = 0;
    std::unique_ptr<kernels::LinearMap> map;
  };
  /// A convolution in parts. The first one's frames are [0, range.begin), the last one's [range.end, ...).
  struct Parts {
    FrameRange range;
    End first, last;
    kernels::Buffer before;
  };
  std::unique_ptr<Parts> prepare(const Step& step, FrameRange range, int64_t input_shift);
  End prepare_first(const Step& step, int64_t frames_out) const;
  End prepare_last(const Step& step, int64_t first_out) const;
  End prepare_end(const Step& step, const kernels::ConvolutionSpec& spec, int64_t begin, int64_t count) const;
  kernels::Buffer forward(const End& end, const kernels::Buffer& x) const;

  Network& network_;
  int64_t shift_;
  std::vector<std::unique_ptr<Parts>> parts_;  ///< by step
};

}  // namespace relevid
