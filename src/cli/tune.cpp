// SPDX-License-Identifier: Apache-2.0
#include "relevid/tune.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdio>

#include "cli/choice.h"
#include "cli/command.h"
#include "cli/dataset_options.h"
#include "cli/flip_options.h"
#include "cli/method_options.h"
#include "cli/settings_options.h"

namespace relevid::cli {
namespace {

struct TuneCommand {
  std::string model, dataset, method = "auto";
  bool json = false;
  int threads = 0;
  MethodArguments how;
  TuneOptions options;
  SettingsOptions settings;
  DataSetCommandOptions reading;

  int run();
  int tune_model();
  TuneOptions resolve(const Model& network) const;
};

TuneOptions TuneCommand::resolve(const Model& network) const {
  TuneOptions result = options;
  result.settings = settings.require(network);
  if (settings.num_clips || settings.stride)
    print_warning("--num-clips and --stride have no effect: of every video one clip is taken");
  result.method = how.resolved(std::span(&method, 1));
  result.method.method = method;
  result.method.threads = threads;
  return result;
}

void print_cost(const TuneCost& cost) {
  fmt::print("cost         {} videos, at most {} settings of gammas; {} passes through the network at most\n",
             cost.videos, cost.settings, cost.passes);
  std::fflush(stdout);
}

/// What was written, and what to do with it.
void print_outcome(const TuneOptions& options, const std::string& model, const Tuning& tuning) {
  fmt::print("\npasses       {} in {:.1f} s ({:.1f} a second)\n", tuning.passes, tuning.seconds,
             static_cast<double>(tuning.passes) / tuning.seconds);
  if (options.out.empty()) return;
  const std::string out = printable(options.out.string());
  if (tuning.verdict == TuneVerdict::kGain) {
    fmt::print("rules        {}\nnext         relevid explain {} VIDEO --method {} --rules {}\n", out,
               printable(model), tuning.method, out);
  } else {
    fmt::print("rules        {}, as --out asks, with what the search chose; no gain was shown for it\n", out);
  }
}

int TuneCommand::tune_model() {
  const Model network(model);
  const TuneOptions resolved = resolve(network);
  const DataSet data = json ? reading.read_silently(dataset) : reading.read(dataset);
  const TuneCost cost = tuning_cost(network, data, resolved);
  if (!json) print_cost(cost);
  Tuning tuning;
  {
    ProgressLine line("relevid");
    const RunControl control{[&](const Progress& progress) { line.show(progress); }, &interrupt_flag()};
    tuning = run_tuning(network, data, resolved, control);
  }
  if (json) {
    std::fputs(tuning_json(tuning).c_str(), stdout);
    return 0;
  }
  fmt::print("\n{}", printable(tuning_text(tuning)));
  print_outcome(resolved, model, tuning);
  return 0;
}

int TuneCommand::run() {
  return run_to_requeue(
      [this] { return tune_model(); },
      options.out.empty() ? "nothing is kept; with --out the same command goes on where it stopped"
                          : "what is scored is kept beside --out; the same command goes on where it stopped");
}

void add_search_options(CLI::App& app, TuneCommand& command) {
  const std::string group = "Search";
  TuneOptions& options = command.options;
  app.add_option("--method", command.method,
                 fmt::format("the preset: auto, or {}", fmt::join(tunable_methods(), ", ")))
      ->capture_default_str()
      ->group(group);
  app.add_option("--clips", options.clips, "of each half, one a video; the halves share no video")
      ->capture_default_str()
      ->group(group);
  app.add_option("--gammas", options.gammas,
                 "tried of each group of layers beside the preset's own, with commas between; 0: epsilon")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->capture_default_str()
      ->group(group);
  app.add_option("--rounds", options.rounds, "through all groups; ends before where nothing changes")
      ->capture_default_str()
      ->group(group);
  using Target = EvaluateOptions::Target;
  add_choice(app, "--target", options.target, {{"top1", Target::kPredicted}, {"label", Target::kLabel}},
             "class to explain: top1, or label (where a video has one)")
      ->group(group);
  app.add_option("--seed", options.seed, "of which videos are taken, random orders and noise")
      ->capture_default_str()
      ->group(group);
  app.add_option("--threads", command.threads, "0: all cores")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str()
      ->group(group);
  app.add_option("--batch", options.batch, "clips in one forward pass")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str()
      ->group(group);
}

void add_data_options(CLI::App& app, TuneCommand& command) {
  const std::string group = "The data set";
  TuneOptions& options = command.options;
  command.reading.add_to(app);
  using Labels = EvaluateOptions::Labels;
  add_choice(app, "--labels-by", options.labels, {{"name", Labels::kByName}, {"index", Labels::kByIndex}},
             "how a label finds the model's class: name (where both have names), or index")
      ->group(group);
  app.add_option("--fps", options.fps, "resample videos to this rate first")
      ->check(CLI::PositiveNumber)
      ->group(group);
  app.add_option("--image-fps", options.video.image_sequence_fps, "rate of a folder of images")
      ->check(CLI::PositiveNumber)
      ->capture_default_str()
      ->group(group);
}

}  // namespace

void add_tune(CLI::App& program, Action& action) {
  auto command = std::make_shared<TuneCommand>();
  CLI::App* app = program.add_subcommand(
      "tune", "Choose a preset's gammas per group of layers by perturbation curves, and show the gain");
  reads(app->add_option("MODEL", command->model, "an ONNX file"))->required();
  reads(app->add_option("DATASET", command->dataset, "a folder with a folder per class, or a list"))
      ->required();
  app->add_option("--out", command->options.out,
                  "the file of rules; until it is there OUT.state keeps what is scored");
  app->add_flag("--json", command->json, "print the result as JSON in place of the tables");
  add_search_options(*app, *command);
  command->how.add_to(*app, MethodArguments::Within::kTuning);
  add_flip_options(*app, command->options, "Curves");
  add_data_options(*app, *command);
  command->settings.add_to(*app);
  app->callback([command, &action] { action = [command] { return command->run(); }; });
}

}  // namespace relevid::cli
