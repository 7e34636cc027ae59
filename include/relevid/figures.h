// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "relevid/colormap.h"
#include "relevid/export.h"
#include "relevid/video.h"

namespace RELEVID_EXPORT relevid {

// Every string below is data, drawn as it is: UTF-8, no markup. Bytes that are no UTF-8 appear as U+FFFD,
// control characters as spaces; what is too long for its place ends in an ellipsis (file names: has it in the
// middle).

/// One class and the probability the model gives it.
struct ClassProbability {
  std::string label;
  double probability = 0;
};

/// "the first and the last frame", "the first and last 2 frames": the border of a clip in words.
std::string border_name(int64_t border_frames);

/// What shares are of; the axis names it.
enum class ShareOf { kRelevance, kAbsoluteRelevance };

/// One frame of an explained clip. Borrows its pixels.
struct FigureFrame {
  PictureView picture;       ///< at the model's or the source's size; the same for all frames of a figure
  MapView relevance;         ///< any size, of the same field of view as the picture
  int64_t source_index = 0;  ///< the frame's number in the video
  double pts_seconds = 0;
  double share = 0;           ///< of the clip's relevance: Σ R[t] / Σ R, or Σ |R[t]| / Σ |R|
  double negative_share = 0;  ///< the part of `share` that negative relevance makes up; 0: not distinguished
  /// Of the architecture alone, drawn as a thin line; NaN: not known.
  double null_share = std::numeric_limits<double>::quiet_NaN();
  bool at_border = false;  ///< in the border of a clip: shaded on the curve
};

/// What has become of the relevance at the start once a layer is passed: what goes on, and what was lost up
/// to it, as parts of the start. Of several clips, their sums. Negative: what biases add.
struct FigureLayer {
  double goes_on = 0;
  double absorbed_by_bias = 0;
  double absorbed_by_epsilon = 0;
  double dropped = 0;
};

/// How a map is drawn in a figure: over its frame, or alone.
enum class MapStyle { kOverlay, kHeatmap };

/// What the figure of an explanation shows.
struct FigureContents {
  std::string title;  ///< the file's name
  std::vector<ClassProbability>
      predictions;     ///< best first; the first five are drawn, the first is "the prediction"
  std::string target;  ///< the class that is explained
  std::string method;  ///< e.g. "deep_taylor"
  std::string note;    ///< small print at the bottom; may be empty
  ColorMap colors = ColorMap::kBwr;
  Scale scale;
  MapStyle style = MapStyle::kOverlay;
  ShareOf share_of = ShareOf::kRelevance;
  double even_share = 0;            ///< 1/T for clips of T frames, a line on the curve; 0: none
  int64_t border_frames = 1;        ///< at either end of a clip, which `at_border` is about
  std::string repeated;             ///< that clips repeat frames, a line above the curve; may be empty
  std::vector<FigureFrame> frames;  ///< in clip order, 1 to kMaxFigureFrames
  std::vector<FigureLayer> layers;  ///< output first; empty: no chart of conservation
};

inline constexpr int64_t kMaxFigureFrames = 512;  ///< of FigureContents::frames
inline constexpr int64_t kFigureWidth = 1600;     ///< pixels; the height follows from the contents

/// The figure as a picture: header, top-5 bars, every frame with its map below it, the colour bar, the curve
/// of relevance per frame (a line that says so where all shares are 0), conservation layer by layer.
/// Reentrant. Throws Error(kInvalidArgument) naming what
/// does not fit (no frames, sizes, shares or times that are not finite, a negative part beyond its share).
Picture render_explanation_figure(const FigureContents& contents);

/// Writes it as a PNG, atomically. Throws Error(kIo) where the file cannot be written, and as above.
void draw_explanation_figure(const std::filesystem::path& path, const FigureContents& contents);

/// One frame of the source video on the curve of an overlay video.
struct CurvePoint {
  double pts_seconds = 0;
  double share = std::numeric_limits<double>::quiet_NaN();       ///< NaN: no clip covers this frame
  double negative_share = 0;                                     ///< as in FigureFrame
  double null_share = std::numeric_limits<double>::quiet_NaN();  ///< as in FigureFrame
  bool at_border = false;                                        ///< as in FigureFrame
};

/// What stays the same through an overlay video.
struct OverlayContents {
  std::string title;
  ClassProbability prediction;
  std::string target;
  std::string method;
  int64_t source_width = 0;
  int64_t source_height = 0;
  ColorMap colors = ColorMap::kBwr;
  Scale scale;
  ShareOf share_of = ShareOf::kRelevance;
  double even_share = 0;          ///< as in FigureContents
  int64_t border_frames = 1;      ///< as in FigureContents
  std::vector<CurvePoint> curve;  ///< [frames of the video], by source frame index; times ascend
};

/// Draws the frames of an overlay video: header, source frame at the left, overlay at the right, below them
/// the curve of relevance per frame with a mark that moves (a line of text where no frame has a share). Width
/// and height are even; small sources are enlarged by 2 at most. Keeps a copy of its contents and the drawn
/// background. render() is const and may be called from several threads.
class OverlayRenderer {
 public:
  /// Throws Error(kInvalidArgument) for an empty curve, times that do not ascend, or sizes below 1.
  explicit OverlayRenderer(OverlayContents contents);
  ~OverlayRenderer();
  OverlayRenderer(OverlayRenderer&&) noexcept;
  OverlayRenderer& operator=(OverlayRenderer&&) noexcept;

  /// Of the frames that render() draws, in pixels; even.
  int64_t width() const;
  /// Of the frames that render() draws, in pixels; even.
  int64_t height() const;

  /// `relevance` is [source_height, source_width], or empty where there is none to show; the frame's index is
  /// its place on the curve. A map for a frame that the curve leaves out is another frame's, and the header
  /// says so. Throws Error(kInvalidArgument) where sizes differ or the index is not on the curve.
  Picture render(const Frame& frame, std::span<const float> relevance) const;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace relevid
