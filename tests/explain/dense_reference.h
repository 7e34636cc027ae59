// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <functional>
#include <vector>

namespace relevid::testing {

using Vector = std::vector<double>;

/// A linear layer as an explicit matrix, with a bias per output, and the rules on it written out as the
/// papers have them: nothing here knows the library's way of doing it.
struct DenseReference {
  std::vector<Vector> w;                  ///< [out][in]
  std::vector<std::vector<char>> is_tap;  ///< whether an input is connected to an output
  Vector b;

  size_t outputs() const { return w.size(); }
  size_t inputs() const { return w[0].size(); }
};

inline double positive(double v) {
  return v > 0 ? v : 0;
}
inline double negative(double v) {
  return v < 0 ? v : 0;
}
inline double stabilised(double z, double epsilon) {
  return z >= 0 ? z + epsilon : z - epsilon;
}

/// Σ over outputs of contribution(j, i) / s(total(j)) R(j), where total adds `constant(j)`.
inline Vector share_out(const DenseReference& t, const Vector& r, double epsilon,
                        const std::function<double(size_t, size_t)>& contribution,
                        const std::function<double(size_t)>& constant) {
  Vector result(t.inputs(), 0.0);
  for (size_t j = 0; j < t.outputs(); ++j) {
    double total = constant(j);
    for (size_t i = 0; i < t.inputs(); ++i) total += contribution(j, i);
    if (r[j] == 0) continue;
    for (size_t i = 0; i < t.inputs(); ++i)
      result[i] += contribution(j, i) / stabilised(total, epsilon) * r[j];
  }
  return result;
}

inline Vector dense_epsilon(const DenseReference& t, const Vector& x, const Vector& r, double epsilon) {
  return share_out(
      t, r, epsilon, [&](size_t j, size_t i) { return t.w[j][i] * x[i]; }, [&](size_t j) { return t.b[j]; });
}

/// The positive contributions, as a function of the sign of w x.
inline Vector dense_z_plus(const DenseReference& t, const Vector& x, const Vector& r, bool with_bias) {
  return share_out(
      t, r, 1e-6, [&](size_t j, size_t i) { return positive(t.w[j][i] * x[i]); },
      [&](size_t j) { return with_bias ? positive(t.b[j]) : 0.0; });
}

inline Vector dense_alpha_beta(const DenseReference& t, const Vector& x, const Vector& r, double alpha,
                               double beta) {
  const Vector gain = dense_z_plus(t, x, r, true);
  const Vector loss = share_out(
      t, r, 1e-6, [&](size_t j, size_t i) { return negative(t.w[j][i] * x[i]); },
      [&](size_t j) { return negative(t.b[j]); });
  Vector result(t.inputs());
  for (size_t i = 0; i < result.size(); ++i) result[i] = alpha * gain[i] - beta * loss[i];
  return result;
}

inline Vector outputs_of(const DenseReference& t, const Vector& x) {
  Vector y = t.b;
  for (size_t j = 0; j < t.outputs(); ++j) {
    for (size_t i = 0; i < t.inputs(); ++i) y[j] += t.w[j][i] * x[i];
  }
  return y;
}

/// Contributions of the output's own sign are enlarged by γ.
inline Vector dense_gamma(const DenseReference& t, const Vector& x, const Vector& r, double gamma) {
  const Vector up = outputs_of(t, x);
  Vector masked = r;
  for (size_t j = 0; j < t.outputs(); ++j) {
    if (up[j] == 0) masked[j] = 0;
  }
  const auto own = [&](size_t j, double v) { return up[j] > 0 ? positive(v) : negative(v); };
  return share_out(
      t, masked, 1e-6,
      [&](size_t j, size_t i) { return t.w[j][i] * x[i] + gamma * own(j, t.w[j][i] * x[i]); },
      [&](size_t j) { return t.b[j] + gamma * own(j, t.b[j]); });
}

/// Contributions of the output's own sign alone.
inline Vector dense_same_sign(const DenseReference& t, const Vector& x, const Vector& r) {
  const Vector y = outputs_of(t, x);
  return share_out(
      t, r, 1e-6,
      [&](size_t j, size_t i) {
        const double contribution = t.w[j][i] * x[i];
        return contribution * y[j] > 0 ? contribution : 0.0;
      },
      [](size_t) { return 0.0; });
}

inline Vector dense_z_box(const DenseReference& t, const Vector& x, const Vector& r, const Vector& low,
                          const Vector& high) {
  return share_out(
      t, r, 1e-6,
      [&](size_t j, size_t i) {
        const double w = t.w[j][i];
        return w * x[i] - positive(w) * low[i] - negative(w) * high[i];
      },
      [](size_t) { return 0.0; });
}

inline Vector dense_w_square(const DenseReference& t, const Vector& r) {
  return share_out(
      t, r, 1e-6, [&](size_t j, size_t i) { return t.w[j][i] * t.w[j][i]; },
      [&](size_t j) { return t.b[j] * t.b[j]; });
}

inline Vector dense_flat(const DenseReference& t, const Vector& r) {
  return share_out(
      t, r, 1e-6, [&](size_t j, size_t i) { return t.is_tap[j][i] ? 1.0 : 0.0; }, [](size_t) { return 0.0; });
}

inline Vector dense_norm(const DenseReference& t, const Vector& x, const Vector& r) {
  return share_out(
      t, r, 1e-6, [&](size_t j, size_t i) { return t.w[j][i] * x[i]; }, [](size_t) { return 0.0; });
}

}  // namespace relevid::testing
