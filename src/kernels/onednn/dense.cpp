// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <dnnl.hpp>
#include <numeric>

#include "kernels/host_sums.h"
#include "kernels/onednn/activations.h"
#include "kernels/onednn/dense_rows.h"
#include "kernels/onednn/device.h"
#include "kernels/onednn/prepared_weights.h"
#include "kernels/parameters.h"

namespace relevid::kernels::onednn {
namespace {

using dnnl::memory;

memory::desc matrix_desc(int64_t rows, int64_t columns, memory::format_tag tag = memory::format_tag::ab) {
  return {{rows, columns}, memory::data_type::f32, tag};
}

/// What the two ways to run a dense layer share: operands as plain rows, bias, activation.
class Dense : public LinearMap {
 public:
  Dense(Device& device, const DenseSpec& spec, const Shape& input, const Epilogue& epilogue)
      : device_(device),
        input_(input),
        output_(output_shape(spec, input)),
        activation_(epilogue.activation),
        in_(spec.weight->shape()[1]),
        out_(spec.weight->shape()[0]),
        rows_(input.elements() / in_),
        weight_(spec.weight),
        bias_(spec.bias, out_) {}

  Buffer forward(const Buffer& x, Buffer) override {
    Buffer y = apply(x, {}, {BiasPart::Kind::kAll});
    activate_in_place(device_, y, activation_);
    return y;
  }

  Buffer apply(const Buffer& x, WeightTransform weight, BiasPart part) override {
    const auto rows = plain_rows(x);
    return produce(output_, [&](float* y) { multiply(rows.values, weight, part, y); });
  }

  Buffer adjoint(const Buffer& s, WeightTransform weight) override {
    const auto rows = plain_rows(s);
    return produce(input_, [&](float* y) { multiply_transposed(rows.values, weight, y); });
  }

  std::vector<Buffer> adjoints(const Buffer& s, std::span<const WeightTransform> weights) override {
    std::vector<Buffer> result;
    for (const auto& weight : weights) result.push_back(adjoint(s, weight));
    return result;
  }

  Sums bias_dot(const Buffer& s, BiasPart part) override {
    const int64_t items = output_[0], rows_an_item = rows_ / items;
    std::vector<double> result(static_cast<size_t>(items), 0.0);
    if (!bias_.tensor() || part.kind == BiasPart::Kind::kNone) return host_sums(std::move(result));
    const auto* bias = static_cast<const float*>(bias_.get(device_, part).get_data_handle());
    const auto rows = plain_rows(s);
    std::vector<double> of_rows(static_cast<size_t>(rows_));
#pragma omp parallel for schedule(static)
    for (int64_t row = 0; row < rows_; ++row)
      of_rows[static_cast<size_t>(row)] = dot(rows.values + row * out_, bias, out_);
    for (int64_t row = 0; row < rows_; ++row)
      result[static_cast<size_t>(row / rows_an_item)] += of_rows[static_cast<size_t>(row)];
    return host_sums(std::move(result));
  }

  ParameterGradient parameter_gradient(const Buffer& x, const Buffer& g) override {
    ParameterGradient result = zero_gradient(weight_.get(), bias_.tensor(), DType::kF32);
    const auto sources = plain_rows(x), gradients = plain_rows(g);
    if (!gradient_) gradient_ = make_gradient();
    device_.run(gradient_,
                {{DNNL_ARG_SRC, wrap(sources.values, in_)},
                 {DNNL_ARG_DIFF_DST, wrap(gradients.values, out_)},
                 {DNNL_ARG_DIFF_WEIGHTS,
                  {matrix_desc(out_, in_), device_.engine(), result.weight.values<float>().data()}}});
    if (!bias_.tensor()) return result;
    std::vector<double> sums(static_cast<size_t>(out_), 0.0);
    for (int64_t i = 0; i < rows_ * out_; ++i)
      sums[static_cast<size_t>(i % out_)] += static_cast<double>(gradients.values[i]);
    std::ranges::copy(sums, result.bias.values<float>().begin());
    return result;
  }

  void parameters_changed() override {
    bias_.changed();
  }

 protected:
  /// y = W' x + b' and y = W'ᵀ s on rows_ plain rows.
  virtual void multiply(const float* x, WeightTransform weight, BiasPart part, float* y) = 0;
  virtual void multiply_transposed(const float* s, WeightTransform weight, float* y) = 0;

  memory wrap(const float* values, int64_t columns) const {
    return {matrix_desc(rows_, columns), device_.engine(), const_cast<float*>(values)};
  }

