// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace relevid::statistics {

/// A number for a video: FNV-1a of its key, mixed.
uint64_t hash_of_key(std::string_view key);

/// How often each replicate draws the video: independent Poisson(1) counts, the limit of the multinomial
/// counts of the ordinary bootstrap (Hanley, MacGibbon 2006, Comput. Methods Programs Biomed. 83:57;
/// Chamandy et al. 2012, Google technical report). A count depends on (seed, key, replicate) alone: not on
/// the other videos, their order, the shard or the machine. The first n of more replicates are those of n.
void fill_poisson_weights(uint64_t seed, std::string_view key, std::span<double> weights);

}  // namespace relevid::statistics
