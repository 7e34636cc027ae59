// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "audit/observation.h"
#include "audit/profile.h"
#include "base/random.h"

namespace relevid::audit::testing {
using run::Condition;

/// Videos whose truth is known.
using Videos = std::vector<run::VideoRecord>;

inline VideoSource source_of(const Videos& videos) {
  return [&videos](const std::function<void(const run::VideoRecord&)>& take) {
    for (const run::VideoRecord& video : videos) take(video);
  };
}

inline std::vector<double> uniform_profile(int64_t frames) {
  return std::vector<double>(static_cast<size_t>(frames), 1 / static_cast<double>(frames));
}

/// The profile with its border of max(1, T/8) frames multiplied, the rest making up for it.
inline std::vector<double> with_border(std::vector<double> profile, double factor) {
  const auto frames = static_cast<int64_t>(profile.size());
  const int64_t k = main_border_width(frames);
  const double border = border_share(profile, k);
  const double inner = (1 - border * factor) / (1 - border);
  for (int64_t t = 0; t < frames; ++t) {
    profile[static_cast<size_t>(t)] *= t < k || t >= frames - k ? factor : inner;
  }
  return profile;
}

/// Skewed, mean 0, from -spread to 2 · spread, standard deviation 0.894 · spread.
inline double skewed(Random& random, double spread) {
  const double u = random.unit();
  return spread * (3 * u * u - 1);
}

/// One clip, right or wrong, with its profile.
inline run::Observation observation(std::vector<double> shares, int64_t label, bool right) {
  run::Observation o;
  o.predicted = right ? label : label + 1;
  o.clips = 1;
  o.clips_right1 = o.clips_right5 = right ? 1 : 0;
  o.right1 = o.right5 = right;
  o.shares = std::move(shares);
  return o;
}

/// Video number `i`, without observations.
inline run::VideoRecord video(int64_t i, int64_t label, size_t conditions) {
  run::VideoRecord video;
  video.video.sha256 = fmt::format("video {}", i);
  video.video.label = label;
  video.video.fps = 25;
  video.by_condition.resize(conditions);
  return video;
}

inline std::vector<Condition> intervals(const std::vector<int64_t>& which) {
  std::vector<Condition> conditions;
  for (const int64_t interval : which) conditions.push_back({std::nullopt, interval, 0});
  return conditions;
}

/// A data set drawn from a known truth: two classes; at every interval the video is right with the accuracy
/// given, at each interval again, so that videos differ between intervals; the border's share is multiplied
/// by 1 + skewed(spread), and has the profile's as its mean.
struct Truth {
  std::vector<double> profile;
  double spread = 0.3;
  std::vector<double> accuracy;  ///< by interval
  int64_t classes = 2;
};

inline Videos draw(const Truth& truth, int64_t count, uint64_t seed) {
  Random random(seed);
  Videos videos;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t label = i % truth.classes;
    run::VideoRecord one = video(i, label, truth.accuracy.size());
    one.video.sha256 = fmt::format("video {} of {}", i, seed);
    for (size_t c = 0; c < truth.accuracy.size(); ++c) {
      const auto shares = with_border(truth.profile, 1 + skewed(random, truth.spread));
      one.by_condition[c] = observation(shares, label, random.unit() < truth.accuracy[c]);
    }
    videos.push_back(std::move(one));
  }
  return videos;
}

}  // namespace relevid::audit::testing
