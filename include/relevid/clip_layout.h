// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "relevid/export.h"

namespace RELEVID_EXPORT relevid {

/// The order of a clip's axes: items, channels, frames (T), rows, columns.
enum class ClipLayout { kNcthw, kNtchw, kNthwc };

}  // namespace relevid
