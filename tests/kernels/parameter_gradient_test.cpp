// SPDX-License-Identifier: Apache-2.0
// Gradients by weights and biases: the reference against differences, oneDNN against the reference.
#include "kernels/convolution_cases.h"
#include "kernels/differential.h"
#include "relevid/error.h"

namespace relevid {
namespace {

using kernels::Buffer;
using kernels::ConvolutionSpec;
using kernels::DenseSpec;
using kernels::Extent;
using kernels::LinearSpec;
using kernels::ParameterGradient;
using testing::ConvolutionCase;
using testing::Random;

/// Σ g (Wx + b), on the reference library.
double loss(kernels::LinearMap& map, const Buffer& x, const Buffer& g) {
  double result = 0;
  kernels::Library& library = *testing::libraries().reference;
  for (const double sum : testing::sums_of(library, library.multiply(map.forward(x, {}), g))) result += sum;
  return result;
}

/// Derivative of the loss by every element of `parameter`, which the map reads. The loss is linear in them,
/// so that central differences are as exact as doubles are.
std::vector<double> differences(Tensor& parameter, kernels::LinearMap& map, const Buffer& x,
                                const Buffer& g) {
  std::vector<double> result;
  for (float& value : parameter.values<float>()) {
    const float old = value, above = old + 0.25F, below = old - 0.25F;
    const auto loss_at = [&](float changed) {
      value = changed;
      map.parameters_changed();
      return loss(map, x, g);
    };
    result.push_back((loss_at(above) - loss_at(below)) /
                     (static_cast<double>(above) - static_cast<double>(below)));
    value = old;
  }
  map.parameters_changed();
  return result;
}

/// `Spec` is a convolution or a dense layer.
template <class Spec>
void check_differences(Spec spec, const Shape& input, Random& random, const std::string& name) {
  const auto weight = std::make_shared<Tensor>(spec.weight->clone());
  const auto bias = spec.bias ? std::make_shared<Tensor>(spec.bias->clone()) : nullptr;
  spec.weight = weight;
  spec.bias = bias;
  kernels::Library& library = *testing::libraries().reference;
  const auto map = library.prepare(spec, input, {});
  const Buffer x = library.upload(random.signed_values(input));
  const Buffer g = library.upload(random.signed_values(kernels::output_shape(LinearSpec(spec), input)));
  const ParameterGradient gradient = map->parameter_gradient(x, g);
  EXPECT_EQ(gradient.weight.shape(), weight->shape()) << name;
  testing::expect_near(differences(*weight, *map, x, g), gradient.weight.as_doubles(), 1e-11, name);
  EXPECT_EQ(gradient.bias.shape(), bias ? bias->shape() : Shape{0}) << name;
  if (bias)
    testing::expect_near(differences(*bias, *map, x, g), gradient.bias.as_doubles(), 1e-11, name + ", bias");
}

/// oneDNN sums products of float32 in orders of its own.
void check_against_reference(const LinearSpec& spec, const Shape& input, Random& random,
                             const std::string& name) {
  const auto& both = testing::libraries();
  const testing::Pair x = both.upload(random.signed_values(input));
  const testing::Pair g = both.upload(random.signed_values(kernels::output_shape(spec, input)));
  const auto map = both.onednn->prepare(spec, input, {});
  const auto want = both.reference->prepare(spec, input, {})->parameter_gradient(x.reference, g.reference);
  for (const char* const call : {"first", "second"}) {  // the second finds everything prepared
    const auto have = map->parameter_gradient(x.onednn, g.onednn);
    EXPECT_EQ(want.weight.shape(), have.weight.shape()) << name;
    EXPECT_EQ(want.bias.shape(), have.bias.shape()) << name;
    testing::expect_near(want.weight.as_doubles(), have.weight.as_doubles(), testing::kTolerance,
                         fmt::format("{}, {} gradient by the weight", name, call));
    testing::expect_near(want.bias.as_doubles(), have.bias.as_doubles(), testing::kTolerance,
                         fmt::format("{}, {} gradient by the bias", name, call));
  }
}

DenseSpec dense(int64_t in, int64_t out, bool has_bias, Random& random) {
  DenseSpec spec;
  spec.weight = testing::shared(random.signed_values(Shape{out, in}));
  if (has_bias) spec.bias = testing::shared(random.signed_values(Shape{out}));
  return spec;
}

TEST(ReferenceParameterGradient, OfConvolutionsIsWhatDifferencesSay) {
  const Extent one{1, 1, 1}, two{2, 2, 2};
  Random random(1);
  for (const ConvolutionCase& c : std::vector<ConvolutionCase>{
           {"plain", {2, 2, 3, 3, 4}, 3, 1, two, one, one, one, {}},
           {"strided", {1, 2, 4, 5, 5}, 2, 1, {3, 2, 2}, {2, 1, 2}, one, {1, 0, 1}, {0, 1, 1}},
           {"dilated", {1, 2, 4, 4, 5}, 2, 1, two, one, {2, 1, 3}, {1, 0, 2}, {1, 1, 0}},
           {"grouped", {2, 4, 2, 3, 3}, 6, 2, {1, 2, 2}, one, one, {}, {}, false},
           {"depthwise", {2, 5, 3, 3, 2}, 5, 5, two, one, one, one, {}},
           {"flat", {2, 3, 4, 3}, 2, 1, {1, 2, 2}, {1, 2, 1}, one, {0, 1, 0}, {0, 0, 1}},
       }) {
    check_differences(testing::spec_of(c, random), c.input, random, c.name);
  }
}

TEST(ReferenceParameterGradient, OfDenseLayersIsWhatDifferencesSay) {
  Random random(2);
  for (const Shape& input : {Shape{6}, Shape{3, 6}, Shape{2, 3, 6}, Shape{2, 1, 2, 2, 6}}) {
    for (const bool has_bias : {true, false})
      check_differences(dense(6, 5, has_bias, random), input, random, "dense " + input.to_string());
  }
}

class ConvolutionGradients : public ::testing::TestWithParam<ConvolutionCase> {};

TEST_P(ConvolutionGradients, AgreeWithReference) {
  Random random(3);
  check_against_reference(testing::spec_of(GetParam(), random), GetParam().input, random, GetParam().name);
}

/// What training meets and the grid of the other passes does not have.
std::vector<ConvolutionCase> batches_of_5() {
  const Extent one{1, 1, 1}, three{3, 3, 3};
  return {
      {"stem", {5, 3, 6, 9, 8}, 16, 1, three, one, one, one, one},
      {"stem_strided", {5, 3, 6, 9, 8}, 17, 1, {3, 7, 7}, {1, 2, 2}, one, {1, 3, 3}, {1, 3, 3}},
      {"blocks", {5, 16, 4, 5, 5}, 24, 1, three, one, one, one, one},
      {"odd", {5, 13, 4, 5, 5}, 11, 1, three, {2, 2, 2}, one, one, one},
      {"time_alone", {5, 18, 6, 4, 4}, 16, 1, {3, 1, 1}, one, one, {1, 0, 0}, {1, 0, 0}},
      {"frame_alone", {5, 16, 4, 6, 6}, 18, 1, {1, 3, 3}, one, one, {0, 1, 1}, {0, 1, 1}},
      {"shortcut", {5, 16, 4, 6, 6}, 32, 1, one, {2, 2, 2}, one, {}, {}, false},
      {"pads_at_one_end", {5, 16, 4, 5, 5}, 8, 1, three, one, one, {2, 1, 0}, {0, 1, 2}},
      {"to_few", {5, 16, 4, 5, 5}, 3, 1, three, one, one, one, one},
      {"flat", {5, 16, 7, 7}, 24, 1, {1, 3, 3}, {1, 2, 2}, one, {0, 1, 1}, {0, 1, 1}},
      {"depthwise", {5, 20, 4, 5, 5}, 20, 20, three, one, one, one, one},
  };
}

INSTANTIATE_TEST_SUITE_P(Grid, ConvolutionGradients, ::testing::ValuesIn(testing::kernels_and_channels()),
                         testing::name_of);
INSTANTIATE_TEST_SUITE_P(Geometry, ConvolutionGradients, ::testing::ValuesIn(testing::geometries()),
                         testing::name_of);
INSTANTIATE_TEST_SUITE_P(Groups, ConvolutionGradients, ::testing::ValuesIn(testing::grouped()),
                         testing::name_of);
INSTANTIATE_TEST_SUITE_P(BatchOf5, ConvolutionGradients, ::testing::ValuesIn(batches_of_5()),
                         testing::name_of);

TEST(DenseGradients, AgreeWithReference) {
  Random random(4);
  for (const Shape& input : {Shape{7}, Shape{1, 7}, Shape{4, 40}, Shape{5, 40}, Shape{9, 33}, Shape{2, 5, 16},
                             Shape{2, 17, 2, 3, 8}, Shape{2, 20, 3, 5}}) {
    for (const int64_t out : {1, 5, 32}) {
      for (const bool has_bias : {true, false}) {
        check_against_reference(dense(input[input.rank() - 1], out, has_bias, random), input, random,
                                fmt::format("dense {} to {}", input.to_string(), out));
      }
    }
  }
}

TEST(ParameterGradient, IsRefusedWhereThereAreNoParameters) {
  const Shape input{2, 8, 3, 4, 4};
  kernels::AveragePoolSpec average;
  average.kernel = {2, 2, 2};
  const std::vector<LinearSpec> specs = {average, kernels::SumSpec{{2, 3, 4}, 1}, kernels::SumSpec{{1}, 1}};
  for (const auto* library : {&testing::libraries().reference, &testing::libraries().onednn}) {
    for (const LinearSpec& spec : specs) {
      const auto map = (*library)->prepare(spec, input, {});
      const Buffer x = (*library)->filled(input, 1), g = map->forward(x, {});
      try {
        map->parameter_gradient(x, g);
        ADD_FAILURE() << (*library)->name() << " found parameters in an average or a sum";
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::kInternal);
      }
    }
  }
}

}  // namespace
}  // namespace relevid
