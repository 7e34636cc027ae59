// SPDX-License-Identifier: Apache-2.0
// Shapley values of frames, from sampled orders: Castro et al. 2009 (Computers & Operations Research 36),
// each order followed by its reverse, which Mitchell et al. 2022 (JMLR 23) find to scatter less.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "explain/perturbation.h"

namespace relevid {
namespace {

/// A player is a frame, or a few that stand together. Of every order each player gets what the score gains
/// when it is shown after those before it, so that the values of each order, and so their mean, add up to the
/// score of the clip less that of a clip with no frame.
class ShapleyFrames : public PerturbationMethod {
 public:
  ShapleyFrames(Network& network, const ExplainerOptions& options)
      : PerturbationMethod(network, options, fill_or(options, Fill::kMean)), seed_(options.seed) {
    frames_each_ = std::clamp<int64_t>(options.window[0], 1, extent()[0]);
    players_ = (extent()[0] + frames_each_ - 1) / frames_each_;
  }

  MethodCost cost() const override { return {2 + options().permutations * (players_ - 1), 0}; }
  MethodResolution resolution() const override {
    const std::string each =
        frames_each_ == 1 ? "every one" : fmt::format("{} groups of up to {}", players_, frames_each_);
    return {{players_, 1, 1}, fmt::format("{} of {} frames", each, extent()[0])};
  }

 protected:
  Volume explain_item(const Subject& subject) override {
    std::mt19937_64 random(seed_);
    const std::vector<double> nothing(static_cast<size_t>(extent()[0]), 0.0);
    const double empty = scorer().scores(1, subject.target, [&](int64_t, std::span<float> item) {
      subject.clip.write_frames(nothing, item);
    })[0];
    std::vector<double> sum(static_cast<size_t>(players_), 0.0), squares = sum;
    std::vector<int64_t> order(sum.size());
    for (int64_t i = 0; i < options().permutations; ++i) {
      if (i % 2 == 0) {
        std::iota(order.begin(), order.end(), int64_t{0});
        std::shuffle(order.begin(), order.end(), random);
      } else {
        std::ranges::reverse(order);
      }
      const auto gains = gains_along(order, subject, empty);
      for (size_t k = 0; k < sum.size(); ++k) {
        sum[k] += gains[k];
        squares[k] += gains[k] * gains[k];
      }
    }
    note_scatter(sum, squares, subject);
    std::vector<double> per_frame(static_cast<size_t>(extent()[0]));
    for (size_t t = 0; t < per_frame.size(); ++t) {
      const int64_t player = static_cast<int64_t>(t) / frames_each_;
      const int64_t size = std::min(frames_each_, extent()[0] - player * frames_each_);
      per_frame[t] = sum[static_cast<size_t>(player)] / static_cast<double>(options().permutations * size);
    }
    return from_frames(per_frame, extent());
  }

 private:
  std::vector<double> gains_along(const std::vector<int64_t>& order, const Subject& subject,
                                  double empty) const {
    auto scores = scorer().scores(players_ - 1, subject.target, [&](int64_t i, std::span<float> item) {
      std::vector<double> keep(static_cast<size_t>(extent()[0]), 0.0);
      for (size_t k = 0; k <= static_cast<size_t>(i); ++k) {
        const int64_t begin = order[k] * frames_each_, end = std::min(begin + frames_each_, extent()[0]);
        std::fill(keep.begin() + begin, keep.begin() + end, 1.0);
      }
      subject.clip.write_frames(keep, item);
    });
    scores.push_back(subject.score);
    std::vector<double> gains(scores.size());
    for (size_t k = 0; k < scores.size(); ++k)
      gains[static_cast<size_t>(order[k])] = scores[k] - (k == 0 ? empty : scores[k - 1]);
    return gains;
  }

  /// Of independent orders; pairs scatter less, so that this is no less than what it stands for.
  void note_scatter(const std::vector<double>& sum, const std::vector<double>& squares,
                    const Subject& subject) const {
    const auto n = static_cast<double>(options().permutations);
    if (n < 2) return;
    double variance = 0;
    for (size_t k = 0; k < sum.size(); ++k)
      variance += std::max(0.0, squares[k] - sum[k] * sum[k] / n) / (n - 1) / n;
    subject.notes.push_back(fmt::format("standard error of a value: {:.2g}, root mean square over {} players",
                                        std::sqrt(variance / static_cast<double>(players_)), players_));
  }

  uint64_t seed_;
  int64_t frames_each_ = 1, players_ = 1;
};

}  // namespace

std::vector<std::string> shapley_method_names() {
  return {"shapley_frames"};
}

std::unique_ptr<Method> make_shapley(Network& network, const ExplainerOptions& options) {
  return std::make_unique<ShapleyFrames>(network, options);
}

}  // namespace relevid
