// SPDX-License-Identifier: Apache-2.0
#include "evaluate/runner.h"

#include <map>

#include "relevid/error.h"
#include "run/video_loop.h"

namespace relevid::evaluate {
namespace {

class Evaluation : public run::VideoTaker {
 public:
  Evaluation(Store& store, const RunnerOptions& options, const Networks& networks)
      : store_(store), options_(options), networks_(networks) {}

  void begin(const run::VideoOpened& opened) override {
    video_ = opened.row;
    entry_.emplace(store_.begin(video_.index));
  }

  void take(const run::ClipReady& clip) override {
    const auto& condition = store_.manifest().conditions.at(static_cast<size_t>(clip.plan.condition));
    if (!condition.control) {
      evaluate(clip);
    } else if (clip.plan.number == 0) {  // checks are of a video's first clip
      later_.emplace(clip.clip.clone());
    }
    if (!first_ || !later_) return;
    for (const MeasureRow& row :
         compare_offset(*later_, first_->target, first_->maps, options_.plan, networks_.network))
      entry_->put(0, row);
    later_.reset();
  }

  void commit(const run::VideoRow& row) override {
    entry_->commit(row);
    clear();
  }

  void fail(const run::VideoRow& row) override {
    clear();  // with what was there before the error
    store_.begin(row.index).commit(row);
  }

  int64_t clips() const { return clips_; }

 private:
  void evaluate(const run::ClipReady& ready) {
    ClipToEvaluate clip{ready.clip, video_.name, ready.plan.number};
    const bool to_label = options_.target == RunnerOptions::Target::kLabel && video_.label != kUnlabelled;
    if (to_label) clip.target = video_.label;
    if (options_.objects) {
      clip.mask = options_.objects->mask(video_.name, ready.plan.frame_indices,
                                         geometry(options_.feed.preprocessing, video_.width, video_.height));
    }
    EvaluatedClip result = evaluate_clip(clip, options_.plan, networks_);
    entry_->put(ClipRow{clip.number, ready.plan.offset, ready.plan.frame_indices, result.target,
                        result.score.logit, result.score.probability, result.predicted});
    for (const CurveRow& row : result.curves) entry_->put(clip.number, row);
    for (const MeasureRow& row : result.measures) entry_->put(clip.number, row);
    ++clips_;
    if (clip.number == 0 && options_.plan.has(Check::kOffset)) first_ = std::move(result);
  }

  void clear() {
    entry_.reset();
    first_.reset();
    later_.reset();
  }

  Store& store_;
  const RunnerOptions& options_;
  const Networks& networks_;
  run::VideoRow video_;
  std::optional<Store::Entry> entry_;
  std::optional<EvaluatedClip> first_;  ///< waits for the clip one step later
  std::optional<Tensor> later_;         ///< waits for the first clip
  int64_t clips_ = 0;
};

}  // namespace

RunnerOutcome evaluate_videos(Store& store, const DataSet& data, const RunnerOptions& options,
                              const Networks& networks, const RunControl& control) {
  run::require_valid(options.feed.plan);
  if (store.manifest().conditions != run::conditions_of(options.feed.plan))
    throw Error(ErrorKind::kInternal, "the plan is not the run's");
  std::vector<int64_t> pending;
  for (int64_t row = 0; row < std::ssize(data.rows); ++row) {
    if (holds(store.manifest().shard, row) && !store.has_video(row)) pending.push_back(row);
  }
  Evaluation evaluation(store, options, networks);
  const auto loop = run::loop_over_videos(data, std::move(pending), options.feed, evaluation, control,
                                          run::AtInterrupt::kStop);
  return {loop.videos, evaluation.clips(), loop.finished};
}

}  // namespace relevid::evaluate
