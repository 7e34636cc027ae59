// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace relevid {

/// Whether `a` comes before `b` where runs of digits count as numbers: "f2" < "f10" < "f010". A strict weak
/// order; numbers of any length.
bool natural_less(std::string_view a, std::string_view b);

}  // namespace relevid
