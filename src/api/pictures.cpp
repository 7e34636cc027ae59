// SPDX-License-Identifier: Apache-2.0
#include "api/pictures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <utility>

#include "api/appearance.h"
#include "api/covered.h"
#include "api/frame_pictures.h"
#include "api/maps.h"
#include "base/input_guard.h"
#include "relevid/error.h"
#include "relevid/figures.h"

namespace relevid {
namespace {

constexpr int64_t kMaxFrames = 64;
constexpr int64_t kThumbnailWidth = 320;

/// The map on the source's pixels; NaN outside the crop, which the model did not see.
std::vector<float> on_source(const Tensor& map, const Geometry& g) {
  const Tensor shown = interpolate_to_source(map, g);
  std::vector<float> values(shown.values<float>().begin(), shown.values<float>().end());
  const double scale_y = static_cast<double>(g.source.height) / static_cast<double>(g.resized.height);
  const double scale_x = static_cast<double>(g.source.width) / static_cast<double>(g.resized.width);
  for (int64_t y = 0; y < g.source.height; ++y) {
    for (int64_t x = 0; x < g.source.width; ++x) {
      const double row = (static_cast<double>(y) + 0.5) / scale_y - static_cast<double>(g.crop_top);
      const double column = (static_cast<double>(x) + 0.5) / scale_x - static_cast<double>(g.crop_left);
      const bool seen = row >= 0 && row < static_cast<double>(g.model.height) && column >= 0 &&
                        column < static_cast<double>(g.model.width);
      if (!seen) values[static_cast<size_t>(y * g.source.width + x)] = std::nanf("");
    }
  }
  return values;
}

/// Frames of a video as a figure shows them, by their index.
class Thumbnails {
 public:
  /// Of the frames that the explanation's figure will show.
  explicit Thumbnails(const Explanation& e) : size_(thumbnail_size(*e.geometry)) {
    const auto covered = covered_frames(e.plans);
    for (const size_t i : evenly(covered.size(), static_cast<size_t>(kMaxFrames)))
      wanted_.push_back(covered[i].frame_index);
  }

  const std::vector<int64_t>& wanted() const { return wanted_; }
  void take(const Frame& frame) {
    if (!std::ranges::binary_search(wanted_, frame.index)) return;
    pictures_[frame.index] =
        resize_picture({frame.width, frame.height, frame.rgb}, size_.width, size_.height);
  }
  const Picture& at(int64_t frame) const { return pictures_.at(frame); }
  const Size& size() const { return size_; }

 private:
  static Size thumbnail_size(const Geometry& g) {
    const int64_t width = std::min(kThumbnailWidth, g.source.width);
    return {std::max<int64_t>(1, g.source.height * width / g.source.width), width};
  }

