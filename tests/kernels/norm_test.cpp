// SPDX-License-Identifier: Apache-2.0
// Batch normalisation: the reference against differences, oneDNN's library against the reference.
#include "kernels/differential.h"
#include "relevid/error.h"

namespace relevid {
namespace {

using kernels::Buffer;
using kernels::NormStatistics;
using kernels::ParameterGradient;
using testing::Random;

constexpr double kEpsilon = 1e-5;

/// Σ g forward(x), on the reference library.
double loss(kernels::NormMap& norm, const Tensor& x, const Tensor& scale, const Tensor& shift,
            const Buffer& g) {
  kernels::Library& library = *testing::libraries().reference;
  NormStatistics statistics;
  double result = 0;
  const Buffer y = norm.forward(library.upload(x), scale, shift, statistics);
  for (const double sum : testing::sums_of(library, library.multiply(y, g))) result += sum;
  return result;
}

/// Central differences of `loss` by every element of a tensor of T.
template <class T, class F>
std::vector<double> differences(Tensor& tensor, T step, F&& loss) {
  std::vector<double> result;
  for (T& value : tensor.values<T>()) {
    const T old = value, above = old + step, below = old - step;
    value = above;
    const double high = loss();
    value = below;
    const double low = loss();
    value = old;
    result.push_back((high - low) / (static_cast<double>(above) - static_cast<double>(below)));
  }
  return result;
}

TEST(ReferenceNorm, HasTheGradientThatDifferencesSay) {
  Random random(1);
  kernels::Library& library = *testing::libraries().reference;
  for (const Shape& shape :
       {Shape{6, 3}, Shape{3, 2, 4}, Shape{2, 3, 2, 3}, Shape{2, 3, 2, 2, 3}, Shape{1, 2, 3, 2, 2}}) {
    Tensor x = random.uniform(shape, -1, 2).cast(DType::kF64);
    Tensor scale = random.uniform(Shape{shape[1]}, 0.5, 2), shift = random.uniform(Shape{shape[1]}, -1, 1);
    const Buffer g = library.upload(random.signed_values(shape));
    const auto norm = library.prepare_norm(shape, kEpsilon);
    NormStatistics statistics;
    ParameterGradient parameters;
    norm->forward(library.upload(x), scale, shift, statistics);
    const Buffer by_x = norm->gradient(library.upload(x), g, scale, statistics, parameters);

    const auto at = [&] { return loss(*norm, x, scale, shift, g); };
    const std::string name = shape.to_string();
    testing::expect_near(differences(x, 1e-5, at), library.download(by_x).as_doubles(), 1e-8, name + ", x");
    testing::expect_near(differences(scale, 0.25F, at), parameters.weight.as_doubles(), 1e-11,
                         name + ", scale");
    testing::expect_near(differences(shift, 0.25F, at), parameters.bias.as_doubles(), 1e-11,
                         name + ", shift");
  }
}

/// What forward and gradient give, on both libraries.
struct NormPair {
  testing::Pair y, by_x;
  NormStatistics reference, onednn;
  ParameterGradient reference_parameters, onednn_parameters;
};

NormPair run_both(const Tensor& x, const Tensor& g, const Tensor& scale, const Tensor& shift) {
  const auto& both = testing::libraries();
  NormPair result;
  const auto run = [&](kernels::Library& library, NormStatistics& statistics, ParameterGradient& parameters) {
    const auto norm = library.prepare_norm(x.shape(), kEpsilon);
    const Buffer input = library.upload(x);
    const Buffer y = norm->forward(input, scale, shift, statistics);
    return std::pair(y, norm->gradient(input, library.upload(g), scale, statistics, parameters));
  };
  std::tie(result.y.reference, result.by_x.reference) =
      run(*both.reference, result.reference, result.reference_parameters);
  std::tie(result.y.onednn, result.by_x.onednn) = run(*both.onednn, result.onednn, result.onednn_parameters);
  return result;
}

std::vector<double> of_reference(const kernels::Sums& sums) {
  return testing::libraries().reference->fetch(sums);
}
std::vector<double> of_onednn(const kernels::Sums& sums) {
  return testing::libraries().onednn->fetch(sums);
}

void expect_agreement(const NormPair& pair, const std::string& name) {
  testing::expect_same(pair.y, name + " forward");
  testing::expect_same(pair.by_x, name + " gradient");
  // From the same float32 values, in double.
  testing::expect_near(of_reference(pair.reference.mean), of_onednn(pair.onednn.mean), 1e-12, name + " mean");
  testing::expect_near(of_reference(pair.reference.variance), of_onednn(pair.onednn.variance), 1e-12,
                       name + " variance");
  testing::expect_near(pair.reference_parameters.weight.as_doubles(),
                       pair.onednn_parameters.weight.as_doubles(), testing::kTolerance, name + " scale");
  testing::expect_near(pair.reference_parameters.bias.as_doubles(), pair.onednn_parameters.bias.as_doubles(),
                       testing::kTolerance, name + " shift");
}

std::vector<Shape> shapes() {
  return {{5, 1},          {5, 7},          {4, 300},         {3, 4, 6},        {2, 17, 5},
          {5, 3, 7, 6},    {5, 20, 3, 4},   {1, 17, 3, 4, 5}, {5, 24, 2, 3, 3}, {5, 3, 4, 5, 6},
          {2, 1, 4, 3, 3}, {7, 5, 1, 1, 1}, {2, 64, 2, 6, 6}, {1, 4, 1, 2, 2}};
}

TEST(Norm, AgreesWithReference) {
  Random random(2);
  for (const Shape& shape : shapes()) {
    const Shape channels{shape[1]};
    expect_agreement(run_both(random.uniform(shape, -1, 2), random.signed_values(shape),
                              random.uniform(channels, -1, 2), random.signed_values(channels)),
                     shape.to_string());
  }
}

TEST(Norm, AgreesWhereTheMeanIsLargeBesideTheDeviation) {
  Random random(3);
  for (const Shape& shape : {Shape{5, 17, 3, 4, 4}, Shape{30, 6}, Shape{4, 3, 5, 5}}) {
    const Shape channels{shape[1]};
    expect_agreement(run_both(random.uniform(shape, 200, 202), random.signed_values(shape),
                              random.uniform(channels, 0.5, 2), random.signed_values(channels)),
                     shape.to_string());
  }
}

/// With a variance of 0 everything is the shift, and no change of one value alone changes anything.
TEST(Norm, OfOneValueAChannelIsTheShift) {
  Random random(4);
  for (const Shape& shape : {Shape{1, 6}, Shape{1, 3, 1, 1}, Shape{1, 17, 1, 1, 1}}) {
    const Shape channels{shape[1]};
    const Tensor g = random.signed_values(shape), shift = random.signed_values(channels);
    const NormPair pair = run_both(random.uniform(shape, -3, 3), g, random.uniform(channels, 0.5, 2), shift);
    const std::string name = shape.to_string();
    const std::vector<double> zeros(static_cast<size_t>(shape[1]), 0.0);
    EXPECT_EQ(of_reference(pair.reference.variance), zeros) << name;
    EXPECT_EQ(of_onednn(pair.onednn.variance), zeros) << name;
    for (const ParameterGradient* parameters : {&pair.reference_parameters, &pair.onednn_parameters}) {
      EXPECT_EQ(parameters->weight.as_doubles(), zeros) << name;
      EXPECT_EQ(parameters->bias.as_doubles(), g.as_doubles()) << name;
    }
    const auto& both = testing::libraries();
    EXPECT_EQ(both.reference->download(pair.y.reference).as_doubles(), shift.as_doubles()) << name;
    EXPECT_EQ(both.onednn->download(pair.y.onednn).as_doubles(), shift.as_doubles()) << name;
    EXPECT_EQ(both.reference->download(pair.by_x.reference).as_doubles(), zeros) << name;
    EXPECT_EQ(both.onednn->download(pair.by_x.onednn).as_doubles(), zeros) << name;
  }
}

TEST(Norm, OfAConstantChannelIsTheShift) {
  Random random(5);
  const Shape shape{3, 9, 2, 3, 3}, channels{9};
  Tensor x(shape, DType::kF32);
  std::ranges::fill(x.values<float>(), 1234.567F);
  const Tensor shift = random.signed_values(channels);
  const NormPair pair = run_both(x, random.signed_values(shape), random.uniform(channels, 0.5, 2), shift);
  EXPECT_EQ(of_onednn(pair.onednn.variance), std::vector<double>(9, 0.0));
  const auto y = testing::libraries().onednn->download(pair.y.onednn).as_doubles();
  for (size_t i = 0; i < y.size(); ++i) EXPECT_EQ(y[i], shift.as_doubles()[i / 18 % 9]) << i;
}

TEST(Norm, IsRefusedWithoutChannelsOrValues) {
  for (const auto* library : {&testing::libraries().reference, &testing::libraries().onednn}) {
    for (const Shape& shape : {Shape{}, Shape{4}, Shape{0, 4, 2, 2, 2}, Shape{2, 0}}) {
      try {
        (*library)->prepare_norm(shape, kEpsilon);
        ADD_FAILURE() << (*library)->name() << " took " << shape.to_string();
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::kInvalidArgument);
      }
    }
  }
}

}  // namespace
}  // namespace relevid
