// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "relevid/train.h"

namespace relevid::train {

/// A loss of at least this share of the chance loss is at chance.
inline constexpr double kAtChance = 0.99;
/// A loss below this share of it has left chance clearly: going back from there is a collapse.
inline constexpr double kLeftChance = 0.95;
/// What a restart multiplies the learning rate by.
inline constexpr double kRestartRateFactor = 0.3;

/// The smallest mean loss of one prediction for all clips, nats: the entropy H(q) of the label distribution
/// q_c = (1 - smoothing) n_c / n + smoothing / C that cross_entropy compares with (Cover and Thomas 2006,
/// theorem 2.6.3: the cross-entropy of q with any prediction is H(q) at least). `counts`: [C] labels of each
/// class, 0 or more, one of them above 0; smoothing in [0, 1).
double chance_loss(std::span<const int64_t> counts, double smoothing);

/// Whether the epochs of the present attempt end in a collapse. `left_before`: whether the attempt began with
/// a state that had left chance. `patience` in epochs.
std::optional<Restart::Reason> collapse_of(std::span<const EpochResult> epochs, bool left_before,
                                           double chance, int64_t patience);

/// Whether state `a` is to be kept rather than `b`: by validation videos right, then clips right; where there
/// is no validation by the training loss. Of equals the one given first is not better.
bool is_better(const EpochResult& a, const EpochResult& b);

/// In words, why a kept state is at chance; nothing where it is not. `most_frequent`: validation videos of
/// the class that has most.
std::optional<std::string> at_chance(const EpochResult& kept, double chance, int64_t most_frequent);

}  // namespace relevid::train
