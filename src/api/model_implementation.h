// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "graph/join_pathways.h"
#include "graph/model.h"
#include "relevid/model.h"

namespace relevid {

struct Model::Implementation {
  std::filesystem::path path;
  std::string sha256;
  graph::Model model;
  std::vector<ModelPort> inputs, outputs;
  std::vector<graph::Pathway> pathways;  ///< empty where the file has one input
  int64_t clips_inside = 0;              ///< that the file's input has and the model averages over; 0: none
};

/// The same file's model with other nodes or constants, such as random weights.
Model with_graph(const Model& model, graph::Model changed);

/// The model's graph for clips of one shape.
graph::Graph graph_for(const Model& model, const Shape& clip_shape);

}  // namespace relevid
