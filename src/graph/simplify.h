// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "graph/graph.h"

namespace relevid::graph {

/// All passes below, in their order. Each returns a new graph with the same values at its output (softmax
/// aside).
Graph simplify(Graph graph);

/// A normalisation over axes that was written as means, differences, squares and a root becomes one operator.
Graph recognise_norms(Graph graph);

/// Constant factors and terms after a layer become part of it: of a convolution or a dense layer k = scale,
/// W' = k W, b' = k b + shift (as a batch norm does); of a normalisation its scale and shift.
Graph merge_affine(Graph graph);

/// A GELU that was written as erf or tanh, products and sums becomes one activation.
Graph recognise_gelu(Graph graph);

/// Scores, softmax and weighted sum become one Attention, with the factors, masks and relative positions that
/// are between them.
Graph recognise_attention(Graph graph);

/// Transposes and reshapes that follow each other become one.
Graph merge_movement(Graph graph);

/// Values of four or five axes that are no volumes get six: Note [Tokens are no volumes].
Graph keep_tokens_plain(Graph graph);

/// A border of zeros becomes padding of the convolution or average pooling that reads it. (Max pooling keeps
/// it: there a border of zeros can win, padding cannot.)
Graph fold_padding(Graph graph);

/// A softmax with nothing but movement and averages after it is removed, so that the output is logits.
Graph cut_softmax(Graph graph);

/// Whether a softmax with such operators alone after it is at the end of its network: movement and averages.
bool can_follow_softmax(const Operator& op);

/// Nodes that do not lead to the output are removed.
Graph drop_dead(Graph graph);

}  // namespace relevid::graph
