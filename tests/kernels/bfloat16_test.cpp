// SPDX-License-Identifier: Apache-2.0
// Convolutions that multiply bf16 numbers are the reference's with operands rounded to bf16.
#include <bit>
#include <functional>

#include "kernels/convolution_cases.h"
#include "kernels/differential.h"
#include "support/devices.h"

namespace relevid {
namespace {

using kernels::Buffer;
using testing::Random;
using Case = testing::ConvolutionCase;

/// To the nearest of bf16's numbers, the even one in a tie.
Tensor rounded(const Tensor& tensor) {
  Tensor result = tensor.clone();
  for (float& value : result.values<float>()) {
    const auto bits = std::bit_cast<uint32_t>(value);
    value = std::bit_cast<float>((bits + 0x7FFFU + (bits >> 16 & 1U)) & 0xFFFF0000U);
  }
  return result;
}

kernels::Library& bfloat16_library() {
  static const auto library = [] {
    setenv("RELEVID_EMULATE_BF16", "1", 1);
    auto made = testing::library_under_test(0, Precision::kBfloat16);
    unsetenv("RELEVID_EMULATE_BF16");
    return made;
  }();
  return *library;
}

/// Without AVX-512 there is nothing to emulate with.
bool can_emulate() {
  setenv("RELEVID_EMULATE_BF16", "1", 1);
  const bool result = computes_bfloat16();
  unsetenv("RELEVID_EMULATE_BF16");
  return result;
}

/// Of a layer: its spec, and the same with rounded weights.
struct Layer {
  Layer(const Case& c, Random& random) : spec(spec_of(c, random)), rounded_spec(spec), input(c.input) {
    rounded_spec.weight = std::make_shared<const Tensor>(rounded(*spec.weight));
  }
  kernels::ConvolutionSpec spec, rounded_spec;
  Shape input;
};

/// `operation(map, operand)` of the layer in bf16, and of the reference with what it multiplies rounded.
void expect_rounded_operands(const Layer& layer, const Tensor& operand, const std::string& what,
                             const std::function<Buffer(kernels::LinearMap&, const Buffer&)>& operation) {
  kernels::Library &bf16 = bfloat16_library(), &oracle = *testing::libraries().reference;
  const auto map = bf16.prepare(layer.spec, layer.input, {});
  const auto expected = oracle.prepare(layer.rounded_spec, layer.input, {});
  const auto have = bf16.download(operation(*map, bf16.upload(operand))).as_doubles();
  const auto want = oracle.download(operation(*expected, oracle.upload(rounded(operand)))).as_doubles();
  testing::expect_near(want, have, testing::kTolerance, what);
}

std::vector<double> outputs(kernels::Library& library, const kernels::ConvolutionSpec& spec,
                            const Tensor& x) {
  return library.download(library.prepare(spec, x.shape(), {})->forward(library.upload(x), {})).as_doubles();
}

class Bfloat16Layers : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    if (!can_emulate()) GTEST_SKIP() << "this processor has neither bf16 instructions nor AVX-512";
  }
};

TEST_P(Bfloat16Layers, RoundWhatTheyMultiply) {
  Random random(31);
  const Case& c = GetParam();
  const Layer layer(c, random);
  const Tensor x = random.signed_values(c.input);
  const Tensor s = random.signed_values(kernels::output_shape(layer.spec, c.input));
  using Kind = kernels::WeightTransform::Kind;
  expect_rounded_operands(layer, x, c.name + " forward",
                          [](auto& map, const Buffer& b) { return map.forward(b, {}); });
  for (const Kind kind : {Kind::kAsIs, Kind::kPositive, Kind::kNegative}) {
    expect_rounded_operands(layer, x, c.name + " apply", [&](auto& map, const Buffer& b) {
      return map.apply(b, {kind}, {kernels::BiasPart::Kind::kAll});
    });
    expect_rounded_operands(layer, s, c.name + " adjoint",
                            [&](auto& map, const Buffer& b) { return map.adjoint(b, {kind}); });
  }
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, Bfloat16Layers,
    ::testing::Values(
        Case{"cube", {2, 32, 4, 6, 7}, 48, 1, {3, 3, 3}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}},
        Case{"point", {1, 24, 2, 5, 5}, 17, 1, {1, 1, 1}},
        Case{"odd_channels", {1, 17, 3, 5, 6}, 40, 1, {1, 3, 3}, {1, 1, 1}, {1, 1, 1}, {0, 1, 1}, {0, 1, 1}},
        Case{"strided", {1, 16, 5, 9, 9}, 32, 1, {3, 3, 3}, {2, 2, 2}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}},
        Case{"temporal", {1, 64, 6, 4, 4}, 64, 1, {3, 1, 1}, {1, 1, 1}, {1, 1, 1}, {1, 0, 0}, {1, 0, 0}},
        Case{"image", {2, 20, 9, 8}, 36, 1, {1, 3, 3}, {1, 1, 1}, {1, 1, 1}, {0, 1, 1}, {0, 1, 1}}),
    testing::name_of);

/// A stem's denominators under zB are small differences of large sums.
TEST(Bfloat16, LeavesStemsInFloat32) {
  const Case c{"stem", {1, 3, 4, 8, 8}, 16, 1, {3, 3, 3}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}};
  Random random(32);
  const kernels::ConvolutionSpec spec = spec_of(c, random);
  const Tensor x = random.signed_values(c.input);
  testing::expect_near(outputs(*testing::libraries().reference, spec, x),
                       outputs(bfloat16_library(), spec, x), testing::kTolerance, "stem");
}

TEST(Bfloat16, FollowsWeightsThatChange) {
  const Case c{"changing", {1, 32, 2, 6, 6}, 16,        1,         {3, 3, 3},
               {1, 1, 1},  {1, 1, 1},        {1, 1, 1}, {1, 1, 1}, false};
  Random random(33);
  const kernels::ConvolutionSpec spec = spec_of(c, random);
  const auto map = bfloat16_library().prepare(spec, c.input, {});
  const Buffer x = bfloat16_library().upload(random.signed_values(c.input));
  const double before = testing::absolute_sums_of(bfloat16_library(), map->forward(x, {}))[0];
  for (float& value : std::const_pointer_cast<Tensor>(spec.weight)->values<float>()) value *= 2;
  map->parameters_changed();
  EXPECT_DOUBLE_EQ(testing::absolute_sums_of(bfloat16_library(), map->forward(x, {}))[0], 2 * before);
}

TEST(Bfloat16, IsFloat32WhereTheProcessorHasNone) {
  if (computes_bfloat16()) GTEST_SKIP() << "this processor has bf16 instructions";
  const Case c{"plain", {1, 32, 2, 6, 6}, 16, 1, {3, 3, 3}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}};
  Random random(34);
  const kernels::ConvolutionSpec spec = spec_of(c, random);
  const Tensor x = random.signed_values(c.input);
  EXPECT_EQ(outputs(*testing::library_under_test(0, Precision::kBfloat16), spec, x),
            outputs(*testing::libraries().onednn, spec, x));
  EXPECT_EQ(precision_here(Precision::kBfloat16), Precision::kFloat32);
  EXPECT_NE(precision_note(Precision::kBfloat16), "");
  EXPECT_EQ(precision_note(Precision::kFloat32), "");
}

}  // namespace
}  // namespace relevid
