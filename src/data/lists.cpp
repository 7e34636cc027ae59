// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "data/formats.h"
#include "relevid/error.h"

namespace relevid::data {
namespace {

using std::filesystem::path;

/// A row of "path label" or, where the last word is no number but the end of a video's name, of a path alone.
DataRow parse_row(const path& file, const Line& line) {
  const LastWord split = last_word(line.text);
  DataRow row;
  row.line = line.number;
  if (!split.before.empty() && is_integer(split.word)) {
    row.name = split.before;
    row.label_name = split.word;
  } else if (split.before.empty() || is_video_name(line.text)) {
    row.name = line.text;
  } else {
    fail_at(
        file, line.number,
        fmt::format(
            "'{}' ends in '{}', which is neither a label nor the end of a video's name; accepted are 'path "
            "label' with the label as a number, and a path alone",
            line.text, split.word));
  }
  return row;
}

/// classInd.txt: "1 ApplyEyeMakeup", from 1 without gaps.
std::vector<std::string> read_class_index(const path& file) {
  std::map<int64_t, std::string> names;
  for (const Line& line : split_lines(read_text(file))) {
    const size_t blank = line.text.find_first_of(" \t");
    int64_t number = 0;
    if (blank == std::string::npos || !parse_integer(line.text.substr(0, blank), number) || number < 1) {
      fail_at(file, line.number,
              fmt::format("'{}' is no class; accepted is '1 ApplyEyeMakeup', counted from 1", line.text));
    }
    const auto [there, added] = names.emplace(number, trimmed(std::string_view(line.text).substr(blank)));
    if (!added) {
      fail_at(file, line.number,
              fmt::format("number {} was '{}' before; each class has its own", number, there->second));
    }
  }
  std::vector<std::string> result;
  for (const auto& [number, class_name] : names) {
    if (number != std::ssize(result) + 1) {
      fail_at(file, 1,
              fmt::format("{} classes, but none has the number {}; they count from 1 without gaps",
                          names.size(), result.size() + 1));
    }
    result.push_back(class_name);
  }
  if (result.empty()) fail_at(file, 1, "no class is named; accepted is '1 ApplyEyeMakeup' on each line");
  return result;
}

int64_t index_of(const std::vector<std::string>& names, const std::string& wanted) {
  const auto there = std::find(names.begin(), names.end(), wanted);
  return there == names.end() ? kUnlabelled : there - names.begin();
}

/// The label of a UCF-101 row: its number, which counts from 1, or else its folder's name.
int64_t ucf101_label(const path& file, const DataRow& row, const std::vector<std::string>& classes) {
  const std::string folder = path(row.name).parent_path().filename().string();
  const int64_t of_folder = index_of(classes, folder);
  if (row.label_name.empty()) {
    if (of_folder == kUnlabelled && !folder.empty()) {
      fail_at(file, row.line,
              fmt::format("'{}' lies in a folder '{}' that is no class of {}", row.name, folder,
                          find_class_index(file).string()));
    }
    return of_folder;
  }
  int64_t number = 0;
  if (!parse_integer(row.label_name, number) || number < 1 || number > std::ssize(classes)) {
    fail_at(file, row.line,
            fmt::format("label {} does not exist; {} counts {} classes from 1", row.label_name,
                        find_class_index(file).string(), classes.size()));
  }
  if (of_folder != kUnlabelled && of_folder != number - 1) {
    fail_at(file, row.line,
            fmt::format("label {} is {}, but the video lies in {}, which is {}", number,
                        classes[static_cast<size_t>(number - 1)], folder, of_folder + 1));
  }
  return number - 1;
}

}  // namespace

path find_class_index(const path& list) {
  std::error_code ignored;
  const path folder = list.has_parent_path() ? list.parent_path() : path(".");
  const path beside = folder / "classInd.txt";
  return std::filesystem::exists(beside, ignored) ? beside : path();
}

DataSet read_ucf101(const path& file, const std::vector<Line>& lines, const DataSetOptions& options) {
  if (!options.class_names.empty()) {
    throw Error(
        ErrorKind::kInvalidArgument,
        fmt::format(
            "{} is a UCF-101 list, whose classes classInd.txt names; class names cannot be given, too",
            file.string()));
  }
  const path index = find_class_index(file);
  if (index.empty()) {
    throw Error(
        ErrorKind::kInvalidArgument,
        fmt::format("{} has no classInd.txt beside it, which names UCF-101's classes", file.string()));
  }
  DataSet data;
  data.format = DataFormat::kUcf101;
  data.class_names = read_class_index(index);
  data.detected =
      fmt::format("a list as UCF-101 has them: {} with {} classes lies beside it, labels count from 1",
                  index.filename().string(), data.class_names.size());
  for (const Line& line : lines) {
    DataRow row = parse_row(file, line);
    row.label = ucf101_label(file, row, data.class_names);
    row.label_name = row.label == kUnlabelled ? "" : data.class_names[static_cast<size_t>(row.label)];
    data.rows.push_back(std::move(row));
  }
  return data;
}

DataSet read_mmaction2(const path& file, const std::vector<Line>& lines, const DataSetOptions& options) {
  DataSet data;
  data.format = DataFormat::kMmaction2;
  for (const Line& line : lines) data.rows.push_back(parse_row(file, line));
  const bool labelled = std::any_of(data.rows.begin(), data.rows.end(),
                                    [](const DataRow& row) { return !row.label_name.empty(); });
  data.detected = labelled ? "a list of 'path label' as MMAction2 has them, labels count from 0"
                           : "a list of paths without labels";
  label_by_index(data, file, options);
  return data;
}

}  // namespace relevid::data
