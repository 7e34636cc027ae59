// SPDX-License-Identifier: Apache-2.0
#include "train/trainer.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "base/random.h"
#include "relevid/error.h"
#include "train/clip_loader.h"
#include "train/collapse.h"
#include "train/epoch.h"
#include "train/schedule.h"
#include "train/validation.h"
#include "train/videos.h"

namespace relevid::train {
namespace {

/// What the random numbers of a run are for; no two uses share any.
enum class Draw : uint64_t { kEpoch = 1, kDropout, kHead };

uint64_t seed_for(const TrainOptions& options, Draw draw) {
  return mix(options.seed, static_cast<uint64_t>(draw));
}

constexpr const char* kWhatToTry =
    "Try another --lr or --seed, more --epochs, --subtract-clip-mean, or --init from a trained network; with "
    "--resume --allow-chance the network is written as it is";

Shape batch_of(const Shape& clip, int64_t size) {
  std::vector<int64_t> dims = clip.dims();
  dims[0] = size;
  return Shape(dims);
}

class Run {
 public:
  Run(const Job& job, kernels::Library& library, const RunControl& control, const TrainObserver& observer)
      : job_(job), options_(job.options), control_(control), observer_(observer), library_(library) {
    open();
    const auto clips = static_cast<int64_t>(training_.size()) * options_.clips_per_video;
    batch_ = batch_of(job.clip, std::min(options_.batch, clips));
    steps_per_epoch_ = clips / batch_[0];
    begin();
    if (options_.begin == TrainOptions::Begin::kResume && std::filesystem::exists(job.checkpoint))
      load_checkpoint(job.checkpoint, state(), job.identity);
    model_->parameters_changed();
  }

  Trained train() {
    while (position_.epoch < options_.epochs) {
      try {
        train_epoch();
        finish_epoch();
      } catch (const Interrupted&) {
        save();
        throw;
      }
      go_back_where_collapsed();
      save();
      job_.record(result());
      if (observer_.epoch) observer_.epoch(position_.history.back());
    }
    TrainResult done = result();
    done.at_chance = why_at_chance(done);
    if (options_.keep == KeptState::kBest) restore_state(*model_, best_->tensors);
    return {model_->model(), std::move(done)};
  }

 private:
  void open() {
    FrameCacheOptions caching;
    caching.limit_bytes = options_.cache_limit_bytes;
    caching.video_count = static_cast<int64_t>(job_.training.rows.size() + job_.validation.rows.size());
    FrameCache cache(options_.cache, job_.settings.preprocessing, caching);
    training_ = open_videos(cache, job_.training, options_.max_bad_share, "training videos", control_,
                            observer_, result_.unreadable);
    if (!job_.validation.rows.empty())
      validation_ = open_videos(cache, job_.validation, options_.max_bad_share, "validation videos", control_,
                                observer_, result_.unreadable);
    require_every_class(training_, job_.settings.class_names);
    result_.chance_loss = chance_loss(class_counts(training_), options_.label_smoothing);
    result_.training_videos = static_cast<int64_t>(training_.size());
    result_.validation_videos = static_cast<int64_t>(validation_.size());
  }

  /// The network as it is before its first update.
  void begin() {
    optimiser_.reset();
    model_.reset();
    model_ = std::make_unique<TrainableModel>(
        job_.start, batch_, library_,
        TrainableOptions{.freeze = options_.network.freeze,
                         .train_only = options_.network.train_only,
                         .classes = static_cast<int64_t>(job_.settings.class_names.size()),
                         .head_seed = seed_for(options_, Draw::kHead),
                         .label_smoothing = options_.label_smoothing});
    optimiser_ = std::make_unique<Optimiser>(options_.optimiser, model_->parameters());
    result_.parameters = model_->parameter_count();
  }

  RunState state() { return {*model_, *optimiser_, position_, best_}; }

  std::vector<int64_t> class_counts(const std::vector<TrainingVideo>& videos) const {
    std::vector<int64_t> counts(job_.settings.class_names.size());
    for (const TrainingVideo& video : videos) ++counts.at(static_cast<size_t>(video.label));
    return counts;
  }

  TrainResult result() const {
    TrainResult result = result_;
    result.epochs = position_.history;
    const auto last = std::ssize(position_.history) - 1;
    result.kept = options_.keep == KeptState::kBest && best_ ? best_->place : last;
    return result;
  }

