// SPDX-License-Identifier: Apache-2.0
// What a single frame says about the class (nothing), and what two say (all).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "data/render.h"

namespace relevid::data {
namespace {

using Features = std::vector<double>;

constexpr int64_t kVideos = 400;
constexpr int64_t kFolds = 5;

double grey(const std::vector<uint8_t>& rgb, int64_t size, int64_t x, int64_t y) {
  const auto pixel = static_cast<size_t>((y * size + x) * 3);
  return (rgb[pixel] + rgb[pixel + 1] + rgb[pixel + 2]) / 3.0;
}

/// The picture in 8x8 colours, and a histogram of the directions of its gradients weighted by their strength.
Features features_of(const std::vector<uint8_t>& rgb, int64_t size) {
  constexpr int64_t kCells = 8, kDirections = 16;
  Features features(kCells * kCells * 3 + kDirections + 1);
  for (int64_t y = 0; y < size; ++y) {
    for (int64_t x = 0; x < size; ++x) {
      const int64_t cell = (y * kCells / size * kCells + x * kCells / size) * 3;
      for (int64_t c = 0; c < 3; ++c) {
        const double value = rgb[static_cast<size_t>((y * size + x) * 3 + c)];
        features[static_cast<size_t>(cell + c)] +=
            (value / 128 - 1) * kCells * kCells / static_cast<double>(size * size);
      }
      if (x == 0 || y == 0 || x + 1 == size || y + 1 == size) continue;
      const double dx = grey(rgb, size, x + 1, y) - grey(rgb, size, x - 1, y);
      const double dy = grey(rgb, size, x, y + 1) - grey(rgb, size, x, y - 1);
      const double turn = std::atan2(dy, dx) / (2 * std::numbers::pi) + 0.5;
      const auto bin = std::min(static_cast<int64_t>(turn * kDirections), kDirections - 1);
      features[static_cast<size_t>(kCells * kCells * 3 + bin)] +=
          std::hypot(dx, dy) / (30.0 * static_cast<double>(size * size)) * kDirections;
    }
  }
  features.back() = 1;
  return features;
}

struct Samples {
  std::vector<Features> features;
  std::vector<int64_t> labels;
};

/// One frame each of videos with nothing in common: of every group of siblings, one.
Samples single_frames(GenerateOptions options, int64_t frame) {
  const auto classes = static_cast<int64_t>(class_names(options.classes).size());
  const auto textures = draw_textures(options);
  Random choice(99);
  Samples samples;
  for (int64_t group = 0; group < kVideos; ++group) {
    Scene scene = draw_scene(options, group * classes + choice.below(classes));
    scene.frames = {scene.frames[static_cast<size_t>(frame)]};
    Renderer renderer(options, textures, scene);
    samples.features.push_back(features_of(renderer.next_frame(), options.size_pixels));
    samples.labels.push_back(scene.label);
  }
  return samples;
}

/// Solves (A + ridge I) X = B for symmetric positive A by elimination; A is [n, n], B is [n, k].
void solve(std::vector<Features>& a, std::vector<Features>& b, double ridge) {
  const size_t n = a.size();
  for (size_t i = 0; i < n; ++i) a[i][i] += ridge;
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = i + 1; j < n; ++j) {
      const double factor = a[j][i] / a[i][i];
      for (size_t k = i; k < n; ++k) a[j][k] -= factor * a[i][k];
      for (size_t k = 0; k < b[j].size(); ++k) b[j][k] -= factor * b[i][k];
    }
  }
  for (size_t i = n; i-- > 0;) {
    for (size_t k = 0; k < b[i].size(); ++k) {
      for (size_t j = i + 1; j < n; ++j) b[i][k] -= a[i][j] * b[j][k];
      b[i][k] /= a[i][i];
    }
  }
}

/// How many held-out samples a linear classifier (ridge regression onto the classes) gets right, over all
/// folds.
int64_t linear_hits(const Samples& samples, size_t classes) {
  const size_t size = samples.features[0].size();
  int64_t hits = 0;
  for (size_t fold = 0; fold < kFolds; ++fold) {
    std::vector<Features> products(size, Features(size)), weights(size, Features(classes));
    for (size_t i = 0; i < samples.features.size(); ++i) {
      if (i % kFolds == fold) continue;
      const Features& x = samples.features[i];
      for (size_t j = 0; j < size; ++j) {
        for (size_t k = 0; k < size; ++k) products[j][k] += x[j] * x[k];
        weights[j][static_cast<size_t>(samples.labels[i])] += x[j];
      }
    }
    solve(products, weights, 0.5);
    for (size_t i = fold; i < samples.features.size(); i += kFolds) {
      Features scores(classes);
      for (size_t j = 0; j < size; ++j) {
        for (size_t c = 0; c < classes; ++c) scores[c] += samples.features[i][j] * weights[j][c];
      }
      hits += std::max_element(scores.begin(), scores.end()) - scores.begin() == samples.labels[i];
    }
  }
  return hits;
}

