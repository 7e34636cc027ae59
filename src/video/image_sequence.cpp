// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <functional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "video/decoder.h"
#include "video/frame_source.h"
#include "video/natural_order.h"
#include "video/rotation.h"

namespace relevid {
namespace {

constexpr std::array<std::string_view, 8> kImageExtensions = {".png",  ".jpg",  ".jpeg", ".bmp",
                                                              ".webp", ".tiff", ".tif",  ".ppm"};

bool is_image_name(const std::filesystem::path& path) {
  if (path.filename().string().starts_with('.')) return false;
  std::string extension = path.extension().string();
  for (char& c : extension) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return std::find(kImageExtensions.begin(), kImageExtensions.end(), extension) != kImageExtensions.end();
}

std::vector<std::filesystem::path> images_of(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> images;
  std::error_code error;
  std::filesystem::directory_iterator entry(folder, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    std::error_code ignored;
    if (is_image_name(entry->path()) && entry->is_regular_file(ignored)) images.push_back(entry->path());
  }
  if (error) {
    throw Error(ErrorKind::kIo, fmt::format("cannot list {}: {}", folder.string(), error.message()));
  }
  if (images.empty()) {
    throw Error(ErrorKind::kCorruptInput, fmt::format("the folder {} holds no image ({})", folder.string(),
                                                      fmt::join(kImageExtensions, " ")));
  }
  std::sort(images.begin(), images.end(), [](const auto& a, const auto& b) {
    return natural_less(a.filename().string(), b.filename().string());
  });
  return images;
}

/// Decodes one image; the frame lives as long as this.
class Image {
 public:
  explicit Image(const std::filesystem::path& path) : decoder_(path, DecodePurpose::kImage, 1) {
    frame_ = decoder_.next();
    if (frame_ == nullptr) {
      const Damage& damage = decoder_.damage();
      throw Error(ErrorKind::kCorruptInput,
                  fmt::format("the image {} does not decode: {}", path.string(),
                              damage.first_reason.empty() ? "no picture in it" : damage.first_reason));
    }
    matrix_ = display_matrix(*frame_);
  }

  const AVFrame& frame() const { return *frame_; }
  const Decoder& decoder() const { return decoder_; }
  bool has_unsupported_orientation() const { return matrix_ != nullptr && !clockwise_degrees(matrix_); }
  int rotation_degrees() const { return matrix_ == nullptr ? 0 : clockwise_degrees(matrix_).value_or(0); }
  PictureSize size() const { return turned({frame_->width, frame_->height}, rotation_degrees()); }

 private:
  Decoder decoder_;
  const AVFrame* frame_ = nullptr;
  const int32_t* matrix_ = nullptr;
};

class ImageSequence : public FrameSource {
 public:
  ImageSequence(std::filesystem::path folder, const VideoOptions& options)
      : folder_(std::move(folder)), fps_(options.image_sequence_fps), images_(images_of(folder_)) {}

  VideoInfo scan() override {
    VideoInfo info = describe(Image(images_.front()));
    for (const auto& path : images_) {
      const Image image(path);
      require_size(image, path, {info.width, info.height});
      if (image.has_unsupported_orientation()) {
        info.warnings.push_back(
            fmt::format("the orientation of {} mirrors, which is not applied", path.filename().string()));
      }
      info.pts_seconds.push_back(static_cast<double>(info.frame_count++) / fps_);
    }
    return info;
  }

  void read(const VideoInfo& info, std::span<const int64_t> indices,
            const std::function<void(const Picture&)>& take) override {
    if (std::ssize(images_) != info.frame_count) {
      throw Error(ErrorKind::kIo,
                  fmt::format("{} has {} images where {} were counted before; has the folder changed?",
                              folder_.string(), images_.size(), info.frame_count));
    }
    for (const int64_t index : indices) {
      const auto& path = images_[static_cast<size_t>(index)];
      const Image image(path);
      require_size(image, path, {info.width, info.height});
      take({index, image.frame(), image.rotation_degrees()});
    }
  }

 private:
  VideoInfo describe(const Image& first) const {
    VideoInfo info;
    info.path = folder_;
    info.width = first.size().width;
    info.height = first.size().height;
    info.fps = fps_;
    info.rotation_degrees = first.rotation_degrees();
    info.container = "image sequence";
    info.codec = avcodec_get_name(first.decoder().codec().codec_id);
    const char* format_name = av_get_pix_fmt_name(static_cast<AVPixelFormat>(first.frame().format));
    info.pixel_format = format_name == nullptr ? "unknown" : format_name;
    return info;
  }

  void require_size(const Image& image, const std::filesystem::path& path, PictureSize expected) const {
    if (image.size() == expected) return;
    throw Error(
        ErrorKind::kCorruptInput,
        fmt::format("the image {} is {}x{}, but {} is {}x{}; all images of a sequence must have one size",
                    path.string(), image.size().width, image.size().height,
                    images_.front().filename().string(), expected.width, expected.height));
  }

  std::filesystem::path folder_;
  double fps_;
  std::vector<std::filesystem::path> images_;
};

}  // namespace

std::unique_ptr<FrameSource> open_image_sequence(const std::filesystem::path& folder,
                                                 const VideoOptions& options) {
  return std::make_unique<ImageSequence>(folder, options);
}

}  // namespace relevid
