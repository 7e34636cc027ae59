// SPDX-License-Identifier: Apache-2.0
#include "train/clip_cutter.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "base/random.h"
#include "small_videos.h"

namespace relevid {
namespace {

using ::testing::HasSubstr;
using testing::message_of;
using testing::plain_preprocessing;
using testing::stretched;

using train::CachedVideo;
using train::ClipCutter;

const std::vector<int64_t> kIndices = {2, 5, 5, 8};

/// A video of 12 frames, and clips cut from it.
class ClipCutterTest : public testing::SmallVideoTest {
 protected:
  ClipCutterTest() : video_(make_video("a.mp4")) {}

  /// The frames as make_clip takes them.
  std::vector<Frame> source_frames() const {
    const std::vector<Frame> all = testing::decoded_frames(video_);
    std::vector<Frame> frames;
    for (const int64_t index : kIndices) frames.push_back(all[static_cast<size_t>(index)]);
    return frames;
  }
  Tensor cut(const Preprocessing& p, const Augmentation& augmentation = {}, uint64_t seed = 1) const {
    return cut(*cached(video_, p), p, augmentation, seed);
  }
  static Tensor cut(const CachedVideo& video, const Preprocessing& p, const Augmentation& augmentation,
                    uint64_t seed) {
    const ClipCutter cutter(p, augmentation);
    Tensor clip(cutter.clip_shape(static_cast<int64_t>(kIndices.size()), video.size()), DType::kF32);
    std::fill(clip.values<float>().begin(), clip.values<float>().end(),
              std::numeric_limits<float>::quiet_NaN());
    cutter.cut(video, kIndices, seed, clip.values<float>());
    return clip;
  }

