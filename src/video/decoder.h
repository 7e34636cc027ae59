// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "video/ffmpeg.h"

namespace relevid {

/// What the decoded frames are for.
enum class DecodePurpose {
  kCount,   ///< number, sizes and times only: steps that change nothing but pixels are left out
  kPixels,  ///< exact pixels
  kImage,   ///< one still image: exact pixels, and any damage is an error
};

/// What was wrong with a stream that could still be decoded, in part.
struct Damage {
  int64_t packets = 0;            ///< that are incomplete or do not decode
  int64_t frames = 0;             ///< decoded with errors concealed by the decoder
  int64_t first_frame_index = 0;  ///< where the first of either was met
  std::string first_reason;
  std::string stop_reason;  ///< why decoding ended before the stream did; empty where it did not
};

/// The frames of the best video stream of one file, in presentation order. The content decides what the file
/// is, never its name; no other file and no network is ever opened. Not thread-safe. Errors: kIo,
/// kCorruptInput (not a video, no video stream, no decoder), kResourceLimit (frames beyond kMaxPixels).
class Decoder {
 public:
  /// `threads` 0: as many as cores.
  Decoder(const std::filesystem::path& path, DecodePurpose purpose, int threads);

  /// The next frame, valid until the next call; null at the end. Damage is passed over and noted; a failing
  /// disk is an Error(kIo).
  const AVFrame* next();

  const AVFormatContext& container() const { return *format_; }
  const AVStream& stream() const { return *stream_; }
  const AVCodecContext& codec() const { return *codec_; }
  /// Frames per second as the container or codec declares it; 0 where neither does.
  double declared_fps() const;
  /// Complete once next() has returned null.
  const Damage& damage() const { return damage_; }

 private:
  void open_container();
  const AVInputFormat* probe_format() const;
  void read_stream_parameters();
  [[noreturn]] void throw_not_a_video(int status) const;
  void choose_stream();
  void open_codec(DecodePurpose purpose, int threads);
  void feed();
  void drain();
  void note_damage(std::string reason);
  void note_end(int status);
  void note_time_covered();
  double declared_end_seconds() const;
  double end_tolerance_seconds() const;

  std::filesystem::path path_;
  IoContextPtr io_;
  InputContextPtr format_;
  AVStream* stream_ = nullptr;  ///< owned by format_
  CodecContextPtr codec_;
  PacketPtr packet_;
  FramePtr frame_;
  Damage damage_;
  int64_t frame_count_ = 0;
  int64_t packet_count_ = 0;
  double covered_end_seconds_ = 0;  ///< by the packets of all streams
  int failures_in_a_row_ = 0;
  bool last_packet_incomplete_ = false;
  bool draining_ = false;
};

}  // namespace relevid
