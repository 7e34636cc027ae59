// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "api/page_pictures.h"
#include "relevid/explanation_files.h"

namespace relevid {

/// An Explanation of docs/dev/page-data.md: one input, every method and target. Without relevance maps are
/// null.
nlohmann::json page_record(std::span<const Explanation> explanations, const Model& model,
                           const OutputOptions& options, PagePictures::Fit fit);

/// What page_record and a run's own account of a clip have in common: "title", "input", "video", "frames",
/// "null_profile", "border_frames", "repeated_frames".
nlohmann::json page_head(const Explanation& explanation, const PagePictures& pictures,
                         std::span<const double> null_profile);

}  // namespace relevid
