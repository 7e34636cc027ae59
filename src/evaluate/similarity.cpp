// SPDX-License-Identifier: Apache-2.0
#include "evaluate/similarity.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace relevid::evaluate {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr int64_t kWindow = 7;
constexpr double kRange = 2;
constexpr double kC1 = 0.01 * kRange * 0.01 * kRange, kC2 = 0.03 * kRange * 0.03 * kRange;

double largest_magnitude(std::span<const float> values) {
  double largest = 0;
  for (const float value : values) largest = std::max(largest, std::abs(static_cast<double>(value)));
  return largest;
}

/// Sums over all rectangles that begin at the corner: [H + 1, W + 1].
class Integral {
 public:
  template <class Value>
  Integral(int64_t height, int64_t width, Value&& value)
      : stride_(static_cast<size_t>(width) + 1), sums_((static_cast<size_t>(height) + 1) * stride_) {
    for (int64_t y = 0; y < height; ++y) {
      double row = 0;
      for (int64_t x = 0; x < width; ++x) {
        row += value(static_cast<size_t>(y * width + x));
        at(y + 1, x + 1) = at(y, x + 1) + row;
      }
    }
  }
  double window(int64_t y, int64_t x, int64_t rows, int64_t columns) {
    return at(y + rows, x + columns) - at(y, x + columns) - at(y + rows, x) + at(y, x);
  }

 private:
  double& at(int64_t y, int64_t x) {
    return sums_[static_cast<size_t>(y) * stride_ + static_cast<size_t>(x)];
  }
  size_t stride_;
  std::vector<double> sums_;
};

/// The sum over a frame's windows, and how many there are.
std::pair<double, double> frame_similarity(std::span<const double> a, std::span<const double> b,
                                           int64_t height, int64_t width) {
  Integral sum_a(height, width, [&](size_t i) { return a[i]; });
  Integral sum_b(height, width, [&](size_t i) { return b[i]; });
  Integral square_a(height, width, [&](size_t i) { return a[i] * a[i]; });
  Integral square_b(height, width, [&](size_t i) { return b[i] * b[i]; });
  Integral product(height, width, [&](size_t i) { return a[i] * b[i]; });
  const int64_t rows = std::min(kWindow, height), columns = std::min(kWindow, width);
  const auto n = static_cast<double>(rows * columns);
  double sum = 0, windows = 0;
  for (int64_t y = 0; y + rows <= height; ++y) {
    for (int64_t x = 0; x + columns <= width; ++x) {
      const double mean_a = sum_a.window(y, x, rows, columns) / n,
                   mean_b = sum_b.window(y, x, rows, columns) / n;
      const double var_a = square_a.window(y, x, rows, columns) / n - mean_a * mean_a;
      const double var_b = square_b.window(y, x, rows, columns) / n - mean_b * mean_b;
      const double cov = product.window(y, x, rows, columns) / n - mean_a * mean_b;
      sum += (2 * mean_a * mean_b + kC1) * (2 * cov + kC2) /
             ((mean_a * mean_a + mean_b * mean_b + kC1) * (var_a + var_b + kC2));
      ++windows;
    }
  }
  return {sum, windows};
}

template <class T>
double pearson(std::span<const T> a, std::span<const T> b) {
  const auto n = static_cast<double>(a.size());
  const double mean_a = std::accumulate(a.begin(), a.end(), 0.0) / n,
               mean_b = std::accumulate(b.begin(), b.end(), 0.0) / n;
  double aa = 0, bb = 0, ab = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double da = static_cast<double>(a[i]) - mean_a, db = static_cast<double>(b[i]) - mean_b;
    aa += da * da;
    bb += db * db;
    ab += da * db;
  }
  if (aa == 0 || bb == 0) return kNaN;
  return std::clamp(ab / std::sqrt(aa * bb), -1.0, 1.0);
}

}  // namespace

std::vector<double> ranks(std::span<const float> values) {
  std::vector<uint32_t> order(values.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order, {}, [&](uint32_t i) { return values[i]; });
  std::vector<double> result(values.size());
  for (size_t begin = 0; begin < order.size();) {
    size_t end = begin + 1;
    while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
    const double rank = static_cast<double>(begin + end + 1) / 2;
    for (size_t i = begin; i < end; ++i) result[order[i]] = rank;
    begin = end;
  }
  return result;
}

double correlation(std::span<const double> a, std::span<const double> b) {
  return pearson(a, b);
}

double correlation(std::span<const float> a, std::span<const float> b) {
  return pearson(a, b);
}

double rank_correlation(std::span<const float> a, std::span<const float> b) {
  return correlation(ranks(a), ranks(b));
}

double structural_similarity(std::span<const float> a, std::span<const float> b, const Volume& volume) {
  const double scale_a = largest_magnitude(a), scale_b = largest_magnitude(b);
  if (scale_a == 0 || scale_b == 0) return kNaN;
  const auto area = static_cast<size_t>(volume.height * volume.width);
  std::vector<double> frame_a(area), frame_b(area);
  double sum = 0, windows = 0;
  for (size_t begin = 0; begin < a.size(); begin += area) {
    for (size_t i = 0; i < area; ++i) {
      frame_a[i] = static_cast<double>(a[begin + i]) / scale_a;
      frame_b[i] = static_cast<double>(b[begin + i]) / scale_b;
    }
    const auto [part, count] = frame_similarity(frame_a, frame_b, volume.height, volume.width);
    sum += part;
    windows += count;
  }
  return std::clamp(sum / windows, -1.0, 1.0);  // beyond by rounding alone
}

}  // namespace relevid::evaluate
