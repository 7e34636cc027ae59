// SPDX-License-Identifier: Apache-2.0
// Elementwise operations of oneDNN against the reference: broadcasting, and the lanes beyond the last
// channel.
#include <array>
#include <numeric>

#include "kernels/differential.h"

namespace relevid {
namespace {

using kernels::Buffer;
using kernels::GradientMode;
using kernels::Library;
using kernels::Sign;
using testing::expect_same;
using testing::libraries;
using testing::on_both;
using testing::Pair;
using testing::Random;

const std::vector<Shape> kShapes = {
    {2, 17, 3, 4, 5}, {2, 16, 2, 3, 3}, {3, 5, 2, 3, 4}, {2, 3, 3, 4, 5}, {1, 1, 2, 2, 2},
    {2, 24, 5, 6},    {2, 2, 4, 4},     {3, 7},          {2, 3, 5},       {6}};

/// Shapes that broadcast to `shape`.
std::vector<Shape> broadcasting_to(const Shape& shape) {
  std::vector<Shape> result = {shape, Shape(std::vector<int64_t>(static_cast<size_t>(shape.rank()), 1)),
                               Shape{}};
  for (int64_t kept = 0; kept < shape.rank(); ++kept) {
    Shape single = result[1], missing = shape;
    single[kept] = shape[kept];
    missing[kept] = 1;
    result.push_back(single);
    result.push_back(missing);
  }
  if (shape.rank() >= 4) {
    Shape gate = result[1];
    gate[0] = shape[0];
    gate[1] = shape[1];
    result.push_back(gate);  // [N, C, 1, 1, 1], as squeeze-excite has it
  }
  return result;
}

TEST(Elementwise, BinaryOperationsBroadcast) {
  Random random(1);
  using Operation = Buffer (*)(Library&, const Buffer&, const Buffer&);
  const std::vector<std::pair<std::string, Operation>> operations = {
      {"add", [](Library& l, const Buffer& a, const Buffer& b) { return l.add(a, b, -0.5); }},
      {"multiply", [](Library& l, const Buffer& a, const Buffer& b) { return l.multiply(a, b); }},
      {"minimum", [](Library& l, const Buffer& a, const Buffer& b) { return l.minimum(a, b); }},
      {"maximum", [](Library& l, const Buffer& a, const Buffer& b) { return l.maximum(a, b); }},
  };
  for (const Shape& shape : kShapes) {
    const Pair a = libraries().upload(random.signed_values(shape));
    for (const Shape& other : broadcasting_to(shape)) {
      const Pair b = libraries().upload(random.uniform(other, 0.5, 2));
      for (const auto& [name, operation] : operations) {
        expect_same(on_both(operation, a, b),
                    fmt::format("{} {} and {}", name, shape.to_string(), other.to_string()), 1e-6);
      }
    }
  }
}

TEST(Elementwise, ReduceToUndoesBroadcasting) {
  Random random(2);
  for (const Shape& shape : kShapes) {
    const Pair g = libraries().upload(random.signed_values(shape));
    for (const Shape& to : broadcasting_to(shape)) {
      expect_same(on_both([&](Library& l, const Buffer& x) { return l.reduce_to(x, to); }, g),
                  fmt::format("{} reduced to {}", shape.to_string(), to.to_string()), 1e-5);
    }
  }
}

TEST(Elementwise, InPlaceOperations) {
  Random random(3);
  for (const Shape& shape : kShapes) {
    Pair into = libraries().upload(random.signed_values(shape));
    const Pair a = libraries().upload(random.signed_values(shape));
    libraries().reference->accumulate(into.reference, a.reference, 0.75);
    libraries().onednn->accumulate(into.onednn, a.onednn, 0.75);
    expect_same(into, "accumulate " + shape.to_string(), 1e-6);
    const auto want =
        libraries().reference->fetch(libraries().reference->scale_by(into.reference, a.reference));
    const auto have = libraries().onednn->fetch(libraries().onednn->scale_by(into.onednn, a.onednn));
    expect_same(into, "scale_by " + shape.to_string(), 1e-6);
    testing::expect_near(want, have, 1e-5, "sums of scale_by, " + shape.to_string());
  }
}

TEST(Elementwise, PartsAndDeciders) {
  Random random(4);
  for (const Shape& shape : kShapes) {
    const Pair x = libraries().upload(random.signed_values(shape));
    const Pair decider = libraries().upload(random.signed_values(shape));
    for (const Sign sign : {Sign::kPositive, Sign::kNegative}) {
      expect_same(on_both([&](Library& l, const Buffer& v) { return l.part(v, sign); }, x), "part", 0);
      expect_same(
          on_both([&](Library& l, const Buffer& v, const Buffer& d) { return l.keep_where(v, d, sign); }, x,
                  decider),
          "keep_where " + shape.to_string(), 0);
    }
  }
}

TEST(Elementwise, FilledIsZeroBeyondTheChannels) {
  for (const Shape& shape : kShapes) {
    expect_same(on_both([&](Library& l) { return l.filled(shape, -2.5); }), "filled " + shape.to_string(), 0);
  }
}

TEST(Elementwise, QuotientAndWhatEpsilonAbsorbs) {
  Random random(5);
  for (const Shape& shape : kShapes) {
    for (const double epsilon : {1e-6, 0.25}) {
      Pair z = libraries().upload(random.signed_values(shape));  // with zeros
      const Tensor relevance = random.signed_values(shape);
      const Pair r = libraries().upload(relevance);
      const Tensor denominators = libraries().reference->download(z.reference);
      const auto want =
          libraries().reference->fetch(libraries().reference->quotient(z.reference, r.reference, epsilon));
      const auto have = libraries().onednn->fetch(libraries().onednn->quotient(z.onednn, r.onednn, epsilon));
      expect_same(z, "quotient " + shape.to_string(), 1e-5);
      testing::expect_near(want, have, 1e-5, "absorbed, " + shape.to_string());
      // r = z q + absorbed, by definition.
      const auto q = libraries().reference->download(z.reference).as_doubles();
      double left = 0, right = 0;
      for (size_t i = 0; i < q.size(); ++i) left += relevance.as_doubles()[i];
      for (size_t i = 0; i < q.size(); ++i) right += q[i] * denominators.as_doubles()[i];
      for (const double absorbed : want) right += absorbed;
      EXPECT_NEAR(left, right, 1e-6 * (1 + std::abs(left)));
    }
  }
}

TEST(Elementwise, SummandsShareRelevance) {
  Random random(8);
  for (const Shape& shape : kShapes) {
    const Pair a = libraries().upload(random.signed_values(shape));  // with zeros
    const Pair b = libraries().upload(random.signed_values(shape));
    const Tensor relevance = random.signed_values(shape);
    const Pair r = libraries().upload(relevance);
    for (const double sign : {1.0, -1.0}) {
      // So large that no denominator is near 0.
      const double epsilon = 0.25;
      const auto want = libraries().reference->share(r.reference, a.reference, b.reference, sign, epsilon);
      const auto have = libraries().onednn->share(r.onednn, a.onednn, b.onednn, sign, epsilon);
      const std::string what = fmt::format("{} with sign {}", shape.to_string(), sign);
      expect_same({want.to_a, have.to_a}, "first summand's, " + what, 1e-5);
      expect_same({want.to_b, have.to_b}, "second summand's, " + what, 1e-5);
      testing::expect_near(libraries().reference->fetch(want.sum_a), libraries().onednn->fetch(have.sum_a),
                           1e-5, "first sum, " + what);
      testing::expect_near(libraries().reference->fetch(want.sum_b), libraries().onednn->fetch(have.sum_b),
                           1e-5, "second sum, " + what);
      testing::expect_near(libraries().reference->fetch(want.absorbed),
                           libraries().onednn->fetch(have.absorbed), 1e-5, "absorbed, " + what);
      // Nothing is lost but what is said to be.
      const auto total = [](const std::vector<double>& v) {
        return std::accumulate(v.begin(), v.end(), 0.0);
      };
      double shared = 0;
      for (const auto& sums : libraries().reference->fetch(std::array{want.sum_a, want.sum_b, want.absorbed}))
        shared += total(sums);
      EXPECT_NEAR(total(relevance.as_doubles()), shared,
                  1e-6 * (1 + std::abs(total(relevance.as_doubles()))));
    }
  }
}

TEST(Elementwise, SummandsThatCancelAbsorbWhatTheyAreGiven) {
  const Shape shape{1, 20'000};  // more than is summed at a time
  for (Library* library : {libraries().reference.get(), libraries().onednn.get()}) {
    const Buffer a = library->upload(Tensor::from(shape, std::vector<float>(20'000, 0.5F)));
    std::vector<float> given(20'000, 0.25F);
    given[0] = 0;
    const auto shared = library->share(library->upload(Tensor::from(shape, given)), a, a, -1, 0);
    EXPECT_EQ(library->fetch(shared.sum_a), std::vector<double>{0});
    EXPECT_EQ(library->fetch(shared.sum_b), std::vector<double>{0});
    EXPECT_EQ(library->fetch(shared.absorbed), std::vector<double>{0.25 * 19'999});
  }
}

TEST(Elementwise, SignedQuotientsAndSumsAreThoseOfTheirParts) {
  Random random(19);
  for (const Shape& shape : {Shape{2, 700}, Shape{2, 17, 3, 4, 5}, Shape{1, 3}}) {
    const Pair r = libraries().upload(random.signed_values(shape)),
               y = libraries().upload(random.signed_values(shape)),
               m = libraries().upload(random.uniform(shape, 0, 2));
    const auto want =
        libraries().reference->signed_quotient(r.reference, y.reference, m.reference, 0.3, 1e-2);
    const auto have = libraries().onednn->signed_quotient(r.onednn, y.onednn, m.onednn, 0.3, 1e-2);
    expect_same({want.q, have.q}, "q");
    expect_same({want.q_signed, have.q_signed}, "q with the output's sign");
    testing::expect_near(libraries().reference->fetch(want.absorbed),
                         libraries().onednn->fetch(have.absorbed), 1e-5, "absorbed");
    Pair a = libraries().upload(random.signed_values(shape));
    const auto exact = libraries().reference->scale_by_signed(a.reference, y.reference, m.reference, 0.3);
    const auto fast = libraries().onednn->scale_by_signed(a.onednn, y.onednn, m.onednn, 0.3);
    expect_same(a, "scaled");
    testing::expect_near(libraries().reference->fetch(exact), libraries().onednn->fetch(fast), 1e-5,
                         "their sums");
  }
}

TEST(Elementwise, NothingIsDividedByASumThatIsZero) {
  for (Library* library : {libraries().reference.get(), libraries().onednn.get()}) {
    Buffer z = library->upload(Tensor::from(Shape{1, 3}, std::vector<float>{0, 0, -0.0F}));
    const Buffer r = library->upload(Tensor::from(Shape{1, 3}, std::vector<float>{0, 1, 1}));
    EXPECT_EQ(library->fetch(library->quotient(z, r, 0.5)), std::vector<double>{2}) << "it is absorbed";
    EXPECT_EQ(library->download(z).as_doubles(), (std::vector<double>{0, 0, 0}));
  }
}

TEST(Elementwise, Activations) {
  Random random(6);
  for (const Shape& shape : kShapes) {
    const Pair x = libraries().upload(random.uniform(shape, -4, 4));
    for (const Activation& f : testing::elementwise_activations()) {
      expect_same(on_both([&](Library& l, const Buffer& v) { return l.activate(v, f); }, x),
                  fmt::format("activation {} of {}", static_cast<int>(f.kind), shape.to_string()), 1e-6);
    }
  }
}

TEST(Elementwise, ActivationGradients) {
  Random random(7);
  for (const Shape& shape : kShapes) {
    const Pair x = libraries().upload(random.uniform(shape, -4, 4)),
               g = libraries().upload(random.signed_values(shape));
    for (const Activation& f : testing::elementwise_activations()) {
      const Pair y = on_both([&](Library& l, const Buffer& v) { return l.activate(v, f); }, x);
      for (const GradientMode mode :
           {GradientMode::kPlain, GradientMode::kGuided, GradientMode::kDeconvnet}) {
        const auto gradient = [&](Library& l, const Buffer& kept, const Buffer& back) {
          return l.activation_gradient(kept, back, f, mode);
        };
        expect_same(on_both(gradient, slope_from_output(f) ? y : x, g),
                    fmt::format("gradient of activation {}, mode {}", static_cast<int>(f.kind),
                                static_cast<int>(mode)),
                    1e-5);
      }
    }
  }
}

TEST(Elementwise, GuidedAndDeconvnetTakeClipsFromZeroForRectifiers) {
  using Values = std::vector<double>;
  const Activation relu6{Activation::Kind::kClip, 0, 6};
  for (Library* library : {libraries().reference.get(), libraries().onednn.get()}) {
    const auto upload = [&](std::vector<float> v) { return library->upload(Tensor::from(Shape{1, 4}, v)); };
    const Buffer y = upload({0, 2, 2, 6}), g = upload({5, 5, -5, 5});
    const auto gradient = [&](GradientMode mode) {
      return library->download(library->activation_gradient(y, g, relu6, mode)).as_doubles();
    };
    EXPECT_EQ(gradient(GradientMode::kPlain), (Values{0, 5, -5, 0}));
    EXPECT_EQ(gradient(GradientMode::kGuided), (Values{0, 5, 0, 0}));
    EXPECT_EQ(gradient(GradientMode::kDeconvnet), (Values{5, 5, 0, 5}));
  }
}

TEST(Elementwise, SlopesAreThoseOfTheFunctions) {
  using Kind = Activation::Kind;
  auto functions = testing::elementwise_activations();
  functions.push_back({Kind::kLeakyRelu, -0.5, 0});
  functions.push_back({Kind::kElu, -0.5, 0});
  functions.push_back({Kind::kHardSigmoid, -0.3, 0.4});
  for (const Activation& f : functions) {
    for (double x = -3.97; x < 4; x += 0.1137) {
      const double h = 1e-6, y = activation(f, x);
      const double expected = (activation(f, x + h) - activation(f, x - h)) / (2 * h);
      EXPECT_NEAR(activation_slope(f, slope_from_output(f) ? y : x), expected, 1e-5)
          << "activation " << static_cast<int>(f.kind) << " at " << x;
    }
  }
}

TEST(Elementwise, SumsAreByItem) {
  Random random(8);
  for (const Shape& shape : kShapes) {
    const Tensor values = random.signed_values(shape);
    const Pair x = libraries().upload(values);
    testing::expect_near(testing::sums_of(*libraries().reference, x.reference),
                         testing::sums_of(*libraries().onednn, x.onednn), 1e-6, "sums");
    EXPECT_EQ(testing::sums_of(*libraries().onednn, x.onednn).size(), static_cast<size_t>(shape[0]));
  }
}

}  // namespace
}  // namespace relevid
