// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "relevid/video.h"
#include "video/ffmpeg.h"
#include "video/rotation.h"

namespace relevid {

/// Ticks a second of the times that written frames carry; MPEG's own, a multiple of the usual rates.
inline constexpr int kTicksPerSecond = 90000;

/// An opened H.264 encoder for YUV 4:2:0 of an even size, tagged as BT.709, limited range: x264, or where
/// this build of FFmpeg lacks it another one. Throws Error(kIo) where none opens, saying what to install.
CodecContextPtr open_h264_encoder(PictureSize size, const VideoWriterOptions& options);

}  // namespace relevid
