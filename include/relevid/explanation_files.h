// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "relevid/explain.h"
#include "relevid/export.h"

namespace RELEVID_EXPORT relevid {

/// Which files are written, and how they look.
struct OutputOptions {
  std::filesystem::path folder;
  std::string stem;  ///< NAME of NAME.npz, NAME.json, NAME.png, NAME.mp4, NAME.html
  std::vector<std::string> class_names;
  /// "auto": by the method, for relevance that can be negative a map with zero in its middle, for other
  /// relevance one that begins at zero. A map's name: that one wherever it can show the relevance (the latter
  /// kind can't show negative relevance, which keeps its own). One for figure, overlay video and page.
  std::string color_map = "auto";
  double percentile = 99.5;  ///< of |R|, drawn at the end of the colour map in all pictures
  /// Whether the overlay video is written.
  enum class OverlayVideo { kWrite, kSkip } overlay_video = OverlayVideo::kWrite;
  /// Whether the page is written.
  enum class Page { kWrite, kSkip } page = Page::kWrite;
  /// Of the page's frames and maps. Where they would take more, evenly chosen clips keep theirs, one at
  /// least.
  int64_t page_limit_bytes = int64_t{32} << 20;
  std::vector<double> null_profile;  ///< [T] shares of the architecture alone; empty: not known
  VideoOptions video;
};

/// The explanations of one input (explain_input's), as files. For each NAME.npz, NAME.png, NAME.json and, for
/// videos, NAME.mp4, where NAME is the stem followed by its name_in_run; for all together one page, the
/// stem's .html, where has_page(). Each appears whole or not at all, the records (.json) last, so that they
/// are there only when everything they speak of is. Throws Error(kIo), Interrupted.
void write_explanations(std::span<const Explanation> explanations, const Model& model,
                        const OutputOptions& options, const RunControl& control);

/// Whether an earlier run has explained this input to its end, with the same model and settings: its records
/// are in the folder, for every method one of each target of that run.
bool is_explained(const std::filesystem::path& input, const Model& model, const ClipExplainer& explainer,
                  const InputOptions& options, std::span<const TargetChoice> targets,
                  const OutputOptions& output);

/// What write_explanations may write or remove in the folder for inputs of these stems: the files of one
/// method and target, and those of more that an earlier run has left.
std::vector<std::filesystem::path> possible_outputs(const std::filesystem::path& folder,
                                                    std::span<const std::string> stems);

/// Whether this build has the page; without it none is written.
bool has_page();

/// What NAME.json holds.
std::string to_json(const Explanation& explanation, const Model& model, const OutputOptions& options);

/// What the page shows, docs/dev/page-data.md. One explanation at least, all of one input.
std::string page_json(std::span<const Explanation> explanations, const Model& model,
                      const OutputOptions& options);

}  // namespace relevid
