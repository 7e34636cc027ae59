// SPDX-License-Identifier: Apache-2.0
#include "audit/runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <new>

#include "relevid/error.h"

namespace relevid::audit {
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
    ClipScorer& scorer =
        condition.kind == ConditionKind::kRandomWeights ? *scorers_.random_weights : scorers_.network;
    const bool to_label = options_.target == RunnerOptions::Target::kLabel && label_ != kUnlabelled;
    return scorer.score(clip.clip, to_label ? std::optional(label_) : std::nullopt);
  }

  void add(const ClipReady& clip, const ClipScore& score) {
    ClipRow row;
    row.condition = clip.plan.condition;
    row.number = clip.plan.number;
    row.offset = clip.plan.offset;
    row.frame_indices = clip.plan.frame_indices;
    row.pts_seconds = clip.pts_seconds;
    row.target = score.target;
    row.target_logit = score.target_logit;
    row.shares = score.shares;
    row.negative_share = score.negative_share;
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

/// The loop: takes what the feed has, and writes a video whole or with its error.
class Run {
 public:
  Run(RunStore& store, const DataSet& data, const RunnerOptions& options, const Scorers& scorers,
      const RunControl& control)
      : store_(store), data_(data), options_(options), scorers_(scorers), control_(control) {
    for (int64_t row = 0; row < std::ssize(data.rows); ++row) {
      if (holds(store.manifest().shard, row) && !store.has_video(row)) pending_.push_back(row);
    }
  }

  RunnerOutcome run() {
    videos_left_ = std::ssize(pending_);
    ClipFeed feed(data_, pending_, options_.feed);
    while (videos_left_ > 0 && (video_ || !control_.interrupted())) {
      auto item = feed.next();
      if (!item) throw Error(ErrorKind::kInternal, "the videos ended before the last of them");
      std::visit([this](auto& what) { take(what); }, *item);
    }
    outcome_.finished = videos_left_ == 0;
    return outcome_;
  }

 private:
  void take(const VideoOpened& opened) {
    video_.emplace(store_, opened.row, options_, scorers_);
    failure_.reset();
    expected_clips_ += opened.clips;
    ++opened_videos_;
  }

  void take(const ClipReady& clip) {
    if (failure_) return;  // of a video that has failed already
    if (const auto score = try_score(clip)) video_->add(clip, *score);
    ++outcome_.clips;
    report();
  }

  std::optional<ClipScore> try_score(const ClipReady& clip) {
    const auto start = std::chrono::steady_clock::now();
    try {
      auto score = video_->score(clip);
      outcome_.scoring_seconds +=
          std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      return score;
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kInternal) throw;
      failure_.emplace(error);
    } catch (const std::bad_alloc&) {
      failure_.emplace(ErrorKind::kResourceLimit, "out of memory");
    }
    return std::nullopt;
  }

  void take(VideoClosed& closed) {
    VideoRow& row = closed.row;
    if (failure_ && row.state == VideoState::kOk) {
      row.state = VideoState::kFailed;
      row.error_kind = name(failure_->kind());
      row.error = failure_->what();
    }
    if (video_ && row.state == VideoState::kOk) {
      video_->commit(row);
      video_.reset();
    } else {
      video_.reset();  // with the clips that were there before the error
      store_.begin(row.index).commit(row);
    }
    failure_.reset();
    --videos_left_;
    ++outcome_.videos;
  }

  /// Later videos are taken to have as many clips as those before them.
  void report() const {
    if (!control_.report) return;
    const int64_t unopened = videos_left_ - (video_ ? 1 : 0);
    const int64_t per_video = opened_videos_ > 0 ? expected_clips_ / opened_videos_ : 0;
    control_.report({"auditing clips", outcome_.clips, expected_clips_ + unopened * per_video});
  }

  RunStore& store_;
  const DataSet& data_;
  const RunnerOptions& options_;
  const Scorers& scorers_;
  const RunControl& control_;
  std::vector<int64_t> pending_;
  std::optional<VideoRun> video_;
  std::optional<Error> failure_;
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
  return Run(store, data, options, scorers, control).run();
}

}  // namespace relevid::audit
