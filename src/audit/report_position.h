// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "audit/report.h"
#include "audit/report_values.h"

namespace relevid::audit {

// What positions take, in all forms of the report. Nothing is said of a run that has none.

OrderedJson json(const PositionEstimate& estimate);

/// A number in per cent with its interval, and a mark where that is not to be trusted.
using PercentCell = std::function<std::string(const statistics::Estimate&)>;
/// Two steps a line: which frames, what positions take, what reaches the frames.
std::string position_rows(const PositionEstimate& estimate, int64_t frames, const PercentCell& cell);
/// "interval 1 7.3 [5.1, 9.5]; random weights at interval 1 ...": all that positions take, by condition.
std::string position_totals(const Statistics& statistics, const PercentCell& cell);

}  // namespace relevid::audit
