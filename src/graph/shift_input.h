// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "graph/model.h"

namespace relevid::graph {

/// The model that gives for x + shift what this one gives for x: the constant is taken off every input again
/// before anything else reads it (Kindermans et al. 2019, LNCS 11700 ch. 14).
Model with_shifted_input(const Model& model, float shift);

}  // namespace relevid::graph
