// SPDX-License-Identifier: Apache-2.0
// Golden pixels: OpenCV 5.0 (cv2.resize) and Pillow 13.0 (Image.resize) on the image that source_frame()
// makes, green channel, row by row.
#include <cmath>

#include "expect_error.h"
#include "frames.h"
#include "relevid/preprocessing.h"

namespace relevid {
namespace {

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

TEST(Resize, RoundingIsOnlyForFiltersThatItsProgramHas) {
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
  p.filter = Filter::kBilinear;
  p.resized_values = ResizedValues::kTorch;
  expect_error(ErrorKind::kInvalidArgument,
               {"torch's rounding", "with smoothing (bilinear", "not of bilinear:"}, [&] {
                 make_clip({&frame, 1}, p);
               });
  p.filter = Filter::kLanczos;
  p.resized_values = ResizedValues::kEightBit;
  expect_error(ErrorKind::kInvalidArgument, {"lanczos", "with smoothing alone"}, [&] {
    make_clip({&frame, 1}, p);
  });
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

TEST(Resize, RoundingAsPillowOrTorchIsTheirsForEveryRatio) {
  struct Case {
    Size source;
    Size resized;
    Filter filter;
    uint32_t pillow, torch;
  };
  // As above, with r = Image.resize((width, height), resample) of Pillow 13.0 and interpolate(mode,
  // antialias=True) of torch 2.15 on bytes, by a processor with AVX2.
  const std::vector<Case> cases = {{{11, 13}, {5, 7}, Filter::kBilinear, 738337, 738400},
                                   {{11, 13}, {5, 7}, Filter::kBicubic, 738355, 738355},
                                   {{11, 13}, {5, 7}, Filter::kLanczos, 739039, 739060},
                                   {{11, 13}, {12, 16}, Filter::kBilinear, 21894285, 21894285},
                                   {{11, 13}, {12, 16}, Filter::kBicubic, 21893564, 21892576},
                                   {{11, 13}, {12, 16}, Filter::kLanczos, 21893049, 21893535},
                                   {{240, 320}, {224, 298}, Filter::kBilinear, 2316687133, 2316353116},
                                   {{240, 320}, {224, 298}, Filter::kBicubic, 2321419364, 2322851193},
                                   {{240, 320}, {224, 298}, Filter::kLanczos, 2358493776, 2357925929},
                                   {{240, 426}, {256, 454}, Filter::kBilinear, 2461724160, 2461937299},
                                   {{240, 426}, {256, 454}, Filter::kBicubic, 2563941351, 2564159099},
                                   {{240, 426}, {256, 454}, Filter::kLanczos, 2904957130, 2904968342},
                                   {{320, 240}, {341, 256}, Filter::kBilinear, 2150639674, 2150733641},
                                   {{320, 240}, {341, 256}, Filter::kBicubic, 2228620946, 2230512296},
                                   {{320, 240}, {341, 256}, Filter::kLanczos, 2467541768, 2467947587},
                                   {{48, 64}, {24, 32}, Filter::kBilinear, 339053973, 339053973},
                                   {{48, 64}, {24, 32}, Filter::kBicubic, 338993205, 338993205},
                                   {{48, 64}, {24, 32}, Filter::kLanczos, 338937238, 338946007},
                                   {{17, 31}, {1, 1}, Filter::kBilinear, 762, 762},
                                   {{17, 31}, {1, 1}, Filter::kBicubic, 762, 762},
                                   {{17, 31}, {1, 1}, Filter::kLanczos, 765, 765},
                                   {{1, 9}, {5, 4}, Filter::kBilinear, 241395, 241395},
                                   {{1, 9}, {5, 4}, Filter::kBicubic, 241825, 241825},
                                   {{1, 9}, {5, 4}, Filter::kLanczos, 242365, 242365},
                                   {{15, 20}, {7, 20}, Filter::kBilinear, 11053161, 11053161},
                                   {{15, 20}, {7, 20}, Filter::kBicubic, 11054470, 11054470},
                                   {{15, 20}, {7, 20}, Filter::kLanczos, 11053471, 11053369},
                                   {{15, 20}, {15, 33}, Filter::kBilinear, 137654463, 137651563},
                                   {{15, 20}, {15, 33}, Filter::kBicubic, 137835132, 137838113},
                                   {{15, 20}, {15, 33}, Filter::kLanczos, 137922063, 137921494},
                                   // Pillow takes columns first in all but the three before the last three.
                                   {{301, 139}, {132, 61}, Filter::kBilinear, 930700663, 930892565},
                                   {{301, 139}, {132, 61}, Filter::kBicubic, 930545947, 929936503},
                                   {{301, 139}, {132, 61}, Filter::kLanczos, 930666267, 931336101},
                                   {{60, 20}, {10, 40}, Filter::kBilinear, 92363718, 92342894},
                                   {{60, 20}, {10, 40}, Filter::kBicubic, 92266108, 92248500},
                                   {{60, 20}, {10, 40}, Filter::kLanczos, 92273190, 92261148},
                                   {{99, 101}, {79, 91}, Filter::kBilinear, 4245248074, 4245298524},
                                   {{99, 101}, {79, 91}, Filter::kBicubic, 4249589216, 4249592774},
                                   {{99, 101}, {79, 91}, Filter::kLanczos, 4250327165, 4250404877},
                                   {{99, 101}, {79, 92}, Filter::kBilinear, 5769714, 5070227},
                                   {{99, 101}, {79, 92}, Filter::kBicubic, 1203755, 7017074},
                                   {{99, 101}, {79, 92}, Filter::kLanczos, 4288047421, 5914502}};
  for (const Case& c : cases) {
    const Frame frame = source_frame(c.source.width, c.source.height);
    Preprocessing p = plain(Spatial::kStretch, c.resized);
    p.filter = c.filter;
    p.smoothing = Smoothing::kOn;
    p.layout = ClipLayout::kNthwc;
    for (const auto& [values, expected] :
         {std::pair{ResizedValues::kPillow, c.pillow}, std::pair{ResizedValues::kTorch, c.torch}}) {
      p.resized_values = values;
      EXPECT_EQ(checksum(make_clip({&frame, 1}, p)), expected)
          << c.source.width << " x " << c.source.height << " to " << c.resized.width << " x "
          << c.resized.height << ", filter " << static_cast<int>(c.filter);
    }
  }
}

TEST(Resize, BilinearInEightBitsIsTorchvisions) {
  struct Case {
    Size source;
    Size resized;
    uint32_t checksum;
  };
  // As above, with r = torchvision.transforms.functional.resize(image, [side], antialias=False), version
  // 0.29. Halving a side makes ties.
  const std::vector<Case> cases = {
      {{512, 682}, {256, 341}, 2087295562}, {{240, 426}, {256, 454}, 2433516238},
      {{271, 480}, {256, 453}, 1498894444}, {{1080, 1920}, {256, 455}, 2947440252},
      {{61, 40}, {30, 20}, 207480334},      {{64, 96}, {32, 48}, 1356628599},
      {{11, 13}, {7, 8}, 1868019}};
  for (const Case& c : cases) {
    const Frame frame = source_frame(c.source.width, c.source.height);
    Preprocessing p = plain(Spatial::kStretch, c.resized);
    p.layout = ClipLayout::kNthwc;
    EXPECT_EQ(checksum(make_clip({&frame, 1}, p)), c.checksum) << c.source.width << " x " << c.source.height;
  }
}

TEST(Resize, EveryFilterKeepsAConstantImage) {
  Frame frame = source_frame(13, 11);
  std::fill(frame.rgb.begin(), frame.rgb.end(), uint8_t{77});
  for (const Filter filter :
       {Filter::kNearest, Filter::kBilinear, Filter::kBicubic, Filter::kArea, Filter::kLanczos}) {
    for (const Smoothing smoothing : {Smoothing::kOff, Smoothing::kOn}) {
      if (filter == Filter::kLanczos && smoothing == Smoothing::kOff) continue;
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

}  // namespace
}  // namespace relevid
