// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "kernels/specs.h"

namespace relevid {

/// Which function of a layer's input a term speaks of. kLow and kHigh are the bounds of the network's input;
/// kOne is 1 inside the input and 0 in its padding.
enum class InputPart { kAll, kPositive, kNegative, kAbsolute, kLow, kHigh, kOne };

/// coefficient · (W'(part) + b') in the denominator, and coefficient · part · W'ᵀq in what the input
/// receives. Where the term takes the output's sign, s = sgn(Wx + b), it is s (W'(part) + b') and part ·
/// W'ᵀ(s q).
struct Term {
  enum class Sign { kOwn, kOutput };
  InputPart input = InputPart::kAll;
  kernels::WeightTransform weight;
  kernels::BiasPart bias;
  double coefficient = 1;
  Sign sign = Sign::kOwn;
};

/// Which outputs pass relevance through a share: all, or those where Wx + b is positive or negative.
enum class Where { kEverywhere, kOutputPositive, kOutputNegative };

/// Part of a rule with a denominator of its own: z = Σ terms, q = R / (z + ε sgn z).
struct Share {
  std::vector<Term> terms;
  double coefficient = 1;
  Where where = Where::kEverywhere;
};

/// What stabilises denominators: added to their absolute value. Small beside activations, which are about 1.
inline constexpr double kEpsilon = 1e-6;

/// How a linear map passes relevance on, as data: R_in = Σ over shares of coefficient · Σ over terms of
/// sign · part · W'ᵀ q. One routine (propagate.h) runs them all.
struct Rule {
  std::string name;
  std::vector<Share> shares;
  double epsilon = kEpsilon;

  bool needs_bounds() const;
  /// Whether it reads Wx + b: as a denominator, or for its sign.
  bool reads_output() const;
};

// The formulas, in the generalised form for inputs of either sign that zennit uses. x⁺ = max(x, 0), x⁻ =
// min(x, 0).

/// R / (Wx + b): Bach et al. 2015 (PLoS ONE 10(7)), equation 58; LRP-0 for ε = 0.
Rule epsilon_rule(double epsilon = kEpsilon);
/// z = W⁺x⁺ + W⁻x⁻ + b⁺: Montavon et al. 2017 (Pattern Recognition 65), equation 18, which has no bias.
enum class ZPlusBias { kPositive, kNone };
Rule z_plus_rule(ZPlusBias bias = ZPlusBias::kPositive);
/// α of the positive contributions less β of the negative: Bach et al. 2015, equation 60. α − β = 1, both ≥
/// 0, otherwise Error(kInvalidArgument).
Rule alpha_beta_rule(double alpha, double beta);
/// W + γW⁺: Montavon et al. 2019 (LNCS 11700, chapter 10), generalised to outputs and inputs of either sign.
/// Without γ the epsilon rule.
Rule gamma_rule(double gamma = 0.25);
/// z^B with the input's bounds: Montavon et al. 2017, equation 19. The bias cancels.
Rule z_box_rule();
/// w²: Montavon et al. 2017, equation 17.
Rule w_square_rule();
/// Every tap inside the input gets the same: Lapuschkin et al. 2019 (Nat. Commun. 10:1096).
Rule flat_rule();
/// x · fᵀ(R / f(x)): averages and sums.
Rule norm_rule();
/// Averages and sums, by contributions of the output's sign alone: Note [Same sign] in explain/composite.h.
Rule same_sign_rule();

}  // namespace relevid
