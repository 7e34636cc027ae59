// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "relevid/explain.h"

namespace relevid::cli {

// What the words of `relevid explain` mean. Each throws Error(kInvalidArgument).

/// "0", "-1.5,0,0.2" as [1, C, 1, 1, 1] in the layout's order; `option` is whose word it is.
Tensor parse_bound(const std::string& text, const char* option, const Shape& clip, ClipLayout layout);
/// An index, which comes first, or a name.
int64_t parse_class(const std::string& text, const std::vector<std::string>& class_names);
/// "top1", or a class.
TargetChoice parse_target(const std::string& text, const std::vector<std::string>& class_names);
/// Output names: the input's own without its extension, told apart by numbers where two inputs share one.
std::vector<std::string> output_stems(const std::vector<std::string>& inputs);

}  // namespace relevid::cli
