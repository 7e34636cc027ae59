// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "explain/rules.h"
#include "graph/graph.h"

namespace relevid {

/// How nodes that are not linear maps pass relevance.
enum class PoolingRule { kWinner, kEven };  ///< maxima: to the winner, or evenly over the window
/// Note [Same sign]
/// Shares by contribution (norm) have the sign of x_k / Σ x: where summands cancel, as in residual sums
/// without a ReLU after them, they are large and of both signs. Deep Taylor's relevance is never negative
/// (Montavon et al. 2017, definition 2), so its sums and averages share by contributions of the sum's own
/// sign alone: gamma's rule for γ to infinity. Where no input can be negative that is norm.
/// Residuals: by contribution, evenly, or as noted. kAttending, for gradient_attention: everything to the way
/// past a block and to a block that attends, nothing to others (Chefer et al. 2021, arXiv 2103.15679,
/// equation 6).
enum class AdditionRule { kNorm, kEven, kSameSign, kAttending };

/// Note [Gates]
/// In a product the relevance follows the signal, and the gate counts as a constant, as LRP for gated
/// networks has it (Arras et al. 2017, EMNLP workshop WASSA): a gate decides how much passes, not what. Which
/// factor is the gate is seen from the graph (graph::Multiply): a function of the other factor alone (swish),
/// the one after a sigmoid (squeeze-excite), or the one that is broadcast. Where none can be told, or with
/// kHalf, each gets half. Products of matrices: Note [Attention] in explain/attention.h. For null profiles,
/// where values count as equal: kEven takes the weights of an attention as equal too, kWeights as they are.
/// kSameSign, for deep Taylor: as kSignal, and of an attention's weighted sums by contributions of the sum's
/// own sign. kPositiveGradient: as kWeights, times the weights' gradients where these are positive.
enum class ProductRule { kSignal, kSameSign, kHalf, kEven, kWeights, kPositiveGradient };

/// Note [Norms]
/// A normalisation y = scale (x - mean) / deviation + shift, and constants that are added (position
/// embeddings):
/// - kLinear: the deviation counts as a constant; what is left is linear in x, and passes as by the epsilon
/// rule: the
///   mean's subtraction is propagated, the shift absorbs its share. Relevance stays x times a factor that is
///   bounded, R_x = x Mᵀ(scale / deviation · R / s(y)) with M = 1 - 11ᵀ/n, so that nothing after it is
///   divided by a number that relevance does not vanish with. The attention-LRP package has it so.
/// - kPass: R_x = R_y: Achtibat et al. 2024 (arXiv 2402.05602), proposition 3.4, as the identity rule. It
/// keeps
///   what the shift stands for, and gives an x near the mean what y has: where x is then a sum, its summands
///   get R / x, and a few such layers leave nothing but that. For presets whose relevance is never negative.
enum class NormRule { kLinear, kPass };

/// Everything that decides how one node passes relevance.
using NodeRule = std::variant<Rule, PoolingRule, AdditionRule, ProductRule, NormRule>;

/// What an entry of a composite applies to; every condition that is set must hold.
struct Match {
  enum class Position { kAnywhere, kFirst, kLast };
  std::vector<std::string> operators;  ///< names as graph::name gives them; empty: any
  std::string name_pattern;            ///< * and ? over the node's name; empty: any
  Position position =
      Position::kAnywhere;  ///< kFirst: layers that read the input; kLast: the ones that write the output
};

struct CompositeEntry {
  Match match;
  NodeRule rule;
};

/// An ordered list of which nodes get which rule; the first match wins.
struct Composite {
  std::string name;
  std::vector<CompositeEntry> entries;

  /// Entries of `before` come first.
  Composite preceded_by(std::vector<CompositeEntry> before) const;
  Composite followed_by(std::vector<CompositeEntry> after) const;
};

/// deep_taylor, epsilon_plus, epsilon_plus_flat, epsilon_alpha2_beta1, epsilon_alpha2_beta1_flat,
/// epsilon_gamma_box, excitation_backprop; value_path and attnlrp, for transformers; attention_rollout (flat
/// everywhere, but for the weights of attentions), and null_profile (flat everywhere, weights and activations
/// ignored).
std::vector<std::string> preset_names();
/// Throws Error(kInvalidArgument) for another name. `bounds`: whether those of the input are known;
/// deep_taylor takes w² for its first layers where they are not.
enum class InputBounds { kKnown, kUnknown };
Composite preset(std::string_view name, InputBounds bounds);

/// Of gradient_attention: what comes down an attention's weights times their positive gradients, the mean
/// over heads, is added to what a token has (Chefer et al. 2021, equations 5 and 6); all other layers share
/// evenly.
Composite gradient_attention();

/// A user's own rules from a JSON file, a list or an object that has it; see docs/user/rules.md. Throws
/// Error(kIo) or Error(kCorruptInput) naming entry and field.
std::vector<CompositeEntry> read_rules(const std::filesystem::path& path);

/// A rule per node of the graph, nothing for nodes that only move values or apply an activation (relevance
/// passes). Throws Error(kUnsupportedModel) naming nodes that need a rule and get none.
std::vector<std::optional<NodeRule>> assign(const Composite& composite, const graph::Graph& graph);

/// Throws Error(kInvalidArgument) for an entry that fits no node of the graph: a pattern with a slip in it.
void require_used(std::span<const CompositeEntry> entries, const graph::Graph& graph);

/// "z+", "winner", "pass", ... for tables.
std::string describe(const std::optional<NodeRule>& rule);

}  // namespace relevid
