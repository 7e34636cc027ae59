// SPDX-License-Identifier: Apache-2.0
// The published C3D at full size, with random weights, against the convolutions of oneDNN that it cannot do
// without. Checks the answer first, then times everything in one interleaved run.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <dnnl.hpp>

#include "bare_convolution.h"
#include "kernels/devices.h"
#include "layer_table.h"
#include "peak_memory.h"
#include "relevid/error.h"
#include "sliding.h"
#include "timing.h"
#include "workload.h"

namespace relevid::bench {
namespace {

// The targets, and how far answers may be off before anything is timed.
constexpr double kForwardOverBare = 1.15, kExplanationOverForward = 3.4, kPeakGib = 2.5;
constexpr double kTolerance = 1e-4, kConservationTolerance = 1e-3, kBfloat16Conservation = 1e-2;

struct Options {
  bool check = false, layers = false;
  int rounds = 9, threads = 0;
  std::string memory_of, model, precision = "f32";
  std::vector<int64_t> clip = {1, 3, 16, 112, 112}, shifts;
};

Precision precision_of(const Options& options) {
  return options.precision == "bf16" ? Precision::kBfloat16 : Precision::kFloat32;
}

double gib(int64_t bytes) {
  return static_cast<double>(bytes) / (1 << 30);
}

void require(bool holds, const std::string& what) {
  if (!holds) throw Error(ErrorKind::kInternal, "wrong answer, so nothing is timed: " + what);
}

void check_answers(Explainer& explainer, const Tensor& clip, const Options& options) {
  CreateOptions narrow;
  narrow.width = 0.125;
  const SavedC3d saved(narrow);
  const Agreement found =
      compare_with_reference(load(saved.path(), Shape{1, 3, 16, 112, 112}), options.threads);
  fmt::print(
      "against the reference library, an eighth of the width: logits off by {:.1e}, relevance by {:.1e} "
      "of the largest\n",
      found.logits, found.relevance);
  require(found.logits <= kTolerance && found.relevance <= kTolerance,
          fmt::format("at most {:.0e} is taken", kTolerance));
  const Conservation full = conservation(explainer, clip);
  fmt::print("full size: logit {:.6g}, relevance of the input {:.6g}, {:.1e} apart\n\n", full.logit, full.sum,
             full.error());
  const double most = options.precision == "bf16" ? kBfloat16Conservation : kConservationTolerance;
  require(full.logit > 0 && full.error() <= most,
          fmt::format("at most {:.0e} of a positive logit is taken", most));
}

/// What `--memory` does, in a process of its own: one explanation from the file on.
int measure_memory(const Options& options) {
  const Shape shape(options.clip);
  const auto library = kernels::make_library(kDefaultDevice, {options.threads, precision_of(options)});
  Network network(load(options.memory_of, shape), *library, Purpose::kExplanation);
  Explainer explainer(network, deep_taylor_options());
  explainer.forward(noise_clip(shape));
  explainer.explain(top_classes(explainer.logits()));
  fmt::print("{}\n", peak_resident_bytes());
  return EXIT_SUCCESS;
}

/// The network as inference runs it, and as explanations do.
struct Prepared {
  Prepared(const graph::Graph& graph, const Options& options)
      : library(kernels::make_library(kDefaultDevice, {options.threads, precision_of(options)})),
        inference(graph, *library, Purpose::kInference),
        network(graph, *library, Purpose::kExplanation),
        explainer(network, deep_taylor_options()),
        clip(noise_clip(graph.shape(graph.inputs[0]))) {}

  void forward() {
    const kernels::Buffer input = library->upload(clip);
    inference.output(inference.forward(std::span(&input, 1), Keep::kNothing));
  }
  void explain() {
    explainer.forward(clip);
    explainer.explain(top_classes(explainer.logits()));
  }

