// SPDX-License-Identifier: Apache-2.0
#include "relevid/explain.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

#include "base/atomic_file.h"
#include "base/input_guard.h"
#include "cli/command.h"
#include "cli/explain_report.h"
#include "cli/explain_words.h"
#include "cli/method_options.h"
#include "cli/settings_options.h"
#include "relevid/colormap.h"
#include "relevid/error.h"
#include "relevid/explanation_files.h"

namespace relevid::cli {
namespace {

struct Prepared;

struct ExplainCommand {
  std::string model;
  std::vector<std::string> inputs;
  std::vector<std::string> methods = {"auto"};
  MethodArguments method;  ///< what all methods have in common
  std::string against;
  std::vector<std::string> targets = {"top1"};
  std::string out = "relevid-out", input_key, low, high, color_map = "auto";
  double percentile = 99.5, image_fps = 25;
  int64_t page_limit_mib = 32;
  int threads = 0;
  bool json = false, report_layers = false, skip_existing = false, no_overlay_video = false, no_page = false;
  bool no_null_profile = false, no_class_check = false, only_cost = false;
  SettingsOptions settings;

  int run();
  std::vector<MethodOptions> method_options(const Prepared& prepared) const;
  InputOptions input_options(const Prepared& prepared) const;
  void explain_one(const std::string& input, const std::string& stem, const Prepared& prepared,
                   ClipExplainer& explainer) const;
  bool wants_page() const { return !no_page && has_page(); }
};

/// The prepared model and all that is the same for every input.
struct Prepared {
  Model model;
  SettingsOptions::Resolved resolved;
  Shape clip_shape;
  ClipLayout layout = ClipLayout::kNcthw;
  std::vector<TargetChoice> targets;
  std::vector<double> null_profile;
};

OutputOptions output_options(const ExplainCommand& command, const Prepared& prepared,
                             const std::string& stem) {
  OutputOptions output;
  output.folder = command.out;
  output.stem = stem;
  output.class_names = prepared.resolved.class_names;
  output.color_map = command.color_map;
  output.percentile = command.percentile;
  output.overlay_video =
      command.no_overlay_video ? OutputOptions::OverlayVideo::kSkip : OutputOptions::OverlayVideo::kWrite;
  output.page = command.no_page ? OutputOptions::Page::kSkip : OutputOptions::Page::kWrite;
  output.page_limit_bytes = command.page_limit_mib << 20;
  output.null_profile = prepared.null_profile;
  output.video.image_sequence_fps = command.image_fps;
  output.video.threads = command.threads;
  return output;
}

/// Before the work: nothing that is read may be written over, and no picture may get among images that are
/// read.
void check_outputs(const ExplainCommand& command, std::span<const std::string> stems) {
  for (const std::string& input : command.inputs) {
    std::error_code ignored;
    if (!std::filesystem::is_directory(input) || !std::filesystem::equivalent(input, command.out, ignored))
      continue;
    throw Error(
        ErrorKind::kInvalidArgument,
        fmt::format("{} is a folder of images that are read; choose another one with --out", command.out));
  }
  for (const auto& path : possible_outputs(command.out, stems)) require_no_input(path);
}

InputOptions ExplainCommand::input_options(const Prepared& prepared) const {
  InputOptions options;
  options.settings = prepared.resolved.settings;
  options.settings_source = prepared.resolved.source;
  options.layout = prepared.layout;
  options.input_key = input_key;
  options.video.image_sequence_fps = image_fps;
  options.video.threads = threads;
  options.memory_limit_bytes = method.memory_limit_mib << 20;
  if (no_class_check) options.class_check = InputOptions::ClassCheck::kSkip;
  return options;
}

void ExplainCommand::explain_one(const std::string& input, const std::string& stem, const Prepared& prepared,
                                 ClipExplainer& explainer) const {
  ProgressLine line(stem);
  const RunControl control{[&](const Progress& progress) { line.show(progress); }, &interrupt_flag()};
  const auto explanations = explain_input(explainer, prepared.clip_shape, input, input_options(prepared),
                                          prepared.targets, control);
  const OutputOptions output = output_options(*this, prepared, stem);
  write_explanations(explanations, prepared.model, output, control);
  line.clear();
  for (const Explanation& explanation : explanations) {
    if (json) {
      fmt::print("{}\n", to_json(explanation, prepared.model, output));
    } else {
      print_explanation(explanation, output);
      if (report_layers) print_layers(explanation);
    }
  }
  std::fflush(stdout);
}

/// The smallest and largest value of the input: given, or from the preprocessing, or not known.
std::optional<InputRange> input_range(const ExplainCommand& command, const Prepared& prepared) {
  if (command.low.empty() != command.high.empty()) {
    throw Error(ErrorKind::kInvalidArgument, "--low and --high go together");
  }
  if (!command.low.empty()) {
    return InputRange{parse_bound(command.low, "--low", prepared.clip_shape, prepared.layout),
                      parse_bound(command.high, "--high", prepared.clip_shape, prepared.layout)};
  }
  if (!prepared.resolved.settings) return std::nullopt;
  const int64_t frames = prepared.clip_shape[prepared.layout == ClipLayout::kNcthw ? 2 : 1];
  auto [low, high] = input_bounds(prepared.resolved.settings->preprocessing, frames);
  return InputRange{std::move(low), std::move(high)};
}

Prepared prepare(const ExplainCommand& command) {
  Prepared prepared{Model(command.model), {}, {}, {}, {}, {}};
  prepared.resolved = command.settings.resolve(prepared.model);
  std::vector<int64_t> sizes;  // of a clip given as numbers, where the model leaves its own open
  if (!prepared.resolved.settings && is_clip_file(command.inputs[0])) {
    sizes = read_clip(command.inputs[0], command.input_key).shape().dims();
  }
  prepared.clip_shape = prepared.model.clip_shape(prepared.resolved.settings, sizes);
  prepared.layout = prepared.resolved.settings ? prepared.resolved.settings->preprocessing.layout
                                               : layout_of(prepared.clip_shape);
  for (const auto& target : command.targets) {
    prepared.targets.push_back(parse_target(target, prepared.resolved.class_names));
  }
  return prepared;
}

void require_labels_fit(const std::vector<std::string>& names, int64_t classes) {
  if (names.empty() || static_cast<int64_t>(names.size()) == classes) return;
  throw Error(ErrorKind::kInvalidArgument,
              fmt::format("{} class names are given, and the model has {} classes", names.size(), classes));
}

/// Makes the folder and writes into it once: before long work is done for nothing.
void require_writable_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    throw Error(ErrorKind::kIo, fmt::format("cannot make folder {}: {}", folder.string(), error.message()));
  }
  const AtomicFile probe(folder / "probe");  // removed again, because it is never committed
}

