// SPDX-License-Identifier: Apache-2.0
#include "cli/method_options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>

#include "cli/choice.h"
#include "cli/command.h"
#include "relevid/error.h"

namespace relevid::cli {
namespace {

const std::vector<std::pair<std::string, Fill>>& fills() {
  static const std::vector<std::pair<std::string, Fill>> kFills = {{"default", Fill::kDefault},
                                                                   {"mean", Fill::kMean},
                                                                   {"zero", Fill::kZero},
                                                                   {"blur", Fill::kBlur},
                                                                   {"freeze", Fill::kFreeze}};
  return kFills;
}

std::string name_of(Fill fill) {
  for (const auto& [name, value] : fills()) {
    if (value == fill) return name;
  }
  return "";
}

void add_relevance_options(CLI::App& app, MethodArguments& arguments) {
  const std::string group = "Method";
  MethodOptions& method = arguments.options;
  app.add_option("--rules", arguments.rules, "JSON file of rules that come before the preset's")
      ->group(group);
  app.add_option("--start", arguments.start, "what starts at the target: logit or one")->group(group);
  app.add_option("--gate", arguments.gate,
                 "products of branches: all relevance to the signal, or half to each")
      ->capture_default_str()
      ->group(group);
  app.add_option("--layer", method.layer,
                 "whose feature map grad_cam, layer_cam and guided_grad_cam take (the last convolution's); "
                 "where relevance stops (at the clip)")
      ->group(group);
  app.add_option("--relevance", method.relevance,
                 "the preset that spatial_, temporal_ and selective_relevance take apart")
      ->capture_default_str()
      ->group(group);
  app.add_option("--sigmas", method.selective_sigmas,
                 "selective_relevance: deviations that a change over time exceeds")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str()
      ->group(group);
}

void add_precision_option(CLI::App& app, MethodArguments& arguments) {
  app.add_option("--precision", arguments.precision,
                 "what convolutions multiply: f32, or bf16 where the processor does that")
      ->capture_default_str()
      ->group("Method");
}

void add_memory_option(CLI::App& app, MethodArguments& arguments) {
  app.add_option("--memory-limit", arguments.memory_limit_mib,
                 "MiB that clips with their relevance, and those of a batch with their activations, may take")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
}

void add_gradient_options(CLI::App& app, MethodArguments& arguments) {
  const std::string group = "Method";
  MethodOptions& method = arguments.options;
  app.add_option("--ig-baseline", arguments.baseline,
                 "integrated_gradients: where the path begins, zero or mean (of each channel)")
      ->capture_default_str()
      ->group(group);
  app.add_option("--ig-steps", method.integration_steps, "integrated_gradients: points of the path")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str()
      ->group(group);
  app.add_option("--samples", method.noise_samples, "smoothgrad: noisy copies")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str()
      ->group(group);
  app.add_option("--noise", method.noise_level, "smoothgrad: standard deviation over the clip's range")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str()
      ->group(group);
}

/// What an evaluation calls otherwise, or has of its own.
void add_shared_options(CLI::App& app, MethodArguments& arguments, MethodArguments::Within within) {
  const bool evaluation = within == MethodArguments::Within::kEvaluation;
  const std::string group = "Methods that change the clip";
  app.add_option(evaluation ? "--mask-cells" : "--cells", arguments.cells,
                 "rise, extremal_perturbation: FRAMESxROWSxCOLUMNS cells of a mask, 0: the method's own")
      ->group(group);
  if (evaluation) return;
  app.add_option("--seed", arguments.options.seed, "of noise, masks and orders")
      ->capture_default_str()
      ->group("Method");
  app.add_option("--batch", arguments.options.perturbation.batch,
                 "changed clips that go through the network together")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str()
      ->group(group);
}

void add_perturbation_options(CLI::App& app, MethodArguments& arguments) {
  const std::string group = "Methods that change the clip";
  PerturbationOptions& o = arguments.options.perturbation;
  app.add_option("--score", arguments.score, "what is watched: logit or probability")
      ->capture_default_str()
      ->group(group);
  app.add_option(
         "--fill", arguments.fill,
         "what stands in for what is taken out: mean, zero, blur, freeze; temporal_mask always freezes")
      ->capture_default_str()
      ->group(group);
  app.add_option(
         "--window", arguments.window,
         "occlusion: FRAMESxROWSxCOLUMNS covered at once, 0: the method's own; shapley_frames: frames a "
         "player")
      ->group(group);
  app.add_option("--window-stride", arguments.stride, "occlusion: FRAMESxROWSxCOLUMNS between windows")
      ->group(group);
  app.add_option("--masks", o.masks, "rise")
      ->check(CLI::Range(2, 1000000))
      ->capture_default_str()
      ->group(group);
  app.add_option("--keep-share", o.keep_share, "rise: how much of the clip a mask shows")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str()
      ->group(group);
  app.add_option("--areas", o.areas, "extremal_perturbation: shares of the clip, with commas between")
      ->delimiter(',')
      ->capture_default_str()
      ->group(group);
  app.add_option("--iterations", o.iterations, "extremal_perturbation (of each area), temporal_mask")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str()
      ->group(group);
  app.add_option("--permutations", o.permutations, "shapley_frames")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str()
      ->group(group);
}

}  // namespace

void MethodArguments::add_to(CLI::App& app, Within within) {
  add_relevance_options(app, *this);
  add_precision_option(app, *this);
  add_memory_option(app, *this);
  add_gradient_options(app, *this);
  add_perturbation_options(app, *this);
  add_shared_options(app, *this, within);
}

void MethodArguments::read_words() {
  options.start = choice<Start>(
      start, "--start", {{"default", Start::kDefault}, {"logit", Start::kLogit}, {"one", Start::kOne}});
  options.gate = choice<GateRule>(gate, "--gate", {{"signal", GateRule::kSignal}, {"half", GateRule::kHalf}});
  options.baseline = choice<PathBaseline>(baseline, "--ig-baseline",
                                          {{"zero", PathBaseline::kZero}, {"mean", PathBaseline::kMean}});
  options.rules_file = rules;
  const auto wanted = choice<Precision>(precision, "--precision",
                                        {{"f32", Precision::kFloat32}, {"bf16", Precision::kBfloat16}});
  if (const std::string note = precision_note(wanted); !note.empty()) print_warning(note);
  options.precision = precision_here(wanted);
  options.batch_limit_bytes = memory_limit_mib << 20;
  PerturbationOptions& o = options.perturbation;
  o.score = choice<Score>(score, "--score", {{"logit", Score::kLogit}, {"probability", Score::kProbability}});
  o.fill = choice<Fill>(fill, "--fill", fills());
  o.window = parse_extent(window, "--window");
  o.stride = parse_extent(stride, "--window-stride");
  o.cells = parse_extent(cells, "--cells");
}

std::array<int64_t, 3> parse_extent(const std::string& text, const char* option) {
  std::array<int64_t, 3> result{0, 0, 0};
  size_t begin = 0;
  for (size_t axis = 0; begin <= text.size(); ++axis) {
    const size_t end = std::min(text.find('x', begin), text.size());
    const char* const last = text.data() + end;
    int64_t value = -1;
    const auto [rest, error] = std::from_chars(text.data() + begin, last, value);
    if (error != std::errc{} || rest != last || value < 0 || axis > 2) {
      throw Error(
          ErrorKind::kInvalidArgument,
          fmt::format("{} {}: frames, rows and columns with x between, such as 4x32x32", option, text));
    }
    result[axis] = value;
    begin = end + 1;
  }
  return result;
}

nlohmann::json method_record(const MethodOptions& method, Start start) {
  const PerturbationOptions& o = method.perturbation;
  return {{"method", method.method},
          {"start", start == Start::kLogit ? "logit" : "one"},
          {"gate", method.gate == GateRule::kSignal ? "signal" : "half"},
          {"rules", method.rules_file.string()},
          {"layer", method.layer},
          {"relevance", method.relevance},
          {"selective_sigmas", method.selective_sigmas},
          {"precision", relevid::name(method.precision)},
          {"integration_steps", method.integration_steps},
          {"integration_baseline", method.baseline == PathBaseline::kMean ? "mean" : "zero"},
          {"noise_samples", method.noise_samples},
          {"noise_level", method.noise_level},
          {"seed", method.seed},
          {"score", o.score == Score::kLogit ? "logit" : "probability"},
          {"fill", name_of(o.fill)},
          {"window", o.window},
          {"window_stride", o.stride},
          {"masks", o.masks},
          {"cells", o.cells},
          {"keep_share", o.keep_share},
          {"areas", o.areas},
          {"iterations", o.iterations},
          {"permutations", o.permutations},
          {"batch", o.batch}};
}

}  // namespace relevid::cli
