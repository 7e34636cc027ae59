// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "graph/graph.h"
#include "graph/model.h"

namespace relevid::graph {

/// The inverse of `specialise`: a graph as a model of ONNX's operators (opset 17) that any runtime takes,
/// with the batch (axis 0 of every input) left open. Constants are shared with the graph, not copied. What
/// was folded stays folded; softmax that was cut stays cut. Throws Error(kUnsupportedModel) for what opset 17
/// has no operator for (dilated average pooling), and where the batch does not come out on axis 0.
Model to_model(const Graph& graph);

}  // namespace relevid::graph
