// SPDX-License-Identifier: Apache-2.0
#include "evaluate/localisation.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <limits>
#include <sstream>

#include "data/csv.h"
#include "relevid/error.h"

namespace relevid::evaluate {
namespace {


std::string text_of(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  if (!stream) throw Error(ErrorKind::kIo, fmt::format("{} cannot be read", path.string()));
  return text.str();
}

/// A table by the names of its columns.
class Table {
 public:
  explicit Table(const std::filesystem::path& path)
      : path_(path), rows_(data::parse_csv(path, text_of(path))) {}

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
    return Error(ErrorKind::kCorruptInput, fmt::format("{}, line {}: {}", path_.string(), row.line, what));
  }

 private:
  std::filesystem::path path_;
  std::vector<data::CsvRow> rows_;
};

/// The shortest way between two places on an axis that goes round.
double around(double a, double b, int64_t length) {
  return std::remainder(a - b, static_cast<double>(length));
}

}  // namespace

bool Objects::Shape::holds(double x, double y, const Size& frame) const {
  if (!disc) return x >= left && x < right && y >= top && y < bottom;
  return std::hypot(around(x, left, frame.width), around(y, top, frame.height)) <= right;
}

Objects Objects::read(const std::filesystem::path& path) {
  const Table table(path);
  const bool discs = table.has({"x", "y", "half_width"}),
             boxes = table.has({"left", "top", "right", "bottom"});
  if (!table.has({"video", "frame"}) || discs == boxes) {
    throw Error(
        ErrorKind::kCorruptInput,
        fmt::format("{} does not say where objects are: its first line must name the columns video and "
                    "frame, and either left, top, right, bottom or x, y, half_width",
                    path.string()));
  }
  Objects objects;
  for (const data::CsvRow& row : table.rows()) {
    Shape shape;
    shape.disc = discs;
    shape.left = table.number<double>(row, discs ? "x" : "left");
    shape.top = table.number<double>(row, discs ? "y" : "top");
    shape.right = table.number<double>(row, discs ? "half_width" : "right");
    if (boxes) shape.bottom = table.number<double>(row, "bottom");
    if (discs ? shape.right <= 0 : shape.right <= shape.left || shape.bottom <= shape.top)
      throw table.wrong(row, "has an object without an area");
    objects.shapes_[table.text(row, "video")].emplace(table.number<int64_t>(row, "frame"), shape);
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
    for (int64_t row = 0; row < geometry.model.height; ++row) {
      const double y = (static_cast<double>(geometry.crop_top + row) + 0.5) * per_row;
      for (int64_t column = 0; column < geometry.model.width; ++column) {
        const double x = (static_cast<double>(geometry.crop_left + column) + 0.5) * per_column;
        mask.push_back(std::any_of(
            begin, end, [&, y = y](const auto& shape) { return shape.second.holds(x, y, geometry.source); }));
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
  result.area /= static_cast<double>(map.size());
  result.share_inside = positive > 0 ? inside / positive : std::numeric_limits<double>::quiet_NaN();
  result.pointing = frames > 0 ? result.pointing / frames : std::numeric_limits<double>::quiet_NaN();
  return result;
}

}  // namespace relevid::evaluate
