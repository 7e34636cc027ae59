// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "evaluate/statistics.h"

namespace relevid::evaluate {

/// "0.312 [0.290, 0.335]"; without an interval the number alone.
std::string in_words(const statistics::Estimate& estimate);

/// Why this kind of flipping may not be trusted to rank methods: it cannot tell them apart, the random order
/// is not last, filling everything hardly matters. Sentences.
std::vector<std::string> warnings_of(const FlippingResult& result);
/// Of the evaluation as a whole: few videos, relevance that is not on the objects.
std::vector<std::string> warnings_of(const Evaluation& result);

}  // namespace relevid::evaluate
