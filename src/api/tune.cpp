// SPDX-License-Identifier: Apache-2.0
#include "relevid/tune.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <nlohmann/json.hpp>

#include "api/evaluate_settings.h"
#include "api/method_record.h"
#include "api/model_implementation.h"
#include "api/tuning_network.h"
#include "base/atomic_file.h"
#include "base/input_guard.h"
#include "run/manifest.h"
#include "statistics/chance.h"
#include "statistics/report_numbers.h"
#include "tune/gain.h"

namespace relevid {
namespace {

using Json = nlohmann::ordered_json;
using evaluate::EvaluationPlan;

constexpr const char* kStateEnding = ".state";

void require_valid(const TuneOptions& options) {
  constexpr int64_t kMostClips = 200, kMostRounds = 10;
  constexpr size_t kMostGammas = 100;
  constexpr double kLargestGamma = 1e6;
  require(options.clips >= tune::kFewestClips && options.clips <= kMostClips,
          fmt::format("each half has {} to {} clips, not {}", tune::kFewestClips, kMostClips, options.clips));
  require(options.rounds >= 1 && options.rounds <= kMostRounds,
          fmt::format("the search has 1 to {} rounds, not {}", kMostRounds, options.rounds));
  require(!options.gammas.empty() && options.gammas.size() <= kMostGammas,
          fmt::format("1 to {} gammas are tried, not {}", kMostGammas, options.gammas.size()));
  for (const double gamma : options.gammas)
    require(gamma >= 0 && gamma <= kLargestGamma, fmt::format("a gamma is 0 to 1e6, not {:g}", gamma));
  require(options.method.rules_file.empty() && options.method.layer.empty(),
          "a preset is tuned as it is, to the clip: without a file of rules and a layer to stop at");
}

/// One clip of a video, one preset, and no checks.
EvaluateOptions evaluation_of(const TuneOptions& options) {
  EvaluateOptions result;
  result.settings = options.settings;
  result.settings.sampling.num_clips = 1;
  result.settings.sampling.stride.reset();
  result.methods = {options.method.method};
  result.frame_interval = options.frame_interval;
  result.fps = options.fps;
  result.flippings = options.flippings;
  result.steps = options.steps;
  result.cell_frames = options.cell_frames;
  result.cell_rows = options.cell_rows;
  result.cell_columns = options.cell_columns;
  result.superpixels = options.superpixels;
  result.checks.clear();
  result.labels = options.labels;
  result.batch = options.batch;
  result.seed = options.seed;
  return result;
}

MethodOptions method_of(const TuneOptions& options, const Model& model, const Shape& clip_shape,
                        const std::atomic<bool>* interrupt) {
  MethodOptions method = options.method;
  require_known_method(method.method);
  method.method = resolved_method(method.method, model, clip_shape);
  require_gamma_method(method.method);
  method.start = Start::kOne;  // as maps that are evaluated
  method.layout = options.settings.preprocessing.layout;
  method.interrupt = interrupt;
  return method;
}

/// What is tried of each group: what it has already is not tried twice.
tune::Space space_of(const TuneOptions& options, const std::vector<GammaGroup>& groups) {
  std::vector<double> gammas = options.gammas;
  std::ranges::sort(gammas);
  gammas.erase(std::unique(gammas.begin(), gammas.end()), gammas.end());
  tune::Space space{{}, options.rounds};
  for (const GammaGroup& group : groups) {
    auto& tried = space.gammas.emplace_back(gammas);
    std::erase_if(tried, [&](double gamma) { return group.has_gamma(gamma); });
  }
  return space;
}

/// Passes through the network that one clip takes.
class Passes {
 public:
  Passes(EvaluationPlan plan, const evaluate::Volume& volume) : plan_(std::move(plan)), volume_(volume) {}

  int64_t scoring(size_t settings) { return of(settings, EvaluationPlan::Baselines::kWithout); }
  int64_t held_out() { return of(1, EvaluationPlan::Baselines::kWith) + scoring(1); }
  /// A search's at the most.
  int64_t searching(const tune::Space& space) {
    int64_t passes = scoring(1);
    for (const auto& gammas : space.gammas) passes += space.rounds * scoring(gammas.size());
    return passes;
  }

 private:
  int64_t of(size_t settings, EvaluationPlan::Baselines baselines) {
    plan_.methods.assign(settings, "");
    plan_.baselines = baselines;
    const auto cost = evaluate::cost_of(plan_, volume_, false);
    return 1 + cost.explanations + cost.forward_passes;
  }

