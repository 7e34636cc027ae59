// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace relevid {

/// Of every picture: red, green and blue.
inline constexpr int64_t kChannels = 3;

}  // namespace relevid
