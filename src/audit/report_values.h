// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/recommendation.h"
#include "audit/verdict.h"
#include "statistics/estimate_json.h"

namespace relevid::audit {

// What the JSON of a run and that of a summary have in common.

using OrderedJson = nlohmann::ordered_json;
using statistics::json;

/// On one line, UTF-8 whatever the names hold.
std::string dumped(const OrderedJson& value);

template <class T, class Write>
OrderedJson list(const std::vector<T>& values, Write&& write) {
  OrderedJson all = OrderedJson::array();
  for (const T& value : values) all.push_back(write(value));
  return all;
}

template <class T>
OrderedJson optional(const std::optional<T>& value) {
  return value ? OrderedJson(*value) : OrderedJson();
}

/// "present", "absent", "cant_tell", "none"
std::string_view word(BorderEffect effect);
/// "change", "keep", "too_few_videos", "none"
std::string_view word(Advice advice);
/// "at_chance", "no_relevance", or null
OrderedJson withheld(const std::optional<Withheld>& w);

}  // namespace relevid::audit