  const std::filesystem::path video_;
};

std::vector<float> floats(const Tensor& tensor) {
  const auto values = tensor.values<float>();
  return {values.begin(), values.end()};
}

/// Numbers that are nobody's defaults, and a range that cuts off.
Preprocessing awkward_values(Preprocessing p) {
  p.scale = 1.0 / 127;
  p.value_range = {0.1, 1.7};
  p.mean = {0.43216, 0.394666, 0.37645};
  p.std = {0.22803, 0.22145, 0.216989};
  return p;
}

TEST_F(ClipCutterTest, IsMakeClipBitForBit) {
  for (const ClipLayout layout : {ClipLayout::kNcthw, ClipLayout::kNtchw, ClipLayout::kNthwc}) {
    for (const Colour colour : {Colour::kRgb, Colour::kBgr}) {
      for (const Rounding rounding : {Rounding::kFloor, Rounding::kRound, Rounding::kCeil}) {
        Preprocessing p = awkward_values(stretched({19, 27}));
        p.layout = layout;
        p.colour = colour;
        p.crop = Size{12, 14};
        p.crop_offset = rounding;
        const Tensor expected = make_clip(source_frames(), p);
        const Tensor actual = cut(p);
        ASSERT_EQ(actual.shape(), expected.shape());
        ASSERT_EQ(floats(actual), floats(expected));
      }
    }
  }
}

TEST_F(ClipCutterTest, TheClipsMeanIsMakeClips) {
  for (const ClipLayout layout : {ClipLayout::kNcthw, ClipLayout::kNthwc}) {
    Preprocessing p = awkward_values(stretched({19, 27}));
    p.layout = layout;
    p.crop = Size{12, 14};
    p.clip_mean = ClipMean::kSubtract;
    ASSERT_EQ(floats(cut(p)), floats(make_clip(source_frames(), p)));
  }
}

TEST_F(ClipCutterTest, IsMakeClipForPresets) {
  for (const std::string_view name : {"c3d-mmaction2", "torchvision-r3d"}) {
    SCOPED_TRACE(name);
    const Preprocessing p = preprocessing_preset(name);
    const Tensor expected = make_clip(source_frames(), p);
    const Tensor actual = cut(p);
    ASSERT_EQ(actual.shape(), expected.shape());
    ASSERT_TRUE(floats(actual) == floats(expected));
  }
}

TEST_F(ClipCutterTest, OpenCvRoundingIsMakeClips) {
  Preprocessing p = awkward_values(stretched({19, 27}));
  p.resized_values = ResizedValues::kOpenCv;
  EXPECT_EQ(floats(cut(p)), floats(make_clip(source_frames(), p)));
}

Preprocessing with_volume(Preprocessing p, const Size& size) {
  std::vector<float> values;
  Random random(3);
  for (int64_t i = 0; i < 3 * 4 * size.height * size.width; ++i) {
    values.push_back(static_cast<float>(random.uniform(0, 1)));
  }
  p.needs_mean_volume = true;
  p.mean_volume = std::make_shared<const Tensor>(Tensor::from(Shape{3, 4, size.height, size.width}, values));
  return p;
}

TEST_F(ClipCutterTest, MeanVolumesAreSubtracted) {
  for (const Size& size : {Size{19, 27}, Size{12, 14}}) {
    Preprocessing p = with_volume(awkward_values(stretched({19, 27})), size);
    p.colour = Colour::kBgr;
    p.crop = Size{12, 14};
    EXPECT_EQ(floats(cut(p)), floats(make_clip(source_frames(), p)));
  }
  const Preprocessing wrong = with_volume(stretched({19, 27}), {5, 5});
  EXPECT_THAT(message_of(ErrorKind::kInvalidArgument, [&] { cut(wrong); }), HasSubstr("[3, 4, 5, 5]"));
}

/// One value of a clip in NCTHW.
float at(const Tensor& clip, int64_t channel, int64_t t, int64_t y, int64_t x) {
  const Shape& shape = clip.shape();
  return clip.values<float>()[static_cast<size_t>(((channel * shape[2] + t) * shape[3] + y) * shape[4] + x)];
}

/// Whether `clip` is `whole` cut at (top, left), in all its channels and frames.
bool is_crop_at(const Tensor& clip, const Tensor& whole, int64_t top, int64_t left) {
  const Shape& shape = clip.shape();
  for (int64_t channel = 0; channel < 3; ++channel) {
    for (int64_t t = 0; t < shape[2]; ++t) {
      for (int64_t y = 0; y < shape[3]; ++y) {
        for (int64_t x = 0; x < shape[4]; ++x) {
          if (at(clip, channel, t, y, x) != at(whole, channel, t, top + y, left + x)) return false;
        }
      }
    }
  }
  return true;
}

TEST_F(ClipCutterTest, RandomCropsLieAnywhereWithEqualChance) {
  Preprocessing p = stretched({14, 15});
  const Tensor whole = cut(p);
  p.crop = Size{12, 12};  // 3 x 4 places
  const auto video = cached(video_, p);
  std::map<std::pair<int64_t, int64_t>, int> counts;
  constexpr int kClips = 600;
  for (uint64_t seed = 0; seed < kClips; ++seed) {
    const Tensor clip = cut(*video, p, {.crop = Augmentation::Crop::kRandom}, seed);
    for (int64_t place = 0; place < 12; ++place) {
      if (is_crop_at(clip, whole, place / 4, place % 4)) ++counts[{place / 4, place % 4}];
    }
  }
  EXPECT_EQ(counts.size(), 12U);
  int total = 0;
  double chi_square = 0;
  for (const auto& [place, count] : counts) {
    total += count;
    chi_square += (count - 50.0) * (count - 50.0) / 50.0;
  }
  EXPECT_EQ(total, kClips);
  EXPECT_LT(chi_square, 31.3);  // 11 degrees of freedom: one set of seeds in a thousand is above
}

TEST_F(ClipCutterTest, AVolumeIsCutAtTheDrawnCrop) {
  Preprocessing p = with_volume(stretched({14, 15}), {14, 15});
  const Tensor whole = cut(p);
  p.crop = Size{12, 12};
  std::set<int64_t> places;
  for (uint64_t seed = 0; seed < 10; ++seed) {
    const Tensor clip = cut(p, {.crop = Augmentation::Crop::kRandom}, seed);
    int64_t place = 0;
    while (place < 12 && !is_crop_at(clip, whole, place / 4, place % 4)) ++place;
    ASSERT_LT(place, 12) << "seed " << seed;
    places.insert(place);
  }
  EXPECT_GT(places.size(), 3U);
}

TEST_F(ClipCutterTest, AFlipMirrorsEveryFrame) {
  Preprocessing plain = awkward_values(stretched({14, 15}));
  plain.crop = Size{12, 12};
  Preprocessing volume = with_volume(plain, {14, 15});
  for (const Preprocessing& p : {plain, volume}) {
    const Tensor clip = cut(p);
    const Tensor flipped = cut(p, {.flip_probability = 1});
    for (int64_t channel = 0; channel < 3; ++channel) {
      for (int64_t t = 0; t < 4; ++t) {
        for (int64_t y = 0; y < 12; ++y) {
          for (int64_t x = 0; x < 12; ++x) {
            ASSERT_EQ(at(flipped, channel, t, y, x), at(clip, channel, t, y, 11 - x));
          }
        }
      }
    }
  }
}

TEST_F(ClipCutterTest, FlipsComeAsOftenAsAskedAndByDefaultNever) {
  const Preprocessing p = stretched({6, 8});
  const auto video = cached(video_, p);
  const std::vector<float> straight = floats(cut(p));
  const std::vector<float> flipped = floats(cut(p, {.flip_probability = 1}));
  int flips = 0;
  constexpr int kClips = 400;
  for (uint64_t seed = 0; seed < kClips; ++seed) {
    const auto clip = floats(cut(*video, p, {.flip_probability = 0.25}, seed));
    flips += clip == flipped;
    ASSERT_TRUE(clip == flipped || clip == straight);
    ASSERT_EQ(floats(cut(*video, p, {}, seed)), straight);
  }
  EXPECT_NEAR(flips, 100, 30);  // within 3.5 standard deviations
}

/// The formulas of ColorJitter on bytes, in double.
std::vector<float> jittered(const std::vector<float>& clip, double contrast, double brightness) {
  const size_t plane = clip.size() / 3;
  double luma = 0;
  for (size_t i = 0; i < plane; ++i) {
    luma += 0.2989 * clip[i] + 0.587 * clip[plane + i] + 0.114 * clip[2 * plane + i];
  }
  const double mean = luma / static_cast<double>(plane);
  std::vector<float> result;
  for (const float value : clip) {
    const double contrasted = std::clamp(contrast * value + (1 - contrast) * mean, 0.0, 255.0);
    result.push_back(static_cast<float>(std::round(std::clamp(brightness * contrasted, 0.0, 255.0))));
  }
  return result;
}

struct Factors {
  double contrast = 1, brightness = 1;
};

/// The fourth and the fifth number of a clip's seed; the first three are for the crop and the flip.
Factors factors_of(uint64_t seed, double contrast_low, double contrast_high, double brightness_low,
                   double brightness_high) {
  Random random(seed);
  for (int i = 0; i < 3; ++i) random.unit();
  const double contrast = random.uniform(contrast_low, contrast_high);
  return {contrast, random.uniform(brightness_low, brightness_high)};
}

TEST_F(ClipCutterTest, JitterChangesTheWholeClipByOneFactor) {
  const Preprocessing p = stretched({5, 6});
  const auto video = cached(video_, p);
  const std::vector<float> plain = floats(cut(p));
  for (uint64_t seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE(seed);
    const Factors f = factors_of(seed, 0.6, 1.4, 0.8, 1.2);
    EXPECT_EQ(floats(cut(*video, p, {.contrast = 0.4}, seed)), jittered(plain, f.contrast, 1));
    EXPECT_EQ(floats(cut(*video, p, {.brightness = 0.2}, seed)), jittered(plain, 1, f.brightness));
    EXPECT_EQ(floats(cut(*video, p, {.contrast = 0.4, .brightness = 0.2}, seed)),
              jittered(plain, f.contrast, f.brightness));
    const Factors wide = factors_of(seed, 0, 3, 0, 2.5);
    EXPECT_EQ(floats(cut(*video, p, {.contrast = 2, .brightness = 1.5}, seed)),
              jittered(plain, wide.contrast, wide.brightness));
  }
}

TEST_F(ClipCutterTest, JitterComesBeforeScaleAndMean) {
  const Preprocessing bytes = stretched({5, 6});
  const Preprocessing p = awkward_values(bytes);
  const std::vector<float> jittered_bytes = floats(cut(bytes, {.contrast = 0.4, .brightness = 0.2}, 3));
  const std::vector<float> values = floats(cut(p, {.contrast = 0.4, .brightness = 0.2}, 3));
  for (size_t i = 0; i < values.size(); ++i) {
    const size_t channel = i / (values.size() / 3);
    const double scaled = std::clamp(jittered_bytes[i] / 127.0, 0.1, 1.7);
    ASSERT_NEAR(values[i], (scaled - p.mean[channel]) / p.std[channel], 1e-5);
  }
}

TEST_F(ClipCutterTest, EverythingComesFromTheSeed) {
  Preprocessing p = stretched({14, 15});
  p.crop = Size{8, 8};
  const Augmentation all{
      .crop = Augmentation::Crop::kRandom, .flip_probability = 0.5, .contrast = 0.4, .brightness = 0.4};
  std::set<std::vector<float>> different;
  for (uint64_t seed = 0; seed < 8; ++seed) {
    const auto clip = floats(cut(p, all, seed));
    EXPECT_EQ(clip, floats(cut(p, all, seed)));
    different.insert(clip);
  }
  EXPECT_EQ(different.size(), 8U);
}

TEST_F(ClipCutterTest, OneSettingDoesNotMoveWhatAnotherDraws) {
  Preprocessing p = stretched({14, 15});
  p.crop = Size{12, 12};
  for (uint64_t seed = 0; seed < 5; ++seed) {
    const Tensor cropped = cut(p, {.crop = Augmentation::Crop::kRandom}, seed);
    const Tensor mirrored = cut(p, {.crop = Augmentation::Crop::kRandom, .flip_probability = 1}, seed);
    for (int64_t x = 0; x < 12; ++x) ASSERT_EQ(at(cropped, 1, 2, 3, x), at(mirrored, 1, 2, 3, 11 - x));
  }
}

TEST_F(ClipCutterTest, RefusesWhatMakesNoSense) {
  const auto refuse = [&](const Augmentation& augmentation) {
    return message_of(ErrorKind::kInvalidArgument, [&] { ClipCutter(plain_preprocessing(), augmentation); });
  };
  EXPECT_THAT(refuse({.flip_probability = 1.5}), HasSubstr("a flip with probability 1.5"));
  EXPECT_THAT(refuse({.contrast = -0.1}), HasSubstr("a contrast jitter of -0.1"));
  EXPECT_THAT(refuse({.brightness = std::numeric_limits<double>::infinity()}),
              HasSubstr("a brightness jitter"));
  Preprocessing too_large = stretched({14, 15});
  too_large.crop = Size{16, 16};
  EXPECT_THAT(message_of(ErrorKind::kInvalidArgument, [&] { cut(too_large); }),
              HasSubstr("a crop of 16 x 16"));
}

}  // namespace
}  // namespace relevid
