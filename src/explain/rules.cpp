// SPDX-License-Identifier: Apache-2.0
#include "explain/rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "relevid/error.h"

namespace relevid {
namespace {

using Weight = kernels::WeightTransform;
using Bias = kernels::BiasPart;

constexpr Weight kAsIs{Weight::Kind::kAsIs}, kPositive{Weight::Kind::kPositive},
    kNegative{Weight::Kind::kNegative};
constexpr Bias kNoBias{Bias::Kind::kNone};

}  // namespace

bool Rule::needs_bounds() const {
  return std::ranges::any_of(shares, [](const Share& share) {
    return std::ranges::any_of(share.terms, [](const Term& term) {
      return term.input == InputPart::kLow || term.input == InputPart::kHigh;
    });
  });
}

bool Rule::reads_output() const {
  return std::ranges::any_of(shares, [](const Share& share) {
    const auto& terms = share.terms;
    const bool is_denominator = std::ranges::any_of(terms, [](const Term& term) {
      return term.input == InputPart::kAll && term.weight == kAsIs && term.bias.kind == Bias::Kind::kAll;
    });
    return is_denominator || share.where != Where::kEverywhere;
  });
}

Rule epsilon_rule(double epsilon) {
  return {fmt::format("epsilon({:g})", epsilon), {{{{InputPart::kAll, kAsIs, {Bias::Kind::kAll}}}}}, epsilon};
}

Rule z_plus_rule(ZPlusBias bias) {
  const Bias part = bias == ZPlusBias::kPositive ? Bias{Bias::Kind::kPositive} : kNoBias;
  return {bias == ZPlusBias::kPositive ? "z+" : "z+ (no bias)",
          {{{{InputPart::kPositive, kPositive, part}, {InputPart::kNegative, kNegative, kNoBias}}}}};
}

Rule alpha_beta_rule(double alpha, double beta) {
  if (alpha < 0 || beta < 0 || std::abs(alpha - beta - 1) > 1e-9) {
    throw Error(
        ErrorKind::kInvalidArgument,
        fmt::format("alpha-beta takes alpha - beta = 1 with neither negative, and was given {:g} and {:g}",
                    alpha, beta));
  }
  Rule rule{fmt::format("alpha{:g} beta{:g}", alpha, beta), {}};
  rule.shares.push_back({{{InputPart::kPositive, kPositive, {Bias::Kind::kPositive}},
                          {InputPart::kNegative, kNegative, kNoBias}},
                         alpha});
  if (beta > 0) {
    rule.shares.push_back({{{InputPart::kPositive, kNegative, {Bias::Kind::kNegative}},
                            {InputPart::kNegative, kPositive, kNoBias}},
                           -beta});
  }
  return rule;
}

/// Note [Gamma in two terms]
/// Where Wx + b > 0, what speaks for it counts γ times more: W + γW⁺ at x⁺, W + γW⁻ at x⁻; where it is
/// negative the other way round. What speaks for a positive output is (Wx + |W||x|) / 2, for a negative one
/// (Wx - |W||x|) / 2. So with s = sgn(Wx + b) the denominator is (1 + γ/2)(Wx + b) + γ/2 s (|W||x| + |b|),
/// and the input gets (1 + γ/2) x Wᵀq + γ/2 |x| |W|ᵀ(s q): two products each way, where the terms taken one
/// by one are four. Numerator and denominator are divided by 1 + γ/2.
Rule gamma_rule(double gamma) {
  if (gamma == 0) return epsilon_rule();
  return {fmt::format("gamma({:g})", gamma),
          {{{{InputPart::kAll, kAsIs, {Bias::Kind::kAll}},
             {InputPart::kAbsolute,
              {Weight::Kind::kAbsolute},
              {Bias::Kind::kAbsolute},
              gamma / (2 + gamma),
              Term::Sign::kOutput}}}},
          kEpsilon / (1 + gamma / 2)};
}

Rule z_box_rule() {
  return {"zB",
          {{{{InputPart::kAll, kAsIs, kNoBias},
             {InputPart::kLow, kPositive, kNoBias, -1},
             {InputPart::kHigh, kNegative, kNoBias, -1}}}}};
}

Rule w_square_rule() {
  return {"w²", {{{{InputPart::kOne, {Weight::Kind::kSquare}, {Bias::Kind::kSquare}}}}}};
}

Rule flat_rule() {
  return {"flat", {{{{InputPart::kOne, {Weight::Kind::kOnes}, kNoBias}}}}};
}

Rule norm_rule() {
  return {"norm", {{{{InputPart::kAll, kAsIs, kNoBias}}}}};
}

Rule same_sign_rule() {
  Rule rule{"same sign", {}};
  rule.shares.push_back(
      {{{InputPart::kPositive, kPositive, kNoBias}, {InputPart::kNegative, kNegative, kNoBias}},
       1,
       Where::kOutputPositive});
  rule.shares.push_back(
      {{{InputPart::kPositive, kNegative, kNoBias}, {InputPart::kNegative, kPositive, kNoBias}},
       1,
       Where::kOutputNegative});
  return rule;
}

}  // namespace relevid
