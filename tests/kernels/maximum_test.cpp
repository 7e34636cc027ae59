// SPDX-License-Identifier: Apache-2.0
// Maxima of oneDNN against the reference, ties above all: which input wins decides where relevance goes.
#include "kernels/differential.h"

namespace relevid {
namespace {

using kernels::Buffer;
using kernels::Extent;
using kernels::MaxAxesSpec;
using kernels::MaxSpec;
using kernels::MaxWindowSpec;
using testing::Pair;
using testing::Random;

void check(const MaxSpec& spec, const Tensor& values, const std::string& what, Random& random) {
  const Shape& input = values.shape();
  const auto plain = testing::libraries().reference->prepare_max(spec, input);
  const auto fast = testing::libraries().onednn->prepare_max(spec, input);
  const Pair x = testing::libraries().upload(values);
  const Pair g = testing::libraries().upload(random.signed_values(kernels::output_shape(spec, input)));
  Pair winners;
  testing::expect_same({plain->forward(x.reference, nullptr), fast->forward(x.onednn, nullptr)}, what, 0);
  testing::expect_same(
      {plain->forward(x.reference, &winners.reference), fast->forward(x.onednn, &winners.onednn)},
      what + ", winners remembered", 0);
  testing::expect_same({plain->route(g.reference, winners.reference), fast->route(g.onednn, winners.onednn)},
                       what + ", routed", 1e-6);
  testing::expect_same({plain->pick(x.reference, winners.reference), fast->pick(x.onednn, winners.onednn)},
                       what + ", picked", 0);
  testing::expect_same({plain->share(g.reference), fast->share(g.onednn)}, what + ", shared", 1e-6);
}

struct Case {
  std::string name;
  Shape input;
  MaxSpec spec;
};

std::vector<Case> cases() {
  const Extent one{1, 1, 1}, two{2, 2, 2}, three{3, 3, 3};
  return {
      {"plain", {2, 17, 4, 6, 6}, MaxWindowSpec{two, two, one, {}, {}}},
      {"first pool of C3D", {1, 64, 4, 6, 6}, MaxWindowSpec{{1, 2, 2}, {1, 2, 2}, one, {}, {}}},
      {"last pool of C3D", {1, 24, 2, 7, 7}, MaxWindowSpec{two, two, one, {0, 1, 1}, {0, 1, 1}}},
      {"padded, overlapping", {2, 5, 4, 7, 6}, MaxWindowSpec{three, two, one, one, one}},
      {"few channels", {2, 3, 4, 5, 5}, MaxWindowSpec{three, {1, 2, 2}, one, one, one}},
      {"one channel", {1, 1, 3, 5, 5}, MaxWindowSpec{three, one, one, one, one}},
      {"wide rows", {1, 17, 3, 4, 19}, MaxWindowSpec{three, one, one, one, one}},
      {"wide rows, strides", {1, 17, 4, 5, 38}, MaxWindowSpec{three, {1, 2, 2}, one, one, one}},
      {"strides beyond rows", {1, 17, 5, 6, 13}, MaxWindowSpec{{3, 1, 1}, {1, 1, 3}, one, {}, {}}},
      {"strides beyond rows, padded", {1, 17, 4, 6, 13}, MaxWindowSpec{{3, 3, 2}, {1, 1, 4}, one, one, one}},
      {"overhang", {1, 16, 5, 5, 5}, MaxWindowSpec{two, two, one, {}, one}},
      {"asymmetric", {1, 8, 4, 5, 6}, MaxWindowSpec{three, {1, 2, 1}, one, {2, 0, 1}, {0, 2, 1}}},
      {"dilated", {1, 6, 5, 7, 7}, MaxWindowSpec{two, one, {1, 2, 3}, {}, {}}},
      {"dilated, padded", {1, 17, 5, 7, 7}, MaxWindowSpec{three, two, {1, 2, 2}, {1, 2, 2}, {1, 2, 2}}},
      {"flat image", {2, 17, 7, 6}, MaxWindowSpec{{1, 3, 3}, {1, 2, 2}, one, {0, 1, 1}, {0, 1, 1}}},
      {"wide window", {1, 9, 5, 9, 9}, MaxWindowSpec{{5, 9, 9}, one, one, {1, 2, 2}, {1, 2, 2}}},
      {"overlapping, asymmetric", {1, 40, 6, 5, 9}, MaxWindowSpec{three, one, one, {2, 0, 1}, {0, 2, 1}}},
      {"overlapping, flat image", {2, 17, 7, 9}, MaxWindowSpec{{1, 3, 3}, one, one, {0, 1, 1}, {0, 1, 1}}},
      {"overlapping, frames alone",
       {2, 17, 9, 3, 4},
       MaxWindowSpec{{5, 1, 1}, one, one, {2, 0, 0}, {2, 0, 0}}},
      {"overlapping, dilated", {1, 17, 9, 8, 9}, MaxWindowSpec{three, one, {2, 2, 1}, {2, 1, 1}, {1, 2, 1}}},
      {"overlapping, dilated by more than padding",
       {1, 17, 9, 8, 9},
       MaxWindowSpec{three, one, {2, 2, 1}, one, one}},
      {"overlapping, dilated by three",
       {2, 17, 11, 8, 4},
       MaxWindowSpec{three, one, {3, 1, 1}, one, {2, 1, 1}}},
      {"overlapping, fewer frames than a window",
       {1, 17, 4, 4, 5},
       MaxWindowSpec{{2, 3, 1}, one, {64, 1, 1}, {64, 1, 0}, {0, 1, 0}}},
      {"overlapping, narrow", {1, 17, 5, 6, 4}, MaxWindowSpec{three, one, one, {1, 1, 0}, {1, 1, 0}}},
      {"over space and time", {2, 17, 3, 4, 5}, MaxAxesSpec{{2, 3, 4}}},
      {"over channels", {2, 17, 3, 4, 5}, MaxAxesSpec{{1}}},
      {"over rows of a matrix", {4, 9}, MaxAxesSpec{{1}}},
      {"over the batch", {3, 5, 2, 2, 2}, MaxAxesSpec{{0, 2}}},
  };
}

TEST(Maximum, AgreesOnDifferentValues) {
  Random random(1);
  for (const auto& [name, input, spec] : cases()) check(spec, random.uniform(input, -2, 1), name, random);
}

TEST(Maximum, FirstInRowMajorOrderWinsTies) {
  Random random(2);
  for (const auto& [name, input, spec] : cases()) {
    check(spec, random.coarse(input, 2), name + ", two levels", random);
    check(spec, random.coarse(input, 4), name + ", four levels", random);
    check(spec, random.rectified(input), name + ", rectified", random);
  }
}

TEST(Maximum, FirstWinsWhereAllAreEqual) {
  Random random(3);
  for (const auto& [name, input, spec] : cases()) {
    check(spec, Tensor(input, DType::kF32), name + ", all 0", random);
    check(spec, random.uniform(input, -3, std::nextafter(-3.0F, 0.0F)), name + ", all negative", random);
  }
}

TEST(Maximum, PaddingNeverWins) {
  const Shape input{1, 5, 2, 3, 3};
  const MaxWindowSpec spec{{3, 3, 3}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}};
  Random random(4);
  const auto fast = testing::libraries().onednn->prepare_max(spec, input);
  const Tensor y = testing::libraries().onednn->download(
      fast->forward(testing::libraries().onednn->upload(random.uniform(input, -5, -4)), nullptr));
  for (const double value : y.as_doubles()) EXPECT_LT(value, -3.9);
}

TEST(Maximum, SharingIsEvenOverTheTapsInside) {
  const MaxWindowSpec spec{{1, 1, 2}, {1, 1, 2}, {1, 1, 1}, {0, 0, 1}, {0, 0, 0}};
  const Shape input{1, 1, 1, 1, 3};
  for (kernels::Library* library :
       {testing::libraries().reference.get(), testing::libraries().onednn.get()}) {
    const auto map = library->prepare_max(spec, input);
    const Buffer g = library->upload(Tensor::from(Shape{1, 1, 1, 1, 2}, std::vector<float>{3, 4}));
    EXPECT_EQ(library->download(map->share(g)).as_doubles(), (std::vector<double>{3, 2, 2}))
        << library->name();
  }
}

}  // namespace
}  // namespace relevid
