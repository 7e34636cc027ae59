// SPDX-License-Identifier: Apache-2.0
// example_figures FOLDER [RAW WIDTH HEIGHT FRAMES NAME]: draws example sheets and film frames into FOLDER, of
// a generated clip or of raw RGB frames (ffmpeg ... -f rawvideo -pix_fmt rgb24 RAW), whose "relevance" is how
// much each pixel changes.
#include <fmt/format.h>

#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>
#include <string>

#include "base/atomic_file.h"
#include "sample_clip.h"

namespace {

using namespace relevid;
using namespace relevid::testing;

SampleClip read_raw(const std::string& path, int64_t width, int64_t height, int64_t frames) {
  const std::string bytes = read_file(path);
  const auto size = static_cast<size_t>(width * height * 3);
  SampleClip clip{.width = width, .height = height, .frames = {}, .relevance = {}};
  for (size_t t = 0; t < static_cast<size_t>(frames) && (t + 1) * size <= bytes.size(); ++t) {
    clip.frames.emplace_back(bytes.begin() + static_cast<std::ptrdiff_t>(t * size),
                             bytes.begin() + static_cast<std::ptrdiff_t>((t + 1) * size));
  }
  for (size_t t = 0; t < clip.frames.size(); ++t) {
    const auto& now = clip.frames[t];
    const auto& other = clip.frames[t + 1 < clip.frames.size() ? t + 1 : t - 1];
    std::vector<float> change(size / 3);
    for (size_t i = 0; i < change.size(); ++i) {
      change[i] = 1e-6F * static_cast<float>(now[3 * i + 1] - other[3 * i + 1]) *
                  (now[3 * i + 1] > other[3 * i + 1] ? 1.0F : 0.4F);
    }
    const auto coarse = resize_map({width, height, change}, width / 6, height / 6);
    clip.relevance.push_back(resize_map({width / 6, height / 6, coarse}, width, height));
  }
  return clip;
}

void make_unsigned(SampleClip& clip) {
  for (auto& map : clip.relevance) {
    for (auto& value : map) value = std::abs(value);
  }
}

/// As a Netpbm file, which every viewer and ffmpeg reads.
void write_ppm(const std::string& path, const Picture& picture) {
  std::string bytes = fmt::format("P6\n{} {}\n255\n", picture.width, picture.height);
  bytes.append(picture.rgb.begin(), picture.rgb.end());
  write_file_atomically(path, bytes);
}

void draw(const std::string& folder, const std::string& name, SampleClip& clip) {
  for (const ColorMap colors :
       {ColorMap::kBwr, ColorMap::kColdNHot, ColorMap::kSeismic, ColorMap::kInferno, ColorMap::kViridis}) {
    if (sign_of(colors) == RelevanceSign::kUnsigned) make_unsigned(clip);
    const std::string stem =
        fmt::format("{}/{}_{}_{}", folder, name, clip.frames.size(), relevid::name(colors));
    FigureContents sheet = sheet_of(clip, colors, 4);
    sheet.title = name + ".mp4";
    sheet.note =
        fmt::format("{} frames every 4th from frame 0  ·  input 3×{}×{}×{}  ·  colour map {}",
                    clip.frames.size(), clip.frames.size(), clip.height, clip.width, relevid::name(colors));
    draw_explanation_figure(stem + "_overlay.png", sheet);
    sheet.style = MapStyle::kHeatmap;
    draw_explanation_figure(stem + "_heatmap.png", sheet);
    const OverlayRenderer film(film_of(clip, sheet, 4 * std::ssize(clip.frames) + 10));
    const size_t middle = clip.frames.size() / 2;
    const Frame frame{.index = sheet.frames[middle].source_index,
                      .pts_seconds = sheet.frames[middle].pts_seconds,
                      .width = clip.width,
                      .height = clip.height,
                      .rgb = clip.frames[middle]};
    write_ppm(stem + "_film.ppm", film.render(frame, clip.relevance[middle]));
    write_ppm(stem + "_film_uncovered.ppm", film.render(frame, {}));
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 && argc != 7) {
    std::cerr << "usage: example_figures FOLDER [RAW WIDTH HEIGHT FRAMES NAME]\n";
    return EXIT_FAILURE;
  }
  try {
    if (argc == 7) {
      SampleClip clip = read_raw(argv[2], std::atoi(argv[3]), std::atoi(argv[4]), std::atoi(argv[5]));
      draw(argv[1], argv[6], clip);
    } else {
      for (const int64_t frames : {1, 8, 16, 32, 64}) {
        SampleClip clip = moving_disc(frames, 160, 120, RelevanceSign::kSigned);
        draw(argv[1], "moving_disc", clip);
      }
    }
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return EXIT_FAILURE;
  }
}
