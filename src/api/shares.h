// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "relevid/explain.h"

namespace relevid {

/// Fills frame_share, is_signed and negative_share from the relevance. Relevance counts as signed
/// where more than 1 % of |R| is negative: shares of Σ R would then pass 1 and change their sign.
void fill_shares(Explanation& explanation);

/// Of one clip's relevance [1, C, T, H, W]: Σ |R[t]| / Σ |R| per frame, and the negative part of Σ |R|. All 0
/// where there is no relevance.
struct AbsoluteShares {
  std::vector<double> per_frame;  ///< [T]
  double negative = 0;
};
AbsoluteShares absolute_shares(const Tensor& relevance);

}  // namespace relevid
