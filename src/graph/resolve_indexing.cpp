// SPDX-License-Identifier: Apache-2.0
// What ONNX says about indices of several axes; for constants as for computed values.
#include <fmt/format.h>

#include "graph/evaluate.h"
#include "graph/evaluators.h"
#include "tensor/strides.h"

namespace relevid::graph {
namespace {

int64_t checked_index(const ModelNode& node, int64_t index, int64_t size) {
  const int64_t resolved = index < 0 ? index + size : index;
  if (resolved < 0 || resolved >= size)
    throw_corrupt(node, fmt::format("index {} is outside {} entries", index, size));
  return resolved;
}

Shape part_of(const Shape& shape, int64_t from, int64_t to) {
  return Shape(std::vector<int64_t>(shape.dims().begin() + from, shape.dims().begin() + to));
}

}  // namespace

RowSelection resolve_rows(const ModelNode& node, const Shape& shape, const Tensor& indices, int64_t batch) {
  const Shape& given = indices.shape();
  const int64_t numbers = given.rank() == 0 ? 0 : given[given.rank() - 1];
  if (batch < 0 || batch >= given.rank() || numbers < 1 || numbers > shape.rank() - batch ||
      part_of(given, 0, batch) != part_of(shape, 0, batch))
    throw_corrupt(node, fmt::format("indices {} do not fit {} after {} axes of a batch", given.to_string(),
                                    shape.to_string(), batch));
  RowSelection result;
  result.count = part_of(shape, 0, batch + numbers).elements();
  result.selected = part_of(given, 0, given.rank() - 1);
  result.row = part_of(shape, batch + numbers, shape.rank());
  const int64_t batches = part_of(shape, 0, batch).elements(), total = result.selected.elements();
  const auto values = indices.as_ints();
  for (int64_t i = 0; i < total; ++i) {
    int64_t row = batches == 0 ? 0 : i / (total / batches);
    for (int64_t k = 0; k < numbers; ++k) {
      const int64_t size = shape[batch + k];
      row = row * size + checked_index(node, values[static_cast<size_t>(i * numbers + k)], size);
    }
    result.rows.push_back(row);
  }
  return result;
}

std::vector<int64_t> resolve_elements(const ModelNode& node, const Shape& shape, const Tensor& indices,
                                      int64_t axis) {
  const Shape& given = indices.shape();
  bool fits = given.rank() == shape.rank();
  for (int64_t i = 0; fits && i < shape.rank(); ++i) fits = i == axis || given[i] <= shape[i];
  if (!fits)
    throw_corrupt(node, fmt::format("indices {} do not fit {}", given.to_string(), shape.to_string()));
  const auto values = indices.as_ints();
  auto strides = shape.strides();
  const int64_t along = strides[static_cast<size_t>(axis)];
  strides[static_cast<size_t>(axis)] = 0;
  std::vector<int64_t> elements(values.size());
  for_each_offset(given, strides, [&](int64_t i, int64_t others) {
    const auto at = static_cast<size_t>(i);
    elements[at] = others + along * checked_index(node, values[at], shape[axis]);
  });
  return elements;
}

std::vector<int64_t> resolve_repeats(const ModelNode& node, const Shape& shape, const Tensor& repeats) {
  const auto counts = repeats.as_ints();
  if (static_cast<int64_t>(counts.size()) != shape.rank())
    throw_corrupt(node, fmt::format("{} repeats for {}", counts.size(), shape.to_string()));
  for (const int64_t count : counts) {
    constexpr int64_t kMost = kMostElements;
    if (count < 0 || count > kMost) throw_corrupt(node, fmt::format("{} repeats", count));
  }
  return counts;
}

}  // namespace relevid::graph
