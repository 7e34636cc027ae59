// SPDX-License-Identifier: Apache-2.0
#include <limits>
#include <vector>

#include "base/overloaded.h"
#include "kernels/indexing.h"
#include "kernels/reference/reference.h"

namespace relevid::kernels::reference {
namespace {

/// For every output the inputs of its window, in row-major order of the window.
std::vector<std::vector<int64_t>> window_inputs(const MaxWindowSpec& spec, const Shape& input,
                                                const Shape& output) {
  const Shape in = as_volume(input), out = as_volume(output);
  std::vector<std::vector<int64_t>> result(static_cast<size_t>(out.elements()));
  size_t o = 0;
  for (int64_t plane = 0; plane < in[0] * in[1]; ++plane)
    for (int64_t t = 0; t < out[2]; ++t)
      for (int64_t h = 0; h < out[3]; ++h)
        for (int64_t w = 0; w < out[4]; ++w, ++o)
          for (int64_t a = 0; a < spec.kernel[0]; ++a)
            for (int64_t b = 0; b < spec.kernel[1]; ++b)
              for (int64_t c = 0; c < spec.kernel[2]; ++c) {
                const int64_t it = t * spec.strides[0] - spec.pads_begin[0] + a * spec.dilations[0];
                const int64_t ih = h * spec.strides[1] - spec.pads_begin[1] + b * spec.dilations[1];
                const int64_t iw = w * spec.strides[2] - spec.pads_begin[2] + c * spec.dilations[2];
                if (it < 0 || it >= in[2] || ih < 0 || ih >= in[3] || iw < 0 || iw >= in[4]) continue;
                result[o].push_back(((plane * in[2] + it) * in[3] + ih) * in[4] + iw);
              }
  return result;
}

std::vector<std::vector<int64_t>> axes_inputs(const Shape& input, const Shape& output) {
  std::vector<std::vector<int64_t>> result(static_cast<size_t>(output.elements()));
  for_each_offset(input, broadcast_strides(output, input),
                  [&](int64_t i, int64_t o) { result[static_cast<size_t>(o)].push_back(i); });
  return result;
}

class ReferenceMaxMap final : public MaxMap {
 public:
  ReferenceMaxMap(const MaxSpec& spec, Shape input)
      : input_(std::move(input)), output_(output_shape(spec, input_)) {
    inputs_ = std::visit(
        Overloaded{[&](const MaxWindowSpec& window) { return window_inputs(window, input_, output_); },
                   [&](const MaxAxesSpec&) { return axes_inputs(input_, output_); }},
        spec);
  }

  Buffer forward(const Buffer& x, Buffer* winners) override {
    Buffer y = allocate(output_), won = allocate(output_);
    for (size_t o = 0; o < inputs_.size(); ++o) {
      double best = -std::numeric_limits<double>::infinity();
      int64_t winner = inputs_[o].empty() ? 0 : inputs_[o][0];
      for (const int64_t i : inputs_[o]) {
        const double value = values(x)[static_cast<size_t>(i)];
        if (value > best) {
          best = value;
          winner = i;
        }
      }
      values(y)[o] = best;
      values(won)[o] = static_cast<double>(winner);
    }
    if (winners) *winners = won;
    return y;
  }

  Buffer route(const Buffer& g, const Buffer& winners) override {
    Buffer y = allocate(input_);
    for (size_t o = 0; o < inputs_.size(); ++o)
      values(y)[static_cast<size_t>(values(winners)[o])] += values(g)[o];
    return y;
  }

  Buffer pick(const Buffer& y, const Buffer& winners) override {
    Buffer picked = allocate(output_);
    for (size_t o = 0; o < inputs_.size(); ++o)
      values(picked)[o] = values(y)[static_cast<size_t>(values(winners)[o])];
    return picked;
  }

  Buffer share(const Buffer& g) override {
    Buffer y = allocate(input_);
    for (size_t o = 0; o < inputs_.size(); ++o) {
      for (const int64_t i : inputs_[o]) {
        values(y)[static_cast<size_t>(i)] += values(g)[o] / static_cast<double>(inputs_[o].size());
      }
    }
    return y;
  }

 private:
  Shape input_, output_;
  std::vector<std::vector<int64_t>> inputs_;
};

}  // namespace

std::unique_ptr<MaxMap> make_max_map(const MaxSpec& spec, const Shape& input) {
  return std::make_unique<ReferenceMaxMap>(spec, input);
}

}  // namespace relevid::kernels::reference
