// SPDX-License-Identifier: Apache-2.0
#pragma once

// A data set of tiny videos (folders of images), and how a run takes clips of it.

#include <fmt/format.h>

#include "run/clip_feed.h"
#include "run/database.h"
#include "run/manifest.h"
#include "support/scratch.h"

namespace relevid::testing {

inline constexpr int64_t kClipLength = 4, kClasses = 6, kPixels = 4;

/// The grey level of a frame, all over it.
inline uint8_t grey(int64_t video, int64_t frame) {
  return static_cast<uint8_t>(10 * video + frame);
}

inline void make_images(const std::filesystem::path& folder, int64_t video, int64_t frames) {
  std::filesystem::create_directory(folder);
  for (int64_t frame = 0; frame < frames; ++frame) {
    write_bytes(
        folder / fmt::format("{:03}.ppm", frame),
        fmt::format("P6\n{0} {0}\n255\n", kPixels) +
            std::string(static_cast<size_t>(3 * kPixels * kPixels), static_cast<char>(grey(video, frame))));
  }
}

/// Videos 0, 1, ... with this many frames each (25 a second); video i has label i mod 3.
inline DataSet make_dataset(const ScratchFolder& folder, const std::vector<int64_t>& frames) {
  DataSet data;
  data.class_names = {"a", "b", "c"};
  for (int64_t i = 0; i < std::ssize(frames); ++i) {
    DataRow row;
    row.name = fmt::format("video{}", i);
    row.path = folder / row.name;
    row.label = i % 3;
    make_images(row.path, i, frames[static_cast<size_t>(i)]);
    data.rows.push_back(row);
  }
  return data;
}

/// Two clips at each of three intervals, and all controls at the first.
inline run::FeedOptions small_feed() {
  run::FeedOptions feed;
  run::PlanOptions& plan = feed.plan;
  plan.sampling.clip_len = kClipLength;
  plan.sampling.num_clips = 2;
  plan.intervals = {1, 2, 4};
  plan.shift_frames = 1;
  plan.controls = {AuditControl::kNullProfile, AuditControl::kRandomWeights, AuditControl::kFrozen,
                   AuditControl::kShuffled,    AuditControl::kReversed,      AuditControl::kShifted};
  feed.preprocessing.scale = 1;
  feed.preprocessing.value_range = {0, 255};
  feed.video.threads = 1;
  return feed;
}

inline run::Manifest small_manifest(const DataSet& data, const run::FeedOptions& feed, Shard shard = {}) {
  run::Manifest manifest;
  manifest.relevid_version = "1";
  manifest.model_sha256 = "m0";
  manifest.dataset_sha256 = run::dataset_identity(data);
  manifest.dataset_rows = std::ssize(data.rows);
  manifest.class_count = kClasses;
  manifest.clip_len = kClipLength;
  manifest.settings = R"({"method": "deep_taylor", "sampling": {"num_clips": 2}})";
  manifest.class_names = {"a", "b", "c", "d", "e", "f"};
  manifest.conditions = run::conditions_of(feed.plan);
  manifest.shard = shard;
  return manifest;
}

/// The run as the first version of an audit's tables had it, which knew nothing of positions.
inline void make_first_version(const std::filesystem::path& run) {
  run::Database(run, {}).execute("DROP TABLE position; PRAGMA user_version = 1");
}

inline int64_t version_in(const std::filesystem::path& run) {
  run::Database database(run, {});
  run::Statement row = database.prepare("PRAGMA user_version");
  return row.step() ? row.integer(0) : -1;
}

}  // namespace relevid::testing
