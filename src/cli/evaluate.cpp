// SPDX-License-Identifier: Apache-2.0
#include "relevid/evaluate.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdio>

#include "cli/choice.h"
#include "cli/command.h"
#include "cli/dataset_options.h"
#include "cli/flip_options.h"
#include "cli/method_options.h"
#include "cli/settings_options.h"
#include "cli/video_counts.h"
#include "relevid/evaluate_report.h"

namespace relevid::cli {
namespace {

/// Presets of relevance and methods on gradients: none asks the network about hundreds of changed clips.
const std::vector<std::string> kUsualMethods = {"deep_taylor",
                                                "epsilon_plus",
                                                "epsilon_plus_flat",
                                                "epsilon_alpha2_beta1",
                                                "epsilon_alpha2_beta1_flat",
                                                "epsilon_gamma_box",
                                                "excitation_backprop",
                                                "null_profile",
                                                "gradient",
                                                "input_x_gradient",
                                                "integrated_gradients",
                                                "smoothgrad",
                                                "guided_backprop",
                                                "deconvnet"};

/// What a word of --methods stands for.
std::vector<std::string> methods_of_word(const std::string& word) {
  if (word == "usual") return kUsualMethods;
  return word == "all" ? methods() : std::vector<std::string>{word};
}

struct EvaluateCommand {
  std::string model, dataset;
  std::vector<std::string> methods = {"usual"}, checks = {"all"};
  MethodArguments how;
  EvaluateOptions options;
  SettingsOptions settings;
  DataSetCommandOptions reading;

