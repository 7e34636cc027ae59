// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <utility>

#include "kernels/checked.h"
#include "kernels/libraries.h"

namespace relevid::kernels {
namespace checked {
namespace {

class CheckedLibrary final : public Library {
 public:
  CheckedLibrary(std::unique_ptr<Library> on_tested, std::unique_ptr<Library> on_trusted, double tolerance)
      : both_(std::move(on_tested), std::move(on_trusted), tolerance) {}

  std::string_view name() const override { return "check"; }
  int64_t peak_bytes() const override { return both_.tested_library().peak_bytes(); }

  std::unique_ptr<LinearMap> prepare(const LinearSpec& spec, const Shape& input,
                                     const Epilogue& epilogue) override {
    return make_linear(both_, spec, input, epilogue);
  }
  std::unique_ptr<MaxMap> prepare_max(const MaxSpec& spec, const Shape& input) override {
    return make_max(both_, spec, input);
  }
  std::unique_ptr<NormMap> prepare_norm(const Shape& input, double epsilon) override {
    return checked::make_norm(both_, input, epsilon);
  }
  std::unique_ptr<ProductMap> prepare_product(const Shape& a, const Shape& b) override {
    return checked::make_product(both_, a, b);
  }
  std::unique_ptr<AttentionMap> prepare_attention(const AttentionSpec& spec, const Shape& q, const Shape& k,
                                                  const Shape& v) override {
    return checked::make_attention(both_, spec, q, k, v);
  }
  std::unique_ptr<StandardiseMap> prepare_standardise(const StandardiseSpec& spec,
                                                      const Shape& input) override {
    return checked::make_standardise(both_, spec, input);
  }

  Buffer upload(const Tensor& tensor) override {
    return both_.checked("upload of " + tensor.shape().to_string(), tested_().upload(tensor),
                         trusted_().upload(tensor));
  }
  Tensor download(const Buffer& x) override { return tested_().download(tested(x)); }
  Buffer filled(const Shape& shape, double value) override {
    return both_.checked("filled " + shape.to_string(), tested_().filled(shape, value),
                         trusted_().filled(shape, value));
  }

  Buffer activate(const Buffer& x, const Activation& f) override {
    return unary(std::string(relevid::name(f.kind)), x,
                 [&](Library& l, const Buffer& a) { return l.activate(a, f); });
  }
  Buffer activation_gradient(const Buffer& kept, const Buffer& g, const Activation& f,
                             GradientMode mode) override {
    return binary("gradient of an activation", kept, g, [&](Library& l, const Buffer& a, const Buffer& b) {
      return l.activation_gradient(a, b, f, mode);
    });
  }
  Buffer add(const Buffer& a, const Buffer& b, double scale_b) override {
    return binary("add", a, b,
                  [&](Library& l, const Buffer& x, const Buffer& y) { return l.add(x, y, scale_b); });
  }
  Buffer multiply(const Buffer& a, const Buffer& b) override {
    return binary("multiply", a, b,
                  [](Library& l, const Buffer& x, const Buffer& y) { return l.multiply(x, y); });
  }
  void accumulate(Buffer& into, const Buffer& a, double scale) override {
    auto& [have, want] = *into.data<BufferPair>();
    tested_().accumulate(have, tested(a), scale);
    trusted_().accumulate(want, trusted(a), scale);
    both_.check_written(on("accumulate", into), into);
  }
  Sums scale_by(Buffer& into, const Buffer& a) override {
    auto& [have, want] = *into.data<BufferPair>();
    const Sums by_tested = tested_().scale_by(have, tested(a));
    const Sums by_trusted = trusted_().scale_by(want, trusted(a));
    both_.check_written(on("scale_by", into), into);
    return both_.checked_sums(on("scale_by", into), by_tested, by_trusted, both_.absolute_sum(into));
  }
  Buffer reduce_to(const Buffer& g, const Shape& shape) override {
    return unary("reduce_to", g, [&](Library& l, const Buffer& x) { return l.reduce_to(x, shape); });
  }
  Buffer part(const Buffer& x, Sign sign) override {
    return unary("part", x, [&](Library& l, const Buffer& a) { return l.part(a, sign); });
  }
  Sums quotient(Buffer& into, const Buffer& r, double epsilon) override {
    auto& [have, want] = *into.data<BufferPair>();
    const Sums by_tested = tested_().quotient(have, tested(r), epsilon);
    const Sums by_trusted = trusted_().quotient(want, trusted(r), epsilon);
    both_.check_written(on("quotient", into), into);
    return both_.checked_sums(on("quotient", into), by_tested, by_trusted, both_.absolute_sum(r));
  }
  SharedSum share(const Buffer& r, const Buffer& a, const Buffer& b, double sign_b, double epsilon) override {
    SharedSum have = tested_().share(tested(r), tested(a), tested(b), sign_b, epsilon);
    const SharedSum want = trusted_().share(trusted(r), trusted(a), trusted(b), sign_b, epsilon);
    SharedSum result;
    result.to_a = both_.checked(on("share, first", a, b), std::move(have.to_a), want.to_a);
    result.to_b = both_.checked(on("share, second", a, b), std::move(have.to_b), want.to_b);
    const double of_a = both_.absolute_sum(result.to_a), of_b = both_.absolute_sum(result.to_b);
    result.sum_a = both_.checked_sums(on("share, first", a, b), have.sum_a, want.sum_a, of_a);
    result.sum_b = both_.checked_sums(on("share, second", a, b), have.sum_b, want.sum_b, of_b);
    result.absorbed = both_.checked_sums(on("share, absorbed", a, b), have.absorbed, want.absorbed,
                                         both_.absolute_sum(r) + of_a + of_b);
    return result;
  }
  Buffer keep_where(const Buffer& x, const Buffer& decider, Sign sign) override {
    return binary("keep_where", x, decider,
                  [&](Library& l, const Buffer& a, const Buffer& b) { return l.keep_where(a, b, sign); });
  }
  Buffer times_sign(const Buffer& x, const Buffer& decider) override {
    return binary("times_sign", x, decider,
                  [](Library& l, const Buffer& a, const Buffer& b) { return l.times_sign(a, b); });
  }
  SignedQuotient signed_quotient(const Buffer& r, const Buffer& y, const Buffer& m, double coefficient,
                                 double epsilon) override {
    SignedQuotient have = tested_().signed_quotient(tested(r), tested(y), tested(m), coefficient, epsilon);
    const SignedQuotient want =
        trusted_().signed_quotient(trusted(r), trusted(y), trusted(m), coefficient, epsilon);
    SignedQuotient result;
    result.q = both_.checked(on("signed_quotient", r, y), std::move(have.q), want.q);
    result.q_signed =
        both_.checked(on("signed_quotient, signed", r, y), std::move(have.q_signed), want.q_signed);
    result.absorbed =
        both_.checked_sums(on("signed_quotient", r, y), have.absorbed, want.absorbed, both_.absolute_sum(r));
    return result;
  }
  Sums scale_by_signed(Buffer& into, const Buffer& x, const Buffer& b, double coefficient) override {
    auto& [have, want] = *into.data<BufferPair>();
    const Sums by_tested = tested_().scale_by_signed(have, tested(x), tested(b), coefficient);
    const Sums by_trusted = trusted_().scale_by_signed(want, trusted(x), trusted(b), coefficient);
    both_.check_written(on("scale_by_signed", into), into);
    return both_.checked_sums(on("scale_by_signed", into), by_tested, by_trusted, both_.absolute_sum(into));
  }
  Buffer minimum(const Buffer& a, const Buffer& b) override {
    return binary("minimum", a, b,
                  [](Library& l, const Buffer& x, const Buffer& y) { return l.minimum(x, y); });
  }
  Buffer maximum(const Buffer& a, const Buffer& b) override {
    return binary("maximum", a, b,
                  [](Library& l, const Buffer& x, const Buffer& y) { return l.maximum(x, y); });
  }