  void train_epoch() {
    auto requests = plan_epoch(training_, job_.settings.sampling, options_.clips_per_video, position_.epoch,
                               of_attempt(seed_for(options_, Draw::kEpoch)));
    requests.erase(requests.begin(), requests.begin() + position_.step * batch_[0]);
    ClipLoader loader(training_, std::move(requests), job_.settings.preprocessing, options_.augmentation,
                      {.batch_size = batch_[0],
                       .threads = options_.loader_threads,
                       .last_batch = ClipLoaderOptions::LastBatch::kDrop});
    const auto begin = std::chrono::steady_clock::now();
    const int64_t clips_before = position_.clips;
    while (auto batch = loader.next()) {
      update(*batch);
      const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
      clips_per_second_ = static_cast<double>(position_.clips - clips_before) / seconds.count();
      report();
      if (control_.interrupted()) throw Interrupted{};
    }
  }

  void update(const Batch& batch) {
    const int64_t number = position_.epoch * steps_per_epoch_ + position_.step;
    const uint64_t seed = mix(of_attempt(seed_for(options_, Draw::kDropout)), static_cast<uint64_t>(number));
    const LossResult loss = model_->step(batch.clips, batch.labels, seed);
    if (!std::isfinite(loss.loss)) diverged(fmt::format("the loss is {}", loss.loss));
    learning_rate_ = rate_at(number);
    const double norm = optimiser_->step(model_->gradients(), learning_rate_);
    if (!std::isfinite(norm)) diverged(fmt::format("the gradient's norm is {}", norm));
    model_->parameters_changed();
    ++position_.step;
    position_.loss_sum += loss.loss;
    position_.norm_sum += norm;
    position_.clips += batch_[0];
    position_.clips_right += loss.right;
  }

  /// After a restart other clips are drawn than before it.
  uint64_t of_attempt(uint64_t seed) const {
    return position_.attempt == 1 ? seed : mix(seed, static_cast<uint64_t>(position_.attempt));
  }

  double rate_at(int64_t update) const {
    return rate_factor(position_.attempt) *
           learning_rate(options_.schedule, update, steps_per_epoch_, options_.epochs);
  }

  static double rate_factor(int64_t attempt) {
    return std::pow(kRestartRateFactor, static_cast<double>(attempt - 1));
  }

  [[noreturn]] void diverged(const std::string& what) const {
    const std::string kept = std::filesystem::exists(job_.checkpoint)
                                 ? fmt::format("{} holds the last good state", job_.checkpoint.string())
                                 : "there is no checkpoint yet";
    throw Error(
        ErrorKind::kCorruptInput,
        fmt::format("training diverged in epoch {}, update {}: {} (learning rate {:g}). {}. Try a smaller "
                    "--lr, a longer --warmup, or a smaller --clip-norm",
                    position_.epoch + 1, position_.step + 1, what, learning_rate_, kept));
  }

  void report() const {
    if (!control_.report) return;
    const int64_t done = position_.epoch * steps_per_epoch_ + position_.step;
    const double loss = position_.loss_sum / static_cast<double>(position_.step);
    const double right = static_cast<double>(position_.clips_right) / static_cast<double>(position_.clips);
    control_.report({"training clips", done * batch_[0], steps_per_epoch_ * options_.epochs * batch_[0],
                     fmt::format("epoch {}/{}: loss {:.3f}, {:.1f} % right", position_.epoch + 1,
                                 options_.epochs, loss, 100 * right)});
  }

  void finish_epoch() {
    EpochResult result;
    result.epoch = position_.epoch + 1;
    result.loss = position_.loss_sum / static_cast<double>(position_.step);
    result.clips = position_.clips;
    result.clips_right = position_.clips_right;
    result.learning_rate = rate_at(result.epoch * steps_per_epoch_ - 1);
    result.gradient_norm = position_.norm_sum / static_cast<double>(position_.step);
    result.attempt = position_.attempt;
    result.clips_per_second = clips_per_second_;
    require_finite_parameters();
    if (!validation_.empty())
      result.validation =
          validate(model_->model(), batch_, library_, validation_, job_.settings, options_, control_);
    position_.history.push_back(result);
    position_ = {.epoch = result.epoch, .attempt = result.attempt, .history = std::move(position_.history)};
    const auto place = std::ssize(position_.history) - 1;
    const auto& history = position_.history;
    if (!best_ || !is_better(history[static_cast<size_t>(best_->place)], history.back()))
      best_ = BestState{place, copied_state(*model_)};
  }