  Size size_;
  std::vector<int64_t> wanted_;
  std::map<int64_t, Picture> pictures_;
};

/// Frames and maps of one size; a figure borrows them.
void take_video_pixels(ExplanationFigure& figure, const Explanation& e, const Thumbnails& thumbnails,
                       const CoveredRelevance& covered, const std::vector<size_t>& chosen) {
  const Size& size = thumbnails.size();
  for (const size_t i : chosen) {
    figure.pictures.push_back(thumbnails.at(covered.frames[i].index));
    const auto map = on_source(map_at(covered.maps, i), *e.geometry);
    figure.maps.push_back(
        resize_map({e.geometry->source.width, e.geometry->source.height, map}, size.width, size.height));
  }
}

void take_number_pixels(ExplanationFigure& figure, const Explanation& e, const CoveredRelevance& covered,
                        const std::vector<size_t>& chosen) {
  const FramePictures pictures(e);
  for (const size_t i : chosen) {
    figure.pictures.push_back(pictures.at(0, static_cast<int64_t>(i)));
    const Tensor map = map_at(covered.maps, i);
    figure.maps.emplace_back(map.values<float>().begin(), map.values<float>().end());
  }
}

std::string note_of(const Explanation& e, size_t covered, size_t shown) {
  std::string note = fmt::format("{} clip{} of {} frames", e.plans.size(), e.plans.size() == 1 ? "" : "s",
                                 e.relevance.shape()[2]);
  if (!e.video && e.plans.size() > 1) note += ", averaged; pictures are of the first";
  if (shown < covered) note += fmt::format("; {} of {} frames shown, evenly spaced", shown, covered);
  if (e.video && e.plans.size() > 1)
    note += "; shares are of a clip's relevance, averaged where clips overlap";
  if (!e.video) note += "; given as numbers: the index stands for the frame and the time";
  return note;
}

/// Σ over clips, as parts of Σ of their starts; nothing for methods that keep no accounts, or that start from
/// nothing.
std::vector<FigureLayer> figure_layers(const Explanation& e) {
  if (e.layers.empty() || e.layers.front().empty()) return {};
  double start = 0;
  for (const auto& clip : e.layers) start += clip.front().incoming;
  if (start == 0) return {};
  std::vector<FigureLayer> layers(e.layers.front().size());
  for (const auto& clip : e.layers) {
    FigureLayer lost;
    double on_its_way = clip.front().incoming / start;  // on any branch
    for (size_t i = 0; i < clip.size(); ++i) {
      on_its_way += (clip[i].outgoing - clip[i].incoming) / start;
      lost.absorbed_by_bias += clip[i].absorbed_by_bias / start;
      lost.absorbed_by_epsilon += clip[i].absorbed_by_epsilon / start;
      lost.dropped += clip[i].dropped / start;
      layers[i].goes_on += on_its_way;
      layers[i].absorbed_by_bias += lost.absorbed_by_bias;
      layers[i].absorbed_by_epsilon += lost.absorbed_by_epsilon;
      layers[i].dropped += lost.dropped;
    }
  }
  return layers;
}

/// What a figure and an overlay video have in common.
template <class Contents>
void describe(Contents& contents, const Explanation& e, const OutputOptions& options) {
  const Appearance appearance = appearance_of(e, options);
  const int64_t clip_length = e.frame_share.shape()[1];
  contents.title = e.input.filename().string();
  contents.target = class_label(e.target, options.class_names);
  contents.method = e.method;
  contents.colors = appearance.colors;
  contents.scale = appearance.scale;
  contents.share_of = e.is_signed ? ShareOf::kAbsoluteRelevance : ShareOf::kRelevance;
  contents.even_share = 1.0 / static_cast<double>(clip_length);
  contents.border_frames = border_frames(clip_length);
}

FigureFrame figure_frame(const Explanation& e, const FrameShares& shares, const Picture& picture,
                         std::span<const float> map) {
  FigureFrame frame;
  frame.picture = view(picture);
  frame.relevance = {picture.width, picture.height, map};
  frame.source_index = shares.index;
  frame.pts_seconds =
      e.video ? e.video->pts_seconds[static_cast<size_t>(shares.index)] : static_cast<double>(shares.index);
  frame.share = shares.share;
  frame.negative_share = shares.negative_share;
  frame.null_share = shares.null_share;
  frame.at_border = shares.at_border;
  return frame;
}

OverlayContents contents_of(const Explanation& e, const OutputOptions& options,
                            const CoveredRelevance& covered) {
  OverlayContents contents;
  describe(contents, e, options);
  const int64_t best = best_classes(e.class_probabilities, 1)[0];
  contents.prediction = {class_label(best, options.class_names),
                         e.class_probabilities[static_cast<size_t>(best)]};
  contents.source_width = e.geometry->source.width;
  contents.source_height = e.geometry->source.height;
  for (const double seconds : e.video->pts_seconds) contents.curve.push_back({.pts_seconds = seconds});
  for (const FrameShares& frame : covered.frames) {
    CurvePoint& point = contents.curve[static_cast<size_t>(frame.index)];
    point.share = frame.share;
    point.negative_share = frame.negative_share;
    point.null_share = frame.null_share;
    point.at_border = frame.at_border;
  }
  return contents;
}

/// Per frame of the video, which of the `taken` frames' maps it shows: the nearest one's where it lies
/// between two consecutive frames of a clip, else none.
std::vector<std::optional<size_t>> held_maps(std::span<const ClipPlan> plans,
                                             const std::vector<int64_t>& taken, int64_t frame_count) {
  std::vector<int64_t> reach(static_cast<size_t>(frame_count), -1);  // the end of the longest step from here
  for (const ClipPlan& plan : plans) {
    const auto& frames = plan.frame_indices;
    for (size_t t = 0; t < frames.size(); ++t) {
      int64_t& end = reach[static_cast<size_t>(frames[t])];
      end = std::max({end, frames[t], t + 1 < frames.size() ? frames[t + 1] : -1});
    }
  }
  std::vector<std::optional<size_t>> held(static_cast<size_t>(frame_count));
  size_t nearest = 0;
  int64_t inside_until = -1;
  for (int64_t i = 0; i < frame_count; ++i) {
    inside_until = std::max(inside_until, reach[static_cast<size_t>(i)]);
    while (nearest + 1 < taken.size() && std::abs(taken[nearest + 1] - i) < std::abs(taken[nearest] - i))
      ++nearest;
    if (i <= inside_until) held[static_cast<size_t>(i)] = nearest;
  }
  return held;
}

/// `thumbnails` is of the explanation's video; null where there is none.
ExplanationFigure figure_of(const Explanation& e, const OutputOptions& options,
                            const Thumbnails* thumbnails) {
  const CoveredRelevance covered = cover(e, options);
  const auto chosen = evenly(covered.frames.size(), static_cast<size_t>(kMaxFrames));
  ExplanationFigure figure;
  if (thumbnails)
    take_video_pixels(figure, e, *thumbnails, covered, chosen);
  else
    take_number_pixels(figure, e, covered, chosen);
  FigureContents& contents = figure.contents;
  describe(contents, e, options);
  for (const int64_t c : best_classes(e.class_probabilities, 5)) {
    contents.predictions.push_back(
        {class_label(c, options.class_names), e.class_probabilities[static_cast<size_t>(c)]});
  }
  contents.note = note_of(e, covered.frames.size(), chosen.size());
  contents.repeated = repeated_frames_sentence(e);
  if (!contents.repeated.empty())
    contents.repeated += " A frame's share and map are the mean of its copies'.";
  contents.layers = figure_layers(e);
  for (size_t k = 0; k < chosen.size(); ++k)
    contents.frames.push_back(figure_frame(e, covered.frames[chosen[k]], figure.pictures[k], figure.maps[k]));
  return figure;
}

/// An overlay video that is being written, frame by frame.
class OverlayVideo {
 public:
  OverlayVideo(const Explanation& e, const OutputOptions& options)
      : explanation_(e),
        covered_(cover(e, options)),
        held_(held_maps(e.plans, covered_.maps.frame_indices, e.video->frame_count)),
        renderer_(contents_of(e, options, covered_)),
        writer_(output_file(e, options, ".mp4"), renderer_.width(), renderer_.height(),
                {.fps = e.video->fps, .threads = options.video.threads}) {}

