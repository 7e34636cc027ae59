// SPDX-License-Identifier: Apache-2.0
#include "tensor/activation.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace relevid {

std::string_view name(Activation::Kind kind) {
  switch (kind) {
    case Activation::Kind::kIdentity:
      return "Identity";
    case Activation::Kind::kRelu:
      return "Relu";
    case Activation::Kind::kClip:
      return "Clip";
    case Activation::Kind::kLeakyRelu:
      return "LeakyRelu";
    case Activation::Kind::kSigmoid:
      return "Sigmoid";
    case Activation::Kind::kHardSigmoid:
      return "HardSigmoid";
    case Activation::Kind::kHardSwish:
      return "HardSwish";
    case Activation::Kind::kTanh:
      return "Tanh";
    case Activation::Kind::kElu:
      return "Elu";
    case Activation::Kind::kGelu:
    case Activation::Kind::kGeluTanh:
      return "Gelu";
    case Activation::Kind::kErf:
      return "Erf";
    case Activation::Kind::kExp:
      return "Exp";
    case Activation::Kind::kPower:
      return "Power";
  }
  return "?";
}

namespace {

/// √(2/π) (x + 0.044715 x³), of which GELU's approximation takes the tanh: Hendrycks and Gimpel 2016 (arXiv
/// 1606.08415), section 2.
double gelu_argument(double x) {
  return std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x);
}
double gelu_argument_slope(double x) {
  return std::sqrt(2 / std::numbers::pi) * (1 + 3 * 0.044715 * x * x);
}
/// The normal distribution: its probability of values below x, and its density.
double normal_below(double x) {
  return 0.5 * std::erfc(-x / std::numbers::sqrt2);
}
double normal_density(double x) {
  return std::exp(-x * x / 2) / std::sqrt(2 * std::numbers::pi);
}

}  // namespace

bool is_rectifier(const Activation& f) {
  using Kind = Activation::Kind;
  return f.kind == Kind::kRelu || (f.kind == Kind::kClip && f.alpha == 0);
}

bool is_piecewise_linear(const Activation& f) {
  switch (f.kind) {
    case Activation::Kind::kIdentity:
    case Activation::Kind::kRelu:
    case Activation::Kind::kClip:
    case Activation::Kind::kLeakyRelu:
    case Activation::Kind::kHardSigmoid:
      return true;
    case Activation::Kind::kSigmoid:
    case Activation::Kind::kHardSwish:
    case Activation::Kind::kTanh:
    case Activation::Kind::kElu:
    case Activation::Kind::kGelu:
    case Activation::Kind::kGeluTanh:
    case Activation::Kind::kErf:
    case Activation::Kind::kExp:
    case Activation::Kind::kPower:
      return false;
  }
  return false;
}

bool never_negative(const Activation& f, Domain domain) {
  const bool x_is_not = domain == Domain::kNotNegative;
  switch (f.kind) {
    case Activation::Kind::kRelu:
    case Activation::Kind::kSigmoid:
    case Activation::Kind::kHardSigmoid:
    case Activation::Kind::kExp:
      return true;
    case Activation::Kind::kPower:
      return x_is_not && f.beta >= 0;
    case Activation::Kind::kClip:
      return f.alpha >= 0 || (x_is_not && f.beta >= 0);
    case Activation::Kind::kIdentity:
    case Activation::Kind::kLeakyRelu:
    case Activation::Kind::kHardSwish:
    case Activation::Kind::kTanh:
    case Activation::Kind::kElu:
    case Activation::Kind::kGelu:
    case Activation::Kind::kGeluTanh:
    case Activation::Kind::kErf:
      return x_is_not;
  }
  return false;
}

bool slope_from_output(const Activation& f) {
  using Kind = Activation::Kind;
  const bool bends_back = f.alpha < 0 && (f.kind == Kind::kLeakyRelu || f.kind == Kind::kElu);
  const bool from_input = f.kind == Kind::kHardSwish || f.kind == Kind::kGelu || f.kind == Kind::kGeluTanh ||
                          f.kind == Kind::kErf || f.kind == Kind::kPower;
  return !from_input && !bends_back;
}

double activation(const Activation& f, double x) {
  using Kind = Activation::Kind;
  switch (f.kind) {
    case Kind::kIdentity:
      return x;
    case Kind::kRelu:
      return std::max(x, 0.0);
    case Kind::kClip:
      return std::clamp(x, f.alpha, f.beta);
    case Kind::kLeakyRelu:
      return x > 0 ? x : f.alpha * x;
    case Kind::kSigmoid:
      return 1 / (1 + std::exp(-x));
    case Kind::kHardSigmoid:
      return std::clamp(f.alpha * x + f.beta, 0.0, 1.0);
    case Kind::kHardSwish:
      return x * std::clamp(x / 6 + 0.5, 0.0, 1.0);
    case Kind::kTanh:
      return std::tanh(x);
    case Kind::kElu:
      return x > 0 ? x : f.alpha * std::expm1(x);
    case Kind::kGelu:
      return x * normal_below(x);
    case Kind::kGeluTanh:
      return 0.5 * x * (1 + std::tanh(gelu_argument(x)));
    case Kind::kErf:
      return std::erf(x);
    case Kind::kExp:
      return std::exp(x);
    case Kind::kPower:
      return std::pow(x + f.beta, f.alpha);
  }
  return x;
}

double activation_slope(const Activation& f, double kept) {
  using Kind = Activation::Kind;
  switch (f.kind) {
    case Kind::kIdentity:
      return 1;
    case Kind::kRelu:
      return kept > 0 ? 1 : 0;
    case Kind::kClip:
      return kept > f.alpha && kept < f.beta ? 1 : 0;
    case Kind::kLeakyRelu:
      return kept > 0 ? 1 : f.alpha;
    case Kind::kSigmoid:
      return kept * (1 - kept);
    case Kind::kHardSigmoid:
      return kept > 0 && kept < 1 ? f.alpha : 0;
    case Kind::kHardSwish:
      return kept <= -3 ? 0 : kept >= 3 ? 1 : kept / 3 + 0.5;
    case Kind::kTanh:
      return 1 - kept * kept;
    case Kind::kElu:
      if (kept > 0) return 1;
      return slope_from_output(f) ? kept + f.alpha : f.alpha * std::exp(kept);
    case Kind::kGelu:
      return normal_below(kept) + kept * normal_density(kept);
    case Kind::kGeluTanh: {
      const double t = std::tanh(gelu_argument(kept));
      return 0.5 * (1 + t) + 0.5 * kept * (1 - t * t) * gelu_argument_slope(kept);
    }
    case Kind::kErf:
      return 2 * std::numbers::inv_sqrtpi * std::exp(-kept * kept);
    case Kind::kExp:
      return kept;
    case Kind::kPower:
      return f.alpha * std::pow(kept + f.beta, f.alpha - 1);
  }
  return 1;
}

}  // namespace relevid
