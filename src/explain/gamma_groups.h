// SPDX-License-Identifier: Apache-2.0
// Which layers of a network get one gamma together: for `relevid tune`.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "explain/composite.h"
#include "graph/graph.h"

namespace relevid {

/// The presets whose layers share by W + γW⁺ with some γ: 0 (epsilon), more, or z+, where γ has no bound. The
/// others promise what a gamma would break (deep_taylor, excitation_backprop: one sign) or have no
/// contributions to weigh.
const std::vector<std::string>& gamma_method_names();
/// Throws Error(kInvalidArgument) naming those where the method is none of them.
void require_gamma_method(const std::string& method);

struct GammaGroup {
  std::string name;
  std::vector<size_t> nodes;           ///< of the graph, in its order
  std::vector<std::string> rules;      ///< that the preset gives them, each once, as describe() has it
  bool has_gamma(double gamma) const;  ///< whether the preset gives all of them just this
};

/// Note [Groups of layers]
/// Of a transformer (automatic.h): "attention", the layers that queries, keys and values come from and the
/// one that takes the attention's result (pooling convolutions between, which are depthwise, included);
/// "embedding", all other layers before the first attention: the patch embedding, and the convolutional
/// stages of hybrids; "mlp", the rest, the classifier included. Of any other network thirds by depth,
/// "early", "middle", "late": a layer's depth is the largest number of layers on a way from the input to it.
/// Only layers whose rule is of γ's family count: zB and flat first layers keep theirs. Groups without a
/// layer are left out. Layers that a file of rules cannot name (no name, or * and ? in it) are in none.
std::vector<GammaGroup> gamma_groups(const graph::Graph& graph,
                                     std::span<const std::optional<NodeRule>> rules);

/// A γ for each group; nothing: as the preset has it.
using Gammas = std::vector<std::optional<double>>;
/// What comes before the preset's own entries so that the groups get these; one for each layer.
std::vector<CompositeEntry> gamma_entries(const graph::Graph& graph, std::span<const GammaGroup> groups,
                                          const Gammas& gammas);

/// A file that read_rules() reads as gamma_entries(). `about`: a JSON object that is kept in it for people.
std::string gamma_rules_file(const graph::Graph& graph, std::span<const GammaGroup> groups,
                             const Gammas& gammas, const std::string& about);

}  // namespace relevid
