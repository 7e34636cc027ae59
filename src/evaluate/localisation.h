// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "data/csv.h"
#include "evaluate/regions.h"
#include "relevid/preprocessing.h"

namespace relevid::evaluate {

/// Where objects are in the frames of videos, in pixels of the source: pixel i covers [i, i + 1).
class Objects {
 public:
  /// A csv file with a header and the columns video and frame, which names a frame of the file from 0, and
  /// one of: left, top, right, bottom, boxes; mask, pictures of the frame's size, of which what is not black
  /// is object, by paths from the csv file's folder; x, y, half_width, discs that go round the picture's
  /// edges, as `relevid generate` writes them (positions.csv). Several a frame if need be. Further columns
  /// are passed over. Errors: kIo (a mask that is missing included), kCorruptInput with file and line.
  static Objects read(const std::filesystem::path& path);

  /// Which of the model's pixels have their centre inside, [T, H, W] (0 or 1) for these frames; nothing where
  /// the video is not listed. Masks are read here: Error(kCorruptInput) where one is no picture, or of
  /// another size than the frame.
  std::optional<std::vector<char>> mask(const std::string& video, std::span<const int64_t> frame_indices,
                                        const Geometry& geometry) const;
  bool has(const std::string& video) const { return shapes_.contains(video); }
  /// One of the videos, for messages; "" where there is none.
  std::string any_video() const { return shapes_.empty() ? "" : shapes_.begin()->first; }
  /// Of the file; with masks, of the file and theirs.
  const std::string& sha256() const { return sha256_; }

 private:
  class Table;
  struct Shape {
    enum class Kind { kBox, kDisc, kMask } kind = Kind::kBox;
    double left = 0, top = 0, right = 0, bottom = 0;  ///< a disc's: x, y, radius, nothing
    std::filesystem::path mask;
    bool holds(double x, double y, const Size& frame) const;
  };
  static Shape shape_of(const Table& table, const data::CsvRow& row, Shape::Kind kind);
  std::map<std::string, std::multimap<int64_t, Shape>, std::less<>> shapes_;
  std::string sha256_;
};

struct Localisation {
  double area = 0;           ///< of the mask over that of the clip
  double pointing_area = 0;  ///< the same of the frames that have an object: what chance gives pointing
  double share_inside = 0;  ///< of positive relevance (Arras et al. 2022: relevance mass accuracy); NaN: none
  /// Share of the frames with an object whose largest value lies in it (Zhang et al. 2018, without their
  /// tolerance); where several places have that value, the part of them that does. NaN without such frames.
  double pointing = 0;
};
Localisation localisation(std::span<const float> map, std::span<const char> mask, const Volume& volume);

}  // namespace relevid::evaluate
