// SPDX-License-Identifier: Apache-2.0
// The settings of an explanation, for its record and its page.
#pragma once

#include <nlohmann/json.hpp>
#include <span>

#include "relevid/explanation_files.h"

namespace relevid {

/// What the explanations of one run have in common and depend on: methods, targets, how the clips were made.
nlohmann::json input_settings(const ClipExplainer& explainer, const InputOptions& options,
                              std::span<const TargetChoice> targets);

/// How an explanation is shown: what its pictures and its page depend on.
nlohmann::json output_settings(const OutputOptions& options);

/// All that NAME.json keeps: "method" (method_record's), then the others.
nlohmann::json all_settings(nlohmann::json method, nlohmann::json of_input, const OutputOptions& options);

/// The explanation's own; empty objects where the caller gave none.
nlohmann::json method_settings(const Explanation& explanation);
nlohmann::json input_settings(const Explanation& explanation);

}  // namespace relevid
