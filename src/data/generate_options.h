// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "relevid/generate.h"

namespace relevid::data {

/// Throws Error(kInvalidArgument) naming the first option that makes no sense, and what would.
void check(const GenerateOptions& options);

}  // namespace relevid::data
