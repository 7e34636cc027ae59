// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "graph/graph.h"
#include "graph/model.h"

namespace relevid::graph {

/// A sliding window with padding worked out, and the output it gives.
struct ResolvedWindow {
  Window window;                     ///< pads_end holds ceil_mode's overhang as well
  std::vector<int64_t> counted_end;  ///< pads at the end without the overhang
  Shape output;                      ///< channels as in the input
};

/// Kernel, strides, dilations, pads, auto_pad and ceil_mode of a node over `input` [N, C, spatial...], by
/// ONNX's definition. With ceil_mode a window that would start beyond the input and its padding is dropped,
/// as PyTorch does.
ResolvedWindow resolve_window(const ModelNode& node, const Shape& input, const std::vector<int64_t>& kernel);

/// The same of a ConvTranspose over `input`: the window is that of the convolution from its output back to
/// the input; what output_padding adds to the output lies beyond the last window.
ResolvedWindow resolve_transposed_window(const ModelNode& node, const Shape& input,
                                         const std::vector<int64_t>& kernel);

}  // namespace relevid::graph
