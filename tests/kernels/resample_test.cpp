// SPDX-License-Identifier: Apache-2.0
// Resampling along an axis and transposed convolutions: oneDNN against the reference, and by definition.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "kernels/differential.h"
#include "relevid/error.h"

namespace relevid {
namespace {

using kernels::ConvolutionSpec;
using kernels::ResampleSpec;
using kernels::TransposedConvolutionSpec;
using testing::LinearPair;
using testing::Random;

/// `size` elements made of one to three others each, some of which nothing reads.
ResampleSpec mixed(int64_t axis, int64_t from, int64_t size) {
  ResampleSpec spec{axis, {}};
  for (int64_t to = 0; to < size; ++to)
    for (int64_t k = 0; k <= to % 3; ++k)
      spec.taps.push_back({to, (2 * to + k) % from, 0.5 - 0.25 * static_cast<double>(k)});
  return spec;
}

TEST(Resample, AgreesAlongEveryAxis) {
  Random random(11);
  const std::vector<Shape> shapes = {{2, 17, 3, 4, 5}, {3, 3, 4, 2, 2}, {2, 24, 5, 6},     {2, 2, 3, 3},
                                     {5, 7},           {2, 3, 5},       {2, 3, 4, 2, 2, 3}};
  for (const Shape& input : shapes) {
    for (int64_t axis = 0; axis < input.rank(); ++axis) {
      for (const int64_t size : {1, 4, 19}) {
        LinearPair pair(mixed(axis, input[axis], size), input,
                        fmt::format("{} resampled to {} along axis {}", input.to_string(), size, axis));
        pair.check_everything(random);
        pair.check_forward({Activation::Kind::kSigmoid, 0, 0}, random);
      }
    }
  }
}

TEST(Resample, TakesWhatItsTapsSay) {
  const ResampleSpec spec{0, {{0, 2, 1}, {1, 0, 0.25}, {1, 2, 0.75}}};
  for (auto* library : {testing::libraries().reference.get(), testing::libraries().onednn.get()}) {
    const auto map = library->prepare(spec, Shape{3, 1}, {});
    const auto x = library->upload(Tensor::from(Shape{3, 1}, std::vector<float>{4, 5, 8}));
    EXPECT_EQ(library->download(map->apply(x, {}, {})).as_doubles(), (std::vector<double>{8, 7}));
    const auto s = library->upload(Tensor::from(Shape{2, 1}, std::vector<float>{1, 4}));
    EXPECT_EQ(library->download(map->adjoint(s, {})).as_doubles(), (std::vector<double>{1, 0, 4}));
  }
}

struct Case {
  std::string name;
  Shape input, output;
  int64_t channels_in, channels_out, groups;
  kernels::Extent kernel, strides, dilations, pads_begin, pads_end;
};

std::vector<Case> cases() {
  const kernels::Extent one{1, 1, 1}, two{2, 2, 2}, three{3, 3, 3};
  return {
      {"plain", {2, 6, 3, 4, 4}, {2, 17, 3, 4, 4}, 6, 17, 1, three, one, one, one, one},
      {"doubling", {2, 17, 2, 3, 3}, {2, 6, 4, 6, 6}, 17, 6, 1, two, two, one, {}, {}},
      {"overlapping, with a rest",
       {1, 5, 2, 3, 3},
       {1, 8, 2, 6, 6},
       5,
       8,
       1,
       {1, 3, 3},
       {1, 2, 2},
       one,
       {0, 1, 1},
       {0, 1, 1}},
      {"asymmetric", {1, 8, 3, 3, 3}, {1, 3, 4, 5, 4}, 8, 3, 1, three, one, one, {0, 0, 1}, {1, 0, 0}},
      {"dilated", {1, 6, 2, 3, 3}, {1, 6, 4, 7, 7}, 6, 6, 1, three, {1, 1, 1}, {1, 2, 2}, {}, {}},
      {"groups", {2, 12, 2, 3, 3}, {2, 6, 3, 5, 5}, 12, 6, 3, {2, 3, 3}, one, one, {}, {}},
      {"depthwise", {1, 17, 3, 3, 3}, {1, 17, 5, 5, 5}, 17, 17, 17, three, one, one, {}, {}},
      {"flat image", {2, 6, 4, 4}, {2, 9, 8, 8}, 6, 9, 1, {1, 2, 2}, {1, 2, 2}, one, {}, {}},
      {"to colours", {1, 16, 2, 4, 4}, {1, 3, 4, 8, 8}, 16, 3, 1, two, two, one, {}, {}},
  };
}

TEST(TransposedConvolution, Agrees) {
  Random random(12);
  for (const Case& c : cases()) {
    SCOPED_TRACE(c.name);
    Shape weight{c.channels_in, c.channels_out / c.groups, c.kernel[0], c.kernel[1], c.kernel[2]};
    if (c.input.rank() == 4) weight = {weight[0], weight[1], weight[3], weight[4]};
    const auto values = std::make_shared<const Tensor>(random.uniform(weight, -1, 1));
    const ConvolutionSpec of{values,      nullptr,      c.groups,   c.kernel,     c.strides,
                             c.dilations, c.pads_begin, c.pads_end, c.channels_in};
    const auto bias = std::make_shared<const Tensor>(random.uniform(Shape{c.channels_out}, -1, 1));
    LinearPair pair(TransposedConvolutionSpec{of, bias, c.output}, c.input,
                    "transposed convolution: " + c.name);
    pair.check_everything(random);
    pair.check_forward({Activation::Kind::kRelu, 0, 0}, random);
  }
}

/// One input, two taps: the output holds the kernel, scaled, and the bias.
TEST(TransposedConvolution, WritesItsKernel) {
  const auto weight =
      std::make_shared<const Tensor>(Tensor::from(Shape{1, 1, 1, 2}, std::vector<float>{2, 3}));
  const auto bias = std::make_shared<const Tensor>(Tensor::from(Shape{1}, std::vector<float>{10}));
  ConvolutionSpec of{weight, nullptr, 1, {1, 1, 2}, {1, 1, 2}, {1, 1, 1}, {}, {}, 1};
  const TransposedConvolutionSpec spec{of, bias, Shape{1, 1, 1, 4}};
  for (auto* library : {testing::libraries().reference.get(), testing::libraries().onednn.get()}) {
    const auto map = library->prepare(spec, Shape{1, 1, 1, 2}, {});
    const auto x = library->upload(Tensor::from(Shape{1, 1, 1, 2}, std::vector<float>{1, -1}));
    EXPECT_EQ(library->download(map->forward(x, {})).as_doubles(), (std::vector<double>{12, 13, 8, 7}));
  }
}

TEST(TransposedConvolution, RefusesAnInputThatItsOutputDoesNotGive) {
  const auto weight = std::make_shared<const Tensor>(Shape{4, 4, 1, 2, 2}, DType::kF32);
  const ConvolutionSpec of{weight, nullptr, 1, {1, 2, 2}, {1, 2, 2}, {1, 1, 1}, {}, {}, 4};
  EXPECT_THROW(kernels::output_shape(TransposedConvolutionSpec{of, nullptr, Shape{1, 4, 1, 4, 4}},
                                     Shape{1, 4, 1, 3, 2}),
               Error);
}

}  // namespace
}  // namespace relevid
