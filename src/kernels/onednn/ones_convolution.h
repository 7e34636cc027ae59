// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "kernels/onednn/device.h"

namespace relevid::kernels::onednn {

/// A convolution whose taps are all 1, as the flat rule has them: all channels of a group are equal, so they
/// are summed first (or last, in the adjoint), and what is left is a sum over windows, axis by axis. It costs
/// a reading and a writing of memory, where a convolution costs its taps times its channels.
class OnesConvolution {
 public:
  OnesConvolution(Device& device, const ConvolutionSpec& spec, const Shape& input);

  /// `bias` [C_out].
  Buffer apply(const Buffer& x, const float* bias) const;
  Buffer adjoint(const Buffer& s) const;

 private:
  /// [batch][groups][positions]
  std::vector<float> group_sums(const Buffer& x) const;
  Buffer spread(const std::vector<float>& sums, const Shape& shape, const float* bias) const;

  Device& device_;
  ConvolutionSpec spec_;
  Shape input_, output_;
};

}  // namespace relevid::kernels::onednn
