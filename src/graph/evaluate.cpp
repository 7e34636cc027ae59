// SPDX-License-Identifier: Apache-2.0
#include "graph/evaluate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "graph/evaluators.h"
#include "graph/strided.h"
#include "relevid/error.h"

namespace relevid::graph {
void throw_corrupt(const ModelNode& node, const std::string& what) {
  throw Error(ErrorKind::kCorruptInput, fmt::format("{}: {}", node.label(), what));
}

const Tensor& operand(const ModelNode& node, std::span<const TensorRef> inputs, size_t index) {
  if (index >= inputs.size() || !inputs[index])
    throw_corrupt(node, fmt::format("input {} is missing", index));
  return *inputs[index];
}

void require_moderate(const ModelNode& node, const Shape& shape) {
  if (shape.elements() > kMostElements)
    throw Error(ErrorKind::kResourceLimit,
                fmt::format("{}: a constant of shape {} is too large", node.label(), shape.to_string()));
}

Tensor with_order(const Tensor& x, const std::vector<int64_t>& permutation) {
  const auto from = x.shape().strides();
  std::vector<int64_t> dims, strides;
  for (const int64_t axis : permutation) {
    dims.push_back(x.shape()[axis]);
    strides.push_back(from[static_cast<size_t>(axis)]);
  }
  Tensor result(Shape(dims), x.dtype());
  copy_strided(x, 0, strides, result, 0, result.shape().strides(), result.shape());
  return result;
}

Tensor broadcast_to(const ModelNode& node, const Tensor& x, const Shape& shape) {
  require_moderate(node, shape);
  Tensor result(shape, x.dtype());
  copy_strided(x, 0, broadcast_strides(x.shape(), shape), result, 0, shape.strides(), shape);
  return result;
}

namespace {

Tensor with_shape(const Tensor& tensor, Shape shape) {
  return tensor.clone().reshaped(std::move(shape));
}

Tensor evaluate_cast(const ModelNode& node, const Tensor& x) {
  switch (node.integer("to", 0)) {  // TensorProto.DataType
    case 1:
    case 10:
    case 16:
      return x.cast(DType::kF32);
    case 2:
      return x.cast(DType::kU8);
    case 3:
      return x.cast(DType::kI8);
    case 4:
    case 5:
    case 6:
      return x.cast(DType::kI32);
    case 7:
    case 12:
    case 13:
      return x.cast(DType::kI64);
    case 9:
      return x.cast(DType::kBool);
    case 11:
      return x.cast(DType::kF64);
    default:
      throw_corrupt(node, fmt::format("cast to data type {} is not supported", node.integer("to", 0)));
  }
}

Tensor evaluate_gather(const ModelNode& node, const Tensor& x, const Tensor& indices) {
  const int64_t axis = resolve_axis(node, node.integer("axis", 0), x.shape().rank());
  const auto& from = x.shape().dims();
  std::vector<int64_t> dims(from.begin(), from.begin() + axis);
  dims.insert(dims.end(), indices.shape().dims().begin(), indices.shape().dims().end());
  dims.insert(dims.end(), from.begin() + axis + 1, from.end());
  Tensor result(Shape(dims), x.dtype());
  const int64_t outer = std::accumulate(from.begin(), from.begin() + axis, int64_t{1}, std::multiplies<>());
  const int64_t inner = std::accumulate(from.begin() + axis + 1, from.end(), int64_t{1}, std::multiplies<>());
  const auto block = static_cast<size_t>(inner * size_bytes(x.dtype()));
  const auto picked = indices.as_ints();
  size_t written = 0;
  for (int64_t o = 0; o < outer; ++o) {
    for (int64_t index : picked) {
      const int64_t size = x.shape()[axis];
      if (index < 0) index += size;
      if (index < 0 || index >= size)
        throw_corrupt(node, fmt::format("index {} is outside {} entries", index, size));
      std::copy_n(
          x.bytes().begin() + static_cast<std::ptrdiff_t>(static_cast<size_t>(o * size + index) * block),
          block, result.bytes().begin() + static_cast<std::ptrdiff_t>(written++ * block));
    }
  }
  return result;
}

Tensor evaluate_concat(const ModelNode& node, std::span<const TensorRef> inputs) {
  const Tensor& first = operand(node, inputs, 0);
  const int64_t axis = resolve_axis(node, node.integer("axis", 0), first.shape().rank());
  Shape shape = first.shape();
  shape[axis] = 0;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Tensor& part = operand(node, inputs, i);
    if (part.shape().rank() != shape.rank() || part.dtype() != first.dtype()) {
      throw_corrupt(node, "parts differ in rank or type");
    }
    for (int64_t d = 0; d < shape.rank(); ++d) {
      if (d != axis && part.shape()[d] != shape[d])
        throw_corrupt(node,
                      fmt::format("{} does not fit {}", part.shape().to_string(), first.shape().to_string()));
    }
    shape[axis] += part.shape()[axis];
  }
  Tensor result(shape, first.dtype());
  const auto strides = shape.strides();
  int64_t offset = 0;
  for (const TensorRef& part : inputs) {
    copy_strided(*part, 0, part->shape().strides(), result, offset * strides[static_cast<size_t>(axis)],
                 strides, part->shape());
    offset += part->shape()[axis];
  }
  return result;
}

Tensor evaluate_slice(const ModelNode& node, std::span<const TensorRef> inputs) {
  const Tensor& x = operand(node, inputs, 0);
  const SliceArguments arguments = slice_arguments(node, inputs);
  const SliceRange range =
      resolve_slice(node, x.shape(), arguments.starts, arguments.ends, arguments.axes, arguments.steps);
  Tensor result(Shape(range.count), x.dtype());
  auto strides = x.shape().strides();
  int64_t offset = 0;
  for (size_t i = 0; i < strides.size(); ++i) {
    offset += range.begin[i] * strides[i];
    strides[i] *= range.step[i];
  }
  copy_strided(x, offset, strides, result, 0, result.shape().strides(), result.shape());
  return result;
}

Tensor evaluate_transpose(const ModelNode& node, const Tensor& x) {
  std::vector<int64_t> reversed(static_cast<size_t>(x.shape().rank()));
  std::iota(reversed.rbegin(), reversed.rend(), int64_t{0});
  const auto permutation = node.integers("perm", reversed);
  if (!std::ranges::is_permutation(permutation, reversed))
    throw_corrupt(node, fmt::format("not a permutation of {} axes", reversed.size()));
  return with_order(x, permutation);
}

Tensor evaluate_where(const ModelNode& node, const Tensor& condition, const Tensor& a, const Tensor& b) {
  const Shape shape = broadcast(condition.shape(), broadcast(a.shape(), b.shape()));
  const Tensor mask = broadcast_to(node, condition, shape).cast(DType::kBool);
  Tensor result = broadcast_to(node, a, shape);
  const Tensor other = broadcast_to(node, b, shape).cast(a.dtype());
  const auto width = static_cast<size_t>(size_bytes(result.dtype()));
  const auto take_first = mask.values<bool>();
  for (size_t i = 0; i < take_first.size(); ++i) {
    if (!take_first[i])
      std::copy_n(other.bytes().data() + i * width, width, result.bytes().data() + i * width);
  }
  return result;
}

Tensor evaluate_range(const ModelNode& node, const Tensor& start, const Tensor& limit, const Tensor& delta) {
  if (start.elements() != 1 || limit.elements() != 1 || delta.elements() != 1)
    throw_corrupt(node, "a range of more than single numbers");
  const double from = start.as_doubles()[0], to = limit.as_doubles()[0], step = delta.as_doubles()[0];
  const double count = std::max(0.0, std::ceil((to - from) / step));
  if (step == 0 || !(count <= static_cast<double>(kMostElements)))
    throw_corrupt(node, fmt::format("a range from {} to {} by {}", from, to, step));
  Tensor result(Shape{static_cast<int64_t>(count)}, DType::kF64);
  for (double i = 0; double& value : result.values<double>()) value = from + step * i++;
  return result.cast(start.dtype());
}

std::optional<Tensor> evaluate_pad(const ModelNode& node, std::span<const TensorRef> inputs) {
  if (node.text("mode", "constant") != "constant") return std::nullopt;
  const auto optional = [&](size_t i) { return i < inputs.size() ? inputs[i] : nullptr; };
  const Tensor& x = operand(node, inputs, 0);
  const Padding pads = resolve_padding(node, x.shape(), optional(1), optional(2), optional(3));
  require_moderate(node, pads.padded);
  Tensor result =
      broadcast_to(node, Tensor::from(Shape{}, std::vector<double>{pads.value}).cast(x.dtype()), pads.padded);
  const auto from = x.shape().strides(), to = result.shape().strides();
  int64_t from_offset = 0, to_offset = 0;
  for (size_t i = 0; i < from.size(); ++i) {
    from_offset += pads.crop.begin[i] * from[i];
    to_offset += pads.begin[i] * to[i];
  }
  copy_strided(x, from_offset, from, result, to_offset, to, Shape(pads.crop.count));
  return result;
}

std::vector<Tensor> evaluate_split(const ModelNode& node, std::span<const TensorRef> inputs) {
  const Tensor& x = operand(node, inputs, 0);
  const auto strides = x.shape().strides();
  std::vector<Tensor> parts;
  for (const SliceRange& range : resolve_split(node, x.shape(), inputs.size() > 1 ? inputs[1] : nullptr)) {
    Tensor part(Shape(range.count), x.dtype());
    int64_t offset = 0;
    for (size_t i = 0; i < strides.size(); ++i) offset += range.begin[i] * strides[i];
    copy_strided(x, offset, strides, part, 0, part.shape().strides(), part.shape());
    parts.push_back(std::move(part));
  }
  return parts;
}

std::optional<Tensor> evaluate_movement(const ModelNode& node, std::span<const TensorRef> inputs) {
  const std::string& op = node.op;
  const auto in = [&](size_t i) -> const Tensor& { return operand(node, inputs, i); };
  const TensorRef second = inputs.size() > 1 ? inputs[1] : nullptr;
  if (op == "Identity" || op == "Dropout") return in(0).clone();
  if (op == "Cast") return evaluate_cast(node, in(0));
  if (op == "CastLike") return in(0).cast(in(1).dtype());
  if (op == "Gather") return evaluate_gather(node, in(0), in(1));
  if (op == "Concat") return evaluate_concat(node, inputs);
  if (op == "Slice") return evaluate_slice(node, inputs);
  if (op == "Transpose") return evaluate_transpose(node, in(0));
  if (op == "Reshape") return with_shape(in(0), resolve_reshape(node, in(0).shape(), in(1).as_ints()));
  if (op == "Flatten") return with_shape(in(0), flattened(node, in(0).shape()));
  if (op == "Squeeze") return with_shape(in(0), squeezed(node, in(0).shape(), axes_of(node, second)));
  if (op == "Unsqueeze") return with_shape(in(0), unsqueezed(node, in(0).shape(), axes_of(node, second)));
  if (op == "Expand") return broadcast_to(node, in(0), broadcast(in(0).shape(), Shape(in(1).as_ints())));
  if (op == "Where") return evaluate_where(node, in(0), in(1), in(2));
  if (op == "Range") return evaluate_range(node, in(0), in(1), in(2));
  if (op == "Pad") return evaluate_pad(node, inputs);
  if (op == "Shape" || op == "Size") return evaluate_shape(node, in(0).shape());
  return std::nullopt;
}

std::optional<Tensor> evaluate_literal(const ModelNode& node, std::span<const TensorRef> inputs) {
  const auto value = node.attributes.find("value");
  const TensorRef* tensor = value == node.attributes.end() ? nullptr : std::get_if<TensorRef>(&value->second);
  if (node.op == "ConstantOfShape") {
    const Shape shape(operand(node, inputs, 0).as_ints());
    const Tensor element = tensor ? (*tensor)->clone() : Tensor(Shape{1}, DType::kF32);
    if (element.elements() != 1) throw_corrupt(node, "the fill value has more than one element");
    return broadcast_to(node, std::move(element).cast(element.dtype()).reshaped(Shape{}), shape);
  }
  if (node.op != "Constant") return std::nullopt;
  if (tensor) return (*tensor)->clone();
  if (node.has("value_float"))
    return Tensor::from(Shape{}, std::vector<float>{static_cast<float>(node.number("value_float", 0))});
  if (node.has("value_int")) return Tensor::from(Shape{}, std::vector<int64_t>{node.integer("value_int", 0)});
  if (node.has("value_string")) {  // nothing that is taken reads one
    const std::string text = node.text("value_string", "");
    return Tensor::from(Shape{std::ssize(text)}, std::vector<uint8_t>(text.begin(), text.end()));
  }
  if (node.has("value_ints")) {
    const auto values = node.integers("value_ints");
    return Tensor::from(Shape{static_cast<int64_t>(values.size())}, values);
  }
  if (node.has("value_floats")) {
    const auto& values = std::get<std::vector<double>>(node.attributes.at("value_floats"));
    return Tensor::from(Shape{static_cast<int64_t>(values.size())}, values).cast(DType::kF32);
  }
  return std::nullopt;
}

}  // namespace

