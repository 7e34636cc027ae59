// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace relevid::data {

struct CsvRow {
  int64_t line = 0;  ///< where it begins, from 1
  std::vector<std::string> fields;
};

/// Comma-separated values after RFC 4180: quoted fields may hold commas, line ends and doubled quotes. Blank
/// lines are passed over. Throws Error(kCorruptInput) with file and line: a quote that never ends, or one in
/// the wrong place.
std::vector<CsvRow> parse_csv(const std::filesystem::path& file, std::string_view text);

}  // namespace relevid::data
