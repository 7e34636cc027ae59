// SPDX-License-Identifier: Apache-2.0
#include "evaluate/baselines.h"

#include <cmath>

#include "base/random.h"

namespace relevid::evaluate {
namespace {

std::vector<double> bell(int64_t size) {
  std::vector<double> values;
  const double middle = static_cast<double>(size - 1) / 2, sigma = static_cast<double>(size) / 4;
  for (int64_t i = 0; i < size; ++i) {
    const double d = (static_cast<double>(i) - middle) / sigma;
    values.push_back(std::exp(-d * d / 2));
  }
  return values;
}

}  // namespace

std::vector<double> random_scores(int64_t count, uint64_t seed) {
  Random random(seed);
  std::vector<double> scores;
  for (int64_t i = 0; i < count; ++i) scores.push_back(random.unit());
  return scores;
}

std::vector<float> centre_prior(const Volume& volume) {
  const auto t = bell(volume.frames), y = bell(volume.height), x = bell(volume.width);
  std::vector<float> map;
  map.reserve(volume.voxels());
  for (const double a : t) {
    for (const double b : y) {
      for (const double c : x) map.push_back(static_cast<float>(a * b * c));
    }
  }
  return map;
}

}  // namespace relevid::evaluate
