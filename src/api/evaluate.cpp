// SPDX-License-Identifier: Apache-2.0
#include "relevid/evaluate.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "api/evaluate_networks.h"
#include "api/evaluate_settings.h"
#include "api/method_record.h"
#include "base/hash.h"
#include "evaluate/runner.h"

namespace relevid {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kMagnitude = ":magnitude";

/// The explainer's name of a method.
std::string base_name(const std::string& method) {
  return method.substr(0, method.size() - (method.ends_with(kMagnitude) ? kMagnitude.size() : 0));
}

/// The methods by their own names.
EvaluateOptions with_methods_named(const Model& model, EvaluateOptions options) {
  const Shape clip_shape = model.clip_shape(options.settings);
  for (std::string& method : options.methods) {
    const std::string base = base_name(method);
    require_known_method(base);
    method.replace(0, base.size(), resolved_method(base, model, clip_shape));
  }
  return options;
}

std::vector<MethodOptions> methods_of(const EvaluateOptions& options, const std::atomic<bool>* interrupt) {
  std::vector<MethodOptions> methods;
  for (const std::string& name : options.methods) {
    MethodOptions& method = methods.emplace_back(options.method);
    method.method = base_name(name);
    if (method.start == Start::kDefault) method.start = Start::kOne;
    method.layout = options.settings.preprocessing.layout;
    method.interrupt = interrupt;
  }
  return methods;
}

/// Everything that the rows depend on, by its final value; threads, which change no more than the last bits,
/// are left out.
std::string settings_record(const EvaluateOptions& options, const evaluate::RunnerOptions& runner,
                            const std::vector<MethodOptions>& methods, const EvaluationNetwork& network) {
  const evaluate::EvaluationPlan& plan = runner.plan;
  const run::PlanOptions& clips = runner.feed.plan;
  ModelSettings model = options.settings;
  model.class_names.clear();  // in the manifest
  Json record = {{"model_settings", Json::parse(to_json(model))},
                 {"frame_interval", clips.base_interval},
                 {"fps", clips.fps ? Json(*clips.fps) : Json()},
                 {"flippings", options.flippings},
                 {"steps", plan.steps},
                 {"cells", {plan.cells.frames, plan.cells.height, plan.cells.width}},
                 {"superpixels", plan.superpixels},
                 {"checks", options.checks},
                 {"input_shift", plan.input_shift},
                 {"randomised", plan.randomised},
                 {"objects_sha256", runner.objects ? runner.objects->sha256() : ""},
                 {"target", options.target == EvaluateOptions::Target::kLabel ? "label" : "predicted"},
                 {"labels", options.labels == EvaluateOptions::Labels::kByName ? "by name" : "by index"},
                 {"batch", network.batch()},
                 {"seed", plan.seed},
                 {"image_sequence_fps", options.video.image_sequence_fps}};
  for (size_t m = 0; m < methods.size(); ++m) {
    Json method = method_record(methods[m], network.effective_start(m));
    method["name"] = options.methods[m];
    record["methods"].push_back(std::move(method));
  }
  return record.dump(-1, ' ', false, Json::error_handler_t::replace);
}

evaluate::Objects objects_of(const EvaluateOptions& options, const DataSet& data) {
  evaluate::Objects objects = evaluate::Objects::read(options.objects);
  require(data.rows.empty() ||
              std::ranges::any_of(data.rows, [&](const DataRow& row) { return objects.has(row.name); }),
          fmt::format("{} names none of the data set's videos: it has '{}', the data set '{}'",
                      options.objects.string(), objects.any_video(),
                      data.rows.empty() ? "" : data.rows.front().name));
  return objects;
}

EvaluationCost cost_of(const EvaluateOptions& options, const evaluate::EvaluationPlan& plan,
                       const Shape& clip_shape, int64_t passes) {
  const evaluate::Volume volume = volume_of(clip_shape, options.settings.preprocessing.layout);
  const auto first = evaluate::cost_of(plan, volume, true), later = evaluate::cost_of(plan, volume, false);
  return {0,
          first.forward_passes,
          later.explanations,
          first.explanations,
          later.explanations / std::ssize(plan.methods) * passes,
          first.explanations / std::ssize(plan.methods) * passes};
}

/// What every method takes for one clip and target, together.
template <class Explainer>
int64_t passes_of(const Explainer& explainer, size_t methods) {
  int64_t passes = 0;
  for (size_t method = 0; method < methods; ++method) passes += explainer.cost(method).total();
  return passes;
}

InputRange moved(InputRange range, float by) {
  for (Tensor* bound : {&range.low, &range.high})
    for (float& value : bound->values<float>()) value += by;
  return range;
}

/// The networks of a run, prepared.
struct Prepared {
  std::unique_ptr<EvaluationNetwork> network, shifted;
  std::vector<std::unique_ptr<EvaluationNetwork>> randomised;
};

Prepared prepare(const Model& model, const EvaluateOptions& options, const evaluate::EvaluationPlan& plan,
                 const Shape& clip_shape, const std::vector<MethodOptions>& methods,
                 const AfterSteps& after) {
  const InputRange range = range_of(options);
  std::vector<MapSign> signs;
  for (const std::string& method : options.methods)
    signs.push_back(method.ends_with(kMagnitude) ? MapSign::kMagnitude : MapSign::kSigned);
  Prepared prepared;
  prepared.network =
      std::make_unique<EvaluationNetwork>(model, clip_shape, methods, signs, range, options.batch, after);
  if (plan.has(evaluate::Check::kInvariance)) {
    prepared.shifted =
        std::make_unique<EvaluationNetwork>(with_shifted_input(model, plan.input_shift), clip_shape, methods,
                                            signs, moved(range_of(options), plan.input_shift), 0, after);
  }
  if (!plan.has(evaluate::Check::kRandomised)) return prepared;
  for (const int64_t layers : randomised_layers(layers_with_weights(model))) {
    prepared.randomised.push_back(std::make_unique<EvaluationNetwork>(
        with_random_top(model, options.seed, layers), clip_shape, methods, signs, range, 0, after));
  }
  return prepared;
}

run::Manifest manifest_of(const Model& model, const DataSet& data, const EvaluateOptions& options,
                          const run::PlanOptions& clips, const EvaluationNetwork& network,
                          std::string settings) {
  const auto& names = options.settings.class_names;
  run::Manifest manifest;
  manifest.relevid_version = RELEVID_VERSION;
  manifest.model_sha256 = model.sha256();
  manifest.dataset_sha256 = run::dataset_identity(data);
  manifest.dataset_rows = std::ssize(data.rows);
  manifest.class_count = network.class_count();
  manifest.clip_len = clips.sampling.clip_len;
  manifest.settings = std::move(settings);
  manifest.class_names = names.empty() ? data.class_names : names;
  manifest.conditions = run::conditions_of(clips);
  manifest.shard = options.shard;
  require(names.empty() || std::ssize(names) == manifest.class_count,
          fmt::format("{} class names are given, and the model has {} classes", names.size(),
                      manifest.class_count));
  return manifest;
}

/// Nothing of the run is known yet, so all videos count that are not in it, each with as many clips as it is
/// asked for.
int64_t steps_left(evaluate::Store& store, const DataSet& data, const EvaluationCost& cost, int64_t clips) {
  int64_t videos = 0;
  for (int64_t row = 0; row < std::ssize(data.rows); ++row)
    videos += holds(store.manifest().shard, row) && !store.has_video(row);
  return videos * (clips * cost.forward_passes + cost.first_passes + (clips - 1) * cost.passes);
}

}  // namespace

