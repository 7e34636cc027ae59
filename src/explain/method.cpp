// SPDX-License-Identifier: Apache-2.0
#include "explain/method.h"

#include <fmt/format.h>

#include "explain/volume.h"
#include "relevid/error.h"

namespace relevid {

void require_targets(std::span<const int64_t> targets, const Shape& logits) {
  if (static_cast<int64_t>(targets.size()) != logits[0]) {
    throw Error(ErrorKind::kInvalidArgument,
                fmt::format("{} targets for {} clips", targets.size(), logits[0]));
  }
  for (const int64_t target : targets) {
    if (target >= 0 && target < logits[1]) continue;
    throw Error(ErrorKind::kInvalidArgument, fmt::format("no class {}; the model has {}", target, logits[1]));
  }
}

kernels::Buffer OutputStart::at(kernels::Library& library, std::span<const int64_t> targets,
                                const Tensor& logits) const {
  const Shape& shape = logits.shape();
  require_targets(targets, shape);
  const auto values = logits.as_doubles();
  Tensor r(shape, DType::kF64);
  const auto put = [&](size_t item, int64_t index, double sign) {
    const auto position = item * static_cast<size_t>(shape[1]) + static_cast<size_t>(index);
    r.values<double>()[position] += sign * (logit ? values[position] : 1);
  };
  for (size_t n = 0; n < targets.size(); ++n) {
    put(n, targets[n], 1);
    if (contrast) put(n, *contrast, -1);
  }
  return library.upload(r);
}

int64_t ExplainerOptions::channel_axis() const {
  switch (layout) {
    case ClipLayout::kNcthw:
      return 1;
    case ClipLayout::kNtchw:
      return 2;
    case ClipLayout::kNthwc:
      return 4;
  }
  return 1;
}

MethodResolution full_resolution(const graph::Graph& graph, int64_t channel_axis) {
  const Shape& shape = graph.shape(graph.inputs.at(0));
  if (shape.rank() != 5) return {{1, 1, 1}, "one value"};
  const ClipAxes axes(shape, channel_axis, "");
  return {axes.extent, fmt::format("every one of {} frames", axes.extent[0])};
}

std::vector<Tensor> download_all(kernels::Library& library, std::span<const kernels::Buffer> buffers) {
  std::vector<Tensor> result;
  for (const kernels::Buffer& buffer : buffers) result.push_back(library.download(buffer));
  return result;
}

}  // namespace relevid
