// SPDX-License-Identifier: Apache-2.0
// Golden pixels: OpenCV 5.0 (cv2.resize) and Pillow 13.0 (Image.resize) on the image that source_frame()
// makes, green channel, row by row.
#include <cmath>
#include <filesystem>
#include <fstream>

#include "expect_error.h"
#include "relevid/preprocessing.h"

namespace relevid {
namespace {

using testing::ElementsAre;

Frame source_frame(int64_t width, int64_t height, int64_t index = 0) {
  Frame frame;
  frame.index = index;
  frame.width = width;
  frame.height = height;
  for (int64_t i = 0; i < width * height * 3; ++i) {
    frame.rgb.push_back(static_cast<uint8_t>((i * 37 + (i * i * 13) % 251 + index * 29) % 256));
  }
  return frame;
}

/// Bytes in, bytes out: no colour change, no statistics.
Preprocessing plain(Spatial spatial, Size size) {
  Preprocessing p;
  p.spatial = spatial;
  p.stretch = size;
  p.scale = 1;
  p.value_range = {0, 255};
  return p;
}

std::vector<float> floats(const Tensor& tensor) {
  const auto values = tensor.values<float>();
  return {values.begin(), values.end()};
}

struct Agreement {
  double largest = 0;
  double equal_share = 0;
};

/// Compares the green channel of the 13 x 11 image, resized, with golden pixels (its first rows).
Agreement compare(const Preprocessing& p, const std::vector<int>& golden) {
  const Frame frame = source_frame(13, 11);
  const Tensor clip = make_clip({&frame, 1}, p);
  const auto green = clip.values<float>().subspan(static_cast<size_t>(p.stretch.height * p.stretch.width));
  Agreement result;
  for (size_t i = 0; i < golden.size(); ++i) {
    const double difference = std::abs(static_cast<double>(green[i]) - golden[i]);
    result.largest = std::max(result.largest, difference);
    result.equal_share += (difference == 0) / static_cast<double>(golden.size());
  }
  return result;
}

TEST(Resize, BilinearIsOpenCvsInFloat) {
  // cv2.resize of the image as float32, rounded afterwards.
  Preprocessing p = plain(Spatial::kStretch, {5, 7});
  const Agreement down =
      compare(p, {148, 102, 150, 138, 152, 141, 96, 115, 112, 29,  139, 193, 183, 167, 233, 115, 191, 209,
                  130, 65,  49,  140, 88,  181, 70, 143, 158, 114, 91,  162, 235, 144, 97,  88,  76});
  EXPECT_EQ(down.largest, 0);
  p.stretch = {12, 16};
  const Agreement up =
      compare(p, {50,  86,  120, 145, 159, 158, 148, 124, 91,  104, 247, 177, 96,  125, 158, 60,
                  148, 206, 144, 85,  121, 145, 153, 152, 140, 124, 117, 68,  156, 179, 118, 38,
                  166, 98,  92,  136, 162, 41,  67,  90,  101, 99,  90,  64,  64,  132, 181, 121});
  EXPECT_EQ(up.largest, 0);
}

TEST(Resize, OpenCvRoundingIsOpenCvsInBytes) {
  Preprocessing p = plain(Spatial::kStretch, {5, 7});
  const std::vector<int> golden_down = {148, 102, 150, 137, 152, 141, 96,  115, 112, 28,  139, 192,
                                        183, 166, 233, 115, 191, 209, 130, 65,  49,  140, 88,  180,
                                        70,  143, 158, 114, 91,  162, 235, 144, 97,  88,  75};
  const Agreement exact_down = compare(p, golden_down);
  EXPECT_EQ(exact_down.largest, 1);
  EXPECT_GE(exact_down.equal_share, 0.8);
  p.resized_values = ResizedValues::kOpenCv;
  EXPECT_EQ(compare(p, golden_down).largest, 0);
  p.stretch = {12, 16};
  const Agreement up =
      compare(p, {50,  86,  120, 145, 159, 158, 148, 124, 91,  104, 247, 177, 96,  125, 158, 60,
                  148, 206, 144, 85,  121, 145, 152, 152, 140, 123, 117, 68,  156, 179, 118, 38,
                  166, 98,  92,  136, 162, 41,  67,  90,  100, 99,  90,  64,  64,  132, 181, 121});
  EXPECT_EQ(up.largest, 0);
}

/// Of all bytes in their order: sum of byte[i] * (i % 9973 + 1), modulo 2^32.
uint32_t checksum(const Tensor& bytes) {
  uint32_t sum = 0;
  uint32_t i = 0;
  for (const float byte : bytes.values<float>()) sum += static_cast<uint32_t>(byte) * (i++ % 9973 + 1);
  return sum;
}

TEST(Resize, OpenCvRoundingIsOpenCvsForEveryRatio) {
  struct Case {
    Size source;
    Size resized;
    uint32_t checksum;
  };
  // In Python: (r * (numpy.arange(r.size) % 9973 + 1)).sum() % 2**32 with r = cv2.resize(image, (width,
  // height)).ravel().astype(numpy.int64); the same under OpenCV 4.5.5, 4.14.0 and 5.0.0.
  const std::vector<Case> cases = {{{11, 13}, {5, 7}, 745904},
                                   {{11, 13}, {12, 16}, 21867522},
                                   {{240, 320}, {172, 172}, 4269012280},
                                   {{256, 340}, {172, 172}, 4264199065},
                                   {{240, 426}, {128, 171}, 1556064783},
                                   {{320, 240}, {341, 256}, 1974026795},
                                   {{48, 64}, {24, 32}, 339336784},
                                   {{32, 24}, {64, 48}, 1109339902},
                                   {{1, 1}, {4, 3}, 40584},
                                   {{9, 1}, {4, 5}, 280590},
                                   {{1, 9}, {5, 4}, 262602},
                                   {{17, 31}, {1, 1}, 149},
                                   {{15, 20}, {7, 20}, 11267962},
                                   {{15, 20}, {15, 33}, 137649542},
                                   {{23, 19}, {41, 37}, 1312090018}};
  for (const Case& c : cases) {
    const Frame frame = source_frame(c.source.width, c.source.height);
    Preprocessing p = plain(Spatial::kStretch, c.resized);
    p.resized_values = ResizedValues::kOpenCv;
    p.layout = ClipLayout::kNthwc;
    EXPECT_EQ(checksum(make_clip({&frame, 1}, p)), c.checksum)
        << c.source.width << " x " << c.source.height << " to " << c.resized.width << " x "
        << c.resized.height;
  }
}

TEST(Resize, OpenCvRoundingIsOnlyForItsBilinear) {
  const Frame frame = source_frame(13, 11);
  Preprocessing p = plain(Spatial::kStretch, {5, 7});
  p.resized_values = ResizedValues::kOpenCv;
  p.smoothing = Smoothing::kOn;
  expect_error(ErrorKind::kInvalidArgument, {"OpenCV", "bilinear with smoothing", "8 bits"}, [&] {
    make_clip({&frame, 1}, p);
  });
  p.smoothing = Smoothing::kOff;
  p.filter = Filter::kArea;
  expect_error(ErrorKind::kInvalidArgument, {"OpenCV", "not of area:"}, [&] { make_clip({&frame, 1}, p); });
}

TEST(Resize, BicubicAreaAndNearestAreOpenCvs) {
  Preprocessing p = plain(Spatial::kStretch, {5, 7});
  p.filter = Filter::kBicubic;
  const Agreement cubic =
      compare(p, {169, 76, 168, 146, 159, 159, 82, 127, 105, 0,   143, 193, 201, 182, 239, 102, 204, 209,
                  124, 60, 52,  154, 83,  186, 54, 131, 163, 107, 84,  172, 250, 164, 93,  57,  74});
  EXPECT_LE(cubic.largest, 1);
  EXPECT_GE(cubic.equal_share, 0.9);
  p.filter = Filter::kArea;
  const Agreement area =
      compare(p, {134, 121, 140, 125, 136, 124, 111, 101, 130, 70,  117, 163, 126, 147, 130, 102, 128, 133,
                  144, 74,  87,  110, 113, 158, 107, 149, 157, 145, 92,  155, 222, 141, 100, 120, 83});
  EXPECT_LE(area.largest, 1);
  EXPECT_GE(area.equal_share, 0.9);
  p.filter = Filter::kNearest;
  const Agreement nearest =
      compare(p, {50,  100, 159, 145, 63, 164, 197, 167, 26, 205, 55, 93,  63,  221, 82, 1,  49, 24,
                  187, 21,  43,  56,  35, 203, 47,  74,  33, 175, 84, 123, 160, 124, 15, 99, 110});
  EXPECT_EQ(nearest.largest, 0);
  p.filter = Filter::kArea;
  p.stretch = {12, 16};
  const Agreement up =
      compare(p, {50,  88,  120, 144, 159, 158, 147, 123, 92,  92,  250, 171, 93,  124, 165, 60,
                  152, 215, 143, 81,  117, 145, 153, 153, 142, 125, 113, 59,  163, 182, 122, 37,
                  166, 89,  91,  135, 176, 33,  67,  88,  99,  99,  91,  62,  61,  128, 188, 124});
  EXPECT_LE(up.largest, 1);
}

TEST(Resize, SmoothingIsPillows) {
  Preprocessing p = plain(Spatial::kStretch, {5, 7});
  p.smoothing = Smoothing::kOn;
  const Agreement bilinear =
      compare(p, {131, 125, 131, 121, 126, 125, 119, 107, 121, 84,  121, 160, 133, 136, 131, 107, 127, 132,
                  146, 88,  86,  101, 114, 166, 119, 149, 147, 143, 98,  151, 212, 139, 108, 122, 95});
  EXPECT_LE(bilinear.largest, 1);
  EXPECT_GE(bilinear.equal_share, 0.9);
  p.filter = Filter::kBicubic;
  const Agreement cubic =
      compare(p, {134, 126, 136, 120, 122, 128, 121, 105, 127, 74,  119, 164, 130, 136, 129, 101, 127, 131,
                  154, 79,  80,  99,  114, 169, 114, 151, 152, 151, 93,  154, 225, 139, 101, 126, 89});
  EXPECT_LE(cubic.largest, 1);
  EXPECT_GE(cubic.equal_share, 0.9);
}

TEST(Resize, EveryFilterKeepsAConstantImage) {
  Frame frame = source_frame(13, 11);
  std::fill(frame.rgb.begin(), frame.rgb.end(), uint8_t{77});
  for (const Filter filter : {Filter::kNearest, Filter::kBilinear, Filter::kBicubic, Filter::kArea}) {
    for (const Smoothing smoothing : {Smoothing::kOff, Smoothing::kOn}) {
      for (const Size size : {Size{1, 1}, Size{5, 30}, Size{11, 13}, Size{23, 2}}) {
        Preprocessing p = plain(Spatial::kStretch, size);
        p.filter = filter;
        p.smoothing = smoothing;
        p.resized_values = ResizedValues::kFloat;
        for (const float value : floats(make_clip({&frame, 1}, p))) EXPECT_NEAR(value, 77, 1e-4);
      }
    }
  }
}

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

void expect_crop_to_be_a_window(ResizedValues resized_values) {
  const Frame frame = source_frame(40, 30);
  Preprocessing p = preprocessing_preset("torchvision-r3d");
  p.resized_values = resized_values;
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
  for (const char* name : {"torchvision-r3d", "torchvision-s3d", "videomae", "timesformer"}) {
    EXPECT_EQ(preprocessing_preset(name).resized_values, ResizedValues::kEightBit) << name;
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
