// SPDX-License-Identifier: Apache-2.0
// Dense layers, averages and sums of oneDNN against the reference.
#include "kernels/differential.h"

namespace relevid {
namespace {

using kernels::AveragePoolSpec;
using kernels::DenseSpec;
using kernels::Extent;
using kernels::SumSpec;
using testing::LinearPair;
using testing::Random;

DenseSpec dense(int64_t in, int64_t out, bool has_bias, Random& random) {
  DenseSpec spec;
  spec.weight = testing::shared(random.signed_values(Shape{out, in}));
  if (has_bias) spec.bias = testing::shared(random.signed_values(Shape{out}));
  return spec;
}

TEST(Dense, AgreesOnEveryRank) {
  Random random(1);
  for (const Shape& input : {Shape{1, 7}, Shape{3, 40}, Shape{2, 5, 16}, Shape{2, 3, 2, 2, 9},
                             Shape{2, 17, 2, 3, 8}, Shape{2, 20, 3, 5}, Shape{1, 2, 2, 2, 2, 6}}) {
    for (const int64_t out : {1, 5, 32}) {
      for (const bool has_bias : {true, false}) {
        const DenseSpec spec = dense(input[input.rank() - 1], out, has_bias, random);
        LinearPair pair(spec, input, fmt::format("dense {} to {}", input.to_string(), out));
        pair.check_everything(random);
      }
    }
  }
}

TEST(Dense, AgreesWithEveryActivation) {
  Random random(2);
  LinearPair rows(dense(19, 13, true, random), Shape{3, 19}, "dense");
  LinearPair volume(dense(6, 7, true, random), Shape{2, 17, 2, 3, 6}, "dense over a volume");
  for (const auto& activation : testing::all_activations()) {
    rows.check_forward(activation, random);
    volume.check_forward(activation, random);
  }
}

struct Average {
  std::string name;
  Shape input;
  AveragePoolSpec spec;
};

std::vector<Average> averages() {
  const Extent one{1, 1, 1}, two{2, 2, 2}, three{3, 3, 3};
  return {
      {"plain", {2, 17, 4, 6, 6}, {two, two, one, {}, {}, {}, {}}},
      {"overlapping", {1, 5, 4, 5, 6}, {three, one, one, one, one, {}, {}}},
      {"padding counted", {1, 24, 4, 5, 6}, {three, {1, 2, 2}, one, one, one, one, one}},
      {"padding not counted", {1, 3, 4, 5, 6}, {three, {1, 2, 2}, one, one, one, {}, {}}},
      {"overhang", {2, 8, 5, 5, 5}, {two, two, one, {}, one, {}, {}}},
      {"overhang, padding counted", {1, 8, 5, 5, 5}, {three, two, one, one, {2, 2, 2}, one, one}},
      {"asymmetric", {1, 16, 4, 5, 5}, {{3, 2, 2}, one, one, {2, 0, 1}, {0, 1, 0}, {2, 0, 1}, {0, 1, 0}}},
      {"windows in padding", {1, 6, 2, 3, 2}, {two, one, one, {3, 2, 2}, {3, 3, 2}, {}, {}}},
      {"windows in counted padding", {1, 6, 2, 3, 2}, {two, one, one, three, three, three, three}},
      {"windows beyond what counts", {1, 17, 3, 3, 3}, {two, two, one, {}, three, {}, one}},
      {"strides beyond rows", {1, 17, 3, 4, 13}, {{1, 1, 2}, {1, 1, 5}, one, {}, {}, {}, {}}},
      {"flat image", {2, 17, 7, 6}, {{1, 3, 3}, {1, 2, 2}, one, {0, 1, 1}, {0, 1, 0}, {}, {}}},
      {"time alone", {1, 40, 6, 3, 3}, {{4, 1, 1}, {2, 1, 1}, one, {}, {}, {}, {}}},
  };
}

TEST(AveragePool, Agrees) {
  Random random(3);
  for (const auto& [name, input, spec] : averages()) {
    LinearPair pair(spec, input, "average: " + name);
    pair.check_everything(random);
    pair.check_forward({}, random);
    pair.check_forward({Activation::Kind::kSigmoid, 0, 0}, random);
  }
}

TEST(Sum, AgreesOverAnyAxes) {
  Random random(4);
  const std::vector<std::pair<Shape, std::vector<int64_t>>> cases = {
      {{2, 17, 3, 4, 5}, {2, 3, 4}},
      {{2, 17, 3, 4, 5}, {2}},
      {{2, 17, 3, 4, 5}, {3, 4}},
      {{2, 17, 3, 4, 5}, {1}},
      {{2, 17, 3, 4, 5}, {0}},
      {{3, 5, 3, 4, 5}, {0, 1, 2, 3, 4}},
      {{2, 3, 3, 4, 5}, {2, 3, 4}},
      {{2, 3, 3, 4, 5}, {1, 4}},
      {{2, 24, 5, 6}, {2, 3}},
      {{2, 24, 5, 6}, {3}},
      {{2, 24, 5, 6}, {1}},
      {{2, 24, 5, 6}, {1, 2, 3}},
      {{4, 7}, {1}},
      {{4, 7}, {0}},
      {{2, 3, 8}, {1, 2}},
      {{2, 3, 4, 2, 2, 3}, {2, 5}},
  };
  for (const auto& [input, axes] : cases) {
    for (const double scale : {1.0, -0.125}) {
      LinearPair pair(
          SumSpec{axes, scale}, input,
          fmt::format("{} times the sum of {} over {} axes", scale, input.to_string(), axes.size()));
      pair.check_everything(random);
      pair.check_forward({Activation::Kind::kRelu, 0, 0}, random);
    }
  }
}

TEST(Sum, OfManyValuesIsExactEnough) {
  const Shape input{64, 6, 4, 32, 32};
  Random random(5);
  const testing::Pair x = testing::libraries().upload(random.uniform(input, 0, 1));
  for (const std::vector<int64_t>& axes : {std::vector<int64_t>{0, 1, 2, 3, 4}, {2, 3, 4}}) {
    const auto want = testing::libraries().reference->prepare(SumSpec{axes, 1}, input, {});
    const auto have = testing::libraries().onednn->prepare(SumSpec{axes, 1}, input, {});
    testing::expect_same({want->forward(x.reference, {}), have->forward(x.onednn, {})}, "a long sum", 1e-5);
  }
}

TEST(Average, OfAWholeVolumeLosesNoDigits) {
  const Shape input{1, 20, 16, 112, 112};
  Random random(6);
  const testing::Pair x = testing::libraries().upload(random.uniform(input, 0, 1));
  const SumSpec mean{{2, 3, 4}, 1.0 / (16 * 112 * 112)};
  const auto want = testing::libraries().reference->prepare(mean, input, {});
  const auto have = testing::libraries().onednn->prepare(mean, input, {});
  testing::expect_same({want->forward(x.reference, {}), have->forward(x.onednn, {})}, "a mean", 1e-6);
}

}  // namespace
}  // namespace relevid
