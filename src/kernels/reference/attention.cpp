// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/reference/reference.h"

namespace relevid::kernels::reference {
namespace {

/// A stack's matrix: element (row, column) of a row-major buffer [S, rows, columns].
class Matrix {
 public:
  Matrix(std::span<double> values, int64_t stack, int64_t rows, int64_t columns)
      : values_(values.data() + stack * rows * columns), columns_(columns) {}
  double& operator()(int64_t row, int64_t column) const { return values_[row * columns_ + column]; }

 private:
  double* values_;
  int64_t columns_;
};

class ReferenceAttention final : public AttentionMap {
 public:
  ReferenceAttention(const AttentionSpec& spec, const Shape& q, const Shape& k, const Shape& v)
      : spec_(spec), sizes_(attention_sizes(spec, q, k, v)), q_(q), k_(k), v_(v) {
    for (const AttentionSpec::Bias& bias : spec.biases) biases_.push_back(bias.values->as_doubles());
  }

  Buffer forward(const Operands& x) override {
    Buffer y = allocate(Shape{sizes_.stack, sizes_.rows, sizes_.columns});
    for_each_weight(x, [&](int64_t s, int64_t i, int64_t j, double a) {
      for (int64_t c = 0; c < sizes_.columns; ++c) of(y, s)(i, c) += a * of(x.v, s)(j, c);
    });
    return y;
  }

  Buffer by_values(const Operands& x, const Buffer& s) override {
    const int64_t columns = s.shape()[2];
    Buffer back = allocate(Shape{sizes_.stack, sizes_.keys, columns});
    for_each_weight(x, [&](int64_t n, int64_t i, int64_t j, double a) {
      for (int64_t c = 0; c < columns; ++c) of(back, n)(j, c) += a * of(s, n)(i, c);
    });
    return back;
  }

  Buffer by_positive_gradient(const Operands& x, const Buffer& g, const Buffer& s) override {
    const int64_t columns = s.shape()[2];
    Buffer back = allocate(Shape{sizes_.stack, sizes_.keys, columns});
    for_each_weight(x, [&](int64_t n, int64_t i, int64_t j, double a) {
      const double weight = std::max(a * by_weight(x, g, n, i, j), 0.0);
      for (int64_t c = 0; c < columns; ++c) of(back, n)(j, c) += weight * of(s, n)(i, c);
    });
    return back;
  }

  Operands gradient(const Operands& x, const Buffer& g) override {
    Operands by{allocate(q_), allocate(k_), allocate(v_), {}};
    if (x.bias) by.bias = allocate(x.bias.shape());
    std::vector<double> mean(static_cast<size_t>(sizes_.stack * sizes_.rows),
                             0.0);  // of dA under the weights
    const auto mean_of = [&](int64_t s, int64_t i) -> double& {
      return mean[static_cast<size_t>(s * sizes_.rows + i)];
    };
    for_each_weight(x, [&](int64_t s, int64_t i, int64_t j, double a) {
      mean_of(s, i) += a * by_weight(x, g, s, i, j);
      for (int64_t c = 0; c < sizes_.columns; ++c) of(by.v, s)(j, c) += a * of(g, s)(i, c);
    });
    for_each_weight(x, [&](int64_t s, int64_t i, int64_t j, double a) {
      const double by_score = a * (by_weight(x, g, s, i, j) - mean_of(s, i));
      if (by.bias) of(by.bias, s)(i, j) = by_score;
      for (int64_t c = 0; c < sizes_.inner; ++c) {
        of(by.q, s)(i, c) += spec_.scale * by_score * of(x.k, s)(c, j);
        of(by.k, s)(c, j) += spec_.scale * by_score * of(x.q, s)(i, c);
      }
    });
    return by;
  }

 private:
  static Matrix of(const Buffer& x, int64_t stack) {
    auto* values = const_cast<double*>(x.data<double>());
    return {{values, static_cast<size_t>(x.shape().elements())}, stack, x.shape()[1], x.shape()[2]};
  }

  /// Gradient of Σ g y by the weight of query i and key j.
  double by_weight(const Operands& x, const Buffer& g, int64_t s, int64_t i, int64_t j) const {
    double sum = 0;
    for (int64_t c = 0; c < sizes_.columns; ++c) sum += of(g, s)(i, c) * of(x.v, s)(j, c);
    return sum;
  }

  /// f(stack, query, key, weight) for every weight.
  template <class F>
  void for_each_weight(const Operands& x, F&& f) const {
    std::vector<double> row(static_cast<size_t>(sizes_.keys));
    for (int64_t s = 0; s < sizes_.stack; ++s) {
      for (int64_t i = 0; i < sizes_.rows; ++i) {
        for (int64_t j = 0; j < sizes_.keys; ++j) row[static_cast<size_t>(j)] = score(x, s, i, j);
        const double largest = *std::ranges::max_element(row);
        double total = 0;
        for (double& value : row) total += value = std::exp(value - largest);
        for (int64_t j = 0; j < sizes_.keys; ++j) f(s, i, j, row[static_cast<size_t>(j)] / total);
      }
    }
  }

  double score(const Operands& x, int64_t s, int64_t i, int64_t j) const {
    double product = 0;
    for (int64_t c = 0; c < sizes_.inner; ++c) product += of(x.q, s)(i, c) * of(x.k, s)(c, j);
    double result = spec_.scale * product;
    if (x.bias) result += of(x.bias, s)(i, j);
    for (size_t b = 0; b < biases_.size(); ++b) {
      const int64_t stack = spec_.biases[b].of(s);
      result += biases_[b][static_cast<size_t>((stack * sizes_.rows + i) * sizes_.keys + j)];
    }
    return result;
  }

  AttentionSpec spec_;
  AttentionSizes sizes_;
  Shape q_, k_, v_;
  std::vector<std::vector<double>> biases_;
};

}  // namespace

std::unique_ptr<AttentionMap> make_attention(const AttentionSpec& spec, const Shape& q, const Shape& k,
                                             const Shape& v) {
  return std::make_unique<ReferenceAttention>(spec, q, k, v);
}

}  // namespace relevid::kernels::reference
