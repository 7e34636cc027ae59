// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <concepts>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/csv_field.h"
#include "statistics/estimate.h"

namespace relevid::statistics {

/// One line of a table. Numbers are written so that reading them gives the same number again; what is not
/// there is empty.
class Line {
 public:
  Line& text(std::string_view value) {
    begin();
    line_ += csv_field(value);
    return *this;
  }
  Line& real(double value) {
    begin();
    if (std::isfinite(value)) line_ += fmt::format("{}", value);
    return *this;
  }
  Line& integer(std::integral auto value) {
    begin();
    line_ += fmt::format("{}", static_cast<int64_t>(value));
    return *this;
  }
  Line& truth(const std::optional<bool>& value) { return value ? integer(*value ? 1 : 0) : none(); }
  Line& none(int columns = 1) {
    for (int i = 0; i < columns; ++i) begin();
    return *this;
  }
  Line& estimate(const Estimate& e) { return real(e.value).real(e.low).real(e.high); }
  Line& estimate(const std::optional<Estimate>& e) { return e ? estimate(*e) : none(3); }
  Line& shares(std::span<const double> values) {
    for (const double value : values) real(value);
    return *this;
  }
  void end(const std::function<void(std::string_view)>& sink) {
    line_ += '\n';
    sink(line_);
    line_.clear();
    first_ = true;
  }

 private:
  void begin() {
    if (!first_) line_ += ',';
    first_ = false;
  }
  std::string line_;
  bool first_ = true;
};

/// "NAME,NAME_low,NAME_high"
inline std::string estimate_columns(std::string_view name) {
  return fmt::format("{0},{0}_low,{0}_high", name);
}

}  // namespace relevid::statistics
