// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/overloaded.h"
#include "kernels/checked.h"

namespace relevid::kernels::checked {
namespace {

/// The largest that any part of a bias may be.
double largest_bias(const LinearSpec& spec) {
  const auto of = [](const std::shared_ptr<const Tensor>& bias) {
    double largest = 0;
    if (bias) {
      for (const double b : bias->as_doubles()) largest = std::max({largest, std::abs(b), b * b});
    }
    return largest;
  };
  return std::visit(
      Overloaded{[&](const OneOf<ConvolutionSpec, DenseSpec, TransposedConvolutionSpec> auto& s) {
                   return of(s.bias);
                 },
                 [](const OneOf<AveragePoolSpec, SumSpec, ResampleSpec> auto&) { return 0.0; }},
      spec);
}

class CheckedMax final : public MaxMap {
 public:
  CheckedMax(Both& both, const MaxSpec& spec, const Shape& input)
      : both_(both),
        tested_(both.tested_library().prepare_max(spec, input)),
        trusted_(both.trusted_library().prepare_max(spec, input)) {}

  /// Winners are of each library's own form: they are compared by what is routed to them.
  Buffer forward(const Buffer& x, Buffer* winners) override {
    Buffer have_won, want_won;
    Buffer have = tested_->forward(tested(x), winners ? &have_won : nullptr);
    const Buffer want = trusted_->forward(trusted(x), winners ? &want_won : nullptr);
    if (winners) *winners = paired(std::move(have_won), std::move(want_won));
    return both_.checked(on("maximum", x), std::move(have), want);
  }
  Buffer route(const Buffer& g, const Buffer& winners) override {
    return both_.checked(on("route to winners", g), tested_->route(tested(g), tested(winners)),
                         trusted_->route(trusted(g), trusted(winners)));
  }
  Buffer pick(const Buffer& y, const Buffer& winners) override {
    return both_.checked(on("pick at winners", y), tested_->pick(tested(y), tested(winners)),
                         trusted_->pick(trusted(y), trusted(winners)));
  }
  Buffer share(const Buffer& g) override {
    return both_.checked(on("share over windows", g), tested_->share(tested(g)), trusted_->share(trusted(g)));
  }

  static Winners on_tested(const Winners& winners) {
    return {static_cast<CheckedMax*>(winners.maximum)->tested_.get(), tested(winners.places)};
  }
  static Winners on_trusted(const Winners& winners) {
    return {static_cast<CheckedMax*>(winners.maximum)->trusted_.get(), trusted(winners.places)};
  }

 private:
  Both& both_;
  std::unique_ptr<MaxMap> tested_, trusted_;
};

class CheckedLinear final : public LinearMap {
 public:
  CheckedLinear(Both& both, const LinearSpec& spec, const Shape& input, const Epilogue& epilogue)
      : both_(both),
        tested_(both.tested_library().prepare(spec, input, epilogue)),
        trusted_(both.trusted_library().prepare(spec, input, epilogue)),
        largest_bias_(largest_bias(spec)) {}

  Buffer forward(const Buffer& x, Buffer residual) override {
    const Buffer kept = trusted(residual);
    Buffer added = tested(residual);
    if (residual && residual.is_only_handle()) residual.data<BufferPair>()->tested = {};  // handed over
    Buffer have = tested_->forward(tested(x), std::move(added));
    return both_.checked(on("layer", x), std::move(have), trusted_->forward(trusted(x), kept));
  }
  Buffer apply(const Buffer& x, WeightTransform weight, BiasPart bias) override {
    return both_.checked(on("W'x", x), tested_->apply(tested(x), weight, bias),
                         trusted_->apply(trusted(x), weight, bias));
  }
  Buffer apply_where(const Buffer& x, const Buffer& r, WeightTransform weight, BiasPart bias) override {
    return both_.checked(on("W'x where relevance is", x),
                         tested_->apply_where(tested(x), tested(r), weight, bias),
                         trusted_->apply_where(trusted(x), trusted(r), weight, bias), r);
  }
  Buffer apply_at(const Winners& winners, const Buffer& x, const Buffer& r, WeightTransform weight,
                  BiasPart bias) override {
    return both_.checked(
        on("W'x at winners", x),
        tested_->apply_at(CheckedMax::on_tested(winners), tested(x), tested(r), weight, bias),
        trusted_->apply_at(CheckedMax::on_trusted(winners), trusted(x), trusted(r), weight, bias), r);
  }
  Buffer adjoint(const Buffer& s, WeightTransform weight) override {
    return both_.checked(on("adjoint", s), tested_->adjoint(tested(s), weight),
                         trusted_->adjoint(trusted(s), weight));
  }
  std::vector<Buffer> adjoints(const Buffer& s, std::span<const WeightTransform> weights) override {
    return checked_all(on("adjoints", s), tested_->adjoints(tested(s), weights),
                       trusted_->adjoints(trusted(s), weights));
  }
  std::vector<Buffer> adjoints_at(const Winners& winners, const Buffer& s,
                                  std::span<const WeightTransform> weights) override {
    return checked_all(on("adjoints at winners", s),
                       tested_->adjoints_at(CheckedMax::on_tested(winners), tested(s), weights),
                       trusted_->adjoints_at(CheckedMax::on_trusted(winners), trusted(s), weights));
  }
  Sums bias_dot(const Buffer& s, BiasPart bias) override {
    const double terms = both_.absolute_sum(s) * largest_bias_;
    return both_.checked_sums(on("bias_dot", s), tested_->bias_dot(tested(s), bias),
                              trusted_->bias_dot(trusted(s), bias), terms);
  }
  ParameterGradient parameter_gradient(const Buffer& x, const Buffer& g) override {
    ParameterGradient have = tested_->parameter_gradient(tested(x), tested(g));
    const ParameterGradient want = trusted_->parameter_gradient(trusted(x), trusted(g));
    both_.check_tensors(on("gradient by weights", x, g), have.weight, want.weight);
    both_.check_tensors(on("gradient by biases", x, g), have.bias, want.bias);
    return have;
  }
  void parameters_changed() override {
    tested_->parameters_changed();
    trusted_->parameters_changed();
  }

