// SPDX-License-Identifier: Apache-2.0
// Attention as one node, and the rotation of queries and keys: as products, softmax, and sums of turned
// halves.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "graph/attention_parts.h"
#include "graph/builder.h"
#include "graph/evaluate.h"
#include "graph/evaluators.h"
#include "graph/expansion.h"
#include "relevid/error.h"

namespace relevid::graph {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// [rows, columns] of 0 where a query may look at a key, and minus infinity elsewhere; empty where all may.
/// What is_causal and the window of opset 25 say.
std::string mask_of_positions(Expansion& expand, const ModelNode& node, int64_t rows, int64_t columns) {
  const bool causal = node.integer("is_causal", 0) != 0;
  const int64_t before = node.integer("left_window_size", -1), after = node.integer("right_window_size", -1);
  if (!causal && before < 0 && after < 0) return {};
  require_moderate(node, Shape{rows, columns});
  Tensor mask(Shape{rows, columns}, DType::kF32);
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) {
      const bool may =
          (!causal || j <= i) && (before < 0 || i - j <= before) && (after < 0 || j - i <= after);
      if (!may) mask.values<float>()[static_cast<size_t>(i * columns + j)] = static_cast<float>(-kInfinity);
    }
  }
  return expand.bind("mask", share(std::move(mask)));
}

/// The node's mask as something to be added to scores over `columns` keys; empty where it has none.
std::string mask_input(const Builder& builder, Expansion& expand, int64_t columns) {
  std::string mask = expand.input(3);
  const auto* constant = builder.find_as<TensorRef>(mask);
  if (mask.empty() || !constant) return mask;
  if ((*constant)->dtype() == DType::kBool)
    mask = expand("Where", {mask, expand.number(0), expand.number(-kInfinity)});
  const Shape shape = expand.shape(mask);
  const int64_t given = shape.rank() == 0 ? columns : shape[shape.rank() - 1];
  if (given == 1 || given >= columns) return mask;
  std::vector<int64_t> pads(static_cast<size_t>(2 * shape.rank()), 0);
  pads.back() = columns - given;  // keys that it says nothing of are masked
  return expand("Pad", {mask, expand.ints(pads), expand.number(-kInfinity)});
}

/// A query that may look at no key at all has no weights.
void require_keys(const Builder& builder, const std::string& mask) {
  const auto* constant = builder.find_as<TensorRef>(mask);
  if (!constant || (*constant)->shape().rank() == 0) return;
  const auto values = (*constant)->as_doubles();
  const auto columns = static_cast<size_t>((*constant)->shape()[(*constant)->shape().rank() - 1]);
  for (size_t row = 0; columns > 0 && row < values.size(); row += columns) {
    const auto begin = values.begin() + static_cast<std::ptrdiff_t>(row);
    if (std::all_of(begin, begin + static_cast<std::ptrdiff_t>(columns),
                    [](double v) { return v == -kInfinity; }))
      reject("a mask that leaves a query no key");
  }
}

/// Every head for as many queries' heads as share it.
std::string repeat_heads(Expansion& expand, const std::string& x, int64_t heads) {
  const int64_t own = expand.shape(x)[1];
  if (own == heads) return x;
  std::vector<int64_t> indices;
  for (int64_t i = 0; i < heads; ++i) indices.push_back(i / (heads / own));
  return expand("Gather", {x, expand.ints(indices)}, {{"axis", int64_t{1}}});
}

}  // namespace

std::string emit_attention(Expansion& expand, const AttentionParts& parts) {
  const std::string keys = expand("Transpose", {parts.keys}, {{"perm", std::vector<int64_t>{0, 1, 3, 2}}});
  std::string scores = expand("MatMul", {parts.queries, keys});
  if (parts.scale != 1) scores = expand("Mul", {scores, expand.number(parts.scale)});
  if (parts.softcap > 0) {
    const std::string bent = expand("Tanh", {expand("Div", {scores, expand.number(parts.softcap)})});
    scores = expand("Mul", {bent, expand.number(parts.softcap)});
  }
  for (const std::string& mask : parts.masks) scores = expand("Add", {scores, mask});
  return expand("MatMul", {expand("Softmax", {scores}, {{"axis", int64_t{-1}}}), parts.values});
}

std::string split_heads(Expansion& expand, const std::string& x, int64_t heads) {
  const std::string apart = expand("Reshape", {x, expand.ints({0, 0, heads, -1})});
  return expand("Transpose", {apart}, {{"perm", std::vector<int64_t>{0, 2, 1, 3}}});
}

std::string merge_heads(Expansion& expand, const std::string& x) {
  const std::string tokens = expand("Transpose", {x}, {{"perm", std::vector<int64_t>{0, 2, 1, 3}}});
  return expand("Reshape", {tokens, expand.ints({0, 0, -1})});
}

