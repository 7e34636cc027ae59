// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "kernels/host_sums.h"
#include "kernels/indexing.h"
#include "kernels/onednn/activations.h"
#include "kernels/onednn/device.h"
#include "kernels/parameters.h"

namespace relevid::kernels::onednn {
namespace {

/// scale times the sum over any axes: rare ones (batch, channels, rows), in plain loops.
class AxisSum final : public LinearMap {
 public:
  AxisSum(Device& device, const SumSpec& spec, const Shape& input, const Epilogue& epilogue)
      : device_(device),
        spec_(spec),
        input_(input),
        output_(output_shape(spec, input)),
        epilogue_(epilogue) {}

  Buffer forward(const Buffer& x, Buffer) override {
    Buffer y = apply(x, {}, {});
    activate_in_place(device_, y, epilogue_.activation);
    return y;
  }
  Buffer apply(const Buffer& x, WeightTransform transform, BiasPart) override {
    const auto from = device_.to_plain(x);
    std::vector<double> sums(static_cast<size_t>(output_.elements()), 0.0);
    for_each_offset(input_, broadcast_strides(output_, input_), [&](int64_t i, int64_t o) {
      sums[static_cast<size_t>(o)] += static_cast<double>(from[static_cast<size_t>(i)]);
    });
    const double scale = transform(spec_.scale);
    std::vector<float> to(sums.size());
    std::ranges::transform(sums, to.begin(), [=](double sum) { return static_cast<float>(scale * sum); });
    return device_.from_plain(output_, to.data());
  }
  Buffer adjoint(const Buffer& s, WeightTransform transform) override {
    const auto from = device_.to_plain(s);
    std::vector<float> to(static_cast<size_t>(input_.elements()));
    for_each_offset(input_, broadcast_strides(output_, input_), [&](int64_t i, int64_t o) {
      to[static_cast<size_t>(i)] = from[static_cast<size_t>(o)] * static_cast<float>(transform(spec_.scale));
    });
    return device_.from_plain(input_, to.data());
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
  Device& device_;
  SumSpec spec_;
  Shape input_, output_;
  Epilogue epilogue_;
};

}  // namespace

std::unique_ptr<LinearMap> make_axis_sum(Device& device, const SumSpec& spec, const Shape& input,
                                         const Epilogue& epilogue) {
  return std::make_unique<AxisSum>(device, spec, input, epilogue);
}

}  // namespace relevid::kernels::onednn
