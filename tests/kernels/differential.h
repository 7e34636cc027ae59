// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "kernels/kernels.h"
#include "support/devices.h"
#include "support/random.h"

namespace relevid::testing {

/// float32 sums of a few hundred products, relative to the largest value.
inline constexpr double kTolerance = 5e-6;

/// Behind an activation that bounds its output, which hides how large the sums before it are.
inline constexpr double kBoundedTolerance = 1e-4;

inline double tolerance_behind(const Activation& f) {
  using Kind = Activation::Kind;
  const bool bounded = f.kind == Kind::kClip || f.kind == Kind::kSigmoid || f.kind == Kind::kHardSigmoid ||
                       f.kind == Kind::kTanh || f.kind == Kind::kErf;
  return bounded ? kBoundedTolerance : kTolerance;
}

/// One operand on both libraries.
struct Pair {
  kernels::Buffer reference, onednn;
};

/// The library under test and the oracle, made once for a whole program.
struct Libraries {
  std::unique_ptr<kernels::Library> reference = testing::reference_library();
  std::unique_ptr<kernels::Library> onednn = testing::library_under_test(0);

  Pair upload(const Tensor& tensor) const { return {reference->upload(tensor), onednn->upload(tensor)}; }
};

inline Libraries& libraries() {
  static Libraries both;
  return both;
}

/// Relative to the largest of `want`; terms are of the order of 1, and may cancel to nearly nothing.
inline void expect_near(const std::vector<double>& want, const std::vector<double>& have, double tolerance,
                        const std::string& what) {
  ASSERT_EQ(want.size(), have.size()) << what;
  double largest = 1e-2, difference = 0;
  for (size_t i = 0; i < want.size(); ++i) {
    ASSERT_TRUE(std::isfinite(have[i])) << what << ": " << have[i] << " at " << i;
    largest = std::max(largest, std::abs(want[i]));
    difference = std::max(difference, std::abs(want[i] - have[i]));
  }
  EXPECT_LE(difference, tolerance * largest) << what << ": relative " << difference / largest;
}

/// The same shape and values; and the sums over the whole storage, which lanes that fill up the last block
/// would change if they were not zero.
inline void expect_same(const Pair& pair, const std::string& what, double tolerance = kTolerance) {
  ASSERT_EQ(pair.reference.shape(), pair.onednn.shape()) << what;
  const auto want = libraries().reference->download(pair.reference).as_doubles();
  expect_near(want, libraries().onednn->download(pair.onednn).as_doubles(), tolerance, what);
  const auto plain = absolute_sums_of(*libraries().reference, pair.reference);
  const auto stored = absolute_sums_of(*libraries().onednn, pair.onednn);
  for (size_t n = 0; n < plain.size(); ++n) {
    EXPECT_NEAR(plain[n], stored[n], 1e-5 * (plain[n] + 1))
        << what << ": lanes beyond the channels, item " << n;
  }
}

/// Runs `operation(library, buffer, ...)` on both libraries.
template <class F, class... Operands>
Pair on_both(F&& operation, const Operands&... operands) {
  return {operation(*libraries().reference, operands.reference...),
          operation(*libraries().onednn, operands.onednn...)};
}

/// Every function of the weights that a rule uses.
inline std::vector<kernels::WeightTransform> all_transforms() {
  using Kind = kernels::WeightTransform::Kind;
  return {{Kind::kAsIs},   {Kind::kPositive}, {Kind::kNegative},
          {Kind::kSquare}, {Kind::kOnes},     {Kind::kAbsolute}};
}
inline std::vector<kernels::BiasPart> all_bias_parts() {
  using Kind = kernels::BiasPart::Kind;
  return {{Kind::kNone},     {Kind::kAll},    {Kind::kPositive},
          {Kind::kNegative}, {Kind::kSquare}, {Kind::kAbsolute}};
}
inline std::vector<Activation> all_activations() {
  using Kind = Activation::Kind;
  return {{Kind::kIdentity, 0, 0},        {Kind::kRelu, 0, 0},        {Kind::kClip, 0, 0.5},
          {Kind::kClip, 0.125, 0.375},    {Kind::kLeakyRelu, 0.1, 0}, {Kind::kSigmoid, 0, 0},
          {Kind::kHardSigmoid, 0.2, 0.5}, {Kind::kHardSwish, 0, 0},   {Kind::kTanh, 0, 0},
          {Kind::kElu, 0.7, 0},           {Kind::kGelu, 0, 0}};
}

/// Those that seldom stand behind a layer, too; Power where it is defined for either sign.
inline std::vector<Activation> elementwise_activations() {
  using Kind = Activation::Kind;
  auto result = all_activations();
  for (const Activation& more : {Activation{Kind::kGeluTanh, 0, 0},
                                 {Kind::kErf, 0, 0},
                                 {Kind::kExp, 0, 0},
                                 {Kind::kPower, 2, 0.5},
                                 {Kind::kPower, 3, 0},
                                 {Kind::kPower, -1, 4},
                                 {Kind::kPower, -0.5, 4},
                                 {Kind::kPower, 0.5, 4},
                                 {Kind::kPower, 1.7, 4}})
    result.push_back(more);
  return result;
}

/// One value in `one_in` stays, and the others become 0.
inline Tensor thinned(const Tensor& values, int one_in, Random& random) {
  std::vector<double> kept = values.as_doubles();
  for (double& value : kept) {
    if (random.uniform_index(one_in) != 0) value = 0;
  }
  return Tensor::from(values.shape(), kept);
}

/// A linear map on both libraries, checked in all that it does.
class LinearPair {
 public:
  LinearPair(const kernels::LinearSpec& spec, const Shape& input, std::string name)
      : spec_(spec), input_(input), output_(kernels::output_shape(spec, input)), name_(std::move(name)) {
    reference_ = libraries().reference->prepare(spec, input, {});
    onednn_ = libraries().onednn->prepare(spec, input, {});
  }

