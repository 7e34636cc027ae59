// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "kernels/buffer.h"
#include "kernels/specs.h"
#include "kernels/sums.h"
#include "relevid/tensor.h"

namespace relevid::kernels {

/// Gradients by a layer's own parameters, row-major in the shapes that the graph has them in: float32, or
/// float64 from the reference library.
struct ParameterGradient {
  Tensor weight;
  Tensor bias;  ///< of shape [0] where the layer has none
};

/// Maximum over windows or axes, remembering which input won: the first in row-major order of the window in a
/// tie.
class MaxMap {
 public:
  virtual ~MaxMap() = default;
  /// `winners` may be null where nobody will ask.
  virtual Buffer forward(const Buffer& x, Buffer* winners) = 0;
  /// Moves every element of `g` to the input that won.
  virtual Buffer route(const Buffer& g, const Buffer& winners) = 0;
  /// The reverse of route: from `y`, of the input's shape, what stands where an input won.
  virtual Buffer pick(const Buffer& y, const Buffer& winners) = 0;
  /// Shares every element of `g` evenly over the inputs of its window. For null profiles.
  virtual Buffer share(const Buffer& g) = 0;
};

/// Where the outputs of a maximum over windows come from. What lies on winners alone is held in the shape of
/// the maximum's output: an eighth of its input's after 2x2x2.
struct Winners {
  MaxMap* maximum = nullptr;
  Buffer places;  ///< as MaxMap::forward left them
  explicit operator bool() const { return maximum != nullptr; }
};

/// z = Wx + b prepared for one input shape: primitives are built and weights laid out (each transform of them
/// once, when first used). Every layer with weights, every average and every sum is one.
class LinearMap {
 public:
  virtual ~LinearMap() = default;
  /// The layer as the model runs it: Wx + b, plus the residual it was prepared for (empty otherwise;
  /// convolutions alone), through its activation. A residual handed over for good (the only handle) becomes
  /// the output's storage.
  virtual Buffer forward(const Buffer& x, Buffer residual) = 0;
  /// W' x + b' for the given functions of weights and bias.
  virtual Buffer apply(const Buffer& x, WeightTransform weight, BiasPart bias) = 0;
  /// W'x + b' where r, of the output's shape, is not 0; elsewhere that or 0, as takes less time. For
  /// denominators: nothing else of them is used.
  virtual Buffer apply_where(const Buffer& x, const Buffer& r, WeightTransform weight, BiasPart bias) {
    (void)r;
    return apply(x, weight, bias);
  }
  /// W'x + b' at the winners of windows of the outputs; where r is not 0, elsewhere that or 0. r and the
  /// result have the shape of the maximum's output.
  virtual Buffer apply_at(const Winners& winners, const Buffer& x, const Buffer& r, WeightTransform weight,
                          BiasPart bias) {
    (void)r;
    return winners.maximum->pick(apply(x, weight, bias), winners.places);
  }
  /// W'ᵀ s.
  virtual Buffer adjoint(const Buffer& s, WeightTransform weight) = 0;
  /// W'ᵀ s for several functions of the weights; libraries may share the work.
  virtual std::vector<Buffer> adjoints(const Buffer& s, std::span<const WeightTransform> weights) = 0;
  /// W'ᵀ of an s that lies on the winners of windows of the outputs, for several functions of the
  /// weights.
  virtual std::vector<Buffer> adjoints_at(const Winners& winners, const Buffer& s,
                                          std::span<const WeightTransform> weights) {
    return adjoints(winners.maximum->route(s, winners.places), weights);
  }
  /// Per item of the batch: Σ over outputs of b' s. s may also lie on winners. The share of a layer's
  /// relevance that its bias absorbs.
  virtual Sums bias_dot(const Buffer& s, BiasPart bias) = 0;

