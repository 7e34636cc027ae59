// SPDX-License-Identifier: Apache-2.0
// Convolutions of oneDNN against the reference, over a grid of shapes.
#include "kernels/convolution_cases.h"
#include "kernels/differential.h"

namespace relevid {
namespace {

using testing::LinearPair;
using testing::Random;
using Case = testing::ConvolutionCase;

class Convolutions : public ::testing::TestWithParam<Case> {};

TEST_P(Convolutions, ApplyAdjointAndBias) {
  Random random(7);
  LinearPair(spec_of(GetParam(), random), GetParam().input, GetParam().name).check_everything(random);
}

TEST_P(Convolutions, ForwardWithEveryActivation) {
  Random random(8);
  LinearPair pair(spec_of(GetParam(), random), GetParam().input, GetParam().name);
  for (const auto& activation : testing::all_activations()) pair.check_forward(activation, random);
}

TEST_P(Convolutions, ForwardWithResidual) {
  using Kind = kernels::ActivationSpec::Kind;
  const Case& c = GetParam();
  const bool depthwise = c.groups > 1 && c.groups == c.input[1] && c.channels_out == c.input[1];
  if (depthwise) return;  // the network adds residuals inside ungrouped convolutions alone
  Random random(9);
  LinearPair pair(spec_of(c, random), c.input, c.name);
  for (const kernels::ActivationSpec& activation : {kernels::ActivationSpec{Kind::kNone, 0, 0},
                                                    {Kind::kRelu, 0, 0},
                                                    {Kind::kClip, 0.125, 0.375},
                                                    {Kind::kSigmoid, 0, 0}}) {
    pair.check_forward_with_residual(activation, random);
  }
}

INSTANTIATE_TEST_SUITE_P(Grid, Convolutions, ::testing::ValuesIn(testing::kernels_and_channels()),
                         testing::name_of);
INSTANTIATE_TEST_SUITE_P(Geometry, Convolutions, ::testing::ValuesIn(testing::geometries()),
                         testing::name_of);
INSTANTIATE_TEST_SUITE_P(Groups, Convolutions, ::testing::ValuesIn(testing::grouped()), testing::name_of);

}  // namespace
}  // namespace relevid
