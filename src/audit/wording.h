// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "audit/controls.h"
#include "audit/recommendation.h"
#include "audit/verdict.h"

namespace relevid::audit {

// What the numbers say, in a sentence or two of plain words, for people who have not read the headers. Each
// follows from the struct's other members alone.

/// "1.42 (1.31 to 1.55)"; the value alone where there is no interval.
std::string times(const statistics::Estimate& estimate);
/// "+5.0 points (+1.2 to +8.8)"
std::string points(const statistics::Estimate& gain);
/// "the first 2 and the last 2 of 16 frames"
std::string border_of(const Verdict& verdict);

std::string sentence_of(const Verdict& verdict);
std::string sentence_of(const BorderControl& control);
std::string sentence_of(const FollowControl& control);
std::string sentence_of(const Recommendation& recommendation);

}  // namespace relevid::audit
