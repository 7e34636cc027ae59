// SPDX-License-Identifier: Apache-2.0
#pragma once

// The only place that includes FFmpeg's headers: ownership as types, failures as text.

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/display.h>
#include <libavutil/frame.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
}

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "relevid/error.h"

namespace relevid {

/// Deleter for FFmpeg's functions that take the address of the pointer and set it to null.
template <auto free_function>
struct FreeByAddress {
  template <class T>
  void operator()(T* object) const {
    free_function(&object);
  }
};

/// Deleter for FFmpeg's functions that take the pointer itself.
template <auto free_function>
struct FreeByPointer {
  template <class T>
  void operator()(T* object) const {
    free_function(object);
  }
};

using IoContextPtr = std::unique_ptr<AVIOContext, FreeByAddress<avio_closep>>;
using InputContextPtr = std::unique_ptr<AVFormatContext, FreeByAddress<avformat_close_input>>;
using OutputContextPtr = std::unique_ptr<AVFormatContext, FreeByPointer<avformat_free_context>>;
using CodecContextPtr = std::unique_ptr<AVCodecContext, FreeByAddress<avcodec_free_context>>;
using PacketPtr = std::unique_ptr<AVPacket, FreeByAddress<av_packet_free>>;
using FramePtr = std::unique_ptr<AVFrame, FreeByAddress<av_frame_free>>;
using ScalerPtr = std::unique_ptr<SwsContext, FreeByPointer<sws_freeContext>>;

/// A set of named options for one FFmpeg call, which takes out of it what it understands.
class OptionSet {
 public:
  OptionSet() = default;
  ~OptionSet() { av_dict_free(&entries_); }
  OptionSet(const OptionSet&) = delete;
  OptionSet& operator=(const OptionSet&) = delete;
  void set(const char* key, const char* value) { av_dict_set(&entries_, key, value, 0); }
  void set(const char* key, int64_t value) { av_dict_set_int(&entries_, key, value, 0); }
  AVDictionary** address() { return &entries_; }

 private:
  AVDictionary* entries_ = nullptr;
};

/// Frames with more pixels than this are refused with Error(kResourceLimit): 128 megapixels, four times 8K.
inline constexpr int64_t kMaxPixels = int64_t{1} << 27;

/// FFmpeg's text for a negative status ("Invalid data found when processing input").
std::string error_text(int status);

/// kResourceLimit for a failed allocation, kIo for an operating system's error, otherwise `otherwise`.
ErrorKind error_kind(int status, ErrorKind otherwise);

/// Passes `status` through where it is not negative; otherwise throws "<doing> <path>: <FFmpeg's text>".
int check(int status, ErrorKind kind, std::string_view doing, const std::filesystem::path& path);

/// Owns what an FFmpeg allocation function returned. Throws Error(kResourceLimit) where that is null.
template <class Pointer>
Pointer own(typename Pointer::pointer object) {
  if (object == nullptr) throw Error(ErrorKind::kResourceLimit, "out of memory (FFmpeg)");
  return Pointer(object);
}

/// FFmpeg's name of a local file, whatever characters it holds ("a:b.mp4" is no protocol "a").
std::string file_url(const std::filesystem::path& path);

/// FFmpeg logs to stderr by default, for the whole process; the library never prints. The first call sets the
/// level to AV_LOG_QUIET; later calls do nothing, so that an application may raise it again. Thread-safe.
void silence_log();

}  // namespace relevid
