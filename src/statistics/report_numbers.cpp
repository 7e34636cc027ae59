// SPDX-License-Identifier: Apache-2.0
#include "statistics/report_numbers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace relevid::statistics {
namespace {

constexpr const char* kNothing = "n/a";

bool continues_a_character(char c) {
  return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U;
}

/// Of UTF-8, counting characters.
size_t length_of(std::string_view text) {
  return static_cast<size_t>(std::ranges::count_if(text, [](char c) { return !continues_a_character(c); }));
}

size_t column_of(double value, double largest, size_t width) {
  if (!(largest > 0) || !(value > 0)) return 0;
  const double part = std::min(1.0, value / largest);
  return static_cast<size_t>(std::lround(part * static_cast<double>(width)));
}

}  // namespace

std::string number(double value, const NumberStyle& style) {
  if (!std::isfinite(value)) return kNothing;
  double shown = style.factor * value;
  if (std::fabs(shown) < 0.5 * std::pow(10.0, -style.decimals)) shown = 0;  // no "-0.0"
  return style.sign == NumberStyle::Sign::kBoth ? fmt::format("{:+.{}f}", shown, style.decimals)
                                                : fmt::format("{:.{}f}", shown, style.decimals);
}

std::string with_interval(const Estimate& estimate, const NumberStyle& style) {
  if (!estimate.has_interval()) return number(estimate.value, style);
  return fmt::format("{} [{}, {}]", number(estimate.value, style), number(estimate.low, style),
                     number(estimate.high, style));
}

std::string with_interval(const std::optional<Estimate>& estimate, const NumberStyle& style) {
  return estimate ? with_interval(*estimate, style) : kNothing;
}

std::string p_value(double p) {
  return p < 0.001 ? "<0.001" : fmt::format("{:.3f}", p);
}

std::string rate(const std::optional<Range>& range) {
  if (!range) return kNothing;
  if (fmt::format("{:.3g}", range->lowest) == fmt::format("{:.3g}", range->highest))
    return fmt::format("{:.3g}", range->lowest);
  return fmt::format("{:.3g} to {:.3g}", range->lowest, range->highest);
}

std::string counted(int64_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string short_name(const std::string& name, size_t width) {
  std::string line = name;
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  if (length_of(line) <= width) return line;
  size_t end = 0;
  for (size_t characters = 0; end < line.size(); ++end) {
    if (!continues_a_character(line[end]) && ++characters > width - 3) break;
  }
  return line.substr(0, end) + "...";
}

std::string wrapped(std::string_view text, size_t width, size_t indent) {
  std::string result;
  size_t column = indent;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    if (column > indent && column + 1 + length_of(word) > width) {
      result += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (column > indent) {
      result += ' ';
      ++column;
    }
    result += word;
    column += length_of(word);
  }
  return result;
}

std::string bar(double value, std::optional<double> mark, double largest, size_t width) {
  std::string line(width + 1, ' ');
  line.replace(0, column_of(value, largest, width), column_of(value, largest, width), '#');
  if (mark) line[column_of(*mark, largest, width)] = '|';
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

std::string sparkline(std::span<const double> values, double largest) {
  static constexpr std::array kBlocks = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  std::string line;
  for (const double value : values) line += kBlocks.at(column_of(value, largest, kBlocks.size() - 1));
  return line;
}

}  // namespace relevid::statistics
