// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "graph/model.h"

namespace relevid::graph {

/// What of a model is read or run otherwise than its file says, as sentences: mostly nothing.
std::vector<std::string> notes_of(const Model& model);

}  // namespace relevid::graph
