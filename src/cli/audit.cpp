// SPDX-License-Identifier: Apache-2.0
#include "relevid/audit.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "cli/choice.h"
#include "cli/command.h"
#include "cli/dataset_options.h"
#include "cli/method_options.h"
#include "cli/settings_options.h"
#include "cli/video_counts.h"
#include "relevid/audit_report.h"
#include "relevid/error.h"

namespace relevid::cli {
namespace {

constexpr int64_t kDefaultClips = 4;

struct AuditCommand {
  std::string model, dataset;
  std::vector<std::string> controls;
  AuditOptions options;
  std::optional<Shard> shard;
  MethodArguments method;
  SettingsOptions settings;
  DataSetCommandOptions reading;

  int run();
  int audit();
  AuditOptions resolve(const Model& network);
};

/// A number from the environment; nothing where it is not set or is none.
std::optional<int64_t> environment_number(const char* variable) {
  const char* text = std::getenv(variable);  // NOLINT(concurrency-mt-unsafe): no thread has been started
  if (!text) return std::nullopt;
  const std::string_view view = text;
  int64_t value = 0;
  const auto [rest, error] = std::from_chars(view.data(), view.data() + view.size(), value);
  if (error != std::errc{} || rest != view.data() + view.size()) return std::nullopt;
  return value;
}

/// The part that a task of a Slurm job array has: its place in the array, whatever its numbers begin with.
std::optional<Shard> slurm_shard() {
  const auto id = environment_number("SLURM_ARRAY_TASK_ID"),
             count = environment_number("SLURM_ARRAY_TASK_COUNT");
  if (!id || !count) return std::nullopt;
  const int64_t step = std::max<int64_t>(1, environment_number("SLURM_ARRAY_TASK_STEP").value_or(1));
  const int64_t first = environment_number("SLURM_ARRAY_TASK_MIN").value_or(0);
  return parse_shard(fmt::format("{}/{}", (*id - first) / step, *count));
}

std::vector<AuditControl> parse_controls(const std::vector<std::string>& words) {
  if (words.empty() || words == std::vector<std::string>{"all"}) return all_audit_controls();
  std::vector<AuditControl> controls;
  if (words == std::vector<std::string>{"none"}) return controls;
  for (const std::string& word : words) controls.push_back(audit_control(word));
  return controls;
}

void print_outcome(const AuditOptions& options, const AuditOutcome& outcome) {
  print_video_counts(options.out, outcome.counts, "audited");
  if (outcome.clips > 0) {
    fmt::print("clips        {} of {} videos in {:.1f} s ({:.2f} clips/s; {:.0f} % of the time computing)\n",
               outcome.clips, outcome.videos, outcome.seconds,
               static_cast<double>(outcome.clips) / outcome.seconds,
               100 * outcome.computing_seconds / outcome.seconds);
  }
  const bool whole = options.shard.count == 1;
  fmt::print("run          {}{}\n", printable(options.out.string()),
             whole ? "" : fmt::format(", shard {}", to_string(options.shard)));
}

void print_findings(const AuditOptions& options) {
  const std::string run = printable(options.out.string());
  if (options.shard.count > 1) {
    fmt::print("next         relevid merge OUT {} ... puts the shards together\n", run);
    return;
  }
  try {
    const AuditFindings findings = audit_findings(options.out);
    fmt::print("accuracy     {}\nverdict      {}\n", findings.accuracy, findings.verdict);
    if (!findings.method.empty()) fmt::print("method       {}\n", findings.method);
    fmt::print("advice       {}\n", findings.recommendation);
  } catch (const Error& error) {  // the run is whole all the same
    print_warning(error.what());
  }
  fmt::print("more         relevid report {}\n", run);
}

AuditOptions AuditCommand::resolve(const Model& network) {
  AuditOptions result = options;
  result.settings = settings.require(network);
  if (!settings.num_clips && !settings.stride) result.settings.sampling.num_clips = kDefaultClips;
  result.controls = parse_controls(controls);
  std::vector<std::string> methods = {method.options.method};
  if (std::ranges::count(result.controls, AuditControl::kSecondMethod) > 0)
    methods.push_back(options.second_method);
  result.method = method.resolved(methods);
  result.seed = method.options.seed;
  if (const auto wanted = shard ? shard : slurm_shard()) result.shard = *wanted;
  return result;
}

int AuditCommand::audit() {
  const Model network(model);
  const AuditOptions resolved = resolve(network);
  const DataSet data = reading.read(dataset);
  AuditOutcome outcome;
  {
    ProgressLine line("relevid");
    const RunControl control{[&](const Progress& progress) { line.show(progress); }, &interrupt_flag()};
    outcome = run_audit(network, data, resolved, control);
  }
  print_outcome(resolved, outcome);
  if (!outcome.finished) throw Interrupted{};
  print_findings(resolved);
  return 0;
}

int AuditCommand::run() {
  return run_to_requeue([this] { return audit(); });
}

void add_data_options(CLI::App& app, AuditCommand& command) {
  const std::string group = "The data set";
  command.reading.add_to(app);
  using Labels = AuditOptions::Labels;
  add_choice(app, "--labels-by", command.options.labels,
             {{"name", Labels::kByName}, {"index", Labels::kByIndex}},
             "how a label finds the model's class: name (where both have names), or index")
      ->group(group);
  app.add_option("--image-fps", command.options.video.image_sequence_fps, "rate of a folder of images")
      ->check(CLI::PositiveNumber)
      ->capture_default_str()
      ->group(group);
}

void add_method_options(CLI::App& app, AuditCommand& command) {
  const std::string group = "Method";
  app.add_option(
         "--method", command.method.options.method,
         fmt::format("auto, the one that was measured to answer best, or {}", fmt::join(methods(), ", ")))
      ->capture_default_str()
      ->group(group);
  app.add_option("--second-method", command.options.second_method,
                 "of the control second_method; auto: deep_taylor, or another where that is the method")
      ->capture_default_str()
      ->group(group);
  using Target = AuditOptions::Target;
  add_choice(app, "--target", command.options.target,
             {{"top1", Target::kPredicted}, {"label", Target::kLabel}},
             "class to explain: top1, or label (where a video has one)")
      ->group(group);
  app.add_option("--threads", command.method.options.threads, "0: all cores")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str()
      ->group(group);
  command.method.add_to(app);
  app.get_option("--seed")->description("of shuffled frames, random weights, noise, masks and orders");
}

}  // namespace

void add_audit(CLI::App& program, Action& action) {
  auto command = std::make_shared<AuditCommand>();
  AuditOptions& options = command->options;
  CLI::App* app = program.add_subcommand(
      "audit", "Measure accuracy and relevance per frame over a data set, at several frame intervals");
  reads(app->add_option("MODEL", command->model, "an ONNX file"))->required();
  reads(app->add_option("DATASET", command->dataset, "a folder with a folder per class, or a list"))
      ->required();
  app->add_option("--out", options.out, "the run, one SQLite file; an existing one is resumed")->required();
  app->add_option("--intervals", options.intervals, "frame intervals, with commas between")
      ->delimiter(',')
      ->capture_default_str();
  app->add_option("--base-interval", options.base_interval, "the controls'; the model's own otherwise");
  app->add_option("--fps", options.fps, "resample videos to this rate first")->check(CLI::PositiveNumber);
  app->add_option("--controls", command->controls,
                  "all, none, or some with commas between: null_profile, "
                  "random_weights, frozen, shuffled, reversed, shifted, second_method")
      ->delimiter(',');
  app->add_option("--control-clips", options.control_clips, "clips of a video under each control")
      ->capture_default_str();
  app->add_option("--shift-frames", options.shift_frames,
                  "of the control 'shifted'; a quarter of a clip otherwise");
  add_parsed(*app, "--shard", command->shard, parse_shard,
             "i/n: every n-th video from the i-th, from 0; a task's place in a Slurm array otherwise");
  add_method_options(*app, *command);
  add_data_options(*app, *command);
  command->settings.add_to(*app);
  app->callback([command, &action] { action = [command] { return command->run(); }; });
}

}  // namespace relevid::cli
