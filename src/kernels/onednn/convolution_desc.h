// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dnnl.hpp>
#include <string_view>

#include "kernels/specs.h"

namespace relevid::kernels::onednn {

// A convolution in oneDNN's words, shared by its passes.

inline dnnl::memory::dims dims(const Extent& extent) {
  return {extent[0], extent[1], extent[2]};
}
inline dnnl::memory::dims minus_one(const Extent& extent) {
  return {extent[0] - 1, extent[1] - 1, extent[2] - 1};
}

/// The same tensor in whatever layout a primitive prefers.
inline dnnl::memory::desc any_layout(const dnnl::memory::desc& desc, dnnl::memory::data_type type) {
  return {desc.dims(), type, dnnl::memory::format_tag::any};
}
inline dnnl::memory::desc any_layout(const dnnl::memory::desc& desc) {
  return any_layout(desc, desc.data_type());
}

/// Whether an implementation is oneDNN's plain loops, which take a hundred times as long as its fast ones.
inline bool is_plain_loops(const char* implementation) {
  return std::string_view(implementation).find("ref") != std::string_view::npos;
}

inline dnnl::memory::desc weight_desc(const ConvolutionSpec& spec, int64_t channels_in,
                                      dnnl::memory::format_tag tag,
                                      dnnl::memory::data_type type = dnnl::memory::data_type::f32) {
  const Extent& k = spec.kernel;
  if (spec.groups == 1) return {{spec.channels_out, channels_in, k[0], k[1], k[2]}, type, tag};
  return {
      {spec.groups, spec.channels_out / spec.groups, channels_in / spec.groups, k[0], k[1], k[2]}, type, tag};
}
/// Weights as they lie in the graph: row-major, groups being part of the output channels.
inline dnnl::memory::desc plain_weight_desc(const ConvolutionSpec& spec, int64_t channels_in) {
  using Tag = dnnl::memory::format_tag;
  return weight_desc(spec, channels_in, spec.groups == 1 ? Tag::oidhw : Tag::goidhw);
}

}  // namespace relevid::kernels::onednn
