// SPDX-License-Identifier: Apache-2.0
#pragma once

// The tiny videos of small_dataset.h, evaluated on a network that is a formula.

#include "evaluate/linear_network.h"
#include "evaluate/runner.h"
#include "run/small_dataset.h"

namespace relevid::testing {

inline LinearNetwork small_network() {
  std::vector<float> weights(static_cast<size_t>(3 * kClipLength * kPixels * kPixels));
  for (size_t i = 0; i < weights.size(); ++i) weights[i] = (static_cast<float>(i % 11) - 4) / 2000;
  return LinearNetwork(std::move(weights));
}

inline evaluate::RunnerOptions evaluation_options() {
  evaluate::RunnerOptions options;
  options.feed = small_feed();
  run::PlanOptions& plan = options.feed.plan;
  plan.intervals = {1};
  plan.controls = {AuditControl::kShifted};
  plan.control_clips = 100;
  options.plan.methods = {"perfect", "reversed", "nothing"};
  options.plan.flippings = {{evaluate::RegionKind::kFrames, evaluate::Fill::kPrevious},
                            {evaluate::RegionKind::kCells, evaluate::Fill::kNoise}};
  options.plan.steps = 4;
  options.plan.checks = {evaluate::Check::kAgreement, evaluate::Check::kShift, evaluate::Check::kOffset};
  return options;
}

inline run::Manifest evaluation_manifest(const DataSet& data, const evaluate::RunnerOptions& options,
                                         Shard shard = {}) {
  run::Manifest manifest = small_manifest(data, small_feed(), shard);
  manifest.settings =
      R"({"methods": [{"name": "perfect"}, {"name": "reversed"}, {"name": "nothing"}], "steps": 4})";
  manifest.conditions = run::conditions_of(options.feed.plan);
  return manifest;
}

inline evaluate::RunnerOutcome run_evaluation(const std::filesystem::path& path, const DataSet& data,
                                              Shard shard = {},
                                              const std::function<void(int64_t)>& before = {},
                                              const RunControl& control = {}) {
  const auto options = evaluation_options();
  evaluate::Store store(path, evaluation_manifest(data, options, shard));
  LinearNetwork network = small_network();
  network.before_each(before);
  return evaluate::evaluate_videos(store, data, options, {network, {}, nullptr}, control);
}

}  // namespace relevid::testing
