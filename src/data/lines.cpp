// SPDX-License-Identifier: Apache-2.0
#include "data/lines.h"

#include <fmt/format.h>

#include <charconv>

#include "base/atomic_file.h"
#include "relevid/error.h"

namespace relevid::data {
namespace {

constexpr std::string_view kBlanks = " \t\r\v\f";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

std::string read_text(const std::filesystem::path& path) {
  std::string text = read_file(path);
  if (text.find('\0') != std::string::npos) {
    throw Error(
        ErrorKind::kInvalidArgument,
        fmt::format("{} is no text; a data set is a folder with a folder per class, or a list in UTF-8",
                    path.string()));
  }
  if (text.starts_with(kByteOrderMark)) text.erase(0, kByteOrderMark.size());
  return text;
}

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::vector<Line> split_lines(std::string_view text) {
  std::vector<Line> lines;
  for (int64_t number = 1; !text.empty(); ++number) {
    const size_t end = text.find('\n');
    const std::string_view line = trimmed(text.substr(0, end));
    if (!line.empty()) lines.push_back({number, std::string(line)});
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  return lines;
}

LastWord last_word(std::string_view text) {
  text = trimmed(text);
  const size_t blank = text.find_last_of(kBlanks);
  if (blank == std::string_view::npos) return {{}, text};
  return {trimmed(text.substr(0, blank)), text.substr(blank + 1)};
}

bool is_integer(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool parse_integer(std::string_view text, int64_t& value) {
  if (!is_integer(text)) return false;
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

void fail_at(const std::filesystem::path& file, int64_t line, const std::string& message) {
  throw Error(ErrorKind::kCorruptInput, fmt::format("{}, line {}: {}", file.string(), line, message));
}

}  // namespace relevid::data
