// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <span>

#include "data/formats.h"
#include "relevid/error.h"

namespace relevid::data {
namespace {

using std::filesystem::path;

std::string lower_case(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

void require_width(const path& file, const CsvRow& row, const CsvRow& header) {
  if (row.fields.size() == header.fields.size()) return;
  fail_at(file, row.line,
          fmt::format("{} fields, where the header has {} ({}); quote fields that hold commas",
                      row.fields.size(), header.fields.size(), fmt::join(header.fields, ",")));
}

const std::string& required_field(const path& file, const CsvRow& row, int64_t place, std::string_view what) {
  const std::string& field = row.fields[static_cast<size_t>(place)];
  if (field.empty()) fail_at(file, row.line, fmt::format("the {} is empty", what));
  return field;
}

/// Whole seconds; "12.0" is taken, too.
int64_t seconds(const path& file, const CsvRow& row, int64_t place, std::string_view what) {
  const std::string& field = required_field(file, row, place, what);
  double value = -1;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (error != std::errc() || end != field.data() + field.size() || !(value >= 0) || !(value < 1e9)) {
    fail_at(file, row.line, fmt::format("{} is '{}'; accepted are seconds, as in 12", what, field));
  }
  return static_cast<int64_t>(value);
}

/// Where the video of a Kinetics row is: as it was downloaded, flat or in a folder per class. The first of
/// these is its name where none is there.
std::string find_kinetics_video(const path& root, const std::string& stem, const std::string& label) {
  std::string underscored = label;
  std::replace(underscored.begin(), underscored.end(), ' ', '_');
  std::vector<path> folders = {path()};
  if (!label.empty() && label.find('/') == std::string::npos)
    folders.insert(folders.end(), {label, underscored});
  std::error_code ignored;
  for (const path& folder : folders) {
    for (const std::string& extension : video_extensions()) {
      const path candidate = folder / (stem + extension);
      if (std::filesystem::exists(root / candidate, ignored)) return candidate.string();
    }
  }
  return stem + ".mp4";
}

}  // namespace

int64_t column(const CsvRow& header, std::string_view name) {
  for (size_t i = 0; i < header.fields.size(); ++i) {
    if (lower_case(header.fields[i]) == name) return static_cast<int64_t>(i);
  }
  return -1;
}

bool is_kinetics_header(const CsvRow& header) {
  return column(header, "youtube_id") >= 0 && column(header, "time_start") >= 0 &&
         column(header, "time_end") >= 0;
}

DataSet read_kinetics(const path& file, const std::vector<CsvRow>& rows, const DataSetOptions& options) {
  const CsvRow& header = rows.front();
  if (!is_kinetics_header(header)) {
    fail_at(file, header.line,
            fmt::format("the header is '{}'; Kinetics' has label,youtube_id,time_start,time_end",
                        fmt::join(header.fields, ",")));
  }
  DataSet data;
  data.format = DataFormat::kKinetics;
  data.detected = "a table as Kinetics has them: files are youtube_id_start_end, with six digits a time";
  const int64_t label = column(header, "label"), id = column(header, "youtube_id");
  const int64_t start = column(header, "time_start"), end = column(header, "time_end");
  const path root = root_of(file, options);
  for (const CsvRow& fields : std::span(rows).subspan(1)) {
    require_width(file, fields, header);
    DataRow row;
    row.line = fields.line;
    if (label >= 0) row.label_name = fields.fields[static_cast<size_t>(label)];
    const std::string& video = required_field(file, fields, id, "youtube_id");
    if (video.find('/') != std::string::npos) {
      fail_at(file, row.line, fmt::format("youtube_id is '{}', which is no file's name", video));
    }
    const std::string stem = fmt::format("{}_{:06}_{:06}", video, seconds(file, fields, start, "time_start"),
                                         seconds(file, fields, end, "time_end"));
    row.name = find_kinetics_video(root, stem, row.label_name);
    data.rows.push_back(std::move(row));
  }
  label_by_name(data, file, options);
  return data;
}

DataSet read_table(const path& file, const std::vector<CsvRow>& rows, const DataSetOptions& options) {
  const CsvRow& header = rows.front();
  const int64_t video = column(header, "path"), label = column(header, "label");
  if (video < 0) {
    fail_at(file, header.line,
            fmt::format("the header is '{}'; accepted are path,label (or path alone), and Kinetics' "
                        "label,youtube_id,time_start,time_end",
                        fmt::join(header.fields, ",")));
  }
  DataSet data;
  data.format = DataFormat::kCsv;
  for (const CsvRow& fields : std::span(rows).subspan(1)) {
    require_width(file, fields, header);
    DataRow row;
    row.line = fields.line;
    row.name = required_field(file, fields, video, "path");
    if (label >= 0) row.label_name = fields.fields[static_cast<size_t>(label)];
    data.rows.push_back(std::move(row));
  }
  const bool numbers = std::all_of(data.rows.begin(), data.rows.end(), [](const DataRow& row) {
    return row.label_name.empty() || is_integer(row.label_name);
  });
  data.detected = fmt::format("a table with a header ({}), {}", fmt::join(header.fields, ","),
                              label < 0 ? "without labels"
                              : numbers ? "labels count from 0"
                                        : "labels are names");
  if (numbers) {
    label_by_index(data, file, options);
  } else {
    label_by_name(data, file, options);
  }
  return data;
}

}  // namespace relevid::data
