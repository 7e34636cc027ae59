// SPDX-License-Identifier: Apache-2.0
#include "relevid/train.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/input_guard.h"
#include "cli/choice.h"
#include "cli/command.h"
#include "cli/dataset_options.h"
#include "relevid/create.h"
#include "relevid/device.h"
#include "relevid/error.h"
#include "relevid/explanation_files.h"

namespace relevid::cli {
namespace {

double percent(int64_t part, int64_t whole) {
  return whole > 0 ? 100 * static_cast<double>(part) / static_cast<double>(whole) : 0;
}

struct TrainCommand {
  std::string data, out, validation_list;
  double validation_share = 0;
  double cache_gib = 20;
  bool flip = false, centre = false, no_nesterov = false, merge = false, resume = false;
  bool subtract_clip_mean = false, allow_chance = false;
  DataSetCommandOptions reading;
  TrainOptions options;

  void add_data(CLI::App& app);
  void add_network(CLI::App& app);
  void add_clips(CLI::App& app);
  void add_optimiser(CLI::App& app);
  void add_collapse(CLI::App& app);
  void add_run(CLI::App& app);
  int run();

 private:
  void settle();
  void claim_outputs() const;
  std::pair<DataSet, DataSet> read() const;
  /// The list of what --val-split held out, beside the ONNX file.
  std::filesystem::path held_out_path() const {
    return std::filesystem::path(out).replace_extension(".val.csv");
  }
  void print_epoch(const EpochResult& result) const;
  void print_restart(const EpochResult& result) const;
  void print_end(const TrainResult& result) const;
};

void TrainCommand::add_data(CLI::App& app) {
  reads(app.add_option("DATASET", data, "a folder per class, or a list of videos"))->required();
  app.add_option("--out", out, "the ONNX file; its checkpoint, log and page of curves lie beside it")
      ->required();
  reading.add_to(app);
  const std::string group = "The data set";
  auto* share = app.add_option("--val-split", validation_share, "share of every class that is held out")
                    ->group(group)
                    ->check(CLI::Range(0.0, 1.0));
  reads(app.add_option("--val", validation_list, "a list of its own to validate on"))
      ->group(group)
      ->excludes(share);
  app.add_option("--max-bad", options.max_bad_share, "share of unreadable videos that is taken")
      ->group(group)
      ->capture_default_str()
      ->check(CLI::Range(0.0, 1.0));
}

void TrainCommand::add_network(CLI::App& app) {
  const std::string group = "The network";
  app.add_option("--arch", options.network.architecture, fmt::format("{}", fmt::join(architectures(), ", ")))
      ->group(group)
      ->capture_default_str();
  app.add_option("--width", options.network.width, "factor on its channels")
      ->group(group)
      ->capture_default_str();
  app.add_option("--dropout", options.network.dropout, "before its last fully connected layers")
      ->group(group)
      ->capture_default_str();
  reads(app.add_option("--init", options.network.init,
                       "an ONNX model to start from; other classes get a new head"))
      ->group(group);
  app.add_option("--freeze", options.network.freeze, "layers that keep their weights, by pattern ('conv1*')")
      ->group(group);
  app.add_option("--train-only", options.network.train_only,
                 "layers that alone are trained, by pattern; head: the last one")
      ->group(group);
  using Padding = CreateOptions::TimePadding;
  add_choice(app, "--time-padding", options.network.time_padding,
             {{"zeros", Padding::kZeros}, {"repeat", Padding::kRepeat}},
             "what convolutions see beyond the first and last frame: zeros, or repeat: that frame again")
      ->group(group);
  app.add_flag("--merge-batch-norm", merge, "into the layers before, in the ONNX file")->group(group);
}

void TrainCommand::add_clips(CLI::App& app) {
  const std::string group = "Clips";
  app.add_option("--clip-len", options.clip_len, "frames a clip has (16, or the initial model's)")
      ->group(group);
  app.add_option("--frame-interval", options.frame_interval, "step between them (1, or the initial model's)")
      ->group(group);
  app.add_option("--clips-per-video", options.clips_per_video, "at random offsets, in an epoch")
      ->group(group)
      ->capture_default_str();
  app.add_option("--val-clips", options.validation_clips, "of every validation video")
      ->group(group)
      ->capture_default_str();
  app.add_option("--size", options.size, "height and width that the network sees")
      ->group(group)
      ->capture_default_str()
      ->check(CLI::Range(16, 4096));
  app.add_option("--resize", options.resize, "shorter side before the crop; 8/7 of the size by default")
      ->group(group);
  app.add_flag("--subtract-clip-mean", subtract_clip_mean, "each pixel's mean over the clip's frames")
      ->group(group);
  app.add_flag("--centre-crop", centre, "in place of random crops")->group(group);
  app.add_flag("--flip", flip, "half of the clips; turns left into right")->group(group);
  app.add_option("--brightness", options.augmentation.brightness, "jitter: factors from [1 - x, 1 + x]")
      ->group(group)
      ->capture_default_str();
  app.add_option("--contrast", options.augmentation.contrast, "likewise")
      ->group(group)
      ->capture_default_str();
}

void TrainCommand::add_optimiser(CLI::App& app) {
  const std::string group = "Optimisation";
  auto& o = options.optimiser;
  auto& s = options.schedule;
  app.add_option("--epochs", options.epochs)->group(group)->capture_default_str();
  app.add_option("--batch", options.batch, "clips an update")->group(group)->capture_default_str();
  add_choice(app, "--optimiser", o.kind, {{"sgd", OptimiserKind::kSgd}, {"adamw", OptimiserKind::kAdamW}},
             "adamw or sgd")
      ->group(group);
  app.add_option("--lr", s.learning_rate, "learning rate; 0.001 for adamw, 0.01 for sgd by default")
      ->group(group);
  add_choice(app, "--schedule", s.schedule, {{"cosine", Schedule::kCosine}, {"step", Schedule::kStep}},
             "cosine or step")
      ->group(group);
  app.add_option("--warmup", s.warmup_epochs, "epochs of rising rate; a tenth of all by default")
      ->group(group);
  app.add_option("--lr-step-epochs", s.step_epochs, "step schedule: epochs between reductions")
      ->group(group)
      ->capture_default_str();
  app.add_option("--lr-step-factor", s.step_factor, "step schedule: by what the rate is multiplied")
      ->group(group)
      ->capture_default_str();
  app.add_option("--momentum", o.momentum)->group(group)->capture_default_str();
  app.add_flag("--no-nesterov", no_nesterov)->group(group);
  app.add_option("--weight-decay", o.weight_decay,
                 "not on biases and batch norms; 0.01 for adamw, 0.0005 for sgd by default")
      ->group(group);
  app.add_option("--clip-norm", o.clip_norm, "largest norm of all gradients; 0: none")
      ->group(group)
      ->capture_default_str();
  app.add_option("--label-smoothing", options.label_smoothing)->group(group)->capture_default_str();
}

void TrainCommand::add_collapse(CLI::App& app) {
  const std::string group = "What is kept, and what happens where nothing is learnt";
  add_choice(app, "--keep", options.keep, {{"best", KeptState::kBest}, {"last", KeptState::kLast}},
             "the state that becomes the ONNX file: best by validation, or last; best by default where "
             "there is a validation set")
      ->group(group);
  app.add_option("--restarts", options.collapse.restarts,
                 "how often a run whose loss is back at chance returns to its best state, each time at 0.3 "
                 "of the rate; then it ends with status 8")
      ->group(group)
      ->capture_default_str();
  app.add_option("--patience", options.collapse.patience_epochs,
                 "epochs after which a loss that never left chance counts as such; a third of all, at least "
                 "5, by default")
      ->group(group);
  app.add_flag("--allow-chance", allow_chance, "write a network that has learnt nothing as well")
      ->group(group);
}

void TrainCommand::add_run(CLI::App& app) {
  const std::string group = "The run";
  app.add_option("--seed", options.seed)->group(group)->capture_default_str();
  app.add_option("--device", options.device,
                 fmt::format("what networks run on: {}", fmt::join(device_names(), ", ")))
      ->group(group)
      ->capture_default_str();
  app.add_option("--threads", options.threads, "of the network; 0: as many as cores")
      ->group(group)
      ->capture_default_str();
  app.add_option("--loader-threads", options.loader_threads, "that cut clips meanwhile")
      ->group(group)
      ->capture_default_str()
      ->check(CLI::Range(1, 64));
  app.add_option("--cache", options.cache,
                 "folder of decoded frames; relevid/frames in your cache folder by default")
      ->group(group);
  app.add_option("--cache-limit", cache_gib, "of that folder, GiB")->group(group)->capture_default_str();
  app.add_flag("--resume", resume, "resume from the checkpoint next to the ONNX file")->group(group);
}

void TrainCommand::settle() {
  if (flip) options.augmentation.flip_probability = 0.5;
  if (subtract_clip_mean) options.clip_mean = ClipMean::kSubtract;
  if (centre) options.augmentation.crop = Augmentation::Crop::kCentre;
  if (no_nesterov) options.optimiser.nesterov = Nesterov::kOff;
  if (merge) options.batch_norm = TrainOptions::BatchNorm::kMerge;
  if (allow_chance) options.collapse.at_chance = CollapseOptions::AtChance::kAllow;
  if (resume) options.begin = TrainOptions::Begin::kResume;
  options.cache_limit_bytes = static_cast<int64_t>(cache_gib * (int64_t{1} << 30));
}

/// Before the hours of work, and all of them: a model that is called x.html would be its own page.
void TrainCommand::claim_outputs() const {
  claim_output(out, "the ONNX file");
  claim_output(checkpoint_path(out), "the checkpoint");
  claim_output(log_path(out), "the log");
  if (has_page()) claim_output(curves_path(out), "the page of curves");
  if (validation_share > 0) claim_output(held_out_path(), "the list of what is held out");
}

std::pair<DataSet, DataSet> TrainCommand::read() const {
  DataSet all = reading.read(data);
  if (!validation_list.empty()) return {std::move(all), reading.read(validation_list)};
  if (validation_share == 0) return {std::move(all), DataSet{}};
  const DataSplit split = split_dataset(all, validation_share);
  return {subset(all, split.training), subset(all, split.validation)};
}

void TrainCommand::print_epoch(const EpochResult& result) const {
  fmt::print("epoch {:>3}/{}  loss {:.4f}  clips {:5.1f} %  {:.1f} clips/s  lr {:.2g}", result.epoch,
             options.epochs, result.loss, percent(result.clips_right, result.clips), result.clips_per_second,
             result.learning_rate);
  if (const auto& v = result.validation) {
    fmt::print("  |  validation: clips {:5.1f} %, videos {:5.1f} %", percent(v->clips_right, v->clips),
               percent(v->videos_right, v->videos));
  }
  fmt::print("\n");
  std::fflush(stdout);
}

/// What had happened, and from where training goes on.
void TrainCommand::print_restart(const EpochResult& result) const {
  const Restart& restart = *result.restart;
  const bool fell_back = restart.reason == Restart::Reason::kFellBack;
  const std::string from = restart.to_epoch > 0 ? fmt::format("the state after epoch {}", restart.to_epoch)
                                                : "the state before the first update";
  print_warning(fmt::format(
      "training collapsed: the loss {}; it goes on from {} at {:.2g} of the learning rate (restart {} of {})",
      fell_back ? "is back at what knowing the class frequencies gives"
                : "has never been lower than knowing the class frequencies gives",
      from, restart.rate_factor, result.attempt, options.collapse.restarts));
}

void TrainCommand::print_end(const TrainResult& result) const {
  const EpochResult& kept = result.epochs[static_cast<size_t>(result.kept)];
  fmt::print("kept: the state after epoch {} of {}", kept.epoch, options.epochs);
  if (const auto& v = kept.validation)
    fmt::print(", with {:.1f} % of the validation videos right", percent(v->videos_right, v->videos));
  fmt::print("\n");
  fmt::print("{}: {:.2f} million parameters, {} training videos, {} validation videos\n", printable(out),
             static_cast<double>(result.parameters) / 1e6, result.training_videos, result.validation_videos);
  if (!result.unreadable.empty())
    print_warning(fmt::format("{} videos could not be used", result.unreadable.size()));
  fmt::print("checkpoint: {}; log: {}", printable(checkpoint_path(out).string()),
             printable(log_path(out).string()));
  if (has_page()) fmt::print("; curves: {}", printable(curves_path(out).string()));
  fmt::print("\n");
  if (validation_share > 0) fmt::print("held out: {}, for audits\n", printable(held_out_path().string()));
}

int TrainCommand::run() {
  settle();
  const auto [training, validation] = read();
  claim_outputs();
  ProgressLine progress("relevid");
  const RunControl control{[&progress](const Progress& state) { progress.show(state); }, &interrupt_flag()};
  TrainObserver observer;
  observer.unreadable = [&progress](const UnreadableVideo& video) {
    progress.clear();
    print_warning(fmt::format("{} is left out: {}", video.name, video.reason));
  };
  observer.epoch = [&](const EpochResult& result) {
    progress.clear();
    print_epoch(result);
    if (result.restart) print_restart(result);
  };
  try {
    const TrainResult result = train_model(training, validation, out, options, control, observer);
    progress.clear();
    if (validation_share > 0) write_dataset(validation, held_out_path());
    print_end(result);
    if (result.at_chance) print_warning(fmt::format("the network has learnt nothing: {}", *result.at_chance));
  } catch (const Interrupted&) {
    progress.clear();
    print_error("interrupted",
                fmt::format("the same command with --resume goes on from {}", checkpoint_path(out).string()));
    return kInterruptedStatus;
  }
  return 0;
}

}  // namespace

void add_train(CLI::App& program, Action& action) {
  auto command = std::make_shared<TrainCommand>();
  CLI::App* app =
      program.add_subcommand("train", "Train a network on clips at random offsets; saved as ONNX");
  command->add_data(*app);
  command->add_network(*app);
  command->add_clips(*app);
  command->add_optimiser(*app);
  command->add_collapse(*app);
  command->add_run(*app);
  app->callback([command, &action] { action = [command] { return command->run(); }; });
}

}  // namespace relevid::cli