/// Every method once, by its own name.
std::vector<MethodOptions> ExplainCommand::method_options(const Prepared& prepared) const {
  MethodOptions common = method.resolved(methods);
  common.interrupt = &interrupt_flag();
  common.layout = prepared.layout;
  common.threads = threads;
  if (!against.empty()) common.contrast = parse_class(against, prepared.resolved.class_names);
  std::vector<MethodOptions> all;
  for (const std::string& asked : methods) {
    require_known_method(asked);
    const std::string name = resolved_method(asked, prepared.model, prepared.clip_shape);
    if (std::ranges::find(all, name, &MethodOptions::method) != all.end()) continue;
    all.push_back(common);
    all.back().method = name;
  }
  return all;
}

int ExplainCommand::run() {
  if (color_map != "auto") parse_color_map(color_map);
  Prepared prepared = prepare(*this);
  const auto stems = output_stems(inputs);
  check_outputs(*this, stems);
  require_writable_folder(out);
  if (!no_page && !has_page()) {
    print_warning(
        "no page is written: this relevid was built without it. Install nodejs and npm, and build again");
  }
  for (const std::string& note : prepared.model.notes()) print_warning(note);
  const auto range = input_range(*this, prepared);
  const auto chosen = method_options(prepared);
  // Before the network of the explanations, so that the two are not in memory together.
  const bool has_use = std::ranges::any_of(
      chosen, [](const MethodOptions& one) { return method_traits(one).has_null_profile; });
  if (!no_null_profile && !only_cost && has_use)
    prepared.null_profile = null_profile(prepared.model, prepared.clip_shape, chosen.front());
  ClipExplainer explainer(prepared.model, prepared.clip_shape, chosen, range ? &*range : nullptr);
  require_labels_fit(prepared.resolved.class_names, explainer.class_count());
  if (only_cost) {
    print_costs(explainer, json ? PrintAs::kJson : PrintAs::kTable);
    return 0;
  }
  int status = 0;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const auto page = std::filesystem::path(out) / (stems[i] + ".html");
    if (skip_existing && (!wants_page() || std::filesystem::exists(page)) &&
        is_explained(inputs[i], prepared.model, explainer, input_options(prepared), prepared.targets,
                     output_options(*this, prepared, stems[i]))) {
      fmt::print(stderr, "relevid: {}: done before, skipped\n", printable(inputs[i]));
      continue;
    }
    try {
      explain_one(inputs[i], stems[i], prepared, explainer);
    } catch (const std::exception& error) {  // one bad input does not keep the others from being explained
      if (inputs.size() == 1) throw;
      const int failed = print_failure(error, inputs[i]);
      if (status == 0) status = failed;
    }
  }
  return status;
}

}  // namespace

