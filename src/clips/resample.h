// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "relevid/preprocessing.h"

namespace relevid {

/// One output sample of a one-dimensional linear resampling: the inputs first .. first + weights.size() - 1.
struct Tap {
  int64_t first = 0;
  std::vector<float> weights;
};

/// The kernel as wide as the reduction asks for, cut off at the edges: the inputs first ..
/// first + weights.size() - 1, in double and not yet divided by their sum. Computed in the steps of Pillow
/// and torch, so that both can be had from it bit for bit.
struct SmoothingTap {
  int64_t first = 0;
  std::vector<double> weights;
  double sum = 0;
};

/// Of output `i` where `scale` inputs become one output. `filter` is one that smooths.
SmoothingTap smoothing_tap(Filter filter, int64_t input, double scale, int64_t i);

/// The taps of outputs begin .. begin + count - 1 of a resampling from `input` to `output` samples. Weights
/// sum to 1.
std::vector<Tap> resampling_taps(Filter filter, Smoothing smoothing, int64_t input, int64_t output,
                                 int64_t begin, int64_t count);

/// Resizes and crops 8-bit RGB frames of one size. Taps are computed once; not thread-safe (it keeps scratch
/// space).
class FrameResizer {
 public:
  FrameResizer() = default;
  FrameResizer(const FrameResizer&) = delete;
  FrameResizer& operator=(const FrameResizer&) = delete;
  virtual ~FrameResizer() = default;

  /// [model height, model width, 3], values 0 to 255; valid until the next call.
  virtual std::span<const float> resize(const Frame& frame) = 0;
};

/// Throws Error(kInvalidArgument) where a program's rounding is asked of a filter that it does not have, or
/// Lanczos without smoothing.
std::unique_ptr<FrameResizer> make_frame_resizer(const Preprocessing& preprocessing,
                                                 const Geometry& geometry);

}  // namespace relevid
