// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "relevid/dataset.h"

namespace relevid::cli {

/// The options that say how a data set is written down, shared by the commands that read one.
struct DataSetCommandOptions {
  DataFormat format = DataFormat::kDetect;
  std::string root, class_names;

  void add_to(CLI::App& command);
  /// Reads it and prints what it was taken for, with its first rows, and its warnings.
  DataSet read(const std::string& path) const;
  /// The same, and prints nothing but the warnings, for commands whose output is for machines.
  DataSet read_silently(const std::string& path) const;
};

/// The rows with the given indices; classes and words as they were.
DataSet subset(const DataSet& data, const std::vector<int64_t>& rows);

}  // namespace relevid::cli