 private:
  std::vector<Buffer> checked_all(const std::string& operation, std::vector<Buffer> have,
                                  const std::vector<Buffer>& want) {
    std::vector<Buffer> result;
    for (size_t i = 0; i < have.size(); ++i)
      result.push_back(both_.checked(fmt::format("{}, {} of {}", operation, i + 1, have.size()),
                                     std::move(have[i]), want[i]));
    return result;
  }

  Both& both_;
  std::unique_ptr<LinearMap> tested_, trusted_;
  double largest_bias_;
};

class CheckedNorm final : public NormMap {
 public:
  CheckedNorm(Both& both, const Shape& input, double epsilon)
      : both_(both),
        tested_(both.tested_library().prepare_norm(input, epsilon)),
        trusted_(both.trusted_library().prepare_norm(input, epsilon)) {}

  Buffer forward(const Buffer& x, const Tensor& scale, const Tensor& shift,
                 NormStatistics& statistics) override {
    NormStatistics have, want;
    Buffer y = tested_->forward(tested(x), scale, shift, have);
    const Buffer expected = trusted_->forward(trusted(x), scale, shift, want);
    const double terms = both_.absolute_sum(x);
    statistics = {both_.checked_sums(on("norm's mean", x), have.mean, want.mean, terms),
                  both_.checked_sums(on("norm's variance", x), have.variance, want.variance, terms * terms)};
    return both_.checked(on("norm", x), std::move(y), expected);
  }
  Buffer gradient(const Buffer& x, const Buffer& g, const Tensor& scale, const NormStatistics& statistics,
                  ParameterGradient& parameters) override {
    const SumsPair &mean = pair_of(statistics.mean), &variance = pair_of(statistics.variance);
    ParameterGradient want;
    Buffer have = tested_->gradient(tested(x), tested(g), scale, {mean.tested, variance.tested}, parameters);
    const Buffer expected =
        trusted_->gradient(trusted(x), trusted(g), scale, {mean.trusted, variance.trusted}, want);
    both_.check_tensors(on("norm's gradient by its scale", x, g), parameters.weight, want.weight);
    both_.check_tensors(on("norm's gradient by its shift", x, g), parameters.bias, want.bias);
    return both_.checked(on("norm's gradient", x, g), std::move(have), expected);
  }

 private:
  Both& both_;
  std::unique_ptr<NormMap> tested_, trusted_;
};

class CheckedProduct final : public ProductMap {
 public:
  CheckedProduct(Both& both, const Shape& a, const Shape& b)
      : both_(both),
        tested_(both.tested_library().prepare_product(a, b)),
        trusted_(both.trusted_library().prepare_product(a, b)) {}

  Buffer forward(const Buffer& a, const Buffer& b) override {
    return both_.checked(on("matrix product", a, b), tested_->forward(tested(a), tested(b)),
                         trusted_->forward(trusted(a), trusted(b)));
  }
  Buffer by_left(const Buffer& s, const Buffer& b) override {
    return both_.checked(on("matrix product by its left", s, b), tested_->by_left(tested(s), tested(b)),
                         trusted_->by_left(trusted(s), trusted(b)));
  }
  Buffer by_right(const Buffer& a, const Buffer& s) override {
    return both_.checked(on("matrix product by its right", a, s), tested_->by_right(tested(a), tested(s)),
                         trusted_->by_right(trusted(a), trusted(s)));
  }