  /// A buffer as rows: its own storage, or a copy where it is a blocked volume.
  struct Rows {
    std::vector<float> copy;
    const float* values = nullptr;
  };
  Rows plain_rows(const Buffer& x) const {
    Rows rows;
    if (device_.layout(x.shape()).block > 1) {
      rows.copy = device_.to_plain(x);
      rows.values = rows.copy.data();
    } else {
      rows.values = x.data<float>();
    }
    return rows;
  }

  /// A buffer of `shape` whose plain values f writes.
  template <class F>
  Buffer produce(const Shape& shape, F&& f) {
    if (device_.layout(shape).block == 1) {
      Buffer y = device_.allocate(shape);
      f(y.data<float>());
      return y;
    }
    std::vector<float> plain(static_cast<size_t>(shape.elements()));
    f(plain.data());
    return device_.from_plain(shape, plain.data());
  }

  Device& device_;
  Shape input_, output_;
  Activation activation_;
  int64_t in_, out_, rows_;
  std::shared_ptr<const Tensor> weight_;
  PreparedBias bias_;

 private:
  dnnl::primitive make_gradient() const {
    const auto x = matrix_desc(rows_, in_), y = matrix_desc(rows_, out_), weights = matrix_desc(out_, in_);
    const dnnl::inner_product_forward::primitive_desc hint({dnnl::prop_kind::forward_training, x, weights, y},
                                                           device_.engine());
    return dnnl::inner_product_backward_weights(
        dnnl::inner_product_backward_weights::primitive_desc({x, weights, y}, device_.engine(), hint));
  }

  dnnl::primitive gradient_;  ///< once it was asked for
};

/// Note [Dense layers of few rows]
/// With a row or a few, a dense layer takes as long as its weights take to be read: C3D's hold 200 MB. Here
/// they are read where the graph has them, each transform is made on the way, and the adjoint and
/// denominators read only the rows whose output carries relevance. So neither transforms nor layouts are held
/// as copies, of which oneDNN's way needs one for each.
constexpr int64_t kFewRows = 4;

class StreamedDense final : public Dense {
 public:
  using Dense::Dense;

  Buffer apply_where(const Buffer& x, const Buffer& r, WeightTransform weight, BiasPart part) override {
    const auto rows = plain_rows(x), relevance = plain_rows(r);
    std::vector<int64_t> wanted;
    for (int64_t o = 0; o < out_; ++o) {
      for (int64_t row = 0; row < rows_; ++row) {
        if (relevance.values[row * out_ + o] == 0) continue;
        wanted.push_back(o);
        break;
      }
    }
    return produce(output_, [&](float* y) {
      std::fill_n(y, output_.elements(), 0.0F);
      multiply_for(wanted, rows.values, weight, part, y);
    });
  }

 private:
  void multiply(const float* x, WeightTransform weight, BiasPart part, float* y) override {
    std::vector<int64_t> all(static_cast<size_t>(out_));
    std::iota(all.begin(), all.end(), 0);
    multiply_for(all, x, weight, part, y);
  }

  /// Of some outputs; y holds all of them.
  void multiply_for(std::span<const int64_t> outputs, const float* x, WeightTransform weight, BiasPart part,
                    float* y) {
    const float* w = weight_->values<float>().data();
    const auto* bias = static_cast<const float*>(bias_.get(device_, part).get_data_handle());
    const auto count = std::ssize(outputs);
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < count; i += kRowsAtOnce) {
      const auto some =
          outputs.subspan(static_cast<size_t>(i), static_cast<size_t>(std::min(kRowsAtOnce, count - i)));
      const float* rows[kRowsAtOnce];
      for (size_t k = 0; k < some.size(); ++k) rows[k] = w + some[k] * in_;
      for (int64_t row = 0; row < rows_; ++row) {
        float sums[kRowsAtOnce];
        if (some.size() == static_cast<size_t>(kRowsAtOnce)) {
          transformed_dots(weight, rows, x + row * in_, in_, sums);
        } else {
          for (size_t k = 0; k < some.size(); ++k)
            sums[k] = transformed_dot(weight, rows[k], x + row * in_, in_);
        }
        for (size_t k = 0; k < some.size(); ++k) y[row * out_ + some[k]] = sums[k] + bias[some[k]];
      }
    }
  }

