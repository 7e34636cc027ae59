// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "relevid/generate.h"

namespace relevid::data {

/// Writes the lists of videos (videos.csv, train.csv, val.csv), drawn.csv and positions.csv. Throws
/// Error(kIo).
void write_tables(const std::filesystem::path& folder, const GenerateOptions& options);

}  // namespace relevid::data