void add_explain(CLI::App& program, Action& action) {
  auto command = std::make_shared<ExplainCommand>();
  CLI::App* app = program.add_subcommand("explain", "Show which frames and pixels a model looks at");
  reads(app->add_option("MODEL", command->model, "an ONNX file"))->required();
  reads(app->add_option("INPUT", command->inputs,
                        "videos, folders of images, or clips as .npy or .npz (float32 [N, C, T, H, W])"))
      ->required();
  app->add_option("--method", command->methods,
                  fmt::format("may repeat; auto, the one that was measured to answer best, or {}",
                              fmt::join(methods(), ", ")))
      ->allow_extra_args(false)
      ->capture_default_str();
  app->add_option("--target", command->targets, "class to explain: top1, an index or a name; may repeat")
      ->allow_extra_args(false)
      ->capture_default_str();
  app->add_option("--out", command->out, "folder for NAME.npz, .json, .png, .mp4 and .html")
      ->capture_default_str();
  app->add_flag("--json", command->json, "print the record as JSON in place of the table");
  app->add_flag("--cost", command->only_cost,
                "print what each method will take of a clip and how fine it sees, and explain nothing");
  app->add_flag("--report-layers", command->report_layers, "print where each layer's relevance went");
  app->add_flag("--skip-existing", command->skip_existing,
                "skip inputs that an interrupted run has finished");
  app->add_flag("--no-overlay-video,--no-film", command->no_overlay_video, "do not write NAME.mp4");
  app->add_flag("--no-page", command->no_page, "do not write NAME.html");
  app->add_flag("--no-null-profile", command->no_null_profile,
                "leave out what the architecture alone would give each frame");
  app->add_flag("--no-class-check", command->no_class_check,
                "do not compare the first clip's map with the runner-up's, which takes a backward pass");
  app->add_option("--threads", command->threads, "0: all cores")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  app->add_option("--page-limit", command->page_limit_mib,
                  "MiB of pictures in NAME.html; beyond it evenly chosen clips keep theirs")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command->settings.add_to(*app);
  app->add_option("--image-fps", command->image_fps, "rate of a folder of images")
      ->check(CLI::PositiveNumber)
      ->capture_default_str()
      ->group("Input");
  app->add_option("--input-key", command->input_key, "array of an .npz")->group("Input");
  app->add_option("--low", command->low,
                  "smallest value of the input, or one per channel with commas between")
      ->group("Input");
  app->add_option("--high", command->high, "largest value of the input")->group("Input");
  const std::string group = "Method";
  command->method.add_to(*app);
  app->add_option("--against", command->against,
                  "explain the target's score less this class's (an index or a name)")
      ->group(group);
  app->add_option("--colormap", command->color_map,
                  "auto: by the method; coldnhot, bwr, seismic (zero in the middle); viridis, inferno (from "
                  "zero, where relevance can't be negative)")
      ->capture_default_str()
      ->group("Pictures");
  app->add_option("--percentile", command->percentile, "of |R|, drawn at the end of the colour map")
      ->check(CLI::Range(0.1, 100.0))
      ->capture_default_str()
      ->group("Pictures");
  app->callback([command, &action] { action = [command] { return command->run(); }; });
}

}  // namespace relevid::cli
