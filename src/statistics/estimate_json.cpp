// SPDX-License-Identifier: Apache-2.0
#include "statistics/estimate_json.h"

namespace relevid::statistics {

nlohmann::ordered_json json(const Estimate& e) {
  return {{"value", e.value},   {"low", e.low},
          {"high", e.high},     {"standard_error", e.standard_error},
          {"videos", e.videos}, {"reliable", e.reliable()}};
}

nlohmann::ordered_json json(const std::optional<Estimate>& e) {
  return e ? json(*e) : nlohmann::ordered_json();
}

}  // namespace relevid::statistics
