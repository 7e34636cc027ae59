// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "statistics/estimate.h"

namespace relevid::statistics {

// How the report's text writes numbers. What is not there is "n/a".

/// How an estimate is written: times `factor`, with so many decimals; `sign`: also a plus.
struct NumberStyle {
  double factor = 1;
  int decimals = 2;
  enum class Sign { kMinus, kBoth } sign = Sign::kMinus;
};
inline constexpr NumberStyle kPercent{100, 1, NumberStyle::Sign::kMinus};
inline constexpr NumberStyle kPoints{100, 1, NumberStyle::Sign::kBoth};
inline constexpr NumberStyle kRatio{1, 2, NumberStyle::Sign::kMinus};

std::string number(double value, const NumberStyle& style);
/// "1.42 [1.31, 1.55]"; the value alone where there is no interval.
std::string with_interval(const Estimate& estimate, const NumberStyle& style);
std::string with_interval(const std::optional<Estimate>& estimate, const NumberStyle& style);
/// "0.012", "<0.001"
std::string p_value(double p);
/// "25", "12.5 to 15"
std::string rate(const std::optional<Range>& frames_per_second);
/// "1 video", "2 videos"
std::string counted(int64_t count, std::string_view what);

/// The name on one line of at most `width` characters.
std::string short_name(const std::string& name, size_t width);
/// `text` broken between words at `width` columns; every line after the first is indented.
std::string wrapped(std::string_view text, size_t width, size_t indent);
/// A bar for `value` of `largest` over `width` columns, with '|' at the place of `mark`, if there is one.
std::string bar(double value, std::optional<double> mark, double largest, size_t width);
/// One character a value, from blank to full.
std::string sparkline(std::span<const double> values, double largest);

}  // namespace relevid::statistics
