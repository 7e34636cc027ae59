// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include "graph/einsum.h"
#include "graph/evaluate.h"
#include "graph/evaluators.h"
#include "graph/lower_parts.h"
#include "relevid/error.h"

namespace relevid::graph {
namespace {

using Function = double (*)(double);

/// Of single numbers, in the operand's own type.
Function function_of(const std::string& op) {
  static const std::map<std::string, Function> kFunctions = {
      {"Sin", [](double v) { return std::sin(v); }},
      {"Cos", [](double v) { return std::cos(v); }},
      {"Tan", [](double v) { return std::tan(v); }},
      {"Asin", [](double v) { return std::asin(v); }},
      {"Acos", [](double v) { return std::acos(v); }},
      {"Atan", [](double v) { return std::atan(v); }},
      {"Log", [](double v) { return std::log(v); }},
      {"Sqrt", [](double v) { return std::sqrt(v); }},
      {"Exp", [](double v) { return std::exp(v); }},
      {"Reciprocal", [](double v) { return 1 / v; }},
      {"Floor", [](double v) { return std::floor(v); }},
      {"Ceil", [](double v) { return std::ceil(v); }},
      {"Round", [](double v) { return std::nearbyint(v); }},  // halves to even
      {"Sign", [](double v) { return v > 0   ? 1.0
                                     : v < 0 ? -1.0
                                             : v; }},
      {"Not", [](double v) { return v == 0 ? 1.0 : 0.0; }},
      {"Softplus", [](double v) { return std::max(v, 0.0) + std::log1p(std::exp(-std::abs(v))); }},
  };
  const auto found = kFunctions.find(op);
  return found == kFunctions.end() ? nullptr : found->second;
}

template <class F>
Tensor each(const Tensor& x, DType result_type, F&& f) {
  Tensor result = x.cast(DType::kF64);
  for (double& value : result.values<double>()) value = f(value);
  return result.cast(result_type);
}

Tensor evaluate_is_infinite(const ModelNode& node, const Tensor& x) {
  const bool negative = node.integer("detect_negative", 1) != 0,
             positive = node.integer("detect_positive", 1) != 0;
  return each(x, DType::kBool,
              [=](double v) { return std::isinf(v) && (v < 0 ? negative : positive) ? 1.0 : 0.0; });
}

/// Along one axis.
Tensor evaluate_softmax(const ModelNode& node, const Tensor& x) {
  const int64_t axis = resolve_axis(node, node.integer("axis", -1), x.shape().rank());
  const int64_t size = x.shape()[axis], stride = x.shape().strides()[static_cast<size_t>(axis)];
  Tensor result = x.cast(DType::kF64);
  const auto values = result.values<double>();
  for (int64_t line = 0; line < (size > 0 ? x.elements() / size : 0); ++line) {
    const int64_t first = line / stride * stride * size + line % stride;
    const auto at = [&](int64_t i) -> double& { return values[static_cast<size_t>(first + i * stride)]; };
    double largest = at(0), sum = 0;
    for (int64_t i = 1; i < size; ++i) largest = std::max(largest, at(i));
    for (int64_t i = 0; i < size; ++i) sum += at(i) = std::exp(at(i) - largest);
    for (int64_t i = 0; i < size; ++i) at(i) /= sum;
  }
  return result.cast(x.dtype());
}

/// Over the axes from `axis` on; scale and shift broadcast to these.
Tensor evaluate_layer_norm(const ModelNode& node, std::span<const TensorRef> inputs) {
  const Tensor& x = operand(node, inputs, 0);
  const int64_t axis = resolve_axis(node, node.integer("axis", -1), x.shape().rank());
  int64_t size = 1;
  for (int64_t i = axis; i < x.shape().rank(); ++i) size *= x.shape()[i];
  const auto factors = [&](size_t i, double otherwise) {
    if (!node.has_input(i)) return std::vector<double>{otherwise};
    const Tensor& given = operand(node, inputs, i);
    if (given.elements() < 1 || size % given.elements() != 0) shapes_differ(node, x.shape(), given.shape());
    return given.as_doubles();
  };
  const auto scale = factors(1, 1), shift = factors(2, 0);
  const double epsilon = node.number("epsilon", 1e-5);
  Tensor result = x.cast(DType::kF64);
  const auto values = result.values<double>();
  for (size_t begin = 0; begin < values.size(); begin += static_cast<size_t>(size)) {
    const auto group = values.subspan(begin, static_cast<size_t>(size));
    double mean = 0, variance = 0;
    for (const double v : group) mean += v / static_cast<double>(size);
    for (const double v : group) variance += (v - mean) * (v - mean) / static_cast<double>(size);
    const double deviation = std::sqrt(variance + epsilon);
    for (size_t i = 0; i < group.size(); ++i)
      group[i] = (group[i] - mean) / deviation * scale[i % scale.size()] + shift[i % shift.size()];
  }
  return result.cast(x.dtype());
}

/// Strides of an operand along every axis of `names`; a name that it has twice is its diagonal.
std::vector<int64_t> strides_along(const std::string& names, const std::string& term, const Shape& shape) {
  std::vector<int64_t> result(names.size(), 0);
  const auto strides = shape.strides();
  for (size_t axis = 0; axis < term.size(); ++axis) {
    if (shape[static_cast<int64_t>(axis)] != 1) result[names.find(term[axis])] += strides[axis];
  }
  return result;
}

/// Products of all operands' elements, summed over what the result lacks.
Tensor evaluate_einsum(const ModelNode& node, std::span<const TensorRef> inputs) {
  std::vector<int64_t> ranks;
  std::vector<Shape> shapes;
  for (size_t i = 0; i < inputs.size(); ++i) {
    shapes.push_back(operand(node, inputs, i).shape());
    ranks.push_back(shapes.back().rank());
  }
  const Equation equation = parse_equation(node, ranks);
  const auto sizes = sizes_of(node, equation, shapes);
  std::string names = equation.result;
  for (const auto& [name, size] : sizes) {
    if (names.find(name) == std::string::npos) names += name;
  }
  std::vector<int64_t> dims;
  for (const char name : names) dims.push_back(sizes.at(name));
  const Shape all(dims);
  const Shape to(std::vector<int64_t>(dims.begin(), dims.begin() + std::ssize(equation.result)));
  require_moderate(node, to);
  constexpr int64_t kMostProducts = int64_t{1} << 32;  // seconds
  if (all.elements() > kMostProducts)
    throw Error(ErrorKind::kResourceLimit,
                fmt::format("{}: {} products of constants", node.label(), all.elements()));
  return in_wide_type(is_float(inputs[0]->dtype()), [&]<class T>(T, DType computing) {
    Tensor product(to, computing);
    std::vector<Tensor> operands;
    std::vector<std::vector<int64_t>> strides;
    for (size_t i = 0; i < inputs.size(); ++i) {
      operands.push_back(inputs[i]->cast(computing));
      strides.push_back(strides_along(names, equation.operands[i], shapes[i]));
    }
    strides.push_back(strides_along(names, equation.result, to));
    const auto multiply = wrapping(std::multiplies<>());
    const auto add = wrapping(std::plus<>());
    std::vector<int64_t> index(dims.size(), 0), offsets(strides.size(), 0);
    for (int64_t n = all.elements(); n > 0; --n) {
      T term = 1;
      for (size_t i = 0; i < operands.size(); ++i)
        term = static_cast<T>(multiply(term, operands[i].values<T>()[static_cast<size_t>(offsets[i])]));
      T& sum = product.values<T>()[static_cast<size_t>(offsets.back())];
      sum = static_cast<T>(add(sum, term));
      for (size_t axis = dims.size(); axis-- > 0;) {
        const bool ends = ++index[axis] == dims[axis];
        const int64_t steps = ends ? 1 - dims[axis] : 1;
        for (size_t i = 0; i < strides.size(); ++i) offsets[i] += steps * strides[i][axis];
        if (!ends) break;
        index[axis] = 0;
      }
    }
    return product.cast(inputs[0]->dtype());
  });
}

}  // namespace

std::optional<Tensor> evaluate_function(const ModelNode& node, std::span<const TensorRef> inputs) {
  const std::string& op = node.op;
  const auto in = [&](size_t i) -> const Tensor& { return operand(node, inputs, i); };
  if (op == "IsNaN") return each(in(0), DType::kBool, [](double v) { return std::isnan(v) ? 1.0 : 0.0; });
  if (op == "IsInf") return evaluate_is_infinite(node, in(0));
  if (op == "Softmax") return evaluate_softmax(node, in(0));
  if (op == "LayerNormalization") return evaluate_layer_norm(node, inputs);
  if (op == "Einsum") return evaluate_einsum(node, inputs);
  if (const Function f = function_of(op)) return each(in(0), in(0).dtype(), f);
  if (const auto f = activation_of(node))
    return each(in(0), in(0).dtype(), [&](double v) { return activation(*f, v); });
  return std::nullopt;
}

}  // namespace relevid::graph
