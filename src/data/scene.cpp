// SPDX-License-Identifier: Apache-2.0
#include "data/scene.h"

#include <fmt/format.h>

#include <cmath>
#include <numbers>

namespace relevid::data {
namespace {

// Independent streams of one seed.
constexpr uint64_t kTextureStream = 1;
constexpr uint64_t kGroupStream = 2;
constexpr uint64_t kShakeStream = 3;

constexpr double kObjectContrast = 36;  // levels: strong, and seldom beyond [0, 255]
constexpr double kFaintShare = 1.0 / 7;
constexpr double kTextureExtent = 4096;  // pixels; the textures' waves do not come round within it

Random stream(const GenerateOptions& options, uint64_t which, int64_t index) {
  return Random(mix(mix(options.seed, which), static_cast<uint64_t>(index)));
}

Colouring draw_colouring(Random& random, double contrast) {
  Colouring colouring{};
  const double brightness = random.uniform(112, 144);
  for (double& mean : colouring.mean) mean = brightness + random.uniform(-12, 12);
  for (double& channel : colouring.contrast) channel = contrast * random.uniform(0.8, 1.2);
  return colouring;
}

Point draw_point(Random& random, double extent) {
  const double x = random.uniform(0, extent);
  return {x, random.uniform(0, extent)};
}

double round_the_edge(double place, double size) {
  const double rest = place - std::floor(place / size) * size;
  return rest < size ? rest : 0;  // a tiny negative place rounds up to size
}

/// What one frame of one pixel of speed does.
struct Motion {
  Point shift;
  double turn = 0;    ///< pixels at the rim, clockwise
  double growth = 0;  ///< pixels at the rim
};

Motion motion_of(MotionClasses classes, int64_t label) {
  const double half = std::numbers::sqrt2 / 2;
  // In the order of class_names(); y points down.
  static const std::vector<Motion> kFour = {{{0, 1}}, {{-1, 0}}, {{1, 0}}, {{0, -1}}};
  static const std::vector<Motion> kEight = {{{0, 1}}, {{-half, half}}, {{half, half}},   {{-1, 0}},
                                             {{1, 0}}, {{0, -1}},       {{-half, -half}}, {{half, -half}}};
  static const std::vector<Motion> kRotationZoom = {{{}, 1, 0}, {{}, -1, 0}, {{}, 0, 1}, {{}, 0, -1}};
  const auto index = static_cast<size_t>(label);
  switch (classes) {
    case MotionClasses::kFour:
      return kFour[index];
    case MotionClasses::kEight:
      return kEight[index];
    case MotionClasses::kRotationZoom:
      break;
  }
  return kRotationZoom[index];
}

}  // namespace

std::vector<Texture> draw_textures(const GenerateOptions& options) {
  std::vector<Texture> textures;
  for (int64_t i = 0; i < options.textures; ++i) {
    Random random = stream(options, kTextureStream, i);
    textures.push_back(Texture::draw(random));
  }
  return textures;
}

// Note [Nothing but motion]
// Videos come in groups of siblings, one of each class, that share all that is drawn here by `of_group`:
// textures, colours, speed, the object's size, and its place, angle and scale at the middle of the video. So
// no class has an appearance of its own, in any set of any size, and a network that learns appearances by
// heart learns nothing. The place is uniform over the picture, and the object goes round its edges: then its
// place is uniform in every frame, at every speed and in every class, and neither one frame's place nor the
// mean over a clip tells a class. Without going round, an object that moves right would be found at the left
// early in the video, and objects that move horizontally would be spread horizontally.
Scene draw_scene(const GenerateOptions& options, int64_t video) {
  const auto classes = static_cast<int64_t>(class_names(options.classes).size());
  const auto size = static_cast<double>(options.size_pixels);
  Scene scene;
  scene.video = video;
  scene.group = video / classes;
  scene.label = video % classes;

  Random of_group = stream(options, kGroupStream, scene.group);
  scene.speed = of_group.log_uniform(options.speed_min, options.speed_max);
  scene.radius = size * of_group.uniform(0.14, 0.2);
  scene.object_texture = of_group.below(options.textures);
  scene.background_texture = of_group.below(options.textures);
  scene.object_offset = draw_point(of_group, kTextureExtent);
  scene.background_offset = draw_point(of_group, kTextureExtent);
  scene.object_colour = draw_colouring(of_group, kObjectContrast);
  const double share = options.background == Background::kTextured ? 1 : kFaintShare;
  scene.background_colour = draw_colouring(of_group, kObjectContrast * share);
  const Point middle = draw_point(of_group, size);
  Texture::Pose pose;
  if (options.classes == MotionClasses::kRotationZoom) {
    pose.angle = of_group.uniform(0, 2 * std::numbers::pi);
    pose.scale = of_group.uniform(0, Texture::kBand);
  }

  const Motion motion = motion_of(options.classes, scene.label);
  Random of_shake = stream(options, kShakeStream, video);
  for (int64_t frame = 0; frame < options.frames; ++frame) {
    const double travel =
        scene.speed * (static_cast<double>(frame) - static_cast<double>(options.frames - 1) / 2);
    FrameState state;
    state.shake.x = options.shake_pixels * of_shake.normal();
    state.shake.y = options.shake_pixels * of_shake.normal();
    state.object.x = round_the_edge(middle.x + travel * motion.shift.x + state.shake.x, size);
    state.object.y = round_the_edge(middle.y + travel * motion.shift.y + state.shake.y, size);
    state.object_pose.angle = pose.angle + travel * motion.turn / scene.radius;
    state.object_pose.scale = pose.scale + travel * motion.growth / scene.radius;
    scene.frames.push_back(state);
  }
  return scene;
}

bool held_out(const GenerateOptions& options, int64_t group) {
  // Groups are drawn independently, so every k-th is as good as a random choice, exact in number, and stays
  // when a set grows.
  const auto before = static_cast<double>(group);
  return std::floor((before + 1) * options.validation_share) > std::floor(before * options.validation_share);
}

std::string video_name(int64_t video) {
  return fmt::format("videos/{:06}.mp4", video);
}

}  // namespace relevid::data
