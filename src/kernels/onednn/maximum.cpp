// SPDX-License-Identifier: Apache-2.0
#include <limits>

#include "kernels/indexing.h"
#include "kernels/onednn/device.h"
#include "kernels/onednn/maximum_window.h"

namespace relevid::kernels::onednn {
namespace {

/// Maximum over axes, in plain loops.
class MaxAxes final : public MaxMap {
 public:
  MaxAxes(Device& device, const MaxAxesSpec& spec, const Shape& input)
      : device_(device), input_(input), output_(output_shape(spec, input)) {}

  Buffer forward(const Buffer& x, Buffer* winners) override {
    const auto from = device_.to_plain(x);
    const auto count = static_cast<size_t>(output_.elements());
    std::vector<float> best(count, -std::numeric_limits<float>::infinity());
    std::vector<int32_t> won(count, -1);
    for_each_offset(input_, broadcast_strides(output_, input_), [&](int64_t i, int64_t o) {
      const auto at = static_cast<size_t>(o);
      if (won[at] >= 0 && !(from[static_cast<size_t>(i)] > best[at])) return;
      best[at] = from[static_cast<size_t>(i)];
      won[at] = static_cast<int32_t>(i);
    });
    if (winners) {
      *winners = device_.allocate(Shape{output_.elements()});
      std::copy(won.begin(), won.end(), winners->data<int32_t>());
    }
    return device_.from_plain(output_, best.data());
  }

  Buffer route(const Buffer& g, const Buffer& winners) override {
    const auto from = device_.to_plain(g);
    std::vector<float> to(static_cast<size_t>(input_.elements()), 0.0F);
    for (size_t o = 0; o < from.size(); ++o) to[static_cast<size_t>(winners.data<int32_t>()[o])] += from[o];
    return device_.from_plain(input_, to.data());
  }

  Buffer pick(const Buffer& y, const Buffer& winners) override {
    const auto from = device_.to_plain(y);
    std::vector<float> to(static_cast<size_t>(output_.elements()));
    for (size_t o = 0; o < to.size(); ++o) to[o] = from[static_cast<size_t>(winners.data<int32_t>()[o])];
    return device_.from_plain(output_, to.data());
  }

  Buffer share(const Buffer& g) override {
    const auto from = device_.to_plain(g);
    std::vector<float> to(static_cast<size_t>(input_.elements()));
    const auto window = static_cast<float>(input_.elements() / output_.elements());
    for_each_offset(input_, broadcast_strides(output_, input_), [&](int64_t i, int64_t o) {
      to[static_cast<size_t>(i)] = from[static_cast<size_t>(o)] / window;
    });
    return device_.from_plain(input_, to.data());
  }

 private:
  Device& device_;
  Shape input_, output_;
};

}  // namespace

std::unique_ptr<MaxMap> make_max_window(Device& device, const MaxWindowSpec& spec, const Shape& input) {
  return std::make_unique<MaxWindow>(device, spec, input);
}

std::unique_ptr<MaxMap> make_max_axes(Device& device, const MaxAxesSpec& spec, const Shape& input) {
  return std::make_unique<MaxAxes>(device, spec, input);
}

}  // namespace relevid::kernels::onednn
