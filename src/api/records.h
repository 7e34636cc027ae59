// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "relevid/explain.h"

namespace relevid {

// Parts of the JSON that NAME.json and the page have in common.

/// {"index", "label", "probability"}
nlohmann::json class_record(int64_t index, double probability, std::span<const std::string> class_names);
/// null, or {"runner_up" (class_record), "correlation"}.
nlohmann::json comparison_record(const Explanation& e, std::span<const std::string> class_names);
/// The five best classes, mean over clips.
nlohmann::json prediction_record(const Explanation& explanation, std::span<const std::string> class_names);
/// {"path", "sha256", "opset", "producer"}
nlohmann::json model_record(const Model& model);
/// Null for a clip given as numbers.
nlohmann::json video_record(const Explanation& explanation);
/// {"forward", "backward"}: passes of a clip.
nlohmann::json cost_record(const MethodCost& cost);
/// {"frames", "rows", "columns", "in_time"}
nlohmann::json resolution_record(const MethodResolution& resolution);
/// A list of one clip's layers, output first.
nlohmann::json layer_records(const std::vector<LayerAccount>& layers);
/// What position embeddings took over all clips, in shares of the start, and what reached the frames of each
/// step beside it: {"share", "by_time" [T'], "content" [T'], "by_place" [H'][W']}; null where there are none,
/// or the method gives them nothing.
nlohmann::json position_record(const Explanation& explanation);
/// What is known of one clip and its relevance but for its frames and layers: "offset", "top1",
/// "target_logit", "relevance_sum", "conservation" (start = input + absorbed by bias + absorbed by ε +
/// dropped, and where relevance stopped at a layer + around_layer; null for methods without accounts),
/// "frame_share", and "notes" where the method has any.
nlohmann::json clip_record(const Explanation& explanation, size_t clip,
                           std::span<const std::string> class_names);
/// One row of [N, T] float32.
std::vector<float> row_of(const Tensor& values, size_t row);
/// "relevance" or "absolute relevance".
std::string share_of_name(const Explanation& explanation);
/// UTF-8 whatever the names hold.
std::string dumped(const nlohmann::json& value, int indent);

}  // namespace relevid