  EvaluationPlan plan_;
  evaluate::Volume volume_;
};

run::FeedOptions feed_of(const TuneOptions& options, const EvaluateOptions& evaluation,
                         const EvaluationPlan& plan) {
  run::FeedOptions feed;
  feed.plan = clips_of(evaluation, plan);
  feed.preprocessing = options.settings.preprocessing;
  feed.video = options.video;
  return feed;
}

std::vector<std::string> layer_names(const graph::Graph& graph, const GammaGroup& group) {
  std::vector<std::string> names;
  for (const size_t node : group.nodes) names.push_back(graph.nodes[node].name);
  return names;
}

/// All that a score depends on beside its setting and its clip.
std::string identity_of(const Model& model, const DataSet& data, const TuneOptions& options,
                        const run::FeedOptions& feed, const MethodOptions& method,
                        const TuningNetwork& network) {
  ModelSettings settings = options.settings;
  settings.class_names.clear();
  Json record = {{"relevid_version", RELEVID_VERSION},
                 {"model_sha256", model.sha256()},
                 {"dataset_sha256", run::dataset_identity(data)},
                 {"model_settings", Json::parse(to_json(settings))},
                 {"frame_interval", feed.plan.base_interval},
                 {"fps", feed.plan.fps ? Json(*feed.plan.fps) : Json()},
                 {"image_sequence_fps", options.video.image_sequence_fps},
                 {"method", method_record(method, method.start)},
                 {"flippings", options.flippings},
                 {"steps", options.steps},
                 {"cells", {options.cell_frames, options.cell_rows, options.cell_columns}},
                 {"superpixels", options.superpixels},
                 {"target", options.target == EvaluateOptions::Target::kLabel ? "label" : "predicted"},
                 {"batch", network.batch()},
                 {"seed", options.seed}};
  for (const GammaGroup& group : network.groups())
    record["groups"][group.name] = layer_names(network.graph(), group);
  return record.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::filesystem::path state_path(const TuneOptions& options) {
  return options.out.empty() ? "" : options.out.string() + kStateEnding;
}

/// Both files are this call's to write, and can be written, before hours go into what they would hold.
void claim_outputs(const TuneOptions& options) {
  if (options.out.empty()) return;
  require(!std::filesystem::is_directory(options.out),
          options.out.string() + " is a folder, not a file to write");
  claim_output(options.out, "the file of rules");
  claim_output(state_path(options), "the state of the tuning");
  const AtomicFile probe(options.out);
}

statistics::Chance chance_of(const tune::TuningClips& clips, const std::vector<int64_t>& predictions) {
  statistics::ChanceSums sums;
  for (size_t i = 0; i < predictions.size(); ++i) sums.add(clips.clips[i].video.label, predictions[i]);
  return sums.result();
}

TuneEstimate shown(const statistics::Estimate& e) {
  return {e.value, e.low, e.high, e.videos};
}

constexpr std::array kVerdicts = {std::pair{tune::Verdict::kGain, TuneVerdict::kGain},
                                  std::pair{tune::Verdict::kNoGain, TuneVerdict::kNoGain},
                                  std::pair{tune::Verdict::kLoss, TuneVerdict::kLoss},
                                  std::pair{tune::Verdict::kTooFewVideos, TuneVerdict::kTooFewVideos},
                                  std::pair{tune::Verdict::kUnchanged, TuneVerdict::kUnchanged}};

void add_search(Tuning& tuning, const TuningNetwork& network, const tune::Found& found) {
  const auto& groups = network.groups();
  for (size_t g = 0; g < groups.size(); ++g) {
    tuning.groups.push_back(
        {groups[g].name, layer_names(network.graph(), groups[g]), groups[g].rules, found.best[g]});
  }
  for (const tune::Tried& tried : found.tried)
    tuning.tried.push_back({tried.round, groups[tried.group].name, tried.gamma, tried.score, tried.taken});
}

void add_gain(Tuning& tuning, const tune::Gain& gain) {
  tuning.verdict = std::ranges::find(kVerdicts, gain.verdict, [](auto both) { return both.first; })->second;
  tuning.sentences.push_back(gain.sentence);
  tuning.warnings = gain.warnings;
  tuning.own = shown(gain.own);
  tuning.tuned = shown(gain.tuned);
  tuning.difference = shown(gain.difference);
  tuning.random = shown(gain.random);
}

void add_chance(Tuning& tuning, const statistics::Chance& chance) {
  tuning.accuracy = chance.sentence;
  if (chance.skill != statistics::Skill::kAtChance) return;
  tuning.sentences.push_back(chance.sentence +
                             " What follows tunes explanations of a model that has learned nothing these "
                             "videos can show.");
}

void add_videos(Tuning& tuning, const tune::TuningClips& clips, int64_t wanted) {
  for (const tune::TuningClip& clip : clips.clips) {
    const bool chooses = clip.half == statistics::Half::kChoice;
    (chooses ? tuning.search_videos : tuning.held_out_videos).push_back(clip.video.name);
  }
  const int64_t taken = std::ssize(clips.clips), failed = std::ssize(clips.failures);
  if (taken < wanted) {
    tuning.warnings.push_back(
        fmt::format("{} videos were asked for, and the data set gives {}", wanted, taken));
  }
  if (failed > 0) {
    tuning.warnings.push_back(fmt::format("{} left out, such as {}: {}", statistics::counted(failed, "video"),
                                          clips.failures.front().name, clips.failures.front().error));
  }
  if (clips.copies > 0) {
    tuning.warnings.push_back(fmt::format("{} left out as another with the same content is in",
                                          statistics::counted(clips.copies, "video")));
  }
}

/// What the file of rules says of itself.
std::string about(const Tuning& tuning, const MethodOptions& method) {
  Json record = {{"tuned_by", std::string("relevid tune ") + RELEVID_VERSION},
                 {"for", fmt::format("--method {}", tuning.method)},
                 {"verdict", name(tuning.verdict)},
                 {"in_words", tuning.sentences.back()}};
  Json numbers = Json::parse(tuning_json(tuning));
  for (const char* key :
       {"model_sha256", "seed", "flippings", "held_out", "search_videos", "held_out_videos"})
    record[key] = numbers.at(key);
  record["method"] = method_record(method, method.start);
  return record.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// The search and what it is shown on.
Tuning tuned_on(const TuneOptions& options, const tune::TuningClips& clips, tune::Tuner& tuner,
                const TuningNetwork& network, Passes passes, Steps& steps) {
  Tuning tuning;
  const tune::Space space = space_of(options, network.groups());
  const auto half = [&](statistics::Half which) {
    return std::ranges::count(clips.clips, which, &tune::TuningClip::half);
  };
  const int64_t held_out = half(statistics::Half::kReport) * passes.held_out();
  steps.set_left(std::ssize(clips.clips) + half(statistics::Half::kChoice) * passes.searching(space) +
                 held_out);
  add_chance(tuning, chance_of(clips, tuner.predictions()));
  const tune::Found found =
      tune::search(space, [&](std::span<const tune::Setting> settings) { return tuner.score(settings); });
  steps.set_left(held_out);
  const tune::Setting own(found.best.size());
  add_gain(tuning, tune::gain_of(tuner.held_out(found.best), options.method.method, found.best != own));
  add_search(tuning, network, found);
  add_videos(tuning, clips, 2 * options.clips);
  return tuning;
}

tune::Setting setting_of(const Tuning& tuning) {
  tune::Setting setting;
  for (const TunedGroup& group : tuning.groups) setting.push_back(group.gamma);
  return setting;
}

}  // namespace

std::vector<std::string> tunable_methods() {
  return gamma_method_names();
}

std::string_view name(TuneVerdict verdict) {
  return tune::name(std::ranges::find(kVerdicts, verdict, [](auto both) { return both.second; })->first);
}

TuneCost tuning_cost(const Model& model, const DataSet& data, const TuneOptions& options) {
  require_valid(options);
  const EvaluateOptions evaluation = evaluation_of(options);
  const EvaluationPlan plan = plan_of(model, evaluation);
  const Shape clip_shape = model.clip_shape(options.settings);
  const MethodOptions method = method_of(options, model, clip_shape, nullptr);
  const graph::Graph graph = graph_for(model, clip_shape);
  const Composite composite = composite_for(method.method, InputBounds::kKnown, method, {}, graph);
  const tune::Space space = space_of(options, gamma_groups(graph, assign(composite, graph)));
  Passes passes(plan, volume_of(clip_shape, method.layout));
  TuneCost cost;
  cost.videos = std::min<int64_t>(2 * options.clips, std::ssize(data.rows));
  cost.settings = tune::largest_size(space).settings;
  cost.passes =
      cost.videos + (cost.videos + 1) / 2 * passes.searching(space) + cost.videos / 2 * passes.held_out();
  return cost;
}

Tuning run_tuning(const Model& model, const DataSet& given, const TuneOptions& asked,
                  const RunControl& control) {
  require_valid(asked);
  claim_outputs(asked);
  TuneOptions options = asked;
  const Shape clip_shape = model.clip_shape(options.settings);
  const MethodOptions method = method_of(options, model, clip_shape, control.interrupt);
  options.method.method = method.method;
  const EvaluateOptions evaluation = evaluation_of(options);
  const EvaluationPlan plan = plan_of(model, evaluation);
  const run::FeedOptions feed = feed_of(options, evaluation, plan);
  const DataSet data = labelled(given, evaluation);
  const InputRange range = range_of(evaluation);
  Steps steps(control, 0);
  TuningNetwork network(model, clip_shape, method, range, options.batch,
                        [&](int64_t done) { steps.add(done); });
  require_labels(data, network.class_count());
  tune::Scores scores(state_path(options), identity_of(model, data, options, feed, method, network));
  const auto start = std::chrono::steady_clock::now();
  const auto clips = tune::take_clips(data, feed, options.clips, options.seed, control);
  const auto target = options.target == EvaluateOptions::Target::kLabel ? tune::Tuner::Target::kLabel
                                                                        : tune::Tuner::Target::kPredicted;
  tune::Tuner tuner(clips, plan, target, network, scores);
  Tuning tuning =
      tuned_on(options, clips, tuner, network, Passes(plan, volume_of(clip_shape, method.layout)), steps);
  tuning.method = method.method;
  tuning.model_sha256 = model.sha256();
  tuning.flippings = options.flippings;
  tuning.seed = options.seed;
  tuning.passes = steps.done();
  tuning.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (options.out.empty()) return tuning;
  write_file_atomically(options.out, gamma_rules_file(network.graph(), network.groups(), setting_of(tuning),
                                                      about(tuning, method)));
  scores.remove();
  return tuning;
}

}  // namespace relevid
