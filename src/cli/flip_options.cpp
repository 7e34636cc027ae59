// SPDX-License-Identifier: Apache-2.0
#include "cli/flip_options.h"

#include <fmt/format.h>

#include <charconv>

#include "relevid/error.h"

namespace relevid::cli {

std::array<int64_t, 3> parse_cells(const std::string& text) {
  std::array<int64_t, 3> cells{};
  const char* at = text.data();
  const char* const end = at + text.size();
  for (int64_t& count : cells) {
    const auto [rest, error] = std::from_chars(at, end, count);
    const bool last = &count == &cells.back();
    if (error != std::errc{} || count < 1 || (last ? rest != end : rest == end || *rest != 'x')) {
      throw Error(
          ErrorKind::kInvalidArgument,
          fmt::format("--cells {}: write how many there are along time, height and width, as 4x8x8", text));
    }
    at = last ? rest : rest + 1;
  }
  return cells;
}

}  // namespace relevid::cli
