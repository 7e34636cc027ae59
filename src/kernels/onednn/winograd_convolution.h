// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dnnl.hpp>
#include <memory>
#include <vector>

#include "kernels/onednn/device.h"

namespace relevid::kernels::onednn {

/// A convolution with 3x3 taps in space by Winograd's minimal filtering F(4x4, 3x3) (Lavin and Gray 2016),
/// which multiplies a quarter as often: W'x + b' and W'ᵀs, within some 1e-6 of the largest output. See the
/// note in the source file.
class WinogradConvolution {
 public:
  /// Null where the convolution is not one for it, or would gain little.
  static std::unique_ptr<WinogradConvolution> make(Device& device, const ConvolutionSpec& spec,
                                                   const Shape& input);

  /// W'x + b'; `bias` [channels out].
  Buffer apply(const Buffer& x, WeightTransform weight, const dnnl::memory& bias) {
    return apply(x, weight, bias, {}, false);
  }
  /// W'x + b' + residual (where there is one), and of that max(., 0) if it `rectifies`.
  Buffer apply(const Buffer& x, WeightTransform weight, const dnnl::memory& bias, const Buffer& residual,
               bool rectifies);
  Buffer adjoint(const Buffer& s, WeightTransform weight);
  void weights_changed() { ++version_; }

 private:
  WinogradConvolution(Device& device, const ConvolutionSpec& spec, const Shape& input);
  enum class Direction { kForward, kBackward };
  struct Entry {
    Direction direction;
    WeightTransform transform;
    dnnl::memory memory;
    int64_t version;
  };

  const dnnl::memory& weights(Direction direction, WeightTransform transform);
  void fill(Entry& entry) const;
  /// Copies between volumes and the images from `first` on: those of every tap's frames, and what each gives.
  void gather(const float* x, int64_t first, float* source) const;
  void scatter(const float* source, int64_t first, float* x) const;
  int64_t frame_in() const { return in_.height * in_.width * in_.block; }
  int64_t frame_out() const { return out_.height * out_.width * out_.block; }
  /// Where an image's block of channels lies in the output.
  int64_t place(int64_t image, int64_t block) const {
    return ((image / out_.time * out_.blocks + block) * out_.time + image % out_.time) * frame_out();
  }

  Device& device_;
  ConvolutionSpec spec_;
  Shape input_, output_;
  Layout in_, out_;
  int64_t images_;                      ///< that are computed at a time
  dnnl::memory::desc source_, target_;  ///< frames as images; a source has the channels of every tap in time
  dnnl::convolution_forward::primitive_desc forward_desc_;
  dnnl::convolution_backward_data::primitive_desc backward_desc_;
  dnnl::primitive forward_, backward_;
  std::vector<std::unique_ptr<Entry>> weights_;
  int64_t version_ = 0;
};

}  // namespace relevid::kernels::onednn
