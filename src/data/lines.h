// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace relevid::data {

struct Line {
  int64_t number = 0;  ///< from 1
  std::string text;    ///< without its end, and without blanks around it
};

/// A text file's content without a byte order mark. Throws Error(kIo); Error(kInvalidArgument) for what is no
/// text.
std::string read_text(const std::filesystem::path& path);

/// The lines that are not blank, whether they end with \n or \r\n.
std::vector<Line> split_lines(std::string_view text);

std::string_view trimmed(std::string_view text);

/// The last of the words and what is before it, both trimmed; one word has nothing before it.
struct LastWord {
  std::string_view before, word;
};
LastWord last_word(std::string_view text);

/// Whether it is digits, with a sign or without.
bool is_integer(std::string_view text);

/// The value, or nothing where it is no integer or too large for 64 bits.
bool parse_integer(std::string_view text, int64_t& value);

/// Throws Error(kCorruptInput): "FILE, line N: MESSAGE".
[[noreturn]] void fail_at(const std::filesystem::path& file, int64_t line, const std::string& message);

}  // namespace relevid::data