  int run();
  int evaluate();
  EvaluateOptions resolve(const Model& network) const;
};

EvaluateOptions EvaluateCommand::resolve(const Model& network) const {
  EvaluateOptions result = options;
  result.settings = settings.require(network);
  if (!settings.num_clips && !settings.stride) result.settings.sampling.num_clips = 1;
  result.methods.clear();
  for (const std::string& method : methods) {
    const auto named = methods_of_word(method);
    result.methods.insert(result.methods.end(), named.begin(), named.end());
  }
  if (checks == std::vector<std::string>{"none"}) {
    result.checks.clear();
  } else if (checks != std::vector<std::string>{"all"}) {
    result.checks = checks;
  }
  std::vector<std::string> names;  // without ":magnitude"
  for (const std::string& name : result.methods) names.push_back(name.substr(0, name.find(':')));
  const int threads = result.method.threads;
  result.method = how.resolved(names);
  result.method.threads = threads;
  result.method.seed = result.seed;
  result.method.batch = result.batch;
  return result;
}

void print_cost(const EvaluateOptions& options, const EvaluationCost& cost) {
  const int64_t clips = std::max<int64_t>(1, options.settings.sampling.num_clips);
  fmt::print("cost         {} videos; a clip takes {} forward passes and {} explanations of {} passes",
             cost.videos, cost.forward_passes, cost.explanations, cost.passes);
  if (cost.first_explanations > cost.explanations)
    fmt::print(", a video's first clip {} of {}", cost.first_explanations, cost.first_passes);
  if (!options.settings.sampling.stride) {
    fmt::print("; {} passes in all at most",
               cost.videos * (clips * cost.forward_passes + cost.first_passes + (clips - 1) * cost.passes));
  }
  fmt::print("\n");
  std::fflush(stdout);
}

void print_outcome(const EvaluateOptions& options, const EvaluationOutcome& outcome) {
  print_video_counts(options.out, outcome.counts, "evaluated");
  if (outcome.passes > 0) {
    fmt::print("clips        {} of {} videos in {:.1f} s ({:.1f} passes through the network a second)\n",
               outcome.clips, outcome.videos, outcome.seconds,
               static_cast<double>(outcome.passes) / outcome.seconds);
  }
  fmt::print("run          {}\n", printable(options.out.string()));
}

int EvaluateCommand::evaluate() {
  const Model network(model);
  const EvaluateOptions resolved = resolve(network);
  const DataSet data = reading.read(dataset);
  print_cost(resolved, evaluation_cost(network, data, resolved));
  EvaluationOutcome outcome;
  {
    ProgressLine line("relevid");
    const RunControl control{[&](const Progress& progress) { line.show(progress); }, &interrupt_flag()};
    outcome = run_evaluation(network, data, resolved, control);
  }
  print_outcome(resolved, outcome);
  if (!outcome.finished) throw Interrupted{};
  if (resolved.shard.count > 1) {
    fmt::print("next         relevid merge OUT {} ... puts the shards together\n",
               printable(resolved.out.string()));
    return 0;
  }
  std::fputs("\n", stdout);
  write_evaluation_report(resolved.out, {},
                          [](std::string_view piece) { std::fwrite(piece.data(), 1, piece.size(), stdout); });
  fmt::print("\nmore         relevid report {} --format html, json or csv\n",
             printable(resolved.out.string()));
  return 0;
}

int EvaluateCommand::run() {
  return run_to_requeue([this] { return evaluate(); });
}

void add_method_options(CLI::App& app, EvaluateCommand& command) {
  const std::string group = "Methods";
  EvaluateOptions& options = command.options;
  app.add_option("--methods", command.methods,
                 fmt::format("usual (presets and gradients), all, or some with commas between, "
                             "NAME:magnitude for magnitudes: {}",
                             fmt::join(methods(), ", ")))
      ->delimiter(',')
      ->capture_default_str()
      ->group(group);
  using Target = EvaluateOptions::Target;
  add_choice(app, "--target", options.target, {{"top1", Target::kPredicted}, {"label", Target::kLabel}},
             "class to explain: top1, or label (where a video has one)")
      ->group(group);
  app.add_option("--threads", options.method.threads, "0: all cores")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str()
      ->group(group);
  app.add_option("--batch", options.batch, "clips in one forward pass")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str()
      ->group(group);
}

void add_measure_options(CLI::App& app, EvaluateCommand& command) {
  const std::string group = "Measures";
  EvaluateOptions& options = command.options;
  add_flip_options(app, options, group);
  app.add_option("--checks", command.checks,
                 "all, none, or some with commas between: agreement, class, shift, offset, invariance, "
                 "randomised")
      ->delimiter(',')
      ->group(group);
  reads(app.add_option(
            "--objects", options.objects,
            "csv of where objects are: positions.csv of a generated set, or video,frame,left,top,right,"
            "bottom, or video,frame,mask"))
      ->group(group);
  app.add_option("--seed", options.seed, "of random orders, noise and random weights")
      ->capture_default_str()
      ->group(group);
}

void add_data_options(CLI::App& app, EvaluateCommand& command) {
  const std::string group = "The data set";
  EvaluateOptions& options = command.options;
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
  add_parsed(app, "--shard", options.shard, parse_shard, "i/n: every n-th video from the i-th, from 0")
      ->group(group);
}

}  // namespace

void add_evaluate(CLI::App& program, Action& action) {
  auto command = std::make_shared<EvaluateCommand>();
  CLI::App* app = program.add_subcommand(
      "evaluate", "Measure how far explanation methods are to be trusted for a model, over a data set");
  reads(app->add_option("MODEL", command->model, "an ONNX file"))->required();
  reads(app->add_option("DATASET", command->dataset, "a folder with a folder per class, or a list"))
      ->required();
  app->add_option("--out", command->options.out, "the run, one SQLite file; an existing one is resumed")
      ->required();
  add_method_options(*app, *command);
  command->how.add_to(*app, MethodArguments::Within::kEvaluation);
  add_measure_options(*app, *command);
  add_data_options(*app, *command);
  command->settings.add_to(*app);
  app->callback([command, &action] { action = [command] { return command->run(); }; });
}

}  // namespace relevid::cli
