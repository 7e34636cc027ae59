// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "kernels/host_sums.h"
#include "kernels/onednn/activations.h"
#include "kernels/onednn/device.h"
#include "kernels/parameters.h"

namespace relevid::kernels::onednn {
namespace {

/// Rows of one axis, each a run of floats: [outer, size, inner].
struct Rows {
  int64_t outer = 1, size = 1, inner = 1;
};

/// Taps of one direction: row `row` is the sum of weight times `other` rows, from first[row] on.
struct Taps {
  std::vector<size_t> first;
  std::vector<int64_t> other;
  std::vector<double> weight;
};

Taps ordered_by(std::vector<AxisTap> taps, int64_t AxisTap::*row, int64_t AxisTap::*other, int64_t rows) {
  std::ranges::stable_sort(taps, {}, row);
  Taps result;
  for (int64_t r = 0; r <= rows; ++r)
    result.first.push_back(static_cast<size_t>(std::ranges::lower_bound(taps, r, {}, row) - taps.begin()));
  for (const auto& tap : taps) {
    result.other.push_back(tap.*other);
    result.weight.push_back(tap.weight);
  }
  return result;
}

class Resample final : public LinearMap {
 public:
  Resample(Device& device, const ResampleSpec& spec, const Shape& input, const Epilogue& epilogue)
      : device_(device),
        axis_(spec.axis),
        input_(input),
        output_(output_shape(spec, input)),
        epilogue_(epilogue),
        ahead_(ordered_by(spec.taps, &AxisTap::to, &AxisTap::from, output_[axis_])),
        back_(ordered_by(spec.taps, &AxisTap::from, &AxisTap::to, input_[axis_])) {}

  Buffer forward(const Buffer& x, Buffer) override {
    Buffer y = apply(x, {}, {});
    activate_in_place(device_, y, epilogue_.activation);
    return y;
  }
  Buffer apply(const Buffer& x, WeightTransform transform, BiasPart) override {
    return run(x, output_, ahead_, transform);
  }
  Buffer adjoint(const Buffer& s, WeightTransform transform) override {
    return run(s, input_, back_, transform);
  }
  std::vector<Buffer> adjoints(const Buffer& s, std::span<const WeightTransform> weights) override {
    std::vector<Buffer> result;
    for (const auto& weight : weights) result.push_back(adjoint(s, weight));
    return result;
  }
  Sums bias_dot(const Buffer&, BiasPart) override {
    return host_sums(HostSums(static_cast<size_t>(output_[0]), 0.0));
  }
  ParameterGradient parameter_gradient(const Buffer&, const Buffer&) override {
    return zero_gradient(nullptr, nullptr, DType::kF32);
  }
  void parameters_changed() override {}

 private:
  /// Channels of blocked volumes do not lie in rows.
  bool is_plain_channels(const Shape& shape) const { return axis_ == 1 && device_.is_blocked(shape); }

  /// Of storage in which the axis runs row by row.
  Rows rows(const Shape& shape) const {
    Rows result{1, shape[axis_], 1};
    const bool blocked = device_.is_blocked(shape) && axis_ != 1;
    for (int64_t i = 0; i < axis_; ++i)
      result.outer *= blocked && i == 1 ? device_.layout(shape).blocks : shape[i];
    for (int64_t i = axis_ + 1; i < shape.rank(); ++i)
      result.inner *= blocked && i == 1 ? device_.layout(shape).blocks : shape[i];
    if (blocked) result.inner *= device_.block();
    return result;
  }

  Buffer run(const Buffer& x, const Shape& shape, const Taps& taps, WeightTransform transform) {
    const bool unpacks = is_plain_channels(x.shape()) || is_plain_channels(shape);
    if (!unpacks) {
      Buffer y = device_.allocate(shape);
      add_up(x.data<float>(), rows(x.shape()), taps, transform, y.data<float>(), rows(shape));
      return y;
    }
    const auto plain = device_.to_plain(x);
    std::vector<float> result(static_cast<size_t>(shape.elements()));
    add_up(plain.data(), rows(x.shape()), taps, transform, result.data(), rows(shape));
    return device_.from_plain(shape, result.data());
  }

  static void add_up(const float* from, const Rows& source, const Taps& taps, WeightTransform transform,
                     float* to, const Rows& target) {
    std::vector<float> weights;
    for (const double weight : taps.weight) weights.push_back(static_cast<float>(transform(weight)));
#pragma omp parallel for collapse(2) schedule(static)
    for (int64_t outer = 0; outer < target.outer; ++outer) {
      for (int64_t row = 0; row < target.size; ++row) {
        float* sums = to + (outer * target.size + row) * target.inner;
        std::fill_n(sums, target.inner, 0.0F);
        for (size_t tap = taps.first[static_cast<size_t>(row)];
             tap < taps.first[static_cast<size_t>(row) + 1]; ++tap) {
          const float* values = from + (outer * source.size + taps.other[tap]) * source.inner;
          const float weight = weights[tap];
          for (int64_t i = 0; i < target.inner; ++i) sums[i] += weight * values[i];
        }
      }
    }
  }

  Device& device_;
  int64_t axis_;
  Shape input_, output_;
  Epilogue epilogue_;
  Taps ahead_, back_;
};

}  // namespace

std::unique_ptr<LinearMap> make_resample(Device& device, const ResampleSpec& spec, const Shape& input,
                                         const Epilogue& epilogue) {
  return std::make_unique<Resample>(device, spec, input, epilogue);
}

}  // namespace relevid::kernels::onednn
