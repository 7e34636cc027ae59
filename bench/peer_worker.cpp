// SPDX-License-Identifier: Apache-2.0
// relevid's side of bench/peers: one task on one model, done as often as it is told on its input
// (bench/peers/serving.py describes what is said). One process a task, so that its memory is the task's.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <dnnl.hpp>
#include <iostream>
#include <map>

#include "bare_convolution.h"
#include "kernels/devices.h"
#include "peak_memory.h"
#include "relevid/error.h"
#include "relevid/npz.h"
#include "timing.h"
#include "workload.h"

namespace relevid::bench {
namespace {

using Results = std::map<std::string, Tensor>;

class Task {
 public:
  Task() = default;
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  virtual ~Task() = default;
  virtual void run() = 0;
  /// Of the last run; empty where it has none.
  virtual Results results() const = 0;
};

class Prediction : public Task {
 public:
  Prediction(const graph::Graph& graph, Tensor clip, int threads, Precision precision)
      : library_(kernels::make_library(kDefaultDevice, {threads, precision})),
        network_(graph, *library_, Purpose::kInference),
        clip_(std::move(clip)) {}
  void run() override {
    const kernels::Buffer input = library_->upload(clip_);
    logits_ = network_.output(network_.forward(std::span(&input, 1), Keep::kNothing));
  }
  Results results() const override {
    Results results;
    results["logits"] = logits_.clone();
    return results;
  }

 private:
  std::unique_ptr<kernels::Library> library_;
  Network network_;
  Tensor clip_, logits_;
};

/// Forward pass and explanation of the top class.
class Explanation : public Task {
 public:
  Explanation(const graph::Graph& graph, Tensor clip, int threads, Precision precision,
              const std::string& method)
      : library_(kernels::make_library(kDefaultDevice, {threads, precision})),
        network_(graph, *library_, Purpose::kExplanation),
        explainer_(network_, options_of(method)),
        clip_(std::move(clip)) {}
  void run() override {
    explainer_.forward(clip_);
    relevance_ = std::move(explainer_.explain(top_classes(explainer_.logits())).relevance.front());
  }
  Results results() const override {
    Results results;
    results["logits"] = explainer_.logits().clone();
    results["relevance"] = relevance_.clone();
    return results;
  }

 private:
  static ExplainerOptions options_of(const std::string& method) {
    ExplainerOptions options = deep_taylor_options();
    options.method = method;
    return options;
  }

  std::unique_ptr<kernels::Library> library_;
  Network network_;
  Explainer explainer_;
  Tensor clip_, relevance_;
};

/// oneDNN's convolutions alone: the floor of dense kernels.
class Bare : public Task {
 public:
  enum class Pass { kForward, kBackwardData };
  Bare(const graph::Graph& graph, int threads, Pass pass)
      : library_(kernels::make_library(kDefaultDevice, {threads})),  // which sets the number of threads
        engine_(dnnl::engine::kind::cpu, 0),
        stream_(engine_),
        convolutions_(bare_convolutions(engine_, graph, BareConvolution::Use::kExplanation)),
        pass_(pass) {}
  void run() override {
    for (BareConvolution& convolution : convolutions_) {
      if (pass_ == Pass::kForward)
        convolution.run_forward(stream_);
      else
        convolution.run_backward_data(stream_);
    }
  }
  Results results() const override { return {}; }

 private:
  std::unique_ptr<kernels::Library> library_;
  dnnl::engine engine_;
  dnnl::stream stream_;
  std::vector<BareConvolution> convolutions_;
  Pass pass_;
};

struct Options {
  std::string model, clip, task;
  int threads = 0;
};

std::unique_ptr<Task> make_task(const Options& options) {
  Tensor clip = read_npy(options.clip);
  const graph::Graph graph = load(options.model, clip.shape());
  using Pass = Bare::Pass;
  if (options.task == "bare_forward") return std::make_unique<Bare>(graph, options.threads, Pass::kForward);
  if (options.task == "bare_backward")
    return std::make_unique<Bare>(graph, options.threads, Pass::kBackwardData);
  constexpr std::string_view kInBfloat16 = "_bf16";
  std::string task = options.task;
  const bool in_bfloat16 = task.ends_with(kInBfloat16);
  if (in_bfloat16) task.resize(task.size() - kInBfloat16.size());
  const Precision precision = in_bfloat16 ? Precision::kBfloat16 : Precision::kFloat32;
  if (precision_here(precision) != precision)
    throw Error(ErrorKind::kInvalidArgument, precision_note(precision));
  if (task == "forward")
    return std::make_unique<Prediction>(graph, std::move(clip), options.threads, precision);
  return std::make_unique<Explanation>(graph, std::move(clip), options.threads, precision, task);
}

void save(const Results& results, const std::string& path) {
  std::map<std::string, const Tensor*> arrays;
  for (const auto& [name, tensor] : results) arrays[name] = &tensor;
  if (!arrays.empty()) write_npz(path, arrays, NpzStorage::kStored);
}

std::string answer(const std::string& command, Task& task) {
  if (command == "run") return fmt::format("{:.6f}", milliseconds([&] { task.run(); }) / 1000);
  if (command == "peak") return fmt::format("{}", peak_resident_bytes());
  if (command.starts_with("save ")) {
    task.run();
    save(task.results(), command.substr(5));
    return "saved";
  }
  throw Error(ErrorKind::kInvalidArgument, fmt::format("unknown command '{}'", command));
}

int run(int argc, char** argv) {
  Options options;
  CLI::App app("Does a task as often as it is told on its input, for bench/peers.");
  app.add_option("--model", options.model)->required()->check(CLI::ExistingFile);
  app.add_option("--clip", options.clip, ".npy, [N, C, T, H, W]")->required()->check(CLI::ExistingFile);
  app.add_option("--task", options.task,
                 "forward, bare_forward, bare_backward, or a method; forward_bf16, METHOD_bf16")
      ->required();
  app.add_option("--threads", options.threads, "0: all cores")->check(CLI::NonNegativeNumber);
  CLI11_PARSE(app, argc, argv);
  const std::unique_ptr<Task> task = make_task(options);
  std::cout << "ready" << std::endl;
  for (std::string line; std::getline(std::cin, line);) std::cout << answer(line, *task) << std::endl;
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace relevid::bench

int main(int argc, char** argv) {
  try {
    return relevid::bench::run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "peer_worker: {}\n", error.what());
    return EXIT_FAILURE;
  }
}
