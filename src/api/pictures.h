// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "relevid/explanation_files.h"

namespace relevid {

/// The frames that clips cover, their maps, and the curve of relevance per frame, as one PNG. Where clips
/// cover more than 64 frames, 64 of them evenly spaced (the sheet says so).
void draw_sheet(const Explanation& explanation, const OutputOptions& options,
                const std::filesystem::path& path);

/// Every frame of the video beside its overlay, as an MP4. A frame between two consecutive ones of a clip
/// holds the map of the nearest that was taken; one in no clip carries none.
void draw_film(const Explanation& explanation, const OutputOptions& options,
               const std::filesystem::path& path, const RunControl& control);

}  // namespace relevid
