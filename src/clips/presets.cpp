// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "clips/channel_statistics.h"
#include "clips/names.h"
#include "relevid/preprocessing.h"

namespace relevid {
namespace {

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

Preprocessing with_statistics(Preprocessing p, ChannelStatistics mean, ChannelStatistics std) {
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
  return with_statistics(short_side(256, Rounding::kFloor, 224, Rounding::kFloor), kHalf, kHalf);
}

/// The same in the layout of the original TensorFlow model.
Preprocessing i3d_tensorflow() {
  Preprocessing p = i3d();
  p.layout = ClipLayout::kNthwc;
  return p;
}

/// torchvision transforms._presets.VideoClassification for video transformers: the short side to 256, without
/// smoothing. Swin3D-T, -S, -B.
Preprocessing torchvision_swin3d() {
  return with_statistics(short_side(256, Rounding::kFloor, 224, Rounding::kRound), kImageNetMean,
                         kImageNetStd);
}

/// The same for MViT-V1-B and MViT-V2-S.
Preprocessing torchvision_mvit() {
  return with_statistics(torchvision_swin3d(), kSlowfastMean, kSlowfastStd);
}

/// SlowFast transform.random_short_side_scale_jitter and uniform_crop (the middle one): torch interpolate,
/// bilinear without smoothing, of normalised floats that are never rounded.
Preprocessing slowfast_of(int64_t side, int64_t crop) {
  Preprocessing p =
      with_statistics(short_side(side, Rounding::kFloor, crop, Rounding::kCeil), kSlowfastMean, kSlowfastStd);
  p.resized_values = ResizedValues::kFloat;
  return p;
}

/// SlowFast's own models, whose whole height is tested. X3D-M of the same package is the same. (Only its AVA
/// detection data go through OpenCV.)
Preprocessing slowfast() {
  return slowfast_of(256, 256);
}

/// UniFormer, built on SlowFast: its readme has TRAIN_JITTER_SCALES [224, 224] and TEST_CROP_SIZE 224 for
/// testing, with SlowFast's statistics.
Preprocessing uniformer() {
  return slowfast_of(224, 224);
}

/// Hiera's video models: the example in its repository crops to a square of 224 and resizes in float
/// (trilinear, over as many frames as there are), with these statistics; that it divides blue by 0.255 is
/// taken for a slip of 0.225.
Preprocessing hiera() {
  return slowfast_of(224, 224);
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

/// A processor of Hugging Face transformers 5: bilinear with smoothing, in 8 bits by torch, shortest edge,
/// centre crop.
Preprocessing transformers(int64_t side, int64_t crop) {
  Preprocessing p = with_statistics(short_side(side, Rounding::kFloor, crop, Rounding::kFloor), kImageNetMean,
                                    kImageNetStd);
  p.smoothing = Smoothing::kOn;
  p.resized_values = ResizedValues::kTorch;
  p.layout = ClipLayout::kNtchw;
  return p;
}

/// VideoMAEImageProcessor and VideoMAEVideoProcessor with the statistics of the VideoMAE checkpoints.
Preprocessing videomae() {
  return transformers(224, 224);
}

/// The same with the statistics of the TimeSformer checkpoints.
Preprocessing timesformer() {
  return with_statistics(videomae(), kSlowfastMean, kSlowfastStd);
}

/// VivitImageProcessor as it is by default: resized by Pillow, and (value / 127.5 - 1 - 0.5) / 0.5, from -3
/// to 1.
Preprocessing vivit() {
  Preprocessing p = with_statistics(transformers(256, 224), {1.5, 1.5, 1.5}, kHalf);
  p.resized_values = ResizedValues::kPillow;
  p.scale = 1 / 127.5;
  p.value_range = {0, 2};
  return p;
}

/// VJEPA2VideoProcessor for crops of 256: its shortest edge is crop * 256 / 224.
Preprocessing vjepa2() {
  return transformers(292, 256);
}

struct Preset {
  std::string_view name;
  Preprocessing (*make)();
};

constexpr std::array<Preset, 20> kPresets = {{{"c3d-caffe", c3d_caffe},
                                              {"c3d-mmaction2", c3d_mmaction2},
                                              {"torchvision-r3d", torchvision_r3d},
                                              {"torchvision-mc3", torchvision_r3d},
                                              {"torchvision-r2plus1d", torchvision_r3d},
                                              {"torchvision-s3d", torchvision_s3d},
                                              {"torchvision-swin3d", torchvision_swin3d},
                                              {"torchvision-mvit", torchvision_mvit},
                                              {"i3d", i3d},
                                              {"i3d-tensorflow", i3d_tensorflow},
                                              {"slowfast", slowfast},
                                              {"x3d", slowfast},
                                              {"pytorchvideo", pytorchvideo},
                                              {"mmaction2", mmaction2},
                                              {"uniformer", uniformer},
                                              {"hiera", hiera},
                                              {"videomae", videomae},
                                              {"timesformer", timesformer},
                                              {"vivit", vivit},
                                              {"vjepa2", vjepa2}}};

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
