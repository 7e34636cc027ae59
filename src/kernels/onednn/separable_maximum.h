// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <vector>

#include "kernels/onednn/window_rows.h"

namespace relevid::kernels::onednn {

/// A maximum over windows that overlap, an axis at a time, see Note [A maximum along each axis]. Winners are
/// a byte each: at most 256 taps a window. Borrows the device.
class SeparableMaximum {
 public:
  SeparableMaximum(Device& device, const WindowExtents& window, const Layout& in, const Layout& out);

  void forward(const float* x, float* y, uint8_t* winners) const;

  /// Whether `route` knows the backward pass: reverse_windows has one.
  bool has_way_back() const { return !reverses_.empty(); }
  /// y = g on the inputs that won, summed where one won in several windows, and 0 elsewhere. The winners are
  /// `forward`'s.
  void route(const float* g, const uint8_t* winners, float* y) const;

 private:
  struct Scratch;

  bool keeps_frames() const;
  int64_t frames_at_once() const;
  int64_t rows_floats() const { return in_.height * out_.width * in_.block; }
  int64_t frames_floats() const { return frames_at_once() * out_.height * out_.width * in_.block; }
  Buffer scratch_of_threads() const;
  Scratch scratch_of_this_thread(Buffer& all) const;
  void greatest_of_frame(const float* x, Scratch& scratch, float* y, uint8_t* codes) const;
  void greatest_of_frames(const float* x, int64_t begin, int64_t end, Scratch& scratch, float* y,
                          uint8_t* codes) const;
  void route_frame(const float* g, const uint8_t* codes, Scratch& scratch, float* y) const;

  Device& device_;
  WindowExtents window_;
  Layout in_, out_;
  const WindowLanes& lanes_;
  std::array<std::vector<Stretch>, 3> along_;
  std::vector<ReverseWindow> reverses_;
};

}  // namespace relevid::kernels::onednn
