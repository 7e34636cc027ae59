// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "statistics/bootstrap.h"

namespace relevid::audit {

/// Relevance at the temporal borders: the k first and the k last frames of the clip.
struct BorderEstimate {
  int64_t k = 0;
  statistics::Estimate share;  ///< B_k = Σ s_t over t < k and t ≥ T-k
  statistics::Estimate ratio;  ///< B_k / (2k / T); 1 is uniform
  /// The ratio over the null profile's; nullopt without a null profile, or in groups where it was observed
  /// rather than given.
  std::optional<statistics::Estimate> excess;
};

/// How relevance is spread over the T frames of the clip. A video's profile is the mean of its clips' frame
/// shares s_t; what stands here are means over the videos that have relevance. Every interval is for one
/// number: the band of `shares` is pointwise, and the whole curve lies within it less often than 95 %.
struct ProfileEstimate {
  int64_t videos = 0;
  std::vector<statistics::Estimate> shares;  ///< [T] s_t
  std::vector<BorderEstimate> borders;       ///< of border_widths(T)
  statistics::Estimate centre;               ///< centre of mass Σ t s_t, in frames of the clip
  statistics::Estimate
      centre_relative;  ///< (centre - m) / m, m = (T-1)/2: -1 first frame, 0 middle, 1 last frame
  statistics::Estimate
      asymmetry;  ///< share of the later half less that of the earlier; an odd T's middle is in neither
  statistics::Estimate entropy;  ///< mean of the videos' -Σ s_t ln s_t / ln T (Shannon 1948): 1 is uniform
  statistics::Estimate negative_share;  ///< of |R|, signed methods; 0 otherwise
};

/// k = 1, 2 and T/8, each once, where 2k ≤ T. In ascending order.
std::vector<int64_t> border_widths(int64_t frames);
/// The one a verdict is made of: border_frames (relevid/sampling.h).
int64_t main_border_width(int64_t frames);

/// Scaled to sum to 1, which undoes clips without relevance; nullopt where no clip has any.
std::optional<std::vector<double>> scaled_profile(std::span<const double> shares);

/// What a panel holds of a video: the T shares of a scaled profile; its entropy; negative share. T + 2
/// columns.
std::vector<double> profile_row(std::vector<double> profile, double negative_share);
inline size_t profile_columns(int64_t frames) {
  return static_cast<size_t>(frames) + 2;
}

/// B_k of a profile row.
statistics::Combination border_combination(int64_t frames, int64_t k);
/// B_k of a profile [T].
double border_share(std::span<const double> shares, int64_t k);

/// Estimates the mean of a combination of a profile row's columns.
using MeanOf = std::function<statistics::Estimate(const statistics::Combination&)>;
/// `null_profile` [T] or nullptr: excess is left out.
ProfileEstimate estimate_profile(int64_t frames, const MeanOf& mean_of,
                                 const std::vector<double>* null_profile);

/// Checks a given null profile, and scales it to sum to 1. Error(kInvalidArgument) where it does not have
/// `frames` shares, holds a negative or no number, does not sum to 1, or has nothing at its ends.
std::vector<double> checked_null_profile(std::span<const double> shares, int64_t frames);

}  // namespace relevid::audit
