// SPDX-License-Identifier: Apache-2.0
#include "kernels/onednn/activations.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/onednn/elementwise.h"

namespace relevid::kernels::onednn {
namespace {

/// (x + beta)^alpha; the powers that norms are made of need no logarithm.
template <class Each>
void raise(Each&& each, float alpha, float beta) {
  if (alpha == 2) return each([=](float a) { return (a + beta) * (a + beta); });
  if (alpha == 0.5F) return each([=](float a) { return std::sqrt(a + beta); });
  if (alpha == -0.5F) return each([=](float a) { return 1 / std::sqrt(a + beta); });
  if (alpha == -1) return each([=](float a) { return 1 / (a + beta); });
  each([=](float a) { return std::pow(a + beta, alpha); });
}

/// A buffer's whole storage.
dnnl::memory::desc all_floats(Device& device, const Shape& shape) {
  return {{device.floats(shape)}, dnnl::memory::data_type::f32, dnnl::memory::format_tag::a};
}

/// f of every float, by oneDNN.
void eltwise(Device& device, const Buffer& x, Buffer& y, dnnl::algorithm algorithm) {
  const dnnl::memory::desc floats = all_floats(device, x.shape());
  const dnnl::eltwise_forward::primitive_desc prepared(
      {dnnl::prop_kind::forward_inference, algorithm, floats}, device.engine());
  device.run(dnnl::eltwise_forward(prepared),
             {{DNNL_ARG_SRC, device.wrap(floats, x)}, {DNNL_ARG_DST, device.wrap(floats, y)}});
}

/// y = f'(x) · g, by oneDNN.
void eltwise_slope(Device& device, const Buffer& x, const Buffer& g, Buffer& y, dnnl::algorithm algorithm) {
  const dnnl::memory::desc floats = all_floats(device, x.shape());
  const dnnl::eltwise_forward::primitive_desc forward({dnnl::prop_kind::forward_training, algorithm, floats},
                                                      device.engine());
  const dnnl::eltwise_backward::primitive_desc prepared({algorithm, floats, floats}, device.engine(),
                                                        forward);
  device.run(dnnl::eltwise_backward(prepared), {{DNNL_ARG_SRC, device.wrap(floats, x)},
                                                {DNNL_ARG_DIFF_DST, device.wrap(floats, g)},
                                                {DNNL_ARG_DIFF_SRC, device.wrap(floats, y)}});
}

/// y = f'(x) · g, x as kept (activation_slope).
void slope_times(Device& device, const Buffer& kept, const Buffer& g, Buffer& y, const Activation& f) {
  using Kind = Activation::Kind;
  const float *k = kept.data<float>(), *from = g.data<float>();
  float* to = y.data<float>();
  const auto alpha = static_cast<float>(f.alpha), beta = static_cast<float>(f.beta);
  const auto each = [&](auto&& slope) {
    for_each_float(device, g.shape(), [=](int64_t i) { to[i] = slope(k[i]) * from[i]; });
  };
  switch (f.kind) {
    case Kind::kClip:
      return each([=](float a) { return a > alpha && a < beta ? 1.0F : 0.0F; });
    case Kind::kLeakyRelu:
      return each([=](float a) { return a > 0 ? 1.0F : alpha; });
    case Kind::kSigmoid:
      return each([](float a) { return a * (1 - a); });
    case Kind::kHardSigmoid:
      return each([=](float a) { return a > 0 && a < 1 ? alpha : 0.0F; });
    case Kind::kHardSwish:
      return each([](float a) { return a <= -3 ? 0.0F : a >= 3 ? 1.0F : a / 3 + 0.5F; });
    case Kind::kTanh:
      return each([](float a) { return 1 - a * a; });
    case Kind::kGelu:
      return eltwise_slope(device, kept, g, y, dnnl::algorithm::eltwise_gelu_erf);
    case Kind::kGeluTanh:
      return eltwise_slope(device, kept, g, y, dnnl::algorithm::eltwise_gelu_tanh);
    case Kind::kExp:
      return each([](float a) { return a; });
    case Kind::kIdentity:
    case Kind::kRelu:
    case Kind::kElu:
    case Kind::kErf:
    case Kind::kPower:
      each([=](float a) { return static_cast<float>(activation_slope(f, static_cast<double>(a))); });
  }
}

/// y = g where the rectifier f and the mode let it pass.
void rectify_gradient(Device& device, const Buffer& kept, const Buffer& g, Buffer& y, const Activation& f,
                      GradientMode mode) {
  const float *k = kept.data<float>(), *from = g.data<float>();
  float* to = y.data<float>();
  const float top =
      f.kind == Activation::Kind::kClip ? static_cast<float>(f.beta) : std::numeric_limits<float>::infinity();
  const auto each = [&](auto&& rule) {
    for_each_float(device, g.shape(), [=](int64_t i) { to[i] = rule(k[i], from[i]); });
  };
  switch (mode) {
    case GradientMode::kPlain:
      return each([=](float a, float b) { return a > 0 && a < top ? b : 0.0F; });
    case GradientMode::kGuided:
      return each([=](float a, float b) { return a > 0 && a < top && b > 0 ? b : 0.0F; });
    case GradientMode::kDeconvnet:
      return each([](float, float b) { return std::max(b, 0.0F); });
  }
}

}  // namespace

void activate_to(Device& device, const Buffer& x, Buffer& y, const Activation& f) {
  using Kind = Activation::Kind;
  const float* from = x.data<float>();
  float* to = y.data<float>();
  const auto alpha = static_cast<float>(f.alpha), beta = static_cast<float>(f.beta);
  const auto each = [&](auto&& g) {
    for_each_float(device, x.shape(), [&](int64_t i) { to[i] = g(from[i]); });
  };
  switch (f.kind) {
    case Kind::kIdentity:
      if (to != from) each([](float a) { return a; });
      return;
    case Kind::kRelu:
      each([](float a) { return a > 0 ? a : 0.0F; });
      return;
    case Kind::kClip:
      each([=](float a) { return std::min(std::max(a, alpha), beta); });
      break;
    case Kind::kLeakyRelu:
      each([=](float a) { return a > 0 ? a : alpha * a; });
      return;
    case Kind::kSigmoid:
      eltwise(device, x, y, dnnl::algorithm::eltwise_logistic);
      break;
    case Kind::kHardSigmoid:
      each([=](float a) { return std::clamp(alpha * a + beta, 0.0F, 1.0F); });
      break;
    case Kind::kHardSwish:
      each([](float a) { return a * std::clamp(a / 6 + 0.5F, 0.0F, 1.0F); });
      return;
    case Kind::kTanh:
      eltwise(device, x, y, dnnl::algorithm::eltwise_tanh);
      return;
    case Kind::kElu:
      each([=](float a) { return a > 0 ? a : alpha * std::expm1(a); });
      return;
    case Kind::kErf:
      each([](float a) { return std::erf(a); });
      return;
    case Kind::kGelu:
      eltwise(device, x, y, dnnl::algorithm::eltwise_gelu_erf);
      return;
    case Kind::kGeluTanh:
      eltwise(device, x, y, dnnl::algorithm::eltwise_gelu_tanh);
      return;
    case Kind::kExp:
      each([](float a) { return std::exp(a); });
      break;
    case Kind::kPower:
      raise(each, alpha, beta);
      break;
  }
  clear_tail(device, y);  // f(0) is not 0
}

void activate_in_place(Device& device, Buffer& x, const Activation& f) {
  if (f.kind != Activation::Kind::kIdentity) activate_to(device, x, x, f);
}

void pass_gradient(Device& device, const Buffer& kept, const Buffer& g, Buffer& y, const Activation& f,
                   GradientMode mode) {
  if (is_rectifier(f)) return rectify_gradient(device, kept, g, y, f, mode);
  slope_times(device, kept, g, y, f);
  clear_tail(device, y);  // the slope at 0 may be infinite
}

}  // namespace relevid::kernels::onednn
