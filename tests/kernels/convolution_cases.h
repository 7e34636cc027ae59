// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "kernels/specs.h"
#include "support/random.h"

namespace relevid::testing {

/// A convolution over an input; weights and bias are random.
struct ConvolutionCase {
  std::string name;
  Shape input;
  int64_t channels_out;
  int64_t groups = 1;
  kernels::Extent kernel{1, 1, 1}, strides{1, 1, 1}, dilations{1, 1, 1}, pads_begin{}, pads_end{};
  bool has_bias = true;
};

inline void PrintTo(const ConvolutionCase& value, std::ostream* out) {
  *out << value.name;
}

inline kernels::ConvolutionSpec spec_of(const ConvolutionCase& c, Random& random) {
  kernels::ConvolutionSpec spec;
  const int64_t per_group = c.input[1] / c.groups;
  const Shape weight = c.input.rank() == 5
                           ? Shape{c.channels_out, per_group, c.kernel[0], c.kernel[1], c.kernel[2]}
                           : Shape{c.channels_out, per_group, c.kernel[1], c.kernel[2]};
  spec.weight = shared(random.signed_values(weight));
  if (c.has_bias) spec.bias = shared(random.signed_values(Shape{c.channels_out}));
  spec.groups = c.groups;
  spec.kernel = c.kernel;
  spec.strides = c.strides;
  spec.dilations = c.dilations;
  spec.pads_begin = c.pads_begin;
  spec.pads_end = c.pads_end;
  spec.channels_out = c.channels_out;
  return spec;
}

inline std::vector<ConvolutionCase> kernels_and_channels() {
  std::vector<ConvolutionCase> cases;
  const std::vector<std::pair<kernels::Extent, kernels::Extent>> kernels = {
      {{1, 1, 1}, {0, 0, 0}}, {{1, 3, 3}, {0, 1, 1}}, {{3, 1, 1}, {1, 0, 0}},
      {{3, 3, 3}, {1, 1, 1}}, {{1, 5, 5}, {0, 2, 2}}, {{5, 7, 7}, {2, 3, 3}}};
  const std::vector<int64_t> channels = {1, 2, 3, 4, 5, 8, 16, 17, 24, 64};
  for (size_t k = 0; k < kernels.size(); ++k) {
    for (size_t i = 0; i < channels.size(); ++i) {
      const int64_t out = channels[(3 * i + k) % channels.size()];
      const auto [kernel, pad] = kernels[k];
      if (kernel[1] == 7 && channels[i] * out > 200) continue;
      const int64_t batch = static_cast<int64_t>(i % 3) + 1;
      cases.push_back({fmt::format("k{}{}{}_c{}_{}", kernel[0], kernel[1], kernel[2], channels[i], out),
                       Shape{batch, channels[i], 4, 5, 6},
                       out,
                       1,
                       kernel,
                       {1, 1, 1},
                       {1, 1, 1},
                       pad,
                       pad});
    }
  }
  return cases;
}

inline std::vector<ConvolutionCase> geometries() {
  const kernels::Extent one{1, 1, 1}, three{3, 3, 3};
  return {
      {"strided", {2, 17, 5, 6, 7}, 8, 1, three, {1, 2, 2}, one, one, one},
      {"strided_time", {1, 3, 8, 9, 9}, 16, 1, {3, 7, 7}, {2, 2, 2}, one, {1, 3, 3}, {1, 3, 3}},
      {"stride_beyond_kernel", {1, 5, 7, 7, 7}, 6, 1, one, {2, 3, 2}, one, {}, {}},
      {"stem_strided", {2, 3, 4, 11, 10}, 24, 1, {1, 3, 3}, {1, 2, 2}, one, {0, 1, 0}, {0, 0, 1}},
      {"stem_asymmetric", {1, 3, 6, 8, 8}, 8, 1, three, one, one, {2, 0, 1}, {0, 1, 0}},
      {"causal", {1, 24, 5, 4, 4}, 24, 1, {5, 1, 1}, one, one, {4, 0, 0}, {}},
      {"dilated", {1, 8, 7, 9, 8}, 17, 1, three, one, {1, 2, 2}, {1, 2, 2}, {1, 2, 2}},
      {"dilated_time_strided", {1, 16, 9, 8, 8}, 16, 1, three, {1, 2, 1}, {2, 1, 3}, {2, 1, 3}, {2, 1, 3}},
      {"dilated_stem", {1, 2, 7, 7, 7}, 5, 1, three, one, {2, 2, 1}, {2, 2, 1}, {2, 2, 1}},
      {"pads_only_at_end", {1, 5, 3, 5, 5}, 4, 1, three, one, one, {}, {2, 2, 2}},
      {"wide_pads", {1, 4, 2, 3, 3}, 16, 1, three, one, one, {3, 3, 3}, {3, 3, 3}},
      {"without_bias", {1, 17, 3, 4, 5}, 5, 1, three, one, one, one, one, false},
      {"point_strided", {2, 24, 5, 7, 9}, 17, 1, one, {2, 2, 3}, one, {}, {}},
      {"frames_alone", {1, 24, 5, 28, 28}, 17, 1, {3, 1, 1}, one, one, {1, 0, 0}, {1, 0, 0}},
      {"frames_alone_strided",
       {2, 5, 6, 28, 29},
       8,
       1,
       {3, 1, 1},
       {2, 1, 1},
       {2, 1, 1},
       {2, 0, 0},
       {1, 0, 0}},
      {"flat_image", {2, 3, 9, 8}, 16, 1, {1, 3, 3}, {1, 2, 1}, one, {0, 1, 1}, {0, 1, 1}},
      {"stem_stride_beyond_kernel", {1, 3, 4, 6, 17}, 16, 1, {1, 3, 2}, {1, 1, 5}, one, {0, 1, 1}, {0, 1, 1}},
      {"flat_deep", {1, 24, 6, 7}, 17, 1, {1, 3, 3}, one, {1, 2, 1}, {0, 2, 1}, {0, 2, 1}},
      {"flat_point", {3, 5, 4, 4}, 64, 1, one, one, one, {}, {}},
  };
}

inline std::vector<ConvolutionCase> grouped() {
  const kernels::Extent one{1, 1, 1}, three{3, 3, 3};
  return {
      {"groups_fill_blocks", {1, 32, 3, 4, 5}, 32, 2, three, one, one, one, one},
      {"depthwise_stride_beyond_kernel", {1, 17, 4, 6, 13}, 17, 17, {3, 3, 2}, {1, 1, 5}, one, one, one},
      {"groups_of_3", {1, 12, 3, 5, 4}, 12, 4, three, one, one, one, one},
      {"groups_of_4_strided", {2, 24, 4, 5, 5}, 48, 6, {1, 3, 3}, {1, 2, 2}, one, {0, 1, 1}, {0, 1, 1}},
      {"groups_of_5_to_2", {1, 15, 3, 4, 4}, 6, 3, three, one, one, one, one, false},
      {"groups_few_channels", {1, 4, 3, 4, 4}, 8, 2, three, one, one, one, one},
      {"groups_dilated", {1, 16, 5, 6, 6}, 8, 4, three, one, {2, 1, 2}, {2, 1, 2}, {2, 1, 2}},
      {"groups_flat", {1, 18, 6, 5}, 9, 3, {1, 3, 3}, one, one, {0, 1, 1}, {0, 1, 1}},
      {"depthwise_80", {1, 80, 4, 5, 5}, 80, 80, {3, 3, 3}, one, one, one, one},
      {"depthwise_344", {1, 344, 2, 3, 3}, 344, 344, {1, 3, 3}, one, one, {0, 1, 1}, {0, 1, 1}},
      {"depthwise_5_time", {2, 5, 6, 5, 4}, 5, 5, {5, 1, 1}, one, one, {4, 0, 0}, {}},
      {"depthwise_5_strided", {2, 5, 6, 7, 9}, 5, 5, {1, 5, 5}, {1, 2, 2}, one, {0, 2, 1}, {0, 1, 2}},
      {"depthwise_3", {2, 3, 5, 6, 5}, 3, 3, three, {2, 1, 2}, one, one, one},
      {"depthwise_dilated", {1, 24, 6, 7, 7}, 24, 24, three, one, {2, 1, 2}, {2, 0, 2}, {2, 1, 2}},
      {"depthwise_wide", {1, 24, 3, 3, 33}, 24, 24, three, one, one, one, one},
      {"depthwise_wide_strided", {1, 17, 3, 4, 53}, 17, 17, three, {1, 2, 2}, one, one, one},
      {"depthwise_wide_5", {1, 16, 2, 3, 40}, 16, 16, {1, 3, 5}, {1, 1, 3}, one, {0, 1, 2}, {0, 1, 2}},
      {"depthwise_wide_1", {1, 16, 6, 3, 40}, 16, 16, {5, 1, 1}, one, one, {2, 0, 0}, {2, 0, 0}},
      {"depthwise_flat", {2, 17, 6, 5}, 17, 17, {1, 3, 3}, {1, 2, 1}, one, {0, 1, 1}, {0, 1, 1}},
      {"depthwise_wide_pads", {1, 8, 2, 2, 3}, 8, 8, three, one, one, {3, 3, 3}, {3, 4, 3}, false},
      {"multiplier_2", {1, 8, 3, 4, 4}, 16, 8, three, one, one, one, one},
      {"multiplier_2_of_17", {1, 17, 3, 4, 4}, 34, 17, {1, 3, 3}, {1, 2, 2}, one, {0, 1, 1}, {0, 1, 1}},
      {"multiplier_2_few", {2, 3, 3, 4, 4}, 6, 3, three, one, one, one, one},
      {"group_of_one_channel_in", {1, 1, 3, 4, 4}, 4, 1, three, one, one, one, one},
  };
}

inline std::string name_of(const ::testing::TestParamInfo<ConvolutionCase>& test) {
  return test.param.name;
}

}  // namespace relevid::testing
