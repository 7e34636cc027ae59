// SPDX-License-Identifier: Apache-2.0
#include "api/records.h"

#include <numeric>

namespace relevid {
namespace {

using nlohmann::json;

json conservation(const Explanation& e, size_t clip, double reached) {
  const std::vector<LayerAccount>& layers = e.layers[clip];
  if (layers.empty()) return nullptr;
  double bias = 0, epsilon = 0, dropped = 0;
  for (const LayerAccount& layer : layers) {
    bias += layer.absorbed_by_bias;
    epsilon += layer.absorbed_by_epsilon;
    dropped += layer.dropped;
  }
  json record = {{"start", layers.front().incoming},
                 {"input", reached},
                 {"absorbed_by_bias", bias},
                 {"absorbed_by_epsilon", epsilon},
                 {"dropped", dropped}};
  if (!e.around_layer.empty()) record["around_layer"] = e.around_layer[clip];
  return record;
}

double sum_of_item(const Tensor& tensor, size_t item) {
  const auto size = static_cast<size_t>(tensor.elements() / tensor.shape()[0]);
  const auto values = tensor.values<float>().subspan(item * size, size);
  return std::accumulate(values.begin(), values.end(), 0.0);
}

}  // namespace

json class_record(int64_t index, double probability, std::span<const std::string> class_names) {
  return {{"index", index}, {"label", class_label(index, class_names)}, {"probability", probability}};
}

json prediction_record(const Explanation& e, std::span<const std::string> class_names) {
  json top = json::array();
  for (const int64_t c : best_classes(e.class_probabilities, 5))
    top.push_back(class_record(c, e.class_probabilities[static_cast<size_t>(c)], class_names));
  return top;
}

json model_record(const Model& model) {
  return {{"path", model.path().string()},
          {"sha256", model.sha256()},
          {"opset", model.opset()},
          {"producer", model.producer()},
          {"notes", model.notes()}};
}

json video_record(const Explanation& e) {
  if (!e.video) return nullptr;
  const VideoInfo& v = *e.video;
  return {{"frames", v.frame_count},
          {"fps", v.fps},
          {"width", v.width},
          {"height", v.height},
          {"rotation_degrees", v.rotation_degrees},
          {"container", v.container},
          {"codec", v.codec},
          {"pixel_format", v.pixel_format},
          {"warnings", v.warnings}};
}

json cost_record(const MethodCost& cost) {
  return {{"forward", cost.forward}, {"backward", cost.backward}};
}

json resolution_record(const MethodResolution& resolution) {
  return {{"frames", resolution.values[0]},
          {"rows", resolution.values[1]},
          {"columns", resolution.values[2]},
          {"in_time", resolution.in_time}};
}

json layer_records(const std::vector<LayerAccount>& layers) {
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
  return list;
}

json comparison_record(const Explanation& e, std::span<const std::string> class_names) {
  if (!e.class_comparison) return nullptr;
  const auto& [other, correlation] = *e.class_comparison;
  return {{"runner_up", class_record(other, e.class_probabilities[static_cast<size_t>(other)], class_names)},
          {"correlation", correlation}};
}

json position_record(const Explanation& e) {
  const auto position = position_share(e);
  if (!position) return nullptr;
  json places = json::array();
  const auto columns = static_cast<std::ptrdiff_t>(position->columns);
  for (auto row = position->by_place.begin(); row != position->by_place.end(); row += columns)
    places.push_back(std::vector<double>(row, row + columns));
  return {{"share", position->share},
          {"by_time", position->by_time},
          {"content", position->content},
          {"by_place", places}};
}

json clip_record(const Explanation& e, size_t clip, std::span<const std::string> class_names) {
  const std::vector<double> p = probabilities(e.logits).at(clip);
  const int64_t best = best_classes(p, 1)[0];
  const double reached = sum_of_item(e.relevance, clip);
  json record = {{"offset", e.plans[clip].offset},
                 {"top1", class_record(best, p[static_cast<size_t>(best)], class_names)},
                 {"target_logit", e.logits.values<float>()[clip * p.size() + static_cast<size_t>(e.target)]},
                 {"relevance_sum", reached},
                 {"conservation", conservation(e, clip, reached)},
                 {"frame_share", row_of(e.frame_share, clip)}};
  if (clip < e.notes.size() && !e.notes[clip].empty()) record["notes"] = e.notes[clip];
  return record;
}

std::vector<float> row_of(const Tensor& values, size_t row) {
  const auto width = static_cast<size_t>(values.shape()[1]);
  const auto part = values.values<float>().subspan(row * width, width);
  return {part.begin(), part.end()};
}

std::string share_of_name(const Explanation& e) {
  return e.is_signed ? "absolute relevance" : "relevance";
}

std::string dumped(const json& value, int indent) {
  return value.dump(indent, ' ', false, json::error_handler_t::replace);
}

}  // namespace relevid