  void add(const Frame& frame) {
    const auto at = static_cast<size_t>(frame.index);
    if (held_[at] != shown_) {
      shown_ = held_[at];
      map_ =
          shown_ ? on_source(map_at(covered_.maps, *shown_), *explanation_.geometry) : std::vector<float>{};
    }
    const auto& times = explanation_.video->pts_seconds;
    writer_.write(renderer_.render(frame, map_).rgb, times[at] - times[0]);
  }
  void finish() { writer_.finish(); }
  /// About what it holds: x264 looks some forty frames ahead, of twelve bits a pixel.
  int64_t memory_bytes() const {
    constexpr int64_t kEncoderBytesPerPixel = 48;
    return kEncoderBytesPerPixel * renderer_.width() * renderer_.height() +
           static_cast<int64_t>(covered_.maps.values.bytes().size());
  }

 private:
  const Explanation& explanation_;
  CoveredRelevance covered_;
  std::vector<std::optional<size_t>> held_;  ///< by frame of the video
  OverlayRenderer renderer_;
  VideoWriter writer_;
  std::optional<size_t> shown_;
  std::vector<float> map_;  ///< of `shown_`, on the source's pixels
};

/// As many of these explanations' overlay videos as memory allows at a time, one at least.
std::vector<std::unique_ptr<OverlayVideo>> begin_overlays(std::span<const Explanation> explanations,
                                                          const OutputOptions& options) {
  constexpr int64_t kLimitBytes = int64_t{512} << 20;
  std::vector<std::unique_ptr<OverlayVideo>> overlays;
  int64_t bytes = 0;
  for (const Explanation& e : explanations) {
    overlays.push_back(std::make_unique<OverlayVideo>(e, options));
    bytes += overlays.back()->memory_bytes();
    if (bytes + overlays.back()->memory_bytes() > kLimitBytes) break;
  }
  return overlays;
}

/// The overlay videos of all explanations, in as few passes over the video as memory allows; the thumbnails
/// are taken in the first.
void draw_overlay_videos(std::span<const Explanation> explanations, const OutputOptions& options,
                         Thumbnails& thumbnails, const RunControl& control) {
  const VideoInfo& video = *explanations.front().video;
  std::vector<int64_t> all(static_cast<size_t>(video.frame_count));
  std::iota(all.begin(), all.end(), int64_t{0});
  const auto frames = [&](size_t overlays) { return static_cast<int64_t>(overlays) * video.frame_count; };
  VideoReader reader(video, options.video);
  for (size_t done = 0; done < explanations.size();) {
    const auto overlays = begin_overlays(explanations.subspan(done), options);
    reader.read(all, [&](Frame&& frame) {
      if (control.interrupted()) throw Interrupted{};
      if (done == 0) thumbnails.take(frame);
      for (const auto& overlay : overlays) overlay->add(frame);
      const auto drawn = frames(done) + (frame.index + 1) * std::ssize(overlays);
      if (control.report) control.report({"drawing frames", drawn, frames(explanations.size())});
    });
    for (const auto& overlay : overlays) overlay->finish();
    done += overlays.size();
  }
}

/// Decodes nothing else.
void read_thumbnails(Thumbnails& thumbnails, const VideoInfo& video, const OutputOptions& options) {
  VideoReader reader(video, options.video);
  reader.read(thumbnails.wanted(), [&](Frame&& frame) { thumbnails.take(frame); });
}

}  // namespace

std::filesystem::path output_file(const Explanation& e, const OutputOptions& options, const char* extension) {
  return options.folder / (options.stem + e.name_in_run + extension);
}

ExplanationFigure explanation_figure(const Explanation& e, const OutputOptions& options) {
  if (!e.video) return figure_of(e, options, nullptr);
  Thumbnails thumbnails(e);
  read_thumbnails(thumbnails, *e.video, options);
  return figure_of(e, options, &thumbnails);
}

OverlayContents overlay_contents(const Explanation& e, const OutputOptions& options) {
  return contents_of(e, options, cover(e, options));
}

void draw_pictures(std::span<const Explanation> explanations, const OutputOptions& options,
                   const RunControl& control) {
  const Explanation& first = explanations.front();
  const bool overlays = first.video && options.overlay_video == OutputOptions::OverlayVideo::kWrite;
  std::optional<Thumbnails> thumbnails;
  if (first.video) thumbnails.emplace(first);
  if (overlays)
    draw_overlay_videos(explanations, options, *thumbnails, control);
  else if (first.video)
    read_thumbnails(*thumbnails, *first.video, options);
  for (const Explanation& e : explanations) {
    if (!overlays)
      remove_output(output_file(e, options, ".mp4"));  // an earlier run's shows another relevance
    draw_explanation_figure(output_file(e, options, ".png"),
                            figure_of(e, options, thumbnails ? &*thumbnails : nullptr).contents);
  }
}

}  // namespace relevid