EvaluationCost evaluation_cost(const Model& model, const DataSet& data, const EvaluateOptions& given) {
  const EvaluateOptions options = with_methods_named(model, given);
  const auto plan = plan_of(model, options);
  const Shape clip_shape = model.clip_shape(options.settings);
  const auto methods = methods_of(options, nullptr);
  const InputRange range = range_of(options);
  const ClipExplainer explainer(model, clip_shape, methods, &range);
  EvaluationCost cost = cost_of(options, plan, clip_shape, passes_of(explainer, methods.size()));
  for (int64_t row = 0; row < std::ssize(data.rows); ++row) cost.videos += holds(options.shard, row);
  return cost;
}

EvaluationOutcome run_evaluation(const Model& model, const DataSet& given, const EvaluateOptions& asked,
                                 const RunControl& control) {
  const EvaluateOptions options = with_methods_named(model, asked);
  evaluate::RunnerOptions runner;
  runner.plan = plan_of(model, options);
  runner.feed.plan = clips_of(options, runner.plan);
  runner.feed.preprocessing = options.settings.preprocessing;
  runner.feed.video = options.video;
  if (options.target == EvaluateOptions::Target::kLabel)
    runner.target = evaluate::RunnerOptions::Target::kLabel;
  if (!options.objects.empty()) runner.objects = objects_of(options, given);
  const DataSet data = labelled(given, options);
  const Shape clip_shape = model.clip_shape(options.settings);
  const auto methods = methods_of(options, control.interrupt);
  std::optional<Steps> steps;
  const Prepared prepared = prepare(model, options, runner.plan, clip_shape, methods, [&](int64_t done) {
    if (steps) steps->add(done);
  });
  require_labels(data, prepared.network->class_count());
  EvaluationOutcome outcome;
  {
    evaluate::Store store(options.out,
                          manifest_of(model, data, options, runner.feed.plan, *prepared.network,
                                      settings_record(options, runner, methods, *prepared.network)));
    const int64_t clips = std::max<int64_t>(1, options.settings.sampling.num_clips);
    const int64_t passes = passes_of(*prepared.network, methods.size());
    steps.emplace(control, steps_left(store, data, cost_of(options, runner.plan, clip_shape, passes), clips));
    evaluate::Networks networks{*prepared.network, {}, prepared.shifted.get()};
    for (const auto& network : prepared.randomised) networks.randomised.push_back(network.get());
    const auto start = std::chrono::steady_clock::now();
    const auto run = evaluate::evaluate_videos(store, data, runner, networks, control);
    outcome.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    outcome.videos = run.videos;
    outcome.clips = run.clips;
    outcome.passes = steps->done();
    outcome.finished = run.finished;
  }
  outcome.counts = run_counts(options.out);
  return outcome;
}

}  // namespace relevid
