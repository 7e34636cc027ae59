// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "relevid/export.h"

namespace RELEVID_EXPORT relevid {

/// What networks run on where nothing else is asked for.
inline constexpr std::string_view kDefaultDevice = "cpu";

/// "cpu": oneDNN. "reference": plain loops in float64 on one thread, exact and slow. "check": cpu, with every
/// operation checked against reference; an Error(kInternal) names the first one that disagrees.
std::vector<std::string> device_names();

/// Throws Error(kInvalidArgument), which lists the known ones, for the name of no device.
void require_device(std::string_view name);

}  // namespace relevid
