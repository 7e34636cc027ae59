// SPDX-License-Identifier: Apache-2.0
#include "kernels/onednn/device.h"
#include "kernels/host_sums.h"

#include <omp.h>

#include <algorithm>

#include "kernels/onednn/channel_rows.h"
#include "kernels/onednn/elementwise.h"
#include "relevid/error.h"

namespace relevid::kernels::onednn {
namespace {

int64_t preferred_block() {
  switch (dnnl::get_effective_cpu_isa()) {
    case dnnl::cpu_isa::sse41:
    case dnnl::cpu_isa::avx:
    case dnnl::cpu_isa::avx2:
    case dnnl::cpu_isa::avx2_vnni:
      return 8;
    default:
#if defined(__x86_64__)
      return __builtin_cpu_supports("avx512f") ? 16 : 8;
#else
      return 16;
#endif
  }
}

}  // namespace

Device::Device(int threads, bool rounds_to_bf16)
    : engine_(dnnl::engine::kind::cpu, 0),
      stream_(engine_),
      block_(preferred_block()),
      rounds_to_bf16_(rounds_to_bf16),
      pool_(std::make_shared<BufferPool>()) {
  omp_set_num_threads(threads > 0 ? threads : omp_get_num_procs());
}

Layout Device::layout(const Shape& shape) const {
  Layout layout;
  if (shape.rank() != 4 && shape.rank() != 5) {
    layout.width = shape.elements();
    return layout;
  }
  const Shape volume = as_volume(shape);
  layout.batch = volume[0];
  layout.channels = volume[1];
  layout.block = is_blocked(shape) ? block_ : 1;
  layout.blocks = (volume[1] + layout.block - 1) / layout.block;
  layout.time = volume[2];
  layout.height = volume[3];
  layout.width = volume[4];
  return layout;
}

dnnl::memory::desc Device::volume_desc(const Shape& shape) const {
  using Tag = dnnl::memory::format_tag;
  const Tag tag = !is_blocked(shape) ? Tag::ncdhw : block_ == 16 ? Tag::nCdhw16c : Tag::nCdhw8c;
  return {as_volume(shape).dims(), dnnl::memory::data_type::f32, tag};
}

Buffer Device::allocate(const Shape& shape) {
  return {shape, pool_->allocate(floats(shape) * static_cast<int64_t>(sizeof(float)))};
}

Buffer Device::zeros(const Shape& shape) {
  Buffer buffer = allocate(shape);
  float* to = buffer.data<float>();
  for_each_float(*this, shape, [=](int64_t i) { to[i] = 0; });
  return buffer;
}

Buffer Device::copy_of(const Buffer& x) {
  Buffer buffer = allocate(x.shape());
  const float* from = x.data<float>();
  float* to = buffer.data<float>();
  for_each_float(*this, x.shape(), [=](int64_t i) { to[i] = from[i]; });
  return buffer;
}

void Device::run(const dnnl::primitive& primitive, const std::unordered_map<int, dnnl::memory>& arguments) {
  try {
    primitive.execute(stream_, arguments);
    stream_.wait();
  } catch (const dnnl::error& error) {
    throw Error(ErrorKind::kInternal, std::string("oneDNN: ") + error.what());
  }
}

void Device::reorder(dnnl::memory from, dnnl::memory to) {
  dnnl::reorder(from, to).execute(stream_, from, to);
  stream_.wait();
}

std::vector<float> Device::to_plain(const Buffer& x) const {
  const Layout l = layout(x.shape());
  const float* from = x.data<float>();
  std::vector<float> result(static_cast<size_t>(x.shape().elements()));
  if (l.block == 1) {
    std::copy_n(from, result.size(), result.begin());
    return result;
  }
  float* to = result.data();
#pragma omp parallel for collapse(2) schedule(static)
  for (int64_t n = 0; n < l.batch; ++n) {
    for (int64_t c = 0; c < l.channels; ++c) {
      const float* source = from + (n * l.blocks + c / l.block) * l.spatial() * l.block + c % l.block;
      float* target = to + (n * l.channels + c) * l.spatial();
      for (int64_t i = 0; i < l.spatial(); ++i) target[i] = source[i * l.block];
    }
  }
  return result;
}

Buffer Device::from_plain(const Shape& shape, const float* values) {
  const Layout l = layout(shape);
  Buffer result = allocate(shape);
  float* to = result.data<float>();
  if (l.block == 1) {
    std::copy_n(values, l.floats(), to);
    return result;
  }
#pragma omp parallel for collapse(2) schedule(static)
  for (int64_t n = 0; n < l.batch; ++n) {
    for (int64_t b = 0; b < l.blocks; ++b) {
      float* target = to + (n * l.blocks + b) * l.spatial() * l.block;
      for (int64_t lane = 0; lane < l.block; ++lane) {
        const int64_t c = b * l.block + lane;
        const float* source = values + (n * l.channels + c) * l.spatial();
        for (int64_t i = 0; i < l.spatial(); ++i)
          target[i * l.block + lane] = c < l.channels ? source[i] : 0.0F;
      }
    }
  }
  return result;
}

bool append_activation(dnnl::post_ops& ops, const Activation& f) {
  using Kind = Activation::Kind;
  const auto alpha = static_cast<float>(f.alpha), beta = static_cast<float>(f.beta);
  switch (f.kind) {
    case Kind::kRelu:
      ops.append_eltwise(1, dnnl::algorithm::eltwise_relu, 0, 0);
      return true;
    case Kind::kLeakyRelu:
      ops.append_eltwise(1, dnnl::algorithm::eltwise_relu, alpha, 0);
      return true;
    case Kind::kClip:
      ops.append_eltwise(1, dnnl::algorithm::eltwise_clip, alpha, beta);
      return true;
    default:
      return false;
  }
}

Sums channel_dot(Device& device, const Buffer& s, const Tensor* bias, BiasPart part) {
  const Shape& shape = s.shape();
  std::vector<double> result(static_cast<size_t>(shape[0]), 0.0);
  if (!bias || part.kind == BiasPart::Kind::kNone) return host_sums(std::move(result));
  const auto b = bias->values<float>();
  if (shape.rank() == 4 || shape.rank() == 5) {
    const auto sums = channel_sums_of_items(device, s);
    for (size_t n = 0; n < result.size(); ++n)
      for (size_t c = 0; c < b.size(); ++c)
        result[n] += sums[n * b.size() + c] * part(static_cast<double>(b[c]));
    return host_sums(std::move(result));
  }
  // Rows of a dense layer end in channels.
  const float* values = s.data<float>();
  const auto channels = static_cast<int64_t>(b.size()), item = shape.elements() / shape[0];
#pragma omp parallel for schedule(static)
  for (int64_t n = 0; n < shape[0]; ++n) {
    double sum = 0;
    for (int64_t i = 0; i < item; ++i)
      sum += static_cast<double>(values[n * item + i]) *
             part(static_cast<double>(b[static_cast<size_t>(i % channels)]));
    result[static_cast<size_t>(n)] = sum;
  }
  return host_sums(std::move(result));
}

}  // namespace relevid::kernels::onednn
