// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "relevid/explain.h"

namespace relevid {

/// Fills frame_share, is_signed and negative_share from the relevance. Relevance counts as signed
/// where more than 1 % of |R| is negative: shares of Σ R would then pass 1 and change their sign.
void fill_shares(Explanation& explanation);

}  // namespace relevid
