// SPDX-License-Identifier: Apache-2.0
#include "train/loss.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "relevid/error.h"

namespace relevid::train {
namespace {

void require_fit(const Tensor& logits, std::span<const int64_t> labels, double smoothing) {
  const Shape& shape = logits.shape();
  if (shape.rank() != 2 || shape[0] != static_cast<int64_t>(labels.size()) || labels.empty()) {
    throw Error(ErrorKind::kInvalidArgument,
                fmt::format("logits of shape {} for {} labels", shape.to_string(), labels.size()));
  }
  for (const int64_t label : labels) {
    if (label >= 0 && label < shape[1]) continue;
    throw Error(ErrorKind::kInvalidArgument, fmt::format("label {}, with {} classes", label, shape[1]));
  }
  if (!(smoothing >= 0 && smoothing < 1))
    throw Error(ErrorKind::kInvalidArgument, fmt::format("label smoothing {}; it is in [0, 1)", smoothing));
}

/// log of softmax, in place; returns the place of the largest.
int64_t log_softmax(std::span<double> row) {
  const auto largest = std::ranges::max_element(row);
  const double shift = *largest;
  double sum = 0;
  for (const double value : row) sum += std::exp(value - shift);
  for (double& value : row) value -= shift + std::log(sum);
  return largest - row.begin();
}

}  // namespace

LossResult cross_entropy(const Tensor& logits, std::span<const int64_t> labels, double smoothing) {
  require_fit(logits, labels, smoothing);
  const auto classes = static_cast<size_t>(logits.shape()[1]);
  std::vector<double> values = logits.as_doubles();
  LossResult result;
  result.gradient = Tensor(logits.shape(), DType::kF32);
  const auto gradient = result.gradient.values<float>();
  const double batch = static_cast<double>(labels.size());
  const double everywhere = smoothing / static_cast<double>(classes);
  for (size_t b = 0; b < labels.size(); ++b) {
    const std::span<double> row(values.data() + b * classes, classes);
    if (log_softmax(row) == labels[b]) ++result.right;
    for (size_t c = 0; c < classes; ++c) {
      const bool is_label = static_cast<int64_t>(c) == labels[b];
      const double target = everywhere + (is_label ? 1 - smoothing : 0);
      if (target > 0) result.loss -= target * row[c] / batch;
      gradient[b * classes + c] = static_cast<float>((std::exp(row[c]) - target) / batch);
    }
  }
  return result;
}

}  // namespace relevid::train
