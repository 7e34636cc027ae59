// SPDX-License-Identifier: Apache-2.0
#include "api/maps.h"

#include <algorithm>

namespace relevid {

Tensor summed_over_channels(const Tensor& relevance) {
  const Shape& s = relevance.shape();
  Tensor result(Shape{s[0], s[2], s[3], s[4]}, DType::kF32);
  const auto volume = static_cast<size_t>(s[2] * s[3] * s[4]);
  const auto from = relevance.values<float>();
  const auto to = result.values<float>();
  for (size_t n = 0; n < static_cast<size_t>(s[0]); ++n) {
    for (size_t c = 0; c < static_cast<size_t>(s[1]); ++c) {
      for (size_t i = 0; i < volume; ++i)
        to[n * volume + i] += from[(n * static_cast<size_t>(s[1]) + c) * volume + i];
    }
  }
  return result;
}

std::vector<size_t> evenly(size_t count, size_t most) {
  std::vector<size_t> chosen;
  const size_t taken = std::min(count, most);
  for (size_t i = 0; i < taken; ++i) chosen.push_back(taken == 1 ? 0 : i * (count - 1) / (taken - 1));
  return chosen;
}

}  // namespace relevid
