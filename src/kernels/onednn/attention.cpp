// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <dnnl.hpp>
#include <vector>

#include "kernels/onednn/device.h"
#include "kernels/onednn/softmax_rows.h"

// Note [Attention in blocks]
// The weights of all queries and keys are what an attention has most of: 30 million a layer for VideoMAE-B.
// Here a thread has those of kBlockRows queries of one stack at a time, in its cache, and has made what
// follows from them before it takes the next block. Backward passes compute them again: that costs a product
// of the inner size, which is small, and saves a gigabyte.

namespace relevid::kernels::onednn {
namespace {

constexpr int64_t kBlockRows = 64;
/// Sums over queries: of each stack so many parts are added up on their own and then in one order, so that
/// results are the same for any number of threads. More parts where there are few stacks to share out.
constexpr int64_t kTasksWanted = 16;

/// C = A B + beta C of row-major matrices, or of their transposes. Inside a parallel region it is one
/// thread's.
struct MatrixView {
  const float* values;
  int64_t stride;
  char transposed = 'N';
};
void multiply(const MatrixView& a, const MatrixView& b, int64_t rows, int64_t columns, int64_t inner,
              float alpha, float beta, float* c, int64_t c_stride) {
  dnnl::sgemm(a.transposed, b.transposed, rows, columns, inner, alpha, a.values, a.stride, b.values, b.stride,
              beta, c, c_stride);
}

class Attention final : public AttentionMap {
 public:
  Attention(Device& device, const AttentionSpec& spec, const Shape& q, const Shape& k, const Shape& v)
      : device_(device), spec_(spec), sizes_(attention_sizes(spec, q, k, v)), q_(q), k_(k), v_(v) {}

  Buffer forward(const Operands& x) override {
    const int64_t e = sizes_.columns;
    Buffer y = device_.allocate(Shape{sizes_.stack, sizes_.rows, e});
    float* to = y.data<float>();
    const float* values = x.v.data<float>();
    for_each_block(x, [&](const Block& block) {
      float* rows = to + (block.stack * sizes_.rows + block.begin) * e;
      multiply({block.weights, sizes_.keys}, {values + block.stack * sizes_.keys * e, e}, block.count, e,
               sizes_.keys, 1, 0, rows, e);
      for (int64_t i = 0; i < block.count; ++i)
        for (int64_t c = 0; c < e; ++c) rows[i * e + c] *= block.factors[i];
    });
    return y;
  }

  Buffer by_values(const Operands& x, const Buffer& s) override {
    const int64_t columns = s.shape()[2];
    const float* from = s.data<float>();
    return sum_over_rows(columns, [&](float* sums, int64_t stack, int64_t begin, int64_t end) {
      std::vector<float> scaled(static_cast<size_t>(kBlockRows * columns));
      for_blocks(x, stack, begin, end, [&](const Block& block) {
        scale_rows(from + (stack * sizes_.rows + block.begin) * columns, block.factors, block.count, columns,
                   scaled.data());
        multiply({block.weights, sizes_.keys, 'T'}, {scaled.data(), columns}, sizes_.keys, columns,
                 block.count, 1, 1, sums, columns);
      });
    });
  }

  Buffer by_positive_gradient(const Operands& x, const Buffer& g, const Buffer& s) override {
    const int64_t columns = s.shape()[2];
    const float* from = s.data<float>();
    return sum_over_rows(columns, [&](float* sums, int64_t stack, int64_t begin, int64_t end) {
      std::vector<float> by_weights(static_cast<size_t>(kBlockRows * sizes_.keys));
      for_blocks(x, stack, begin, end, [&](const Block& block) {
        gradient_by_weights(x, g, block, by_weights.data());
        for (int64_t i = 0; i < block.count; ++i)
          positive_products(block.weights + i * sizes_.keys, block.factors[i],
                            by_weights.data() + i * sizes_.keys, sizes_.keys);
        multiply({block.weights, sizes_.keys, 'T'},
                 {from + (stack * sizes_.rows + block.begin) * columns, columns}, sizes_.keys, columns,
                 block.count, 1, 1, sums, columns);
      });
    });
  }