std::optional<Tensor> evaluate_shape(const ModelNode& node, const Shape& shape) {
  if (node.op == "Size") return Tensor::from(Shape{}, std::vector<int64_t>{shape.elements()});
  if (node.op != "Shape") return std::nullopt;
  const int64_t rank = shape.rank();
  const auto bound = [&](const char* key, int64_t otherwise) {
    const int64_t at = node.integer(key, otherwise);
    return std::clamp<int64_t>(at < 0 ? at + rank : at, 0, rank);
  };
  const int64_t start = bound("start", 0), end = std::max(start, bound("end", rank));
  return Tensor::from(Shape{end - start},
                      std::vector<int64_t>(shape.dims().begin() + start, shape.dims().begin() + end));
}

std::vector<Tensor> evaluate(const ModelNode& node, std::span<const TensorRef> inputs) {
  if (node.op == "Split") return evaluate_split(node, inputs);
  std::vector<Tensor> outputs;
  for (const auto family : {evaluate_literal, evaluate_movement, evaluate_indexing, evaluate_reduction,
                            evaluate_arithmetic, evaluate_function, evaluate_quantised}) {
    if (auto result = family(node, inputs)) {
      outputs.push_back(std::move(*result));
      break;
    }
  }
  return outputs;
}

}  // namespace relevid::graph
