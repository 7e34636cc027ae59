// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "relevid/create.h"
#include "relevid/dataset.h"
#include "relevid/export.h"
#include "relevid/preprocessing.h"
#include "relevid/progress.h"

namespace RELEVID_EXPORT relevid {

/// The optimiser: SGD with momentum, or AdamW.
enum class OptimiserKind { kSgd, kAdamW };
/// Whether SGD's momentum looks ahead.
enum class Nesterov { kOff, kOn };
/// The learning rate after the warm-up: down to 0 as half a cosine, or in steps.
enum class Schedule { kCosine, kStep };

/// How gradients become changes of the weights.
struct OptimiserOptions {
  OptimiserKind kind = OptimiserKind::kAdamW;
  double momentum = 0.9;  ///< SGD's
  Nesterov nesterov = Nesterov::kOn;
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;  ///< AdamW's
  /// Of weights; never of biases and batch norms. Nothing: 0.01 for AdamW, 5e-4 for SGD.
  std::optional<double> weight_decay;
  double clip_norm = 1;  ///< largest norm of all gradients together; 0: none
};

/// The learning rate over the epochs.
struct ScheduleOptions {
  Schedule schedule = Schedule::kCosine;
  std::optional<double> learning_rate;  ///< nothing: 0.001 for AdamW, 0.01 for SGD
  std::optional<double> warmup_epochs;  ///< nothing: a tenth of the epochs
  int64_t step_epochs = 10;             ///< kStep: epochs between two reductions
  double step_factor = 0.1;             ///< kStep: by what the rate is multiplied
};

/// What is drawn again for every clip, and is the same for all of its frames.
struct Augmentation {
  /// Where the crop is taken.
  enum class Crop {
    kCentre,  ///< as at inference
    kRandom,  ///< uniform over all places where the crop fits
  };
  Crop crop = Crop::kCentre;
  /// In [0, 1]. A flip turns left into right, which also turns a class such as "moves left" into another.
  double flip_probability = 0;
  /// Jitter, as torchvision's ColorJitter has it: a factor f uniform in [max(0, 1 - range), 1 + range]; 0:
  /// none. On 8-bit values v: contrast first, v' = m + f (v - m) with m the mean of 0.2989 R + 0.587 G +
  /// 0.114 B over the clip's crop, then brightness, v'' = f v'; each clamped to [0, 255], the last to the
  /// nearest level.
  double contrast = 0;
  double brightness = 0;
  bool operator==(const Augmentation&) const = default;
};

/// Which network is trained, and from which weights.
struct NetworkOptions {
  std::string architecture = "c3d";  ///< as create_model knows them; not used with `init`
  double width = 1;
  double dropout = 0.5;  ///< before the last fully connected layers; 0: none
  CreateOptions::TimePadding time_padding = CreateOptions::TimePadding::kZeros;
  std::filesystem::path init = {};  ///< an ONNX model to start from; empty: random weights
  std::vector<std::string> freeze;  ///< patterns (* and ?) of nodes that keep their weights
  /// Patterns of nodes that alone are trained; `head` is the last layer with weights as well. Empty: all.
  std::vector<std::string> train_only = {};
};

/// Which state of a run becomes the ONNX file.
enum class KeptState {
  kBest,  ///< the epoch with most validation videos right; ties: most clips right, then the later epoch
  kLast,
};

/// What happens where the loss says that nothing is known any more, or nothing was learnt.
struct CollapseOptions {
  /// How often a run may go back to its best state, each time at 0.3 of the learning rate; then it ends with
  /// an error.
  int64_t restarts = 2;
  /// Epochs after which a loss that never left chance counts as collapsed. Nothing: a third of the epochs, at
  /// least 5.
  std::optional<int64_t> patience_epochs;
  /// Whether a network that is at chance at the end is written as well.
  enum class AtChance { kError, kAllow } at_chance = AtChance::kError;
};

/// Everything that a training depends on. Sizes in pixels, lengths in frames.
struct TrainOptions {
  NetworkOptions network;
  int64_t size = 112;               ///< height and width of what the network sees; with `init`: the model's
  int64_t resize = 0;               ///< shorter side before the crop; 0: 8/7 of `size`
  std::optional<int64_t> clip_len;  ///< nothing: 16, or what the initial model says
  std::optional<int64_t> frame_interval;  ///< nothing: 1, or what the initial model says
  ClipMean clip_mean = ClipMean::kKeep;   ///< without `init`: of every clip that the network sees
  int64_t clips_per_video = 1;            ///< drawn in an epoch
  int64_t validation_clips = 2;           ///< of every validation video, evenly spread
  Augmentation augmentation{.crop = Augmentation::Crop::kRandom};
  int64_t epochs = 30;
  int64_t batch = 8;
  double label_smoothing = 0;  ///< in [0, 1)
  OptimiserOptions optimiser;
  ScheduleOptions schedule;
  CollapseOptions collapse;
  std::optional<KeptState> keep;  ///< nothing: the best where there is a validation set, else the last
  uint64_t seed = 1;
  std::string device = "cpu";  ///< what the network runs on, a name of relevid/device.h
  int threads = 0;             ///< of the network; 0: as many as cores
  int loader_threads = 1;
  double max_bad_share = 0.1;        ///< of unreadable videos; more is an error
  std::filesystem::path cache = {};  ///< of decoded frames; empty: relevid/frames in the user's cache folder
  int64_t cache_limit_bytes = int64_t{20} << 30;
  /// Whether batch norms stay nodes of their own or are merged into the layers before them.
  enum class BatchNorm { kKeep, kMerge } batch_norm = BatchNorm::kKeep;  ///< of the ONNX file
  /// Whether an existing checkpoint is resumed.
  enum class Begin { kNew, kResume } begin = Begin::kNew;
};

/// How many clips and videos were classified right.
struct Accuracy {
  int64_t clips = 0, clips_right = 0;
  int64_t videos = 0, videos_right = 0;  ///< by the mean of their clips' probabilities
};

/// A return to the best state, after which epochs are counted from that state's again.
struct Restart {
  /// Why training went back.
  enum class Reason {
    kFellBack,   ///< the loss had been better than chance, and went back to it
    kNeverLeft,  ///< the loss has not left chance for CollapseOptions::patience_epochs
  };
  Reason reason = Reason::kFellBack;
  int64_t to_epoch = 0;    ///< whose state training goes on from; 0: as it began
  double rate_factor = 1;  ///< of the learning rate from now on, against the options'
};

/// What one epoch came to.
struct EpochResult {
  int64_t epoch = 0;  ///< from 1
  double loss = 0;    ///< mean over the epoch's updates, nats
  int64_t clips = 0, clips_right = 0;
  double learning_rate = 0;  ///< of its last update
  double gradient_norm = 0;  ///< of all gradients together, before clipping; mean over the epoch's updates
  double clips_per_second = 0;
  std::optional<Accuracy> validation;
  int64_t attempt = 1;             ///< 1 + the restarts before it
  std::optional<Restart> restart;  ///< that followed this epoch
};

/// A video that was left out, and why.
struct UnreadableVideo {
  std::string name, reason;
};

/// What a training came to.
struct TrainResult {
  std::vector<EpochResult> epochs;  ///< in the order they were run, those before a resumption included
  int64_t kept = 0;                 ///< place in `epochs` of the one whose state the ONNX file holds
  /// Mean loss of predicting the training classes' frequencies for every clip, nats.
  double chance_loss = 0;
  /// Why the kept state is at chance, in words, where it is and AtChance::kAllow lets it be.
  std::optional<std::string> at_chance;
  std::vector<UnreadableVideo> unreadable;
  int64_t training_videos = 0, validation_videos = 0;
  int64_t parameters = 0;
};

/// What training tells while it runs, besides its progress. All may be empty.
struct TrainObserver {
  std::function<void(const UnreadableVideo&)> unreadable;
  std::function<void(const EpochResult&)> epoch;
};

/// Where training to `model` (M.onnx) leaves its checkpoint, M.checkpoint.npz.
std::filesystem::path checkpoint_path(const std::filesystem::path& model);
/// Where training to `model` leaves its log, M.log.jsonl.
std::filesystem::path log_path(const std::filesystem::path& model);
/// Where training to `model` leaves the page of its curves, M.html.
std::filesystem::path curves_path(const std::filesystem::path& model);

/// Whether there is a validation set.
enum class Validated { kNo, kYes };
/// The options with everything set that depends on others: learning rate, weight decay, warm-up, patience,
/// the kept state.
TrainOptions with_defaults(TrainOptions options, Validated validated);

/// Trains a network on clips at random offsets (patch-based learning: Anders et al. 2019) and writes it as
/// ONNX with class names, preprocessing and sampling in its metadata. A checkpoint, a log and, where
/// has_page(), a page of curves are written after every epoch, the checkpoint also where the run is
/// interrupted; Begin::kResume goes on from it, to the same weights as a run that was not interrupted. The
/// same options give the same weights, bit for bit, on one machine and number of threads. `validation` may be
/// empty. Throws Interrupted (checkpoint written). Errors: kInvalidArgument (options; a checkpoint of other
/// settings, naming the first that differs; classes without a video), kCorruptInput (too many unreadable
/// videos; a loss that is not finite: the last good checkpoint stays), kUnsupportedModel (init), kIo,
/// kResourceLimit (cache), kNothingLearnt (a loss that went back to chance, or never left it, more often than
/// options.collapse lets it; a kept state at chance: no ONNX file is written then, and checkpoint and log
/// stay).
TrainResult train_model(const DataSet& training, const DataSet& validation,
                        const std::filesystem::path& model, const TrainOptions& options,
                        const RunControl& control, const TrainObserver& observer);

}  // namespace relevid
