// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "kernels/composed.h"
#include "kernels/onednn/device.h"
#include "kernels/onednn/dispatch.h"

namespace relevid::kernels::onednn {
namespace {

using Centring = StandardiseSpec::Centring;
using Deviation = StandardiseMap::Deviation;

/// A row's mean and 1 / sqrt(variance + epsilon).
struct RowStatistics {
  float mean, factor;
};

RELEVID_DISPATCHED
RowStatistics row_statistics(const float* x, int64_t count, float epsilon, Centring centring) {
  float sum = 0;
  if (centring == Centring::kMean) {
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < count; ++i) sum += x[i];
  }
  const float mean = sum / static_cast<float>(count);
  float squares = 0;
#pragma omp simd reduction(+ : squares)
  for (int64_t i = 0; i < count; ++i) squares += (x[i] - mean) * (x[i] - mean);
  return {mean, 1 / std::sqrt(squares / static_cast<float>(count) + epsilon)};
}

RELEVID_DISPATCHED
void standardise_row(const float* x, RowStatistics of, const float* scale, const float* shift, int64_t count,
                     float* y) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) y[i] = (x[i] - of.mean) * of.factor * scale[i] + shift[i];
}

/// y = factor (g' - mean(g') - along (x - mean) factor), g' = scale g, along the mean of g' (x - mean)
/// factor.
RELEVID_DISPATCHED
void gradient_row(const float* x, const float* g, RowStatistics of, const float* scale, int64_t count,
                  Centring centring, Deviation deviation, float* y) {
  float sum = 0, along = 0;
#pragma omp simd reduction(+ : sum, along)
  for (int64_t i = 0; i < count; ++i) {
    y[i] = scale[i] * g[i];
    sum += y[i];
    along += y[i] * (x[i] - of.mean);
  }
  const float mean = centring == Centring::kMean ? sum / static_cast<float>(count) : 0.0F;
  along = deviation == Deviation::kOfInput ? along * of.factor * of.factor / static_cast<float>(count) : 0.0F;
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) y[i] = of.factor * (y[i] - mean - along * (x[i] - of.mean));
}

/// Over the last axes of what is stored row by row, with a scale and a shift of those axes alone.
class RowStandardise final : public StandardiseMap {
 public:
  RowStandardise(Device& device, const StandardiseSpec& spec, int64_t count)
      : device_(device),
        count_(count),
        epsilon_(static_cast<float>(spec.epsilon)),
        centring_(spec.centring),
        scale_(values_of(spec.scale, count, 1)),
        shift_(values_of(spec.shift, count, 0)) {}

  Buffer forward(const Buffer& x) override {
    Buffer y = device_.allocate(x.shape());
    const float* from = x.data<float>();
    float* to = y.data<float>();
#pragma omp parallel for schedule(static)
    for (int64_t row = 0; row < x.shape().elements() / count_; ++row) {
      const float* values = from + row * count_;
      standardise_row(values, row_statistics(values, count_, epsilon_, centring_), scale_.data(),
                      shift_.data(), count_, to + row * count_);
    }
    return y;
  }

  Buffer gradient(const Buffer& x, const Buffer& g, Deviation deviation) override {
    Buffer y = device_.allocate(x.shape());
    const float *from = x.data<float>(), *gradients = g.data<float>();
    float* to = y.data<float>();
#pragma omp parallel for schedule(static)
    for (int64_t row = 0; row < x.shape().elements() / count_; ++row) {
      const int64_t begin = row * count_;
      gradient_row(from + begin, gradients + begin, row_statistics(from + begin, count_, epsilon_, centring_),
                   scale_.data(), count_, centring_, deviation, to + begin);
    }
    return y;
  }

 private:
  static std::vector<float> values_of(const std::shared_ptr<const Tensor>& tensor, int64_t count,
                                      float otherwise) {
    std::vector<float> result(static_cast<size_t>(count), otherwise);
    if (!tensor) return result;
    const auto values = tensor->values<float>();
    if (values.size() == 1) std::ranges::fill(result, values[0]);
    if (values.size() == result.size()) std::ranges::copy(values, result.begin());
    return result;
  }

  Device& device_;
  int64_t count_;
  float epsilon_;
  Centring centring_;
  std::vector<float> scale_, shift_;
};

/// The elements of a row over `axes`, or 0 where they are not the last ones.
int64_t row_elements(const std::vector<int64_t>& axes, const Shape& input) {
  int64_t count = 1, expected = input.rank();
  for (size_t i = axes.size(); i-- > 0;) {
    if (axes[i] != --expected) return 0;
    count *= input[axes[i]];
  }
  return count;
}

/// Whether a constant is one number, or one for every element of a row.
bool fits_row(const std::shared_ptr<const Tensor>& tensor, const std::vector<int64_t>& axes,
              const Shape& input) {
  if (!tensor || tensor->elements() == 1) return true;
  for (int64_t axis = 0; axis < input.rank(); ++axis) {
    const bool in_row = std::ranges::find(axes, axis) != axes.end();
    if (tensor->shape()[axis] != (in_row ? input[axis] : 1)) return false;
  }
  return true;
}

}  // namespace

std::unique_ptr<StandardiseMap> make_standardise(Library& library, Device& device,
                                                 const StandardiseSpec& spec, const Shape& input) {
  const int64_t count = row_elements(spec.axes, input);
  const bool by_rows = count > 0 && !device.is_blocked(input) && fits_row(spec.scale, spec.axes, input) &&
                       fits_row(spec.shift, spec.axes, input);
  if (by_rows) return std::make_unique<RowStandardise>(device, spec, count);
  return make_composed_standardise(library, spec, input);
}

}  // namespace relevid::kernels::onednn
