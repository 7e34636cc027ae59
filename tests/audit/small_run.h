// SPDX-License-Identifier: Apache-2.0
#pragma once

// A data set of tiny videos (folders of images), and a network that is a formula.

#include <fmt/format.h>

#include <cmath>
#include <functional>

#include "audit/manifest.h"
#include "audit/runner.h"
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

/// Its best class is (grey level of the first frame, over 10) mod kClasses; a frame's share is its grey
/// level's.
class FormulaScorer : public audit::ClipScorer {
 public:
  audit::ClipScore score(const Tensor& clip, std::optional<int64_t> target) override {
    if (before_) before_(++calls_);
    const auto values = clip.values<float>();
    const auto frame = static_cast<size_t>(kPixels * kPixels);
    audit::ClipScore score;
    double sum = 0;
    for (size_t t = 0; t < kClipLength; ++t) {
      score.shares.push_back(static_cast<double>(values[t * frame]) + 1);
      sum += score.shares.back();
    }
    for (double& share : score.shares) share /= sum;
    const auto best = static_cast<size_t>(std::lround(values[0])) / 10 % kClasses;
    score.probabilities.assign(kClasses, 0.1);
    score.probabilities[best] = 0.5;
    score.target = target.value_or(static_cast<int64_t>(best));
    score.target_logit = sum;
    score.negative_share = 1 / sum;
    return score;
  }
  /// Called with the number of the call, from 1.
  void before_each(std::function<void(int64_t)> before) { before_ = std::move(before); }
  int64_t calls() const { return calls_; }

 private:
  std::function<void(int64_t)> before_;
  int64_t calls_ = 0;
};

/// Two clips at each of three intervals, and all controls at the first.
inline audit::RunnerOptions small_options() {
  using audit::ConditionKind;
  audit::RunnerOptions options;
  audit::PlanOptions& plan = options.feed.plan;
  plan.sampling.clip_len = kClipLength;
  plan.sampling.num_clips = 2;
  plan.intervals = {1, 2, 4};
  plan.shift_frames = 1;
  plan.controls = {ConditionKind::kNullProfile, ConditionKind::kRandomWeights, ConditionKind::kFrozen,
                   ConditionKind::kShuffled,    ConditionKind::kReversed,      ConditionKind::kShifted};
  options.feed.preprocessing.scale = 1;
  options.feed.preprocessing.value_range = {0, 255};
  options.feed.video.threads = 1;
  return options;
}

inline audit::Manifest small_manifest(const DataSet& data, const audit::RunnerOptions& options,
                                      Shard shard = {}) {
  audit::Manifest manifest;
  manifest.relevid_version = "1";
  manifest.model_sha256 = "m0";
  manifest.dataset_sha256 = audit::dataset_identity(data);
  manifest.dataset_rows = std::ssize(data.rows);
  manifest.class_count = kClasses;
  manifest.clip_len = kClipLength;
  manifest.settings = R"({"method": "deep_taylor", "sampling": {"num_clips": 2}})";
  manifest.class_names = {"a", "b", "c", "d", "e", "f"};
  manifest.conditions = audit::conditions_of(options.feed.plan);
  manifest.shard = shard;
  return manifest;
}

/// Audits all of a shard with the formula.
inline audit::RunnerOutcome run_small(const std::filesystem::path& path, const DataSet& data,
                                      Shard shard = {}) {
  const auto options = small_options();
  audit::RunStore store(path, small_manifest(data, options, shard));
  if (!store.null_profile()) store.put_null_profile(std::vector<double>{0.1, 0.4, 0.4, 0.1});
  FormulaScorer network, random;
  return audit::audit_videos(store, data, options, {network, &random}, {});
}

}  // namespace relevid::testing
