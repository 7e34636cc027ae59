// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "relevid/train.h"

namespace relevid {

/// Writes the page of a run's curves (docs/dev/page-data.md, kind "training"), whole or not at all; nothing
/// where has_page() is false. `options` as with_defaults gives them; `so_far` holds one epoch at least.
/// Throws Error(kIo).
void write_training_page(const std::filesystem::path& path, const std::string& model,
                         const TrainOptions& options, const TrainResult& so_far);

}  // namespace relevid
