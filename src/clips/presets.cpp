// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "clips/names.h"
#include "relevid/preprocessing.h"

namespace relevid {
namespace {

constexpr std::array<double, 3> kImageNetMean = {0.485, 0.456, 0.406};
constexpr std::array<double, 3> kImageNetStd = {0.229, 0.224, 0.225};
constexpr std::array<double, 3> kKineticsMean = {0.43216, 0.394666, 0.37645};
constexpr std::array<double, 3> kKineticsStd = {0.22803, 0.22145, 0.216989};

Preprocessing stretched(Size size, Size crop, Rounding crop_offset) {
  Preprocessing p;
  p.spatial = Spatial::kStretch;
  p.stretch = size;
  p.crop = crop;
  p.crop_offset = crop_offset;
  return p;
}

Preprocessing short_side(int64_t side, Rounding long_side, int64_t crop, Rounding crop_offset) {
  Preprocessing p;
  p.spatial = Spatial::kShortSide;
  p.short_side = side;
  p.long_side = long_side;
  p.crop = Size{crop, crop};
  p.crop_offset = crop_offset;
  return p;
}

Preprocessing with_statistics(Preprocessing p, std::array<double, 3> mean, std::array<double, 3> std) {
  p.mean = mean;
  p.std = std;
  return p;
}

/// For frames that went through cv::resize (INTER_LINEAR) as bytes.
Preprocessing with_opencv_rounding(Preprocessing p) {
  p.resized_values = ResizedValues::kOpenCv;
  return p;
}

/// For models that take 0 to 255.
Preprocessing with_bytes(Preprocessing p) {
  p.scale = 1;
  p.value_range = {0, 255};
  return p;
}

/// C3D in Caffe: cv::resize of bytes to 171 x 128, BGR, minus the mean volume cut at the same crop
/// (8, 29).
Preprocessing c3d_caffe() {
  Preprocessing p = with_opencv_rounding(with_bytes(stretched({128, 171}, {112, 112}, Rounding::kFloor)));
  p.colour = Colour::kBgr;
  p.needs_mean_volume = true;
  return p;
}

/// mmaction2, c3d_sports1m configurations: mmcv.imresize (its default backend is cv2.resize, of bytes),
/// CenterCrop.
Preprocessing c3d_mmaction2() {
  return with_statistics(
      with_opencv_rounding(with_bytes(short_side(128, Rounding::kRound, 112, Rounding::kFloor))),
      {104, 117, 128}, {1, 1, 1});
}

/// torchvision transforms._presets.VideoClassification: resize of a uint8 tensor with antialias=False
/// (computed in float and rounded back to 8 bits), center_crop, convert, normalize. R3D-18, MC3-18,
/// R(2+1)D-18.
Preprocessing torchvision_r3d() {
  return with_statistics(stretched({128, 171}, {112, 112}, Rounding::kRound), kKineticsMean, kKineticsStd);
}

/// The same for S3D.
Preprocessing torchvision_s3d() {
  return with_statistics(stretched({256, 256}, {224, 224}, Rounding::kRound), kKineticsMean, kKineticsStd);
}

/// Kinetics-I3D: short side 256, bilinear without smoothing, RGB in [-1, 1]; its authors do not say with
/// which program they resized. Ports to PyTorch take NCTHW.
Preprocessing i3d() {
  return with_statistics(short_side(256, Rounding::kFloor, 224, Rounding::kFloor), {0.5, 0.5, 0.5},
                         {0.5, 0.5, 0.5});
}

/// The same in the layout of the original TensorFlow model.
Preprocessing i3d_tensorflow() {
  Preprocessing p = i3d();
  p.layout = ClipLayout::kNthwc;
  return p;
}

/// SlowFast transform.random_short_side_scale_jitter and uniform_crop (the middle one): torch interpolate,
/// bilinear without smoothing, of normalised floats that are never rounded. X3D-M of the same package is
/// the same. (Only its AVA detection data go through OpenCV.)
Preprocessing slowfast() {
  Preprocessing p = with_statistics(short_side(256, Rounding::kFloor, 256, Rounding::kCeil),
                                    {0.45, 0.45, 0.45}, {0.225, 0.225, 0.225});
  p.resized_values = ResizedValues::kFloat;
  return p;
}

/// PyTorchVideo's model hub: ShortSideScale (torch interpolate, in float), torchvision's CenterCropVideo.
Preprocessing pytorchvideo() {
  Preprocessing p = slowfast();
  p.crop_offset = Rounding::kRound;
  return p;
}

/// mmaction2, most 3-D recognisers in validation: Resize (cv2.resize of bytes), CenterCrop 224, RGB 0 to 255.
Preprocessing mmaction2() {
  return with_statistics(
      with_opencv_rounding(with_bytes(short_side(256, Rounding::kRound, 224, Rounding::kFloor))),
      {123.675, 116.28, 103.53}, {58.395, 57.12, 57.375});
}

/// Hugging Face VideoMAEImageProcessor: Pillow's bilinear (it smooths, 8 bits), shortest edge 224, centre
/// crop.
Preprocessing videomae() {
  Preprocessing p =
      with_statistics(short_side(224, Rounding::kFloor, 224, Rounding::kFloor), kImageNetMean, kImageNetStd);
  p.smoothing = Smoothing::kOn;
  p.layout = ClipLayout::kNtchw;
  return p;
}

/// The same processor with the statistics of the TimeSformer checkpoints.
Preprocessing timesformer() {
  return with_statistics(videomae(), {0.45, 0.45, 0.45}, {0.225, 0.225, 0.225});
}

struct Preset {
  std::string_view name;
  Preprocessing (*make)();
};

constexpr std::array<Preset, 14> kPresets = {{{"c3d-caffe", c3d_caffe},
                                              {"c3d-mmaction2", c3d_mmaction2},
                                              {"torchvision-r3d", torchvision_r3d},
                                              {"torchvision-mc3", torchvision_r3d},
                                              {"torchvision-r2plus1d", torchvision_r3d},
                                              {"torchvision-s3d", torchvision_s3d},
                                              {"i3d", i3d},
                                              {"i3d-tensorflow", i3d_tensorflow},
                                              {"slowfast", slowfast},
                                              {"x3d", slowfast},
                                              {"pytorchvideo", pytorchvideo},
                                              {"mmaction2", mmaction2},
                                              {"videomae", videomae},
                                              {"timesformer", timesformer}}};

}  // namespace

const std::vector<std::string>& preprocessing_names() {
  static const std::vector<std::string> kNames = [] {
    std::vector<std::string> names;
    names.reserve(std::size(kPresets));
    for (const Preset& preset : kPresets) names.emplace_back(preset.name);
    return names;
  }();
  return kNames;
}

Preprocessing preprocessing_preset(std::string_view name) {
  const auto found =
      std::find_if(kPresets.begin(), kPresets.end(), [&](const Preset& p) { return p.name == name; });
  if (found != kPresets.end()) return found->make();
  throw_unknown_name(ErrorKind::kInvalidArgument, "preprocessing", name, preprocessing_names());
}

}  // namespace relevid
