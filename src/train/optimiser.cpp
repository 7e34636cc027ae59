// SPDX-License-Identifier: Apache-2.0
#include "train/optimiser.h"

#include <cmath>

namespace relevid::train {
namespace {

double norm_of(std::span<Tensor> gradients) {
  double sum = 0;
  for (const Tensor& gradient : gradients) {
    double part = 0;
    for (const float g : std::as_const(gradient).values<float>())
      part += static_cast<double>(g) * static_cast<double>(g);
    sum += part;
  }
  return std::sqrt(sum);
}

void scale(Tensor& tensor, double factor) {
  for (float& value : tensor.values<float>()) value = static_cast<float>(static_cast<double>(value) * factor);
}

}  // namespace

Optimiser::Optimiser(const OptimiserOptions& options, std::span<const Parameter> parameters)
    : options_(options), parameters_(parameters.begin(), parameters.end()) {
  const size_t count = options_.kind == OptimiserKind::kAdamW ? 2 : options_.momentum > 0 ? 1 : 0;
  for (const Parameter& parameter : parameters_) {
    auto& moments = moments_.emplace_back();
    for (size_t i = 0; i < count; ++i) moments.emplace_back(parameter.value->shape(), DType::kF32);
  }
}

double Optimiser::step(std::span<Tensor> gradients, double learning_rate) {
  const double norm = norm_of(gradients);
  if (!std::isfinite(norm)) return norm;
  if (options_.clip_norm > 0 && norm > options_.clip_norm) {
    for (Tensor& gradient : gradients) scale(gradient, options_.clip_norm / norm);
  }
  ++updates_;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    const auto gradient = std::as_const(gradients[i]).values<float>();
    if (options_.kind == OptimiserKind::kAdamW) {
      adamw(i, gradient, learning_rate);
    } else {
      sgd(i, gradient, learning_rate);
    }
  }
  return norm;
}

/// PyTorch's SGD: g += λ w; v = μ v + g; d = g + μ v (Nesterov: Sutskever et al. 2013) or v; w -= lr d.
void Optimiser::sgd(size_t index, std::span<const float> gradient, double learning_rate) {
  const Parameter& parameter = parameters_[index];
  const bool decays = parameter.kind == Parameter::Kind::kWeight;
  const auto decay = static_cast<float>(decays ? options_.weight_decay.value() : 0);
  const auto momentum = static_cast<float>(options_.momentum);
  const auto rate = static_cast<float>(learning_rate);
  const auto w = parameter.value->values<float>();
  if (moments_[index].empty()) {
    for (size_t i = 0; i < w.size(); ++i) w[i] -= rate * (gradient[i] + decay * w[i]);
    return;
  }
  const auto v = moments_[index][0].values<float>();
  const bool nesterov = options_.nesterov == Nesterov::kOn;
  for (size_t i = 0; i < w.size(); ++i) {
    const float g = gradient[i] + decay * w[i];
    v[i] = momentum * v[i] + g;
    w[i] -= rate * (nesterov ? g + momentum * v[i] : v[i]);
  }
}

/// Loshchilov and Hutter 2019, algorithm 2, with the decay scaled by the learning rate as PyTorch has it.
void Optimiser::adamw(size_t index, std::span<const float> gradient, double learning_rate) {
  const Parameter& parameter = parameters_[index];
  const bool decays = parameter.kind == Parameter::Kind::kWeight;
  const auto keep = static_cast<float>(1 - learning_rate * (decays ? options_.weight_decay.value() : 0));
  const auto beta1 = static_cast<float>(options_.beta1), beta2 = static_cast<float>(options_.beta2);
  const double updates = static_cast<double>(updates_);
  const auto rate = static_cast<float>(learning_rate / (1 - std::pow(options_.beta1, updates)));
  const auto correction = static_cast<float>(1 / std::sqrt(1 - std::pow(options_.beta2, updates)));
  const auto epsilon = static_cast<float>(options_.epsilon);
  const auto rest1 = static_cast<float>(1 - options_.beta1), rest2 = static_cast<float>(1 - options_.beta2);
  const auto w = parameter.value->values<float>();
  const auto m = moments_[index][0].values<float>();
  const auto v = moments_[index][1].values<float>();
  for (size_t i = 0; i < w.size(); ++i) {
    const float g = gradient[i];
    m[i] = beta1 * m[i] + rest1 * g;
    v[i] = beta2 * v[i] + rest2 * g * g;
    w[i] = keep * w[i] - rate * m[i] / (std::sqrt(v[i]) * correction + epsilon);
  }
}

}  // namespace relevid::train
