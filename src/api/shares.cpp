// SPDX-License-Identifier: Apache-2.0
#include "api/shares.h"

#include <algorithm>
#include <cmath>

namespace relevid {
namespace {

constexpr double kSignedFrom = 0.01;

struct FrameSums {
  double positive = 0, negative = 0;  ///< negative ≤ 0
};

/// Per clip and frame, [N][T].
std::vector<std::vector<FrameSums>> frame_sums(const Tensor& relevance) {
  const Shape& s = relevance.shape();
  const auto values = relevance.values<float>();
  std::vector<std::vector<FrameSums>> sums(static_cast<size_t>(s[0]),
                                           std::vector<FrameSums>(static_cast<size_t>(s[2])));
  size_t i = 0;
  for (auto& clip : sums) {
    for (int64_t c = 0; c < s[1]; ++c) {
      for (FrameSums& frame : clip) {
        for (int64_t k = 0; k < s[3] * s[4]; ++k) {
          const auto value = static_cast<double>(values[i++]);
          (value > 0 ? frame.positive : frame.negative) += value;
        }
      }
    }
  }
  return sums;
}

}  // namespace

void fill_shares(Explanation& explanation) {
  const auto sums = frame_sums(explanation.relevance);
  double positive = 0, negative = 0;
  for (const auto& clip : sums) {
    for (const FrameSums& frame : clip) {
      positive += frame.positive;
      negative -= frame.negative;
    }
  }
  explanation.is_signed = negative > kSignedFrom * (positive + negative);
  const Shape shape{explanation.relevance.shape()[0], explanation.relevance.shape()[2]};
  explanation.frame_share = Tensor(shape, DType::kF32);
  explanation.negative_share = Tensor(shape, DType::kF32);
  size_t i = 0;
  for (const auto& clip : sums) {
    double total = 0, absolute = 0;
    for (const FrameSums& frame : clip) {
      total += frame.positive + frame.negative;
      absolute += frame.positive - frame.negative;
    }
    for (const FrameSums& frame : clip) {
      const double net = frame.positive + frame.negative, size = frame.positive - frame.negative;
      const auto share = [](double part, double whole) {
        return whole == 0 ? 0.0F : static_cast<float>(part / whole);
      };
      explanation.frame_share.values<float>()[i] =
          explanation.is_signed ? share(size, absolute) : share(net, total);
      explanation.negative_share.values<float>()[i] =
          explanation.is_signed ? share(frame.negative, absolute) : 0.0F;
      ++i;
    }
  }
}

AbsoluteShares absolute_shares(const Tensor& relevance) {
  AbsoluteShares result;
  double total = 0;
  const auto sums = frame_sums(relevance);
  for (const FrameSums& frame : sums.at(0)) {
    result.per_frame.push_back(frame.positive - frame.negative);
    result.negative -= frame.negative;
    total += result.per_frame.back();
  }
  if (total == 0) return result;
  for (double& share : result.per_frame) share /= total;
  result.negative /= total;
  return result;
}

}  // namespace relevid
