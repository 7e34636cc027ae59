// SPDX-License-Identifier: Apache-2.0
#include "evaluate/localisation.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/atomic_file.h"
#include "base/hash.h"
#include "clips/channels.h"
#include "data/csv.h"
#include "relevid/error.h"
#include "relevid/video.h"

namespace relevid::evaluate {

/// A table by the names of its columns.
class Objects::Table {
 public:
  Table(const std::filesystem::path& path, const std::string& text)
      : path_(path), rows_(data::parse_csv(path, text)) {}

  bool has(std::initializer_list<std::string_view> columns) const {
    return !rows_.empty() && std::ranges::all_of(columns, [&](std::string_view column) {
      return std::ranges::find(rows_[0].fields, column) != rows_[0].fields.end();
    });
  }
  std::span<const data::CsvRow> rows() const { return std::span(rows_).subspan(1); }

  const std::string& text(const data::CsvRow& row, std::string_view column) const {
    const auto at = std::ranges::find(rows_[0].fields, column) - rows_[0].fields.begin();
    if (at < std::ssize(row.fields)) return row.fields[static_cast<size_t>(at)];
    throw wrong(row, fmt::format("has no {}", column));
  }
  template <class T>
  T number(const data::CsvRow& row, std::string_view column) const {
    const std::string& field = text(row, column);
    T value{};
    const auto [rest, error] = std::from_chars(field.data(), field.data() + field.size(), value);
    if (error == std::errc{} && rest == field.data() + field.size() &&
        std::isfinite(static_cast<double>(value)))
      return value;
    throw wrong(row, fmt::format("has '{}' as {}", field, column));
  }
  Error wrong(const data::CsvRow& row, const std::string& what) const {
    return Error(ErrorKind::kCorruptInput, fmt::format("{}: {}", place(row), what));
  }
  std::string place(const data::CsvRow& row) const {
    return fmt::format("{}, line {}", path_.string(), row.line);
  }
  std::filesystem::path folder() const { return path_.parent_path(); }

 private:
  std::filesystem::path path_;
  std::vector<data::CsvRow> rows_;
};

namespace {

/// A mask that has been read.
class Picture {
 public:
  Picture(const std::filesystem::path& path, const Size& size) {
    VideoReader reader(path, {.threads = 1});
    const VideoInfo& info = reader.info();
    if (info.width != size.width || info.height != size.height) {
      throw Error(ErrorKind::kCorruptInput,
                  fmt::format("the mask {} has {} x {} pixels, its frame {} x {}", path.string(), info.width,
                              info.height, size.width, size.height));
    }
    const int64_t first = 0;
    reader.read({&first, 1}, [&](Frame&& frame) { frame_ = std::move(frame); });
  }
  bool holds(double x, double y) const {
    const auto column = std::clamp(static_cast<int64_t>(x), int64_t{0}, frame_.width - 1),
               row = std::clamp(static_cast<int64_t>(y), int64_t{0}, frame_.height - 1);
    const uint8_t* pixel = &frame_.rgb[static_cast<size_t>((row * frame_.width + column) * kChannels)];
    return std::any_of(pixel, pixel + kChannels, [](uint8_t value) { return value != 0; });
  }