/// Queries, keys and values of [batch, heads, tokens, size], or of [batch, tokens, heads * size].
void lower_attention(Builder& builder, const ModelNode& node) {
  for (const size_t cached : {4, 5, 6}) {
    if (node.has_input(cached)) reject("a cache of keys and values");
  }
  Expansion expand(builder, node);
  AttentionParts parts{expand.required(0), expand.required(1), expand.required(2), 1, 0, {}};
  const bool flat = expand.shape(parts.queries).rank() == 3;
  if (flat) {
    const int64_t heads = node.integer("q_num_heads", 0), shared = node.integer("kv_num_heads", 0);
    if (heads < 1 || shared < 1) throw_corrupt(node, "three axes, and no number of heads");
    parts.queries = split_heads(expand, parts.queries, heads);
    parts.keys = split_heads(expand, parts.keys, shared);
    parts.values = split_heads(expand, parts.values, shared);
  }
  const Shape q = expand.shape(parts.queries), k = expand.shape(parts.keys), v = expand.shape(parts.values);
  const bool fits = q.rank() == 4 && k.rank() == 4 && v.rank() == 4 && k[1] == v[1] && k[2] == v[2] &&
                    q[3] == k[3] && k[1] > 0 && q[1] % k[1] == 0;
  if (!fits)
    throw_corrupt(node, fmt::format("queries {}, keys {} and values {} do not fit", q.to_string(),
                                    k.to_string(), v.to_string()));
  parts.keys = repeat_heads(expand, parts.keys, q[1]);
  parts.values = repeat_heads(expand, parts.values, q[1]);
  parts.scale = node.number("scale", 1 / std::sqrt(static_cast<double>(q[3])));
  parts.softcap = node.number("softcap", 0);
  std::string mask = mask_input(builder, expand, k[2]);
  const std::string positions = mask_of_positions(expand, node, q[2], k[2]);
  if (builder.is_constant(mask) && !positions.empty()) {
    mask = expand("Add", {mask, positions});
  } else if (!positions.empty()) {
    parts.masks.push_back(positions);
  }
  if (!mask.empty()) parts.masks.push_back(mask);
  for (const std::string& added : parts.masks) require_keys(builder, added);
  const std::string y = emit_attention(expand, parts);
  expand.finish(flat ? merge_heads(expand, y) : y);
}

/// The first numbers of every head, in pairs that are halves apart or side by side, turned by an angle that
/// follows from the token's position.
void lower_rotary_embedding(Builder& builder, const ModelNode& node) {
  Expansion expand(builder, node);
  std::string x = expand.required(0), cosine = expand.required(1), sine = expand.required(2);
  const Shape given = expand.shape(x);
  if (given.rank() == 3) {
    const int64_t heads = node.integer("num_heads", 0);
    if (heads < 1) throw_corrupt(node, "three axes, and no number of heads");
    x = expand("Reshape", {x, expand.ints({0, 0, heads, -1})});
  } else if (given.rank() != 4) {
    throw_corrupt(node, fmt::format("an input of {}", given.to_string()));
  }
  const int64_t size = expand.shape(x)[3];
  const int64_t turned =
      node.integer("rotary_embedding_dim", 0) > 0 ? node.integer("rotary_embedding_dim", 0) : size;
  if (turned > size || turned % 2 != 0)
    throw_corrupt(node, fmt::format("{} of {} numbers are turned", turned, size));
  const auto angles = [&](const std::string& cache) {
    const std::string of_tokens =
        node.has_input(3) ? expand("Gather", {cache, expand.input(3)}, {{"axis", int64_t{0}}}) : cache;
    return expand("Unsqueeze", {of_tokens, expand.ints({given.rank() == 3 ? 2 : 1})});
  };
  cosine = angles(cosine);
  sine = angles(sine);
  const auto slice = [&](int64_t begin, int64_t end, int64_t step) {
    return expand("Slice",
                  {x, expand.ints({begin}), expand.ints({end}), expand.ints({3}), expand.ints({step})});
  };
  const bool pairs = node.integer("interleaved", 0) != 0;
  const std::string first = pairs ? slice(0, turned, 2) : slice(0, turned / 2, 1),
                    second = pairs ? slice(1, turned, 2) : slice(turned / 2, turned, 1);
  const auto times = [&](const std::string& a, const std::string& b) { return expand("Mul", {a, b}); };
  std::string real = expand("Sub", {times(first, cosine), times(second, sine)}),
              imaginary = expand("Add", {times(first, sine), times(second, cosine)});
  if (pairs) {
    Shape both = expand.shape(x);
    both[3] = turned;
    const std::string last = expand.ints({4});
    const std::string joined =
        expand("Concat", {expand("Unsqueeze", {real, last}), expand("Unsqueeze", {imaginary, last})},
               {{"axis", int64_t{4}}});
    real = expand("Reshape", {joined, expand.ints(both.dims())});
    imaginary.clear();
  }
  std::vector<std::string> parts = {real};
  if (!pairs) parts.push_back(imaginary);
  if (turned < size) parts.push_back(slice(turned, size, 1));
  const std::string y = parts.size() == 1 ? real : expand("Concat", parts, {{"axis", int64_t{3}}});
  expand.finish(given.rank() == 3 ? expand("Reshape", {y, expand.ints(given.dims())}) : y);
}

}  // namespace relevid::graph
