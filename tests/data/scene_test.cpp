// SPDX-License-Identifier: Apache-2.0
#include "data/scene.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <numbers>

#include "data/render.h"

namespace relevid::data {
namespace {

/// The shorter way from one place to another on a picture whose edges meet.
double step(double from, double to, double size) {
  const double way = to - from;
  return way - size * std::round(way / size);
}

Point unit_direction(const std::string& name) {
  Point direction;
  if (name.find("left") != std::string::npos) direction.x = -1;
  if (name.find("right") != std::string::npos) direction.x = 1;
  if (name.find("up") != std::string::npos) direction.y = -1;
  if (name.find("down") != std::string::npos) direction.y = 1;
  const double length = std::hypot(direction.x, direction.y);
  return {direction.x / length, direction.y / length};
}

TEST(Scene, TheObjectMovesAsItsClassAndSpeedSay) {
  for (const MotionClasses classes : {MotionClasses::kFour, MotionClasses::kEight}) {
    GenerateOptions options;
    options.classes = classes;
    for (int64_t video = 0; video < 64; ++video) {
      const Scene scene = draw_scene(options, video);
      const Point direction = unit_direction(class_names(classes)[static_cast<size_t>(scene.label)]);
      for (size_t i = 1; i < scene.frames.size(); ++i) {
        const FrameState &a = scene.frames[i - 1], &b = scene.frames[i];
        const double dx = step(a.object.x - a.shake.x, b.object.x - b.shake.x, 64);
        const double dy = step(a.object.y - a.shake.y, b.object.y - b.shake.y, 64);
        EXPECT_NEAR(dx, scene.speed * direction.x, 1e-9);
        EXPECT_NEAR(dy, scene.speed * direction.y, 1e-9);
        EXPECT_GE(b.object.x, 0);
        EXPECT_LT(b.object.x, 64);
      }
    }
  }
}

TEST(Scene, RotationAndZoomMoveTheRim) {
  GenerateOptions options;
  options.classes = MotionClasses::kRotationZoom;
  for (int64_t video = 0; video < 8; ++video) {
    const Scene scene = draw_scene(options, video);
    const std::string& name = class_names(options.classes)[static_cast<size_t>(scene.label)];
    const auto &a = scene.frames[0].object_pose, &b = scene.frames[1].object_pose;
    const double turn = name == "clockwise" ? 1 : name == "counterclockwise" ? -1 : 0;
    const double growth = name == "zoom-in" ? 1 : name == "zoom-out" ? -1 : 0;
    EXPECT_NEAR((b.angle - a.angle) * scene.radius, turn * scene.speed, 1e-9);
    EXPECT_NEAR((b.scale - a.scale) * scene.radius, growth * scene.speed, 1e-9);
  }
}

TEST(Scene, SiblingsShareAllButClassShakeAndNoise) {
  const GenerateOptions options;
  const Scene first = draw_scene(options, 8), last = draw_scene(options, 11);
  EXPECT_EQ(first.group, last.group);
  EXPECT_NE(first.label, last.label);
  EXPECT_EQ(first.speed, last.speed);
  EXPECT_EQ(first.radius, last.radius);
  EXPECT_EQ(first.object_texture, last.object_texture);
  EXPECT_EQ(first.background_offset.x, last.background_offset.x);
  EXPECT_EQ(first.object_colour.mean, last.object_colour.mean);
  EXPECT_NE(first.frames[0].shake.x, last.frames[0].shake.x);
  EXPECT_NE(draw_scene(options, 12).speed, first.speed);
}

TEST(Scene, SpeedsAreLogUniformAndShakeIsNormal) {
  GenerateOptions options;
  options.frames = 8;
  double below = 0, square = 0, sum = 0, count = 0;
  constexpr int64_t kGroups = 2000;
  for (int64_t group = 0; group < kGroups; ++group) {
    const Scene scene = draw_scene(options, group * 4);
    EXPECT_GE(scene.speed, 0.05);
    EXPECT_LT(scene.speed, 0.8);
    below += scene.speed < 0.2;  // the geometric mean of the ends
    for (const FrameState& frame : scene.frames) {
      sum += frame.shake.x;
      square += frame.shake.x * frame.shake.x;
      ++count;
    }
  }
  EXPECT_NEAR(below / kGroups, 0.5, 2.6 * std::sqrt(0.25 / kGroups));
  EXPECT_NEAR(sum / count, 0, 2.6 * 0.4 / std::sqrt(count));
  EXPECT_NEAR(std::sqrt(square / count), 0.4, 0.01);
}

TEST(Scene, EveryFramesPlaceIsUniformInEveryClass) {
  GenerateOptions options;
  options.frames = 33;
  options.speed_min = options.speed_max = 0.8;
  // Quarters of the picture, at the first frame, where a class would show most.
  std::map<int64_t, std::vector<int>> counts;
  constexpr int64_t kPerClass = 1000;
  for (int64_t video = 0; video < 4 * kPerClass; ++video) {
    const Scene scene = draw_scene(options, video);
    auto& quarters = counts[scene.label];
    quarters.resize(8);
    ++quarters[static_cast<size_t>(scene.frames[0].object.x / 16)];
    ++quarters[static_cast<size_t>(4 + static_cast<int>(scene.frames[0].object.y / 16))];
  }
  for (const auto& [label, quarters] : counts) {
    for (const int count : quarters) EXPECT_NEAR(count, 250, 4 * std::sqrt(250 * 0.75)) << label;
  }
}

TEST(Scene, TexturesHaveTheSameStrengthWhateverTheirPose) {
  Random random(5);
  std::vector<double> places;
  for (int i = 0; i < 128; ++i) places.push_back(i);
  for (int i = 0; i < 20; ++i) {
    const Texture texture = Texture::draw(random);
    std::vector<float> values;
    texture.evaluate(places, places, {random.uniform(0, 6), random.uniform(-9, 9)}, values);
    double sum = 0, square = 0;
    for (const float value : values) {
      sum += value;
      square += value * value;
    }
    const auto count = static_cast<double>(values.size());
    EXPECT_NEAR(sum / count, 0, 0.1);
    EXPECT_NEAR(square / count, 1, 0.15);
  }
}

TEST(Scene, ATextureThatGrewByTheBandLooksAsBefore) {
  Random random(6);
  const Texture texture = Texture::draw(random);
  const std::vector<double> places = {-3.5, -1, 0, 2.25, 8};
  std::vector<float> before, after;
  texture.evaluate(places, places, {0.3, 0.4}, before);
  texture.evaluate(places, places, {0.3, 0.4 + Texture::kBand}, after);
  EXPECT_THAT(after, ::testing::Pointwise(::testing::FloatNear(1e-4F), before));
}

TEST(Scene, AZoomedTextureGrows) {
  Random random(7);
  const Texture texture = Texture::draw(random);
  constexpr double kGrowth = 0.02;
  std::vector<double> places, smaller;
  for (int i = -10; i <= 10; ++i) {
    places.push_back(i * std::exp(kGrowth));
    smaller.push_back(i);
  }
  std::vector<float> grown, original;
  texture.evaluate(places, places, {0, kGrowth}, grown);
  texture.evaluate(smaller, smaller, {0, 0}, original);
  EXPECT_THAT(grown, ::testing::Pointwise(::testing::FloatNear(0.15F), original));
}

}  // namespace
}  // namespace relevid::data