  /// The epochs of the present attempt.
  std::span<const EpochResult> attempt() const {
    const auto first = std::ranges::find(position_.history, position_.attempt, &EpochResult::attempt);
    return {first, position_.history.end()};
  }

  /// Whether training, begun again now, would go on from the best state: not where that is at chance itself.
  bool can_return_to_best() const {
    return best_ &&
           position_.history[static_cast<size_t>(best_->place)].loss < kAtChance * result_.chance_loss;
  }

  bool attempt_began_with_learnt_state() const {
    const auto first = attempt().begin() - std::span<const EpochResult>(position_.history).begin();
    return first > 0 && position_.history[static_cast<size_t>(first - 1)].restart->to_epoch > 0;
  }

  void go_back_where_collapsed() {
    const auto reason = collapse_of(attempt(), attempt_began_with_learnt_state(), result_.chance_loss,
                                    *options_.collapse.patience_epochs);
    if (!reason) return;
    if (position_.attempt > options_.collapse.restarts) {
      if (options_.collapse.at_chance == CollapseOptions::AtChance::kAllow) return;
      save();
      job_.record(result());
      collapsed(*reason);
    }
    const bool to_best = can_return_to_best();
    begin();
    if (to_best) restore_state(*model_, best_->tensors);
    model_->parameters_changed();
    auto history = std::move(position_.history);
    const int64_t epoch = to_best ? history[static_cast<size_t>(best_->place)].epoch : 0;
    const int64_t next = position_.attempt + 1;
    history.back().restart = Restart{*reason, epoch, rate_factor(next)};
    position_ = {.epoch = epoch, .attempt = next, .history = std::move(history)};
  }

  [[noreturn]] void collapsed(Restart::Reason reason) const {
    const EpochResult& last = position_.history.back();
    const bool fell_back = reason == Restart::Reason::kFellBack;
    throw Error(
        ErrorKind::kNothingLearnt,
        fmt::format("training collapsed {} time{}, each after a lower rate: in epoch {} the loss is {:.3f}, "
                    "which {}; knowing only how frequent each class is gives {:.3f}. No network was written; "
                    "{} and the log beside it stay. {}",
                    last.attempt, last.attempt == 1 ? "" : "s", last.epoch, last.loss,
                    fell_back ? "had been lower" : "was never lower", result_.chance_loss,
                    job_.checkpoint.string(), kWhatToTry));
  }

  /// Where the kept state is at chance: an error, or why it is where that is allowed.
  std::optional<std::string> why_at_chance(const TrainResult& done) const {
    const auto why = at_chance(done.epochs[static_cast<size_t>(done.kept)], done.chance_loss,
                               std::ranges::max(class_counts(validation_)));
    if (!why || options_.collapse.at_chance == CollapseOptions::AtChance::kAllow) return why;
    throw Error(ErrorKind::kNothingLearnt,
                fmt::format("the network has learnt nothing: {}. No network was written; {} and the log "
                            "beside it stay. {}",
                            *why, job_.checkpoint.string(), kWhatToTry));
  }

  /// The last update of an epoch may be the one that is too far.
  void require_finite_parameters() const {
    for (const Parameter& parameter : model_->parameters()) {
      const auto values = std::as_const(*parameter.value).values<float>();
      if (!std::ranges::all_of(values, [](float value) { return std::isfinite(value); }))
        diverged(fmt::format("'{}' holds a value that is not finite", parameter.name));
    }
  }

  void save() { save_checkpoint(job_.checkpoint, state(), job_.identity); }

  const Job& job_;
  const TrainOptions& options_;
  const RunControl& control_;
  const TrainObserver& observer_;
  kernels::Library& library_;
  std::vector<TrainingVideo> training_, validation_;
  Shape batch_;
  int64_t steps_per_epoch_ = 0;
  std::unique_ptr<TrainableModel> model_;
  std::unique_ptr<Optimiser> optimiser_;
  Position position_;
  std::optional<BestState> best_;
  double learning_rate_ = 0;
  double clips_per_second_ = 0;
  TrainResult result_;
};

}  // namespace

Trained run(const Job& job, kernels::Library& library, const RunControl& control,
            const TrainObserver& observer) {
  return Run(job, library, control, observer).train();
}

}  // namespace relevid::train