  /// Gradient of Σ g (Wx + b) by W and by b: whatever forward does after Wx + b is for the caller to undo.
  /// Convolution and Dense alone; Error(kInternal) for others.
  virtual ParameterGradient parameter_gradient(const Buffer& x, const Buffer& g) = 0;
  /// Says that the tensors it was prepared with hold other values now, because an optimiser wrote to them:
  /// what was laid out or transformed from them is made again, in the memory that it has, when next used. Not
  /// while another of its functions runs.
  virtual void parameters_changed() = 0;
};

/// What a batch's normalisation subtracted and divided by; [C] each.
struct NormStatistics {
  Sums mean;
  Sums variance;  ///< biased: over m values a channel, Σ (x - mean)² / m
};

/// Batch normalisation with the batch's own statistics over all axes but 1, prepared for one input shape
/// (Ioffe and Szegedy 2015, algorithm 1). `scale` and `shift` are float32 [C], read at each call.
class NormMap {
 public:
  virtual ~NormMap() = default;
  /// scale (x - mean) / sqrt(variance + epsilon) + shift. Writes the batch's statistics.
  virtual Buffer forward(const Buffer& x, const Tensor& scale, const Tensor& shift,
                         NormStatistics& statistics) = 0;
  /// Gradient of Σ g forward(x) by x, mean and variance being functions of x; by scale (as `weight`) and by
  /// shift (as `bias`) into `parameters`. `statistics` as forward wrote them for this x.
  virtual Buffer gradient(const Buffer& x, const Buffer& g, const Tensor& scale,
                          const NormStatistics& statistics, ParameterGradient& parameters) = 0;
};

/// C = A B for stacks of matrices, A [N, m, k] and B [N, k, n], both computed; prepared for their shapes.
class ProductMap {
 public:
  virtual ~ProductMap() = default;
  virtual Buffer forward(const Buffer& a, const Buffer& b) = 0;
  /// S Bᵀ and Aᵀ S: where S of C's shape goes by each operand, the other being constant.
  virtual Buffer by_left(const Buffer& s, const Buffer& b) = 0;
  virtual Buffer by_right(const Buffer& a, const Buffer& s) = 0;
};

/// softmax(scale q k + bias) v for stacks of matrices, prepared for their shapes. The weights, softmax(..),
/// are computed in blocks of rows, again in every function, and never stored whole.
class AttentionMap {
 public:
  virtual ~AttentionMap() = default;
  /// q [S, m, d], k [S, d, n], v [S, n, e]; bias [S, m, n] beside the constant one, or none.
  struct Operands {
    Buffer q, k, v, bias;
  };
  virtual Buffer forward(const Operands& x) = 0;  ///< [S, m, e]
  /// Aᵀ s with A the weights: [S, n, c] for s [S, m, c] of any c. Reads q, k and bias alone.
  virtual Buffer by_values(const Operands& x, const Buffer& s) = 0;
  /// max(A · (g vᵀ), 0)ᵀ s: the weights times the gradient of Σ g forward(x) by them, where that is positive.
  virtual Buffer by_positive_gradient(const Operands& x, const Buffer& g, const Buffer& s) = 0;
  /// Gradient of Σ g forward(x) by each operand; by the bias only where there is one.
  virtual Operands gradient(const Operands& x, const Buffer& g) = 0;
};

/// scale (x - mean) / sqrt(variance + epsilon) + shift over some axes, prepared for one input shape.
class StandardiseMap {
 public:
  virtual ~StandardiseMap() = default;
  virtual Buffer forward(const Buffer& x) = 0;
  /// Whether a gradient takes the deviation for a function of x, or for a constant.
  enum class Deviation { kOfInput, kConstant };
  /// Gradient of Σ g forward(x) by x.
  virtual Buffer gradient(const Buffer& x, const Buffer& g, Deviation deviation) = 0;
};

/// Relevance of a sum, shared between its two summands; sums per item of the batch.
struct SharedSum {
  Buffer to_a, to_b;
  Sums sum_a, sum_b, absorbed;
};

/// What gamma's denominators leave of r, and the same times the output's sign; absorbed per item.
struct SignedQuotient {
  Buffer q, q_signed;
  Sums absorbed;
};

/// What a device computes. Tensors live in Buffers, whose layout is the library's own affair. Operations
/// return new buffers and never write to their arguments, except to those named `into`; nothing promises that
/// they have run when they return. A library and what it
/// prepared are used from one thread at a time; each operation uses as many threads as the library was made
/// with.
class Library {
 public:
  virtual ~Library() = default;
  virtual std::string_view name() const = 0;
  virtual int64_t peak_bytes() const = 0;  ///< most memory held by buffers at any time so far

  virtual std::unique_ptr<LinearMap> prepare(const LinearSpec& spec, const Shape& input,
                                             const Epilogue& epilogue) = 0;
  virtual std::unique_ptr<MaxMap> prepare_max(const MaxSpec& spec, const Shape& input) = 0;
  /// For input [N, C, ...]; Error(kInvalidArgument) for a rank below 2 or without elements.
  virtual std::unique_ptr<NormMap> prepare_norm(const Shape& input, double epsilon) = 0;
  virtual std::unique_ptr<ProductMap> prepare_product(const Shape& a, const Shape& b) = 0;
  virtual std::unique_ptr<AttentionMap> prepare_attention(const AttentionSpec& spec, const Shape& q,
                                                          const Shape& k, const Shape& v) = 0;
  virtual std::unique_ptr<StandardiseMap> prepare_standardise(const StandardiseSpec& spec,
                                                              const Shape& input) = 0;

