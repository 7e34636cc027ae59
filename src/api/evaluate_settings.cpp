// SPDX-License-Identifier: Apache-2.0
#include "api/evaluate_settings.h"

#include <fmt/format.h>

#include <set>

#include "api/audit_settings.h"
#include "api/evaluate_networks.h"
#include "api/layout.h"
#include "run/labels.h"

namespace relevid {
namespace {

template <class T>
void require_once(const std::vector<T>& all, std::string_view what) {
  for (size_t i = 0; i < all.size(); ++i)
    require(std::count(all.begin(), all.end(), all[i]) == 1, fmt::format("a {} is given twice", what));
}

/// The range of the inputs' values, from the smallest to the largest: how far Check::kInvariance moves them.
float width_of(const InputRange& range) {
  const auto low = range.low.values<float>(), high = range.high.values<float>();
  return *std::ranges::max_element(high) - *std::ranges::min_element(low);
}

}  // namespace

std::vector<int64_t> randomised_layers(int64_t layers) {
  std::set<int64_t> counts = {1, (layers + 2) / 3, (2 * layers + 2) / 3, layers};
  return {counts.begin(), counts.end()};
}

InputRange range_of(const EvaluateOptions& options) {
  auto [low, high] = input_bounds(options.settings.preprocessing, options.settings.sampling.clip_len);
  return {std::move(low), std::move(high)};
}

evaluate::EvaluationPlan plan_of(const Model& model, const EvaluateOptions& options) {
  evaluate::EvaluationPlan plan;
  require(!options.methods.empty(), "no method is given that could be evaluated");
  require_once(options.methods, "method");
  plan.methods = options.methods;
  for (const std::string& text : options.flippings) plan.flippings.push_back(evaluate::parse_flipping(text));
  require_once(plan.flippings, "kind of flipping");
  for (const std::string& text : options.checks) plan.checks.push_back(evaluate::parse_check(text));
  require_once(plan.checks, "check");
  constexpr int64_t kMostSteps = 1000, kMostRegions = 1 << 20;
  require(options.steps >= 2 && options.steps <= kMostSteps,
          fmt::format("a curve has 2 to {} steps, not {}", kMostSteps, options.steps));
  plan.steps = options.steps;
  plan.cells = {options.cell_frames, options.cell_rows, options.cell_columns};
  require(std::min({plan.cells.frames, plan.cells.height, plan.cells.width}) >= 1 &&
              std::max({plan.cells.frames, plan.cells.height, plan.cells.width}) <= kMostRegions,
          "there is one cell along each axis at least");
  require(options.superpixels >= 2 && options.superpixels <= kMostRegions, "superpixels are two at least");
  require(options.batch >= 1 && options.batch <= 1024, "a batch has 1 to 1024 clips");
  plan.superpixels = options.superpixels;
  plan.seed = options.seed;
  plan.input_shift = width_of(range_of(options));
  if (plan.has(evaluate::Check::kRandomised)) {
    const int64_t layers = layers_with_weights(model);
    for (const int64_t count : randomised_layers(layers))
      plan.randomised.push_back(fmt::format("{} of {}", count, layers));
  }
  return plan;
}

run::PlanOptions clips_of(const EvaluateOptions& options, const evaluate::EvaluationPlan& plan) {
  constexpr int64_t kAll = 1 << 20;
  AuditOptions audit;
  audit.settings = options.settings;
  audit.intervals.clear();
  audit.base_interval = options.frame_interval;
  audit.fps = options.fps;
  audit.controls.clear();
  if (plan.has(evaluate::Check::kOffset)) audit.controls.push_back(AuditControl::kShifted);
  audit.control_clips = kAll;
  audit.shift_frames = 1;
  run::PlanOptions clips = plan_of(audit);
  clips.shift_frames = clips.base_interval;
  return clips;
}

evaluate::Volume volume_of(const Shape& clip_shape, ClipLayout layout) {
  const Shape shape = ncthw_shape(clip_shape, layout);
  return {shape[2], shape[3], shape[4]};
}

DataSet labelled(const DataSet& data, const EvaluateOptions& options) {
  const bool by_name = options.labels == EvaluateOptions::Labels::kByName;
  return by_name ? run::with_model_labels(data, options.settings.class_names) : data;
}

void require_labels(const DataSet& data, int64_t class_count) {
  for (const DataRow& row : data.rows) {
    require(row.label == kUnlabelled || (row.label >= 0 && row.label < class_count),
            fmt::format("{} has label {}, and the model has {} classes, from 0", row.name, row.label,
                        class_count));
  }
}

void Steps::add(int64_t steps) {
  done_ += steps;
  if (control_.interrupted()) throw Interrupted{};
  if (control_.report) control_.report({"passes through the network", done_, std::max(done_, total_)});
}

}  // namespace relevid
