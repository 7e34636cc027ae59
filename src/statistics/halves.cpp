// SPDX-License-Identifier: Apache-2.0
#include "statistics/halves.h"

#include <algorithm>
#include <tuple>

#include "base/random.h"
#include "statistics/poisson_weights.h"

namespace relevid::statistics {
namespace {

/// Another number than the one bootstrap weights come from.
uint64_t rank_of(std::string_view key) {
  return mix(hash_of_key(key), 0x68616C766573ULL);
}

}  // namespace

void Halves::add(std::string_view key, int64_t label) {
  entries_.push_back({label, rank_of(key)});
}

void Halves::deal() {
  const auto by_hash = [](const Entry& a, const Entry& b) {
    return std::tie(a.hash, a.label) < std::tie(b.hash, b.label);
  };
  const auto same_video = [](const Entry& a, const Entry& b) { return a.hash == b.hash; };
  std::sort(entries_.begin(), entries_.end(), by_hash);
  const auto end = std::unique(entries_.begin(), entries_.end(), same_video);
  copies_ = entries_.end() - end;
  entries_.erase(end, entries_.end());
  std::sort(entries_.begin(), entries_.end());
  reported_.clear();
  for (size_t i = 1; i < entries_.size(); i += 2) reported_.push_back(entries_[i].hash);
  std::sort(reported_.begin(), reported_.end());
  entries_ = {};
}

Half Halves::of(std::string_view key) const {
  return std::binary_search(reported_.begin(), reported_.end(), rank_of(key)) ? Half::kReport : Half::kChoice;
}

}  // namespace relevid::statistics
