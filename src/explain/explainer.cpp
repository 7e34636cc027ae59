// SPDX-License-Identifier: Apache-2.0
#include "explain/explainer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "base/suggest.h"
#include "explain/automatic.h"
#include "explain/cam.h"
#include "explain/gradient_attention.h"
#include "explain/motion.h"
#include "explain/perturbation.h"
#include "relevid/error.h"
#include "relevid/method_fields.h"

namespace relevid {
namespace {

bool holds(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

std::string position(const Shape& shape, int64_t index) {
  std::vector<int64_t> at;
  for (const int64_t stride : shape.strides()) {
    at.push_back(index / stride);
    index %= stride;
  }
  return fmt::format("[{}]", fmt::join(at, ", "));
}

template <class T>
void require_finite_values(std::span<const T> values, const Shape& shape, std::string_view what) {
  for (size_t i = 0; i < values.size(); ++i) {
    if (std::isfinite(values[i])) continue;
    throw Error(ErrorKind::kCorruptInput,
                fmt::format("{} holds {} at {}", what, values[i], position(shape, static_cast<int64_t>(i))));
  }
}

void require_finite(const Tensor& tensor, std::string_view what) {
  if (tensor.dtype() == DType::kF32) require_finite_values(tensor.values<float>(), tensor.shape(), what);
  if (tensor.dtype() == DType::kF64) require_finite_values(tensor.values<double>(), tensor.shape(), what);
}

/// By how many frames `clip` lies later than `last`, where all frames that both then have are equal to the
/// bit; 0 where there is no such number, or so large a one that little is shared.
int64_t frames_later(const Tensor& last, const Tensor& clip, int64_t time_axis) {
  if (last.shape() != clip.shape() || last.dtype() != clip.dtype()) return 0;
  const Shape& shape = clip.shape();
  const int64_t frames = shape[time_axis];
  const auto frame_bytes =
      static_cast<size_t>(shape.strides()[static_cast<size_t>(time_axis)] * size_bytes(clip.dtype()));
  const auto stack_bytes = frame_bytes * static_cast<size_t>(frames);
  const auto agree = [&](int64_t shift) {
    const size_t skipped = static_cast<size_t>(shift) * frame_bytes;
    for (size_t stack = 0; stack < clip.bytes().size(); stack += stack_bytes) {
      if (std::memcmp(clip.bytes().data() + stack, last.bytes().data() + stack + skipped,
                      stack_bytes - skipped) != 0)
        return false;
    }
    return true;
  };
  for (int64_t shift = 1; 2 * shift <= frames; ++shift) {
    if (agree(shift)) return shift;
  }
  return 0;
}

/// How methods of one kind are made.
struct Family {
  std::vector<std::string> names;
  std::unique_ptr<Method> (*make)(Network& network, const ExplainerOptions& options);
};

const std::vector<Family>& families() {
  static const std::vector<Family> kFamilies = {
      {preset_names(), make_preset_method},
      {motion_method_names(), make_motion},
      {gradient_method_names(), make_gradient_method},
      {gradient_attention_method_names(), make_gradient_attention},
      {cam_method_names(), make_cam},
      {occlusion_method_names(), make_occlusion},
      {rise_method_names(), make_rise},
      {extremal_method_names(), make_extremal},
      {temporal_mask_method_names(), make_temporal_mask},
      {shapley_method_names(), make_shapley},
  };
  return kFamilies;
}

const Family& family_of(const std::string& method) {
  require_method(method);
  return *std::ranges::find_if(families(), [&](const Family& family) { return holds(family.names, method); });
}

}  // namespace

std::vector<std::string> method_names() {
  std::vector<std::string> names;
  for (const Family& family : families()) names.insert(names.end(), family.names.begin(), family.names.end());
  return names;
}

std::vector<int64_t> top_classes(const Tensor& logits) {
  const auto values = logits.as_doubles();
  const auto items = static_cast<size_t>(logits.shape()[0]);
  const auto classes = static_cast<std::ptrdiff_t>(values.size() / items);
  std::vector<int64_t> result;
  for (size_t n = 0; n < items; ++n) {
    const auto begin = values.begin() + static_cast<std::ptrdiff_t>(n) * classes;
    result.push_back(std::max_element(begin, begin + classes) - begin);
  }
  return result;
}

void require_method(const std::string& method) {
  auto names = method_names();
  if (holds(names, method)) return;
  names.insert(names.begin(), std::string(kAutomatic));
  throw Error(ErrorKind::kInvalidArgument, fmt::format("no method '{}'{}; there are {}", method,
                                                       did_you_mean(method, names), fmt::join(names, ", ")));
}

void require_explainable(const graph::Graph& graph) {
  if (graph.shape(graph.output).rank() != 2) {
    throw Error(ErrorKind::kUnsupportedModel,
                fmt::format("the model's first output is {}; class scores [batch, classes] are needed",
                            graph.shape(graph.output).to_string()));
  }
}

Composite composite_for(const std::string& method, InputBounds bounds, const MethodOptions& options,
                        std::vector<CompositeEntry> rules, const graph::Graph& graph) {
  require_used(rules, graph);
  if (options.gate != GateRule::kDefault && method_field("gate").is_taken_by(method)) {
    const auto rule = options.gate == GateRule::kHalf ? ProductRule::kHalf : ProductRule::kSignal;
    rules.push_back({{{"Multiply", "MatMul", "Attention"}, "", {}}, rule});
  }
  if (options.norm != NormHandling::kDefault && method_field("norm").is_taken_by(method)) {
    const auto rule = options.norm == NormHandling::kPass ? NormRule::kPass : NormRule::kLinear;
    rules.push_back({{{"Standardise"}, "", {}}, rule});
  }
  return preset(method, bounds).preceded_by(std::move(rules));
}

Explainer::Explainer(Network& network, const ExplainerOptions& options)
    : network_(network), time_axis_(options.channel_axis() == 1 ? 2 : 1) {
  const Family& family = family_of(options.method);
  require_explainable(network.graph());
  require_valid_settings(options);
  if (!options.rules.empty() && !method_field("rules_file").is_taken_by(options.method)) {
    throw Error(ErrorKind::kInvalidArgument,
                fmt::format("{} has no rules that could be replaced", options.method));
  }
  if (!options.layer.empty() && !method_field("layer").is_taken_by(options.method)) {
    throw Error(ErrorKind::kInvalidArgument, fmt::format("{} takes no layer", options.method));
  }
  if (const auto contrast = options.contrast) {
    const int64_t classes = network.graph().shape(network.graph().output)[1];
    if (*contrast < 0 || *contrast >= classes) {
      throw Error(ErrorKind::kInvalidArgument,
                  fmt::format("no class {}; the model has {}", *contrast, classes));
    }
  }
  method_ = family.make(network, options);
  also_kept_ = method_->also_kept();
}

Explainer::~Explainer() = default;

std::vector<std::string> Explainer::rule_names() const {
  auto names = method_->rule_names();
  names.resize(network_.graph().nodes.size());
  return names;
}

void Explainer::forward(std::span<const Tensor> clips) {
  clips_.clear();
  trace_ = {};
  for (size_t i = 0; i < clips.size(); ++i) {
    require_finite(clips[i], clips.size() == 1 ? "the clip" : fmt::format("clip {}", i + 1));
    clips_.push_back(network_.library().upload(clips[i]));
  }
  SharedFrames* shared = shared_with_last(clips);
  last_clip_ = {};  // a pass that does not end leaves nothing that the next clip could take over
  run_network(shared);
  if (slides_ && clips.size() == 1) last_clip_ = clips[0].clone();
}

void Explainer::slide(bool slides) {
  slides_ = slides;
  last_clip_ = {};
  last_shift_ = 0;
  shared_ = nullptr;
}

SharedFrames* Explainer::shared_with_last(std::span<const Tensor> clips) {
  took_over_ = false;
  const bool is_clip = slides_ && clips.size() == 1 && clips[0].shape().rank() == 5;
  const int64_t shift = !is_clip ? 0 : frames_later(last_clip_, clips[0], time_axis_);
  if (shift == 0) {
    if (shared_) shared_->forget();
    return nullptr;
  }
  same_shifts_ = shift == std::exchange(last_shift_, shift) ? same_shifts_ + 1 : 1;
  took_over_ = shared_ && shared_->holds_last() && shared_->shift() == shift;
  if (!shared_ || shared_->shift() != shift) {
    shared_ = nullptr;
    if (same_shifts_ < kShiftsBeforeSharing) return nullptr;
    shared_ = std::make_unique<SharedFrames>(network_, time_axis_, shift);
  }
  return shared_->pays() ? shared_.get() : nullptr;
}

bool Explainer::finds_enough_in(const Explainer& other) const {
  return method_->keep() == other.method_->keep() &&
         std::ranges::all_of(also_kept_, [&](graph::ValueId value) {
           return static_cast<bool>(trace_.values[static_cast<size_t>(value)]);
         });
}

void Explainer::take_clip_from(Explainer& other) {
  if (&other == this) return;
  clips_ = std::exchange(other.clips_, {});
  trace_ = std::exchange(other.trace_, {});
  logits_ = std::exchange(other.logits_, {});
  last_clip_ = std::exchange(other.last_clip_, {});
  shared_ = std::exchange(other.shared_, nullptr);
  last_shift_ = std::exchange(other.last_shift_, 0);
  same_shifts_ = other.same_shifts_;
  if (finds_enough_in(other)) return;
  trace_ = {};
  if (method_->keep() != Keep::kNothing) run_network(nullptr);
}

void Explainer::run_network(SharedFrames* shared) {
  trace_ = network_.forward(clips_, method_->keep(), {}, also_kept_, shared);
  logits_ = network_.output(trace_);
  require_finite(logits_, "the model's output");
}

Attribution Explainer::explain(std::span<const int64_t> targets) {
  require_targets(targets, logits_.shape());
  Attribution result = method_->explain({clips_, trace_, logits_}, targets);
  for (const Tensor& relevance : result.relevance) require_finite(relevance, "the relevance");
  return result;
}

}  // namespace relevid
