// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace relevid {

/// A value as a field of comma-separated values after RFC 4180: quoted where it needs to be.
std::string csv_field(std::string_view value);

}  // namespace relevid
