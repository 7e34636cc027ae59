// SPDX-License-Identifier: Apache-2.0
#include "relevid/train.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <optional>

#include "api/model_implementation.h"
#include "api/training_page.h"
#include "base/atomic_file.h"
#include "base/hash.h"
#include "graph/specialise.h"
#include "graph/to_model.h"
#include "kernels/devices.h"
#include "models/models.h"
#include "onnx/export.h"
#include "relevid/error.h"
#include "train/history.h"
#include "train/trainer.h"

namespace relevid {
namespace {

/// The network that training begins with.
struct Beginning {
  graph::Model model;
  ModelSettings settings;
  Shape clip;
  std::string identity;  ///< an architecture with its options, or a file's hash
};

void require(bool holds, const std::string& message) {
  if (!holds) throw Error(ErrorKind::kInvalidArgument, message);
}

void check(const DataSet& training, const DataSet& validation, const TrainOptions& o) {
  const auto positive = [](const char* option, int64_t value) {
    require(value >= 1, fmt::format("{} is {}; it is 1 at least", option, value));
  };
  positive("--epochs", o.epochs);
  positive("--batch", o.batch);
  positive("--clips-per-video", o.clips_per_video);
  positive("--val-clips", o.validation_clips);
  positive("--lr-step-epochs", o.schedule.step_epochs);
  const double rate = *o.schedule.learning_rate, warmup = *o.schedule.warmup_epochs;
  require(std::isfinite(rate) && rate > 0, fmt::format("--lr is {}; it is above 0", rate));
  require(warmup >= 0 && warmup < static_cast<double>(o.epochs),
          fmt::format("--warmup is {:g} epochs; it is from 0 to below --epochs", warmup));
  require(o.optimiser.momentum >= 0 && o.optimiser.momentum < 1,
          fmt::format("--momentum is {:g}; it is in [0, 1)", o.optimiser.momentum));
  require(*o.optimiser.weight_decay >= 0,
          fmt::format("--weight-decay is {:g}; it is 0 or more", *o.optimiser.weight_decay));
  require(o.collapse.restarts >= 0, fmt::format("--restarts is {}; it is 0 or more", o.collapse.restarts));
  positive("--patience", *o.collapse.patience_epochs);
  require(*o.keep == KeptState::kLast || !validation.rows.empty(),
          "--keep best goes by validation; give --val LIST or --val-split SHARE, or --keep last");
  require(training.class_names.size() >= 2,
          fmt::format("the data set has {} classes; two are needed", training.class_names.size()));
  if (validation.rows.empty() || validation.class_names == training.class_names) return;
  throw Error(ErrorKind::kInvalidArgument,
              fmt::format("the validation list has the classes {}, and training has {}",
                          fmt::join(validation.class_names, ", "), fmt::join(training.class_names, ", ")));
}

/// Resized by OpenCV's rule, whose levels are what the frame cache holds; mean and deviation as SlowFast has
/// them for every data set.
Preprocessing default_preprocessing(const TrainOptions& options) {
  Preprocessing result;
  result.spatial = Spatial::kShortSide;
  result.short_side =
      options.resize > 0 ? options.resize : std::llround(static_cast<double>(options.size) * 8 / 7);
  require(result.short_side >= options.size,
          fmt::format("--resize {} is below --size {}", result.short_side, options.size));
  result.resized_values = ResizedValues::kOpenCv;
  result.crop = Size{options.size, options.size};
  result.mean = {0.45, 0.45, 0.45};
  result.std = {0.225, 0.225, 0.225};
  result.clip_mean = options.clip_mean;
  return result;
}

Beginning fresh(const TrainOptions& options, const DataSet& training) {
  CreateOptions create;
  create.classes = static_cast<int64_t>(training.class_names.size());
  create.clip_len = options.clip_len.value_or(16);
  create.height = options.size;
  create.width = options.network.width;
  create.dropout = options.network.dropout;
  create.seed = options.seed;
  create.batch_norm = CreateOptions::BatchNorm::kNeutral;
  create.time_padding = options.network.time_padding;
  Beginning result{models::create(options.network.architecture, create), {}, {}, {}};
  result.settings.preprocessing = default_preprocessing(options);
  result.settings.sampling.clip_len = create.clip_len;
  result.clip = Shape{1, 3, create.clip_len, options.size, options.size};
  const bool repeats = create.time_padding == CreateOptions::TimePadding::kRepeat;
  result.identity = fmt::format("{} of width {:g} with dropout {:g}{}", options.network.architecture,
                                create.width, create.dropout, repeats ? " that repeats border frames" : "");
  return result;
}

Beginning from_file(const TrainOptions& options) {
  const Model model(options.network.init);
  auto found = model.find_settings();
  require(found.has_value(),
          fmt::format("{} says nowhere how frames become its input; put a settings file beside it",
                      options.network.init.string()));
  Beginning result{model.implementation().model, std::move(found->settings), {}, model.sha256()};
  if (options.clip_len) result.settings.sampling.clip_len = *options.clip_len;
  result.clip = model.clip_shape(result.settings);
  return result;
}

std::string names_of(const DataSet& data) {
  std::string text;
  for (const DataRow& row : data.rows) text += fmt::format("{}\n{}\n", row.name, row.label_name);
  return text;
}

std::string frozen_layers(const NetworkOptions& network) {
  const std::string named = fmt::format("{}", fmt::join(network.freeze, ", "));
  return network.train_only.empty()
             ? named
             : fmt::format("{} all but {}", named, fmt::join(network.train_only, ", "));
}

train::Settings identity_of(const Beginning& beginning, const DataSet& training, const DataSet& validation,
                            const TrainOptions& o) {
  const auto hash = [](const std::string& text) { return sha256_of_bytes(text).substr(0, 16); };
  return {
      {"network", beginning.identity},
      {"frozen layers", frozen_layers(o.network)},
      {"input", beginning.clip.to_string()},
      {"preprocessing", to_json(beginning.settings)},
      {"training videos", fmt::format("{} (list {})", training.rows.size(), hash(names_of(training)))},
      {"validation videos", fmt::format("{} (list {})", validation.rows.size(), hash(names_of(validation)))},
      {"--clips-per-video", fmt::format("{}", o.clips_per_video)},
      {"--val-clips", fmt::format("{}", o.validation_clips)},
      {"--batch", fmt::format("{}", o.batch)},
      {"--epochs", fmt::format("{}", o.epochs)},
      {"--crop", o.augmentation.crop == Augmentation::Crop::kRandom ? "random" : "centre"},
      {"--flip", fmt::format("{:g}", o.augmentation.flip_probability)},
      {"--brightness", fmt::format("{:g}", o.augmentation.brightness)},
      {"--contrast", fmt::format("{:g}", o.augmentation.contrast)},
      {"--label-smoothing", fmt::format("{:g}", o.label_smoothing)},
      {"--optimiser", o.optimiser.kind == OptimiserKind::kSgd ? "sgd" : "adamw"},
      {"--momentum", fmt::format("{:g}", o.optimiser.momentum)},
      {"nesterov", o.optimiser.nesterov == Nesterov::kOn ? "on" : "off"},
      {"--weight-decay", fmt::format("{:g}", *o.optimiser.weight_decay)},
      {"--clip-norm", fmt::format("{:g}", o.optimiser.clip_norm)},
      {"--schedule", o.schedule.schedule == Schedule::kCosine ? "cosine" : "step"},
      {"--lr", fmt::format("{}", *o.schedule.learning_rate)},
      {"--warmup", fmt::format("{:g}", *o.schedule.warmup_epochs)},
      {"--lr-step-epochs", fmt::format("{}", o.schedule.step_epochs)},
      {"--lr-step-factor", fmt::format("{:g}", o.schedule.step_factor)},
      {"--restarts", fmt::format("{}", o.collapse.restarts)},
      {"--patience", fmt::format("{}", *o.collapse.patience_epochs)},
      {"--seed", fmt::format("{}", o.seed)},
      {"--device", o.device}};
}

std::filesystem::path default_cache() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  if (cache && *cache) return std::filesystem::path(cache) / "relevid/frames";
  const char* home = std::getenv("HOME");
  require(home && *home,
          "there is no cache folder, as neither XDG_CACHE_HOME nor HOME is set; give --cache FOLDER");
  return std::filesystem::path(home) / ".cache/relevid/frames";
}

std::filesystem::path beside(std::filesystem::path model, const char* extension) {
  return model.replace_extension(extension);
}

/// Batch norms as they are, or merged into the layers before them.
graph::Model exported(graph::Model model, const Shape& clip, TrainOptions::BatchNorm batch_norm) {
  if (batch_norm == TrainOptions::BatchNorm::kKeep) return model;
  return graph::to_model(graph::specialise(model, {{model.inputs.at(0).name, clip}}));
}

}  // namespace

