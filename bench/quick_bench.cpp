// SPDX-License-Identifier: Apache-2.0
// Whether relevid has become slower: its own ratios, measured now, against those that are committed. Answers
// are checked against the reference library before anything is timed. Needs no peers.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <dnnl.hpp>
#include <thread>

#include "bare_convolution.h"
#include "graph/specialise.h"
#include "kernels/devices.h"
#include "ratio_file.h"
#include "relevid/error.h"
#include "timing.h"
#include "workload.h"

namespace relevid::bench {
namespace {

constexpr double kTolerance = 1e-4;
const std::vector<std::string> kMethods = {"gradient", "epsilon_plus", "deep_taylor"};

struct Options {
  bool save = false;
  int rounds = 5, threads = 0;
  double tolerance = 0.1;
  std::filesystem::path baseline, networks;
};

/// A network of the models room, or a file that ./run bench --peers has made.
struct Subject {
  std::string name;
  Shape clip;
  bool is_built_in = false;
};

std::vector<Subject> subjects() {
  return {{"c3d", {1, 3, 16, 112, 112}, true},
          {"r2plus1d_18", {1, 3, 16, 112, 112}, true},
          {"i3d", {1, 3, 64, 224, 224}},
          {"x3d_m", {1, 3, 16, 224, 224}}};
}

graph::Graph built_in(const std::string& name, const CreateOptions& create) {
  const Shape clip{1, 3, create.clip_len, create.height, create.height};
  return graph::specialise(models::create(name, create), {{"clip", clip}});
}

/// A narrow one of small frames: the reference library is slow.
void check_answers(const std::string& name, int threads) {
  CreateOptions narrow;
  narrow.width = 0.125;
  narrow.height = 32;
  const Agreement found = compare_with_reference(built_in(name, narrow), threads);
  if (found.logits <= kTolerance && found.relevance <= kTolerance) return;
  throw Error(ErrorKind::kInternal,
              fmt::format("wrong answer, so nothing is timed: {}: logits off by {:.1e}, relevance by {:.1e}",
                          name, found.logits, found.relevance));
}

Ratios measure(const graph::Graph& graph, const Options& options) {
  const auto library = kernels::make_library(kDefaultDevice, {options.threads});
  const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  dnnl::stream stream(engine);
  auto bare = bare_convolutions(engine, graph, BareConvolution::Use::kExplanation);
  Network inference(graph, *library, Purpose::kInference), network(graph, *library, Purpose::kExplanation);
  const Tensor clip = noise_clip(graph.shape(graph.inputs[0]));
  std::vector<std::unique_ptr<Explainer>> explainers;

  Interleaved work;
  work.add("bare convolutions", [&] {
    for (auto& convolution : bare) convolution.run_forward(stream);
  });
  work.add("forward", [&] {
    const kernels::Buffer input = library->upload(clip);
    inference.output(inference.forward(std::span(&input, 1), Keep::kNothing));
  });
  for (const std::string& method : kMethods) {
    ExplainerOptions explaining = deep_taylor_options();
    explaining.method = method;
    explainers.push_back(std::make_unique<Explainer>(network, explaining));
    work.add(method, [&clip, explainer = explainers.back().get()] {
      explainer->forward(clip);
      explainer->explain(top_classes(explainer->logits()));
    });
  }
  work.run(options.rounds);
  Ratios ratios = {{"forward / bare convolutions", work.ratio("forward", "bare convolutions")}};
  for (const std::string& method : kMethods) ratios[method + " / forward"] = work.ratio(method, "forward");
  return ratios;
}

std::vector<std::string> slower(const Ratios& now, const Ratios& before, double tolerance) {
  std::vector<std::string> names;
  for (const auto& [name, ratio] : now) {
    const auto found = before.find(name);
    if (found != before.end() && ratio > found->second * (1 + tolerance)) names.push_back(name);
  }
  return names;
}

Ratios smaller(Ratios a, const Ratios& b) {
  for (auto& [name, ratio] : a) ratio = std::min(ratio, b.at(name));
  return a;
}

void print(const std::string& network, const Ratios& now, const Ratios& before, double tolerance) {
  const auto worse = slower(now, before, tolerance);
  for (const auto& [name, ratio] : now) {
    std::string line = fmt::format("{:<12} {:<28} {:7.3f}", network, name, ratio);
    if (const auto found = before.find(name); found != before.end())
      line +=
          fmt::format("   committed {:7.3f} {:+6.1f} %", found->second, 100 * (ratio / found->second - 1));
    if (std::ranges::find(worse, name) != worse.end()) line += "   SLOWER";
    fmt::print("{}\n", line);
  }
}

/// Measured once more where it seems slower: a neighbour on the machine is no regression.
Ratios measure_twice(const Subject& subject, const graph::Graph& graph, const Ratios& before,
                     const Options& options) {
  if (subject.is_built_in) check_answers(subject.name, options.threads);
  Ratios ratios = measure(graph, options);
  if (slower(ratios, before, options.tolerance).empty()) return ratios;
  return smaller(ratios, measure(graph, options));
}

/// Of all networks that are there; prints them beside those of `before`.
RatioFile measure_all(const RatioFile& before, const Options& options) {
  RatioFile now{processor_name(), static_cast<int>(std::thread::hardware_concurrency()), {}};
  for (const Subject& subject : subjects()) {
    const auto file = options.networks / (subject.name + ".onnx");
    if (!subject.is_built_in && !std::filesystem::exists(file)) {
      fmt::print("{:<12} not measured: ./run bench --peers makes {}\n", subject.name, file.string());
      continue;
    }
    const auto found = before.networks.find(subject.name);
    const Ratios old = found != before.networks.end() ? found->second : Ratios{};
    const graph::Graph graph = subject.is_built_in ? built_in(subject.name, {}) : load(file, subject.clip);
    const Ratios ratios = measure_twice(subject, graph, old, options);
    print(subject.name, ratios, old, options.tolerance);
    now.networks[subject.name] = ratios;
  }
  return now;
}

int verdict(const RatioFile& now, const RatioFile& before, double tolerance) {
  if (now.processor != before.processor || now.cores != before.cores) {
    fmt::print("The committed ratios are of {} cores of '{}', so nothing here is called slower.\n",
               before.cores, before.processor);
    return EXIT_SUCCESS;
  }
  std::vector<std::string> worse;
  for (const auto& [network, ratios] : now.networks) {
    const auto old = before.networks.find(network);
    if (old == before.networks.end()) continue;
    for (const std::string& name : slower(ratios, old->second, tolerance))
      worse.push_back(fmt::format("{}: {}", network, name));
  }
  if (worse.empty()) {
    fmt::print("Nothing is slower by more than {:.0f} %.\n", 100 * tolerance);
    return EXIT_SUCCESS;
  }
  fmt::print("Slower by more than {:.0f} %, twice:\n  {}\n", 100 * tolerance, fmt::join(worse, "\n  "));
  return EXIT_FAILURE;
}

int compare(const Options& options) {
  const RatioFile before = options.save ? RatioFile{} : read_ratios(options.baseline);
  const RatioFile now = measure_all(before, options);
  if (!options.save) return verdict(now, before, options.tolerance);
  write_ratios(options.baseline, now);
  fmt::print("written: {}\n", options.baseline.string());
  return EXIT_SUCCESS;
}

int run(int argc, char** argv) {
  Options options;
  CLI::App app("Compares relevid's own ratios with the committed ones; status 1 where something is slower.");
  app.add_option("--baseline", options.baseline, "the committed ratios")->required();
  app.add_option("--networks", options.networks, "folder of i3d.onnx and x3d_m.onnx, where it is there");
  app.add_flag("--save", options.save, "write the ratios instead of comparing them");
  app.add_option("--tolerance", options.tolerance, "0.1: a tenth")->check(CLI::NonNegativeNumber);
  app.add_option("--rounds", options.rounds, "rounds that count")->check(CLI::Range(3, 1000));
  app.add_option("--threads", options.threads, "0: all cores")->check(CLI::NonNegativeNumber);
  CLI11_PARSE(app, argc, argv);
  return compare(options);
}

}  // namespace
}  // namespace relevid::bench

int main(int argc, char** argv) {
  try {
    return relevid::bench::run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "quick_bench: {}\n", error.what());
    return 2;
  }
}
