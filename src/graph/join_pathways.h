// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "graph/model.h"

namespace relevid::graph {

/// An input of a model that takes some frames of the clip.
struct Pathway {
  std::string input;            ///< as the file names it
  std::string node;             ///< that takes the frames; "" for the input that takes all of them
  std::vector<int64_t> frames;  ///< of the clip
};

/// Makes a model of several pathways, such as SlowFast, one of a single input, the longest, of which each
/// other input takes its frames evenly with both ends: floor(i (T - 1) / (n - 1)), as SlowFast and
/// PyTorchVideo pack them (Feichtenhofer et al. 2019, arXiv 1812.03982; PackPathway). Inputs are pathways
/// where they are clips that differ in the number of frames alone. Empty, and the model as it was, where they
/// are not.
std::vector<Pathway> join_pathways(Model& model);

}  // namespace relevid::graph
