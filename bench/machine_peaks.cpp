// SPDX-License-Identifier: Apache-2.0
#include "machine_peaks.h"

#include <algorithm>
#include <dnnl.hpp>
#include <vector>

#include "timing.h"

namespace relevid::bench {
namespace {

constexpr int kRounds = 9;

template <class F>
double least_milliseconds(F&& f) {
  f();
  double least = milliseconds(f);
  for (int i = 1; i < kRounds; ++i) least = std::min(least, milliseconds(f));
  return least;
}

}  // namespace

double MachinePeaks::least_ms(int64_t multiply_adds, int64_t bytes) const {
  return std::max(static_cast<double>(multiply_adds) / multiply_adds_per_ms,
                  static_cast<double>(bytes) / bytes_per_ms);
}

MachinePeaks measure_peaks() {
  MachinePeaks peaks;
  constexpr int64_t kSize = 1536;
  const std::vector<float> a(kSize * kSize, 0.5F), b(kSize * kSize, 0.25F);
  std::vector<float> c(kSize * kSize);
  peaks.multiply_adds_per_ms =
      static_cast<double>(kSize * kSize * kSize) / least_milliseconds([&] {
        dnnl_sgemm('N', 'N', kSize, kSize, kSize, 1, a.data(), kSize, b.data(), kSize, 0, c.data(), kSize);
      });
  constexpr int64_t kFloats = 16 << 20;
  std::vector<float> from(kFloats, 1.0F), to(kFloats, 2.0F);
  float *x = from.data(), *y = to.data();
  peaks.bytes_per_ms = 3.0 * kFloats * sizeof(float) / least_milliseconds([&] {
#pragma omp parallel for simd schedule(static)
                         for (int64_t i = 0; i < kFloats; ++i) y[i] += x[i];
                       });
  return peaks;
}

}  // namespace relevid::bench
