// SPDX-License-Identifier: Apache-2.0
#include "audit/second_method.h"

#include <fmt/format.h>

#include <algorithm>

#include "audit/wording.h"
#include "statistics/report_numbers.h"

namespace relevid::audit {

using statistics::counted;

namespace {

bool decides(const Verdict& verdict) {
  return verdict.effect == BorderEffect::kPresent || verdict.effect == BorderEffect::kAbsent;
}

std::string_view in_words(BorderEffect effect) {
  if (effect == BorderEffect::kPresent) return "a border effect";
  return effect == BorderEffect::kAbsent ? "no border effect" : "";
}

/// "1.12 (1.05 to 1.19) times what the architecture gives the border, from 100 videos"
std::string excess_of(const Verdict& verdict) {
  return fmt::format("{} times what the architecture gives the border, from {}", times(*verdict.excess),
                     counted(verdict.excess->videos, "video"));
}

}  // namespace

std::optional<SecondMethod> second_method(const std::vector<ConditionStatistics>& conditions,
                                          const Verdict& first) {
  const auto found = std::ranges::find_if(conditions, [](const ConditionStatistics& c) {
    return c.condition.control == AuditControl::kSecondMethod;
  });
  if (found == conditions.end() || found->all.videos == 0 || first.withheld) return std::nullopt;
  const auto border = std::ranges::find(found->all.borders, first.k, &BorderEstimate::k);
  if (border == found->all.borders.end() || !border->excess) return std::nullopt;
  if (2 * found->without_relevance > found->videos) return std::nullopt;
  SecondMethod second;
  second.verdict =
      verdict_on(border->ratio, border->excess, first.interval, first.frames, first.smallest_excess);
  if (decides(first) && decides(second.verdict)) {
    second.agreement = first.effect == second.verdict.effect ? SecondMethod::Agreement::kSame
                                                             : SecondMethod::Agreement::kOther;
  }
  return second;
}

std::string sentence_of(const SecondMethod& second, const std::string& first_name,
                        const std::string& second_name) {
  const std::string rests = fmt::format("The verdict rests on {}.", first_name);
  const std::string seen = excess_of(second.verdict);
  switch (second.agreement) {
    case SecondMethod::Agreement::kSame:
      return fmt::format("{} A second method, {}, agrees: {}.", rests, second_name, seen);
    case SecondMethod::Agreement::kOther:
      return fmt::format(
          "{} A second method, {}, disagrees: it finds {}, {}. What is found depends on the method.", rests,
          second_name, in_words(second.verdict.effect), seen);
    case SecondMethod::Agreement::kOpen:
      break;
  }
  const std::string finds = decides(second.verdict)
                                ? fmt::format("alone finds {}", in_words(second.verdict.effect))
                                : "can't decide either way";
  return fmt::format("{} A second method, {}, {}: {}.", rests, second_name, finds, seen);
}

}  // namespace relevid::audit
