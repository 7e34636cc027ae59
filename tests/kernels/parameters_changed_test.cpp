// SPDX-License-Identifier: Apache-2.0
// After an optimiser wrote to the parameters, a map is as one that is prepared again.
#include "kernels/convolution_cases.h"
#include "kernels/differential.h"

namespace relevid {
namespace {

using kernels::Buffer;
using kernels::Epilogue;
using kernels::LinearSpec;
using testing::ConvolutionCase;
using testing::Random;
using Values = std::vector<std::vector<double>>;

/// A layer whose parameters the test may write to, as an optimiser does.
struct Trained {
  std::string name;
  Shape input;
  std::shared_ptr<Tensor> weight, bias;
  LinearSpec spec;
  Epilogue epilogue;
};

template <class Spec>
Trained trained(const std::string& name, const Shape& input, Spec spec, Epilogue epilogue) {
  Trained layer{name, input, std::make_shared<Tensor>(spec.weight->clone()), nullptr, {}, epilogue};
  spec.weight = layer.weight;
  if (spec.bias) spec.bias = layer.bias = std::make_shared<Tensor>(spec.bias->clone());
  layer.spec = std::move(spec);
  return layer;
}

std::vector<Trained> layers(Random& random) {
  using enum Activation::Kind;
  const kernels::Extent one{1, 1, 1}, two{2, 2, 2}, three{3, 3, 3};
  const Epilogue plain{}, relu{{kRelu, 0, 0}, Epilogue::Residual::kNone},
      residual{{kRelu, 0, 0}, Epilogue::Residual::kAdded};
  std::vector<Trained> result;
  const auto convolution = [&](const Epilogue& epilogue, const ConvolutionCase& c) {
    result.push_back(trained(c.name, c.input, testing::spec_of(c, random), epilogue));
  };
  convolution(residual, {"blocks", {2, 16, 2, 3, 3}, 16, 1, two, one, one, one, {}});
  convolution(plain, {"odd, strided", {1, 17, 3, 4, 4}, 13, 1, three, {2, 2, 2}, one, one, one});
  convolution(relu, {"stem", {2, 3, 3, 5, 5}, 17, 1, three, {1, 2, 2}, one, one, one});
  convolution(plain, {"without bias", {1, 8, 2, 3, 3}, 8, 1, two, one, one, one, one, false});
  convolution(plain, {"grouped", {1, 12, 2, 3, 4}, 12, 4, three, one, one, one, one});
  convolution(relu, {"depthwise", {2, 17, 3, 5, 4}, 17, 17, three, one, one, one, one});
  convolution(plain, {"over frames", {1, 8, 4, 28, 28}, 9, 1, {3, 1, 1}, one, one, {1, 0, 0}, {1, 0, 0}});
  convolution(plain, {"flat", {1, 9, 5, 4}, 16, 1, {1, 3, 3}, one, one, {0, 1, 1}, {0, 1, 1}});
  for (const Shape& input : {Shape{2, 23}, Shape{9, 23}}) {  // streamed, and by a matrix product
    kernels::DenseSpec spec;
    spec.weight = testing::shared(random.signed_values(Shape{11, 23}));
    spec.bias = testing::shared(random.signed_values(Shape{11}));
    result.push_back(trained("dense " + input.to_string(), input, spec, relu));
  }
  return result;
}

/// Operands of everything that a map does.
struct Operands {
  Buffer x, s, residual;
};

/// Everything that a map gives that hangs on its parameters, and their gradient.
Values everything(kernels::Library& library, kernels::LinearMap& map, const Operands& in) {
  Values result;
  const auto keep = [&](const Buffer& y) { result.push_back(library.download(y).as_doubles()); };
  keep(map.forward(in.x, in.residual));
  const auto transforms = testing::all_transforms();
  const auto parts = testing::all_bias_parts();
  for (size_t i = 0; i < transforms.size(); ++i) {
    keep(map.apply(in.x, transforms[i], parts[i]));
    keep(map.adjoint(in.s, transforms[i]));
    result.push_back(library.fetch(map.bias_dot(in.s, parts[i])));
  }
  for (const Buffer& y : map.adjoints(in.s, std::span(transforms.data(), 3))) keep(y);
  const auto gradient = map.parameter_gradient(in.x, in.s);
  result.push_back(gradient.weight.as_doubles());
  result.push_back(gradient.bias.as_doubles());
  return result;
}

void check(kernels::Library& library, const Trained& layer, Random& random) {
  const auto output = kernels::output_shape(layer.spec, layer.input);
  Operands in{
      library.upload(random.signed_values(layer.input)), library.upload(random.signed_values(output)), {}};
  if (layer.epilogue.residual == Epilogue::Residual::kAdded)
    in.residual = library.upload(random.signed_values(output));
  const auto map = library.prepare(layer.spec, layer.input, layer.epilogue);
  Values before = everything(library, *map, in);
  for (int step = 0; step < 2; ++step) {
    std::ranges::copy(random.signed_values(layer.weight->shape()).values<float>(),
                      layer.weight->values<float>().begin());
    if (layer.bias)
      std::ranges::copy(random.signed_values(layer.bias->shape()).values<float>(),
                        layer.bias->values<float>().begin());
    map->parameters_changed();
    const Values after = everything(library, *map, in);
    const auto fresh = library.prepare(layer.spec, layer.input, layer.epilogue);
    EXPECT_EQ(after, everything(library, *fresh, in)) << layer.name << ", " << library.name();
    EXPECT_NE(after[0], before[0]) << layer.name << ", " << library.name();
    before = after;
  }
}

TEST(ParametersChanged, LeavesAMapAsOnePreparedAnew) {
  for (const auto* library : {&testing::libraries().reference, &testing::libraries().onednn}) {
    Random random(11);
    for (const Trained& layer : layers(random)) check(**library, layer, random);
  }
}

}  // namespace
}  // namespace relevid
