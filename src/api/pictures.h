// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "relevid/explanation_files.h"
#include "relevid/figures.h"

namespace relevid {

/// What a sheet shows, and the pixels that it borrows.
struct SheetFigure {
  SheetContents contents;
  std::vector<Picture> pictures;         ///< of contents.frames, one size
  std::vector<std::vector<float>> maps;  ///< of that size
};
/// The frames that clips cover, their maps, and the curve of relevance per frame. Where clips cover more than
/// 64 frames, 64 of them evenly spaced (the sheet says so). Reads the video.
SheetFigure sheet_figure(const Explanation& explanation, const OutputOptions& options);
/// It as a PNG.
void draw_sheet(const Explanation& explanation, const OutputOptions& options,
                const std::filesystem::path& path);

/// What stays the same through an overlay video; for videos only.
OverlayContents overlay_contents(const Explanation& explanation, const OutputOptions& options);
/// Every frame of the video beside its overlay, as an MP4. A frame between two consecutive ones of a clip
/// holds the map of the nearest that was taken; one in no clip carries none.
void draw_film(const Explanation& explanation, const OutputOptions& options,
               const std::filesystem::path& path, const RunControl& control);

}  // namespace relevid