  Operands gradient(const Operands& x, const Buffer& g) override;

 private:
  /// Some queries of one stack: weights [count, keys], which are still to be multiplied by a factor each row.
  struct Block {
    int64_t stack, begin, count;
    float* weights;
    const float* factors;
  };

  /// Calls f(block) for the queries [begin, end) of a stack, one block after another.
  template <class F>
  void for_blocks(const Operands& x, int64_t stack, int64_t begin, int64_t end, F&& f) const {
    std::vector<float> weights(static_cast<size_t>(kBlockRows * sizes_.keys));
    float factors[kBlockRows];
    for (int64_t row = begin; row < end; row += kBlockRows) {
      const Block block{stack, row, std::min(kBlockRows, end - row), weights.data(), factors};
      compute_weights(x, block, factors);
      f(block);
    }
  }

  /// The same for all queries of all stacks, in parallel.
  template <class F>
  void for_each_block(const Operands& x, F&& f) const {
    const int64_t blocks = (sizes_.rows + kBlockRows - 1) / kBlockRows;
#pragma omp parallel for schedule(dynamic)
    for (int64_t task = 0; task < sizes_.stack * blocks; ++task) {
      const int64_t begin = task % blocks * kBlockRows;
      for_blocks(x, task / blocks, begin, std::min(begin + kBlockRows, sizes_.rows), f);
    }
  }

  void compute_weights(const Operands& x, const Block& block, float* factors) const {
    const int64_t first = block.stack * sizes_.rows + block.begin;
    multiply({x.q.data<float>() + first * sizes_.inner, sizes_.inner},
             {x.k.data<float>() + block.stack * sizes_.inner * sizes_.keys, sizes_.keys}, block.count,
             sizes_.keys, sizes_.inner, 1, 0, block.weights, sizes_.keys);
    std::vector<const float*> biases;
    for (const AttentionSpec::Bias& bias : spec_.biases)
      biases.push_back(bias.values->values<float>().data() +
                       (bias.of(block.stack) * sizes_.rows + block.begin) * sizes_.keys);
    if (x.bias) biases.push_back(x.bias.data<float>() + first * sizes_.keys);
    exponentials({block.weights, block.count, sizes_.keys, static_cast<float>(spec_.scale), biases}, factors);
    for (int64_t i = 0; i < block.count; ++i) factors[i] = 1 / factors[i];
  }

  /// g vᵀ of a block's rows.
  void gradient_by_weights(const Operands& x, const Buffer& g, const Block& block, float* to) const {
    const int64_t e = sizes_.columns;
    multiply({g.data<float>() + (block.stack * sizes_.rows + block.begin) * e, e},
             {x.v.data<float>() + block.stack * sizes_.keys * e, e, 'T'}, block.count, sizes_.keys, e, 1, 0,
             to, sizes_.keys);
  }

  static void scale_rows(const float* from, const float* factors, int64_t rows, int64_t columns, float* to) {
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t c = 0; c < columns; ++c) to[i * columns + c] = from[i * columns + c] * factors[i];
  }

  int64_t parts() const {
    const int64_t blocks = (sizes_.rows + kBlockRows - 1) / kBlockRows;
    return std::clamp<int64_t>(kTasksWanted / sizes_.stack, 1, blocks);
  }

  /// [S, keys, columns], what f(sums, stack, begin, end) adds up over the queries of each stack.
  template <class F>
  Buffer sum_over_rows(int64_t columns, F&& f) const {
    const int64_t each = sizes_.keys * columns, parts = this->parts();
    Buffer y = device_.allocate(Shape{sizes_.stack, sizes_.keys, columns});
    std::vector<float> rest(static_cast<size_t>((parts - 1) * sizes_.stack * each));
    float* to = y.data<float>();
    const auto sums_of = [&](int64_t stack, int64_t part) {
      return part == 0 ? to + stack * each : rest.data() + (stack * (parts - 1) + part - 1) * each;
    };
#pragma omp parallel for schedule(dynamic)
    for (int64_t task = 0; task < sizes_.stack * parts; ++task) {
      const int64_t stack = task / parts, part = task % parts;
      std::fill_n(sums_of(stack, part), each, 0.0F);
      f(sums_of(stack, part), stack, part * sizes_.rows / parts, (part + 1) * sizes_.rows / parts);
    }
    for (int64_t part = 1; part < parts; ++part) {
#pragma omp parallel for schedule(static)
      for (int64_t stack = 0; stack < sizes_.stack; ++stack) {
        const float* more = sums_of(stack, part);
        float* sums = sums_of(stack, 0);
        for (int64_t i = 0; i < each; ++i) sums[i] += more[i];
      }
    }
    return y;
  }

