// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace relevid::statistics {

/// Two ways of predicting the same videos, compared where they differ.
struct McNemar {
  int64_t gained = 0;  ///< videos that only the second has right
  int64_t lost = 0;    ///< videos that only the first has right
  double p = 1;        ///< two-sided, exact
};

/// McNemar's test (1947, Psychometrika 12:153) with the exact binomial instead of chi-squared: of the
/// discordant videos, as many are gained as lost where nothing differs, so
/// p = min(1, 2 P(X ≤ min(gained, lost))), X ~ Bin(gained + lost, 1/2). 1 without discordant videos.
McNemar mcnemar_exact(int64_t gained, int64_t lost);

/// Holm's correction of several p-values (1979, Scand. J. Stat. 6:65): the i-th smallest of m is multiplied
/// by m - i + 1, made monotone and at most 1. In the order given.
std::vector<double> holm(std::span<const double> p);

/// How many videos McNemar's test at 5 % needs to see a gain with 80 % power:
/// n = (z_0.975 √ψ + z_0.8 √(ψ - δ²))² / δ², with the share ψ of discordant videos and the gain δ in accuracy
/// (Miettinen 1968, Biometrics 24:339; Connett, Smith, McHugh 1987, Stat. Med. 6:537). 0 < δ ≤ 1; ψ is raised
/// to δ where it is below it, as a gain comes from discordant videos.
int64_t videos_for_gain(double discordant, double gain);

}  // namespace relevid::statistics
