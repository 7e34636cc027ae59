// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "audit/controls.h"
#include "audit/recommendation.h"
#include "audit/verdict.h"

namespace relevid::audit {

// What the numbers say, in a sentence or two of plain words, for people who have not read the headers. Each
// follows from the struct's other members alone.

std::string sentence_of(const Verdict& verdict);
std::string sentence_of(const BorderControl& control);
std::string sentence_of(const FollowControl& control);
std::string sentence_of(const Recommendation& recommendation);

}  // namespace relevid::audit
