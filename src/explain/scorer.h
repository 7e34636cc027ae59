// SPDX-License-Identifier: Apache-2.0
// What methods that change the clip ask the network.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "explain/method.h"

namespace relevid {

/// Writes the i-th changed clip, an item of the network's input.
using WriteClip = std::function<void(int64_t index, std::span<float> item)>;

/// The target's score (less the contrast's) of any number of changed clips, as many at a time as the network
/// was prepared for. Borrows the networks. Networks of one input alone: Error(kUnsupportedModel).
class Scorer {
 public:
  Scorer(Network& network, const ExplainerOptions& options);

  /// Of one row of logits.
  double score(std::span<const double> logits, int64_t target) const;
  /// How many clips go through the network together.
  int64_t batch() const;
  /// [count][classes]
  std::vector<std::vector<double>> logits(int64_t count, const WriteClip& write) const;
  std::vector<double> scores(int64_t count, int64_t target, const WriteClip& write) const;

  struct Slope {
    double score = 0;
    std::vector<float> gradient;  ///< of the score, by every element of the item
  };
  /// With their gradients, on the network that is explained.
  std::vector<Slope> slopes(int64_t count, int64_t target, const WriteClip& write) const;

 private:
  struct Run {
    Trace trace;
    Tensor logits;
  };
  Run run(Network& network, Keep keep, int64_t begin, int64_t count, const WriteClip& write) const;
  /// The score's gradient by the logits.
  Tensor start(const Tensor& logits, int64_t target) const;
  void passed(int64_t clips) const;

  Network& explained_;
  Network& network_;
  Score score_;
  std::optional<int64_t> contrast_;
  std::function<void()> on_pass_;
};

/// The rows of [N, classes].
std::vector<std::vector<double>> rows_of(const Tensor& logits);

}  // namespace relevid
