// SPDX-License-Identifier: Apache-2.0
#include "relevid/dataset.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <unordered_map>

#include "base/input_guard.h"
#include "base/suggest.h"
#include "data/formats.h"
#include "relevid/error.h"

namespace relevid {

using std::filesystem::path;

namespace data {
namespace {

constexpr int64_t kMaxClasses = 100'000;
constexpr size_t kSampleRows = 3;
constexpr std::string_view kGeneratedList = "videos.csv";  // of `relevid generate`

/// The first line as a table's header; a line that is no table's, as of a path with a quote in it, has no
/// column.
CsvRow header_of(const path& file, const Line& line) {
  try {
    return parse_csv(file, line.text).front();
  } catch (const Error&) {
    return {};
  }
}

DataSet read_list(const path& file, DataFormat format, const DataSetOptions& options) {
  const std::string text = read_text(file);
  const std::vector<Line> lines = split_lines(text);
  if (lines.empty()) {
    fail_at(file, 1,
            "the list is empty; accepted are 'path label' on each line, and tables with a header path,label");
  }
  if (format == DataFormat::kDetect) {
    const CsvRow header = header_of(file, lines.front());
    const bool table = is_kinetics_header(header) || column(header, "path") >= 0 ||
                       (file.extension() == ".csv" && header.fields.size() > 1);
    format = is_kinetics_header(header)        ? DataFormat::kKinetics
             : table                           ? DataFormat::kCsv
             : !find_class_index(file).empty() ? DataFormat::kUcf101
                                               : DataFormat::kMmaction2;
  }
  switch (format) {
    case DataFormat::kUcf101:
      return read_ucf101(file, lines, options);
    case DataFormat::kMmaction2:
      return read_mmaction2(file, lines, options);
    case DataFormat::kKinetics:
      return read_kinetics(file, parse_csv(file, text), options);
    default:
      return read_table(file, parse_csv(file, text), options);
  }
}

/// A folder is classes in folders, or a set that was generated, which has its list in it.
DataSet read_any(const path& source, const DataSetOptions& options) {
  std::error_code error;
  const auto status = std::filesystem::status(source, error);
  if (!std::filesystem::exists(status)) {
    throw Error(ErrorKind::kIo, fmt::format("there is no data set {}: {}", source.string(),
                                            error ? error.message() : "no such file or folder"));
  }
  if (std::filesystem::is_directory(status)) {
    const path generated = source / kGeneratedList;
    if (options.format == DataFormat::kFolders ||
        (options.format == DataFormat::kDetect && !exists(generated))) {
      return read_folders(source, options);
    }
    if (options.format == DataFormat::kDetect) return read_list(generated, DataFormat::kCsv, options);
  } else if (options.format != DataFormat::kFolders) {
    if (!is_video_name(source)) return read_list(source, options.format, options);
    throw Error(
        ErrorKind::kInvalidArgument,
        fmt::format("{} is a video; a data set is a folder with a folder per class, or a list of videos",
                    source.string()));
  }
  throw Error(ErrorKind::kInvalidArgument,
              fmt::format("{} is a {}, which cannot be read as {}", source.string(),
                          std::filesystem::is_directory(status) ? "folder" : "file", name(options.format)));
}

void resolve(DataSet& data, const path& root) {
  for (DataRow& row : data.rows) {
    if (row.path.empty()) row.path = root / row.name;  // an absolute name stays
    std::error_code error;
    if (std::filesystem::exists(row.path, error)) continue;
    row.error = error ? error.message() : "the file is missing";
  }
}

std::string place_of(const DataRow& row) {
  return row.line > 0 ? fmt::format("line {}", row.line) : row.name;
}

void warn_of_duplicates(DataSet& data) {
  std::unordered_map<std::string, const DataRow*> seen;
  int64_t repeats = 0, contradictions = 0;
  std::string first, first_contradiction;
  for (const DataRow& row : data.rows) {
    const auto [there, added] = seen.emplace(row.path.lexically_normal().string(), &row);
    if (added) continue;
    const std::string where =
        fmt::format("{} in {} and {}", row.name, place_of(*there->second), place_of(row));
    if (repeats++ == 0) first = where;
    if (row.label != there->second->label && contradictions++ == 0) first_contradiction = where;
  }
  if (repeats > 0) data.warnings.push_back(fmt::format("{} rows repeat a video: {}", repeats, first));
  if (contradictions > 0) {
    data.warnings.push_back(
        fmt::format("{} rows give a video another label: {}", contradictions, first_contradiction));
  }
}

void warn_of_rows(DataSet& data) {
  const auto missing =
      std::count_if(data.rows.begin(), data.rows.end(), [](const auto& row) { return !row.error.empty(); });
  if (missing > 0) {
    const auto& row =
        *std::find_if(data.rows.begin(), data.rows.end(), [](const auto& r) { return !r.error.empty(); });
    data.warnings.push_back(fmt::format("{} of {} videos cannot be found: {} ({}: {})", missing,
                                        data.rows.size(), row.path.string(), place_of(row), row.error));
  }
  const auto unlabelled = std::count_if(data.rows.begin(), data.rows.end(),
                                        [](const auto& row) { return row.label == kUnlabelled; });
  if (unlabelled > 0 && unlabelled < std::ssize(data.rows)) {
    data.warnings.push_back(fmt::format("{} of {} rows have no label", unlabelled, data.rows.size()));
  }
  warn_of_duplicates(data);
}

void take_samples(DataSet& data) {
  for (size_t i = 0; i < std::min(kSampleRows, data.rows.size()); ++i) {
    const DataRow& row = data.rows[i];
    data.sample_rows.push_back(row.label == kUnlabelled
                                   ? fmt::format("{}: unlabelled", row.name)
                                   : fmt::format("{}: class {}, {}", row.name, row.label, row.label_name));
  }
}

void require_class(const path& file, const DataRow& row, const DataSet& data, const DataSetOptions& options) {
  if (row.label != kUnlabelled) return;
  const std::string message =
      fmt::format("class '{}' is not among the {} of {}{}", row.label_name, data.class_names.size(),
                  options.class_names.string(), did_you_mean(row.label_name, data.class_names));
  if (row.line > 0) fail_at(file, row.line, message);
  throw Error(ErrorKind::kCorruptInput, fmt::format("{}: {}", row.path.string(), message));
}

}  // namespace

path root_of(const path& list, const DataSetOptions& options) {
  return options.root.empty() ? list.parent_path() : options.root;
}

std::vector<std::string> read_class_names(const path& file) {
  std::vector<std::string> names;
  std::set<std::string> seen;
  for (Line& line : split_lines(read_text(file))) {
    if (!seen.insert(line.text).second)
      fail_at(file, line.number, fmt::format("class '{}' comes twice", line.text));
    names.push_back(std::move(line.text));
  }
  if (names.empty()) fail_at(file, 1, "no class is named; accepted is one name a line");
  return names;
}

void label_by_name(DataSet& data, const path& file, const DataSetOptions& options) {
  if (!options.class_names.empty()) {
    data.class_names = read_class_names(options.class_names);
  } else if (data.class_names.empty()) {
    std::set<std::string> names;
    for (const DataRow& row : data.rows) names.insert(row.label_name);
    names.erase("");
    data.class_names.assign(names.begin(), names.end());
  }
  std::unordered_map<std::string_view, int64_t> labels;
  for (size_t i = 0; i < data.class_names.size(); ++i)
    labels.emplace(data.class_names[i], static_cast<int64_t>(i));
  for (DataRow& row : data.rows) {
    if (row.label_name.empty()) continue;
    const auto found = labels.find(row.label_name);
    if (found != labels.end()) row.label = found->second;
    require_class(file, row, data, options);
  }
}

void label_by_index(DataSet& data, const path& file, const DataSetOptions& options) {
  if (!options.class_names.empty()) data.class_names = read_class_names(options.class_names);
  const int64_t limit = data.class_names.empty() ? kMaxClasses : std::ssize(data.class_names);
  int64_t count = 0;
  for (DataRow& row : data.rows) {
    if (row.label_name.empty()) continue;
    if (!parse_integer(row.label_name, row.label) || row.label < 0 || row.label >= limit) {
      fail_at(file, row.line,
              fmt::format("label {} does not exist; labels are 0 to {}", row.label_name, limit - 1));
    }
    count = std::max(count, row.label + 1);
  }
  if (options.class_names.empty()) {
    for (int64_t i = 0; i < count; ++i) data.class_names.push_back(std::to_string(i));
  }
  for (DataRow& row : data.rows) {
    if (row.label != kUnlabelled) row.label_name = data.class_names[static_cast<size_t>(row.label)];
  }
}

}  // namespace data

const std::vector<std::string>& data_format_names() {
  static const std::vector<std::string> kNames = {"detect",    "folders",  "ucf101",
                                                  "mmaction2", "kinetics", "csv"};
  return kNames;
}

DataFormat data_format(std::string_view word) {
  const auto& names = data_format_names();
  const auto found = std::find(names.begin(), names.end(), word);
  if (found != names.end()) return static_cast<DataFormat>(found - names.begin());
  throw Error(ErrorKind::kInvalidArgument, fmt::format("there is no data format '{}'{}; there are {}", word,
                                                       did_you_mean(word, names), fmt::join(names, ", ")));
}

std::string_view name(DataFormat format) {
  return data_format_names()[static_cast<size_t>(format)];
}

DataSet read_dataset(const path& source, const DataSetOptions& options) {
  DataSet data = data::read_any(source, options);
  if (data.rows.empty()) {
    throw Error(
        ErrorKind::kCorruptInput,
        fmt::format("{} holds no video ({}); accepted are a folder per class with videos in it, and lists",
                    source.string(), data.detected));
  }
  std::error_code ignored;
  const bool folder = std::filesystem::is_directory(source, ignored);
  data::resolve(data, folder && options.root.empty() ? source : data::root_of(source, options));
  data::warn_of_rows(data);
  data::take_samples(data);
  for (const DataRow& row : data.rows) note_input(row.path, "a video of the data set");
  return data;
}

}  // namespace relevid
