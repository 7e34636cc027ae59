// SPDX-License-Identifier: Apache-2.0
#include "sliding.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "relevid/error.h"
#include "timing.h"
#include "workload.h"

namespace relevid::bench {
namespace {

constexpr double kTolerance = 1e-5;

/// Windows of one video, each `shift` frames after the one before. [1, C, T, H, W]
std::vector<Tensor> windows(const Shape& clip, int64_t shift, int64_t count) {
  Shape shape = clip;
  shape[2] = clip[2] + (count - 1) * shift;
  const Tensor video = noise_clip(shape);
  const int64_t frame = clip[3] * clip[4];
  std::vector<Tensor> result;
  for (int64_t i = 0; i < count; ++i) {
    Tensor window(clip, DType::kF32);
    for (int64_t c = 0; c < clip[1]; ++c) {
      const auto from = video.values<float>().begin() + (c * shape[2] + i * shift) * frame;
      std::copy(from, from + clip[2] * frame, window.values<float>().begin() + c * clip[2] * frame);
    }
    result.push_back(std::move(window));
  }
  return result;
}

/// An explainer that is shown one window after another, round and round.
struct Viewer {
  Viewer(Network& network, const std::vector<Tensor>& shown)
      : explainer(network, deep_taylor_options()), clips(shown) {
    explainer.slide(true);
  }

  void forward(size_t window) { explainer.forward(clips[window % clips.size()]); }
  Tensor explain(size_t window) {
    forward(window);
    return std::move(explainer.explain(top_classes(explainer.logits())).relevance[0]);
  }

  Explainer explainer;
  const std::vector<Tensor>& clips;
  size_t next = 0;
};

}  // namespace

void time_sliding(const graph::Graph& graph, kernels::Library& library, int64_t shift, int rounds) {
  Network network(graph, library, Purpose::kExplanation);
  constexpr int kCompared = Explainer::kShiftsBeforeSharing + 10;
  const auto clips = windows(graph.shape(graph.inputs[0]), shift, std::max(rounds + 4, kCompared));
  const size_t last = clips.size() - 1;
  Viewer forwards(network, clips), backwards(network, clips);
  std::vector<Tensor> logits, relevance;
  for (size_t i = 0; i < kCompared; ++i) {
    relevance.push_back(forwards.explain(i));
    logits.push_back(forwards.explainer.logits().clone());
  }
  const bool took_over = forwards.explainer.took_over();
  double logits_off = 0, relevance_off = 0;
  for (size_t i = kCompared; i-- > 0;) {
    relevance_off = std::max(relevance_off, relative_difference(backwards.explain(i), relevance[i]));
    logits_off = std::max(logits_off, relative_difference(backwards.explainer.logits(), logits[i]));
  }
  if (std::max(logits_off, relevance_off) > kTolerance) {
    throw Error(
        ErrorKind::kInternal,
        fmt::format("windows that share differ: logits by {:.1e}, relevance by {:.1e}; nothing is timed",
                    logits_off, relevance_off));
  }

  Interleaved work;
  const auto add = [&](const std::string& name, Viewer& viewer, bool is_backwards) {
    work.add(name + " forward", [&viewer, is_backwards, last] {
      const size_t i = viewer.next++;
      viewer.forward(is_backwards ? last - i % (last + 1) : i);
    });
    work.add(name + " explanation", [&viewer, is_backwards, last] {
      const size_t i = viewer.next++;
      viewer.explain(is_backwards ? last - i % (last + 1) : i);
    });
  };
  add("plain", backwards, true);
  add("sliding", forwards, false);
  work.run(rounds);
  fmt::print("windows {} frames apart{}: logits off by {:.1e}, relevance by {:.1e}\n", shift,
             took_over ? "" : " (too little is shared)", logits_off, relevance_off);
  for (const char* what : {"forward", "explanation"}) {
    const std::string sliding = fmt::format("sliding {}", what), plain = fmt::format("plain {}", what);
    fmt::print("  {:<12} {:7.1f} ms, plain {:7.1f} ms, ratio {:.3f}\n", what, work.median_of(sliding),
               work.median_of(plain), work.ratio(sliding, plain));
  }
}

}  // namespace relevid::bench
