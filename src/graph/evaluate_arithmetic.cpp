// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <set>
#include <type_traits>

#include "graph/evaluate.h"
#include "graph/evaluators.h"
#include "relevid/error.h"
#include "tensor/strides.h"

namespace relevid::graph {
namespace {

/// a op b with broadcasting.
template <class F>
Tensor binary(const Tensor& a, const Tensor& b, DType result_type, F&& f) {
  const Shape shape = broadcast(a.shape(), b.shape());
  const auto strides_a = broadcast_strides(a.shape(), shape);
  const auto strides_b = broadcast_strides(b.shape(), shape);
  return in_wide_type(is_float(a.dtype()) || is_float(b.dtype()), [&]<class T>(T, DType computing) {
    const Tensor x = a.cast(computing), y = b.cast(computing);
    const auto xs = x.values<T>(), ys = y.values<T>();
    Tensor result(shape, computing);
    const auto out = result.values<T>();
    for_each_offsets(shape, strides_a, strides_b, [&](int64_t i, int64_t ia, int64_t ib) {
      out[static_cast<size_t>(i)] =
          static_cast<T>(f(xs[static_cast<size_t>(ia)], ys[static_cast<size_t>(ib)]));
    });
    return result.cast(result_type);
  });
}

constexpr auto kSmaller = [](auto a, auto b) { return std::min(a, b); };
constexpr auto kLarger = [](auto a, auto b) { return std::max(a, b); };

Tensor negative(const Tensor& x) {
  return binary(Tensor::from(Shape{}, std::vector<int64_t>{0}), x, x.dtype(), wrapping(std::minus<>()));
}

Tensor quotient(const ModelNode& node, const Tensor& a, const Tensor& b) {
  return binary(a, b, a.dtype(), [&](auto x, auto y) {
    using T = decltype(x);
    if constexpr (std::is_integral_v<T>) {
      if (y == 0) throw_corrupt(node, "integer division by zero");
      if (y == -1) return static_cast<T>(0 - static_cast<uint64_t>(x));  // the smallest wraps
    }
    return x / y;
  });
}

/// Bounds are attributes up to opset 10 and inputs from 11.
Tensor clip(const ModelNode& node, std::span<const TensorRef> inputs) {
  Tensor result = operand(node, inputs, 0).clone();
  const auto bound = [&](size_t index, const char* key) -> TensorRef {
    if (index < inputs.size() && inputs[index]) return inputs[index];
    if (!node.has(key)) return nullptr;
    return share(Tensor::from(Shape{}, std::vector<double>{node.number(key, 0)}));
  };
  const TensorRef low = bound(1, "min"), high = bound(2, "max");
  for (const TensorRef& tensor : {low, high}) {
    if (tensor && tensor->elements() != 1) throw_corrupt(node, "bounds that are not single numbers");
  }
  if (low) result = binary(result, *low, result.dtype(), kLarger);
  if (high) result = binary(result, *high, result.dtype(), kSmaller);
  return result;
}

/// [..., M, K] x [..., K, N].
Tensor matrix_product(const ModelNode& node, const Tensor& a, const Tensor& b) {
  const int64_t rank_a = a.shape().rank(), rank_b = b.shape().rank();
  const int64_t rows = a.shape()[rank_a - 2], inner = a.shape()[rank_a - 1], columns = b.shape()[rank_b - 1];
  if (inner != b.shape()[rank_b - 2])
    throw_corrupt(node, fmt::format("{} does not fit {}", a.shape().to_string(), b.shape().to_string()));
  const auto stack = [](const Shape& shape) {
    return Shape(std::vector<int64_t>(shape.dims().begin(), shape.dims().end() - 2));
  };
  const Shape stack_a = stack(a.shape()), stack_b = stack(b.shape()), matrices = broadcast(stack_a, stack_b);
  std::vector<int64_t> dims = matrices.dims();
  dims.insert(dims.end(), {rows, columns});
  const Shape shape(std::move(dims));
  require_moderate(node, shape);
  constexpr int64_t kMostProducts = int64_t{1} << 34;  // seconds
  if (inner > 0 && shape.elements() > kMostProducts / inner)
    throw Error(ErrorKind::kResourceLimit,
                fmt::format("{}: a product of constants {} and {} is too large", node.label(),
                            a.shape().to_string(), b.shape().to_string()));
  return in_wide_type(is_float(a.dtype()), [&]<class T>(T, DType computing) {
    const Tensor x = a.cast(computing), y = b.cast(computing);
    Tensor result(shape, computing);
    const T* xs = x.values<T>().data();
    const T* ys = y.values<T>().data();
    T* out = result.values<T>().data();
    const auto multiply_add = wrapping(std::plus<>());
    const auto multiply = wrapping(std::multiplies<>());
    for_each_offsets(matrices, broadcast_strides(stack_a, matrices), broadcast_strides(stack_b, matrices),
                     [&](int64_t i, int64_t ia, int64_t ib) {
                       for (int64_t r = 0; r < rows; ++r) {
                         T* row = out + (i * rows + r) * columns;
                         for (int64_t k = 0; k < inner; ++k) {
                           const T factor = xs[(ia * rows + r) * inner + k];
                           const T* other = ys + (ib * inner + k) * columns;
                           for (int64_t c = 0; c < columns; ++c)
                             row[c] = multiply_add(row[c], multiply(factor, other[c]));
                         }
                       }
                     });
    return result.cast(a.dtype());
  });
}

/// As numpy.matmul has it: a vector is a row on the left and a column on the right, and its axis goes.
Tensor product(const ModelNode& node, const Tensor& a, const Tensor& b) {
  const Shape &left = a.shape(), &right = b.shape();
  if (left.rank() == 0 || right.rank() == 0) throw_corrupt(node, "a product with a single number");
  const bool row = left.rank() == 1, column = right.rank() == 1;
  if (!row && !column) return matrix_product(node, a, b);
  const Tensor rows = row ? a.clone().reshaped(Shape{1, left[0]}) : a.clone(),
               columns = column ? b.clone().reshaped(Shape{right[0], 1}) : b.clone();
  Tensor result = matrix_product(node, rows, columns);
  std::vector<int64_t> dims = result.shape().dims();
  if (column) dims.pop_back();
  if (row) dims.erase(dims.end() - (column ? 1 : 2));
  return std::move(result).reshaped(Shape(std::move(dims)));
}

/// The remainder with the divisor's sign, or with fmod the dividend's.
Tensor remainder(const ModelNode& node, const Tensor& a, const Tensor& b) {
  const bool of_dividend = node.integer("fmod", 0) != 0;
  return binary(a, b, a.dtype(), [&](auto x, auto y) {
    using T = decltype(x);
    if constexpr (std::is_integral_v<T>) {
      if (y == 0) throw_corrupt(node, "remainder of a division by zero");
      const T rest = y == -1 ? 0 : x % y;  // the smallest has no quotient by -1
      return !of_dividend && rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest;
    } else {
      return of_dividend ? std::fmod(x, y) : x - y * std::floor(x / y);
    }
  });
}

template <class F>
Tensor folded(const ModelNode& node, std::span<const TensorRef> inputs, F&& f) {
  Tensor result = operand(node, inputs, 0).clone();
  for (size_t i = 1; i < inputs.size(); ++i)
    result = binary(result, operand(node, inputs, i), result.dtype(), f);
  return result;
}

/// Folds x along the reduction's axes with `f`, from `start`.
template <class F, class Start>
Tensor fold(const Tensor& x, const Reduction& over, Start start, F&& f) {
  return in_wide_type(is_float(x.dtype()), [&]<class T>(T, DType computing) {
    const Tensor from = x.cast(computing);
    const auto values = from.values<T>();
    Tensor result(over.kept, computing);
    const auto out = result.values<T>();
    std::ranges::fill(out, start(T{}));
    for_each_offset(x.shape(), broadcast_strides(over.kept, x.shape()), [&](int64_t i, int64_t to) {
      T& folded = out[static_cast<size_t>(to)];
      folded = static_cast<T>(f(folded, values[static_cast<size_t>(i)]));
    });
    return std::move(result).reshaped(over.result).cast(x.dtype());
  });
}

std::optional<Tensor> comparison(const ModelNode& node, std::span<const TensorRef> inputs) {
  const auto compared = [&](auto&& f) {
    return binary(operand(node, inputs, 0), operand(node, inputs, 1), DType::kBool, f);
  };
  if (node.op == "Equal") return compared(std::equal_to<>());
  if (node.op == "Less") return compared(std::less<>());
  if (node.op == "Greater") return compared(std::greater<>());
  if (node.op == "LessOrEqual") return compared(std::less_equal<>());
  if (node.op == "GreaterOrEqual") return compared(std::greater_equal<>());
  if (node.op == "Xor") return compared([](auto a, auto b) { return (a != 0) != (b != 0); });
  if (node.op == "And") return compared([](auto a, auto b) { return a != 0 && b != 0; });
  if (node.op == "Or") return compared([](auto a, auto b) { return a != 0 || b != 0; });
  return std::nullopt;
}

}  // namespace

std::optional<Tensor> evaluate_arithmetic(const ModelNode& node, std::span<const TensorRef> inputs) {
  const std::string& op = node.op;
  const auto in = [&](size_t i) -> const Tensor& { return operand(node, inputs, i); };
  const auto both = [&](auto&& f) { return binary(in(0), in(1), in(0).dtype(), f); };
  if (op == "Add") return both(wrapping(std::plus<>()));
  if (op == "Sub") return both(wrapping(std::minus<>()));
  if (op == "Mul") return both(wrapping(std::multiplies<>()));
  if (op == "Div") return quotient(node, in(0), in(1));
  if (op == "Mod") return remainder(node, in(0), in(1));
  if (op == "Sum") return folded(node, inputs, wrapping(std::plus<>()));
  if (op == "Min") return folded(node, inputs, kSmaller);
  if (op == "Max") return folded(node, inputs, kLarger);
  if (op == "Pow") return both([](auto a, auto b) { return std::pow(a, b); });
  if (op == "Clip") return clip(node, inputs);
  if (op == "MatMul") return product(node, in(0), in(1));
  if (op == "Neg") return negative(in(0));
  if (op == "Abs") return binary(in(0), negative(in(0)), in(0).dtype(), kLarger);
  return comparison(node, inputs);
}

std::optional<Tensor> evaluate_reduction(const ModelNode& node, std::span<const TensorRef> inputs) {
  const std::string& op = node.op;
  static const std::set<std::string> kOps = {"ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin",
                                             "ReduceProd"};
  if (!kOps.contains(op)) return std::nullopt;
  const Tensor& x = operand(node, inputs, 0);
  const Reduction over = resolve_reduction(node, x.shape(), inputs.size() > 1 ? inputs[1] : nullptr);
  const auto zero = [](auto of) { return of; };
  const auto one = [](auto of) { return of + 1; };
  const auto lowest = [](auto of) { return std::numeric_limits<decltype(of)>::lowest(); };
  if (op == "ReduceProd") return fold(x, over, one, wrapping(std::multiplies<>()));
  if (op == "ReduceSum") return fold(x, over, zero, wrapping(std::plus<>()));
  if (x.elements() == 0) throw_corrupt(node, fmt::format("nothing to reduce in {}", x.shape().to_string()));
  if (op == "ReduceMax") return fold(x, over, lowest, kLarger);
  if (op == "ReduceMin")
    return fold(
        x, over, [](auto of) { return std::numeric_limits<decltype(of)>::max(); }, kSmaller);
  const auto count = static_cast<double>(x.elements() / over.kept.elements());
  Tensor mean = fold(x.cast(DType::kF64), over, zero, std::plus<>());
  for (double& value : mean.values<double>()) value /= count;
  return mean.cast(x.dtype());
}

}  // namespace relevid::graph
