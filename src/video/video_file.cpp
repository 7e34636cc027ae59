// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include "video/decoder.h"
#include "video/frame_source.h"
#include "video/rotation.h"

namespace relevid {
namespace {

/// Where neither container nor codec declares a rate and the times do not tell one (FFmpeg's own assumption).
constexpr double kAssumedFps = 25;

/// Collects what one decoding of a whole file shows.
class Scan {
 public:
  Scan(std::filesystem::path path, const VideoOptions& options)
      : decoder_(path, DecodePurpose::kCount, options.threads) {
    info_.path = std::move(path);
    fallback_fps_ = decoder_.declared_fps() > 0 ? decoder_.declared_fps() : kAssumedFps;
  }

  VideoInfo run() {
    while (const AVFrame* frame = decoder_.next()) {
      if (info_.pts_seconds.empty()) describe(*frame);
      note_size(*frame);
      info_.pts_seconds.push_back(time_of(*frame));
    }
    info_.frame_count = static_cast<int64_t>(info_.pts_seconds.size());
    if (info_.frame_count == 0) throw_nothing_decoded();
    note_times();
    note_damage();
    return std::move(info_);
  }

 private:
  void describe(const AVFrame& frame) {
    info_.container = decoder_.container().iformat->name;
    info_.codec = avcodec_get_name(decoder_.codec().codec_id);
    const char* format_name = av_get_pix_fmt_name(static_cast<AVPixelFormat>(frame.format));
    info_.pixel_format = format_name == nullptr ? "unknown" : format_name;
    first_size_ = last_size_ = {frame.width, frame.height};
    const int32_t* matrix = display_matrix(decoder_.stream());
    if (matrix == nullptr) matrix = display_matrix(frame);
    if (matrix != nullptr) note_rotation(matrix);
    const PictureSize size = turned(first_size_, info_.rotation_degrees);
    info_.width = size.width;
    info_.height = size.height;
  }

  void note_rotation(const int32_t* matrix) {
    const std::optional<int> degrees = clockwise_degrees(matrix);
    info_.rotation_degrees = degrees.value_or(0);
    if (degrees) return;
    info_.warnings.push_back(fmt::format(
        "the display matrix mirrors or turns by {:.1f} degrees counterclockwise, which is not applied; "
        "only turns by 90, 180 and 270 degrees are",
        av_display_rotation_get(matrix)));
  }

  void note_size(const AVFrame& frame) {
    const PictureSize size{frame.width, frame.height};
    if (std::exchange(last_size_, size) == size || size == first_size_) return;
    info_.warnings.push_back(fmt::format(
        "from frame {} the size is {}x{}; resized to {}x{}, the first frame's", info_.pts_seconds.size(),
        size.width, size.height, first_size_.width, first_size_.height));
  }

  double time_of(const AVFrame& frame) const {
    if (frame.best_effort_timestamp != AV_NOPTS_VALUE) {
      return static_cast<double>(frame.best_effort_timestamp) * av_q2d(decoder_.stream().time_base);
    }
    return info_.pts_seconds.empty() ? 0 : info_.pts_seconds.back() + 1 / fallback_fps_;
  }

  void note_times() {
    const auto& times = info_.pts_seconds;
    const double span = times.back() - times.front();
    info_.fps = span > 0 ? static_cast<double>(times.size() - 1) / span : fallback_fps_;
    const auto disorder = std::adjacent_find(times.begin(), times.end(), std::greater_equal<>());
    if (disorder == times.end()) return;
    info_.warnings.push_back(fmt::format("times do not increase at frame {}: {:.6f} s after {:.6f} s",
                                         disorder - times.begin() + 1, disorder[1], disorder[0]));
  }

  void note_damage() {
    const Damage& damage = decoder_.damage();
    if (damage.packets + damage.frames > 0) {
      info_.warnings.push_back(fmt::format(
          "damage passed over: {} packets not decoded or incomplete, {} frames with errors concealed, "
          "the first at frame {}: {}",
          damage.packets, damage.frames, damage.first_frame_index, damage.first_reason));
    }
    if (!damage.stop_reason.empty()) {
      info_.warnings.push_back(
          fmt::format("decoding stopped at frame {}: {}", info_.frame_count, damage.stop_reason));
    }
  }

  [[noreturn]] void throw_nothing_decoded() const {
    const Damage& damage = decoder_.damage();
    std::string reason = damage.first_reason.empty() ? damage.stop_reason : damage.first_reason;
    if (reason.empty()) reason = "the stream is empty";
    throw Error(ErrorKind::kCorruptInput,
                fmt::format("{}: no frame of its {} stream decodes: {}", info_.path.string(),
                            avcodec_get_name(decoder_.codec().codec_id), reason));
  }

  Decoder decoder_;
  VideoInfo info_;
  double fallback_fps_ = kAssumedFps;
  PictureSize first_size_;
  PictureSize last_size_;
};

class VideoFile : public FrameSource {
 public:
  VideoFile(std::filesystem::path path, const VideoOptions& options)
      : path_(std::move(path)), options_(options) {}

  VideoInfo scan() override { return Scan(path_, options_).run(); }

  void read(const VideoInfo& info, std::span<const int64_t> indices,
            const std::function<void(const Picture&)>& take) override {
    if (indices.empty()) return;
    Decoder decoder(path_, DecodePurpose::kPixels, options_.threads);
    auto wanted = indices.begin();
    for (int64_t index = 0; wanted != indices.end(); ++index) {
      const AVFrame* frame = decoder.next();
      if (frame == nullptr) {
        throw Error(ErrorKind::kIo,
                    fmt::format("{} ended at frame {} where {} frames were counted before; has the "
                                "file changed?",
                                path_.string(), index, info.frame_count));
      }
      if (index != *wanted) continue;
      take({index, *frame, info.rotation_degrees});
      ++wanted;
    }
  }

 private:
  std::filesystem::path path_;
  VideoOptions options_;
};

}  // namespace

std::unique_ptr<FrameSource> open_video_file(const std::filesystem::path& path, const VideoOptions& options) {
  return std::make_unique<VideoFile>(path, options);
}

}  // namespace relevid
