// SPDX-License-Identifier: Apache-2.0
#include "statistics/poisson_weights.h"

#include <array>

#include "base/random.h"

namespace relevid::statistics {
namespace {

/// P(count ≤ k) · 2^32 for k = 0, 1, ...; beyond the last, below 2^-32 remains.
constexpr auto kCumulative = [] {
  std::array<uint64_t, 13> cumulative{};
  double term = 0.36787944117144233, sum = 0;  // e^-1
  for (size_t k = 0; k < cumulative.size(); ++k) {
    sum += term;
    cumulative[k] = static_cast<uint64_t>(sum * 0x1p32);
    term /= static_cast<double>(k + 1);
  }
  return cumulative;
}();

double count_of(uint64_t uniform) {
  size_t count = 0;
  while (count + 1 < kCumulative.size() && uniform >= kCumulative[count]) ++count;
  return static_cast<double>(count);
}

}  // namespace

uint64_t hash_of_key(std::string_view key) {
  uint64_t hash = 0xCBF29CE484222325ULL;
  for (const char c : key) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  return mix(hash, 0);
}

void fill_poisson_weights(uint64_t seed, std::string_view key, std::span<double> weights) {
  const uint64_t stream = mix(hash_of_key(key), seed);
  for (size_t i = 0; i < weights.size(); i += 2) {
    const uint64_t bits = mix(stream, i / 2);
    weights[i] = count_of(bits >> 32);
    if (i + 1 < weights.size()) weights[i + 1] = count_of(bits & 0xFFFFFFFFULL);
  }
}

}  // namespace relevid::statistics