 private:
  Frame frame_;
};

/// The shortest way between two places on an axis that goes round.
double around(double a, double b, int64_t length) {
  return std::remainder(a - b, static_cast<double>(length));
}

}  // namespace

bool Objects::Shape::holds(double x, double y, const Size& frame) const {
  if (kind == Kind::kBox) return x >= left && x < right && y >= top && y < bottom;
  return kind == Kind::kDisc &&
         std::hypot(around(x, left, frame.width), around(y, top, frame.height)) <= right;
}

Objects::Shape Objects::shape_of(const Table& table, const data::CsvRow& row, Shape::Kind kind) {
  Shape shape;
  shape.kind = kind;
  if (kind == Shape::Kind::kMask) {
    shape.mask = table.folder() / table.text(row, "mask");
    if (!std::filesystem::is_regular_file(shape.mask))
      throw Error(ErrorKind::kIo,
                  fmt::format("{}, which {} names, is not there", shape.mask.string(), table.place(row)));
    return shape;
  }
  const bool disc = kind == Shape::Kind::kDisc;
  shape.left = table.number<double>(row, disc ? "x" : "left");
  shape.top = table.number<double>(row, disc ? "y" : "top");
  shape.right = table.number<double>(row, disc ? "half_width" : "right");
  if (!disc) shape.bottom = table.number<double>(row, "bottom");
  if (disc ? shape.right <= 0 : shape.right <= shape.left || shape.bottom <= shape.top)
    throw table.wrong(row, "has an object without an area");
  return shape;
}

Objects Objects::read(const std::filesystem::path& path) {
  using Kind = Shape::Kind;
  const std::string text = read_file(path);
  const Table table(path, text);
  std::vector<Kind> kinds;
  if (table.has({"left", "top", "right", "bottom"})) kinds.push_back(Kind::kBox);
  if (table.has({"x", "y", "half_width"})) kinds.push_back(Kind::kDisc);
  if (table.has({"mask"})) kinds.push_back(Kind::kMask);
  if (!table.has({"video", "frame"}) || kinds.size() != 1) {
    throw Error(
        ErrorKind::kCorruptInput,
        fmt::format("{} does not say where objects are: its first line must name the columns video and "
                    "frame, and one of: left, top, right, bottom; x, y, half_width; mask",
                    path.string()));
  }
  Objects objects;
  objects.sha256_ = sha256_of_bytes(text);
  for (const data::CsvRow& row : table.rows()) {
    Shape shape = shape_of(table, row, kinds[0]);
    if (kinds[0] == Kind::kMask)
      objects.sha256_ = sha256_of_bytes(objects.sha256_ + sha256_of_file(shape.mask));
    objects.shapes_[table.text(row, "video")].emplace(table.number<int64_t>(row, "frame"), std::move(shape));
  }
  return objects;
}

std::optional<std::vector<char>> Objects::mask(const std::string& video,
                                               std::span<const int64_t> frame_indices,
                                               const Geometry& geometry) const {
  const auto found = shapes_.find(video);
  if (found == shapes_.end()) return std::nullopt;
  const double per_row =
                   static_cast<double>(geometry.source.height) / static_cast<double>(geometry.resized.height),
               per_column =
                   static_cast<double>(geometry.source.width) / static_cast<double>(geometry.resized.width);
  std::vector<char> mask;
  for (const int64_t frame : frame_indices) {
    const auto [begin, end] = found->second.equal_range(frame);
    std::vector<Picture> pictures;
    for (auto shape = begin; shape != end; ++shape) {
      if (shape->second.kind == Shape::Kind::kMask)
        pictures.emplace_back(shape->second.mask, geometry.source);
    }
    for (int64_t row = 0; row < geometry.model.height; ++row) {
      const double y = (static_cast<double>(geometry.crop_top + row) + 0.5) * per_row;
      for (int64_t column = 0; column < geometry.model.width; ++column) {
        const double x = (static_cast<double>(geometry.crop_left + column) + 0.5) * per_column;
        const auto in_shape = [&, y = y](const auto& shape) {
          return shape.second.holds(x, y, geometry.source);
        };
        const auto in_picture = [&, y = y](const Picture& picture) { return picture.holds(x, y); };
        mask.push_back(std::any_of(begin, end, in_shape) || std::ranges::any_of(pictures, in_picture));
      }
    }
  }
  return mask;
}

Localisation localisation(std::span<const float> map, std::span<const char> mask, const Volume& volume) {
  const auto area = static_cast<size_t>(volume.height * volume.width);
  Localisation result;
  double inside = 0, positive = 0, frames = 0;
  for (size_t begin = 0; begin < map.size(); begin += area) {
    const auto values = map.subspan(begin, area);
    const auto object = mask.subspan(begin, area);
    const float largest = *std::ranges::max_element(values);
    double places = 0, met = 0, object_area = 0;
    for (size_t i = 0; i < area; ++i) {
      const double value = std::max(0.0, static_cast<double>(values[i]));
      positive += value;
      inside += object[i] ? value : 0;
      object_area += object[i];
      if (values[i] == largest) {
        ++places;
        met += object[i];
      }
    }
    result.area += object_area;
    if (object_area == 0) continue;
    ++frames;
    result.pointing += met / places;
  }
  result.pointing_area = frames > 0 ? result.area / (frames * static_cast<double>(area))
                                    : std::numeric_limits<double>::quiet_NaN();
  result.area /= static_cast<double>(map.size());
  result.share_inside = positive > 0 ? inside / positive : std::numeric_limits<double>::quiet_NaN();
  result.pointing = frames > 0 ? result.pointing / frames : std::numeric_limits<double>::quiet_NaN();
  return result;
}

}  // namespace relevid::evaluate
