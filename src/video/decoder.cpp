// SPDX-License-Identifier: Apache-2.0
#include "video/decoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <system_error>
#include <vector>

#include "base/input_guard.h"

namespace relevid {
namespace {

/// Calls that fail without anything read or decoded in between; beyond this a stream is given up, so that no
/// damage can make next() turn for ever.
constexpr int kMaxFailuresInARow = 256;

constexpr double kEndToleranceSeconds = 0.5;

/// FFmpeg's formats that hold no video, only names of other files; see Note [One file only].
constexpr std::array<std::string_view, 4> kPlaylists = {"hls", "dash", "concat", "imf"};

void require_readable_file(const std::filesystem::path& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) {
    throw Error(ErrorKind::kIo, fmt::format("cannot read {}: {}", path.string(),
                                            error ? error.message() : "no such file or directory"));
  }
  if (!std::filesystem::is_regular_file(status)) {
    throw Error(ErrorKind::kIo, fmt::format("cannot read {}: not a regular file", path.string()));
  }
  if (std::filesystem::file_size(path, error) == 0 && !error) {
    throw Error(ErrorKind::kCorruptInput, fmt::format("{} is empty (0 bytes), not a video", path.string()));
  }
}

void require_bounded_frames(const AVCodecParameters& parameters, const std::filesystem::path& path) {
  if (int64_t{parameters.width} * parameters.height <= kMaxPixels) return;
  throw Error(ErrorKind::kResourceLimit,
              fmt::format("{} has frames of {}x{}; at most {} pixels are decoded", path.string(),
                          parameters.width, parameters.height, kMaxPixels));
}

bool is_moving_picture(const AVStream& stream) {
  return stream.codecpar->codec_type == AVMEDIA_TYPE_VIDEO &&
         (stream.disposition & AV_DISPOSITION_ATTACHED_PIC) == 0;
}

}  // namespace

Decoder::Decoder(const std::filesystem::path& path, DecodePurpose purpose, int threads) : path_(path) {
  silence_log();
  note_input(path, "a video");
  require_readable_file(path);
  open_container();
  choose_stream();
  open_codec(purpose, threads);
  packet_ = own<PacketPtr>(av_packet_alloc());
  frame_ = own<FramePtr>(av_frame_alloc());
}

// Note [One file only]
// Playlists (HLS, DASH, concat) are "videos" that make FFmpeg open whatever they name, over the network as
// well. The file is therefore opened here, and FFmpeg is given no protocol to open anything else with. It
// gets no file name either, from which it would guess a format (image%03d.png would stand for a whole
// folder).
void Decoder::open_container() {
  AVIOContext* io = nullptr;
  check(avio_open(&io, file_url(path_).c_str(), AVIO_FLAG_READ), ErrorKind::kIo, "cannot read", path_);
  io_.reset(io);
  const AVInputFormat* input_format = probe_format();
  OptionSet options;
  options.set("protocol_whitelist", "none");
  AVFormatContext* raw = own<InputContextPtr>(avformat_alloc_context()).release();
  raw->pb = io_.get();  // not freed with the context; avformat_open_input frees that where it fails
  const int opened = avformat_open_input(&raw, "", input_format, options.address());
  format_.reset(opened < 0 ? nullptr : raw);
  if (opened < 0) throw_not_a_video(opened);

  read_stream_parameters();
}

/// What the header leaves open about its streams, found by decoding a little of each.
void Decoder::read_stream_parameters() {
  std::vector<OptionSet> stream_options(format_->nb_streams);
  std::vector<AVDictionary*> entries;
  for (unsigned i = 0; i < format_->nb_streams; ++i)
    require_bounded_frames(*format_->streams[i]->codecpar, path_);
  for (auto& option : stream_options) {
    option.set("max_pixels", kMaxPixels);
    entries.push_back(*option.address());
  }
  const int status = avformat_find_stream_info(format_.get(), entries.empty() ? nullptr : entries.data());
  for (size_t i = 0; i < stream_options.size(); ++i) *stream_options[i].address() = entries[i];
  if (status < 0) throw_not_a_video(status);
}

