// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "relevid/audit_control.h"

namespace relevid::run {

/// What a clip is, and who looks at it: frames at an interval, as the network was meant to see them, or a
/// control at the base interval.
struct Condition {
  std::optional<AuditControl> control;  ///< nullopt: the real clips
  int64_t frame_interval = 1;
  int64_t shift_frames = 0;  ///< kShifted: how many frames later the clip starts
  bool operator==(const Condition&) const = default;
};

/// "interval" for the real clips, otherwise the control's name: as a run and its reports have it.
std::string_view name(const Condition& condition);
/// The other way. Throws Error(kInvalidArgument) with the nearest name.
std::optional<AuditControl> parse_control(std::string_view name);

}  // namespace relevid::run
