// SPDX-License-Identifier: Apache-2.0
#include "kernels/onednn/separable_maximum.h"

#include <omp.h>

#include <algorithm>

// Note [A maximum along each axis]
// The greatest of a box of inputs is the greatest along time of the greatest along height of the greatest
// along width, which windows that overlap share: 3x3x3 inputs take 6 comparisons instead of 26. The first of
// equals in row-major order is found too, as every step keeps the first; and numbers of taps add up. (Where
// an input is NaN, whether it stays may differ from a box gone through in order.)
//
// The backward pass goes through the same steps in reverse. A step takes what was given to its taps, and
// which of the earlier steps' taps was meant: that is one and the same for all who chose this intermediate
// result, so that their sum needs one number.

namespace relevid::kernels::onednn {

/// Of one thread: what the first step leaves of a frame's rows, and the second of the frames that a window
/// sees.
struct SeparableMaximum::Scratch {
  float *rows, *frames;
  uint8_t *row_codes, *frame_codes;
  std::vector<WindowTap> taps, frame_taps;
  std::vector<RowWinners> givers, frame_givers;
};

SeparableMaximum::SeparableMaximum(Device& device, const WindowExtents& window, const Layout& in,
                                   const Layout& out)
    : device_(device),
      window_(window),
      in_(in),
      out_(out),
      lanes_(window_lanes(in.block)),
      along_(window.stretches(in, out)),
      reverses_(reverse_windows(window.row(in, out))) {}

/// Whether output frames are made of one input frame each, their own.
bool SeparableMaximum::keeps_frames() const {
  return window_.kernel[0] == 1 && window_.strides[0] == 1 && window_.pads[0] == 0 && in_.time == out_.time;
}

/// Frames from a window's first to its last.
int64_t SeparableMaximum::frames_at_once() const {
  return std::min((window_.kernel[0] - 1) * window_.dilations[0] + 1, in_.time);
}

Buffer SeparableMaximum::scratch_of_threads() const {
  const int64_t floats = rows_floats() + frames_floats();
  return device_.allocate(Shape{omp_get_max_threads(), (floats + floats / 4 + 16) / 16 * 16});
}

SeparableMaximum::Scratch SeparableMaximum::scratch_of_this_thread(Buffer& all) const {
  const int64_t rows = rows_floats();
  float* floats = all.data<float>() + omp_get_thread_num() * all.shape()[1];
  auto* codes = reinterpret_cast<uint8_t*>(floats + rows + frames_floats());
  return {floats, floats + rows, codes, codes + rows, {}, {}, {}, {}};
}

/// The greatest of a frame along width and height: [out height, out width], and which tap of them won.
void SeparableMaximum::greatest_of_frame(const float* x, Scratch& scratch, float* y, uint8_t* codes) const {
  const int64_t B = in_.block, row = out_.width * B;
  const auto taps_of = [&](const Stretch& each, int64_t step, int64_t number_step) -> AlikeWindows {
    scratch.taps.clear();
    for (int64_t k = each.first_tap; k < each.taps_end; ++k)
      scratch.taps.push_back({static_cast<int32_t>(k * number_step), k * step});
    return {scratch.taps.data(), std::ssize(scratch.taps), 0, 0};
  };
  for (const Stretch& each : along_[2]) {
    AlikeWindows windows = taps_of(each, window_.dilations[2], 1);
    windows.count = each.end - each.begin;
    windows.step = window_.strides[2] * B;
    for (int64_t h = 0; h < in_.height; ++h) {
      const int64_t to = h * row + each.begin * B;
      lanes_.greatest(windows, x + (h * in_.width + each.first_input) * B, scratch.rows + to,
                      scratch.row_codes + to);
    }
  }
  for (const Stretch& each : along_[1]) {
    AlikeWindows windows = taps_of(each, window_.dilations[1] * out_.width, window_.kernel[2]);
    windows.count = out_.width;
    windows.step = B;
    for (int64_t h = each.begin; h < each.end; ++h) {
      const int64_t from = (each.first_input + (h - each.begin) * window_.strides[1]) * row;
      lanes_.greatest_of_greatest(windows, scratch.rows + from, scratch.row_codes + from, y + h * row,
                                  codes + h * row);
    }
  }
}

/// Output frames from `begin` to before `end` of a plane.
void SeparableMaximum::greatest_of_frames(const float* x, int64_t begin, int64_t end, Scratch& scratch,
                                          float* y, uint8_t* codes) const {
  const int64_t in_frame = in_.height * in_.width * in_.block, frame = out_.height * out_.width * in_.block;
  if (keeps_frames()) {
    for (int64_t t = begin; t < end; ++t)
      greatest_of_frame(x + t * in_frame, scratch, y + t * frame, codes + t * frame);
    return;
  }
  // The frames that a window sees, each in the slot of its number modulo their count.
  const int64_t slots = frames_at_once();
  int64_t next = 0;
  for (const Stretch& each : along_[0]) {
    for (int64_t t = std::max(begin, each.begin); t < std::min(end, each.end); ++t) {
      std::vector<WindowTap>& taps = scratch.frame_taps;
      taps.clear();
      const int64_t first = each.first_input + (t - each.begin) * window_.strides[0];
      next = std::max(next, first);
      for (int64_t k = each.first_tap; k < each.taps_end; ++k) {
        const int64_t it = first + k * window_.dilations[0];
        for (; next <= it; ++next) {
          const int64_t slot = next % slots * frame;
          greatest_of_frame(x + next * in_frame, scratch, scratch.frames + slot, scratch.frame_codes + slot);
        }
        taps.push_back({static_cast<int32_t>(k * window_.kernel[1] * window_.kernel[2]),
                        it % slots * out_.height * out_.width});
      }
      lanes_.greatest_of_greatest({taps.data(), std::ssize(taps), out_.height * out_.width, in_.block},
                                  scratch.frames, scratch.frame_codes, y + t * frame, codes + t * frame);
    }
  }
}

void SeparableMaximum::forward(const float* x, float* y, uint8_t* winners) const {
  const int64_t in_plane = in_.spatial() * in_.block, plane = out_.spatial() * out_.block;
  // Pieces of time give work to all threads, but go through the frames between them twice.
  const int64_t pieces = std::clamp<int64_t>(int64_t{2} * omp_get_max_threads() / in_.planes(), 1, out_.time);
  Buffer all = scratch_of_threads();
#pragma omp parallel
  {
    Scratch scratch = scratch_of_this_thread(all);
#pragma omp for collapse(2) schedule(static)
    for (int64_t p = 0; p < in_.planes(); ++p)
      for (int64_t piece = 0; piece < pieces; ++piece)
        greatest_of_frames(x + p * in_plane, piece * out_.time / pieces, (piece + 1) * out_.time / pieces,
                           scratch, y + p * plane, winners + p * plane);
  }
}

/// What was given to a frame's [out height, out width], handed on to its inputs.
void SeparableMaximum::route_frame(const float* g, const uint8_t* codes, Scratch& scratch, float* y) const {
  const int64_t B = in_.block, row = out_.width * B;
  const RowWinners of_row{scratch.rows, scratch.row_codes, 0};
  for (int64_t ih = 0; ih < in_.height; ++ih) {
    scratch.givers.clear();
    window_.for_each_output(1, ih, out_.height, [&](int64_t h, int64_t tap) {
      scratch.givers.push_back({g + h * row, codes + h * row, static_cast<int32_t>(tap * window_.kernel[2])});
    });
    lanes_.narrow(scratch.givers.data(), std::ssize(scratch.givers), static_cast<int32_t>(window_.kernel[2]),
                  out_.width, scratch.rows, scratch.row_codes);
    for (const ReverseWindow& reverse : reverses_) {
      RowWinners winners = of_row;
      winners.number = static_cast<int32_t>(reverse.first_tap);
      window_rows_pick(reverse.row, &winners, 1, static_cast<int32_t>(reverse.tap_step),
                       y + (ih * in_.width + reverse.first_input) * B);
    }
  }
}

void SeparableMaximum::route(const float* g, const uint8_t* winners, float* y) const {
  const int64_t in_frame = in_.height * in_.width * in_.block, frame = out_.height * out_.width * out_.block;
  const auto frame_taps = static_cast<int32_t>(window_.kernel[1] * window_.kernel[2]);
  Buffer all = scratch_of_threads();
#pragma omp parallel
  {
    Scratch scratch = scratch_of_this_thread(all);
#pragma omp for collapse(2) schedule(static)
    for (int64_t plane = 0; plane < in_.planes(); ++plane) {
      for (int64_t it = 0; it < in_.time; ++it) {
        const float* from = g + plane * out_.time * frame;
        const uint8_t* codes = winners + plane * out_.time * frame;
        float* to = y + (plane * in_.time + it) * in_frame;
        if (keeps_frames()) {
          route_frame(from + it * frame, codes + it * frame, scratch, to);
          continue;
        }
        std::vector<RowWinners>& givers = scratch.frame_givers;
        givers.clear();
        window_.for_each_output(0, it, out_.time, [&](int64_t t, int64_t tap) {
          givers.push_back({from + t * frame, codes + t * frame, static_cast<int32_t>(tap) * frame_taps});
        });
        lanes_.narrow(givers.data(), std::ssize(givers), frame_taps, out_.height * out_.width, scratch.frames,
                      scratch.frame_codes);
        route_frame(scratch.frames, scratch.frame_codes, scratch, to);
      }
    }
  }
}

}  // namespace relevid::kernels::onednn
