// SPDX-License-Identifier: Apache-2.0
#include <numeric>

#include "expect_error.h"
#include "relevid/preprocessing.h"

namespace relevid {
namespace {

double sum(const Tensor& tensor) {
  const auto values = tensor.values<float>();
  return std::accumulate(values.begin(), values.end(), 0.0);
}

Tensor some_relevance(const Shape& shape) {
  Tensor relevance(shape, DType::kF32);
  const auto values = relevance.values<float>();
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>((i * 73) % 101) / 101 + 0.1F;
  return relevance;
}

TEST(Geometry, CropOffsetsOfTheKnownPackages) {
  const auto left = [](std::string_view name) {
    return geometry(preprocessing_preset(name), 320, 240).crop_left;
  };
  EXPECT_EQ(left("c3d-caffe"), 29);
  EXPECT_EQ(left("torchvision-r3d"), 30);
  EXPECT_EQ(geometry(preprocessing_preset("c3d-caffe"), 320, 240).crop_top, 8);
  Preprocessing p = preprocessing_preset("torchvision-r3d");
  p.crop_offset = Rounding::kCeil;
  EXPECT_EQ(geometry(p, 320, 240).crop_left, 30);
  p.crop_offset = Rounding::kRound;
  p.stretch.width = 169;  // 28.5, half to even
  EXPECT_EQ(geometry(p, 320, 240).crop_left, 28);
}

TEST(Geometry, ShortSideInEitherOrientation) {
  Preprocessing p = preprocessing_preset("mmaction2");  // 426 * 256 / 240 = 454.4; 427: 455.47
  EXPECT_EQ(geometry(p, 426, 240).resized, (Size{256, 454}));
  EXPECT_EQ(geometry(p, 427, 240).resized, (Size{256, 455}));
  EXPECT_EQ(geometry(p, 428, 240).resized, (Size{256, 457}));
  p.long_side = Rounding::kFloor;
  EXPECT_EQ(geometry(p, 428, 240).resized, (Size{256, 456}));
  EXPECT_EQ(geometry(p, 240, 428).resized, (Size{456, 256}));
  p.long_side = Rounding::kCeil;
  EXPECT_EQ(geometry(p, 427, 240).resized, (Size{256, 456}));
}

TEST(Geometry, RefusesSizesThatAreNone) {
  expect_error(ErrorKind::kInvalidArgument, {"the height of the frame", "0"}, [] { geometry({}, 320, 0); });
  Preprocessing p = preprocessing_preset("mmaction2");
  expect_error(ErrorKind::kInvalidArgument, {"the width of the resized frame"},
               [&] { geometry(p, 32000, 1); });
  p.short_side = 0;
  expect_error(ErrorKind::kInvalidArgument, {"short side"}, [&] { geometry(p, 320, 240); });
  p = preprocessing_preset("c3d-caffe");
  p.crop = Size{0, 3};
  expect_error(ErrorKind::kInvalidArgument, {"the height of the crop"}, [&] { geometry(p, 320, 240); });
}

TEST(MapToSource, KeepsTheSumWhateverTheSizes) {
  for (const std::string& name : preprocessing_names()) {
    for (const auto& [width, height] : {std::pair<int64_t, int64_t>{320, 240}, {172, 311}, {97, 64}}) {
      const Geometry g = geometry(preprocessing_preset(name), width, height);
      const Tensor relevance = some_relevance({2, g.model.height, g.model.width});
      const Tensor mapped = map_to_source(relevance, g);
      EXPECT_EQ(mapped.shape(), (Shape{2, height, width}));
      EXPECT_NEAR(sum(mapped) / sum(relevance), 1, 1e-5) << name;
    }
  }
}

TEST(MapToSource, SpreadsEvenlyOverTheBox) {
  Preprocessing p;
  p.spatial = Spatial::kStretch;
  p.stretch = {1, 2};
  const Tensor mapped = map_to_source(Tensor::from<float>({1, 2}, {6, -12}), geometry(p, 3, 2));
  EXPECT_EQ(mapped.shape(), (Shape{2, 3}));
  const std::vector<float> expected = {2, -1, -4, 2, -1, -4};
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(mapped.values<float>()[i], expected[i], 1e-6);
}

TEST(MapToSource, OutsideTheCropIsZero) {
  Preprocessing p;
  p.crop = Size{2, 2};
  const Geometry g = geometry(p, 5, 4);  // left 1, top 1
  for (const Tensor& mapped :
       {map_to_source(some_relevance({2, 2}), g), interpolate_to_source(some_relevance({2, 2}), g)}) {
    for (size_t y = 0; y < 4; ++y) {
      for (size_t x = 0; x < 5; ++x) {
        const bool inside = y >= 1 && y < 3 && x >= 1 && x < 3;
        EXPECT_EQ(mapped.values<float>()[y * 5 + x] != 0, inside) << y << " " << x;
      }
    }
  }
}

TEST(MapToSource, OneToOneIsTheIdentity) {
  const Geometry g = geometry({}, 5, 4);
  const Tensor relevance = some_relevance({4, 5});
  for (const Tensor& mapped : {map_to_source(relevance, g), interpolate_to_source(relevance, g)}) {
    for (size_t i = 0; i < 20; ++i) EXPECT_EQ(mapped.values<float>()[i], relevance.values<float>()[i]);
  }
}

TEST(InterpolateToSource, KeepsValuesAndIsLinearBetweenCentres) {
  Preprocessing p;
  p.spatial = Spatial::kStretch;
  p.stretch = {1, 2};
  const Tensor mapped = interpolate_to_source(Tensor::from<float>({1, 2}, {0, 8}), geometry(p, 8, 3));
  const std::vector<float> row = {0, 0, 1, 3, 5, 7, 8, 8};
  for (size_t i = 0; i < 24; ++i) EXPECT_NEAR(mapped.values<float>()[i], row[i % 8], 1e-5);
}

TEST(MapToSource, RefusesAMapOfAnotherSize) {
  const Geometry g = geometry({}, 5, 4);
  expect_error(ErrorKind::kInvalidArgument, {"[5, 4]", "4 x 5"}, [&] {
    map_to_source(some_relevance({5, 4}), g);
  });
  expect_error(ErrorKind::kInvalidArgument, {"[20]"},
               [&] { interpolate_to_source(some_relevance({20}), g); });
}

}  // namespace
}  // namespace relevid