  Device& device_;
  AttentionSpec spec_;
  AttentionSizes sizes_;
  Shape q_, k_, v_;
};

/// With A the weights and dA = g vᵀ: dS = A (dA - Σ A dA), by queries scale dS kᵀ, by keys scale qᵀ dS, by
/// values Aᵀ g, by the bias dS.
AttentionMap::Operands Attention::gradient(const Operands& x, const Buffer& g) {
  const int64_t stack_count = sizes_.stack, inner = sizes_.inner, keys = sizes_.keys, e = sizes_.columns;
  Operands by{device_.allocate(q_), {}, {}, {}};
  if (x.bias) by.bias = device_.allocate(x.bias.shape());
  const auto scale = static_cast<float>(spec_.scale);
  float* by_queries = by.q.data<float>();
  float* by_bias = x.bias ? by.bias.data<float>() : nullptr;
  // By keys, transposed, and by values side by side, because the sums of both are over queries.
  const int64_t columns = inner + e;
  const Buffer both = sum_over_rows(columns, [&](float* sums, int64_t stack, int64_t begin, int64_t end) {
    std::vector<float> by_weights(static_cast<size_t>(kBlockRows * sizes_.keys)),
        scaled(static_cast<size_t>(kBlockRows * sizes_.columns));
    for_blocks(x, stack, begin, end, [&](const Block& block) {
      const int64_t first = stack * sizes_.rows + block.begin;
      scale_rows(g.data<float>() + first * sizes_.columns, block.factors, block.count, sizes_.columns,
                 scaled.data());
      multiply({block.weights, sizes_.keys, 'T'}, {scaled.data(), sizes_.columns}, sizes_.keys,
               sizes_.columns, block.count, 1, 1, sums + sizes_.inner, columns);
      gradient_by_weights(x, g, block, by_weights.data());
      for (int64_t i = 0; i < block.count; ++i)
        softmax_gradient(block.weights + i * sizes_.keys, block.factors[i],
                         by_weights.data() + i * sizes_.keys, sizes_.keys);
      if (by_bias != nullptr)
        std::copy_n(block.weights, block.count * sizes_.keys, by_bias + first * sizes_.keys);
      multiply({block.weights, sizes_.keys},
               {x.k.data<float>() + stack * sizes_.inner * sizes_.keys, sizes_.keys, 'T'}, block.count,
               sizes_.inner, sizes_.keys, scale, 0, by_queries + first * sizes_.inner, sizes_.inner);
      multiply({block.weights, sizes_.keys, 'T'}, {x.q.data<float>() + first * sizes_.inner, sizes_.inner},
               sizes_.keys, sizes_.inner, block.count, scale, 1, sums, columns);
    });
  });
  by.k = device_.allocate(k_);
  by.v = device_.allocate(v_);
  const float* from = both.data<float>();
  float *by_keys = by.k.data<float>(), *by_values = by.v.data<float>();
#pragma omp parallel for schedule(static)
  for (int64_t stack = 0; stack < stack_count; ++stack) {
    for (int64_t key = 0; key < keys; ++key) {
      const float* row = from + (stack * keys + key) * columns;
      for (int64_t c = 0; c < inner; ++c) by_keys[(stack * inner + c) * keys + key] = row[c];
      std::copy_n(row + inner, e, by_values + (stack * keys + key) * e);
    }
  }
  return by;
}

}  // namespace

std::unique_ptr<AttentionMap> make_attention(Device& device, const AttentionSpec& spec, const Shape& q,
                                             const Shape& k, const Shape& v) {
  return std::make_unique<Attention>(device, spec, q, k, v);
}

}  // namespace relevid::kernels::onednn
