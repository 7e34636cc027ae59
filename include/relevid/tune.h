// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "relevid/dataset.h"
#include "relevid/evaluate.h"
#include "relevid/export.h"
#include "relevid/model.h"
#include "relevid/progress.h"

namespace RELEVID_EXPORT relevid {

/// How a preset's gammas are tuned, per group of layers: chosen by perturbation curves on one half of some
/// videos, the gain measured on the other. docs/user/tune.md.
struct TuneOptions {
  /// The file of rules, for MethodOptions::rules_file; empty: none. Until it is written OUT.state beside it
  /// has what is scored, and the same call goes on from there.
  std::filesystem::path out;
  ModelSettings settings;                 ///< how a video becomes clips, of which one a video is taken
  MethodOptions method;                   ///< "auto" or one of tunable_methods(); without a file of rules
  std::optional<int64_t> frame_interval;  ///< by default the one the settings give the model
  std::optional<double> fps;              ///< videos are resampled to this rate first
  int64_t clips = 10;                     ///< of each half, 2 to 200; fewer where there are fewer videos
  /// What is tried of each group beside the preset's own rules; 0 is epsilon. 1 to 100, 0 or more each.
  std::vector<double> gammas = {0, 0.05, 0.1, 0.25, 0.5, 1};
  int64_t rounds = 2;  ///< through all groups, 1 to 10
  /// What the curves are of, as EvaluateOptions has it; of several flippings the mean counts.
  std::vector<std::string> flippings = {"cells:blur"};
  int64_t steps = 10;
  int64_t cell_frames = 4, cell_rows = 8, cell_columns = 8;
  int64_t superpixels = 128;
  EvaluateOptions::Target target = EvaluateOptions::Target::kPredicted;
  EvaluateOptions::Labels labels = EvaluateOptions::Labels::kByName;
  int64_t batch = 8;  ///< clips in one forward pass
  uint64_t seed = 1;  ///< which videos are taken, random orders, noise
  VideoOptions video = {.threads = 1};
};

/// The presets that have a gamma.
std::vector<std::string> tunable_methods();

/// A number with its 95 % interval over videos; NaN where there is none.
struct TuneEstimate {
  double value = std::numeric_limits<double>::quiet_NaN();
  double low = std::numeric_limits<double>::quiet_NaN();
  double high = std::numeric_limits<double>::quiet_NaN();
  int64_t videos = 0;
};

/// Layers that get one gamma together.
struct TunedGroup {
  std::string name;                 ///< "embedding", "attention", "mlp"; "early", "middle", "late"
  std::vector<std::string> layers;  ///< as describe_layers() names them
  std::vector<std::string> rules;   ///< the preset's own, each once
  std::optional<double> gamma;      ///< what was chosen; nothing: the preset's own
};

/// What a group's value came to on the half that chooses, while the other groups stood still.
struct TriedGamma {
  int64_t round = 1;
  std::string group;
  std::optional<double> gamma;  ///< nothing: the preset's own
  double abpc = 0;
  bool taken = false;
};

/// What can be said of the gain: kGain, its interval lies above 0; kNoGain, it holds 0; kLoss, it lies below;
/// kTooFewVideos, no claim is made from so few; kUnchanged, the search kept the preset's own. All but kGain:
/// the preset is better kept.
enum class TuneVerdict { kGain, kNoGain, kLoss, kTooFewVideos, kUnchanged };
/// "gain", "no_gain", "loss", "too_few_videos", "unchanged".
std::string_view name(TuneVerdict verdict);

/// What a tuning found: what was chosen on one half of the videos, and what that gains on the other.
struct Tuning {
  std::string method, model_sha256;
  std::vector<TunedGroup> groups;
  std::vector<TriedGamma> tried;  ///< in the order of the search
  TuneVerdict verdict = TuneVerdict::kUnchanged;
  std::vector<std::string> sentences;  ///< what to know first: a model at chance, then the verdict
  std::string accuracy;                ///< of the model on these videos, a sentence
  std::vector<std::string> warnings;   ///< where the curves say little, and videos that were left out
  /// ABPC on the half that had no part in the search: of the preset, tuned, and of a random order; the
  /// difference is paired by video.
  TuneEstimate own, tuned, difference, random;
  std::vector<std::string> search_videos, held_out_videos;  ///< names, as the data set has them
  std::vector<std::string> flippings;
  uint64_t seed = 1;
  int64_t passes = 0;  ///< through the network, done now
  double seconds = 0;
};

/// What a tuning takes at the most.
struct TuneCost {
  int64_t videos = 0, settings = 0, passes = 0;
};
/// Errors as run_tuning()'s for options; reads no video.
TuneCost tuning_cost(const Model& model, const DataSet& data, const TuneOptions& options);

/// Tunes, and writes options.out whatever the verdict is; what the file is stands in it. Errors: as
/// run_evaluation's; kInvalidArgument for a method without a gamma and for too few videos, kUnsupportedModel
/// where no layer takes a gamma. Interrupted: nothing is written but the state.
Tuning run_tuning(const Model& model, const DataSet& data, const TuneOptions& options,
                  const RunControl& control);

/// For people.
std::string tuning_text(const Tuning& tuning);
/// As one JSON object.
std::string tuning_json(const Tuning& tuning);

}  // namespace relevid
