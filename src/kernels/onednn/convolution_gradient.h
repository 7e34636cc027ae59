// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dnnl.hpp>
#include <optional>

#include "kernels/onednn/device.h"

namespace relevid::kernels::onednn {

/// The gradient of a convolution by its weights and bias. See Note [Padding in time].
class ConvolutionGradient {
 public:
  ConvolutionGradient(Device& device, const ConvolutionSpec& spec, const Shape& input);

  ParameterGradient run(const Buffer& x, const Buffer& g);

 private:
  /// Which volume the primitive reads: the input, in which layout; or a copy of it with its padding in time
  /// written out.
  struct Reading {
    Shape source;
    Extent pads_begin, pads_end;
    dnnl::memory::desc source_desc, target_desc;
  };
  std::vector<Reading> readings() const;
  std::optional<dnnl::convolution_backward_weights::primitive_desc> prepare(const Reading& reading) const;
  Buffer with_padding_in_time(const Buffer& x) const;

  Device& device_;
  ConvolutionSpec spec_;
  Shape input_, output_;
  Shape source_;  ///< of what the primitive reads
  dnnl::convolution_backward_weights::primitive_desc prepared_;
  dnnl::convolution_backward_weights primitive_;
};

}  // namespace relevid::kernels::onednn
