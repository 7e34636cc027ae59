// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace relevid::report {

/// The text as it can be drawn: valid UTF-8 on one line. Bytes that are no UTF-8, and NUL, become U+FFFD;
/// other control characters and separators of lines and paragraphs become spaces.
std::string drawable(std::string_view text);

/// How the numbers of one scale are written: each divided by ten to the power of `exponent`, with `decimals`.
struct NumberFormat {
  int exponent = 0;
  int decimals = 2;
  std::string write(double value) const;
  /// "×10⁻⁵", or "" for exponent 0.
  std::string factor() const;
};
/// Three digits of numbers as large as `largest`; powers of ten are set apart outside 0.1 to 1000.
NumberFormat format_for(double largest);

/// "93.1 %", "0.02 %", "<0.01 %"
std::string percent(double fraction);

}  // namespace relevid::report
