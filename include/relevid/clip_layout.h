// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace relevid {

/// The order of a clip's axes: items, channels, frames (T), rows, columns.
enum class ClipLayout { kNcthw, kNtchw, kNthwc };

}  // namespace relevid
