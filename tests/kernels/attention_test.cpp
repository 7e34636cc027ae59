// SPDX-License-Identifier: Apache-2.0
// Attention in blocks: the reference by the operations that it is made of and by finite differences, oneDNN
// against it.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "kernels/composed.h"
#include "kernels/differential.h"
#include "relevid/error.h"

namespace relevid {
namespace {

using kernels::AttentionMap;
using kernels::AttentionSpec;
using kernels::Buffer;
using kernels::Library;
using testing::expect_near;
using testing::expect_same;
using testing::libraries;
using testing::Pair;
using testing::Random;
using Operands = AttentionMap::Operands;

struct Case {
  int64_t stack, rows, inner, keys, columns;
  std::vector<std::pair<int64_t, int64_t>> biases;  ///< period and repeat
  bool computed_bias;
};

const std::vector<Case> kCases = {
    {1, 1, 1, 1, 1, {}, false},       {2, 5, 4, 7, 3, {}, false},
    {3, 64, 8, 33, 8, {}, false},     {1, 200, 6, 70, 5, {}, false},
    {6, 9, 4, 9, 4, {{3, 1}}, false}, {12, 10, 4, 10, 4, {{3, 1}, {2, 3}}, false},
    {4, 67, 5, 20, 6, {}, true},      {2, 130, 16, 65, 16, {{1, 1}}, true},
};

std::string name_of(const Case& c) {
  return fmt::format("attention of {} x {} x {} and {} keys of {} with {} biases{}", c.stack, c.rows, c.inner,
                     c.keys, c.columns, c.biases.size(), c.computed_bias ? " and a computed one" : "");
}

AttentionSpec spec_of(const Case& c, Random& random) {
  AttentionSpec spec{0.7, {}};
  for (const auto& [period, repeat] : c.biases)
    spec.biases.push_back(
        {std::make_shared<Tensor>(random.uniform(Shape{period, c.rows, c.keys}, -1, 1)), repeat});
  return spec;
}

struct Values {
  Tensor q, k, v, bias, g, s;
};
Values values_of(const Case& c, Random& random) {
  return {random.uniform(Shape{c.stack, c.rows, c.inner}, -1, 1),
          random.uniform(Shape{c.stack, c.inner, c.keys}, -1, 1),
          random.signed_values(Shape{c.stack, c.keys, c.columns}),
          random.uniform(Shape{c.stack, c.rows, c.keys}, -1, 1),
          random.signed_values(Shape{c.stack, c.rows, c.columns}),
          random.signed_values(Shape{c.stack, c.rows, 2})};
}

Operands upload(Library& library, const Case& c, const Values& x) {
  return {library.upload(x.q), library.upload(x.k), library.upload(x.v),
          c.computed_bias ? library.upload(x.bias) : Buffer{}};
}

std::unique_ptr<AttentionMap> prepare(Library& library, const AttentionSpec& spec, const Values& x) {
  return library.prepare_attention(spec, x.q.shape(), x.k.shape(), x.v.shape());
}

TEST(Attention, Agrees) {
  Random random(41);
  for (const Case& c : kCases) {
    const AttentionSpec spec = spec_of(c, random);
    const Values x = values_of(c, random);
    Library &exact = *libraries().reference, &fast = *libraries().onednn;
    const auto want = prepare(exact, spec, x), have = prepare(fast, spec, x);
    const Operands at_want = upload(exact, c, x), at_have = upload(fast, c, x);
    const Pair g = libraries().upload(x.g), s = libraries().upload(x.s);
    expect_same({want->forward(at_want), have->forward(at_have)}, name_of(c));
    expect_same({want->by_values(at_want, s.reference), have->by_values(at_have, s.onednn)},
                name_of(c) + ", by values");
    expect_same({want->by_positive_gradient(at_want, g.reference, s.reference),
                 have->by_positive_gradient(at_have, g.onednn, s.onednn)},
                name_of(c) + ", by the positive gradient");
    const Operands by_want = want->gradient(at_want, g.reference),
                   by_have = have->gradient(at_have, g.onednn);
    expect_same({by_want.q, by_have.q}, name_of(c) + ", gradient by queries", 1e-5);
    expect_same({by_want.k, by_have.k}, name_of(c) + ", gradient by keys", 1e-5);
    expect_same({by_want.v, by_have.v}, name_of(c) + ", gradient by values", 1e-5);
    EXPECT_EQ(static_cast<bool>(by_have.bias), c.computed_bias);
    if (c.computed_bias)
      expect_same({by_want.bias, by_have.bias}, name_of(c) + ", gradient by the bias", 1e-5);
  }
}

/// Weights, written out with products and a softmax.
Buffer weights_of(Library& library, const AttentionSpec& spec, const Operands& x) {
  const auto product = library.prepare_product(x.q.shape(), x.k.shape());
  Buffer scores = product->forward(x.q, x.k);
  scores = library.add(library.filled(scores.shape(), 0), scores, spec.scale);
  if (x.bias) scores = library.add(scores, x.bias, 1);
  const Shape& shape = scores.shape();
  for (const AttentionSpec::Bias& bias : spec.biases) {
    std::vector<double> all;
    const auto given = bias.values->as_doubles();
    const int64_t each = shape[1] * shape[2];
    for (int64_t s = 0; s < shape[0]; ++s) {
      const auto from = given.begin() + bias.of(s) * each;
      all.insert(all.end(), from, from + each);
    }
    scores = library.add(scores, library.upload(Tensor::from(shape, all)), 1);
  }
  return kernels::SoftmaxMap(library, shape, 2).forward(scores);
}

TEST(Attention, IsProductsAndASoftmax) {
  Random random(42);
  Library& library = *libraries().reference;
  const auto numbers = [&](const Buffer& x) { return library.download(x).as_doubles(); };
  for (const Case& c : kCases) {
    const AttentionSpec spec = spec_of(c, random);
    const Values values = values_of(c, random);
    const Operands x = upload(library, c, values);
    const auto map = prepare(library, spec, values);
    const Buffer weights = weights_of(library, spec, x), s = library.upload(values.s),
                 g = library.upload(values.g);
    const auto weighted = library.prepare_product(weights.shape(), x.v.shape());
    expect_near(numbers(weighted->forward(weights, x.v)), numbers(map->forward(x)), 1e-12, name_of(c));
    const auto back = library.prepare_product(weights.shape(), Shape{c.stack, c.keys, 2});
    expect_near(numbers(back->by_right(weights, s)), numbers(map->by_values(x, s)), 1e-12, name_of(c));
    const Buffer positive =
        library.part(library.multiply(weights, weighted->by_left(g, x.v)), kernels::Sign::kPositive);
    expect_near(numbers(back->by_right(positive, s)), numbers(map->by_positive_gradient(x, g, s)), 1e-12,
                name_of(c));
  }
}

/// By central differences, of the reference.
TEST(Attention, HasItsSlope) {
  Random random(43);
  Library& library = *libraries().reference;
  for (const Case& c : kCases) {
    if (c.stack * c.rows * c.keys > 2000) continue;
    const AttentionSpec spec = spec_of(c, random);
    Values x = values_of(c, random);
    const auto map = prepare(library, spec, x);
    const Operands by = map->gradient(upload(library, c, x), library.upload(x.g));
    const auto g = x.g.as_doubles();
    const auto score = [&] {
      const auto y = library.download(map->forward(upload(library, c, x))).as_doubles();
      double sum = 0;
      for (size_t i = 0; i < y.size(); ++i) sum += g[i] * y[i];
      return sum;
    };
    const auto expect_slope = [&](Tensor& operand, const Buffer& gradient, const char* which) {
      const auto have = library.download(gradient).as_doubles();
      operand = operand.cast(DType::kF64);
      for (size_t at = 0; at < have.size(); at += 1 + have.size() / 8) {
        double& value = operand.values<double>()[at];
        const double was = value;
        value = was + 1e-5;
        const double above = score();
        value = was - 1e-5;
        EXPECT_NEAR(have[at], (above - score()) / 2e-5, 1e-6)
            << name_of(c) << " by " << which << " at " << at;
        value = was;
      }
    };
    expect_slope(x.q, by.q, "queries");
    expect_slope(x.k, by.k, "keys");
    expect_slope(x.v, by.v, "values");
    if (c.computed_bias) expect_slope(x.bias, by.bias, "the bias");
  }
}

/// Scores that float32 could not raise e to, and masks.
TEST(Attention, OfLargeScoresIsFinite) {
  for (auto* library : {libraries().reference.get(), libraries().onednn.get()}) {
    AttentionSpec spec{1, {}};
    spec.biases.push_back(
        {std::make_shared<Tensor>(Tensor::from(Shape{1, 1, 3}, std::vector<float>{0, 0, -1e30F})), 1});
    const auto map = library->prepare_attention(spec, Shape{1, 1, 1}, Shape{1, 1, 3}, Shape{1, 3, 1});
    const Buffer q = library->upload(Tensor::from(Shape{1, 1, 1}, std::vector<float>{1e4F}));
    const Buffer k = library->upload(Tensor::from(Shape{1, 1, 3}, std::vector<float>{-1, 1, 2}));
    const Buffer v = library->upload(Tensor::from(Shape{1, 3, 1}, std::vector<float>{5, 7, 11}));
    EXPECT_EQ(library->download(map->forward({q, k, v, {}})).as_doubles(), (std::vector<double>{7}));
  }
}

TEST(Attention, RefusesOperandsThatDoNotFit) {
  for (auto* library : {libraries().reference.get(), libraries().onednn.get()}) {
    const auto prepared = [&](const Shape& q, const Shape& k, const Shape& v) {
      return library->prepare_attention({1, {}}, q, k, v);
    };
    EXPECT_THROW(prepared(Shape{1, 2, 3}, Shape{1, 4, 5}, Shape{1, 5, 3}), Error);
    EXPECT_THROW(prepared(Shape{1, 2, 3}, Shape{1, 3, 5}, Shape{1, 4, 3}), Error);
    EXPECT_THROW(prepared(Shape{1, 2, 3}, Shape{2, 3, 5}, Shape{1, 5, 3}), Error);
    EXPECT_THROW(prepared(Shape{2, 3}, Shape{3, 5}, Shape{5, 3}), Error);
    AttentionSpec biased{1, {}};
    biased.biases.push_back({std::make_shared<Tensor>(Shape{1, 2, 4}, DType::kF32), 1});
    EXPECT_THROW(library->prepare_attention(biased, Shape{1, 2, 3}, Shape{1, 3, 5}, Shape{1, 5, 3}), Error);
  }
}

/// The same bits whatever the number of threads: sums over queries are added up in one order.
TEST(Attention, DoesNotDependOnThreads) {
  Random random(44);
  const Case c{1, 300, 8, 40, 8, {}, false};
  const Values x = values_of(c, random);
  std::vector<std::vector<double>> results;
  for (const int threads : {1, 2}) {
    const auto library = kernels::make_library("cpu", {threads});
    const auto map = prepare(*library, {0.3, {}}, x);
    const Operands by = map->gradient(upload(*library, c, x), library->upload(x.g));
    results.push_back(library->download(by.k).as_doubles());
  }
  EXPECT_EQ(results[0], results[1]);
}

}  // namespace
}  // namespace relevid
