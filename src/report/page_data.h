// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "relevid/colormap.h"

namespace relevid::report {

// How pictures and maps travel inside a page's JSON (docs/dev/page-data.md).

/// RFC 4648, with padding.
std::string base64(std::string_view bytes);

/// The name of the encoding of maps.
inline constexpr std::string_view kMapEncoding = "sqrt8-zlib";
/// Each value as q = sign(R) round(127 √(|R| / limit)). Throws Error(kInvalidArgument) for values that are
/// not finite or exceed the limit by more than rounding.
std::string quantised_map(std::span<const float> relevance, double limit);
/// quantised_map, deflated (RFC 1950), in base64. The same values give the same text.
std::string encoded_map(std::span<const float> relevance, double limit);

/// A PNG of 8-bit RGB, in base64.
std::string encoded_picture(PictureView picture);

}  // namespace relevid::report
