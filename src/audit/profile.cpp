// SPDX-License-Identifier: Apache-2.0
#include "audit/profile.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "relevid/error.h"
#include "relevid/sampling.h"

namespace relevid::audit {

using statistics::Combination;
using statistics::Estimate;

namespace {

constexpr double kSumTolerance = 1e-3;

bool at_border(int64_t t, int64_t frames, int64_t k) {
  return t < k || t >= frames - k;
}

/// Σ factor(t) s_t.
template <typename Factor>
Combination over_frames(int64_t frames, Factor&& factor) {
  Combination combination;
  for (int64_t t = 0; t < frames; ++t) {
    if (const double f = factor(t); f != 0) combination.emplace_back(static_cast<size_t>(t), f);
  }
  return combination;
}

double relative_place(int64_t t, int64_t frames) {
  const double middle = static_cast<double>(frames - 1) / 2;
  return (static_cast<double>(t) - middle) / middle;
}

double side(int64_t t, int64_t frames) {
  const int64_t twice = 2 * t + 1;
  return twice == frames ? 0 : twice > frames ? 1 : -1;
}

/// 0 ln 0 = 0; what is below 0 counts as 0.
double normalised_entropy(std::span<const double> shares) {
  double sum = 0;
  for (const double share : shares) sum -= share > 0 ? share * std::log(share) : 0;
  return sum / std::log(static_cast<double>(shares.size()));
}

double uniform_border(int64_t frames, int64_t k) {
  return 2 * static_cast<double>(k) / static_cast<double>(frames);
}

/// Shares, their ratios and entropies are never negative. Student's interval of a few videos may be, and is
/// cut at the end of what is possible, which leaves its coverage as it is.
Estimate not_below_zero(Estimate estimate) {
  if (estimate.value >= 0 && estimate.low < 0) estimate.low = 0;
  return estimate;
}

}  // namespace

int64_t main_border_width(int64_t frames) {
  return border_frames(frames);
}

std::vector<int64_t> border_widths(int64_t frames) {
  std::vector<int64_t> widths{1, 2, main_border_width(frames)};
  std::sort(widths.begin(), widths.end());
  widths.erase(std::unique(widths.begin(), widths.end()), widths.end());
  std::erase_if(widths, [&](int64_t k) { return 2 * k > frames; });
  return widths;
}

std::optional<std::vector<double>> scaled_profile(std::span<const double> shares) {
  const double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
  if (!(sum > 0)) return std::nullopt;
  std::vector<double> scaled(shares.begin(), shares.end());
  for (double& share : scaled) share /= sum;
  return scaled;
}

std::vector<double> profile_row(std::vector<double> profile, double negative_share) {
  const double entropy = normalised_entropy(profile);
  profile.push_back(entropy);
  profile.push_back(negative_share);
  return profile;
}

Combination border_combination(int64_t frames, int64_t k) {
  return over_frames(frames, [&](int64_t t) { return at_border(t, frames, k) ? 1.0 : 0.0; });
}

double border_share(std::span<const double> shares, int64_t k) {
  double sum = 0;
  const auto frames = static_cast<int64_t>(shares.size());
  for (int64_t t = 0; t < frames; ++t) sum += at_border(t, frames, k) ? shares[static_cast<size_t>(t)] : 0;
  return sum;
}

ProfileEstimate estimate_profile(int64_t frames, const MeanOf& any_mean_of,
                                 const std::vector<double>* null_profile) {
  ProfileEstimate profile;
  const auto mean_of = [&](const Combination& combination) {
    return not_below_zero(any_mean_of(combination));
  };
  for (int64_t t = 0; t < frames; ++t) profile.shares.push_back(mean_of({{static_cast<size_t>(t), 1}}));
  for (const int64_t k : border_widths(frames)) {
    BorderEstimate border{k, mean_of(border_combination(frames, k)), {}, {}};
    border.ratio = border.share.scaled(1 / uniform_border(frames, k));
    if (null_profile) border.excess = border.share.scaled(1 / border_share(*null_profile, k));
    profile.borders.push_back(border);
  }
  const auto row_end = static_cast<size_t>(frames);
  profile.centre = mean_of(over_frames(frames, [](int64_t t) { return static_cast<double>(t); }));
  profile.centre_relative =
      any_mean_of(over_frames(frames, [&](int64_t t) { return relative_place(t, frames); }));
  profile.asymmetry = any_mean_of(over_frames(frames, [&](int64_t t) { return side(t, frames); }));
  profile.entropy = mean_of({{row_end, 1}});
  profile.negative_share = mean_of({{row_end + 1, 1}});
  profile.videos = profile.centre.videos;
  return profile;
}

std::vector<double> checked_null_profile(std::span<const double> shares, int64_t frames) {
  const auto fail = [](const std::string& what) {
    throw Error(ErrorKind::kInvalidArgument, "the null profile: " + what);
  };
  if (static_cast<int64_t>(shares.size()) != frames) {
    fail(fmt::format("{} shares for clips of {} frames", shares.size(), frames));
  }
  double sum = 0;
  for (const double share : shares) {
    if (!(std::isfinite(share) && share >= 0)) fail(fmt::format("a share of {}", share));
    sum += share;
  }
  if (!(std::fabs(sum - 1) <= kSumTolerance)) fail(fmt::format("shares that sum to {}, not 1", sum));
  if (border_share(shares, 1) == 0) fail("nothing in the first and the last frame, so no excess over it");
  return *scaled_profile(shares);
}

}  // namespace relevid::audit
