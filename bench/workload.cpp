// SPDX-License-Identifier: Apache-2.0
#include "workload.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <random>

#include "graph/specialise.h"
#include "kernels/devices.h"
#include "onnx/export.h"
#include "onnx/import.h"
#include "relevid/error.h"

namespace relevid::bench {

Tensor noise_clip(const Shape& shape) {
  Tensor clip(shape, DType::kF32);
  std::mt19937 random(7);
  std::uniform_real_distribution<float> noise(kLow, kHigh);
  for (float& value : clip.values<float>()) value = noise(random);
  return clip;
}

ExplainerOptions deep_taylor_options() {
  ExplainerOptions options;
  options.method = "deep_taylor";
  Bounds bounds;
  bounds.low.push_back(Tensor::from(Shape{1, 1, 1, 1, 1}, std::vector<float>{kLow}));
  bounds.high.push_back(Tensor::from(Shape{1, 1, 1, 1, 1}, std::vector<float>{kHigh}));
  options.bounds = std::move(bounds);
  return options;
}

graph::Graph load(const std::filesystem::path& path, const Shape& clip) {
  const graph::Model model = onnx_io::read_model(path);
  return graph::specialise(model, {{model.inputs.at(0).name, clip}});
}

SavedC3d::SavedC3d(const CreateOptions& options) {
  std::string pattern = (std::filesystem::temp_directory_path() / "relevid_bench_XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr)
    throw Error(ErrorKind::kIo, fmt::format("cannot make a folder {}", pattern));
  folder_ = pattern;
  onnx_io::write_model(models::create("c3d", options), path());
}

SavedC3d::~SavedC3d() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

double relative_difference(const Tensor& expected, const Tensor& found) {
  const auto a = expected.as_doubles(), b = found.as_doubles();
  double largest = 0, difference = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, std::abs(a[i]));
    difference = std::max(difference, std::abs(a[i] - b[i]));
  }
  return difference / largest;
}

Agreement compare_with_reference(const graph::Graph& graph, int threads) {
  const Tensor clip = noise_clip(graph.shape(graph.inputs[0]));
  const auto explain = [&](kernels::Library& library, std::vector<int64_t> targets) {
    Network network(graph, library, Purpose::kExplanation);
    Explainer explainer(network, deep_taylor_options());
    explainer.forward(clip);
    if (targets.empty()) targets = top_classes(explainer.logits());
    return std::tuple(explainer.logits().clone(), explainer.explain(targets).relevance.front().clone(),
                      targets);
  };
  const auto reference = kernels::make_library("reference"),
             onednn = kernels::make_library(kDefaultDevice, {threads});
  const auto [logits, relevance, targets] = explain(*reference, {});
  const auto [fast_logits, fast_relevance, same_targets] = explain(*onednn, targets);
  return {relative_difference(logits, fast_logits), relative_difference(relevance, fast_relevance)};
}

double Conservation::error() const {
  return std::abs(sum - logit) / std::abs(logit);
}

Conservation conservation(Explainer& explainer, const Tensor& clip) {
  explainer.forward(clip);
  const auto targets = top_classes(explainer.logits());
  const auto relevance = explainer.explain(targets).relevance.front().as_doubles();
  return {explainer.logits().as_doubles()[static_cast<size_t>(targets[0])],
          std::accumulate(relevance.begin(), relevance.end(), 0.0)};
}

}  // namespace relevid::bench
