// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "relevid/generate.h"

namespace relevid::data {

/// Makes `folder` a set of these settings: writes manifest.json, or finds that the one there says the same. A
/// set may grow. Throws Error(kInvalidArgument) naming the first setting that differs, or where the folder
/// holds something else; Error(kCorruptInput) for a manifest that is none; Error(kIo).
void open_manifest(const std::filesystem::path& folder, const GenerateOptions& options);

}  // namespace relevid::data
