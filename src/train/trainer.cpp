// SPDX-License-Identifier: Apache-2.0
#include "train/trainer.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "base/atomic_file.h"
#include "data/random.h"
#include "relevid/error.h"
#include "train/clip_loader.h"
#include "train/epoch.h"
#include "train/schedule.h"
#include "train/validation.h"
#include "train/videos.h"

namespace relevid::train {
namespace {

/// What the random numbers of a run are for; no two uses share any.
enum class Draw : uint64_t { kEpoch = 1, kDropout, kHead };

uint64_t seed_for(const TrainOptions& options, Draw draw) {
  return data::mix(options.seed, static_cast<uint64_t>(draw));
}

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
    model_ = std::make_unique<TrainableModel>(
        job.start, batch_, library,
        TrainableOptions{.freeze = options_.network.freeze,
                         .classes = static_cast<int64_t>(job.settings.class_names.size()),
                         .head_seed = seed_for(options_, Draw::kHead),
                         .label_smoothing = options_.label_smoothing});
    optimiser_ = std::make_unique<Optimiser>(options_.optimiser, model_->parameters());
    if (options_.begin == TrainOptions::Begin::kResume && std::filesystem::exists(job.checkpoint))
      position_ = load_checkpoint(job.checkpoint, *model_, *optimiser_, job.identity);
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
      save();
      write_log();
      if (observer_.epoch) observer_.epoch(position_.history.back());
    }
    result_.epochs = position_.history;
    result_.parameters = model_->parameter_count();
    return {model_->model(), std::move(result_)};
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
    result_.training_videos = static_cast<int64_t>(training_.size());
    result_.validation_videos = static_cast<int64_t>(validation_.size());
  }

  void train_epoch() {
    auto requests = plan_epoch(training_, job_.settings.sampling, options_.clips_per_video, position_.epoch,
                               seed_for(options_, Draw::kEpoch));
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
    const uint64_t seed = data::mix(seed_for(options_, Draw::kDropout), static_cast<uint64_t>(number));
    const LossResult loss = model_->step(batch.clips, batch.labels, seed);
    if (!std::isfinite(loss.loss)) diverged(fmt::format("the loss is {}", loss.loss));
    learning_rate_ = learning_rate(options_.schedule, number, steps_per_epoch_, options_.epochs);
    const double norm = optimiser_->step(model_->gradients(), learning_rate_);
    if (!std::isfinite(norm)) diverged(fmt::format("the gradient's norm is {}", norm));
    model_->parameters_changed();
    ++position_.step;
    position_.loss_sum += loss.loss;
    position_.clips += batch_[0];
    position_.clips_right += loss.right;
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
    result.learning_rate = learning_rate(options_.schedule, result.epoch * steps_per_epoch_ - 1,
                                         steps_per_epoch_, options_.epochs);
    result.clips_per_second = clips_per_second_;
    require_finite_parameters();
    if (!validation_.empty())
      result.validation =
          validate(model_->model(), batch_, library_, validation_, job_.settings, options_, control_);
    position_.history.push_back(result);
    position_ = {.epoch = result.epoch, .history = std::move(position_.history)};
  }

  /// The last update of an epoch may be the one that is too far.
  void require_finite_parameters() const {
    for (const Parameter& parameter : model_->parameters()) {
      const auto values = std::as_const(*parameter.value).values<float>();
      if (!std::ranges::all_of(values, [](float value) { return std::isfinite(value); }))
        diverged(fmt::format("'{}' holds a value that is not finite", parameter.name));
    }
  }

  void save() { save_checkpoint(job_.checkpoint, *model_, *optimiser_, position_, job_.identity); }

  void write_log() const {
    std::string lines;
    for (const EpochResult& result : position_.history) lines += to_json(result) + "\n";
    write_file_atomically(job_.log, lines);
  }

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
