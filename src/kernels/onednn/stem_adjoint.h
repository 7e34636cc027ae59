// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "kernels/onednn/device.h"

namespace relevid::kernels::onednn {

/// The adjoint of a convolution that reads few channels (a first layer): W'ᵀ s for several functions W' of
/// the weights at once. Keeps the weights' functions in its own layout. See Note [Adjoint of the stem].
class StemAdjoint {
 public:
  StemAdjoint(Device& device, const ConvolutionSpec& spec, const Shape& input);

  /// One buffer of the input's shape (which is row-major) for each transform.
  std::vector<Buffer> run(const Buffer& s, std::span<const WeightTransform> transforms);
  /// The weight tensor holds other values now.
  void weights_changed() { ++version_; }

 private:
  /// Functions of the weights as one matrix per kernel frame: rows (kernel row, kernel column, function,
  /// channel), columns the output channels, padded to whole blocks.
  struct Matrices {
    std::vector<WeightTransform> transforms;
    int64_t rows = 0;
    std::vector<float> values;
    int64_t version = -1;  ///< of the weights that it was made from
  };
  const Matrices& matrices(std::span<const WeightTransform> transforms);
  void fill(Matrices& m) const;
  Buffer sum_of_signs(std::span<const WeightTransform> computed, std::span<const Buffer> parts);
  struct Rows {
    int64_t begin, end;
  };
  void run_band(const Matrices& m, const Buffer& s, int64_t item, Rows band, std::span<float* const> to,
                std::vector<float>& scratch) const;
  const float* multiply(const Matrices& m, const Buffer& s, int64_t item, int64_t t, Rows source,
                        std::vector<float>& scratch) const;
  void scatter_row(const float* products, int64_t columns, int64_t source_row, int64_t frame_offset,
                   Rows band, std::span<float* const> to) const;

  Device& device_;
  ConvolutionSpec spec_;
  Shape input_;
  Layout in_, out_;
  std::vector<std::unique_ptr<Matrices>> matrices_;
  int64_t version_ = 0;
};

}  // namespace relevid::kernels::onednn
