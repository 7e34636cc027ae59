// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <filesystem>
#include <fstream>

#include "expect_error.h"
#include "frames.h"
#include "relevid/preprocessing.h"

namespace relevid {
namespace {

using testing::ElementsAre;

TEST(MakeClip, LayoutColourAndStatistics) {
  Frame frame;
  frame.width = 2;
  frame.height = 1;
  frame.rgb = {10, 20, 30, 40, 50, 60};
  Frame second = frame;
  second.index = 1;
  second.rgb = {1, 2, 3, 4, 5, 6};
  const std::vector<Frame> frames = {frame, second};
  Preprocessing p = plain(Spatial::kNone, {});
  p.mean = {1, 2, 3};
  p.std = {1, 2, 4};
  const Tensor clip = make_clip(frames, p);
  EXPECT_EQ(clip.shape(), (Shape{1, 3, 2, 1, 2}));
  EXPECT_THAT(floats(clip), ElementsAre(9, 39, 0, 3, 9, 24, 0, 1.5, 6.75, 14.25, 0, 0.75));
  p.colour = Colour::kBgr;
  p.layout = ClipLayout::kNtchw;
  p.mean = {0, 0, 0};
  p.std = {1, 1, 1};
  EXPECT_EQ(make_clip(frames, p).shape(), (Shape{1, 2, 3, 1, 2}));
  EXPECT_THAT(floats(make_clip(frames, p)), ElementsAre(30, 60, 20, 50, 10, 40, 3, 6, 2, 5, 1, 4));
  p.layout = ClipLayout::kNthwc;
  EXPECT_EQ(make_clip(frames, p).shape(), (Shape{1, 2, 1, 2, 3}));
  EXPECT_THAT(floats(make_clip(frames, p)), ElementsAre(30, 20, 10, 60, 50, 40, 3, 2, 1, 6, 5, 4));
}

TEST(MakeClip, RepeatedFramesAreAlike) {
  const std::vector<Frame> frames = {source_frame(13, 11, 3), source_frame(13, 11, 4),
                                     source_frame(13, 11, 3)};
  for (const ClipLayout layout : {ClipLayout::kNcthw, ClipLayout::kNtchw, ClipLayout::kNthwc}) {
    Preprocessing p = plain(Spatial::kStretch, {5, 7});
    p.layout = layout;
    std::vector<Frame> renamed = frames;
    renamed[2].index = 5;
    EXPECT_EQ(floats(make_clip(frames, p)), floats(make_clip(renamed, p)));
  }
}

void expect_crop_to_be_a_window(ResizedValues resized_values, Smoothing smoothing = Smoothing::kOff) {
  const Frame frame = source_frame(40, 30);
  Preprocessing p = preprocessing_preset("torchvision-r3d");
  p.resized_values = resized_values;
  p.smoothing = smoothing;
  p.stretch = {12, 17};
  p.crop = Size{6, 8};
  const Tensor cropped = make_clip({&frame, 1}, p);
  const Geometry crop = geometry(p, 40, 30);
  p.crop.reset();
  const Tensor whole = make_clip({&frame, 1}, p);
  for (size_t c = 0; c < 3; ++c) {
    for (size_t y = 0; y < 6; ++y) {
      for (size_t x = 0; x < 8; ++x) {
        const size_t from =
            (c * 12 + y + static_cast<size_t>(crop.crop_top)) * 17 + x + static_cast<size_t>(crop.crop_left);
        EXPECT_EQ(cropped.values<float>()[(c * 6 + y) * 8 + x], whole.values<float>()[from]);
      }
    }
  }
}

TEST(MakeClip, CropIsAWindowOfTheResizedFrame) {
  expect_crop_to_be_a_window(ResizedValues::kEightBit);
  expect_crop_to_be_a_window(ResizedValues::kOpenCv);
  expect_crop_to_be_a_window(ResizedValues::kPillow, Smoothing::kOn);
  expect_crop_to_be_a_window(ResizedValues::kTorch, Smoothing::kOn);
}

TEST(ClipMaker, GivesOverlappingClipsTheSameValuesAsOneByOne) {
  std::vector<Frame> frames;
  for (int64_t i = 0; i < 5; ++i) frames.push_back(source_frame(13, 11, i));
  Preprocessing p = plain(Spatial::kStretch, {5, 7});
  p.mean = {10, 20, 30};
  for (const ClipMean clip_mean : {ClipMean::kKeep, ClipMean::kSubtract}) {
    p.clip_mean = clip_mean;
    ClipMaker maker(p);
    std::vector<ResizedFrame> resized;
    for (const Frame& frame : frames) resized.push_back(maker.resize(frame));
    for (size_t first = 0; first < 3; ++first) {
      const std::vector<const ResizedFrame*> clip = {&resized[first], &resized[first + 1],
                                                     &resized[first + 2]};
      EXPECT_EQ(floats(maker.clip(clip)), floats(make_clip(std::span(frames).subspan(first, 3), p)));
    }
  }
}

TEST(MakeClip, RefusesWhatDoesNotFit) {
  const Preprocessing p = plain(Spatial::kStretch, {5, 7});
  expect_error(ErrorKind::kInvalidArgument, {"at least one frame"}, [&] { make_clip({}, p); });
  const std::vector<Frame> mixed = {source_frame(13, 11), source_frame(12, 11, 1)};
  expect_error(ErrorKind::kInvalidArgument, {"frame 1 is 12 x 11", "13 x 11"}, [&] { make_clip(mixed, p); });
  Preprocessing bad = p;
  bad.std = {1, 0, 1};
  expect_error(ErrorKind::kInvalidArgument, {"standard deviation"}, [&] {
    make_clip({mixed.data(), 1}, bad);
  });
  bad = p;
  bad.value_range = {1, 1};
  expect_error(ErrorKind::kInvalidArgument, {"value range"}, [&] { make_clip({mixed.data(), 1}, bad); });
  bad = p;
  bad.crop = Size{6, 7};
  expect_error(ErrorKind::kInvalidArgument, {"6 x 7", "5 x 7"}, [&] { make_clip({mixed.data(), 1}, bad); });
  expect_error(ErrorKind::kInvalidArgument, {"mean volume"}, [&] {
    make_clip({mixed.data(), 1}, preprocessing_preset("c3d-caffe"));
  });
}

TEST(Presets, AreNamedAndWellFormed) {
  for (const std::string& name : preprocessing_names()) {
    const Preprocessing p = preprocessing_preset(name);
    const Geometry g = geometry(p, 320, 240);
    EXPECT_EQ(g.model, *p.crop) << name;
    EXPECT_DOUBLE_EQ(p.value_range[1], 255 * p.scale) << name;
  }
  expect_error(ErrorKind::kInvalidArgument, {"'videoame'", "did you mean 'videomae'", "c3d-caffe"},
               [] { preprocessing_preset("videoame"); });
}

TEST(Presets, RoundAsTheProgramTheyAreNamedAfter) {
  for (const char* name : {"c3d-caffe", "c3d-mmaction2", "mmaction2"}) {
    EXPECT_EQ(preprocessing_preset(name).resized_values, ResizedValues::kOpenCv) << name;
  }
  for (const char* name : {"slowfast", "x3d", "pytorchvideo"}) {
    EXPECT_EQ(preprocessing_preset(name).resized_values, ResizedValues::kFloat) << name;
  }
  for (const char* name : {"torchvision-r3d", "torchvision-s3d"}) {
    EXPECT_EQ(preprocessing_preset(name).resized_values, ResizedValues::kEightBit) << name;
  }
  for (const char* name : {"videomae", "timesformer"}) {
    EXPECT_EQ(preprocessing_preset(name).resized_values, ResizedValues::kTorch) << name;
  }
}

TEST(Bounds, PerChannelInTheLayoutsOrder) {
  const Preprocessing p = preprocessing_preset("mmaction2");
  const auto [low, high] = input_bounds(p, 32);
  EXPECT_EQ(low.shape(), (Shape{1, 3, 1, 1, 1}));
  EXPECT_NEAR(low.values<float>()[0], -123.675 / 58.395, 1e-6);
  EXPECT_NEAR(high.values<float>()[2], (255 - 103.53) / 57.375, 1e-6);
  EXPECT_EQ(input_bounds(preprocessing_preset("videomae"), 16).first.shape(), (Shape{1, 1, 3, 1, 1}));
  const auto [i3d_low, i3d_high] = input_bounds(preprocessing_preset("i3d-tensorflow"), 16);
  EXPECT_EQ(i3d_low.shape(), (Shape{1, 1, 1, 1, 3}));
  EXPECT_THAT(floats(i3d_low), ElementsAre(-1, -1, -1));
  EXPECT_THAT(floats(i3d_high), ElementsAre(1, 1, 1));
}

TEST(Bounds, HoldForEveryPresetAndPixel) {
  Frame frame = source_frame(320, 240);
  for (size_t i = 0; i < frame.rgb.size(); i += 3) frame.rgb[i] = i % 2 == 0 ? uint8_t{0} : uint8_t{255};
  for (const std::string& name : preprocessing_names()) {
    Preprocessing p = preprocessing_preset(name);
    if (p.needs_mean_volume) continue;
    p.layout = ClipLayout::kNcthw;
    p.filter = Filter::kBicubic;
    p.resized_values = ResizedValues::kEightBit;
    const Tensor clip = make_clip({&frame, 1}, p);
    const auto [low, high] = input_bounds(p, 1);
    const size_t plane = clip.values<float>().size() / 3;
    for (size_t i = 0; i < plane * 3; ++i) {
      ASSERT_GE(clip.values<float>()[i], low.values<float>()[i / plane]) << name;
      ASSERT_LE(clip.values<float>()[i], high.values<float>()[i / plane]) << name;
    }
  }
}

/// A mean volume [3, 2, height, width] whose value is its own index, in c3d-caffe's place.
Preprocessing with_volume(int64_t height, int64_t width) {
  Preprocessing p = preprocessing_preset("c3d-caffe");
  p.stretch = {4, 7};
  p.crop = Size{2, 4};
  Tensor volume({3, 2, height, width}, DType::kF32);
  for (size_t i = 0; i < volume.values<float>().size(); ++i)
    volume.values<float>()[i] = static_cast<float>(i);
  p.mean_volume = std::make_shared<const Tensor>(std::move(volume));
  return p;
}

/// Frames that differ in every pixel, distinguished by their index.
std::vector<Frame> changing_frames(int64_t count) {
  std::vector<Frame> frames;
  for (int64_t t = 0; t < count; ++t) {
    Frame& frame = frames.emplace_back(source_frame(12, 10));
    frame.index = t;
    for (size_t i = 0; i < frame.rgb.size(); ++i)
      frame.rgb[i] =
          static_cast<uint8_t>((static_cast<size_t>(frame.rgb[i]) + 37 * static_cast<size_t>(t) * i) % 256);
  }
  return frames;
}

TEST(ClipMean, IsTakenFromEveryPixelAndChannel) {
  const std::vector<Frame> frames = changing_frames(4);
  for (const ClipLayout layout : {ClipLayout::kNcthw, ClipLayout::kNtchw, ClipLayout::kNthwc}) {
    Preprocessing p;
    p.mean = {0.4, 0.5, 0.6};
    p.std = {0.2, 0.3, 0.4};
    p.layout = layout;
    const Tensor kept = make_clip(frames, p);
    p.clip_mean = ClipMean::kSubtract;
    const Tensor clip = make_clip(frames, p);
    const int64_t time = layout == ClipLayout::kNcthw ? 2 : 1;
    const auto stride = static_cast<size_t>(clip.shape().strides()[static_cast<size_t>(time)]);
    const auto before = kept.values<float>(), after = clip.values<float>();
    for (size_t i = 0; i < after.size(); ++i) {
      const size_t first = i - i / stride % 4 * stride;  // the same pixel of the first frame
      double mean = 0;
      for (size_t t = 0; t < 4; ++t) mean += static_cast<double>(before[first + t * stride]) / 4;
      ASSERT_NEAR(after[i], static_cast<double>(before[i]) - mean, 1e-6);
    }
  }
}

TEST(ClipMean, BoundsHoldAndAreReached) {
  std::vector<Frame> frames = changing_frames(5);
  for (size_t t = 0; t < frames.size(); ++t) {  // one pixel is white in one frame, another black in one
    frames[t].rgb[0] = t == 2 ? 255 : 0;
    frames[t].rgb[3] = t == 2 ? 0 : 255;
  }
  Preprocessing p;
  p.mean = {0.4, 0.5, 0.6};
  p.std = {0.2, 0.3, 0.4};
  p.clip_mean = ClipMean::kSubtract;
  const Tensor clip = make_clip(frames, p);
  const auto [low, high] = input_bounds(p, 5);
  ASSERT_EQ(low.shape(), (Shape{1, 3, 1, 1, 1}));
  const size_t volume = clip.values<float>().size() / 3;
  for (size_t i = 0; i < 3 * volume; ++i) {
    ASSERT_GE(clip.values<float>()[i], low.values<float>()[i / volume] - 1e-5F);
    ASSERT_LE(clip.values<float>()[i], high.values<float>()[i / volume] + 1e-5F);
  }
  EXPECT_NEAR(std::ranges::max(clip.values<float>().first(volume)), high.values<float>()[0], 1e-5);
  EXPECT_NEAR(std::ranges::min(clip.values<float>().first(volume)), low.values<float>()[0], 1e-5);
}

TEST(ClipMean, BoundsOfAMeanVolumeHold) {
  Preprocessing p;
  auto volume = std::make_shared<Tensor>(Shape{3, 2, 10, 12}, DType::kF32);
  for (size_t i = 0; i < volume->values<float>().size(); ++i)
    volume->values<float>()[i] = static_cast<float>(i % 7) / 7;
  p.mean_volume = volume;
  p.needs_mean_volume = true;
  p.clip_mean = ClipMean::kSubtract;
  const auto frames = changing_frames(2);
  const Tensor clip = make_clip(frames, p);
  const auto [low, high] = input_bounds(p, 2);
  ASSERT_EQ(low.shape(), clip.shape());
  for (size_t i = 0; i < clip.values<float>().size(); ++i) {
    ASSERT_GE(clip.values<float>()[i], low.values<float>()[i]);
    ASSERT_LE(clip.values<float>()[i], high.values<float>()[i]);
  }
}

TEST(MeanVolume, IsCutAtTheCrop) {
  const std::vector<Frame> frames = {source_frame(9, 6, 0), source_frame(9, 6, 0)};
  Preprocessing p = with_volume(4, 7);
  const Tensor clip = make_clip(frames, p);
  p.needs_mean_volume = false;
  const Tensor bytes = make_clip(frames, p);
  p.needs_mean_volume = true;
  const auto [low, high] = input_bounds(p, 2);
  EXPECT_EQ(low.shape(), (Shape{1, 3, 2, 2, 4}));
  for (size_t i = 0; i < 3 * 2 * 2 * 4; ++i) {
    const size_t plane = i / 8;
    const size_t y = i / 4 % 2 + 1;
    const size_t x = i % 4 + 1;
    const auto mean = static_cast<float>((plane * 4 + y) * 7 + x);
    EXPECT_EQ(clip.values<float>()[i], bytes.values<float>()[i] - mean);
    EXPECT_EQ(low.values<float>()[i], -mean);
    EXPECT_EQ(high.values<float>()[i], 255 - mean);
  }
}

TEST(MeanVolume, OfTheCropsOwnSizeIsUsedAsItIs) {
  const Preprocessing p = with_volume(2, 4);
  const auto low = floats(input_bounds(p, 2).first);
  for (size_t i = 0; i < low.size(); ++i) EXPECT_EQ(low[i], -static_cast<float>(i));
}

TEST(MeanVolume, OfAnotherSizeIsRefused) {
  const std::vector<Frame> frames = {source_frame(9, 6, 0)};
  expect_error(ErrorKind::kInvalidArgument, {"[3, 2, 4, 7]", "1 frames"},
               [&] { make_clip(frames, with_volume(4, 7)); });
  expect_error(ErrorKind::kInvalidArgument, {"[3, 2, 5, 5]"}, [&] { input_bounds(with_volume(5, 5), 2); });
}

}  // namespace
}  // namespace relevid
