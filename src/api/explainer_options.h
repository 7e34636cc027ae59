// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "explain/explainer.h"
#include "relevid/explain.h"

namespace relevid {

/// A method's options as the module explain has them, without what only a network can add. Reads the rules
/// file; errors as read_rules().
ExplainerOptions explainer_options(const MethodOptions& options, const InputRange* range);

/// Whether the model's input has an open batch axis, so that clips can go through it together.
bool takes_batches(const Model& model);

}  // namespace relevid