  virtual Buffer upload(const Tensor& tensor) = 0;  ///< any numeric type
  virtual Tensor download(const Buffer& x) = 0;     ///< float32, or float64 from the reference library
  virtual Buffer filled(const Shape& shape, double value) = 0;

  virtual Buffer activate(const Buffer& x, const Activation& f) = 0;
  /// g f'(x), or its guided or deconvnet variant. `kept` is f(x) where f's slope follows from it, else x.
  virtual Buffer activation_gradient(const Buffer& kept, const Buffer& g, const Activation& f,
                                     GradientMode mode) = 0;

  /// a op b; b broadcasts to a's shape.
  virtual Buffer add(const Buffer& a, const Buffer& b, double scale_b) = 0;
  virtual Buffer multiply(const Buffer& a, const Buffer& b) = 0;
  /// into += scale a; same shapes.
  virtual void accumulate(Buffer& into, const Buffer& a, double scale) = 0;
  /// into = into * a; same shapes, and not the same buffer. Returns the sum of the result per item.
  virtual Sums scale_by(Buffer& into, const Buffer& a) = 0;
  /// Sums g over the axes along which `shape` was broadcast to it.
  virtual Buffer reduce_to(const Buffer& g, const Shape& shape) = 0;
  /// max(x, 0) or min(x, 0).
  virtual Buffer part(const Buffer& x, Sign sign) = 0;
  /// into (z) = q = r / (z + ε sgn z), and 0 where r or z is: a sum that is exactly 0 has no shares. Returns
  /// what is absorbed of r, per item: Σ ε sgn(z) q, and all of r where z is 0.
  virtual Sums quotient(Buffer& into, const Buffer& r, double epsilon) = 0;
  /// What each summand of y = a + sign_b b gets of r: a q and sign_b b q, with q = r / (y + ε sgn y) and what
  /// is absorbed as quotient has them. One shape.
  virtual SharedSum share(const Buffer& r, const Buffer& a, const Buffer& b, double sign_b,
                          double epsilon) = 0;
  /// x where `decider` has the sign, 0 elsewhere.
  virtual Buffer keep_where(const Buffer& x, const Buffer& decider, Sign sign) = 0;
  /// q = r / s(y + coefficient sgn(y) m), s as quotient has it, and sgn(y) q: quotient and times_sign in one
  /// pass. All of one shape.
  virtual SignedQuotient signed_quotient(const Buffer& r, const Buffer& y, const Buffer& m,
                                         double coefficient, double epsilon);
  /// into (a) = x a + coefficient |x| b; one shape, different buffers. Returns the sum of the result per
  /// item.
  virtual Sums scale_by_signed(Buffer& into, const Buffer& x, const Buffer& b, double coefficient);
  /// x where `decider` is positive, -x where it is negative, 0 where it is 0; same shapes.
  virtual Buffer times_sign(const Buffer& x, const Buffer& decider) = 0;
  /// Smaller and larger of each pair, for bounds of the input.
  virtual Buffer minimum(const Buffer& a, const Buffer& b) = 0;
  virtual Buffer maximum(const Buffer& a, const Buffer& b) = 0;

  virtual Buffer reshape(const Buffer& x, const Shape& shape) = 0;
  virtual Buffer transpose(const Buffer& x, std::span<const int64_t> permutation) = 0;
  virtual Buffer concat(std::span<const Buffer> parts, int64_t axis) = 0;
  /// y[i] = x[begin + i step], with y of `shape`.
  virtual Buffer slice(const Buffer& x, const Shape& shape, std::span<const int64_t> begin,
                       std::span<const int64_t> step) = 0;
  /// y of `shape`, filled with `value`, then y[begin + i step] = x[i]: Pad, and the adjoint of slice.
  virtual Buffer place(const Buffer& x, const Shape& shape, std::span<const int64_t> begin,
                       std::span<const int64_t> step, double value) = 0;

  /// Per item of the batch (axis 0): Σ x, Σ |x|.
  virtual Sums sums(const Buffer& x) = 0;
  virtual Sums absolute_sums(const Buffer& x) = 0;
  /// The numbers of sums that this library made, one list for each. A device waits here and in download
  /// alone: ask for everything at once, and late.
  virtual std::vector<std::vector<double>> fetch(std::span<const Sums> sums) = 0;
  std::vector<double> fetch(const Sums& sums) { return fetch(std::span(&sums, 1)).front(); }
};

}  // namespace relevid::kernels
