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

Rule gamma_rule(double gamma) {
  const Weight up{Weight::Kind::kGammaPositive, gamma}, down{Weight::Kind::kGammaNegative, gamma};
  Rule rule{fmt::format("gamma({:g})", gamma), {}};
  rule.shares.push_back({{{InputPart::kPositive, up, {Bias::Kind::kGammaPositive, gamma}},
                          {InputPart::kNegative, down, kNoBias}},
                         1,
                         Where::kOutputPositive});
  rule.shares.push_back({{{InputPart::kPositive, down, {Bias::Kind::kGammaNegative, gamma}},
                          {InputPart::kNegative, up, kNoBias}},
                         1,
                         Where::kOutputNegative});
  return rule;
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
