// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

#include "explain/account.h"
#include "explain/composite.h"
#include "network/network.h"

namespace relevid {

/// Note [Attention]
/// O = A V, A being the weights of an attention (a softmax's, or scores that are divided by their number).
/// - Value path (ProductRule::kSignal, the default): A counts as a constant, as a gate does. What is left is
/// a
///   linear map of V, which the epsilon rule takes: R_V = V · Aᵀ (R / s(O)). It conserves, up to ε. Ali et
///   al. 2022 (ICML, "XAI for Transformers") detach the attention so; Achtibat et al. 2024 call it CP-LRP.
/// - Half (ProductRule::kHalf): both are operands of a bilinear map, and each gets half: R_A = A · (R / 2
/// s(O)) Vᵀ,
///   R_V = V · Aᵀ (R / 2 s(O)): AttnLRP (Achtibat et al. 2024, arXiv 2402.05602), proposition 3.3. Products
///   of which neither operand is known to be weights (queries and keys) always go so. The product conserves;
///   the softmax that R_A then goes through does not (SoftmaxMap::relevance), and its account says how much
///   it kept.

/// - Weights (ProductRule::kWeights, attention rollout): R_V = Aᵀ R, whatever the values are. Even
///   (ProductRule::kEven, null profiles): the same with queries and keys of 0, which leaves masks and
///   constant biases.
/// Attention(q, k, v) with its scores and softmax inside goes the same ways. Half is there what the gradient
/// gives with q = R / 2 s(O) at the output: by the values as it is, by queries and keys half of it, since
/// they are operands of a product too.

/// Relevance of a MatMul's two operands; empty where one gets none. `trace` as Propagation::run has it.
std::array<kernels::Buffer, 2> through_matrices(kernels::Library& library, const Step& step, ProductRule rule,
                                                const Trace& trace, const kernels::Buffer& r,
                                                DeferredAccount& account);

/// Of an Attention's operands: queries, keys, values, bias. `gradient`: of the score by its output, which
/// kPositiveGradient alone reads.
std::array<kernels::Buffer, 4> through_attention(kernels::Library& library, const Step& step,
                                                 ProductRule rule, const Trace& trace,
                                                 const kernels::Buffer& r, const kernels::Buffer& gradient,
                                                 DeferredAccount& account);

/// Relevance of a softmax's input. What the decomposition leaves out is absorbed as by a bias.
kernels::Buffer through_softmax(kernels::Library& library, const Step& step, const Trace& trace,
                                const kernels::Buffer& r, DeferredAccount& account);

}  // namespace relevid
