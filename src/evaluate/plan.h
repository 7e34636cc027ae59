// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "evaluate/filling.h"
#include "evaluate/regions.h"

namespace relevid::evaluate {

enum class RegionKind { kFrames, kCells, kSuperpixels };

/// What is flipped, and what stands in its place.
struct Flipping {
  RegionKind regions = RegionKind::kFrames;
  Fill fill = Fill::kPrevious;
  bool operator==(const Flipping&) const = default;
};

/// "frames", "cells", "superpixels"; "previous", "blur", "mean", "noise".
std::string_view name(RegionKind kind);
std::string_view name(Fill fill);
/// "cells:blur". Throws Error(kInvalidArgument) with the nearest word.
Flipping parse_flipping(std::string_view text);
std::string to_string(const Flipping& flipping);

/// Beside flipping.
enum class Check {
  kAgreement,   ///< of the methods with one another
  kClass,       ///< the map of the runner-up class beside the target's
  kShift,       ///< the clip moved by one pixel to the right
  kOffset,      ///< the clip one of its steps later
  kInvariance,  ///< a constant added to the input and taken off again by the model (Kindermans et al. 2019)
  kRandomised,  ///< weights drawn again from the top layer down (Adebayo et al. 2018)
};
/// "agreement", "class", "shift", "offset", "invariance", "randomised".
std::string_view name(Check check);
/// Throws Error(kInvalidArgument) with the nearest word.
Check parse_check(std::string_view text);
const std::vector<Check>& all_checks();

// Beside the methods: orders that know nothing of the model.
inline constexpr std::string_view kRandom = "random";
/// A Gaussian around the middle of the clip, in space and time, σ a quarter of each side.
inline constexpr std::string_view kCentrePrior = "centre_prior";

struct EvaluationPlan {
  std::vector<std::string> methods;  ///< by their place at the network; baselines apart
  std::vector<Flipping> flippings;
  int64_t steps = 10;  ///< of a curve
  CellGrid cells;
  int64_t superpixels = 128;
  std::vector<Check> checks;
  std::vector<std::string> randomised;  ///< by the networks with random layers: "top 1 of 12 layers"
  float input_shift = 0;                ///< of kInvariance
  uint64_t seed = 1;
  /// Whether kRandom and kCentrePrior are measured beside the methods.
  enum class Baselines { kWith, kWithout } baselines = Baselines::kWith;

  bool has(Check check) const;
};

/// The methods' names and then the baselines', where there are any: whose curves a clip has.
std::vector<std::string> rivals(const EvaluationPlan& plan);

/// Forward passes of the flipping, and explanations, for a clip of this volume. Checks are of a video's first
/// clip alone; explanations come with the passes that their methods need.
struct ClipCost {
  int64_t forward_passes = 0, explanations = 0;
};
ClipCost cost_of(const EvaluationPlan& plan, const Volume& volume, bool first_clip);

}  // namespace relevid::evaluate
