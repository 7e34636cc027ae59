// SPDX-License-Identifier: Apache-2.0
// check_family MODEL.onnx WANTED.npy INPUT.npy... : how far relevid's logits are from those given, and what
// every preset conserves on this network, as one JSON object. tests/families/families.py runs it.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "explain/exactness.h"
#include "explain/explainer.h"
#include "graph/operator_traits.h"
#include "graph/specialise.h"
#include "onnx/import.h"
#include "relevid/error.h"
#include "relevid/npz.h"
#include "support/devices.h"

namespace relevid {
namespace {

using nlohmann::json;

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// The largest difference over the largest of `want`.
double relative_error(const Tensor& want, const Tensor& have) {
  const auto a = want.as_doubles(), b = have.as_doubles();
  if (a.size() != b.size()) throw Error(ErrorKind::kInvalidArgument, "the logits' shapes differ");
  double largest = 0, difference = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, std::abs(a[i]));
    difference = std::max(difference, std::abs(a[i] - b[i]));
  }
  return difference / largest;
}

double sum_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum;
}

/// Shares of the start value: what reached every input, what stayed where, and the largest gap in any layer's
/// account.
json account(const Attribution& attribution, double start) {
  json record = {{"bias", 0.0}, {"epsilon", 0.0}, {"dropped", 0.0}};
  double gap = 0, reached = 0;
  for (const LayerFlow& flow : attribution.flows) {
    const double bias = sum_of(flow.absorbed_by_bias), epsilon = sum_of(flow.absorbed_by_epsilon),
                 dropped = sum_of(flow.dropped), in = sum_of(flow.incoming), out = sum_of(flow.outgoing);
    record["bias"] = record["bias"].get<double>() + bias / start;
    record["epsilon"] = record["epsilon"].get<double>() + epsilon / start;
    record["dropped"] = record["dropped"].get<double>() + dropped / start;
    gap = std::max(gap,
                   std::abs(in - out - bias - epsilon - dropped) / std::max(std::abs(in), std::abs(start)));
  }
  for (const Tensor& relevance : attribution.relevance) {
    const double sum = sum_of(relevance.as_doubles());
    record["inputs"].push_back(sum / start);
    reached += sum / start;
  }
  record["reached"] = reached;
  record["gap"] = gap;
  return record;
}

ExplainerOptions options_for(const std::string& preset, std::span<const Tensor> clips) {
  ExplainerOptions options;
  options.method = preset;
  options.bounds.emplace();
  for (const Tensor& clip : clips) {
    const auto [low, high] = std::ranges::minmax(clip.values<float>());
    const Shape one(std::vector<int64_t>(static_cast<size_t>(clip.shape().rank()), 1));
    options.bounds->low.push_back(Tensor::from(one, std::vector<float>{low}));
    options.bounds->high.push_back(Tensor::from(one, std::vector<float>{high}));
  }
  return options;
}

json check(const std::filesystem::path& model_path, const Tensor& wanted, const std::vector<Tensor>& clips) {
  const graph::Model model = onnx_io::read_model(model_path);
  std::map<std::string, Shape> shapes;
  for (size_t i = 0; i < clips.size(); ++i) shapes[model.inputs.at(i).name] = clips[i].shape();
  const graph::Graph graph = graph::specialise(model, shapes);
  const auto library = testing::library_under_test(0);
  Network network(graph, *library, Purpose::kExplanation);
  json record;
  for (const std::string& preset : preset_names()) {
    Explainer explainer(network, options_for(preset, clips));
    auto start = std::chrono::steady_clock::now();
    explainer.forward(clips);
    record["forward_seconds"] = seconds_since(start);
    const auto logits = explainer.logits().as_doubles();
    const auto targets = top_classes(explainer.logits());
    record["logits_error"] = relative_error(wanted, explainer.logits());
    start = std::chrono::steady_clock::now();
    record["presets"][preset] = account(explainer.explain(targets), logits[static_cast<size_t>(targets[0])]);
    record["presets"][preset]["seconds"] = seconds_since(start);
  }
  const Composite composite = preset("epsilon_plus", InputBounds::kUnknown);
  for (const auto& [text, nodes] : by_reason(what_is_not_exact(graph, assign(composite, graph))))
    record["not_exact"][text] = nodes.size();
  for (const graph::Node& node : graph.nodes) {
    auto& count = record["operators"][std::string(graph::name(node.op))];
    count = count.is_null() ? 1 : count.get<int>() + 1;
  }
  return record;
}

int run(const std::vector<std::string>& arguments) {
  if (arguments.size() < 3) {
    fmt::print(stderr, "usage: check_family MODEL.onnx WANTED.npy INPUT.npy...\n");
    return 2;
  }
  try {
    std::vector<Tensor> clips;
    for (size_t i = 2; i < arguments.size(); ++i) clips.push_back(read_npy(arguments[i]));
    fmt::print("{}\n", check(arguments[0], read_npy(arguments[1]), clips).dump(1));
    return 0;
  } catch (const Error& error) {
    fmt::print(stderr, "check_family: {}\n", error.what());
    return 1;
  }
}

}  // namespace
}  // namespace relevid

int main(int count, char** arguments) {
  return relevid::run(std::vector<std::string>(arguments + 1, arguments + count));
}
