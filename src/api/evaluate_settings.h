// SPDX-License-Identifier: Apache-2.0
// What evaluations and tunings make of their options.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "evaluate/plan.h"
#include "relevid/error.h"
#include "relevid/evaluate.h"
#include "run/plan.h"

namespace relevid {

/// Throws Error(kInvalidArgument) where something does not hold.
inline void require(bool holds, const std::string& message) {
  if (!holds) throw Error(ErrorKind::kInvalidArgument, message);
}

/// How many layers are drawn again, from the top: one, a third, two thirds, all of them.
std::vector<int64_t> randomised_layers(int64_t layers);

/// What is measured of each clip; the methods by the names they were given. Error(kInvalidArgument).
evaluate::EvaluationPlan plan_of(const Model& model, const EvaluateOptions& options);
/// Which clips: those at one interval, and where that is checked the same one step later. Errors as
/// plan_of(AuditOptions)'s.
run::PlanOptions clips_of(const EvaluateOptions& options, const evaluate::EvaluationPlan& plan);

/// The smallest and largest value of the model's input.
InputRange range_of(const EvaluateOptions& options);
evaluate::Volume volume_of(const Shape& clip_shape, ClipLayout layout);

/// With labels that are the model's classes. Errors as run::with_model_labels'.
DataSet labelled(const DataSet& data, const EvaluateOptions& options);
void require_labels(const DataSet& data, int64_t class_count);

/// Tells how far a run is, in passes through the network, and stops it.
class Steps {
 public:
  Steps(const RunControl& control, int64_t total) : control_(control), total_(total) {}
  void add(int64_t steps);
  int64_t done() const { return done_; }
  /// What is left now that more is known.
  void set_left(int64_t steps) { total_ = done_ + steps; }

 private:
  const RunControl& control_;
  int64_t total_, done_ = 0;
};

}  // namespace relevid
