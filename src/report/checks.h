// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "relevid/colormap.h"

namespace relevid::report {

// Each throws Error(kInvalidArgument); `what` says where in the figure the value stands.
void require_valid(MapView map, std::string_view what);
void require_valid(PictureView picture, std::string_view what);
/// The colour map and the scale must agree on the sign of relevance; the limit must be finite.
void require_match(ColorMap colors, const Scale& scale);

}  // namespace relevid::report