std::filesystem::path checkpoint_path(const std::filesystem::path& model) {
  return beside(model, ".checkpoint.npz");
}

std::filesystem::path log_path(const std::filesystem::path& model) {
  return beside(model, ".log.jsonl");
}

std::filesystem::path curves_path(const std::filesystem::path& model) {
  return beside(model, ".html");
}

TrainOptions with_defaults(TrainOptions options, Validated validated) {
  constexpr int64_t kLeastPatience = 5;
  const bool adamw = options.optimiser.kind == OptimiserKind::kAdamW;
  const auto set = [](auto& option, auto value) {
    if (!option) option = value;
  };
  set(options.optimiser.weight_decay, adamw ? 0.01 : 5e-4);
  set(options.schedule.learning_rate, adamw ? 0.001 : 0.01);
  set(options.schedule.warmup_epochs, static_cast<double>(options.epochs) / 10);
  set(options.collapse.patience_epochs, std::max(kLeastPatience, options.epochs / 3));
  set(options.keep, validated == Validated::kYes ? KeptState::kBest : KeptState::kLast);
  return options;
}

TrainResult train_model(const DataSet& training, const DataSet& validation,
                        const std::filesystem::path& model, const TrainOptions& given,
                        const RunControl& control, const TrainObserver& observer) {
  const TrainOptions options =
      with_defaults(given, validation.rows.empty() ? Validated::kNo : Validated::kYes);
  check(training, validation, options);
  Beginning beginning = options.network.init.empty() ? fresh(options, training) : from_file(options);
  ModelSettings& settings = beginning.settings;
  if (options.frame_interval) settings.sampling.frame_interval = *options.frame_interval;
  settings.class_names = training.class_names;
  TrainOptions effective = options;
  if (effective.cache.empty()) effective.cache = default_cache();
  const auto library = kernels::make_library(options.device, {.threads = options.threads});
  const auto record = [&](const TrainResult& so_far) {
    write_file_atomically(log_path(model), train::log_of(so_far.epochs, so_far.kept));
    write_training_page(curves_path(model), model.filename().string(), options, so_far);
  };
  train::Trained trained = train::run({.start = beginning.model,
                                       .settings = settings,
                                       .clip = beginning.clip,
                                       .training = training,
                                       .validation = validation,
                                       .options = effective,
                                       .checkpoint = checkpoint_path(model),
                                       .identity = identity_of(beginning, training, validation, options),
                                       .record = record},
                                      *library, control, observer);
  graph::Model result = exported(std::move(trained.model), beginning.clip, options.batch_norm);
  result.metadata["relevid"] = to_json(settings);
  const TrainResult& done = trained.result;
  const int64_t kept = done.epochs[static_cast<size_t>(done.kept)].epoch;
  result.metadata["relevid.trained"] = fmt::format(
      "{} epochs on {} videos, seed {}; the state after epoch {}{}", options.epochs, done.training_videos,
      options.seed, kept, options.keep == KeptState::kBest ? ", the best by validation" : "");
  result.metadata["relevid.epoch"] = fmt::format("{}", kept);
  onnx_io::write_model(result, model);
  return std::move(trained.result);
}

}  // namespace relevid
