// SPDX-License-Identifier: Apache-2.0
// A node of the graph, prepared to run.
#pragma once

#include <memory>
#include <variant>

#include "graph/graph.h"
#include "kernels/composed.h"
#include "kernels/kernels.h"

namespace relevid {

/// What the operators have prepared: one alternative for each way to run forward and back. `op` is the
/// node's.
namespace prepared {
/// Convolution, TransposedConvolution, Dense, AveragePool, Resample, mean and sum.
struct Linear {
  std::unique_ptr<kernels::LinearMap> map;
};
/// MaxPool, and the maximum over axes.
struct Maximum {
  enum class Over { kWindows, kAxes };
  std::unique_ptr<kernels::MaxMap> map;
  Over over = Over::kWindows;
};
struct BatchNorm {
  const graph::BatchNorm* op;
  std::unique_ptr<kernels::NormMap> map;
};
struct Standardise {
  std::unique_ptr<kernels::StandardiseMap> map;
};
struct Attention {
  const graph::Attention* op;
  std::unique_ptr<kernels::AttentionMap> map;
};
struct Softmax {
  std::unique_ptr<kernels::SoftmaxMap> map;
};
struct MatMul {
  const graph::MatMul* op;
  std::unique_ptr<kernels::ProductMap> map;
};
struct Affine {
  const graph::Affine* op;
  kernels::Buffer scale, shift;
};
struct PRelu {
  kernels::Buffer slope;
};
/// Operators that prepare nothing.
template <class Op>
struct Plain {
  const Op* op;
};
}  // namespace prepared

using PreparedOperator =
    std::variant<prepared::Linear, prepared::Maximum, prepared::BatchNorm, prepared::Standardise,
                 prepared::Attention, prepared::Softmax, prepared::MatMul, prepared::Affine, prepared::PRelu,
                 prepared::Plain<graph::Activation>, prepared::Plain<graph::Add>,
                 prepared::Plain<graph::Multiply>, prepared::Plain<graph::Dropout>,
                 prepared::Plain<graph::Concat>, prepared::Plain<graph::Slice>, prepared::Plain<graph::Pad>,
                 prepared::Plain<graph::Reshape>, prepared::Plain<graph::Transpose>>;

/// What a step does of its neighbours' work.
struct Fusion {
  graph::ValueId result = -1;    ///< value that running it writes: an activation's where that is fused
  graph::ValueId residual = -1;  ///< value added inside a convolution
  Activation activation;         ///< after a linear map
  bool runs = true;              ///< false where another step does its work
};

struct Step {
  const graph::Node* node = nullptr;
  Fusion fusion;
  PreparedOperator prepared;

  graph::ValueId input() const { return node->inputs[0]; }
  /// Null where the step is not a linear map.
  kernels::LinearMap* linear() const {
    const auto* found = std::get_if<prepared::Linear>(&prepared);
    return found ? found->map.get() : nullptr;
  }
};

}  // namespace relevid
