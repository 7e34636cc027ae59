// SPDX-License-Identifier: Apache-2.0
#include "data/render.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace relevid::data {
namespace {

constexpr uint64_t kNoiseStream = 4;
constexpr double kEdgePixels =
    1.5;  // half the width over which the object's rim fades: no step, so no aliasing

/// 4096 values of the standard normal distribution, in equal steps of probability: five samples from one
/// draw.
constexpr int kNoiseBits = 12;
const std::vector<float>& normal_quantiles() {
  static const std::vector<float> quantiles = [] {
    constexpr int kCount = 1 << kNoiseBits;
    constexpr int kStepsPerUnit = 4096;
    constexpr double kEnd = 5;
    std::vector<float> values;
    double cumulative = 0;
    for (int step = 0; std::ssize(values) < kCount; ++step) {
      const double z = -kEnd + (step + 0.5) / kStepsPerUnit;
      cumulative += std::exp(-z * z / 2) / std::sqrt(2 * std::numbers::pi) / kStepsPerUnit;
      while (std::ssize(values) < kCount &&
             (cumulative >= (static_cast<double>(values.size()) + 0.5) / kCount || z > kEnd)) {
        values.push_back(static_cast<float>(z));
      }
    }
    return values;
  }();
  return quantiles;
}

/// How much of a pixel the object covers.
double coverage(double distance, double radius) {
  const double t = std::clamp((radius + kEdgePixels - distance) / (2 * kEdgePixels), 0.0, 1.0);
  return t * t * (3 - 2 * t);
}

}  // namespace

Renderer::Renderer(const GenerateOptions& options, const std::vector<Texture>& textures, const Scene& scene)
    : options_(options),
      textures_(textures),
      scene_(scene),
      noise_(mix(mix(options.seed, kNoiseStream), static_cast<uint64_t>(scene.video))),
      light_(static_cast<size_t>(options.size_pixels * options.size_pixels * 3)),
      rgb_(light_.size()) {}

const std::vector<uint8_t>& Renderer::next_frame() {
  const FrameState& state = scene_.frames.at(frame_++);
  draw_background(state);
  draw_object(state);
  expose();
  return rgb_;
}

void Renderer::draw_background(const FrameState& state) {
  xs_.clear();
  ys_.clear();
  for (int64_t i = 0; i < options_.size_pixels; ++i) {
    const double centre = static_cast<double>(i) + 0.5;
    xs_.push_back(scene_.background_offset.x + centre - state.shake.x);
    ys_.push_back(scene_.background_offset.y + centre - state.shake.y);
  }
  textures_[static_cast<size_t>(scene_.background_texture)].evaluate(xs_, ys_, {}, texture_);
  const Colouring& colour = scene_.background_colour;
  for (size_t pixel = 0; pixel < texture_.size(); ++pixel) {
    for (size_t c = 0; c < 3; ++c) {
      light_[pixel * 3 + c] = static_cast<float>(colour.mean[c] + colour.contrast[c] * texture_[pixel]);
    }
  }
}

void Renderer::draw_object(const FrameState& state) {
  const double reach = scene_.radius + kEdgePixels;
  const auto left = static_cast<int64_t>(std::floor(state.object.x - reach));
  const auto top = static_cast<int64_t>(std::floor(state.object.y - reach));
  const auto side = static_cast<int64_t>(std::ceil(2 * reach)) + 1;
  // The texture turns and grows about the object's centre: its offset is in the texture's own coordinates,
  // which a pose rotates, so translations alone use it.
  const bool translates = options_.classes != MotionClasses::kRotationZoom;
  const Point offset = translates ? scene_.object_offset : Point{};
  xs_.clear();
  ys_.clear();
  for (int64_t i = 0; i < side; ++i) {
    xs_.push_back(offset.x + static_cast<double>(left + i) + 0.5 - state.object.x);
    ys_.push_back(offset.y + static_cast<double>(top + i) + 0.5 - state.object.y);
  }
  textures_[static_cast<size_t>(scene_.object_texture)].evaluate(xs_, ys_, state.object_pose, texture_);
  const Colouring& colour = scene_.object_colour;
  const int64_t size = options_.size_pixels;
  for (int64_t i = 0; i < side; ++i) {
    for (int64_t j = 0; j < side; ++j) {
      const double dx = xs_[static_cast<size_t>(j)] - offset.x;
      const double dy = ys_[static_cast<size_t>(i)] - offset.y;
      const double share = coverage(std::hypot(dx, dy), scene_.radius);
      const int64_t y = (top + i + size) % size;
      const int64_t x = (left + j + size) % size;
      float* pixel = light_.data() + (y * size + x) * 3;
      for (size_t c = 0; c < 3; ++c) {
        const double value =
            colour.mean[c] + colour.contrast[c] * texture_[static_cast<size_t>(i * side + j)];
        pixel[c] = static_cast<float>(pixel[c] + share * (value - pixel[c]));
      }
    }
  }
}

void Renderer::expose() {
  const std::vector<float>& quantiles = normal_quantiles();
  const auto level = static_cast<float>(options_.noise_levels);
  uint64_t bits = 0;
  int samples_left = 0;
  for (size_t i = 0; i < light_.size(); ++i) {
    if (samples_left-- == 0) {
      bits = noise_.bits();
      samples_left = 64 / kNoiseBits - 1;
    }
    const float value = light_[i] + level * quantiles[bits & ((1U << kNoiseBits) - 1)];
    bits >>= kNoiseBits;
    rgb_[i] = static_cast<uint8_t>(std::lrint(std::clamp(value, 0.0F, 255.0F)));
  }
}

}  // namespace relevid::data