  void check_everything(Random& random) {
    const Pair x = libraries().upload(random.signed_values(input_));
    const Pair s = libraries().upload(random.signed_values(output_));
    check_apply(x);
    check_adjoints(s);
    check_adjoint_identity(x, s);
    check_bias_dot(s);
    for (const int one_in : {8, 50}) check_where(x, one_in, all_transforms(), random);
  }

  /// Relevance that lies on few outputs: apply_where, and the adjoint.
  void check_where(int one_in, std::span<const kernels::WeightTransform> transforms, Random& random) {
    check_where(libraries().upload(random.signed_values(input_)), one_in, transforms, random);
  }

  /// What lies on the winners of a maximum over the outputs.
  void check_at_winners(const kernels::MaxSpec& maximum, const std::string& pooling, int one_in,
                        Random& random) {
    const auto plain = libraries().reference->prepare_max(maximum, output_);
    const auto fast = libraries().onednn->prepare_max(maximum, output_);
    const Pair y = libraries().upload(random.rectified(output_));
    kernels::Winners at{plain.get(), {}}, fast_at{fast.get(), {}};
    plain->forward(y.reference, &at.places);
    fast->forward(y.onednn, &fast_at.places);
    const Tensor s = thinned(random.signed_values(kernels::output_shape(maximum, output_)), one_in, random);
    const Pair r = libraries().upload(s), x = libraries().upload(random.signed_values(input_));
    const kernels::BiasPart bias{kernels::BiasPart::Kind::kAll};
    using Kind = kernels::WeightTransform::Kind;
    const std::vector<kernels::WeightTransform> weights{{Kind::kAsIs}, {Kind::kPositive}, {Kind::kOnes}};
    const std::string what = fmt::format("{} at the winners of {}, one in {}", name_, pooling, one_in);
    for (const auto& weight : weights) {
      const auto want =
          libraries()
              .reference->download(reference_->apply_at(at, x.reference, r.reference, weight, bias))
              .as_doubles();
      auto have = libraries()
                      .onednn->download(onednn_->apply_at(fast_at, x.onednn, r.onednn, weight, bias))
                      .as_doubles();
      const auto values = s.as_doubles();
      for (size_t i = 0; i < have.size(); ++i) {
        if (values[i] == 0 && have[i] == 0) have[i] = want[i];  // what was left out
      }
      expect_near(want, have, kTolerance, what + ", apply_at");
    }
    const auto want = reference_->adjoints_at(at, r.reference, weights);
    const auto have = onednn_->adjoints_at(fast_at, r.onednn, weights);
    ASSERT_EQ(have.size(), weights.size());
    for (size_t i = 0; i < want.size(); ++i) expect_same({want[i], have[i]}, what + ", adjoints_at");
    expect_near(libraries().reference->fetch(reference_->bias_dot(r.reference, bias)),
                libraries().onednn->fetch(onednn_->bias_dot(r.onednn, bias)), 1e-5, what + ", bias_dot");
  }

  /// W'x + b' and W'ᵀs for some functions of the weights.
  void check_passes(std::span<const kernels::WeightTransform> transforms, Random& random) {
    const Pair x = libraries().upload(random.signed_values(input_)),
               s = libraries().upload(random.signed_values(output_));
    const kernels::BiasPart bias{kernels::BiasPart::Kind::kAll};
    for (const auto& weight : transforms) {
      const std::string what = fmt::format("{}, transform {}", name_, static_cast<int>(weight.kind));
      expect_same({reference_->apply(x.reference, weight, bias), onednn_->apply(x.onednn, weight, bias)},
                  what + ", apply");
      expect_same({reference_->adjoint(s.reference, weight), onednn_->adjoint(s.onednn, weight)},
                  what + ", adjoint");
    }
  }

