// SPDX-License-Identifier: Apache-2.0
#include "train/collapse.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>

namespace relevid::train {

double chance_loss(std::span<const int64_t> counts, double smoothing) {
  const auto total = static_cast<double>(std::accumulate(counts.begin(), counts.end(), int64_t{0}));
  double entropy = 0;
  for (const int64_t count : counts) {
    const double share =
        (1 - smoothing) * static_cast<double>(count) / total + smoothing / static_cast<double>(counts.size());
    if (share > 0) entropy -= share * std::log(share);
  }
  return entropy;
}

std::optional<Restart::Reason> collapse_of(std::span<const EpochResult> epochs, bool left_before,
                                           double chance, int64_t patience) {
  if (epochs.empty() || epochs.back().loss < kAtChance * chance) return std::nullopt;
  const auto left_by = [&](double share) {
    return std::ranges::any_of(epochs, [&](const EpochResult& epoch) { return epoch.loss < share * chance; });
  };
  if (left_before || left_by(kLeftChance)) return Restart::Reason::kFellBack;
  if (std::ssize(epochs) >= patience && !left_by(kAtChance)) return Restart::Reason::kNeverLeft;
  return std::nullopt;
}

bool is_better(const EpochResult& a, const EpochResult& b) {
  if (!a.validation || !b.validation) return a.loss < b.loss;
  const auto right = [](const EpochResult& epoch) {
    return std::tuple(epoch.validation->videos_right, epoch.validation->clips_right);
  };
  return right(a) > right(b);
}

std::optional<std::string> at_chance(const EpochResult& kept, double chance, int64_t most_frequent) {
  if (kept.loss >= kAtChance * chance) {
    return fmt::format(
        "its loss in epoch {} is {:.3f}, and knowing only how frequent each class is gives {:.3f}",
        kept.epoch, kept.loss, chance);
  }
  if (kept.validation && kept.validation->videos_right <= most_frequent) {
    return fmt::format(
        "in epoch {} it has {} of {} validation videos right, and always naming the most frequent class has "
        "{}",
        kept.epoch, kept.validation->videos_right, kept.validation->videos, most_frequent);
  }
  return std::nullopt;
}

}  // namespace relevid::train
