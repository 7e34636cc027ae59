// SPDX-License-Identifier: Apache-2.0
#include "data/csv.h"

#include <fmt/format.h>

#include <algorithm>

#include "data/lines.h"

namespace relevid::data {
namespace {

/// Reads one row after the other off a text.
class CsvParser {
 public:
  CsvParser(const std::filesystem::path& file, std::string_view text) : file_(file), text_(text) {}

  bool at_end() const { return position_ >= text_.size(); }

  CsvRow row() {
    CsvRow row{line_, {}};
    for (;;) {
      row.fields.push_back(peek() == '"' ? quoted() : plain());
      if (peek() != ',') break;
      ++position_;
    }
    if (peek() == '\r') ++position_;
    if (peek() == '\n') ++position_;
    ++line_;
    return row;
  }

 private:
  char peek() const { return at_end() ? '\n' : text_[position_]; }

  std::string plain() {
    const size_t end = std::min(text_.find_first_of(",\n\"", position_), text_.size());
    if (end < text_.size() && text_[end] == '"') {
      fail_at(file_, line_,
              "a quote inside a field that does not begin with one; quote the whole field and double it: \"a "
              "\"\"b\"\"\"");
    }
    std::string field(trimmed(text_.substr(position_, end - position_)));
    position_ = end;
    return field;
  }

  std::string quoted() {
    const int64_t begin = line_;
    std::string field;
    for (++position_;; ++position_) {
      if (at_end()) fail_at(file_, begin, "a quoted field that never ends");
      const char c = text_[position_];
      if (c == '"') {
        ++position_;
        if (peek() != '"' || at_end()) break;
      }
      if (c == '\n') ++line_;
      field += c;
    }
    const char next = peek();
    if (next != ',' && next != '\n' && next != '\r') {
      fail_at(file_, line_,
              fmt::format("'{}' after a closing quote, where a comma or the end of the line belongs", next));
    }
    return field;
  }

  const std::filesystem::path& file_;
  std::string_view text_;
  size_t position_ = 0;
  int64_t line_ = 1;
};

}  // namespace

std::vector<CsvRow> parse_csv(const std::filesystem::path& file, std::string_view text) {
  std::vector<CsvRow> rows;
  CsvParser parser(file, text);
  while (!parser.at_end()) {
    CsvRow row = parser.row();
    if (row.fields.size() > 1 || !row.fields[0].empty()) rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace relevid::data