  Buffer reshape(const Buffer& x, const Shape& shape) override {
    return unary("reshape", x, [&](Library& l, const Buffer& a) { return l.reshape(a, shape); });
  }
  Buffer transpose(const Buffer& x, std::span<const int64_t> permutation) override {
    return unary("transpose", x, [&](Library& l, const Buffer& a) { return l.transpose(a, permutation); });
  }
  Buffer concat(std::span<const Buffer> parts, int64_t axis) override {
    std::vector<Buffer> have, want;
    for (const Buffer& part : parts) {
      have.push_back(tested(part));
      want.push_back(trusted(part));
    }
    return both_.checked(on("concat", parts[0]), tested_().concat(have, axis), trusted_().concat(want, axis));
  }
  Buffer slice(const Buffer& x, const Shape& shape, std::span<const int64_t> begin,
               std::span<const int64_t> step) override {
    return unary("slice", x, [&](Library& l, const Buffer& a) { return l.slice(a, shape, begin, step); });
  }
  Buffer place(const Buffer& x, const Shape& shape, std::span<const int64_t> begin,
               std::span<const int64_t> step, double value) override {
    return unary("place", x,
                 [&](Library& l, const Buffer& a) { return l.place(a, shape, begin, step, value); });
  }

  Sums sums(const Buffer& x) override {
    return both_.checked_sums(on("sums", x), tested_().sums(tested(x)), trusted_().sums(trusted(x)),
                              both_.absolute_sum(x));
  }
  Sums absolute_sums(const Buffer& x) override {
    return both_.checked_sums(on("absolute_sums", x), tested_().absolute_sums(tested(x)),
                              trusted_().absolute_sums(trusted(x)), both_.absolute_sum(x));
  }
  std::vector<std::vector<double>> fetch(std::span<const Sums> sums) override {
    std::vector<Sums> have;
    for (const Sums& each : sums) have.push_back(pair_of(each).tested);
    return tested_().fetch(have);
  }

 private:
  Library& tested_() const { return both_.tested_library(); }
  Library& trusted_() const { return both_.trusted_library(); }

  template <class F>
  Buffer unary(const std::string& operation, const Buffer& x, F&& f) {
    return both_.checked(on(operation, x), f(tested_(), tested(x)), f(trusted_(), trusted(x)));
  }
  template <class F>
  Buffer binary(const std::string& operation, const Buffer& a, const Buffer& b, F&& f) {
    return both_.checked(on(operation, a, b), f(tested_(), tested(a), tested(b)),
                         f(trusted_(), trusted(a), trusted(b)));
  }

  Both both_;
};

}  // namespace
}  // namespace checked

std::unique_ptr<Library> make_checked_library(std::unique_ptr<Library> tested,
                                              std::unique_ptr<Library> trusted, double tolerance) {
  return std::make_unique<checked::CheckedLibrary>(std::move(tested), std::move(trusted), tolerance);
}

}  // namespace relevid::kernels
