// SPDX-License-Identifier: Apache-2.0
// model_bench MODEL.onnx CLIP.npy [--method NAME]... : any model's forward pass and explanations, their
// ratio, what is left of the logit, and the share of each kind of operator in the forward pass.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <map>

#include "explain/automatic.h"
#include "graph/operator_traits.h"
#include "kernels/devices.h"
#include "peak_memory.h"
#include "relevid/error.h"
#include "relevid/npz.h"
#include "timing.h"
#include "workload.h"

namespace relevid::bench {
namespace {

constexpr double kMebibyte = 1024.0 * 1024.0;

struct Options {
  std::filesystem::path model, clip;
  std::vector<std::string> methods;
  int threads = 0, rounds = 3;
};

/// Σ |x| and Σ x.
struct Size {
  double absolute = 0, sum = 0;
};
Size size_of(const Tensor& tensor) {
  Size size;
  for (const double value : tensor.as_doubles()) {
    size.absolute += std::abs(value);
    size.sum += value;
  }
  return size;
}

void print_operators(Network& network, const Tensor& clip) {
  kernels::Library& library = network.library();
  std::map<std::string, double> by_operator;
  Trace trace;
  trace.values.resize(network.graph().values.size());
  trace.values[graph::at(network.graph().inputs.at(0))] = library.upload(clip);
  double all = 0;
  for (size_t i = 0; i < network.steps().size(); ++i) {
    const Step& step = network.steps()[i];
    if (!step.fusion.runs || step.fusion.residual >= 0) continue;
    const auto value = [&](graph::ValueId id) { return trace.values[graph::at(id)]; };
    const double time =
        milliseconds([&] { trace.values[graph::at(step.fusion.result)] = network.run_alone(i, value); });
    by_operator[std::string(graph::name(step.node->op))] += time;
    all += time;
  }
  for (const auto& [name, time] : by_operator)
    fmt::print("  {:<14} {:8.1f} ms {:5.1f} %\n", name, time, 100 * time / all);
}

void run(const Options& options) {
  const Tensor clip = read_npy(options.clip);
  const graph::Graph graph = load(options.model, clip.shape());
  const auto library = kernels::make_library(kDefaultDevice, {options.threads});
  Network inference(graph, *library, Purpose::kInference), network(graph, *library, Purpose::kExplanation);
  Interleaved timed;
  timed.add("forward", [&] {
    const kernels::Buffer input = library->upload(clip);
    (void)inference.output(inference.forward(std::span(&input, 1), Keep::kNothing));
  });
  std::vector<std::unique_ptr<Explainer>> explainers;
  std::map<std::string, Size> sizes;
  for (const std::string& method : options.methods) {
    ExplainerOptions settings = deep_taylor_options();
    settings.method = method == kAutomatic ? automatic_method(graph) : method;
    explainers.push_back(std::make_unique<Explainer>(network, settings));
    timed.add(method, [&, explainer = explainers.back().get()] {
      explainer->forward(clip);
      sizes[method] = size_of(explainer->explain(top_classes(explainer->logits())).relevance.front());
    });
  }
  timed.run(options.rounds);
  fmt::print("forward {:.1f} ms\n", timed.median_of("forward"));
  for (size_t i = 0; i < options.methods.size(); ++i) {
    const std::string& method = options.methods[i];
    const double logit =
        explainers[i]->logits().as_doubles()[static_cast<size_t>(top_classes(explainers[i]->logits())[0])];
    fmt::print("{} {:.1f} ms, {:.2f} forward passes; logit {:.4g}, sum {:.4g}, sum of magnitudes {:.4g}\n",
               method, timed.median_of(method), timed.ratio(method, "forward"), logit, sizes[method].sum,
               sizes[method].absolute);
  }
  fmt::print("peak {:.0f} MiB, of it buffers {:.0f} MiB\n",
             static_cast<double>(peak_resident_bytes()) / kMebibyte,
             static_cast<double>(library->peak_bytes()) / kMebibyte);
  print_operators(network, clip);
}

}  // namespace
}  // namespace relevid::bench

int main(int argc, char** argv) {
  CLI::App app("Times a model of any kind.");
  relevid::bench::Options options;
  app.add_option("model", options.model)->required();
  app.add_option("clip", options.clip, "a clip of the model's input shape, .npy")->required();
  app.add_option("--method", options.methods, "explanations to time");
  app.add_option("--threads", options.threads);
  app.add_option("--rounds", options.rounds);
  CLI11_PARSE(app, argc, argv);
  try {
    relevid::bench::run(options);
  } catch (const relevid::Error& error) {
    fmt::print(stderr, "model_bench: {}\n", error.what());
    return 1;
  }
  return 0;
}