  /// Wx + b, and a residual where there is one, through the activation.
  void check_forward(const Activation& activation, Random& random) {
    const Pair x = libraries().upload(random.signed_values(input_));
    const auto plain = libraries().reference->prepare(spec_, input_, {activation});
    const auto fast = libraries().onednn->prepare(spec_, input_, {activation});
    expect_same({plain->forward(x.reference, {}), fast->forward(x.onednn, {})},
                fmt::format("{} forward, activation {}", name_, static_cast<int>(activation.kind)),
                tolerance_behind(activation));
  }
  void check_forward_with_residual(const Activation& activation, Random& random) {
    const kernels::Epilogue epilogue{activation, kernels::Epilogue::Residual::kAdded};
    const Tensor r = random.signed_values(output_);
    const Pair x = libraries().upload(random.signed_values(input_)), residual = libraries().upload(r);
    const auto fast = libraries().onednn->prepare(spec_, input_, epilogue);
    const kernels::Buffer want =
        libraries().reference->prepare(spec_, input_, epilogue)->forward(x.reference, residual.reference);
    const std::string what =
        fmt::format("{} with residual, activation {}", name_, static_cast<int>(activation.kind));
    expect_same({want, fast->forward(x.onednn, residual.onednn)}, what + ", shared",
                tolerance_behind(activation));
    expect_near(r.as_doubles(), libraries().onednn->download(residual.onednn).as_doubles(), 0,
                what + ": a shared residual stays as it is");
    expect_same({want, fast->forward(x.onednn, libraries().onednn->upload(r))}, what + ", handed over",
                tolerance_behind(activation));
  }

 private:
  void check_apply(const Pair& x) {
    for (const auto& weight : all_transforms()) {
      for (const auto& bias : all_bias_parts()) {
        expect_same(
            {reference_->apply(x.reference, weight, bias), onednn_->apply(x.onednn, weight, bias)},
            fmt::format("{} apply {} {}", name_, static_cast<int>(weight.kind), static_cast<int>(bias.kind)));
      }
    }
  }
  void check_adjoints(const Pair& s) {
    const auto transforms = all_transforms();
    for (const auto& weight : transforms) {
      expect_same({reference_->adjoint(s.reference, weight), onednn_->adjoint(s.onednn, weight)},
                  fmt::format("{} adjoint {}", name_, static_cast<int>(weight.kind)));
    }
    for (const size_t count : {size_t{2}, size_t{3}, transforms.size()}) {
      const std::span some(transforms.data(), count);
      const auto want = reference_->adjoints(s.reference, some), have = onednn_->adjoints(s.onednn, some);
      ASSERT_EQ(have.size(), count);
      for (size_t i = 0; i < count; ++i)
        expect_same({want[i], have[i]}, fmt::format("{} adjoint {} of {}", name_, i, count));
    }
  }
  /// <Wx, s> = <x, Wᵀs>.
  void check_adjoint_identity(const Pair& x, const Pair& s) {
    kernels::Library& library = *libraries().onednn;
    for (const auto& weight : all_transforms()) {
      const kernels::Buffer ahead = library.multiply(onednn_->apply(x.onednn, weight, {}), s.onednn);
      const kernels::Buffer back = library.multiply(onednn_->adjoint(s.onednn, weight), x.onednn);
      double left = 0, right = 0, scale = 1e-3;
      for (const double sum : sums_of(library, ahead)) left += sum;
      for (const double sum : sums_of(library, back)) right += sum;
      for (const double sum : absolute_sums_of(library, ahead)) scale += sum;
      EXPECT_NEAR(left, right, 1e-5 * scale) << name_ << " transform " << static_cast<int>(weight.kind);
    }
  }
  void check_where(const Pair& x, int one_in, std::span<const kernels::WeightTransform> transforms,
                   Random& random) {
    const Tensor s = thinned(random.signed_values(output_), one_in, random);
    const Pair r = libraries().upload(s);
    const kernels::BiasPart bias{kernels::BiasPart::Kind::kAll};
    for (const auto& weight : transforms) {
      const std::string what =
          fmt::format("{}, one output in {}, transform {}", name_, one_in, static_cast<int>(weight.kind));
      expect_same({reference_->adjoint(r.reference, weight), onednn_->adjoint(r.onednn, weight)}, what);
      const auto want =
          libraries()
              .reference->download(reference_->apply_where(x.reference, r.reference, weight, bias))
              .as_doubles();
      auto have =
          libraries().onednn->download(onednn_->apply_where(x.onednn, r.onednn, weight, bias)).as_doubles();
      const auto values = s.as_doubles();
      for (size_t i = 0; i < have.size(); ++i) {
        if (values[i] == 0 && have[i] == 0) have[i] = want[i];  // what was left out
      }
      expect_near(want, have, kTolerance, what + ", apply_where");
    }
  }
  void check_bias_dot(const Pair& s) {
    for (const auto& bias : all_bias_parts()) {
      expect_near(libraries().reference->fetch(reference_->bias_dot(s.reference, bias)),
                  libraries().onednn->fetch(onednn_->bias_dot(s.onednn, bias)), 1e-5,
                  fmt::format("{} bias_dot {}", name_, static_cast<int>(bias.kind)));
    }
  }

  kernels::LinearSpec spec_;
  Shape input_, output_;
  std::string name_;
  std::unique_ptr<kernels::LinearMap> reference_, onednn_;
};

}  // namespace relevid::testing
