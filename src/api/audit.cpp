// SPDX-License-Identifier: Apache-2.0
#include "relevid/audit.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "api/audit_networks.h"
#include "api/audit_settings.h"
#include "api/method_record.h"
#include "audit/runner.h"
#include "relevid/error.h"
#include "run/labels.h"
#include "run/run_reader.h"

namespace relevid {
namespace {

using Json = nlohmann::json;

/// Everything that the rows depend on, by its final value. Threads, which change no more than the last bits,
/// are left out, so that a run may be resumed on another machine.
std::string settings_record(const AuditOptions& options, const run::PlanOptions& plan,
                            std::span<const MethodOptions> methods, Start start) {
  ModelSettings model = options.settings;
  model.class_names.clear();  // in the manifest
  std::vector<std::string_view> controls;
  for (const AuditControl control : plan.controls) controls.push_back(name(control));
  Json record = {{"method", method_record(methods[0], start)},
                 {"model_settings", Json::parse(to_json(model))},
                 {"intervals", plan.intervals},
                 {"base_interval", plan.base_interval},
                 {"fps", plan.fps ? Json(*plan.fps) : Json()},
                 {"controls", controls},
                 {"control_clips", plan.control_clips},
                 {"shift_frames", plan.shift_frames},
                 {"target", options.target == AuditOptions::Target::kLabel ? "label" : "predicted"},
                 {"labels", options.labels == AuditOptions::Labels::kByName ? "by name" : "by index"},
                 {"seed", options.seed},
                 {"image_sequence_fps", options.video.image_sequence_fps}};
  if (methods.size() > 1) record["second_method"] = methods[1].method;
  return record.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// The networks, prepared, and what their run is.
struct Prepared {
  DataSet data;
  audit::RunnerOptions runner;
  std::vector<MethodOptions> methods;  ///< the audit's, and the second one where that control is asked for
  Shape clip_shape;
  std::unique_ptr<ExplainerScorer> network, random_weights, second_method;
  run::Manifest manifest;
};

bool has_control(const run::PlanOptions& plan, AuditControl control) {
  return std::ranges::find(plan.controls, control) != plan.controls.end();
}

/// The audit's method and, for the control, another; by their own names.
std::vector<MethodOptions> methods_of(const Model& model, const Shape& clip_shape,
                                      const AuditOptions& options) {
  MethodOptions method = options.method;
  method.layout = options.settings.preprocessing.layout;
  method.interrupt = nullptr;  // the video is finished
  require_known_method(method.method);
  method.method = resolved_method(method.method, model, clip_shape);
  std::vector<MethodOptions> methods = {method};
  if (std::ranges::count(options.controls, AuditControl::kSecondMethod) == 0) return methods;
  require_known_method(options.second_method);
  const bool automatic = options.second_method == "auto";
  method.method = automatic && method.method != "deep_taylor"
                      ? "deep_taylor"
                      : resolved_method(options.second_method, model, clip_shape);
  if (method.method == methods[0].method) {
    throw Error(ErrorKind::kInvalidArgument,
                fmt::format("the second method is the audit's own, {}; choose another, or leave the control "
                            "second_method out",
                            method.method));
  }
  method.rules_file.clear();  // they would make the two methods one
  method.layer.clear();
  methods.push_back(std::move(method));
  return methods;
}

run::Manifest manifest_of(const Model& model, const AuditOptions& options, const Prepared& prepared) {
  const run::PlanOptions& plan = prepared.runner.feed.plan;
  const auto& names = options.settings.class_names;
  run::Manifest manifest;
  manifest.relevid_version = RELEVID_VERSION;
  manifest.model_sha256 = model.sha256();
  manifest.dataset_sha256 = run::dataset_identity(prepared.data);
  manifest.dataset_rows = std::ssize(prepared.data.rows);
  manifest.class_count = prepared.network->class_count();
  manifest.clip_len = plan.sampling.clip_len;
  manifest.settings = settings_record(options, plan, prepared.methods, prepared.network->effective_start());
  manifest.class_names = names.empty() ? prepared.data.class_names : names;
  manifest.conditions = run::conditions_of(plan);
  manifest.shard = options.shard;
  if (!names.empty() && std::ssize(names) != manifest.class_count) {
    throw Error(ErrorKind::kInvalidArgument,
                fmt::format("{} class names are given, and the model has {} classes", names.size(),
                            manifest.class_count));
  }
  return manifest;
}

Prepared prepare(const Model& model, const DataSet& data, const AuditOptions& options) {
  Prepared prepared;
  const bool by_name = options.labels == AuditOptions::Labels::kByName;
  prepared.data = by_name ? run::with_model_labels(data, options.settings.class_names) : data;
  audit::RunnerOptions& runner = prepared.runner;
  runner.feed.plan = plan_of(options);
  runner.feed.preprocessing = options.settings.preprocessing;
  runner.feed.video = options.video;
  if (options.target == AuditOptions::Target::kLabel) runner.target = audit::RunnerOptions::Target::kLabel;
  prepared.clip_shape = model.clip_shape(options.settings);
  prepared.methods = methods_of(model, prepared.clip_shape, options);
  auto [low, high] = input_bounds(options.settings.preprocessing, options.settings.sampling.clip_len);
  const InputRange range{std::move(low), std::move(high)};
  prepared.network = std::make_unique<ExplainerScorer>(model, prepared.clip_shape, prepared.methods, range);
  if (prepared.methods.size() > 1)
    prepared.second_method = std::make_unique<ExplainerScorer>(prepared.network->by(1));
  if (has_control(runner.feed.plan, AuditControl::kRandomWeights)) {
    prepared.random_weights =
        std::make_unique<ExplainerScorer>(with_random_weights(model, options.seed), prepared.clip_shape,
                                          std::span(prepared.methods).first(1), range);
  }
  prepared.manifest = manifest_of(model, options, prepared);
  return prepared;
}

}  // namespace

AuditOutcome run_audit(const Model& model, const DataSet& data, const AuditOptions& options,
                       const RunControl& control) {
  Prepared prepared = prepare(model, data, options);
  AuditOutcome outcome;
  {
    run::RunStore store(options.out, prepared.manifest);
    if (has_control(prepared.runner.feed.plan, AuditControl::kNullProfile) && !store.null_profile())
      store.put_null_profile(null_profile(model, prepared.clip_shape, prepared.methods[0]));
    const auto start = std::chrono::steady_clock::now();
    const audit::Scorers scorers{*prepared.network, prepared.random_weights.get(),
                                 prepared.second_method.get()};
    const audit::RunnerOutcome run =
        audit::audit_videos(store, prepared.data, prepared.runner, scorers, control);
    outcome.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    outcome.videos = run.videos;
    outcome.clips = run.clips;
    outcome.computing_seconds = run.scoring_seconds;
    outcome.finished = run.finished;
  }
  outcome.counts = run_counts(options.out);
  return outcome;
}

}  // namespace relevid
