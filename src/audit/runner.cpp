// SPDX-License-Identifier: Apache-2.0
#include "audit/runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>

#include "relevid/error.h"
#include "run/video_loop.h"

namespace relevid::audit {

using run::AtInterrupt;
using run::ClassProbability;
using run::ClipReady;
using run::ClipRow;
using run::Condition;
using run::conditions_of;
using run::loop_over_videos;
using run::LoopOutcome;
using run::require_valid;
using run::RunStore;
using run::VideoOpened;
using run::VideoPredictionRow;
using run::VideoRow;
using run::VideoTaker;

namespace {

constexpr size_t kKeptClasses = 5;

/// The few best, best first; of equal ones the lower class.
std::vector<ClassProbability> best(const std::vector<double>& probabilities) {
  std::vector<ClassProbability> all;
  for (size_t c = 0; c < probabilities.size(); ++c)
    all.emplace_back(static_cast<int64_t>(c), probabilities[c]);
  const size_t kept = std::min(kKeptClasses, all.size());
  std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(kept), all.end(),
                    [](const auto& a, const auto& b) {
                      return a.second != b.second ? a.second > b.second : a.first < b.first;
                    });
  all.resize(kept);
  return all;
}

/// Fills what says whether the label was met.
template <class Row>
void judge(Row& row, const std::vector<double>& probabilities, int64_t label) {
  row.classes = best(probabilities);
  if (label == kUnlabelled) return;
  row.right1 = row.classes[0].first == label;
  row.right5 = std::ranges::any_of(row.classes, [&](const auto& c) { return c.first == label; });
}

/// One video's clips scored and put into the store.
class VideoRun {
 public:
  VideoRun(RunStore& store, const VideoRow& row, const RunnerOptions& options, const Scorers& scorers)
      : store_(store),
        entry_(store.begin(row.index)),
        label_(row.label),
        options_(options),
        scorers_(scorers) {}

  ClipScore score(const ClipReady& clip) {
    const Condition& condition = store_.manifest().conditions.at(static_cast<size_t>(clip.plan.condition));
    ClipScorer& scorer = scorer_for(condition);
    const bool to_label = options_.target == RunnerOptions::Target::kLabel && label_ != kUnlabelled;
    return scorer.score(clip.clip, to_label ? std::optional(label_) : std::nullopt);
  }

  ClipScorer& scorer_for(const Condition& condition) const {
    if (condition.control == AuditControl::kRandomWeights) return *scorers_.random_weights;
    return condition.control == AuditControl::kSecondMethod ? *scorers_.second_method : scorers_.network;
  }

  void add(const ClipReady& clip, const ClipScore& score) {
    ClipRow row{clip.plan, score.finding, clip.pts_seconds, {}, {}, {}};
    judge(row, score.probabilities, label_);
    entry_.put(row);
    Sums& sums = sums_[row.condition];
    sums.probabilities.resize(score.probabilities.size(), 0.0);
    for (size_t c = 0; c < score.probabilities.size(); ++c) sums.probabilities[c] += score.probabilities[c];
    ++sums.clips;
  }

  void commit(const VideoRow& video) {
    for (auto& [condition, sums] : sums_) {
      for (double& p : sums.probabilities) p /= static_cast<double>(sums.clips);
      VideoPredictionRow row;
      row.condition = condition;
      row.clips = sums.clips;
      judge(row, sums.probabilities, label_);
      row.predicted = row.classes[0].first;
      if (label_ != kUnlabelled) row.label_probability = sums.probabilities.at(static_cast<size_t>(label_));
      entry_.put(row);
    }
    entry_.commit(video);
  }

 private:
  struct Sums {
    std::vector<double> probabilities;
    int64_t clips = 0;
  };

  RunStore& store_;
  RunStore::Entry entry_;
  int64_t label_;
  const RunnerOptions& options_;
  const Scorers& scorers_;
  std::map<int64_t, Sums> sums_;
};

/// Scores what it is given, and writes a video whole or with its error.
class Audit : public VideoTaker {
 public:
  Audit(RunStore& store, const RunnerOptions& options, const Scorers& scorers, const RunControl& control,
        int64_t videos)
      : store_(store), options_(options), scorers_(scorers), control_(control), videos_left_(videos) {}

  void begin(const VideoOpened& opened) override {
    video_.emplace(store_, opened.row, options_, scorers_);
    expected_clips_ += opened.clips;
    ++opened_videos_;
  }

  void take(const ClipReady& clip) override {
    ++outcome_.clips;
    const auto start = std::chrono::steady_clock::now();
    const ClipScore score = video_->score(clip);
    outcome_.scoring_seconds +=
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    video_->add(clip, score);
    report();
  }

  void commit(const VideoRow& row) override {
    video_->commit(row);
    video_.reset();
    --videos_left_;
  }

  void fail(const VideoRow& row) override {
    video_.reset();  // with the clips that were there before the error
    store_.begin(row.index).commit(row);
    --videos_left_;
  }

  RunnerOutcome& outcome() { return outcome_; }

 private:
  /// Later videos are taken to have as many clips as those before them.
  void report() const {
    if (!control_.report) return;
    const int64_t unopened = videos_left_ - (video_ ? 1 : 0);
    const int64_t per_video = opened_videos_ > 0 ? expected_clips_ / opened_videos_ : 0;
    control_.report({"auditing clips", outcome_.clips, expected_clips_ + unopened * per_video});
  }

  RunStore& store_;
  const RunnerOptions& options_;
  const Scorers& scorers_;
  const RunControl& control_;
  std::optional<VideoRun> video_;
  RunnerOutcome outcome_;
  int64_t videos_left_ = 0, opened_videos_ = 0, expected_clips_ = 0;
};

void require_labels(const DataSet& data, int64_t class_count) {
  for (const DataRow& row : data.rows) {
    if (row.label == kUnlabelled || (row.label >= 0 && row.label < class_count)) continue;
    throw Error(ErrorKind::kInvalidArgument,
                fmt::format("{} has label {}, and the model has {} classes, from 0", row.name, row.label,
                            class_count));
  }
}

}  // namespace

RunnerOutcome audit_videos(RunStore& store, const DataSet& data, const RunnerOptions& options,
                           const Scorers& scorers, const RunControl& control) {
  require_valid(options.feed.plan);
  if (store.manifest().conditions != conditions_of(options.feed.plan))
    throw Error(ErrorKind::kInternal, "the plan is not the run's");
  if (store.manifest().dataset_rows != std::ssize(data.rows))
    throw Error(ErrorKind::kInternal, "the data set is not the run's");
  require_labels(data, store.manifest().class_count);
  std::vector<int64_t> pending;
  for (int64_t row = 0; row < std::ssize(data.rows); ++row) {
    if (holds(store.manifest().shard, row) && !store.has_video(row)) pending.push_back(row);
  }
  Audit audit(store, options, scorers, control, std::ssize(pending));
  const LoopOutcome loop =
      loop_over_videos(data, pending, options.feed, audit, control, AtInterrupt::kFinishVideo);
  RunnerOutcome outcome = audit.outcome();
  outcome.videos = loop.videos;
  outcome.finished = loop.finished;
  return outcome;
}

}  // namespace relevid::audit
