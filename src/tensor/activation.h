// SPDX-License-Identifier: Apache-2.0
// Functions of one element, which a model's graph and the kernels of a device both speak of.
#pragma once

#include <compare>
#include <string_view>

namespace relevid {

/// y = f(x). alpha and beta: Clip's bounds, LeakyRelu's and Elu's slope, HardSigmoid's line; Power is
/// (x + beta)^alpha.
struct Activation {
  enum class Kind {
    kIdentity,  ///< what a layer without an activation has
    kRelu,
    kClip,
    kLeakyRelu,
    kSigmoid,
    kHardSigmoid,
    kHardSwish,
    kTanh,
    kElu,
    kGelu,
    kGeluTanh,
    kErf,
    kExp,
    kPower
  };
  Kind kind = Kind::kIdentity;
  double alpha = 0;
  double beta = 0;
  auto operator<=>(const Activation&) const = default;
};

/// As ONNX names it: "Relu", "Clip", ...
std::string_view name(Activation::Kind kind);

/// ReLU, and clips that begin at 0, such as ReLU6.
bool is_rectifier(const Activation& f);
/// Whether f is made of straight lines.
bool is_piecewise_linear(const Activation& f);
/// Whether f(x) is never negative, for x of any sign or for those that are not negative.
enum class Domain { kAllNumbers, kNotNegative };
bool never_negative(const Activation& f, Domain domain);

/// Whether f's slope follows from f(x) alone, so that x need not be kept.
bool slope_from_output(const Activation& f);
double activation(const Activation& f, double x);
/// f'(x) from what was kept: f(x) where slope_from_output, else x. At a kink the slope is 0, as PyTorch has
/// it.
double activation_slope(const Activation& f, double kept);

}  // namespace relevid
