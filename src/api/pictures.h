// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <span>

#include "relevid/explanation_files.h"
#include "relevid/figures.h"

namespace relevid {

/// NAME.png, NAME.mp4, ... of an explanation.
std::filesystem::path output_file(const Explanation& explanation, const OutputOptions& options,
                                  const char* extension);

/// What a figure shows, and the pixels that it borrows.
struct ExplanationFigure {
  FigureContents contents;
  std::vector<Picture> pictures;         ///< of contents.frames, one size
  std::vector<std::vector<float>> maps;  ///< of that size
};
/// The frames that clips cover, their maps, and the curve of relevance per frame. Where clips cover more than
/// 64 frames, 64 of them evenly spaced (the figure says so). Reads the video.
ExplanationFigure explanation_figure(const Explanation& explanation, const OutputOptions& options);

/// What stays the same through an overlay video; for videos only.
OverlayContents overlay_contents(const Explanation& explanation, const OutputOptions& options);

/// Of every explanation of one input the figure as a PNG, and where options ask for it and the input is a
/// video, every frame beside its overlay as an MP4. A frame between two consecutive ones of a clip holds the
/// map of the nearest that was taken; one in no clip carries none. The video is not scanned
/// again, and decoded once where the encoders fit into memory together.
void draw_pictures(std::span<const Explanation> explanations, const OutputOptions& options,
                   const RunControl& control);

}  // namespace relevid
