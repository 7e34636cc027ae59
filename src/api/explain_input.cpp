// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>

#include "api/clip_source.h"
#include "api/explanation_settings.h"
#include "api/layout.h"
#include "api/maps.h"
#include "api/method_record.h"
#include "api/records.h"
#include "api/shares.h"
#include "evaluate/similarity.h"
#include "explain/volume.h"
#include "relevid/error.h"
#include "relevid/explain.h"

namespace relevid {
namespace {

/// Adds the time of its scope to a sum.
class Timer {
 public:
  explicit Timer(double& seconds) : seconds_(seconds) {}
  ~Timer() { seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

 private:
  double& seconds_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

std::vector<double> mean_probabilities(const Tensor& logits) {
  const auto per_clip = probabilities(logits);
  std::vector<double> mean(static_cast<size_t>(logits.shape()[1]), 0.0);
  for (const auto& p : per_clip) {
    for (size_t c = 0; c < mean.size(); ++c) mean[c] += p[c] / static_cast<double>(per_clip.size());
  }
  return mean;
}

/// One run over the clips of an input, phase by phase.
class InputRun {
 public:
  InputRun(ClipExplainer& explainer, ClipSource source, const Shape& clip_shape, const InputOptions& options,
           const RunControl& control)
      : explainer_(explainer),
        source_(std::move(source)),
        layout_(options.layout),
        class_check_(options.class_check),
        control_(control) {
    Shape all = ncthw_shape(clip_shape, layout_);
    all[0] = count();
    clips_ = std::make_shared<Tensor>(all, DType::kF32);
    logits_ = Tensor(Shape{count(), explainer.class_count()}, DType::kF32);
  }

  /// Explains every clip; where the target is the best over several clips, in a second pass over the input.
  void run(std::span<const TargetChoice> targets) {
    const bool known =
        std::ranges::all_of(targets, [](const TargetChoice& t) { return t.index.has_value(); });
    clips_total_ = known || count() == 1 ? count() : 2 * count();
    passes_total_ = passes_needed(targets);
    const Watch watch(explainer_, [this] {
      if (control_.interrupted()) throw Interrupted{};
      report_passes(1);
    });
    for_each([&](int64_t index, const Tensor& clip) {
      put_item(*clips_, index, to_ncthw(clip, layout_));
      forward(index, clip);
      if (known || count() == 1) explain(index, resolve(targets));
    });
    classes_ = resolve(targets);
    if (clips_total_ == count()) return;
    explainer_.slide(true);
    for (int64_t index = 0; index < count(); ++index) {
      if (control_.interrupted()) throw Interrupted{};
      forward(index, from_ncthw(item_of(*clips_, index), layout_));
      explain(index, classes_);
      ++clips_done_;
    }
  }

  std::vector<Explanation> results(const std::filesystem::path& input, size_t targets_asked);

 private:
  /// While one of these lives the explainer tells of its passes, and takes clips as windows that slide over
  /// their video.
  class Watch {
   public:
    Watch(ClipExplainer& explainer, std::function<void()> on_pass) : explainer_(explainer) {
      explainer_.on_pass(std::move(on_pass));
      explainer_.slide(true);
    }
    ~Watch() {
      explainer_.on_pass({});
      explainer_.slide(false);
    }
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

   private:
    ClipExplainer& explainer_;
  };

  /// Of all clips, methods and targets; what each method needs is known beforehand. Targets that turn out to
  /// be the same class are explained once, so there may be fewer.
  int64_t passes_needed(std::span<const TargetChoice> targets) const {
    int64_t of_a_clip = 0;
    int64_t comparisons = 0;
    for (size_t m = 0; m < explainer_.methods().size(); ++m) {
      of_a_clip += (explainer_.cost(m).total() - 1) * static_cast<int64_t>(targets.size());
      comparisons += compares_classes(m) ? std::ssize(targets) : 0;
    }
    return clips_total_ + count() * of_a_clip + comparisons;
  }

  /// Whether the runner-up's map takes a backward pass and nothing else, and the method knows of classes.
  bool compares_classes(size_t method) const {
    return class_check_ == InputOptions::ClassCheck::kFirstClip && explainer_.class_count() > 1 &&
           explainer_.cost(method) == MethodCost{1, 1} && explainer_.methods()[method] != "null_profile";
  }

  void report_passes(int64_t passes) {
    passes_done_ += passes;
    if (!control_.report) return;
    control_.report({"passes through the network", std::min(passes_done_, passes_total_), passes_total_,
                     fmt::format("clip {} of {}", std::min(clips_done_ + 1, clips_total_), clips_total_)});
  }

  int64_t count() const { return static_cast<int64_t>(source_.plans.size()); }

  template <class F>
  void for_each(F&& f) {
    double computing = 0, all = 0;
    {
      const Timer whole(all);
      source_.for_each_clip([&](int64_t index, const Tensor& clip) {
        if (control_.interrupted()) throw Interrupted{};
        {
          const Timer timer(computing);
          f(index, clip);
        }
        ++clips_done_;
      });
    }
    decode_seconds_ += all - computing;
  }

  void forward(int64_t index, const Tensor& clip) {
    const Timer timer(forward_seconds_);
    put_item(logits_, index, explainer_.forward(clip));
    report_passes(1);
  }

  void explain(int64_t index, std::span<const int64_t> classes) {
    const size_t methods = explainer_.methods().size();
    found_.resize(methods * classes.size());
    for (size_t i = 0; i < found_.size(); ++i) {
      const int64_t target = classes[i % classes.size()];
      explain(index, target, i / classes.size(), found_[i]);
      if (index == 0) found_[i].class_comparison = compared(target, i / classes.size(), found_[i]);
    }
  }

  void explain(int64_t index, int64_t target, size_t method, Explanation& found) {
    const Timer timer(found.explain_seconds);
    if (found.relevance.elements() == 0) found.relevance = Tensor(clips_->shape(), DType::kF32);
    found.layers.resize(source_.plans.size());
    found.notes.resize(source_.plans.size());
    ClipExplanation explanation = explainer_.explain(target, method);
    put_item(found.relevance, index, to_ncthw(explanation.relevance, layout_));
    found.layers[static_cast<size_t>(index)] = std::move(explanation.layers);
    found.notes[static_cast<size_t>(index)] = std::move(explanation.notes);
    if (explanation.at_layer.elements() > 0) keep_layer(found, index, explanation);
    if (explanation.position.elements() > 0) keep_position(found, index, explanation.position);
  }

  void keep_position(Explanation& found, int64_t index, const Tensor& position) const {
    Shape shape = position.shape();
    shape[0] = count();
    if (found.position.elements() == 0) found.position = Tensor(shape, DType::kF32);
    put_item(found.position, index, position);
  }

  /// The first clip's map beside the runner-up's, while the explainer has the clip.
  std::optional<ClassComparison> compared(int64_t target, size_t method, const Explanation& found) {
    if (!compares_classes(method)) return std::nullopt;
    const Tensor logits = item_of(logits_, 0);
    const int64_t other = runner_up(probabilities(logits).at(0), target, explainer_.contrast());
    if (other < 0) return std::nullopt;
    const Tensor map = summed_over_channels(item_of(found.relevance, 0)),
                 beside =
                     summed_over_channels(to_ncthw(explainer_.explain(other, method).relevance, layout_));
    const double correlation = evaluate::correlation(map.values<float>(), beside.values<float>());
    if (std::isnan(correlation)) return std::nullopt;
    const auto logit = [&](int64_t c) { return logits.values<float>()[static_cast<size_t>(c)]; };
    const bool opposite = !explainer_.traits(method).can_be_negative && !explainer_.contrast() &&
                          explainer_.effective_start(method) == Start::kLogit &&
                          std::signbit(logit(target)) != std::signbit(logit(other));
    return ClassComparison{other, opposite ? -correlation : correlation};
  }

  /// Clips by the first axis, whatever the layer folds into its own.
  void keep_layer(Explanation& found, int64_t index, const ClipExplanation& explanation) const {
    std::vector<int64_t> dims = explanation.at_layer.shape().dims();
    dims.insert(dims.begin(), count());
    if (dims[1] == 1) dims.erase(dims.begin() + 1);
    if (found.at_layer.elements() == 0) found.at_layer = Tensor(Shape(dims), DType::kF32);
    put_item(found.at_layer, index, explanation.at_layer);
    found.around_layer.resize(static_cast<size_t>(count()));
    found.around_layer[static_cast<size_t>(index)] = explanation.around_layer;
  }

  /// The class of every target, each once; the best over all clips where none is given.
  std::vector<int64_t> resolve(std::span<const TargetChoice> targets) const {
    std::vector<int64_t> classes;
    for (const TargetChoice& choice : targets) {
      const int64_t target = choice.index ? *choice.index : best_classes(mean_probabilities(logits_), 1)[0];
      if (std::ranges::find(classes, target) == classes.end()) classes.push_back(target);
    }
    return classes;
  }

  ClipExplainer& explainer_;
  ClipSource source_;
  ClipLayout layout_;
  InputOptions::ClassCheck class_check_;
  const RunControl& control_;
  std::shared_ptr<Tensor> clips_;
  Tensor logits_;
  std::vector<int64_t> classes_;
  std::vector<Explanation> found_;  ///< by method, then by class; results() says what they are of
  int64_t clips_done_ = 0, clips_total_ = 0;
  int64_t passes_done_ = 0, passes_total_ = 0;
  double decode_seconds_ = 0, forward_seconds_ = 0;
};

std::vector<Explanation> InputRun::results(const std::filesystem::path& input, size_t targets_asked) {
  for (size_t i = 0; i < found_.size(); ++i) {
    Explanation& e = found_[i];
    e.input = input;
    const size_t method = i / classes_.size();
    e.method = explainer_.methods()[method];
    e.method_settings =
        dumped(method_record(explainer_.options(method), explainer_.effective_start(method)), -1);
    e.video = source_.video;
    e.geometry = source_.geometry;
    e.preprocessing = source_.preprocessing;
    e.plans = source_.plans;
    e.clips = clips_;
    e.logits = logits_.clone();
    e.class_probabilities = mean_probabilities(logits_);
    e.target = classes_[i % classes_.size()];
    e.contrast = explainer_.contrast();
    e.cost = explainer_.cost(method);
    e.resolution = explainer_.resolution(method);
    e.traits = explainer_.traits(method);
    e.decode_seconds = decode_seconds_;
    e.forward_seconds = forward_seconds_;
    e.targets_in_run = static_cast<int64_t>(classes_.size());
    if (explainer_.methods().size() > 1) e.name_in_run += ".method-" + e.method;
    if (targets_asked > 1) e.name_in_run += fmt::format(".target-{}", e.target);
    fill_shares(e);
  }
  return std::move(found_);
}

/// Of clips and relevance, which are written from where they are.
void require_memory(int64_t clips, const Shape& clip_shape, int64_t limit_bytes, size_t explanations) {
  const int64_t bytes = clips * clip_shape.elements() * 4 * static_cast<int64_t>(1 + explanations);
  if (bytes <= limit_bytes) return;
  throw Error(
      ErrorKind::kResourceLimit,
      fmt::format("{} clips would need {} MiB with their relevance, and {} MiB are allowed; take fewer clips "
                  "(--num-clips) or a larger --stride, or raise --memory-limit",
                  clips, bytes >> 20, limit_bytes >> 20));
}

}  // namespace

std::vector<Explanation> explain_input(ClipExplainer& explainer, const Shape& clip_shape,
                                       const std::filesystem::path& input, const InputOptions& options,
                                       std::span<const TargetChoice> targets, const RunControl& control) {
  for (const TargetChoice& choice : targets) {
    if (!choice.index || (*choice.index >= 0 && *choice.index < explainer.class_count())) continue;
    throw Error(ErrorKind::kInvalidArgument,
                fmt::format("no class {}; the model has {}, from 0", *choice.index, explainer.class_count()));
  }
  double opening = 0;
  ClipSource source = [&] {
    const Timer timer(opening);
    return open_clips(input, clip_shape, options);
  }();
  require_memory(static_cast<int64_t>(source.plans.size()), clip_shape, options.memory_limit_bytes,
                 targets.size() * explainer.methods().size());
  InputRun run(explainer, std::move(source), clip_shape, options, control);
  run.run(targets);
  auto results = run.results(input, targets.size());
  const std::string settings = dumped(input_settings(explainer, options, targets), -1);
  for (Explanation& e : results) {
    e.decode_seconds += opening;
    e.input_settings = settings;
  }
  return results;
}

}  // namespace relevid
