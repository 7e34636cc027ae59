// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace relevid::tune {

/// A gamma for each group of layers; nothing: the preset's own rules.
using Setting = std::vector<std::optional<double>>;

/// "own, 0.05, 0": as tables and the state's file have it.
std::string to_string(const Setting& setting);
std::string to_string(std::optional<double> gamma);

struct Space {
  std::vector<std::vector<double>> gammas;  ///< [group]: what is tried beside the preset's own
  int64_t rounds = 2;                       ///< through all groups
};
/// The most settings that search() can ask for, and in how many calls.
struct SearchSize {
  int64_t settings = 0, calls = 0;
};
SearchSize largest_size(const Space& space);

/// A value of one group while the others stood still.
struct Tried {
  int64_t round = 1;
  size_t group = 0;
  std::optional<double> gamma;
  double score = 0;
  bool taken = false;
};
struct Found {
  Setting best;
  std::vector<Tried> tried;
};

/// One number a setting, higher is better. The same setting may be asked for again.
using ScoreSettings = std::function<std::vector<double>(std::span<const Setting>)>;

/// Coordinate by coordinate from the preset's own: of each group in turn every value is scored while the
/// others stand still, and the best is taken; what is there stays where none is better. Ends after a round's
/// length of groups without a change, or after the last round.
Found search(const Space& space, const ScoreSettings& score);

}  // namespace relevid::tune