  void multiply_transposed(const float* s, WeightTransform weight, float* y) override {
    // Groups of outputs are summed on their own and then in one order, whatever the number of threads.
    constexpr int64_t kGroups = 16;
    const float* w = weight_->values<float>().data();
    const int64_t floats = rows_ * in_;
    std::vector<float> partial(static_cast<size_t>(kGroups * floats), 0.0F);
#pragma omp parallel for schedule(dynamic)
    for (int64_t group = 0; group < kGroups; ++group) {
      float* sums = partial.data() + group * floats;
      for (int64_t o = group * out_ / kGroups; o < (group + 1) * out_ / kGroups; ++o)
        for (int64_t row = 0; row < rows_; ++row) {
          const float value = s[row * out_ + o];
          if (value != 0) transformed_add(weight, value, w + o * in_, sums + row * in_, in_);
        }
    }
#pragma omp parallel for simd schedule(static)
    for (int64_t i = 0; i < floats; ++i) {
      float sum = 0;
      for (int64_t group = 0; group < kGroups; ++group)
        sum += partial[static_cast<size_t>(group * floats + i)];
      y[i] = sum;
    }
  }
};

/// A matrix product of oneDNN's, over weights as the graph has them: the layout that oneDNN would prefer is
/// no faster, and would have to be made again after every step of training.
class MultipliedDense final : public Dense {
 public:
  MultipliedDense(Device& device, const DenseSpec& spec, const Shape& input, const Epilogue& epilogue)
      : Dense(device, spec, input, epilogue), weights_(spec.weight, matrix_desc(out_, in_)) {
    const memory::desc bias({out_}, memory::data_type::f32, memory::format_tag::a);
    const auto x = matrix_desc(rows_, in_), y = matrix_desc(rows_, out_), matrix = matrix_desc(out_, in_);
    const dnnl::inner_product_forward::primitive_desc apply(
        {dnnl::prop_kind::forward_inference, x, matrix, bias, y}, device_.engine());
    apply_ = dnnl::inner_product_forward(apply);
    adjoint_ = dnnl::inner_product_backward_data(
        dnnl::inner_product_backward_data::primitive_desc({x, matrix, y}, device_.engine(), apply));
  }

  void parameters_changed() override {
    Dense::parameters_changed();
    weights_.changed();
  }

 private:
  void multiply(const float* x, WeightTransform weight, BiasPart part, float* y) override {
    const Weights w = weights(weight);
    device_.run(apply_, {{DNNL_ARG_SRC, wrap(x, in_)},
                         {DNNL_ARG_WEIGHTS, w.values},
                         {DNNL_ARG_BIAS, bias_.get(device_, part)},
                         {DNNL_ARG_DST, wrap(y, out_)}});
  }

  void multiply_transposed(const float* s, WeightTransform weight, float* y) override {
    const Weights w = weights(weight);
    device_.run(adjoint_, {{DNNL_ARG_DIFF_DST, wrap(s, out_)},
                           {DNNL_ARG_WEIGHTS, w.values},
                           {DNNL_ARG_DIFF_SRC, wrap(y, in_)}});
  }

  /// Weights under a transform, and what holds them while they are used.
  struct Weights {
    memory values;
    Buffer storage;
  };
  /// Made anew each time where many rows share them: that takes a hundredth of the product's time, and a copy
  /// of each transform would double a transformer's memory.
  Weights weights(WeightTransform transform) {
    if (rows_ < kManyRows || transform.kind == WeightTransform::Kind::kAsIs)
      return {weights_.get(device_, transform, matrix_desc(out_, in_)), {}};
    Buffer storage = device_.allocate(Shape{out_, in_});
    const float* from = weight_->values<float>().data();
    float* to = storage.data<float>();
#pragma omp parallel for schedule(static)
    for (int64_t o = 0; o < out_; ++o) transformed_row(transform, from + o * in_, to + o * in_, in_);
    memory values(matrix_desc(out_, in_), device_.engine(), to);
    return {std::move(values), std::move(storage)};
  }
  static constexpr int64_t kManyRows = 64;

  PreparedWeights weights_;
  dnnl::primitive apply_, adjoint_;
};

}  // namespace

std::unique_ptr<LinearMap> make_dense(Device& device, const DenseSpec& spec, const Shape& input,
                                      const Epilogue& epilogue) {
  const int64_t rows = input.elements() / spec.weight->shape()[1];
  if (rows <= kFewRows) return std::make_unique<StreamedDense>(device, spec, input, epilogue);
  return std::make_unique<MultipliedDense>(device, spec, input, epilogue);
}

}  // namespace relevid::kernels::onednn
