// SPDX-License-Identifier: Apache-2.0
#include "api/audit_networks.h"

#include "api/layout.h"
#include "api/model_implementation.h"
#include "api/position_share.h"
#include "api/shares.h"
#include "graph/randomise.h"
#include "relevid/error.h"

namespace relevid {

audit::ClipScore ExplainerScorer::score(const Tensor& clip, std::optional<int64_t> wanted) {
  const Tensor logits = explainer_->forward(clip);
  audit::ClipScore score;
  score.probabilities = probabilities(logits).at(0);
  const int64_t target = wanted.value_or(best_classes(score.probabilities, 1).at(0));
  const ClipExplanation explanation = explainer_->explain(target, method_);
  const Tensor relevance = to_ncthw(explanation.relevance, layout_);
  const AbsoluteShares shares = absolute_shares(relevance);
  score.finding = {target,
                   static_cast<double>(logits.values<float>()[static_cast<size_t>(target)]),
                   shares.per_frame,
                   shares.negative,
                   {}};
  if (!explanation.layers.empty()) {
    score.finding.position =
        position_finding(explanation.position, relevance, explanation.layers.front().incoming);
  }
  return score;
}

Model with_random_weights(const Model& model, uint64_t seed) {
  return with_graph(model, graph::with_random_weights(model.implementation().model, seed));
}

}  // namespace relevid
