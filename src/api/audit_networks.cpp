// SPDX-License-Identifier: Apache-2.0
#include "api/audit_networks.h"

#include "api/layout.h"
#include "api/model_implementation.h"
#include "api/shares.h"
#include "graph/randomise.h"
#include "relevid/error.h"

namespace relevid {

audit::ClipScore ExplainerScorer::score(const Tensor& clip, std::optional<int64_t> target) {
  const Tensor logits = explainer_->forward(clip);
  audit::ClipScore score;
  score.probabilities = probabilities(logits).at(0);
  score.target = target.value_or(best_classes(score.probabilities, 1).at(0));
  score.target_logit = static_cast<double>(logits.values<float>()[static_cast<size_t>(score.target)]);
  const AbsoluteShares shares =
      absolute_shares(to_ncthw(explainer_->explain(score.target, method_).relevance, layout_));
  score.shares = shares.per_frame;
  score.negative_share = shares.negative;
  return score;
}

Model with_random_weights(const Model& model, uint64_t seed) {
  return with_graph(model, graph::with_random_weights(model.implementation().model, seed));
}

}  // namespace relevid
