// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

#include "api/pictures.h"
#include "base/atomic_file.h"
#include "relevid/error.h"
#include "relevid/explain.h"
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
  arrays.emplace("clip", e.clips->clone());
  arrays.emplace("relevance", e.relevance.clone());
  arrays.emplace("logits", e.logits.clone());
  arrays.emplace("target", Tensor::from(Shape{}, std::vector<int64_t>{e.target}));
  arrays.emplace("frame_share", e.frame_share.clone());
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
  write_npz(path, arrays);
}

json layer_accounts(const Explanation& e) {
  json clips = json::array();
  for (const auto& layers : e.layers) {
    json list = json::array();
    for (const LayerAccount& layer : layers) {
      list.push_back({{"name", layer.name},
                      {"operator", layer.op},
                      {"rule", layer.rule},
                      {"incoming", layer.incoming},
                      {"outgoing", layer.outgoing},
                      {"absorbed_by_bias", layer.absorbed_by_bias},
                      {"absorbed_by_epsilon", layer.absorbed_by_epsilon},
                      {"dropped", layer.dropped}});
    }
    clips.push_back(std::move(list));
  }
  return clips;
}

/// What became of one clip's relevance: start = input + absorbed by bias + absorbed by ε + dropped.
json conservation(const std::vector<LayerAccount>& layers, double reached) {
  if (layers.empty()) return nullptr;
  double bias = 0, epsilon = 0, dropped = 0;
  for (const LayerAccount& layer : layers) {
    bias += layer.absorbed_by_bias;
    epsilon += layer.absorbed_by_epsilon;
    dropped += layer.dropped;
  }
  return {{"start", layers.front().incoming},
          {"input", reached},
          {"absorbed_by_bias", bias},
          {"absorbed_by_epsilon", epsilon},
          {"dropped", dropped}};
}

double sum_of_item(const Tensor& tensor, int64_t item) {
  const auto size = static_cast<size_t>(tensor.elements() / tensor.shape()[0]);
  const auto values = tensor.values<float>().subspan(static_cast<size_t>(item) * size, size);
  return std::accumulate(values.begin(), values.end(), 0.0);
}

json clip_records(const Explanation& e, std::span<const std::string> class_names) {
  const auto per_clip = probabilities(e.logits);
  const auto frames = static_cast<size_t>(e.frame_share.shape()[1]);
  json list = json::array();
  const Tensor at = times(e);
  for (size_t n = 0; n < e.plans.size(); ++n) {
    const int64_t best = best_classes(per_clip[n], 1)[0];
    const auto share = e.frame_share.values<float>().subspan(n * frames, frames);
    const double reached = sum_of_item(e.relevance, static_cast<int64_t>(n));
    json record = {
        {"offset", e.plans[n].offset},
        {"frame_indices", e.plans[n].frame_indices},
        {"top1",
         {{"index", best},
          {"label", class_label(best, class_names)},
          {"probability", per_clip[n][static_cast<size_t>(best)]}}},
        {"target_logit", e.logits.values<float>()[n * per_clip[n].size() + static_cast<size_t>(e.target)]},
        {"relevance_sum", reached},
        {"conservation", conservation(e.layers[n], reached)},
        {"frame_share", std::vector<float>(share.begin(), share.end())}};
    if (e.video) {
      const auto seconds = at.values<double>().subspan(n * frames, frames);
      record["times"] = std::vector<double>(seconds.begin(), seconds.end());
    }
    list.push_back(std::move(record));
  }
  return list;
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

std::string to_json(const Explanation& e, const Model& model, const OutputOptions& options) {
  json top = json::array();
  for (const int64_t c : best_classes(e.class_probabilities, 5)) {
    top.push_back({{"index", c},
                   {"label", class_label(c, options.class_names)},
                   {"probability", e.class_probabilities[static_cast<size_t>(c)]}});
  }
  json record = {
      {"relevid", RELEVID_VERSION},
      {"input", e.input.string()},
      {"model",
       {{"path", model.path().string()},
        {"sha256", model.sha256()},
        {"opset", model.opset()},
        {"producer", model.producer()}}},
      {"method", e.method},
      {"target",
       {{"index", e.target},
        {"label", class_label(e.target, options.class_names)},
        {"probability", e.class_probabilities[static_cast<size_t>(e.target)]}}},
      {"prediction", top},
      {"targets_in_run", e.targets_in_run},
      {"share_of", e.is_signed ? "absolute relevance" : "relevance"},
      {"clips", clip_records(e, options.class_names)},
      {"layers", layer_accounts(e)},
      {"seconds",
       {{"decode", e.decode_seconds}, {"forward", e.forward_seconds}, {"explain", e.explain_seconds}}},
      {"settings", options.settings_json.empty() ? json::object() : json::parse(options.settings_json)}};
  if (e.video) {
    const VideoInfo& v = *e.video;
    record["video"] = {{"frames", v.frame_count},
                       {"fps", v.fps},
                       {"width", v.width},
                       {"height", v.height},
                       {"rotation_degrees", v.rotation_degrees},
                       {"container", v.container},
                       {"codec", v.codec},
                       {"pixel_format", v.pixel_format},
                       {"warnings", v.warnings}};
  }
  return record.dump(1, ' ', false, json::error_handler_t::replace);
}

std::vector<std::filesystem::path> output_files(const OutputOptions& options) {
  std::vector<std::filesystem::path> files;
  for (const char* extension : {".npz", ".png", ".mp4", ".json"}) {
    files.push_back(options.folder / (options.stem + extension));
  }
  return files;
}

void write_explanation(const Explanation& e, const Model& model, const OutputOptions& options,
                       const RunControl& control) {
  std::error_code error;
  std::filesystem::create_directories(options.folder, error);
  if (error) {
    throw Error(ErrorKind::kIo,
                fmt::format("cannot make folder {}: {}", options.folder.string(), error.message()));
  }
  const auto files = output_files(options);
  std::filesystem::remove(files[3], error);  // an old record would speak of files that are being replaced
  write_arrays(e, files[0]);
  draw_sheet(e, options, files[1]);
  if (e.video && options.film == OutputOptions::Film::kWrite)
    draw_film(e, options, files[2], control);
  else
    std::filesystem::remove(files[2], error);  // an earlier run's film shows another relevance
  // Last, so that a record is there only when everything it speaks of is.
  write_file_atomically(files[3], to_json(e, model, options) + "\n");
}

}  // namespace relevid
