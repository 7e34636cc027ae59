// SPDX-License-Identifier: Apache-2.0
// Softmax and PRelu, made of the libraries' own operations, and standardising: by their definitions in double
// on the reference, and oneDNN against it.
#include "kernels/composed.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>

#include "kernels/differential.h"
#include "tensor/strides.h"

namespace relevid {
namespace {

using kernels::Buffer;
using kernels::Library;
using testing::expect_near;
using testing::expect_same;
using testing::libraries;
using testing::Pair;
using testing::Random;
using Vector = std::vector<double>;

const std::vector<Shape> kShapes = {{2, 17, 3, 4, 5}, {1, 3, 2, 2, 3}, {2, 24, 5, 6}, {3, 7}, {2, 9, 5}};

Vector values(const Buffer& x) {
  return libraries().reference->download(x).as_doubles();
}

/// For every element of `shape` which of the groups along `axes` it is in, and how many there are.
std::vector<size_t> groups(const Shape& shape, const std::vector<int64_t>& axes) {
  Shape kept = shape;
  for (const int64_t axis : axes) kept[axis] = 1;
  std::vector<size_t> result(static_cast<size_t>(shape.elements()));
  for_each_offset(shape, broadcast_strides(kept, shape),
                  [&](int64_t i, int64_t j) { result[static_cast<size_t>(i)] = static_cast<size_t>(j); });
  return result;
}

/// Σ of f(i) over each element's group, per element.
Vector grouped(const std::vector<size_t>& group, const std::function<double(size_t)>& f) {
  Vector sums(group.size(), 0.0), result(group.size());
  for (size_t i = 0; i < group.size(); ++i) sums[group[i]] += f(i);
  for (size_t i = 0; i < group.size(); ++i) result[i] = sums[group[i]];
  return result;
}

/// The slope of Σ g f along every element, by central differences, against `have`.
void expect_gradient(const Tensor& x, const Vector& g, const std::function<Vector(const Tensor&)>& f,
                     const Vector& have, const std::string& what) {
  constexpr double kStep = 1e-5;
  const auto score = [&](size_t at, double by) {
    Tensor moved = x.cast(DType::kF64);
    moved.values<double>()[at] += by;
    const Vector y = f(moved);
    double sum = 0;
    for (size_t i = 0; i < y.size(); ++i) sum += g[i] * y[i];
    return sum;
  };
  for (size_t at = 0; at < have.size(); at += 1 + have.size() / 16)
    EXPECT_NEAR(have[at], (score(at, kStep) - score(at, -kStep)) / (2 * kStep), 1e-6) << what << " at " << at;
}

TEST(Softmax, IsItsDefinitionAndItsSlope) {
  Random random(31);
  for (const Shape& shape : kShapes) {
    for (int64_t axis = 0; axis < shape.rank(); ++axis) {
      const std::string what = fmt::format("softmax of {} along {}", shape.to_string(), axis);
      const Tensor x = random.uniform(shape, -3, 3), g = random.signed_values(shape);
      const Pair xs = libraries().upload(x), gs = libraries().upload(g);
      kernels::SoftmaxMap exact(*libraries().reference, shape, axis), fast(*libraries().onednn, shape, axis);
      const Pair y{exact.forward(xs.reference), fast.forward(xs.onednn)};
      const auto group = groups(shape, {axis});
      const Vector powers = grouped(group, [&](size_t i) { return std::exp(x.as_doubles()[i]); });
      Vector want(powers.size());
      for (size_t i = 0; i < want.size(); ++i) want[i] = std::exp(x.as_doubles()[i]) / powers[i];
      expect_near(want, values(y.reference), 1e-12, what);
      expect_same(y, what);
      const Pair back{exact.gradient(y.reference, gs.reference), fast.gradient(y.onednn, gs.onednn)};
      expect_same(back, what + ", gradient");
      expect_gradient(
          x, g.as_doubles(),
          [&](const Tensor& moved) { return values(exact.forward(libraries().reference->upload(moved))); },
          values(back.reference), what);
    }
  }
}

/// x (r - y Σ r), written out.
TEST(Softmax, RelevanceIsTheTaylorDecomposition) {
  Random random(32);
  const Shape shape{2, 5, 4};
  const Tensor x = random.uniform(shape, -2, 2), r = random.signed_values(shape);
  const Pair xs = libraries().upload(x), rs = libraries().upload(r);
  kernels::SoftmaxMap exact(*libraries().reference, shape, 2), fast(*libraries().onednn, shape, 2);
  const Pair y{exact.forward(xs.reference), fast.forward(xs.onednn)};
  const Pair have{exact.relevance(xs.reference, y.reference, rs.reference),
                  fast.relevance(xs.onednn, y.onednn, rs.onednn)};
  const Vector total = grouped(groups(shape, {2}), [&](size_t i) { return r.as_doubles()[i]; });
  Vector want(total.size());
  for (size_t i = 0; i < want.size(); ++i)
    want[i] = x.as_doubles()[i] * (r.as_doubles()[i] - values(y.reference)[i] * total[i]);
  expect_near(want, values(have.reference), 1e-12, "relevance of a softmax");
  expect_same(have, "relevance of a softmax");
}

TEST(Softmax, OfLargeValuesIsFinite) {
  for (auto* library : {libraries().reference.get(), libraries().onednn.get()}) {
    kernels::SoftmaxMap softmax(*library, Shape{1, 2}, 1);
    const Buffer x = library->upload(Tensor::from(Shape{1, 2}, std::vector<float>{1e5F, -1e5F}));
    EXPECT_EQ(library->download(softmax.forward(x)).as_doubles(), (Vector{1, 0}));
  }
}

/// One number for every element, or for every channel, or for all.
std::shared_ptr<const Tensor> parameter(Random& random, const Shape& shape,
                                        const std::vector<int64_t>& axes) {
  Shape of(std::vector<int64_t>(static_cast<size_t>(shape.rank()), 1));
  for (const int64_t axis : axes) of[axis] = shape[axis];
  return std::make_shared<Tensor>(random.uniform(of, -2, 2));
}

TEST(Standardise, IsItsDefinitionAndItsSlope) {
  using kernels::StandardiseSpec;
  using Deviation = kernels::StandardiseMap::Deviation;
  Random random(33);
  for (const Shape& shape : kShapes) {
    for (const std::vector<int64_t>& axes :
         {std::vector<int64_t>{shape.rank() - 1}, {1}, {0, 1}, {shape.rank() - 2, shape.rank() - 1}}) {
      for (const auto centring : {StandardiseSpec::Centring::kMean, StandardiseSpec::Centring::kNone}) {
        const bool centres = centring == StandardiseSpec::Centring::kMean;
        const std::string what = fmt::format("{} standardised over {} axes from {}{}", shape.to_string(),
                                             axes.size(), axes[0], centres ? "" : ", without its mean");
        const StandardiseSpec spec{axes, 1e-3, centring, parameter(random, shape, axes),
                                   parameter(random, shape, centres ? axes : std::vector<int64_t>{1})};
        const Tensor x = random.uniform(shape, -1, 3), g = random.signed_values(shape);
        const Pair xs = libraries().upload(x), gs = libraries().upload(g);
        const auto exact = libraries().reference->prepare_standardise(spec, shape);
        const auto fast = libraries().onednn->prepare_standardise(spec, shape);
        const auto group = groups(shape, axes);
        const Vector count = grouped(group, [](size_t) { return 1; });
        const Vector sum = grouped(group, [&](size_t i) { return centres ? x.as_doubles()[i] : 0; });
        const Vector squares =
            grouped(group, [&](size_t i) { return std::pow(x.as_doubles()[i] - sum[i] / count[i], 2); });
        Vector want(sum.size());
        for_each_offsets(
            shape, broadcast_strides(spec.scale->shape(), shape),
            broadcast_strides(spec.shift->shape(), shape), [&](int64_t at, int64_t scale, int64_t shift) {
              const auto i = static_cast<size_t>(at);
              want[i] = (x.as_doubles()[i] - sum[i] / count[i]) / std::sqrt(squares[i] / count[i] + 1e-3) *
                            spec.scale->as_doubles()[static_cast<size_t>(scale)] +
                        spec.shift->as_doubles()[static_cast<size_t>(shift)];
            });
        const Pair y{exact->forward(xs.reference), fast->forward(xs.onednn)};
        expect_near(want, values(y.reference), 1e-12, what);
        expect_same(y, what);
        const Pair back{exact->gradient(xs.reference, gs.reference, Deviation::kOfInput),
                        fast->gradient(xs.onednn, gs.onednn, Deviation::kOfInput)};
        expect_same(back, what + ", gradient", 1e-5);
        expect_gradient(
            x, g.as_doubles(),
            [&](const Tensor& moved) { return values(exact->forward(libraries().reference->upload(moved))); },
            values(back.reference), what);
        // With the deviation constant it is (I - 11'/n) (scale / deviation g).
        const Pair constant{exact->gradient(xs.reference, gs.reference, Deviation::kConstant),
                            fast->gradient(xs.onednn, gs.onednn, Deviation::kConstant)};
        expect_same(constant, what + ", gradient with a constant deviation", 1e-5);
        Vector scaled(want.size());
        for_each_offset(shape, broadcast_strides(spec.scale->shape(), shape), [&](int64_t at, int64_t scale) {
          const auto i = static_cast<size_t>(at);
          scaled[i] = g.as_doubles()[i] * spec.scale->as_doubles()[static_cast<size_t>(scale)] /
                      std::sqrt(squares[i] / count[i] + 1e-3);
        });
        const Vector mean = grouped(group, [&](size_t i) { return centres ? scaled[i] / count[i] : 0; });
        for (size_t i = 0; i < scaled.size(); ++i) scaled[i] -= mean[i];
        expect_near(scaled, values(constant.reference), 1e-12, what + ", gradient with a constant deviation");
      }
    }
  }
}

TEST(PRelu, BendsByItsSlope) {
  Random random(34);
  for (const Shape& shape : kShapes) {
    Shape channelwise(std::vector<int64_t>(static_cast<size_t>(shape.rank()), 1));
    channelwise[1] = shape[1];
    const Pair x = libraries().upload(random.signed_values(shape)),
               g = libraries().upload(random.signed_values(shape));
    const Pair slope = libraries().upload(random.uniform(channelwise, -0.5, 0.5));
    const Pair y = testing::on_both([](Library& l, auto&... o) { return kernels::prelu(l, o...); }, x, slope);
    const Pair back = testing::on_both(
        [](Library& l, auto&... o) { return kernels::prelu_gradient(l, o...); }, x, g, slope);
    expect_same(y, "prelu");
    expect_same(back, "prelu, gradient");
    const auto group = groups(shape, {0});
    for (size_t i = 0; i < values(x.reference).size(); i += 7) {
      const auto channel = static_cast<int64_t>(i) / shape.strides()[1] % shape[1];
      const double at = values(x.reference)[i],
                   factor = at > 0 ? 1 : values(slope.reference)[static_cast<size_t>(channel)];
      EXPECT_DOUBLE_EQ(values(y.reference)[i], factor * at);
      EXPECT_DOUBLE_EQ(values(back.reference)[i], factor * values(g.reference)[i]);
    }
  }
}

}  // namespace
}  // namespace relevid
