// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "relevid/export.h"

namespace RELEVID_EXPORT relevid {

/// What tells the model's doing from the architecture's and the content's; all at the base interval.
enum class AuditControl {
  kNullProfile,    ///< the flat rule everywhere, max pooling shared evenly: the architecture alone
  kRandomWeights,  ///< the same clip, explained on the same network with weights drawn again
  kFrozen,         ///< the clip's middle frame, repeated
  kShuffled,       ///< the clip's frames in random order
  kReversed,       ///< the clip backwards
  kShifted,        ///< the clip `shift_frames` later
  kSecondMethod,   ///< the same clip, explained by `second_method`
};
/// "null_profile", "random_weights", "frozen", "shuffled", "reversed", "shifted", "second_method".
std::string_view name(AuditControl control);
/// Throws Error(kInvalidArgument) with the nearest name.
AuditControl audit_control(std::string_view name);
/// All controls, in the order of the enumeration.
const std::vector<AuditControl>& all_audit_controls();

}  // namespace relevid
