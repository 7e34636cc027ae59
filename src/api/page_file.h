// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <span>

#include "relevid/explanation_files.h"

namespace relevid {

/// Writes the stem's .html where options and build have a page; else removes one that is there, which would
/// show another explanation.
void write_explanation_page(std::span<const Explanation> explanations, const Model& model,
                            const OutputOptions& options);

}  // namespace relevid
