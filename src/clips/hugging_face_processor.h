// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "clips/json_reader.h"
#include "relevid/preprocessing.h"

namespace relevid {

/// What the processor of transformers that is called `name` makes of a frame, by the settings in its file.
/// Adds to `warnings` what the processor itself passes over. Throws Error(kCorruptInput) where a setting is
/// malformed, Error(kUnsupportedModel) where it cannot be honoured or the processor is another one.
Preprocessing processor_preprocessing(const JsonReader& file, const std::string& name,
                                      std::vector<std::string>& warnings);

/// The setting, null like missing. Throws Error(kCorruptInput) where it is neither true nor false.
std::optional<bool> read_flag(const JsonReader& file, const std::string& key);

/// `what` is not done: Error(kUnsupportedModel), with where it was asked for and what else there is.
[[noreturn]] void refuse_setting(const JsonReader& file, const std::string& what);

}  // namespace relevid
