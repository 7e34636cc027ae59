// SPDX-License-Identifier: Apache-2.0
// Convolutions of oneDNN against the reference, over a grid of shapes.
#include "kernels/convolution_cases.h"
#include "kernels/differential.h"
#include "support/sanitized.h"

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
  using Kind = Activation::Kind;
  const Case& c = GetParam();
  const bool depthwise = c.groups > 1 && c.groups == c.input[1] && c.channels_out == c.input[1];
  if (depthwise) return;  // the network adds residuals inside ungrouped convolutions alone
  Random random(9);
  LinearPair pair(spec_of(c, random), c.input, c.name);
  for (const Activation& activation : {Activation{Kind::kIdentity, 0, 0},
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

/// Large enough for Winograd's filtering, which small layers of the grid above are not.
TEST(WinogradConvolutions, AgreeWithTheReference) {
  const kernels::Extent one{1, 1, 1}, in_space{0, 1, 1};
  const Case cases[] = {{"cube", {1, 17, 3, 14, 15}, 24, 1, {3, 3, 3}, one, one, one, one},
                        {"space", {1, 48, 4, 12, 13}, 30, 1, {1, 3, 3}, one, one, in_space, in_space},
                        {"without padding", {2, 24, 3, 16, 14}, 32, 1, {2, 3, 3}, one, one, {}, {}},
                        {"strided and dilated in time",
                         {1, 20, 9, 14, 14},
                         25,
                         1,
                         {3, 3, 3},
                         {2, 1, 1},
                         {2, 1, 1},
                         {2, 1, 1},
                         {1, 1, 1}},
                        {"image", {3, 64, 17, 18}, 24, 1, {1, 3, 3}, one, one, in_space, in_space, false}};
  using Kind = kernels::WeightTransform::Kind;
  const std::vector<kernels::WeightTransform> weights{{Kind::kAsIs}, {Kind::kPositive}, {Kind::kNegative}};
  Random random(14);
  for (const Case& c : cases) {
    LinearPair pair(spec_of(c, random), c.input, c.name);
    pair.check_passes(weights, random);
    pair.check_forward({}, random);
    pair.check_forward({Activation::Kind::kRelu, 0, 0}, random);
    pair.check_forward({Activation::Kind::kClip, 0.125, 0.375}, random);
    pair.check_forward_with_residual({Activation::Kind::kRelu, 0, 0}, random);
  }
}

/// Many frames are taken in several goes.
TEST(WinogradConvolutions, GiveEachClipOfABatchWhatItHasAlone) {
  const Case c{"batch", {3, 64, 8, 56, 56}, 32, 1, {3, 3, 3}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}};
  Random random(15);
  const kernels::ConvolutionSpec spec = spec_of(c, random);
  kernels::Library& library = *testing::libraries().onednn;
  const Shape alone{1, 64, 8, 56, 56}, output{3, 32, 8, 56, 56};
  const Tensor x = random.signed_values(c.input), s = random.signed_values(output);
  const auto together = library.prepare(spec, c.input, {}), single = library.prepare(spec, alone, {});
  const auto y = library.download(together->forward(library.upload(x), {})).as_doubles(),
             back = library.download(together->adjoint(library.upload(s), {})).as_doubles();
  for (int64_t n = 0; n < 3; ++n) {
    const auto item = [&](const Tensor& all) {
      Shape shape = all.shape();
      shape[0] = 1;
      Tensor part(shape, DType::kF32);
      std::copy_n(all.values<float>().begin() + n * shape.elements(), shape.elements(),
                  part.values<float>().begin());
      return part;
    };
    const auto y_alone = library.download(single->forward(library.upload(item(x)), {})).as_doubles(),
               back_alone = library.download(single->adjoint(library.upload(item(s)), {})).as_doubles();
    const auto part = [&](const std::vector<double>& all, size_t count) {
      const auto begin = all.begin() + n * static_cast<int64_t>(count);
      return std::vector<double>(begin, begin + static_cast<int64_t>(count));
    };
    testing::expect_near(y_alone, part(y, y_alone.size()), testing::kTolerance, "forward");
    testing::expect_near(back_alone, part(back, back_alone.size()), testing::kTolerance, "adjoint");
  }
}

TEST(WinogradConvolutions, FollowWeightsThatChange) {
  const Case c{"changing", {1, 48, 4, 14, 14}, 24,        1,         {1, 3, 3},
               {1, 1, 1},  {1, 1, 1},          {0, 1, 1}, {0, 1, 1}, false};
  Random random(16);
  kernels::ConvolutionSpec spec = spec_of(c, random);
  kernels::Library& library = *testing::libraries().onednn;
  const auto map = library.prepare(spec, c.input, {});
  const auto x = library.upload(random.signed_values(c.input));
  const double before = testing::absolute_sums_of(library, map->forward(x, {}))[0];
  for (float& value : std::const_pointer_cast<Tensor>(spec.weight)->values<float>()) value *= 2;
  map->parameters_changed();
  EXPECT_NEAR(testing::absolute_sums_of(library, map->forward(x, {}))[0], 2 * before, 1e-5 * before);
}

/// Maxima whose windows are apart, overlap, are padded or hang over, or have gaps between them.
TEST(SparseConvolutions, AtTheWinnersOfMaxima) {
  const kernels::Extent one{1, 1, 1}, two{2, 2, 2}, three{3, 3, 3};
  const std::vector<std::pair<std::string, kernels::MaxSpec>> maxima = {
      {"2x2x2", kernels::MaxWindowSpec{two, two, one, {}, {}}},
      {"3x3x3 by 2", kernels::MaxWindowSpec{three, two, one, one, one}},
      {"2x2x2 padded", kernels::MaxWindowSpec{two, two, one, {0, 1, 1}, {0, 1, 1}}},
      {"2x2x2 by 3", kernels::MaxWindowSpec{two, three, one, {}, {}}},
      {"1x2x2 dilated", kernels::MaxWindowSpec{{1, 2, 2}, {1, 4, 4}, {1, 2, 2}, {}, {}}},
      {"3x7x7", kernels::MaxWindowSpec{{3, 7, 7}, {3, 7, 7}, one, {0, 1, 2}, {0, 1, 2}}}};
  const Case cases[] = {
      {"cube", {2, 32, 4, 7, 8}, 24, 1, {3, 3, 3}, one, one, one, one},
      {"dilated", {1, 17, 4, 9, 10}, 24, 1, {1, 3, 3}, one, {1, 2, 2}, {0, 2, 2}, {0, 2, 2}},
      {"strided", {1, 24, 7, 13, 14}, 136, 1, {3, 3, 3}, {2, 2, 2}, one, one, one},
      {"stem", {1, 3, 4, 9, 9}, 16, 1, {3, 3, 3}, one, one, one, one},
      {"groups", {1, 32, 4, 8, 8}, 32, 2, {1, 3, 3}, one, one, {0, 1, 1}, {0, 1, 1}}};
  Random random(13);
  const auto count = static_cast<size_t>(testing::fewer_if_sanitized(5, 2));
  for (const Case& c : std::span(cases).first(count))
    for (const auto& [name, maximum] : maxima) {
      LinearPair pair(spec_of(c, random), c.input, c.name);
      pair.check_at_winners(maximum, name, 1, random);
      if (count > 2) pair.check_at_winners(maximum, name, 4, random);
    }
}

TEST(SparseConvolutions, NothingIsNothing) {
  const Case c{"nothing", {2, 32, 2, 5, 5}, 16, 1, {3, 3, 3}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}};
  Random random(11);
  const auto map = testing::libraries().onednn->prepare(spec_of(c, random), c.input, {});
  const auto none = testing::libraries().onednn->filled(Shape{2, 16, 2, 5, 5}, 0);
  for (const double sum : testing::absolute_sums_of(*testing::libraries().onednn, map->adjoint(none, {})))
    EXPECT_EQ(sum, 0);
  const auto x = testing::libraries().onednn->upload(random.signed_values(c.input));
  EXPECT_NO_THROW(map->apply_where(x, none, {}, {}));
}

TEST(SparseConvolutions, FollowWeightsThatChange) {
  const Case c{"changing", {1, 32, 2, 6, 6}, 16, 1, {3, 3, 3}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}};
  Random random(12);
  kernels::ConvolutionSpec spec = spec_of(c, random);
  const auto map = testing::libraries().onednn->prepare(spec, c.input, {});
  Tensor s(Shape{1, 16, 2, 6, 6}, DType::kF32);
  for (size_t i = 0; i < s.values<float>().size(); ++i) s.values<float>()[i] = i % 9 == 0 ? 1.0F : 0.0F;
  const auto few = testing::libraries().onednn->upload(s);
  const double before = testing::sums_of(*testing::libraries().onednn, map->adjoint(few, {}))[0];
  for (float& value : std::const_pointer_cast<Tensor>(spec.weight)->values<float>()) value *= 2;
  map->parameters_changed();
  EXPECT_NEAR(testing::sums_of(*testing::libraries().onednn, map->adjoint(few, {}))[0], 2 * before, 1e-3);
}

}  // namespace
}  // namespace relevid
