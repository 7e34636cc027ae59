// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>
#include <string_view>

#include "api/appearance.h"
#include "api/explanation_settings.h"
#include "api/page_file.h"
#include "api/pictures.h"
#include "api/records.h"
#include "base/atomic_file.h"
#include "base/input_guard.h"
#include "relevid/error.h"
#include "relevid/explanation_files.h"
#include "relevid/npz.h"

namespace relevid {
namespace {

using nlohmann::json;

Tensor int_matrix(const std::vector<ClipPlan>& plans) {
  const auto frames = plans.empty() ? 0 : static_cast<int64_t>(plans[0].frame_indices.size());
  Tensor result(Shape{static_cast<int64_t>(plans.size()), frames}, DType::kI64);
  size_t i = 0;
  for (const ClipPlan& plan : plans) {
    for (const int64_t index : plan.frame_indices) result.values<int64_t>()[i++] = index;
  }
  return result;
}

/// Times of the clips' frames, [N, T]; NaN for clips given as numbers, which have none.
Tensor times(const Explanation& explanation) {
  const Tensor indices = int_matrix(explanation.plans);
  Tensor result(indices.shape(), DType::kF64);
  for (size_t i = 0; i < indices.values<int64_t>().size(); ++i) {
    result.values<double>()[i] =
        explanation.video
            ? explanation.video->pts_seconds.at(static_cast<size_t>(indices.values<int64_t>()[i]))
            : std::numeric_limits<double>::quiet_NaN();
  }
  return result;
}

Tensor offsets(const std::vector<ClipPlan>& plans) {
  Tensor result(Shape{static_cast<int64_t>(plans.size())}, DType::kF64);
  for (size_t i = 0; const ClipPlan& plan : plans) result.values<double>()[i++] = plan.offset;
  return result;
}

void write_arrays(const Explanation& e, const std::filesystem::path& path) {
  std::map<std::string, Tensor> arrays;
  arrays.emplace("target", Tensor::from(Shape{}, std::vector<int64_t>{e.target}));
  arrays.emplace("frame_indices", int_matrix(e.plans));
  arrays.emplace("times", times(e));
  arrays.emplace("clip_offsets", offsets(e.plans));
  if (e.video) {
    FrameValues combined = combine_over_clips(e.plans, e.frame_share);
    const auto covered = static_cast<int64_t>(combined.frame_indices.size());
    arrays.emplace("covered_frames", Tensor::from(Shape{covered}, combined.frame_indices));
    arrays.emplace("covered_clips", Tensor::from(Shape{covered}, combined.clip_counts));
    arrays.emplace("covered_share", std::move(combined.values));
  }
  if (e.geometry) {
    const Geometry& g = *e.geometry;
    arrays.emplace("source_size",
                   Tensor::from(Shape{2}, std::vector<int64_t>{g.source.height, g.source.width}));
    arrays.emplace("resized_size",
                   Tensor::from(Shape{2}, std::vector<int64_t>{g.resized.height, g.resized.width}));
    arrays.emplace("crop_box", Tensor::from(Shape{4}, std::vector<int64_t>{g.crop_top, g.crop_left,
                                                                           g.model.height, g.model.width}));
  }
  std::map<std::string, const Tensor*> borrowed = {{"clip", e.clips.get()},
                                                   {"relevance", &e.relevance},
                                                   {"logits", &e.logits},
                                                   {"frame_share", &e.frame_share}};
  if (e.at_layer.elements() > 0) borrowed.emplace("layer_relevance", &e.at_layer);
  for (const auto& [name, array] : arrays) borrowed.emplace(name, &array);
  write_npz(path, borrowed, NpzStorage::kDeflated);
}

json clip_records(const Explanation& e, std::span<const std::string> class_names) {
  json list = json::array();
  const Tensor at = times(e);
  const auto frames = static_cast<size_t>(at.shape()[1]);
  for (size_t n = 0; n < e.plans.size(); ++n) {
    json record = clip_record(e, n, class_names);
    record["frame_indices"] = e.plans[n].frame_indices;
    if (e.video) {
      const auto seconds = at.values<double>().subspan(n * frames, frames);
      record["times"] = std::vector<double>(seconds.begin(), seconds.end());
    }
    list.push_back(std::move(record));
  }
  return list;
}

json layer_accounts(const Explanation& e) {
  json clips = json::array();
  for (const auto& layers : e.layers) clips.push_back(layer_records(layers));
  return clips;
}

constexpr std::array kExtensions = {".npz", ".png", ".mp4", ".json", ".html"};

/// Whether a file's name is one of these stems with a name_in_run.
bool is_of_several(const std::filesystem::path& path, const std::set<std::string, std::less<>>& stems) {
  if (std::ranges::find(kExtensions, path.extension().string()) == kExtensions.end()) return false;
  const std::string name = path.stem().string();
  for (size_t at = name.find('.', 1); at != std::string::npos; at = name.find('.', at + 1)) {
    const std::string_view more = std::string_view(name).substr(at);
    const bool in_run = more.starts_with(".target-") || more.starts_with(".method-");
    if (in_run && stems.contains(std::string_view(name).substr(0, at))) return true;
  }
  return false;
}

void make_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (!error) return;
  throw Error(ErrorKind::kIo, fmt::format("cannot make folder {}: {}", folder.string(), error.message()));
}

}  // namespace