const AVInputFormat* Decoder::probe_format() const {
  const AVInputFormat* input_format = nullptr;
  const int status = av_probe_input_buffer2(io_.get(), &input_format, "", nullptr, 0, 0);
  if (status < 0) throw_not_a_video(status);
  const std::string_view format_name = input_format->name;
  if (std::find(kPlaylists.begin(), kPlaylists.end(), format_name) != kPlaylists.end()) {
    throw Error(
        ErrorKind::kCorruptInput,
        fmt::format("{} is no video but a playlist ({}), which only names videos; give the video itself",
                    path_.string(), format_name));
  }
  return input_format;
}

void Decoder::throw_not_a_video(int status) const {
  if (io_->error < 0 && io_->error != AVERROR_EOF) check(io_->error, ErrorKind::kIo, "cannot read", path_);
  throw Error(ErrorKind::kCorruptInput,
              fmt::format("cannot read {} as a video: {}", path_.string(), error_text(status)));
}

void Decoder::choose_stream() {
  int best = av_find_best_stream(format_.get(), AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
  if (best >= 0 && !is_moving_picture(*format_->streams[best])) best = AVERROR_STREAM_NOT_FOUND;
  for (unsigned i = 0; i < format_->nb_streams; ++i) {
    if (best < 0 && is_moving_picture(*format_->streams[i])) best = static_cast<int>(i);
  }
  if (best < 0) {
    throw Error(ErrorKind::kCorruptInput,
                fmt::format("{} has no video stream (container {}, {} streams)", path_.string(),
                            format_->iformat->name, format_->nb_streams));
  }
  stream_ = format_->streams[best];
}

void Decoder::open_codec(DecodePurpose purpose, int threads) {
  const AVCodecParameters& parameters = *stream_->codecpar;
  require_bounded_frames(parameters, path_);
  const AVCodec* codec = avcodec_find_decoder(parameters.codec_id);
  if (codec == nullptr) {
    throw Error(
        ErrorKind::kCorruptInput,
        fmt::format("{}: this build of FFmpeg has no decoder for {}; convert the video, for example to H.264",
                    path_.string(), avcodec_get_name(parameters.codec_id)));
  }
  codec_ = own<CodecContextPtr>(avcodec_alloc_context3(codec));
  check(avcodec_parameters_to_context(codec_.get(), &parameters), ErrorKind::kCorruptInput, "cannot decode",
        path_);
  codec_->pkt_timebase = stream_->time_base;
  codec_->max_pixels = kMaxPixels;
  codec_->thread_count = threads;
  if (purpose == DecodePurpose::kCount) codec_->skip_loop_filter = AVDISCARD_ALL;
  // Without it half an image would pass as a whole one. Not for TIFF, whose decoder then takes a tag that it
  // does not know for an error, and refuses half an image anyway.
  if (purpose == DecodePurpose::kImage && codec->id != AV_CODEC_ID_TIFF)
    codec_->err_recognition |= AV_EF_EXPLODE;
  check(avcodec_open2(codec_.get(), codec, nullptr), ErrorKind::kCorruptInput, "cannot decode", path_);
}

const AVFrame* Decoder::next() {
  for (;;) {
    const int status = avcodec_receive_frame(codec_.get(), frame_.get());
    if (status == 0) {
      failures_in_a_row_ = 0;
      if (frame_->decode_error_flags != 0 || (frame_->flags & AV_FRAME_FLAG_CORRUPT) != 0) {
        note_damage("errors were concealed by the decoder");
        ++damage_.frames;
      }
      ++frame_count_;
      return frame_.get();
    }
    if (status == AVERROR_EOF) return nullptr;
    if (status == AVERROR(EAGAIN)) {
      feed();
      continue;
    }
    check(status == AVERROR(ENOMEM) ? status : 0, ErrorKind::kResourceLimit, "cannot decode", path_);
    note_damage(error_text(status));
    ++damage_.packets;
    if (++failures_in_a_row_ > kMaxFailuresInARow) {
      damage_.stop_reason = error_text(status);
      return nullptr;
    }
  }
}

void Decoder::feed() {
  int status = av_read_frame(format_.get(), packet_.get());
  if (status == AVERROR(EAGAIN) && ++failures_in_a_row_ <= kMaxFailuresInARow) return;
  if (status < 0) {
    note_end(status);
    drain();
    return;
  }
  failures_in_a_row_ = 0;
  note_time_covered();
  if (packet_->stream_index == stream_->index) {
    ++packet_count_;
    last_packet_incomplete_ = (packet_->flags & AV_PKT_FLAG_CORRUPT) != 0;
    if (last_packet_incomplete_) note_damage("a packet is incomplete");
    status = avcodec_send_packet(codec_.get(), packet_.get());
    check(status == AVERROR(ENOMEM) ? status : 0, ErrorKind::kResourceLimit, "cannot decode", path_);
    if (status < 0) note_damage(error_text(status));
    if (status < 0 || last_packet_incomplete_) ++damage_.packets;
  }
  av_packet_unref(packet_.get());
}

void Decoder::drain() {
  if (!draining_) avcodec_send_packet(codec_.get(), nullptr);
  draining_ = true;
}

void Decoder::note_damage(std::string reason) {
  if (!damage_.first_reason.empty()) return;
  damage_.first_frame_index = frame_count_;
  damage_.first_reason = std::move(reason);
}

void Decoder::note_end(int status) {
  const int io_status = format_->pb->error;
  if (io_status < 0 && io_status != AVERROR_EOF) check(io_status, ErrorKind::kIo, "reading failed:", path_);
  if (status != AVERROR_EOF) {
    damage_.stop_reason = error_text(status);
  } else if (last_packet_incomplete_) {
    damage_.stop_reason = "the file ends in the middle of a packet";
  } else if (declared_end_seconds() - covered_end_seconds_ > end_tolerance_seconds()) {
    damage_.stop_reason = fmt::format("the file ends at {:.2f} s of the {:.2f} s that its header declares",
                                      covered_end_seconds_, declared_end_seconds());
  }
}

/// By how much the packets of an intact file may end before the declared end: where a packet is known to be
/// missing, half a frame; otherwise as much as players' and writers' idea of the last frame's duration may
/// differ. A missing packet alone says nothing, since AVI writes gaps as packets without a frame.
double Decoder::end_tolerance_seconds() const {
  const double fps = declared_fps();
  return packet_count_ < stream_->nb_frames && fps > 0 ? 0.5 / fps : kEndToleranceSeconds;
}

void Decoder::note_time_covered() {
  if (packet_->pts == AV_NOPTS_VALUE) return;
  const double end_ticks = static_cast<double>(packet_->pts) + static_cast<double>(packet_->duration);
  const AVRational& time_base = format_->streams[packet_->stream_index]->time_base;
  covered_end_seconds_ = std::max(covered_end_seconds_, end_ticks * av_q2d(time_base));
}

/// The end that the header gives for the whole file; 0 where it gives none and FFmpeg only estimated it.
double Decoder::declared_end_seconds() const {
  if (format_->duration_estimation_method != AVFMT_DURATION_FROM_STREAM || format_->duration <= 0) return 0;
  const int64_t start = format_->start_time == AV_NOPTS_VALUE ? 0 : format_->start_time;
  return static_cast<double>(start) / AV_TIME_BASE + static_cast<double>(format_->duration) / AV_TIME_BASE;
}

double Decoder::declared_fps() const {
  for (const AVRational rate : {stream_->avg_frame_rate, stream_->r_frame_rate, codec_->framerate}) {
    if (rate.num > 0 && rate.den > 0) return av_q2d(rate);
  }
  return 0;
}

}  // namespace relevid
