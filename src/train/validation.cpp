// SPDX-License-Identifier: Apache-2.0
#include "train/validation.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "graph/specialise.h"
#include "network/network.h"
#include "train/clip_loader.h"

namespace relevid::train {
namespace {

std::vector<ClipRequest> requests_of(const std::vector<TrainingVideo>& videos,
                                     const SamplingOptions& sampling) {
  std::vector<ClipRequest> requests;
  for (size_t v = 0; v < videos.size(); ++v) {
    const CachedVideo& frames = *videos[v].frames;
    for (ClipPlan& plan : plan_clips(sampling, frames.frame_count(), frames.fps())) {
      requests.push_back({static_cast<int64_t>(v), std::move(plan.frame_indices), videos[v].label, 0});
    }
  }
  return requests;
}

/// Softmax of one row, added to `into`; returns the place of the largest.
int64_t add_probabilities(std::span<const double> logits, std::vector<double>& into) {
  const auto largest = std::ranges::max_element(logits);
  double sum = 0;
  for (const double logit : logits) sum += std::exp(logit - *largest);
  into.resize(logits.size(), 0);
  for (size_t c = 0; c < logits.size(); ++c) into[c] += std::exp(logits[c] - *largest) / sum;
  return largest - logits.begin();
}

/// A batch of the network's own size: the clips that are there, then zeros.
Tensor filled_up(const Tensor& clips, const Shape& batch) {
  Tensor whole(batch, DType::kF32);
  std::memcpy(whole.bytes().data(), clips.bytes().data(), clips.bytes().size());
  return whole;
}

}  // namespace

Accuracy validate(const graph::Model& model, const Shape& batch, kernels::Library& library,
                  const std::vector<TrainingVideo>& videos, const ModelSettings& settings,
                  const TrainOptions& options, const RunControl& control) {
  Network network(graph::specialise(model, {{model.inputs.at(0).name, batch}}), library, Purpose::kInference);
  SamplingOptions sampling = settings.sampling;
  sampling.num_clips = options.validation_clips;
  const auto requests = requests_of(videos, sampling);
  const auto total = static_cast<int64_t>(requests.size());
  ClipLoader loader(videos, requests, settings.preprocessing, Augmentation{},
                    {.batch_size = batch[0], .threads = options.loader_threads});
  Accuracy accuracy;
  std::vector<std::vector<double>> by_video(videos.size());
  while (const auto clips = loader.next()) {
    if (control.interrupted()) throw Interrupted{};
    const kernels::Buffer input = library.upload(filled_up(clips->clips, batch));
    const auto logits = network.output(network.forward({&input, 1}, Keep::kNothing)).as_doubles();
    const size_t classes = logits.size() / static_cast<size_t>(batch[0]);
    for (size_t i = 0; i < clips->labels.size(); ++i) {
      const auto video = static_cast<size_t>(clips->videos[i]);
      const int64_t best = add_probabilities({logits.data() + i * classes, classes}, by_video[video]);
      ++accuracy.clips;
      accuracy.clips_right += best == clips->labels[i];
    }
    if (control.report) control.report({"validating", accuracy.clips, total});
  }
  for (size_t v = 0; v < videos.size(); ++v) {
    const auto best = std::ranges::max_element(by_video[v]) - by_video[v].begin();
    ++accuracy.videos;
    accuracy.videos_right += best == videos[v].label;
  }
  return accuracy;
}

}  // namespace relevid::train
