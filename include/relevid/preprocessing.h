// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "relevid/clip_layout.h"
#include "relevid/export.h"
#include "relevid/sampling.h"
#include "relevid/tensor.h"
#include "relevid/video.h"

namespace RELEVID_EXPORT relevid {

/// Of a picture, in pixels.
struct Size {
  int64_t height = 0;
  int64_t width = 0;
  bool operator==(const Size&) const = default;
};

/// How a frame gets its size: not at all, to a height and width, or by its shorter side.
enum class Spatial { kNone, kStretch, kShortSide };
/// kNearest: floor(x * scale), as OpenCV and torch. kArea: the mean over the pixel's box (cv2.INTER_AREA).
/// kBicubic: a = -0.75 without smoothing (OpenCV, torch), -0.5 with it (Pillow). kLanczos: of three lobes,
/// and with smoothing only.
enum class Filter { kNearest, kBilinear, kBicubic, kArea, kLanczos };
/// kOn: the filter widens with the reduction (Pillow, torchvision antialias=True). Not for kNearest, kArea.
enum class Smoothing { kOff, kOn };
/// Of the resized image. kEightBit: to the nearest level; without smoothing half goes to even, as torchvision
/// rounds what it resized in float. kOpenCv: as OpenCV's 8-bit fixed-point bilinear
/// (cv2.INTER_LINEAR; about one pixel of eight is a level lower); only for kBilinear with kOff. kPillow,
/// kTorch: as Pillow and as torch resize 8-bit images with smoothing, in fixed point, bit for bit (they
/// differ in about one value of two hundred); only with kOn.
enum class ResizedValues { kEightBit, kFloat, kOpenCv, kPillow, kTorch };
/// Of a crop's offset or a side: floor (mmaction2, Caffe), half to even (torchvision), ceil (SlowFast).
enum class Rounding { kFloor, kRound, kCeil };
/// The order of the channels.
enum class Colour { kRgb, kBgr };
/// kSubtract: of every pixel and channel, its mean over the clip's frames, so that what does not change is 0.
enum class ClipMean { kKeep, kSubtract };

/// How a decoded frame becomes a model's input: resize, centre crop, then (8-bit value * scale - mean) / std,
/// and where asked less the clip's own mean.
/// Fully explicit; nothing is guessed from a model. A value: copies are cheap.
struct Preprocessing {
  Spatial spatial = Spatial::kNone;
  Size stretch;                           ///< kStretch: size after resizing
  int64_t short_side = 0;                 ///< kShortSide: length of the shorter side after resizing
  Rounding long_side = Rounding::kFloor;  ///< kShortSide: of the longer side (kRound: half up)
  Filter filter = Filter::kBilinear;
  Smoothing smoothing = Smoothing::kOff;
  ResizedValues resized_values = ResizedValues::kEightBit;
  std::optional<Size> crop;                 ///< centre crop
  Rounding crop_offset = Rounding::kFloor;  ///< of (resized - crop) / 2
  Colour colour = Colour::kRgb;
  double scale = 1.0 / 255;
  std::array<double, 2> value_range = {0, 1};  ///< after scale, before mean and std
  std::array<double, 3> mean = {0, 0, 0};      ///< in the order of the model's channels
  std::array<double, 3> std = {1, 1, 1};
  bool needs_mean_volume = false;  ///< subtracts mean_volume in place of mean
  std::filesystem::path mean_volume_path;
  /// [3, T, H, W] float32, H and W as resized (it is cut at the crop) or as cropped. Shared because it is
  /// large and never changed.
  std::shared_ptr<const Tensor> mean_volume;
  ClipMean clip_mean = ClipMean::kKeep;  ///< last, of the values that mean and std gave
  ClipLayout layout = ClipLayout::kNcthw;
};

/// The named presets: "c3d-caffe", "torchvision-r3d", ... (table in presets.cpp, with the source of each).
const std::vector<std::string>& preprocessing_names();
/// Throws Error(kInvalidArgument) with the list and the nearest name.
Preprocessing preprocessing_preset(std::string_view name);
/// Reads the .npy file of a mean volume into `preprocessing`. Throws Error(kIo), Error(kCorruptInput).
void load_mean_volume(Preprocessing& preprocessing, const std::filesystem::path& path);

/// Where the model's pixels lie in the source frame.
struct Geometry {
  Size source;
  Size resized;
  int64_t crop_top = 0;  ///< in the resized frame
  int64_t crop_left = 0;
  Size model;  ///< what the model sees: the crop, or the resized frame
  bool operator==(const Geometry&) const = default;
};
/// Throws Error(kInvalidArgument) where a crop is larger than the resized frame or a size is not positive.
Geometry geometry(const Preprocessing& preprocessing, int64_t width, int64_t height);

/// A clip of frames in order, all of one size (equal Frame::index: the same frame, resized once): float32,
/// batch of one, in the layout asked for. Values are clamped to value_range before mean and std, so that
/// input_bounds hold. Throws Error(kInvalidArgument).
Tensor make_clip(std::span<const Frame> frames, const Preprocessing& preprocessing);

/// One frame at the model's size, before colour order, scale, mean and std.
struct ResizedFrame {
  int64_t index = 0;  ///< in its video
  double pts_seconds = 0;
  Size source, model;
  std::vector<float> rgb;  ///< [model height, model width, 3], 0 to 255
};

/// make_clip for the clips of one video, which overlap: each frame is resized once, however many clips it is
/// in. Not thread-safe.
class ClipMaker {
 public:
  /// Throws Error(kInvalidArgument) where values in `preprocessing` are not possible.
  explicit ClipMaker(const Preprocessing& preprocessing);
  ~ClipMaker();
  ClipMaker(ClipMaker&&) noexcept;