int64_t nearest_centroid_hits(const Samples& samples, size_t classes) {
  const size_t size = samples.features[0].size();
  int64_t hits = 0;
  for (size_t fold = 0; fold < kFolds; ++fold) {
    std::vector<Features> centroids(classes, Features(size));
    std::vector<double> counts(classes);
    for (size_t i = 0; i < samples.features.size(); ++i) {
      if (i % kFolds == fold) continue;
      const auto label = static_cast<size_t>(samples.labels[i]);
      ++counts[label];
      for (size_t j = 0; j < size; ++j) centroids[label][j] += samples.features[i][j];
    }
    for (size_t i = fold; i < samples.features.size(); i += kFolds) {
      std::vector<double> distances(classes);
      for (size_t c = 0; c < classes; ++c) {
        for (size_t j = 0; j < size; ++j) {
          const double difference = samples.features[i][j] - centroids[c][j] / counts[c];
          distances[c] += difference * difference;
        }
      }
      hits += std::min_element(distances.begin(), distances.end()) - distances.begin() == samples.labels[i];
    }
  }
  return hits;
}

struct Case {
  MotionClasses classes;
  Background background;
  int64_t frame;
};

class SingleFrame : public ::testing::TestWithParam<Case> {};

TEST_P(SingleFrame, SaysNothingAboutTheClass) {
  GenerateOptions options;
  options.classes = GetParam().classes;
  options.background = GetParam().background;
  options.size_pixels = 48;
  options.speed_min = options.speed_max;  // where a class would show most
  const Samples samples = single_frames(options, GetParam().frame);
  const size_t classes = class_names(options.classes).size();
  const double chance = 1.0 / static_cast<double>(classes);
  // Of a binomial distribution, 99 % lie within 2.576 standard deviations.
  const double margin = 2.576 * std::sqrt(kVideos * chance * (1 - chance));
  EXPECT_NEAR(static_cast<double>(linear_hits(samples, classes)), kVideos * chance, margin);
  EXPECT_NEAR(static_cast<double>(nearest_centroid_hits(samples, classes)), kVideos * chance, margin);
}

INSTANTIATE_TEST_SUITE_P(Appearance, SingleFrame,
                         ::testing::Values(Case{MotionClasses::kFour, Background::kTextured, 0},
                                           Case{MotionClasses::kFour, Background::kFaint, 47},
                                           Case{MotionClasses::kEight, Background::kTextured, 24},
                                           Case{MotionClasses::kRotationZoom, Background::kFaint, 0}));

/// How far the object moves along a field of displacements from one frame to the next, by least squares on
/// difference = -(gradient . displacement) within the object.
template <class Field>
double motion_along(const std::vector<uint8_t>& first, const std::vector<uint8_t>& second, int64_t size,
                    const Scene& scene, const Field& field) {
  const Point centre = scene.frames[0].object;
  double product = 0, square = 0;
  for (int64_t y = 1; y + 1 < size; ++y) {
    for (int64_t x = 1; x + 1 < size; ++x) {
      const Point from_centre{static_cast<double>(x) + 0.5 - centre.x,
                              static_cast<double>(y) + 0.5 - centre.y};
      if (std::hypot(from_centre.x, from_centre.y) > scene.radius) continue;
      const double dx = (grey(first, size, x + 1, y) - grey(first, size, x - 1, y)) / 2;
      const double dy = (grey(first, size, x, y + 1) - grey(first, size, x, y - 1)) / 2;
      const Point way = field(from_centre);
      const double along = dx * way.x + dy * way.y;
      product -= along * (grey(second, size, x, y) - grey(first, size, x, y));
      square += along * along;
    }
  }
  return product / square;
}

TEST(TwoFrames, TellTheClassWhereNothingShakes) {
  for (const MotionClasses classes : {MotionClasses::kFour, MotionClasses::kRotationZoom}) {
    GenerateOptions options;
    options.classes = classes;
    options.speed_min = options.speed_max;
    options.shake_pixels = 0;
    const auto textures = draw_textures(options);
    int hits = 0;
    constexpr int64_t kCount = 100;
    for (int64_t video = 0; video < kCount; ++video) {
      const Scene scene = draw_scene(options, video);
      Renderer renderer(options, textures, scene);
      const std::vector<uint8_t> first = renderer.next_frame();
      const std::vector<uint8_t>& second = renderer.next_frame();
      const auto along = [&](const auto& field) {
        return motion_along(first, second, options.size_pixels, scene, field);
      };
      std::vector<double> evidence;
      if (classes == MotionClasses::kFour) {
        const double x = along([](Point) {
          return Point{1, 0};
        }),
                     y = along([](Point) {
                       return Point{0, 1};
                     });
        evidence = {y, -x, x, -y};
      } else {
        const double turn = along([](Point p) {
          return Point{-p.y, p.x};
        }),
                     growth = along([](Point p) { return p; });
        evidence = {turn, -turn, growth, -growth};
      }
      hits += std::max_element(evidence.begin(), evidence.end()) - evidence.begin() == scene.label;
    }
    EXPECT_GE(hits, 90) << name(classes);
  }
}

}  // namespace
}  // namespace relevid::data
