// SPDX-License-Identifier: Apache-2.0
#include "video/encoder.h"

#include <fmt/format.h>

#include <string_view>
#include <vector>

namespace relevid {
namespace {

/// For encoders that know no constant rate factor: ample for the flat pictures that are drawn here.
constexpr double kFallbackBitsPerPixel = 0.25;

std::vector<const AVCodec*> h264_encoders() {
  std::vector<const AVCodec*> encoders;
  for (const char* encoder_name : {"libx264", "libopenh264"}) {
    if (const AVCodec* encoder = avcodec_find_encoder_by_name(encoder_name)) encoders.push_back(encoder);
  }
  if (const AVCodec* encoder = avcodec_find_encoder(AV_CODEC_ID_H264)) encoders.push_back(encoder);
  return encoders;
}

// Note [The same bytes every time]
// x264 with several threads cuts work by chance. With one it still reads memory that was never written, in
// the vector code of its macroblock tree (seen with build 164 at 64x64: the bytes change with
// MALLOC_PERTURB_, and do not with asm=0 or mbtree=0). So one thread goes without the tree, which also gives
// moving and resting parts the same quality.

CodecContextPtr configure(const AVCodec* encoder, PictureSize size, const VideoWriterOptions& options) {
  auto context = own<CodecContextPtr>(avcodec_alloc_context3(encoder));
  context->width = static_cast<int>(size.width);
  context->height = static_cast<int>(size.height);
  context->pix_fmt = AV_PIX_FMT_YUV420P;
  context->time_base = {1, kTicksPerSecond};
  context->framerate = av_d2q(options.fps, 1'000'000);
  context->sample_aspect_ratio = {1, 1};
  context->thread_count = options.threads;
  context->colorspace = AVCOL_SPC_BT709;
  context->color_primaries = AVCOL_PRI_BT709;
  context->color_trc = AVCOL_TRC_BT709;
  context->color_range = AVCOL_RANGE_MPEG;
  context->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  if (std::string_view(encoder->name) == "libx264") {
    av_opt_set(context->priv_data, "preset", "veryfast", 0);
    av_opt_set_double(context->priv_data, "crf", options.crf, 0);
    if (options.threads == 1) av_opt_set_int(context->priv_data, "mbtree", 0, 0);
  } else {
    context->bit_rate = static_cast<int64_t>(static_cast<double>(size.width * size.height) * options.fps *
                                             kFallbackBitsPerPixel);
  }
  return context;
}

}  // namespace

CodecContextPtr open_h264_encoder(PictureSize size, const VideoWriterOptions& options) {
  std::string reasons;
  for (const AVCodec* encoder : h264_encoders()) {
    CodecContextPtr context = configure(encoder, size, options);
    const int status = avcodec_open2(context.get(), encoder, nullptr);
    if (status >= 0) return context;
    reasons += fmt::format("; {}: {}", encoder->name, error_text(status));
  }
  throw Error(ErrorKind::kIo,
              fmt::format("no H.264 encoder opens for {}x{}{}; install an FFmpeg built with libx264 "
                          "(Debian: libavcodec59 or libavcodec-extra59)",
                          size.width, size.height, reasons));
}

}  // namespace relevid
