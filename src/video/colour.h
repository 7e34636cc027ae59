// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "video/ffmpeg.h"
#include "video/rotation.h"

namespace relevid {

/// Turns decoded frames of any pixel format into RGB24 (alpha dropped, 8 bits), by the colour matrix and
/// range they are tagged with. Prepared once, and again where a frame's format, size or tags differ from the
/// last one's.
class RgbConverter {
 public:
  /// The frame as RGB24, resized to `size` where it has another; valid until the next call.
  /// Throws Error(kCorruptInput) for a pixel format without a conversion.
  const AVFrame& convert(const AVFrame& frame, PictureSize size);

 private:
  struct Key {
    PictureSize from;
    PictureSize to;
    int pixel_format = AV_PIX_FMT_NONE;
    int colour_space = AVCOL_SPC_UNSPECIFIED;
    int colour_range = AVCOL_RANGE_UNSPECIFIED;
    bool operator==(const Key&) const = default;
  };
  void prepare(const Key& key);

  Key key_;
  ScalerPtr scaler_;
  FramePtr rgb_;
};

/// Turns RGB24 frames of an even size into YUV 4:2:0 with BT.709's matrix and limited range.
class YuvConverter {
 public:
  explicit YuvConverter(PictureSize size);
  /// `yuv` is a writable YUV420P frame of the same size.
  void convert(const AVFrame& rgb, AVFrame& yuv);

 private:
  ScalerPtr scaler_;
};

/// A frame with its own, aligned buffers. Throws Error(kResourceLimit).
FramePtr allocate_frame(PictureSize size, AVPixelFormat format);

}  // namespace relevid
