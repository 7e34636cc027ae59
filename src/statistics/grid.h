// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include "statistics/estimate.h"

namespace relevid::statistics {

// What makes sums over videos exact, and so the same to the bit in any order: values are multiples of 2^-32
// between -4 and 4, so that sums of 2^18 of them, drawn less than twice each on average, stay below 2^21,
// where a double holds every multiple of 2^-32.

/// Rounded to a multiple of 2^-32. NaN or beyond ±4: Error(kInternal).
double on_grid(double value);

/// Error(kResourceLimit) where 2^18 videos are already in.
void check_room_for_video(int64_t videos);

/// The observations that a guard adds.
std::span<const double> added_by(Guard guard);

}  // namespace relevid::statistics
