// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>

#include "explain/explainer.h"
#include "graph/graph.h"
#include "models/models.h"

namespace relevid::bench {

/// A clip of uniform noise in [kLow, kHigh), which are also the bounds that zB is given.
inline constexpr float kLow = -1, kHigh = 1;
Tensor noise_clip(const Shape& shape);
ExplainerOptions deep_taylor_options();

/// The graph of an ONNX file for one clip.
graph::Graph load(const std::filesystem::path& model, const Shape& clip);

/// A C3D of random weights in a temporary file.
class SavedC3d {
 public:
  explicit SavedC3d(const CreateOptions& options);
  ~SavedC3d();
  SavedC3d(const SavedC3d&) = delete;
  SavedC3d& operator=(const SavedC3d&) = delete;
  std::filesystem::path path() const { return folder_ / "c3d.onnx"; }

 private:
  std::filesystem::path folder_;
};

/// Largest difference over the largest magnitude of `expected`.
double relative_difference(const Tensor& expected, const Tensor& found);

/// What one explanation on each kernel library gives for the same graph.
struct Agreement {
  double logits = 0, relevance = 0;  ///< relative differences
};
Agreement compare_with_reference(const graph::Graph& graph, int threads);

/// How far the relevance of the input is from the logit that it started from, over the logit.
struct Conservation {
  double logit = 0, sum = 0;
  double error() const;
};
Conservation conservation(Explainer& explainer, const Tensor& clip);

}  // namespace relevid::bench