  std::unique_ptr<kernels::Library> library;
  Network inference, network;
  Explainer explainer;
  Tensor clip;
};

/// Prints a measured number beside its target and tells whether it is met.
bool report(const std::string& what, double found, double target, const std::string& unit) {
  const bool met = found <= target;
  fmt::print("{:<46} {:7.3f} {:<4} target {:.2f}: {}\n", what, found, unit, target, met ? "met" : "MISSED");
  return met;
}

int time_c3d(const Options& options) {
  const SavedC3d saved({});
  const graph::Graph graph = load(saved.path(), Shape(options.clip));
  Prepared prepared(graph, options);
  check_answers(prepared.explainer, prepared.clip, options);

  const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  dnnl::stream stream(engine);
  auto bare = bare_convolutions(engine, graph, BareConvolution::Use::kExplanation);
  Interleaved work;
  work.add("bare forward", [&] {
    for (auto& convolution : bare) convolution.run_forward(stream);
  });
  work.add("bare backward", [&] {
    for (auto& convolution : bare) convolution.run_backward_data(stream);
  });
  work.add("forward", [&] { prepared.forward(); });
  work.add("explanation", [&] { prepared.explain(); });
  work.run(options.rounds);

  const double bare_forward = work.median_of("bare forward"), bare_backward = work.median_of("bare backward");
  const double forward = work.median_of("forward"), explanation = work.median_of("explanation");
  const double floor = 2 * bare_forward + bare_backward;
  fmt::print("{:<46} {:>10}\n", fmt::format("median of {} interleaved rounds", options.rounds), "ms");
  fmt::print("{:<46} {:10.1f}\n", "8 bare convolutions, forward", bare_forward);
  fmt::print("{:<46} {:10.1f}\n", "8 bare convolutions, backward by data", bare_backward);
  fmt::print("{:<46} {:10.1f} {:8.2f} clips/s\n", "forward", forward, 1000 / forward);
  fmt::print("{:<46} {:10.1f} {:8.2f} clips/s\n", "deep_taylor explanation, forward included", explanation,
             1000 / explanation);
  fmt::print("{:<46} {:10.1f} {:7.0f} % reached\n\n", "dense floor: 2 forward + 1 backward", floor,
             100 * floor / explanation);
  bool met =
      report("forward / bare convolutions", work.ratio("forward", "bare forward"), kForwardOverBare, "");
  met &= report("explanation / forward", work.ratio("explanation", "forward"), kExplanationOverForward, "");
  met &= report("peak memory of one explanation", gib(peak_of_child(saved.path(), options.threads)), kPeakGib,
                "GiB");
  if (options.layers) {
    fmt::print("\n");
    print_layers(prepared.network, prepared.clip, options.rounds);
  }
  return met || !options.check ? EXIT_SUCCESS : EXIT_FAILURE;
}

int time_model(const Options& options) {
  Prepared prepared(load(options.model, Shape(options.clip)), options);
  Interleaved work;
  work.add("forward", [&] { prepared.forward(); });
  work.add("explanation", [&] { prepared.explain(); });
  work.run(options.rounds);
  const double forward = work.median_of("forward"), explanation = work.median_of("explanation");
  fmt::print(
      "forward {:.1f} ms ({:.2f} clips/s), deep_taylor explanation {:.1f} ms ({:.2f} clips/s), ratio "
      "{:.2f}\n",
      forward, 1000 / forward, explanation, 1000 / explanation, work.ratio("explanation", "forward"));
  if (options.layers) print_layers(prepared.network, prepared.clip, options.rounds);
  return EXIT_SUCCESS;
}

int time_windows(const Options& options) {
  const SavedC3d saved({});
  const graph::Graph graph =
      load(options.model.empty() ? saved.path() : std::filesystem::path(options.model), Shape(options.clip));
  const auto library = kernels::make_library(kDefaultDevice, {options.threads, precision_of(options)});
  for (const int64_t shift : options.shifts) time_sliding(graph, *library, shift, options.rounds);
  return EXIT_SUCCESS;
}

int run(int argc, char** argv) {
  Options options;
  CLI::App app("Times a published-size C3D against the bare convolutions of oneDNN.");
  app.add_flag("--check", options.check, "end with status 1 where a target is missed");
  app.add_flag("--layers", options.layers, "time every layer as well");
  app.add_option("--rounds", options.rounds, "rounds that count")->check(CLI::Range(7, 1000));
  app.add_option("--threads", options.threads, "0: all cores")->check(CLI::NonNegativeNumber);
  app.add_option("--precision", options.precision, "f32 or bf16")->check(CLI::IsMember({"f32", "bf16"}));
  app.add_option("--model", options.model, "time another ONNX file, without targets")
      ->check(CLI::ExistingFile);
  app.add_option("--clip", options.clip, "its clip, as in 1,3,16,172,172")->delimiter(',')->expected(5);
  app.add_option("--shifts", options.shifts, "time windows that slide by so many frames, as in 1,2,4,8")
      ->delimiter(',')
      ->check(CLI::Range(1, 1024));
  app.add_option("--memory", options.memory_of,
                 "explain one clip with this model and print the peak in bytes");
  CLI11_PARSE(app, argc, argv);
  if (!options.memory_of.empty()) return measure_memory(options);
  if (!options.shifts.empty()) return time_windows(options);
  if (!options.model.empty()) return time_model(options);
  return time_c3d(options);
}

}  // namespace
}  // namespace relevid::bench

int main(int argc, char** argv) {
  try {
    return relevid::bench::run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "c3d_bench: {}\n", error.what());
    return EXIT_FAILURE;
  }
}
