// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "graph/model.h"
#include "relevid/tensor.h"

namespace relevid::graph {

/// y = W * x + b over the last two or three axes of [N, C, (T,) H, W], which is what `window` speaks of.
struct Window {
  std::vector<int64_t> kernel, strides, dilations;
  std::vector<int64_t> pads_begin, pads_end;  ///< zeros for Convolution, left out for MaxPool
  bool operator==(const Window&) const = default;
};
struct Convolution {
  Window window;
  int64_t groups = 1;
  TensorRef weight;  ///< [C_out, C_in / groups, kernel...], float32
  TensorRef bias;    ///< [C_out] or null
};
/// y = W x + b along the last axis.
struct Dense {
  TensorRef weight;  ///< [out, in], float32
  TensorRef bias;    ///< [out] or null
};
struct MaxPool {
  Window window;
};
/// The divisor counts the taps inside the input, and with kPadding also those inside the declared padding
/// (`counted_end`), but never the overhang of ceil_mode, as ONNX and PyTorch have it.
struct AveragePool {
  enum class Count { kInside, kPadding };
  Window window;
  Count count = Count::kInside;
  std::vector<int64_t> counted_end;  ///< pads at the end without ceil_mode's overhang
};
/// Over `axes`, which stay as size 1.
struct Reduce {
  enum class Kind { kMean, kSum, kMax };
  Kind kind = Kind::kMean;
  std::vector<int64_t> axes;
};
/// y = f(x). alpha and beta: Clip's bounds, LeakyRelu's and Elu's slope, HardSigmoid's line.
struct Activation {
  enum class Kind { kRelu, kClip, kLeakyRelu, kSigmoid, kHardSigmoid, kHardSwish, kTanh, kElu };
  Kind kind = Kind::kRelu;
  double alpha = 0;
  double beta = 0;
};
/// y = scale x + shift with constants of x's rank that broadcast to x. Batch norm that could not be merged is
/// one.
struct Affine {
  TensorRef scale, shift;
};
/// y = x0 + sign * x1, both of y's shape or broadcast to it.
struct Add {
  double sign = 1;
};
/// y = x0 x1. `gate` is the input that only scales the other (squeeze-excite, swish); -1 where neither does.
struct Multiply {
  int gate = -1;
};
struct Concat {
  int64_t axis = 1;
};
/// y[i] = x[begin + i step] along every axis.
struct Slice {
  std::vector<int64_t> begin, step;
};
/// A constant border of `value`. Negative pads are slices.
struct Pad {
  std::vector<int64_t> begin, end;
  double value = 0;
};
struct Reshape {};
struct Transpose {
  std::vector<int64_t> permutation;
};
struct Softmax {
  int64_t axis = -1;
};
/// Batch normalisation over all axes but 1. Graphs for training alone hold one: elsewhere it is an Affine.
struct BatchNorm {
  TensorRef scale, shift;    ///< [C], learnt
  TensorRef mean, variance;  ///< [C], running statistics
  double epsilon = 1e-5;
};
/// Sets each element to 0 with probability `ratio` and scales the others by 1 / (1 - ratio). Graphs for
/// training alone hold one.
struct Dropout {
  double ratio = 0.5;
};

using Operator = std::variant<Convolution, Dense, MaxPool, AveragePool, Reduce, Activation, Affine, Add,
                              Multiply, Concat, Slice, Pad, Reshape, Transpose, Softmax, BatchNorm, Dropout>;

using ValueId = int;

struct Node {
  Operator op;
  std::string name;  ///< of the file's node that it stands for
  std::vector<ValueId> inputs;
  ValueId output = -1;
};

struct Value {
  std::string name;
  Shape shape;
};

/// A model for one set of input shapes: few operators, all sizes known, nothing constant left to compute.
struct Graph {
  std::vector<Node> nodes;  ///< in an order in which every node comes after what it reads
  std::vector<Value> values;
  std::vector<ValueId> inputs;
  ValueId output = -1;

  const Shape& shape(ValueId value) const { return values[static_cast<size_t>(value)].shape; }
  /// How many nodes (and the graph's output) read each value.
  std::vector<int> readers() const;
  /// Index of the node that writes each value, -1 for inputs.
  std::vector<int> writers() const;
};

/// "Convolution", "Dense", ... for tables and messages.
std::string_view name(const Operator& op);
std::string_view name(Activation::Kind kind);

/// For each value whether it can be shown never to be negative (behind a ReLU, a sigmoid, averages of such,
/// ...).
std::vector<char> never_negative(const Graph& graph);

/// For each value whether it is the network's input, moved, scaled or shifted by constants at most. A node
/// with weights that reads such a value is a first layer (SlowFast has two).
std::vector<char> only_input(const Graph& graph);

}  // namespace relevid::graph
