// SPDX-License-Identifier: Apache-2.0
// Products of stacks of matrices.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "kernels/differential.h"
#include "relevid/error.h"

namespace relevid {
namespace {

using testing::expect_same;
using testing::libraries;
using testing::Pair;
using testing::Random;

TEST(Product, Agrees) {
  Random random(21);
  const std::vector<std::pair<Shape, Shape>> cases = {{{1, 1, 1}, {1, 1, 1}},   {{1, 5, 7}, {1, 7, 3}},
                                                      {{3, 17, 4}, {3, 4, 19}}, {{2, 1, 64}, {2, 64, 33}},
                                                      {{5, 33, 1}, {5, 1, 8}},  {{2, 49, 65}, {2, 65, 1}}};
  for (const auto& [left, right] : cases) {
    const std::string what = fmt::format("{} times {}", left.to_string(), right.to_string());
    const auto want = libraries().reference->prepare_product(left, right);
    const auto have = libraries().onednn->prepare_product(left, right);
    const Pair a = libraries().upload(random.signed_values(left)),
               b = libraries().upload(random.signed_values(right));
    const Pair s = libraries().upload(random.signed_values(Shape{left[0], left[1], right[2]}));
    expect_same({want->forward(a.reference, b.reference), have->forward(a.onednn, b.onednn)}, what);
    expect_same({want->by_left(s.reference, b.reference), have->by_left(s.onednn, b.onednn)},
                what + ", by the left");
    expect_same({want->by_right(a.reference, s.reference), have->by_right(a.onednn, s.onednn)},
                what + ", by the right");
  }
}

TEST(Product, IsTheProductOfMatrices) {
  for (auto* library : {libraries().reference.get(), libraries().onednn.get()}) {
    const auto product = library->prepare_product(Shape{1, 2, 2}, Shape{1, 2, 1});
    const auto a = library->upload(Tensor::from(Shape{1, 2, 2}, std::vector<float>{1, 2, 3, 4}));
    const auto b = library->upload(Tensor::from(Shape{1, 2, 1}, std::vector<float>{10, 1}));
    const auto values = [&](const kernels::Buffer& x) { return library->download(x).as_doubles(); };
    EXPECT_EQ(values(product->forward(a, b)), (std::vector<double>{12, 34}));
    EXPECT_EQ(values(product->by_left(b, b)), (std::vector<double>{100, 10, 10, 1}));
    EXPECT_EQ(values(product->by_right(a, b)), (std::vector<double>{13, 24}));
  }
}

TEST(Product, RefusesMatricesThatDoNotFit) {
  for (auto* library : {libraries().reference.get(), libraries().onednn.get()}) {
    EXPECT_THROW(library->prepare_product(Shape{1, 2, 3}, Shape{1, 2, 3}), Error);
    EXPECT_THROW(library->prepare_product(Shape{1, 2, 3}, Shape{2, 3, 3}), Error);
    EXPECT_THROW(library->prepare_product(Shape{2, 3}, Shape{3, 3}), Error);
  }
}

}  // namespace
}  // namespace relevid
