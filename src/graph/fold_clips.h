// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "graph/model.h"

namespace relevid::graph {

/// Makes a model that averages over several clips inside, [N, clips, and a clip's four axes] as MMAction2 and
/// MMDeploy write them, one of a single clip, which stands for all of them: the average of a clip's own
/// output is that output. Returns how many times it does; 0, and the model as it was, where it is no such
/// model.
int64_t fold_clips(Model& model);

}  // namespace relevid::graph
