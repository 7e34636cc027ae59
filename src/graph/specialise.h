// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "graph/model.h"

namespace relevid::graph {

/// What a graph is for: running as the model was saved, or training, which keeps batch norms and dropouts.
enum class Mode { kInference, kTraining };

/// Turns a model into a graph for inputs of the given shapes: works out every size, computes what is
/// constant, resolves the differences between opsets and exporters, and rewrites into the few operators of
/// graph.h. Then runs `simplify`. Throws Error(kUnsupportedModel) with the list of all nodes that relevid
/// cannot take, in the file's order: operators it does not know, and forms of operators that it does not
/// take; nodes after those, whose inputs stay unknown, are counted. Only a model without any such node can
/// fail in other ways: Error(kCorruptInput) where shapes do not fit or weights hold NaN or infinity (named),
/// Error(kInvalidArgument) for input shapes that it does not take.
Graph specialise(const Model& model, const std::map<std::string, Shape>& input_shapes,
                 Mode mode = Mode::kInference);

/// Nodes that are not supported in any form, found without knowing shapes; as "Op 'name'".
std::vector<std::string> unsupported_nodes(const Model& model);

}  // namespace relevid::graph
