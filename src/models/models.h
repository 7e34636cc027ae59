// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "graph/model.h"
#include "relevid/create.h"

namespace relevid::models {

/// "c3d", "c3d_bn", "c3d_small", "c3d_small_bn", "r3d_18", "r2plus1d_18", "vit", "vit_small".
std::vector<std::string> names();

/// An architecture with random weights (He et al. 2015, uniform; of transformers' dense layers Glorot and
/// Bengio 2010), the same on every machine for the same
/// options: a float32 input "clip" [batch, 3, clip_len, height, height] with the batch open, and an output
/// "logits" [batch, classes]. Throws Error(kInvalidArgument) for another name or options out of range.
graph::Model create(std::string_view name, const CreateOptions& options);

}  // namespace relevid::models
