// SPDX-License-Identifier: Apache-2.0
#include "api/extreme_clips.h"

#include <fmt/format.h>

#include "api/appearance.h"
#include "api/explanation_page.h"
#include "api/explanation_settings.h"
#include "api/layout.h"
#include "api/records.h"
#include "api/run_settings.h"
#include "api/shares.h"
#include "relevid/error.h"
#include "run/content_hash.h"
#include "video/frame_groups.h"

namespace relevid {
namespace {

using nlohmann::json;

void require_same_video(const run::VideoRow& video) {
  if (!std::filesystem::exists(video.path))
    throw Error(ErrorKind::kIo, fmt::format("the video is not at {} any more", video.path));
  if (run::content_hash(video.path) == video.sha256) return;
  throw Error(ErrorKind::kInvalidArgument,
              fmt::format("what is at {} now is not the video that was audited", video.path));
}

/// Relevance per frame as the run keeps it, of which the negative part is known for the clip alone.
json run_clip(const audit::Extreme& extreme, const PagePictures& pictures, const json& top1) {
  const run::ClipRow& clip = extreme.clip;
  const json negative = clip.negative_share > 0 ? json() : json(0);
  return {{"offset", clip.offset},
          {"frames", pictures.places(0)},
          {"frame_share", clip.shares},
          {"negative_share", std::vector<json>(clip.shares.size(), negative)},
          {"relevance_sum", nullptr},
          {"target_logit", clip.target_logit},
          {"top1", top1},
          {"conservation", nullptr},
          {"layers", json::array()}};
}

/// As far as a run says, of whichever version.
MethodTraits traits_in_run(const Explanation& e) {
  MethodOptions method;
  method.method = e.method;
  const json settings = method_settings(e);
  method.layer = settings.value("layer", "");
  method.relevance = settings.value("relevance", method.relevance);
  return method_traits(method);
}

}  // namespace

ExtremeClips::ExtremeClips(const run::Manifest& manifest, const Model* model, const AuditPageOptions& options,
                           std::vector<double> null_profile, int64_t limit_bytes)
    : manifest_(manifest),
      model_(model),
      options_(options),
      null_profile_(std::move(null_profile)),
      limit_bytes_(limit_bytes) {}

ExtremeClips::~ExtremeClips() = default;

json ExtremeClips::record(const audit::Extreme& extreme) {
  const run::VideoRow& video = extreme.video;
  const auto& names = manifest_.class_names;
  json result = {{"video", video.index},
                 {"name", video.name},
                 {"label", video.label == kUnlabelled ? json() : json(class_label(video.label, names))},
                 {"predicted", class_label(extreme.predicted, names)},
                 {"right", extreme.right ? json(*extreme.right) : json()},
                 {"border_ratio", extreme.border_ratio},
                 {"explanation", nullptr},
                 {"why_not", nullptr}};
  if (model_ && !explainer_) prepare();
  try {
    require_same_video(video);
    result["explanation"] = model_ ? explained(extreme) : as_the_run_has_it(extreme);
  } catch (const Error& error) {  // one video that is gone does not keep the page from the others
    result["why_not"] = error.what();
  }
  return result;
}

void ExtremeClips::prepare() {
  settings_ = model_settings_of(manifest_, model_->path().parent_path());
  method_ = method_of(manifest_, options_.rules_file);
  method_.layout = settings_.preprocessing.layout;
  method_.threads = options_.threads;
  auto [low, high] = input_bounds(settings_.preprocessing, settings_.sampling.clip_len);
  const InputRange range{std::move(low), std::move(high)};
  explainer_ = std::make_unique<ClipExplainer>(*model_, model_->clip_shape(settings_), method_, &range);
}

/// The clip and where it comes from; clips are [1, C, T, H, W].
Explanation ExtremeClips::frames_of(const audit::Extreme& extreme, const Preprocessing& preprocessing) const {
  VideoOptions video_options;
  video_options.threads = options_.threads;
  video_options.image_sequence_fps = image_fps_of(manifest_);
  VideoReader reader(extreme.video.path, video_options);
  Explanation e;
  e.input = extreme.video.path;
  e.method = method_name_of(manifest_);
  e.video = reader.info();
  e.geometry = geometry(preprocessing, e.video->width, e.video->height);
  e.preprocessing = preprocessing;
  e.plans = {{extreme.clip.offset, extreme.clip.frame_indices}};
  e.target = extreme.clip.target;
  e.method_settings = method_settings_of(manifest_);
  const std::vector<std::vector<int64_t>> group = {extreme.clip.frame_indices};
  ClipMaker maker(preprocessing);
  stream_groups(
      reader, group, [&](const Frame& frame) { return maker.resize(frame); },
      [&](int64_t, std::span<const ResizedFrame* const> frames) {
        e.clips = std::make_shared<Tensor>(to_ncthw(maker.clip(frames), preprocessing.layout));
      });
  return e;
}

json ExtremeClips::explained(const audit::Extreme& extreme) {
  Explanation e = frames_of(extreme, settings_.preprocessing);
  e.logits = explainer_->forward(from_ncthw(*e.clips, method_.layout));
  e.class_probabilities = probabilities(e.logits).at(0);
  ClipExplanation found = explainer_->explain(e.target);
  e.contrast = method_.contrast;
  e.traits = method_traits(method_);
  e.relevance = to_ncthw(found.relevance, method_.layout);
  e.position = std::move(found.position);
  e.layers = {std::move(found.layers)};
  fill_shares(e);
  OutputOptions output;
  output.class_names = manifest_.class_names;
  output.page_limit_bytes = limit_bytes_;
  output.null_profile = null_profile_;
  return page_record(std::span(&e, 1), *model_, output, PagePictures::Fit::kShrink);
}

json ExtremeClips::as_the_run_has_it(const audit::Extreme& extreme) const {
  const Explanation e = frames_of(extreme, shown_preprocessing_of(manifest_));
  const PagePictures pictures(std::span(&e, 1), limit_bytes_, PagePictures::Fit::kShrink);
  json prediction = json::array();
  json target_probability;
  for (const auto& [index, probability] : extreme.clip.classes) {
    prediction.push_back(class_record(index, probability, manifest_.class_names));
    if (index == e.target) target_probability = probability;
  }
  json target = class_record(e.target, 0, manifest_.class_names);
  target["probability"] = target_probability;
  Explanation kept;
  kept.traits = traits_in_run(e);
  kept.is_signed = extreme.clip.negative_share > 0;
  OutputOptions output;
  output.null_profile = null_profile_;
  const bool with_null = shows_null_profile(kept, output);
  json page = page_head(e, pictures, with_null ? null_profile_ : std::vector<double>{});
  page["model"] = {
      {"path", nullptr}, {"sha256", manifest_.model_sha256}, {"opset", nullptr}, {"producer", nullptr}};
  page["settings"] = json::object();
  json shown = {{"method", e.method},
                {"colors", name(colors_for(relevance_sign(kept), output.color_map))},
                {"scale", nullptr},
                {"has_null_profile", with_null},
                {"share_of", "absolute relevance"},
                {"target", std::move(target)},
                {"against", nullptr},
                {"clips", json::array({run_clip(extreme, pictures, prediction.at(0))})},
                {"settings", method_settings(e)},
                {"seconds", {{"forward", nullptr}, {"explain", nullptr}}}};
  page["explanations"] = json::array({std::move(shown)});
  page["prediction"] = std::move(prediction);
  return page;
}

}  // namespace relevid
