// SPDX-License-Identifier: Apache-2.0
#include "kernels/onednn/maximum_window.h"

#include <algorithm>
#include <cstring>

#include "kernels/onednn/convolution_desc.h"

// Note [Maxima that remember]
// oneDNN keeps its winners to itself, and explanations read them: denominators are needed at winners alone,
// and relevance stays in the shape of the maximum's output until a convolution takes it further. So the
// forward pass with winners and the ways back are loops of our own. They are as fast as memory: a row of
// windows at a time, over the taps of the window that lie inside the input.

namespace relevid::kernels::onednn {
namespace {

int64_t floats_for(int64_t winners, bool are_bytes) {
  return are_bytes ? (winners + 3) / 4 : winners;
}

}  // namespace

MaxWindow::MaxWindow(Device& device, const MaxWindowSpec& spec, const Shape& input)
    : device_(device),
      spec_(spec),
      input_(input),
      output_(output_shape(spec, input)),
      in_(device.layout(input)),
      out_(device.layout(output_)),
      lanes_(window_lanes(in_.block)) {
  const dnnl::pooling_v2_forward::desc desc(dnnl::prop_kind::forward_inference, dnnl::algorithm::pooling_max,
                                            device.volume_desc(input_), device.volume_desc(output_),
                                            dims(spec.strides), dims(spec.kernel), minus_one(spec.dilations),
                                            dims(spec.pads_begin), dims(spec.pads_end));
  inference_ = dnnl::pooling_v2_forward(dnnl::pooling_v2_forward::primitive_desc(desc, device.engine()));
  // Windows of few taps, or further apart, share too little.
  const bool overlaps_most = spec.strides == Extent{1, 1, 1} && tap_count() > 4;
  if (winners_are_bytes() && overlaps_most) separable_.emplace(device, window_of(spec), in_, out_);
}

bool MaxWindow::windows_are_apart() const {
  for (size_t axis = 0; axis < 3; ++axis) {
    if (spec_.strides[axis] < (spec_.kernel[axis] - 1) * spec_.dilations[axis] + 1) return false;
  }
  return true;
}

bool MaxWindow::windows_cover_all() const {
  const int64_t in[3] = {in_.time, in_.height, in_.width}, out[3] = {out_.time, out_.height, out_.width};
  for (size_t axis = 0; axis < 3; ++axis) {
    if (spec_.strides[axis] != spec_.kernel[axis] || spec_.dilations[axis] != 1) return false;
    if (out[axis] * spec_.strides[axis] < in[axis] + spec_.pads_begin[axis]) return false;
  }
  return true;
}

std::vector<int64_t> MaxWindow::tap_offsets() const {
  std::vector<int64_t> offsets;
  for (int64_t t = 0; t < spec_.kernel[0]; ++t)
    for (int64_t h = 0; h < spec_.kernel[1]; ++h)
      for (int64_t w = 0; w < spec_.kernel[2]; ++w)
        offsets.push_back((t * spec_.dilations[0] * in_.height + h * spec_.dilations[1]) * in_.width +
                          w * spec_.dilations[2]);
  return offsets;
}

/// Calls row(windows, x, y) for stretches of a row of windows whose taps inside are the same: x and y are
/// where the first window begins in the input and where its output lies, in floats. With rows apart, each in
/// any thread; otherwise those of one block of channels in their order.
template <class Row>
void MaxWindow::for_each_row(bool rows_are_apart, Row&& row) const {
  const int64_t B = in_.block;
  const Extent &kernel = spec_.kernel, &stride = spec_.strides;
  const auto along = window_of(spec_).stretches(in_, out_);
  const auto &times = along[0], &heights = along[1], &widths = along[2];
  const auto offsets = tap_offsets();
  const auto find_taps = [&](const Stretch& t, const Stretch& h, const Stretch& w,
                             std::vector<WindowTap>& taps) {
    taps.clear();
    for (int64_t a = t.first_tap; a < t.taps_end; ++a)
      for (int64_t b = h.first_tap; b < h.taps_end; ++b)
        for (int64_t c = w.first_tap; c < w.taps_end; ++c) {
          const int64_t k = (a * kernel[1] + b) * kernel[2] + c;
          taps.push_back({static_cast<int32_t>(k), offsets[static_cast<size_t>(k)]});
        }
  };
  /// Output frame t of a plane, which has the same taps inside as the others of `time`.
  const auto frame = [&](int64_t plane, const Stretch& time, int64_t t,
                         std::vector<std::vector<WindowTap>>& taps) {
    const int64_t it = time.first_input + (t - time.begin) * stride[0];
    for (const Stretch& height : heights) {
      for (size_t i = 0; i < widths.size(); ++i) find_taps(time, height, widths[i], taps[i]);
      for (int64_t h = height.begin; h < height.end; ++h) {
        const int64_t ih = height.first_input + (h - height.begin) * stride[1];
        const int64_t x = ((plane * in_.time + it) * in_.height + ih) * in_.width,
                      y = ((plane * out_.time + t) * out_.height + h) * out_.width;
        for (size_t i = 0; i < widths.size(); ++i) {
          const Stretch& width = widths[i];
          row(AlikeWindows{taps[i].data(), std::ssize(taps[i]), width.end - width.begin, stride[2] * B},
              (x + width.first_input) * B, (y + width.begin) * B);
        }
      }
    }
  };
  const int64_t pieces = rows_are_apart ? out_.time : 1, frames = out_.time / pieces;
#pragma omp parallel
  {
    std::vector<std::vector<WindowTap>> taps(widths.size());
#pragma omp for collapse(2) schedule(static)
    for (int64_t plane = 0; plane < in_.planes(); ++plane)
      for (int64_t piece = 0; piece < pieces; ++piece)
        for (const Stretch& time : times)
          for (int64_t t = std::max(time.begin, piece * frames); t < std::min(time.end, (piece + 1) * frames);
               ++t)
            frame(plane, time, t, taps);
  }
}

Buffer MaxWindow::forward(const Buffer& x, Buffer* winners) {
  Buffer y = device_.allocate(output_);
  if (!winners) {
    device_.run(inference_, {{DNNL_ARG_SRC, device_.wrap(device_.volume_desc(input_), x)},
                             {DNNL_ARG_DST, device_.wrap(device_.volume_desc(output_), y)}});
    return y;
  }
  *winners = device_.allocate(Shape{floats_for(out_.floats(), winners_are_bytes())});
  const float* from = x.data<float>();
  float* to = y.data<float>();
  if (separable_) {
    separable_->forward(from, to, winners->data<uint8_t>());
  } else if (winners_are_bytes()) {
    for_each_row(true,
                 [=, this, won = winners->data<uint8_t>()](const AlikeWindows& w, int64_t i, int64_t o) {
                   lanes_.greatest(w, from + i, to + o, won + o);
                 });
  } else {
    for_each_row(true,
                 [=, this, won = winners->data<int32_t>()](const AlikeWindows& w, int64_t i, int64_t o) {
                   lanes_.greatest_of_many(w, from + i, to + o, won + o);
                 });
  }
  return y;
}

/// Windows that overlap, the other way round: every input gathers from the outputs that it may have won.
Buffer MaxWindow::gather(const Buffer& g, const Buffer& winners,
                         std::span<const ReverseWindow> reverses) const {
  const WindowExtents window = window_of(spec_);
  Buffer y = device_.allocate(input_);
  const float* source = g.data<float>();
  const auto* won = winners.data<uint8_t>();
  float* target = y.data<float>();
  const int64_t in_row = in_.width * in_.block;
#pragma omp parallel for collapse(2) schedule(static)
  for (int64_t plane = 0; plane < in_.planes(); ++plane) {
    for (int64_t ih = 0; ih < in_.height; ++ih) {
      std::vector<RowWinners> rows;
      for (int64_t it = 0; it < in_.time; ++it) {
        float* to = target + ((plane * in_.time + it) * in_.height + ih) * in_row;
        for (const ReverseWindow& reverse : reverses) {
          rows.clear();
          window.for_each_row_back(out_, it, ih, [&](int64_t from, int64_t tap) {
            const int64_t at = (plane * out_.time * out_.height + from) * out_.width * out_.block;
            rows.push_back({source + at, won + at, static_cast<int32_t>(tap + reverse.first_tap)});
          });
          window_rows_pick(reverse.row, rows.data(), std::ssize(rows), static_cast<int32_t>(reverse.tap_step),
                           to + reverse.first_input * in_.block);
        }
      }
    }
  }
  return y;
}

Buffer MaxWindow::route(const Buffer& g, const Buffer& winners) {
  const bool apart = windows_are_apart(), writes_all = winners_are_bytes() && windows_cover_all();
  if (separable_ && separable_->has_way_back()) {
    Buffer y = device_.allocate(input_);
    separable_->route(g.data<float>(), winners.data<uint8_t>(), y.data<float>());
    return y;
  }
  if (winners_are_bytes() && !apart) {
    const auto reverses = reverse_windows(window_of(spec_).row(in_, out_));
    if (!reverses.empty()) return gather(g, winners, reverses);
  }
  Buffer y = writes_all ? device_.allocate(input_) : device_.zeros(input_);
  const float* from = g.data<float>();
  float* to = y.data<float>();
  if (writes_all) {
    for_each_row(true, [=, this, won = winners.data<uint8_t>()](const AlikeWindows& w, int64_t i, int64_t o) {
      lanes_.give(w, from + o, won + o, to + i);
    });
  } else if (winners_are_bytes()) {
    for_each_row(apart,
                 [=, this, won = winners.data<uint8_t>()](const AlikeWindows& w, int64_t i, int64_t o) {
                   lanes_.add(w, from + o, won + o, to + i);
                 });
  } else {
    for_each_row(apart,
                 [=, this, won = winners.data<int32_t>()](const AlikeWindows& w, int64_t i, int64_t o) {
                   lanes_.add_of_many(w, from + o, won + o, to + i);
                 });
  }
  return y;
}

Buffer MaxWindow::pick(const Buffer& y, const Buffer& winners) {
  Buffer picked = device_.allocate(output_);
  const float* from = y.data<float>();
  float* to = picked.data<float>();
  const auto offsets = tap_offsets();
  const auto pick_row = [&](auto* won) {
    for_each_row(true, [=, this, &offsets](const AlikeWindows& w, int64_t i, int64_t o) {
      for (int64_t k = 0; k < w.count; ++k, i += w.step)
        for (int64_t lane = 0; lane < in_.block; ++lane, ++o)
          to[o] = w.tap_count == 0 ? 0 : from[i + offsets[static_cast<size_t>(won[o])] * in_.block + lane];
    });
  };
  if (winners_are_bytes()) {
    pick_row(winners.data<uint8_t>());
  } else {
    pick_row(winners.data<int32_t>());
  }
  return picked;
}

Buffer MaxWindow::share(const Buffer& g) {
  if (!shared_) {
    const AveragePoolSpec average{
        spec_.kernel, spec_.strides, spec_.dilations, spec_.pads_begin, spec_.pads_end, {}, {}};
    shared_ = make_window_map(device_, average, input_, {});
  }
  return shared_->adjoint(g, {});
}

}  // namespace relevid::kernels::onednn
