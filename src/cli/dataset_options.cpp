// SPDX-License-Identifier: Apache-2.0
#include "cli/dataset_options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdio>

#include "cli/choice.h"
#include "cli/command.h"

namespace relevid::cli {

void DataSetCommandOptions::add_to(CLI::App& command) {
  const std::string group = "The data set";
  add_parsed(command, "--format", format, data_format,
             fmt::format("{}", fmt::join(data_format_names(), ", ")))
      ->default_str(std::string(name(format)))
      ->group(group);
  command.add_option("--root", root, "where the list's relative paths start; its own folder by default")
      ->group(group);
  reads(command.add_option("--class-names", class_names, "a file of one name a line"))->group(group);
}

DataSet DataSetCommandOptions::read_silently(const std::string& path) const {
  DataSet data = read_dataset(path, {format, root, class_names});
  for (const std::string& warning : data.warnings) print_warning(warning);
  return data;
}

DataSet DataSetCommandOptions::read(const std::string& path) const {
  DataSet data = read_silently(path);
  fmt::print("{}: {} videos, {} classes; {}\n", printable(path), data.rows.size(), data.class_names.size(),
             printable(data.detected));
  for (const std::string& row : data.sample_rows) fmt::print("  {}\n", printable(row));
  std::fflush(stdout);
  return data;
}

DataSet subset(const DataSet& data, const std::vector<int64_t>& rows) {
  DataSet result;
  result.class_names = data.class_names;
  result.format = data.format;
  result.detected = data.detected;
  for (const int64_t row : rows) result.rows.push_back(data.rows.at(static_cast<size_t>(row)));
  return result;
}

}  // namespace relevid::cli
