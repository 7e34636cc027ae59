// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "evaluate/filling.h"
#include "evaluate/regions.h"

namespace relevid::evaluate {

/// What a model gives to the class that is explained.
struct TargetScore {
  double logit = 0, probability = 0;
};

/// Writes clip i, [C, T, H, W].
using ClipWriter = std::function<void(int64_t i, std::span<float> values)>;
/// Scores `count` clips, as many at a time as it likes. May throw Interrupted.
using Classify = std::function<std::vector<TargetScore>(int64_t count, const ClipWriter& write)>;

/// How many regions are flipped at each of the points 0 .. steps of a curve: none at first, all at last, in
/// between as even as can be. Fewer points where there are fewer regions.
std::vector<int64_t> flip_counts(int64_t regions, int64_t steps);

/// The scores along one order of the regions.
using Curve = std::vector<TargetScore>;

/// Both ends, which all orders share.
struct CurveEnds {
  TargetScore whole, flipped;
};

/// The curves of several orders of the same regions: at point k the first counts[k] regions of the order are
/// filled. Both ends are as given; what is between takes orders · (points - 2) forward passes.
std::vector<Curve> flip(const Regions& regions, const Filling& filling, std::span<const int64_t> counts,
                        std::span<const std::vector<int32_t>> orders, const CurveEnds& ends,
                        const Classify& classify);
/// The score with everything filled.
TargetScore all_flipped(const Regions& regions, const Filling& filling, const Classify& classify);

// Samek et al. 2017 (IEEE TNNLS 28(11)), of the scores f along the points k = 0 .. L of a curve.

/// Mean over k of f(x⁽⁰⁾) - f(x⁽ᵏ⁾), the most relevant first.
double aopc(std::span<const double> most_first);
/// Mean over k of f(x⁽ᵏ⁾ least relevant first) - f(x⁽ᵏ⁾ most relevant first).
double abpc(std::span<const double> least_first, std::span<const double> most_first);
/// Mean over k of f: under the most relevant first the area under the deletion curve (Petsiuk et al. 2018).
/// Under the least relevant first it is the insertion curve's: what k regions put into a filled clip, the
/// most relevant first, gives is what flipping all but those gives.
double area_under(std::span<const double> curve);

}  // namespace relevid::evaluate
