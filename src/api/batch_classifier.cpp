// SPDX-License-Identifier: Apache-2.0
#include "api/batch_classifier.h"

#include <algorithm>
#include <cmath>

#include "api/layout.h"
#include "api/model_implementation.h"
#include "kernels/devices.h"
#include "network/memory.h"
#include "relevid/error.h"

namespace relevid {

evaluate::TargetScore score_of(const Tensor& logits, size_t row, int64_t target) {
  const auto classes = static_cast<size_t>(logits.shape()[1]);
  const auto at = row * classes + static_cast<size_t>(target);
  const double logit = logits.as_doubles().at(at),
               probability = probabilities(logits).at(row).at(static_cast<size_t>(target));
  if (!std::isfinite(logit) || !std::isfinite(probability))
    throw Error(ErrorKind::kCorruptInput, "the model gives no finite number for a clip with regions flipped");
  return {logit, probability};
}

BatchClassifier::BatchClassifier(const Model& model, const Shape& clip_shape, const MethodOptions& options,
                                 int64_t batch, AfterSteps after)
    : layout_(options.layout),
      after_(std::move(after)),
      library_(kernels::make_library(options.device, {options.threads, options.precision})) {
  Shape shape = clip_shape;
  const graph::Graph single = graph_for(model, shape);
  batch_ = fitting_batch(single, batch, options.batch_limit_bytes);
  const Shape output{batch_, single.shape(single.output)[1]};
  try {
    shape[0] = batch_;
    graph::Graph graph = graph_for(model, shape);
    if (graph.shape(graph.output) == output)
      network_ = std::make_unique<Network>(std::move(graph), *library_, Purpose::kInference);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kUnsupportedModel && error.kind() != ErrorKind::kInvalidArgument) throw;
  }
  if (!network_) {
    batch_ = 1;
    shape[0] = 1;
    network_ = std::make_unique<Network>(graph_for(model, shape), *library_, Purpose::kInference);
  }
  clips_ = Tensor(ncthw_shape(shape, layout_), DType::kF32);
}

std::vector<evaluate::TargetScore> BatchClassifier::classify(int64_t count, const evaluate::ClipWriter& write,
                                                             int64_t target) {
  std::vector<evaluate::TargetScore> scores;
  const auto size = static_cast<size_t>(clips_.elements() / batch_);
  for (int64_t begin = 0; begin < count; begin += batch_) {
    const int64_t filled = std::min(batch_, count - begin);  // the rest of a last batch has clips of before
    for (int64_t i = 0; i < filled; ++i)
      write(begin + i, clips_.values<float>().subspan(static_cast<size_t>(i) * size, size));
    const kernels::Buffer input =
        library_->upload(layout_ == ClipLayout::kNcthw ? clips_.clone() : from_ncthw(clips_, layout_));
    const Tensor logits = network_->output(network_->forward(std::span(&input, 1), Keep::kNothing));
    for (int64_t i = 0; i < filled; ++i) scores.push_back(score_of(logits, static_cast<size_t>(i), target));
    if (after_) after_(filled);
  }
  return scores;
}

}  // namespace relevid
