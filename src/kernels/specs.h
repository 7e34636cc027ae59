// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <variant>
#include <vector>

#include "relevid/tensor.h"
#include "tensor/activation.h"
#include "tensor/axis_tap.h"

namespace relevid::kernels {

/// A function of a linear map's weights, element by element.
struct WeightTransform {
  enum class Kind {
    kAsIs,
    kPositive,  ///< max(w, 0)
    kNegative,  ///< min(w, 0)
    kSquare,    ///< w²
    kOnes,      ///< 1 for every tap
    kAbsolute,  ///< |w|
  };
  Kind kind = Kind::kAsIs;
  auto operator<=>(const WeightTransform&) const = default;
  double operator()(double w) const;
};

/// A function of a linear map's bias.
struct BiasPart {
  enum class Kind { kNone, kAll, kPositive, kNegative, kSquare, kAbsolute };
  Kind kind = Kind::kNone;
  auto operator<=>(const BiasPart&) const = default;
  double operator()(double b) const;
};

enum class Sign { kPositive, kNegative };

/// How a gradient passes an activation: as it is; guided backprop (Springenberg et al. 2015): only where
/// gradient and forward input are positive; deconvnet (Zeiler and Fergus 2014): wherever the gradient is
/// positive. The latter two change rectifiers alone.
enum class GradientMode { kPlain, kGuided, kDeconvnet };

/// Three spatial axes, time first; 2-D layers have 1s and 0s in front.
using Extent = std::array<int64_t, 3>;

/// x [N, C_in, T, H, W], weight [C_out, C_in / groups, kT, kH, kW], zeros outside the input.
struct ConvolutionSpec {
  std::shared_ptr<const Tensor> weight;  ///< float32, shared with the graph
  std::shared_ptr<const Tensor> bias;    ///< [C_out] or null
  int64_t groups = 1;
  Extent kernel{1, 1, 1}, strides{1, 1, 1}, dilations{1, 1, 1}, pads_begin{}, pads_end{};
  int64_t channels_out = 0;
};
/// x [..., in], weight [out, in].
struct DenseSpec {
  std::shared_ptr<const Tensor> weight, bias;
};
/// Mean over windows of x [N, C, T, H, W]; the divisor counts taps in [-counted_begin, size + counted_end).
struct AveragePoolSpec {
  Extent kernel{1, 1, 1}, strides{1, 1, 1}, dilations{1, 1, 1}, pads_begin{}, pads_end{};
  Extent counted_begin{}, counted_end{};
};
/// scale times the sum over `axes`, which stay as size 1.
struct SumSpec {
  std::vector<int64_t> axes;
  double scale = 1;
};
/// Along one axis: y[.., to, ..] = Σ over the taps of `to` of weight x[.., from, ..]; taps ascend by `to`.
struct ResampleSpec {
  int64_t axis = 0;
  std::vector<AxisTap> taps;
};
/// Wᵀ x + b, W being the convolution `of` (without bias) from `output` to x's shape.
struct TransposedConvolutionSpec {
  ConvolutionSpec of;
  std::shared_ptr<const Tensor> bias;  ///< [channels of the output] or null
  Shape output;
};
using LinearSpec = std::variant<ConvolutionSpec, DenseSpec, AveragePoolSpec, SumSpec, ResampleSpec,
                                TransposedConvolutionSpec>;

struct MaxWindowSpec {
  Extent kernel{1, 1, 1}, strides{1, 1, 1}, dilations{1, 1, 1}, pads_begin{}, pads_end{};
};
struct MaxAxesSpec {
  std::vector<int64_t> axes;
};
using MaxSpec = std::variant<MaxWindowSpec, MaxAxesSpec>;

/// softmax(scale q k + bias) v over stacks of matrices. Each bias is [P, m, n], and stack s takes (s /
/// repeat) modulo P of it.
struct AttentionSpec {
  double scale = 1;
  struct Bias {
    std::shared_ptr<const Tensor> values;
    int64_t repeat = 1;
    int64_t of(int64_t stack) const { return stack / repeat % values->shape()[0]; }
  };
  std::vector<Bias> biases;
};
/// Sizes of an attention's operands: q [S, m, d], k [S, d, n], v [S, n, e].
struct AttentionSizes {
  int64_t stack = 0, rows = 0, inner = 0, keys = 0, columns = 0;
};
/// Throws Error(kInvalidArgument) where shapes or biases do not fit.
AttentionSizes attention_sizes(const AttentionSpec& spec, const Shape& q, const Shape& k, const Shape& v);

/// scale (x - mean) / sqrt(variance + epsilon) + shift over `axes`; without centring the mean is 0.
struct StandardiseSpec {
  std::vector<int64_t> axes;  ///< ascending
  double epsilon = 1e-5;
  enum class Centring { kMean, kNone } centring = Centring::kMean;
  std::shared_ptr<const Tensor> scale, shift;  ///< of the input's rank, broadcast to it; null: 1 and 0
};

/// What a linear map's forward does after Wx + b.
struct Epilogue {
  enum class Residual { kNone, kAdded };
  Activation activation;
  Residual residual = Residual::kNone;
  bool in_float32 = false;  ///< forward in float32 where a library computes in less
};

/// [N, C, T, H, W] of a 2-D or 3-D tensor: a time axis of size 1 is put in where there is none.
Shape as_volume(const Shape& shape);

/// Output shape of a linear map or a maximum; throws Error(kInvalidArgument) where the input does not fit.
Shape output_shape(const LinearSpec& spec, const Shape& input);
Shape output_shape(const MaxSpec& spec, const Shape& input);

}  // namespace relevid::kernels
