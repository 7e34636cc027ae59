// SPDX-License-Identifier: Apache-2.0
#include <dnnl.hpp>
#include <limits>

#include "kernels/indexing.h"
#include "kernels/onednn/device.h"

namespace relevid::kernels::onednn {
namespace {

using dnnl::memory;

memory::dims dims(const Extent& extent) {
  return {extent[0], extent[1], extent[2]};
}

class MaxWindow final : public MaxMap {
 public:
  MaxWindow(Device& device, const MaxWindowSpec& spec, const Shape& input)
      : device_(device), spec_(spec), input_(input), output_(output_shape(spec, input)) {
    const memory::dims dilations = {spec.dilations[0] - 1, spec.dilations[1] - 1, spec.dilations[2] - 1};
    const auto prepare = [&](dnnl::prop_kind kind) {
      const dnnl::pooling_v2_forward::desc desc(
          kind, dnnl::algorithm::pooling_max, device.volume_desc(input_), device.volume_desc(output_),
          dims(spec.strides), dims(spec.kernel), dilations, dims(spec.pads_begin), dims(spec.pads_end));
      return dnnl::pooling_v2_forward::primitive_desc(desc, device.engine());
    };
    inference_ = dnnl::pooling_v2_forward(prepare(dnnl::prop_kind::forward_inference));
    const auto training = prepare(dnnl::prop_kind::forward_training);
    training_ = dnnl::pooling_v2_forward(training);
    winners_desc_ = training.workspace_desc();
    const dnnl::pooling_v2_backward::desc backward(
        dnnl::algorithm::pooling_max, device.volume_desc(input_), device.volume_desc(output_),
        dims(spec.strides), dims(spec.kernel), dilations, dims(spec.pads_begin), dims(spec.pads_end));
    route_ = dnnl::pooling_v2_backward(
        dnnl::pooling_v2_backward::primitive_desc(backward, device.engine(), training));
  }

  Buffer forward(const Buffer& x, Buffer* winners) override {
    Buffer y = device_.allocate(output_);
    const auto source = device_.wrap(device_.volume_desc(input_), x),
               target = device_.wrap(device_.volume_desc(output_), y);
    if (!winners) {
      device_.run(inference_, {{DNNL_ARG_SRC, source}, {DNNL_ARG_DST, target}});
      return y;
    }
    const auto bytes = static_cast<int64_t>(winners_desc_.get_size());
    *winners = device_.allocate(Shape{(bytes + 3) / 4});
    device_.run(training_, {{DNNL_ARG_SRC, source},
                            {DNNL_ARG_DST, target},
                            {DNNL_ARG_WORKSPACE, device_.wrap(winners_desc_, *winners)}});
    return y;
  }

  Buffer route(const Buffer& g, const Buffer& winners) override {
    Buffer y = device_.allocate(input_);
    device_.run(route_, {{DNNL_ARG_DIFF_DST, device_.wrap(device_.volume_desc(output_), g)},
                         {DNNL_ARG_WORKSPACE, device_.wrap(winners_desc_, winners)},
                         {DNNL_ARG_DIFF_SRC, device_.wrap(device_.volume_desc(input_), y)}});
    return y;
  }

  Buffer share(const Buffer& g) override {
    if (!shared_) {
      const AveragePoolSpec average{
          spec_.kernel, spec_.strides, spec_.dilations, spec_.pads_begin, spec_.pads_end, {}, {}};
      shared_ = make_window_map(device_, average, input_, {});
    }
    return shared_->adjoint(g, {});
  }

 private:
  Device& device_;
  MaxWindowSpec spec_;
  Shape input_, output_;
  dnnl::primitive inference_, training_, route_;
  memory::desc winners_desc_;
  std::unique_ptr<LinearMap> shared_;
};

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
