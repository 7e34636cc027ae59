// SPDX-License-Identifier: Apache-2.0
#include "data/texture.h"

#include <cmath>
#include <numbers>

namespace relevid::data {
namespace {

constexpr int kWaves = 24;
constexpr double kLowestFrequency = 0.03;  // cycles per pixel; the highest is e^kBand times it, 0.22

// Note [Endless zoom]
// Growing lowers every frequency, and a texture that grew would show by its coarseness how long it has. So
// each wave's place in the band goes round: what leaves at the low end comes in at the high end, and the
// amplitude is 0 at both. A texture can grow or shrink for ever, and a single picture of it says nothing
// about which of the two it does: with a scale drawn uniformly over the band, every frame of every class has
// the same distribution.

double amplitude(double place) {
  const double sine = std::sin(std::numbers::pi * place);
  return sine * sine;
}

}  // namespace

Texture Texture::draw(Random& random) {
  Texture texture;
  for (int i = 0; i < kWaves; ++i) {
    const double place = (i + random.unit()) / kWaves;  // every part of the band has its wave
    const double direction = random.uniform(0, 2 * std::numbers::pi);
    texture.waves_.push_back({direction, place, random.uniform(0, 2 * std::numbers::pi)});
  }
  return texture;
}

void Texture::evaluate(std::span<const double> xs, std::span<const double> ys, const Pose& pose,
                       std::vector<float>& values) const {
  values.assign(xs.size() * ys.size(), 0.0F);
  std::vector<float> cosines(xs.size()), sines(xs.size());
  double energy = 0;
  std::vector<double> places;
  for (const Wave& wave : waves_) {
    const double place = wave.place - pose.scale / kBand;
    places.push_back(place - std::floor(place));
    energy += amplitude(places.back()) * amplitude(places.back()) / 2;
  }
  for (size_t i = 0; i < waves_.size(); ++i) {
    const double frequency = 2 * std::numbers::pi * kLowestFrequency * std::exp(places[i] * kBand);
    const double fx = frequency * std::cos(waves_[i].direction + pose.angle);
    const double fy = frequency * std::sin(waves_[i].direction + pose.angle);
    const double height = amplitude(places[i]) / std::sqrt(energy);
    for (size_t x = 0; x < xs.size(); ++x) {
      cosines[x] = static_cast<float>(std::cos(fx * xs[x]));
      sines[x] = static_cast<float>(std::sin(fx * xs[x]));
    }
    // cos(fx x + b) = cos(fx x) cos b - sin(fx x) sin b: no trigonometry in the inner loop.
    for (size_t y = 0; y < ys.size(); ++y) {
      const double b = fy * ys[y] + waves_[i].phase;
      const auto of_cosine = static_cast<float>(height * std::cos(b));
      const auto of_sine = static_cast<float>(height * std::sin(b));
      float* row = values.data() + y * xs.size();
      for (size_t x = 0; x < xs.size(); ++x) row[x] += of_cosine * cosines[x] - of_sine * sines[x];
    }
  }
}

}  // namespace relevid::data
