// SPDX-License-Identifier: Apache-2.0
#include "run/condition.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/suggest.h"
#include "relevid/error.h"

namespace relevid {
namespace {

/// In the order of the enumeration.
const std::vector<std::string>& control_names() {
  static const std::vector<std::string> kNames = {
      "null_profile", "random_weights", "frozen", "shuffled", "reversed", "shifted", "second_method"};
  return kNames;
}

constexpr std::string_view kRealClips = "interval";

}  // namespace

std::string_view name(AuditControl control) {
  return control_names().at(static_cast<size_t>(control));
}

AuditControl audit_control(std::string_view word) {
  const auto& names = control_names();
  const auto found = std::ranges::find(names, word);
  if (found != names.end()) return static_cast<AuditControl>(found - names.begin());
  throw Error(ErrorKind::kInvalidArgument, fmt::format("no control '{}'{}; there are {}", word,
                                                       did_you_mean(word, names), fmt::join(names, ", ")));
}

const std::vector<AuditControl>& all_audit_controls() {
  static const std::vector<AuditControl> kAll = [] {
    std::vector<AuditControl> all;
    for (size_t i = 0; i < control_names().size(); ++i) all.push_back(static_cast<AuditControl>(i));
    return all;
  }();
  return kAll;
}

namespace run {

std::string_view name(const Condition& condition) {
  return condition.control ? name(*condition.control) : kRealClips;
}

std::optional<AuditControl> parse_control(std::string_view name) {
  if (name == kRealClips) return std::nullopt;
  return audit_control(name);
}

}  // namespace run
}  // namespace relevid
