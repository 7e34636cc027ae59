// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "run/condition.h"
#include "run/rows.h"

namespace relevid::audit {

/// Hands every video to the function it is given, one at a time. Can be run again, and gives the same videos.
///
/// Of VideoRow the statistics take three things: `sha256`, the video's identity, from which halves and
/// bootstrap weights come; `label`; and `fps`, of the frames that intervals count (the video's, or what it
/// was resampled to; 0: unknown).
using VideoSource = std::function<void(const std::function<void(const run::VideoRecord&)>&)>;

}  // namespace relevid::audit
