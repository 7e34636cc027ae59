// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "relevid/method_fields.h"

namespace relevid::testing {

/// A value of the setting that is not its default, as text; "" for those that take a file, a class or a node
/// of a certain network. Throws std::out_of_range for a new number or size that has none here.
inline std::string other_text(const MethodField& field) {
  if (field.name == "relevance") return "epsilon_plus";
  if (field.name == "fill") return "blur";
  if (field.name == "precision") return computes_bfloat16() ? "bf16" : "";
  if (!field.words.empty()) return field.words[field.words.size() - 1];
  static const std::map<std::string_view, std::string> kTexts = {{"contrast", ""},
                                                                 {"device", ""},
                                                                 {"rules_file", ""},
                                                                 {"layer", ""},
                                                                 {"selective_sigmas", "0.25"},
                                                                 {"integration_steps", "3"},
                                                                 {"noise_samples", "3"},
                                                                 {"noise_level", "0.25"},
                                                                 {"window", "2x3x3"},
                                                                 {"window_stride", "3x2x2"},
                                                                 {"masks", "7"},
                                                                 {"cells", "2x3x3"},
                                                                 {"keep_share", "0.25"},
                                                                 {"areas", "0.25,0.5"},
                                                                 {"iterations", "3"},
                                                                 {"permutations", "3"},
                                                                 {"batch", "2"},
                                                                 {"seed", "12345"}};
  return kTexts.at(field.name);
}

}  // namespace relevid::testing
