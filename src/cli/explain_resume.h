// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <span>
#include <string>

namespace relevid::cli {

/// Whether an earlier run has explained this input to its end with the same model and settings (one object a
/// method): its records are in the folder, for every method one of each target of that run.
bool is_done(const std::filesystem::path& folder, const std::string& stem, const std::string& input,
             const std::string& model_sha256, std::span<const std::string> settings_json);

/// Makes the folder and writes into it once. Throws Error(kIo) before long work is done for nothing.
void require_writable_folder(const std::filesystem::path& folder);

}  // namespace relevid::cli
