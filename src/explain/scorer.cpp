// SPDX-License-Identifier: Apache-2.0
#include "explain/scorer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "network/gradient.h"
#include "relevid/error.h"

namespace relevid {
namespace {

std::vector<double> softmax(std::span<const double> logits) {
  std::vector<double> p(logits.begin(), logits.end());
  const double largest = *std::ranges::max_element(p);
  double sum = 0;
  for (double& value : p) sum += value = std::exp(value - largest);
  for (double& value : p) value /= sum;
  return p;
}

}  // namespace

std::vector<std::vector<double>> rows_of(const Tensor& logits) {
  const auto values = logits.as_doubles();
  const auto classes = static_cast<std::ptrdiff_t>(logits.shape()[1]);
  std::vector<std::vector<double>> rows;
  for (auto row = values.begin(); row != values.end(); row += classes) rows.emplace_back(row, row + classes);
  return rows;
}

Scorer::Scorer(Network& network, const ExplainerOptions& options)
    : explained_(network),
      network_(options.scoring ? *options.scoring : network),
      score_(options.score),
      contrast_(options.contrast),
      on_pass_(options.on_pass) {
  if (network.graph().inputs.size() == 1) return;
  throw Error(
      ErrorKind::kUnsupportedModel,
      fmt::format("{} changes the clip, and this model has {} inputs that would have to change equally",
                  options.method, network.graph().inputs.size()));
}

int64_t Scorer::batch() const {
  return network_.graph().shape(network_.graph().inputs[0])[0];
}

double Scorer::score(std::span<const double> logits, int64_t target) const {
  const auto of = [&](std::span<const double> values) {
    return values[static_cast<size_t>(target)] - (contrast_ ? values[static_cast<size_t>(*contrast_)] : 0);
  };
  return score_ == Score::kLogit ? of(logits) : of(softmax(logits));
}

Tensor Scorer::start(const Tensor& logits, int64_t target) const {
  Tensor result(logits.shape(), DType::kF64);
  const auto classes = static_cast<size_t>(logits.shape()[1]);
  const auto rows = rows_of(logits);
  for (size_t n = 0; n < rows.size(); ++n) {
    const auto slope = result.values<double>().subspan(n * classes, classes);
    const auto add = [&](size_t c, double sign) {
      if (score_ == Score::kLogit) {
        slope[c] += sign;
        return;
      }
      const auto p = softmax(rows[n]);
      for (size_t k = 0; k < classes; ++k) slope[k] += sign * p[c] * ((k == c ? 1 : 0) - p[k]);
    };
    add(static_cast<size_t>(target), 1);
    if (contrast_) add(static_cast<size_t>(*contrast_), -1);
  }
  return result;
}

void Scorer::passed(int64_t clips) const {
  for (int64_t i = 0; on_pass_ && i < clips; ++i) on_pass_();
}

/// Places of the batch that are left over hold the last clip again.
Scorer::Run Scorer::run(Network& network, Keep keep, int64_t begin, int64_t count,
                        const WriteClip& write) const {
  const Shape& shape = network.graph().shape(network.graph().inputs[0]);
  Tensor clips(shape, DType::kF32);
  const auto item = static_cast<size_t>(shape.elements() / shape[0]);
  for (int64_t i = 0; i < shape[0]; ++i) {
    const auto place = clips.values<float>().subspan(static_cast<size_t>(i) * item, item);
    if (i < count) {
      write(begin + i, place);
    } else {
      std::ranges::copy(clips.values<float>().subspan(static_cast<size_t>(count - 1) * item, item),
                        place.begin());
    }
  }
  const kernels::Buffer x = network.library().upload(clips);
  Trace trace = network.forward(std::span(&x, 1), keep);
  Tensor logits = network.output(trace);
  return {std::move(trace), std::move(logits)};
}

std::vector<std::vector<double>> Scorer::logits(int64_t count, const WriteClip& write) const {
  std::vector<std::vector<double>> result;
  for (int64_t begin = 0; begin < count; begin += batch()) {
    const int64_t clips = std::min(batch(), count - begin);
    passed(clips);
    auto rows = rows_of(run(network_, Keep::kNothing, begin, clips, write).logits);
    std::move(rows.begin(), rows.begin() + clips, std::back_inserter(result));
  }
  return result;
}

std::vector<double> Scorer::scores(int64_t count, int64_t target, const WriteClip& write) const {
  std::vector<double> result;
  for (const auto& row : logits(count, write)) result.push_back(score(row, target));
  return result;
}

std::vector<Scorer::Slope> Scorer::slopes(int64_t count, int64_t target, const WriteClip& write) const {
  const int64_t together = explained_.graph().shape(explained_.graph().inputs[0])[0];
  kernels::Library& library = explained_.library();
  std::vector<Slope> result;
  for (int64_t begin = 0; begin < count; begin += together) {
    const int64_t clips = std::min(together, count - begin);
    passed(clips);
    const Run pass = run(explained_, Keep::kGradient, begin, clips, write);
    passed(clips);
    const auto gradient =
        library
            .download(relevid::gradient(explained_, pass.trace, library.upload(start(pass.logits, target)),
                                        kernels::GradientMode::kPlain)[0])
            .cast(DType::kF32);
    const auto rows = rows_of(pass.logits);
    const auto item = static_cast<size_t>(gradient.elements() / together);
    for (size_t i = 0; i < static_cast<size_t>(clips); ++i) {
      const auto part = gradient.values<float>().subspan(i * item, item);
      result.push_back({score(rows[i], target), {part.begin(), part.end()}});
    }
  }
  return result;
}

}  // namespace relevid
