// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <string_view>
#include <vector>

namespace relevid::statistics {

enum class Half { kChoice, kReport };

/// Splits labelled videos into two halves, class by class: one on which something is chosen, one on which it
/// is reported. Videos are put in the order of (label, hash of the key) and dealt alternately, so that the
/// halves of a class, and the halves as a whole, differ by one video at most, and neither the order in which
/// videos come nor the machine matters. Copies of one video (equal keys) lie in one half; a copy under two
/// labels counts for the smaller label.
///
/// A hash bit alone would need no memory, but would leave classes of a few videos one-sided. This keeps 16
/// bytes a video: 160 kB for ten thousand.
class Halves {
 public:
  void add(std::string_view key, int64_t label);
  /// After the last video: deals.
  void deal();
  /// Of a video that was added.
  Half of(std::string_view key) const;
  /// How many videos came with a key that was there already.
  int64_t copies() const { return copies_; }

 private:
  struct Entry {
    int64_t label = 0;
    uint64_t hash = 0;
    auto operator<=>(const Entry&) const = default;
  };
  std::vector<Entry> entries_;
  std::vector<uint64_t> reported_;  ///< hashes in order
  int64_t copies_ = 0;
};

}  // namespace relevid::statistics
