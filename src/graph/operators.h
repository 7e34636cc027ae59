// SPDX-License-Identifier: Apache-2.0
// The operators that a network is run with, as data. What is to be known of each is a row of
// graph/operator_traits.h.
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "graph/model.h"
#include "tensor/activation.h"
#include "tensor/axis_tap.h"

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
/// y = Wᵀ x + b, W being the convolution that makes x's shape of y's (ONNX's ConvTranspose).
struct TransposedConvolution {
  Convolution of;  ///< from y to x: its weight is [C_x, C_y / groups, kernel...], it has no bias
  TensorRef bias;  ///< [C_y] or null
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
/// One axis of x in another size: y[.., to, ..] = Σ over the taps of `to` of weight x[.., from, ..]. What
/// Resize does along an axis; with one tap of weight 1 for each element also Expand and Gather.
struct Resample {
  int64_t axis = 0;
  std::vector<AxisTap> taps;  ///< ascending by `to`, one or more for every element of y
  /// Whether every element of y is one of x: then it moves values.
  bool selects() const;
};
/// y = f(x), element by element.
using relevid::Activation;
/// y = x where x > 0, else slope x; the slope broadcasts to x.
struct PRelu {
  TensorRef slope;
};
/// Whether a Standardise subtracts the mean: layer, instance and group norms do, RMS norms do not.
enum class Centring { kMean, kNone };
/// y = scale (x - mean) / sqrt(variance + epsilon) + shift, mean and variance of x over `axes` (Ba et al.
/// 2016, arXiv 1607.06450, equation 3). Without centring the mean is 0 and the variance the mean of x² (RMS
/// norm, Zhang and Sennrich 2019, arXiv 1910.07467, equation 4). What several nodes of a file make is put
/// together by `recognise_norms` and `merge_affine`.
struct Standardise {
  std::vector<int64_t> axes;  ///< ascending
  double epsilon = 1e-5;
  Centring centring = Centring::kMean;
  TensorRef scale = nullptr, shift = nullptr;  ///< of x's rank, broadcast to x; null: 1 and 0
};
/// y = scale x + shift with constants of x's rank that broadcast to x. Batch norm that could not be merged is
/// one.
struct Affine {
  TensorRef scale, shift;
  enum class Learns { kNothing, kShift, kBoth } learns = Learns::kNothing;  ///< in graphs for training alone
};
/// y = x0 + sign * x1, both of y's shape or broadcast to it.
struct Add {
  double sign = 1;
};
/// y = x0 x1. `gate` is the input that only scales the other (squeeze-excite, swish); -1 where neither does.
struct Multiply {
  int gate = -1;
};
/// y = x0 x1 for stacks of matrices [N, m, k] and [N, k, n]. `weights` is the input that only weighs the
/// other's rows or columns (attention); -1 where neither is known to.
struct MatMul {
  int weights = -1;
};
/// y = softmax(scale q k + bias) v for stacks of matrices: q [S, m, d], k [S, d, n], v [S, n, e], y [S, m, e]
/// (Vaswani et al. 2017, arXiv 1706.03762, equation 1). The weights, [S, m, n], are never stored whole. The
/// bias is a sum of constants, of a fourth input of shape [S, m, n], or of both.
struct Attention {
  double scale = 1;
  /// Masks and relative positions, [P, m, n]: stack s takes (s / repeat) modulo P. Windows and heads repeat
  /// them.
  struct Bias {
    TensorRef values;
    int64_t repeat = 1;
  };
  std::vector<Bias> biases;
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
                              Multiply, Concat, Slice, Pad, Reshape, Transpose, Softmax, BatchNorm, Dropout,
                              TransposedConvolution, Resample, PRelu, Standardise, MatMul, Attention>;

}  // namespace relevid::graph