  /// The first half of the work, a frame at a time: resized and cropped. Throws Error(kInvalidArgument) where
  /// frames differ in size.
  ResizedFrame resize(const Frame& frame);
  /// Of frames that were all of one size; the same values as make_clip's.
  Tensor clip(std::span<const ResizedFrame* const> frames) const;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

/// The smallest and largest value every input can take (zB rule): [1, C, 1, 1, 1] in the layout's order, or
/// as large as the clip of `clip_len` frames where a mean volume is subtracted.
std::pair<Tensor, Tensor> input_bounds(const Preprocessing& preprocessing, int64_t clip_len);

/// Relevance of the model's pixels ([..., H, W] float32) on the source's pixels ([..., source H, source W]).
/// Each model pixel is spread evenly over the box of the source it stands for, so the sum is kept; outside
/// the crop it is zero.
Tensor map_to_source(const Tensor& relevance, const Geometry& geometry);
/// The same for the eye: interpolated (bilinear) in place of spread; values keep their size, sums do not.
Tensor interpolate_to_source(const Tensor& relevance, const Geometry& geometry);

/// All that has to be known about a model beside its weights.
struct ModelSettings {
  Preprocessing preprocessing;
  SamplingOptions sampling;
  std::filesystem::path labels_path;  ///< as found; empty where class names are given directly or not at all
  std::vector<std::string> class_names;  ///< by class index
  std::vector<std::string> warnings;     ///< unknown keys, and what was assumed where a file says nothing
  /// What was assumed of which frames are a clip: of no interest to who says that.
  std::vector<std::string> sampling_warnings = {};
};

/// Settings of a model and where they were found.
struct FoundSettings {
  ModelSettings settings;
  std::string source;  ///< "movinet.json", "the model's metadata"
};

/// Reads a side file (MODEL.json). Its keys: those to_json writes, and the words common in such files
/// ("offset", "resize_detail", "color", "labels"); a bilinear "resize_detail" that names cv2 or OpenCV means
/// kOpenCv. Files it names must lie in its own folder or below. Throws Error(kIo), Error(kCorruptInput).
ModelSettings read_settings(const std::filesystem::path& path);
/// The same from text (ONNX metadata, key "relevid"); `where` names it in messages, `folder` is the model's.
ModelSettings parse_settings(std::string_view json, const std::filesystem::path& folder,
                             std::string_view where);
/// JSON that parse_settings reads back to the same settings (class names inline).
std::string to_json(const ModelSettings& settings);

}  // namespace relevid
