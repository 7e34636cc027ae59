// SPDX-License-Identifier: Apache-2.0
#include "audit/report_values.h"

namespace relevid::audit {
std::string dumped(const OrderedJson& value) {
  return value.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

std::string_view word(BorderEffect effect) {
  if (effect == BorderEffect::kPresent) return "present";
  if (effect == BorderEffect::kNoVerdict) return "none";
  return effect == BorderEffect::kAbsent ? "absent" : "cant_tell";
}

std::string_view word(Advice advice) {
  if (advice == Advice::kChange) return "change";
  if (advice == Advice::kNone) return "none";
  return advice == Advice::kKeep ? "keep" : "too_few_videos";
}

OrderedJson withheld(const std::optional<Withheld>& w) {
  if (!w) return {};
  return w->why == Withheld::Why::kAtChance ? "at_chance" : "no_relevance";
}

}  // namespace relevid::audit
