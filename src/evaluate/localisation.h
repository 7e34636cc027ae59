// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "evaluate/regions.h"
#include "relevid/preprocessing.h"

namespace relevid::evaluate {

/// Where objects are in the frames of videos, in pixels of the source: pixel i covers [i, i + 1).
class Objects {
 public:
  /// A csv file with a header and the columns video and frame, which names a frame of the file from 0, and
  /// either left, top, right, bottom: boxes, several a frame if need be; or x, y, half_width: discs that go
  /// round the picture's edges, as `relevid generate` writes them (positions.csv). Further columns are passed
  /// over. Errors: kIo, kCorruptInput with file and line.
  static Objects read(const std::filesystem::path& path);

  /// Which of the model's pixels have their centre inside, [T, H, W] (0 or 1) for these frames; nothing where
  /// the video is not listed.
  std::optional<std::vector<char>> mask(const std::string& video, std::span<const int64_t> frame_indices,
                                        const Geometry& geometry) const;
  size_t videos() const { return shapes_.size(); }

 private:
  struct Shape {
    bool disc = false;
    double left = 0, top = 0, right = 0, bottom = 0;  ///< a disc's: x, y, radius, nothing
    bool holds(double x, double y, const Size& frame) const;
  };
  std::map<std::string, std::multimap<int64_t, Shape>, std::less<>> shapes_;
};

struct Localisation {
  double area = 0;          ///< of the mask over that of the clip
  double share_inside = 0;  ///< of positive relevance (Arras et al. 2022: relevance mass accuracy); NaN: none
  /// Share of the frames with an object whose largest value lies in it (Zhang et al. 2018, without their
  /// tolerance); where several places have that value, the part of them that does. NaN without such frames.
  double pointing = 0;
};
Localisation localisation(std::span<const float> map, std::span<const char> mask, const Volume& volume);

}  // namespace relevid::evaluate
