// SPDX-License-Identifier: Apache-2.0
// Sparse convolutions by themselves, also where another kernel would be chosen: when they are hangs on what
// they cost.
#include "kernels/onednn/sparse_convolution.h"

#include <algorithm>
#include <iterator>

#include "kernels/convolution_cases.h"
#include "kernels/differential.h"

namespace relevid {
namespace {

using kernels::onednn::Device;
using kernels::onednn::SparseConvolution;
using testing::Random;
using Case = testing::ConvolutionCase;
using Kind = kernels::WeightTransform::Kind;

class SparseConvolutionsAlone : public ::testing::TestWithParam<Case> {};

TEST_P(SparseConvolutionsAlone, AgreeWithTheReference) {
  const Case& c = GetParam();
  Random random(11);
  const kernels::ConvolutionSpec spec = spec_of(c, random);
  Device device(2, false);
  const auto sparse = SparseConvolution::make(device, spec, c.input);
  ASSERT_EQ(sparse != nullptr, kernels::onednn::sparse_lanes(device.block()) != nullptr);
  if (!sparse) return;  // not on this processor
  const auto plain = testing::libraries().reference->prepare(spec, c.input, {});
  kernels::Library &reference = *testing::libraries().reference, &onednn = *testing::libraries().onednn;
  const testing::Pair x = testing::libraries().upload(random.signed_values(c.input));
  const Shape output = kernels::output_shape(kernels::LinearSpec(spec), c.input);
  const std::vector<float> none(static_cast<size_t>(c.channels_out), 0.0F);
  const float* bias = spec.bias ? spec.bias->values<float>().data() : none.data();
  std::vector<kernels::WeightTransform> transforms{{Kind::kPositive}, {Kind::kAsIs}, {Kind::kAbsolute}};
  if (c.channels_out > 128) transforms.resize(1);  // large ones, for which the reference takes seconds
  for (const int one_in : {3, 50}) {
    const Tensor thin = testing::thinned(random.signed_values(output), one_in, random);
    const testing::Pair r = testing::libraries().upload(thin);
    for (const kernels::WeightTransform& weight : transforms) {
      const std::string what =
          fmt::format("{}, one output in {}, transform {}", c.name, one_in, static_cast<int>(weight.kind));
      testing::expect_same({plain->adjoint(r.reference, weight), sparse->adjoint(r.onednn, weight)},
                           what + ", adjoint");
      auto want =
          reference.download(plain->apply(x.reference, weight, {kernels::BiasPart::Kind::kAll})).as_doubles();
      const auto counts = thin.as_doubles();
      for (size_t i = 0; i < want.size(); ++i) want[i] = counts[i] != 0 ? want[i] : 0;
      testing::expect_near(
          want, onednn.download(sparse->apply_where(x.onednn, r.onednn, weight, bias)).as_doubles(),
          testing::kTolerance, what + ", apply_where");
    }
  }
}

/// More channels than a sparse convolution takes at a time, more rows of weights than a chunk, more positions
/// than a tile.
std::vector<Case> large_ones() {
  const kernels::Extent one{1, 1, 1};
  return {{"wide", {1, 256, 2, 5, 6}, 150},
          {"frames", {1, 96, 4, 5, 6}, 140, 1, {3, 1, 1}, one, one, {1, 0, 0}, {1, 0, 0}},
          {"tiles", {1, 80, 2, 18, 20}, 130, 1, {1, 3, 3}, one, one, {0, 1, 1}, {0, 1, 1}}};
}

/// Those of the grids that it takes.
std::vector<Case> of_grids() {
  std::vector<Case> cases = testing::kernels_and_channels();
  std::ranges::copy(testing::geometries(), std::back_inserter(cases));
  std::erase_if(cases, [](const Case& c) { return c.groups > 1 || c.input[1] < 16; });
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Grid, SparseConvolutionsAlone, ::testing::ValuesIn(of_grids()), testing::name_of);
INSTANTIATE_TEST_SUITE_P(Large, SparseConvolutionsAlone, ::testing::ValuesIn(large_ones()), testing::name_of);

}  // namespace
}  // namespace relevid