std::string class_label(int64_t index, std::span<const std::string> class_names) {
  const bool known = index >= 0 && index < static_cast<int64_t>(class_names.size());
  return known ? class_names[static_cast<size_t>(index)] : fmt::format("class {}", index);
}

std::vector<int64_t> best_classes(std::span<const double> class_probabilities, int64_t count) {
  std::vector<int64_t> order(class_probabilities.size());
  std::iota(order.begin(), order.end(), int64_t{0});
  std::ranges::stable_sort(order, std::greater<>(),
                           [&](int64_t c) { return class_probabilities[static_cast<size_t>(c)]; });
  order.resize(static_cast<size_t>(std::min<int64_t>(count, static_cast<int64_t>(order.size()))));
  return order;
}

int64_t runner_up(std::span<const double> class_probabilities, int64_t target,
                  std::optional<int64_t> contrast) {
  for (const int64_t c : best_classes(class_probabilities, 3)) {
    if (c != target && c != contrast) return c;
  }
  return -1;
}

std::string to_json(const Explanation& e, const Model& model, const OutputOptions& options) {
  json record = {
      {"relevid", RELEVID_VERSION},
      {"input", e.input.string()},
      {"model", model_record(model)},
      {"method", e.method},
      {"target",
       class_record(e.target, e.class_probabilities[static_cast<size_t>(e.target)], options.class_names)},
      {"prediction", prediction_record(e, options.class_names)},
      {"targets_in_run", e.targets_in_run},
      {"share_of", share_of_name(e)},
      {"scale", scale_record(appearance_of(e, options))},
      {"border_frames", border_frames(e.frame_share.shape()[1])},
      {"repeated_frames", repeated_record(e)},
      {"class_comparison", comparison_record(e, options.class_names)},
      {"position", position_record(e)},
      {"warnings", warnings_of(e, options.class_names)},
      {"clips", clip_records(e, options.class_names)},
      {"layers", layer_accounts(e)},
      {"passes", cost_record(e.cost)},
      {"resolution", resolution_record(e.resolution)},
      {"seconds",
       {{"decode", e.decode_seconds}, {"forward", e.forward_seconds}, {"explain", e.explain_seconds}}},
      {"settings", all_settings(method_settings(e), input_settings(e), options)}};
  if (shows_null_profile(e, options)) record["null_profile"] = options.null_profile;
  if (e.video) record["video"] = video_record(e);
  return dumped(record, 1);
}

std::vector<std::filesystem::path> possible_outputs(const std::filesystem::path& folder,
                                                    std::span<const std::string> stems) {
  std::vector<std::filesystem::path> paths;
  for (const std::string& stem : stems) {
    for (const char* extension : kExtensions) paths.push_back(folder / (stem + extension));
  }
  const std::set<std::string, std::less<>> known(stems.begin(), stems.end());
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    if (is_of_several(entry.path(), known)) paths.push_back(entry.path());
  }
  return paths;
}

void write_explanations(std::span<const Explanation> explanations, const Model& model,
                        const OutputOptions& options, const RunControl& control) {
  make_folder(options.folder);
  // An old record would speak of files that are being replaced.
  for (const Explanation& e : explanations) remove_output(output_file(e, options, ".json"));
  for (const Explanation& e : explanations) write_arrays(e, output_file(e, options, ".npz"));
  draw_pictures(explanations, options, control);
  write_explanation_page(explanations, model, options);
  for (const Explanation& e : explanations)
    write_file_atomically(output_file(e, options, ".json"), to_json(e, model, options) + "\n");
}

}  // namespace relevid
