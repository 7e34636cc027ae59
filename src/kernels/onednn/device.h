// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dnnl.hpp>
#include <functional>
#include <memory>
#include <vector>

#include "kernels/kernels.h"
#include "kernels/onednn/buffer_pool.h"
#include "relevid/tensor.h"

namespace relevid::kernels::onednn {

/// Note [Layouts]
/// Volumes, [N, C, (T,) H, W] with more than kPlainChannels channels, are stored in oneDNN's blocked layout:
/// channels in blocks of 16 (8 without AVX-512), the block innermost: nCdhw16c. Everything else is row-major.
/// The layout follows from the shape alone, so that buffers of one shape can always be combined element by
/// element, and nothing is reordered between layers. Channels that fill up the last block are zero, and every
/// operation keeps them so.
inline constexpr int64_t kPlainChannels = 4;

struct Layout {
  int64_t batch = 1, channels = 1, blocks = 1, block = 1;  ///< channels padded to blocks * block
  int64_t time = 1, height = 1, width = 1;
  int64_t spatial() const { return time * height * width; }
  int64_t planes() const { return batch * blocks; }  ///< volumes of a block of channels each
  int64_t floats() const { return planes() * block * spatial(); }
  bool has_tail() const { return blocks * block != channels; }
};

/// What every kernel here shares: oneDNN's engine and stream, the layout of shapes, and the pool of buffers.
class Device {
 public:
  Device(int threads, bool rounds_to_bf16);

  const dnnl::engine& engine() const { return engine_; }
  int64_t block() const { return block_; }
  /// Whether convolutions multiply bf16 numbers, where oneDNN has a fast kernel for that.
  bool rounds_to_bf16() const { return rounds_to_bf16_; }
  int64_t peak_bytes() const { return pool_->peak_bytes(); }

  bool is_blocked(const Shape& shape) const {
    return (shape.rank() == 4 || shape.rank() == 5) && shape[1] > kPlainChannels;
  }
  /// Of a volume; other ranks count as rows of channels: everything in `width`.
  Layout layout(const Shape& shape) const;
  /// oneDNN's description of a volume's storage.
  dnnl::memory::desc volume_desc(const Shape& shape) const;

  /// Uninitialised, but for the channels that fill up the last block, which the writer must set to zero.
  Buffer allocate(const Shape& shape);
  Buffer zeros(const Shape& shape);
  Buffer copy_of(const Buffer& x);
  int64_t floats(const Shape& shape) const { return layout(shape).floats(); }

  dnnl::memory wrap(const dnnl::memory::desc& desc, const Buffer& buffer) const {
    return {desc, engine_, const_cast<float*>(buffer.data<float>())};
  }
  void run(const dnnl::primitive& primitive, const std::unordered_map<int, dnnl::memory>& arguments);
  /// Copies between layouts and types.
  void reorder(dnnl::memory from, dnnl::memory to);

  /// The values row-major; copies blocked buffers.
  std::vector<float> to_plain(const Buffer& x) const;
  Buffer from_plain(const Shape& shape, const float* values);

 private:
  dnnl::engine engine_;
  dnnl::stream stream_;
  int64_t block_;
  bool rounds_to_bf16_;
  std::shared_ptr<BufferPool> pool_;
};

std::unique_ptr<LinearMap> make_convolution(Device& device, const ConvolutionSpec& spec, const Shape& input,
                                            const Epilogue& epilogue);
std::unique_ptr<LinearMap> make_dense(Device& device, const DenseSpec& spec, const Shape& input,
                                      const Epilogue& epilogue);
/// Convolutions with one filter a channel, averages, and sums over axes of volumes: our own kernels.
std::unique_ptr<LinearMap> make_window_map(Device& device, const ConvolutionSpec& spec, const Shape& input,
                                           const Epilogue& epilogue);
std::unique_ptr<LinearMap> make_window_map(Device& device, const AveragePoolSpec& spec, const Shape& input,
                                           const Epilogue& epilogue);
std::unique_ptr<LinearMap> make_window_map(Device& device, const SumSpec& spec, const Shape& input,
                                           const Epilogue& epilogue);
/// Sums over any axes.
std::unique_ptr<LinearMap> make_axis_sum(Device& device, const SumSpec& spec, const Shape& input,
                                         const Epilogue& epilogue);
std::unique_ptr<LinearMap> make_resample(Device& device, const ResampleSpec& spec, const Shape& input,
                                         const Epilogue& epilogue);
std::unique_ptr<ProductMap> make_product(Device& device, const Shape& a, const Shape& b);
std::unique_ptr<AttentionMap> make_attention(Device& device, const AttentionSpec& spec, const Shape& q,
                                             const Shape& k, const Shape& v);
/// Over rows by our own kernel, over other axes composed of the library's operations.
std::unique_ptr<StandardiseMap> make_standardise(Library& library, Device& device,
                                                 const StandardiseSpec& spec, const Shape& input);
std::unique_ptr<MaxMap> make_max_window(Device& device, const MaxWindowSpec& spec, const Shape& input);
std::unique_ptr<MaxMap> make_max_axes(Device& device, const MaxAxesSpec& spec, const Shape& input);
std::unique_ptr<NormMap> make_norm(Device& device, const Shape& input, double epsilon);

/// The activation as something oneDNN does after a convolution, where it can.
bool append_activation(dnnl::post_ops& ops, const Activation& f);

/// Σ over outputs of b' s per item, for a bias of one number per channel of a volume or of a row.
Sums channel_dot(Device& device, const Buffer& s, const Tensor* bias, BiasPart part);

}  // namespace relevid::kernels::onednn
