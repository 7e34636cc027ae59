// SPDX-License-Identifier: Apache-2.0
#pragma once

// Runs of trainings whose truth is made up, as files that relevid reads.

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "audit/made_up.h"
#include "run/run_store.h"

namespace relevid::audit::testing {
using run::ClipRow;
using run::Manifest;
using run::RunStore;
using run::VideoPredictionRow;
using run::VideoRow;

/// An audit of one training. Clips have 16 frames, so the border is two frames at each end.
struct MadeUpRun {
  std::string network = "network 1";
  int64_t videos = 60;
  int64_t first_video = 0;                       ///< videos from this one; their keys are their numbers
  std::vector<double> excess{1.3, 1.1, 0.9};     ///< [interval]
  std::vector<double> accuracy{0.7, 0.9, 0.85};  ///< [interval]; right in this share of all videos
  std::vector<int64_t> intervals{1, 2, 4};
  bool has_null_profile = true;
  bool no_relevance = false;
  std::string settings = R"({"method": {"name": "deep_taylor"}, "base_interval": 1, "seed": 0})";
  int64_t classes = 4;
  int64_t clip_len = 16;
  int64_t rows = 0;  ///< of the data set, where there are more than videos: an unfinished run
  Shard shard = {};
  uint64_t seed = 1;
};

inline std::vector<double> made_up_null() {
  std::vector<double> null(16, 1.08 / 16);
  for (const size_t t : {0, 1, 14, 15}) null[t] = 0.76 / 16;
  return null;
}

inline Manifest manifest_of(const MadeUpRun& run) {
  Manifest manifest;
  manifest.relevid_version = "1";
  manifest.model_sha256 = run.network;
  manifest.dataset_sha256 = fmt::format("{} from {}", run.videos, run.first_video);
  manifest.dataset_rows = std::max(run.rows, run.videos);
  manifest.class_count = run.classes;
  manifest.clip_len = run.clip_len;
  manifest.settings = run.settings;
  manifest.conditions = intervals(run.intervals);
  manifest.shard = run.shard;
  return manifest;
}

/// One clip of a video at one interval. Labels are the video's number mod classes; which videos are wrong
/// varies with the run's seed, as does the border's share about its mean.
inline void put_clip(RunStore::Entry& entry, const VideoRow& video, const MadeUpRun& run, size_t condition,
                     Random& random) {
  const bool right = random.unit() < run.accuracy[condition];
  const int64_t predicted = right ? video.label : (video.label + 1) % run.classes;
  ClipRow clip;
  clip.condition = static_cast<int64_t>(condition);
  for (int64_t t = 0; t < run.clip_len; ++t) {
    clip.frame_indices.push_back(t * run.intervals[condition]);
    clip.pts_seconds.push_back(static_cast<double>(t * run.intervals[condition]) / 25);
  }
  clip.target = predicted;
  clip.right1 = clip.right5 = right;
  clip.classes = {{predicted, 0.9}};
  clip.shares = with_border(made_up_null(), run.excess[condition] * (1 + skewed(random, 0.1)));
  if (run.no_relevance) clip.shares.assign(clip.shares.size(), 0);
  entry.put(clip);
  entry.put(
      VideoPredictionRow{clip.condition, 1, predicted, right ? 0.9 : 0.05, right, right, {{predicted, 0.9}}});
}

inline void write_run(const std::filesystem::path& path, const MadeUpRun& run) {
  RunStore store(path, manifest_of(run));
  if (run.has_null_profile) store.put_null_profile(made_up_null());
  Random random(run.seed);
  for (int64_t i = 0; i < run.videos; ++i) {
    if (!holds(run.shard, i)) continue;
    const int64_t number = run.first_video + i;
    VideoRow video;
    video.index = i;
    video.name = video.path = fmt::format("video{}.mp4", number);
    video.sha256 = fmt::format("{:064}", number);
    video.label = number % run.classes;
    video.fps = 25;
    video.frame_count = 128;
    video.width = video.height = 48;
    RunStore::Entry entry = store.begin(i);
    for (size_t condition = 0; condition < run.intervals.size(); ++condition)
      put_clip(entry, video, run, condition, random);
    entry.commit(video);
  }
}

}  // namespace relevid::audit::testing
