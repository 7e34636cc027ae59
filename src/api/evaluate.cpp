// SPDX-License-Identifier: Apache-2.0
#include "relevid/evaluate.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <set>

#include "api/audit_settings.h"
#include "api/evaluate_networks.h"
#include "api/layout.h"
#include "api/method_record.h"
#include "base/hash.h"
#include "evaluate/runner.h"
#include "relevid/error.h"
#include "run/labels.h"

namespace relevid {
namespace {

using Json = nlohmann::json;

/// Which parts of the layers are drawn again, from the top: one layer, a third, two thirds, all of them.
std::vector<int64_t> randomised_layers(int64_t layers) {
  std::set<int64_t> counts = {1, (layers + 2) / 3, (2 * layers + 2) / 3, layers};
  return {counts.begin(), counts.end()};
}

void require(bool holds, const std::string& message) {
  if (!holds) throw Error(ErrorKind::kInvalidArgument, message);
}

template <class T>
void require_once(const std::vector<T>& all, std::string_view what) {
  for (size_t i = 0; i < all.size(); ++i)
    require(std::count(all.begin(), all.end(), all[i]) == 1, fmt::format("a {} is given twice", what));
}

constexpr std::string_view kMagnitude = ":magnitude";

/// The explainer's name of a method.
std::string base_name(const std::string& method) {
  return method.substr(0, method.size() - (method.ends_with(kMagnitude) ? kMagnitude.size() : 0));
}

/// The range of the inputs' values, from the smallest to the largest: how far Check::kInvariance moves them.
float width_of(const InputRange& range) {
  const auto low = range.low.values<float>(), high = range.high.values<float>();
  return *std::ranges::max_element(high) - *std::ranges::min_element(low);
}

InputRange range_of(const EvaluateOptions& options) {
  auto [low, high] = input_bounds(options.settings.preprocessing, options.settings.sampling.clip_len);
  return {std::move(low), std::move(high)};
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

/// The clips at one interval, and where they are asked for the same one step later.
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

DataSet labelled(const DataSet& data, const EvaluateOptions& options) {
  const bool by_name = options.labels == EvaluateOptions::Labels::kByName;
  return by_name ? run::with_model_labels(data, options.settings.class_names) : data;
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

void require_labels(const DataSet& data, int64_t class_count) {
  for (const DataRow& row : data.rows) {
    require(row.label == kUnlabelled || (row.label >= 0 && row.label < class_count),
            fmt::format("{} has label {}, and the model has {} classes, from 0", row.name, row.label,
                        class_count));
  }
}

evaluate::Volume volume_of(const Shape& clip_shape, ClipLayout layout) {
  const Shape shape = ncthw_shape(clip_shape, layout);
  return {shape[2], shape[3], shape[4]};
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

/// Tells how far the run is, in passes through the network, and stops it.
class Steps {
 public:
  Steps(const RunControl& control, int64_t total) : control_(control), total_(total) {}
  void add(int64_t steps) {
    done_ += steps;
    if (control_.interrupted()) throw Interrupted{};
    if (control_.report) control_.report({"passes through the network", done_, std::max(done_, total_)});
  }
  int64_t done() const { return done_; }

 private:
  const RunControl& control_;
  int64_t total_, done_ = 0;
};

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