 private:
  Both& both_;
  std::unique_ptr<ProductMap> tested_, trusted_;
};

/// An attention's operands on one of the two libraries.
template <class Side>
AttentionMap::Operands operands_on(const AttentionMap::Operands& of, Side side) {
  return {side(of.q), side(of.k), side(of.v), side(of.bias)};
}

class CheckedAttention final : public AttentionMap {
 public:
  CheckedAttention(Both& both, const AttentionSpec& spec, const Shape& q, const Shape& k, const Shape& v)
      : both_(both),
        tested_(both.tested_library().prepare_attention(spec, q, k, v)),
        trusted_(both.trusted_library().prepare_attention(spec, q, k, v)) {}

  Buffer forward(const Operands& x) override {
    return both_.checked(on("attention", x.q, x.k), tested_->forward(operands_on(x, tested)),
                         trusted_->forward(operands_on(x, trusted)));
  }
  Buffer by_values(const Operands& x, const Buffer& s) override {
    return both_.checked(on("attention by its values", x.q, s),
                         tested_->by_values(operands_on(x, tested), tested(s)),
                         trusted_->by_values(operands_on(x, trusted), trusted(s)));
  }
  Buffer by_positive_gradient(const Operands& x, const Buffer& g, const Buffer& s) override {
    return both_.checked(on("attention by its weights' positive gradient", x.q, s),
                         tested_->by_positive_gradient(operands_on(x, tested), tested(g), tested(s)),
                         trusted_->by_positive_gradient(operands_on(x, trusted), trusted(g), trusted(s)));
  }
  Operands gradient(const Operands& x, const Buffer& g) override {
    Operands have = tested_->gradient(operands_on(x, tested), tested(g));
    const Operands want = trusted_->gradient(operands_on(x, trusted), trusted(g));
    const auto check = [&](const char* by, Buffer found, const Buffer& expected) {
      return found ? both_.checked(on(by, x.q, g), std::move(found), expected) : Buffer{};
    };
    return {check("attention's gradient by queries", std::move(have.q), want.q),
            check("attention's gradient by keys", std::move(have.k), want.k),
            check("attention's gradient by values", std::move(have.v), want.v),
            check("attention's gradient by its bias", std::move(have.bias), want.bias)};
  }

 private:
  Both& both_;
  std::unique_ptr<AttentionMap> tested_, trusted_;
};

class CheckedStandardise final : public StandardiseMap {
 public:
  CheckedStandardise(Both& both, const StandardiseSpec& spec, const Shape& input)
      : both_(both),
        tested_(both.tested_library().prepare_standardise(spec, input)),
        trusted_(both.trusted_library().prepare_standardise(spec, input)) {}

  Buffer forward(const Buffer& x) override {
    return both_.checked(on("standardise", x), tested_->forward(tested(x)), trusted_->forward(trusted(x)));
  }
  Buffer gradient(const Buffer& x, const Buffer& g, Deviation deviation) override {
    return both_.checked(on("standardise's gradient", x, g),
                         tested_->gradient(tested(x), tested(g), deviation),
                         trusted_->gradient(trusted(x), trusted(g), deviation));
  }

 private:
  Both& both_;
  std::unique_ptr<StandardiseMap> tested_, trusted_;
};

}  // namespace

std::unique_ptr<LinearMap> make_linear(Both& both, const LinearSpec& spec, const Shape& input,
                                       const Epilogue& epilogue) {
  return std::make_unique<CheckedLinear>(both, spec, input, epilogue);
}
std::unique_ptr<MaxMap> make_max(Both& both, const MaxSpec& spec, const Shape& input) {
  return std::make_unique<CheckedMax>(both, spec, input);
}
std::unique_ptr<NormMap> make_norm(Both& both, const Shape& input, double epsilon) {
  return std::make_unique<CheckedNorm>(both, input, epsilon);
}
std::unique_ptr<ProductMap> make_product(Both& both, const Shape& a, const Shape& b) {
  return std::make_unique<CheckedProduct>(both, a, b);
}
std::unique_ptr<AttentionMap> make_attention(Both& both, const AttentionSpec& spec, const Shape& q,
                                             const Shape& k, const Shape& v) {
  return std::make_unique<CheckedAttention>(both, spec, q, k, v);
}
std::unique_ptr<StandardiseMap> make_standardise(Both& both, const StandardiseSpec& spec,
                                                 const Shape& input) {
  return std::make_unique<CheckedStandardise>(both, spec, input);
}

}  // namespace relevid::kernels::checked
