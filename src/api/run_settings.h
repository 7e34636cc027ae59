// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "relevid/explain.h"
#include "run/manifest.h"

namespace relevid {

// What a run's manifest says of how its clips were made and explained (api/audit.cpp writes it). Both throw
// Error(kCorruptInput) where it does not.

/// A file of means is looked for in `folder`, the model's.
ModelSettings model_settings_of(const run::Manifest& manifest, const std::filesystem::path& folder);
/// As model_settings_of, but frames are left as they are after resizing and cropping: 8-bit RGB. Needs no
/// file of means.
Preprocessing shown_preprocessing_of(const run::Manifest& manifest);

/// With `rules_file`, which has to be the one the run had: Error(kInvalidArgument) where its hash says no, or
/// the run had rules and none are given.
MethodOptions method_of(const run::Manifest& manifest, const std::filesystem::path& rules_file);
/// The method's name; "" where the manifest has none.
std::string method_name_of(const run::Manifest& manifest);
/// The method's part of the settings as JSON text.
std::string method_settings_of(const run::Manifest& manifest);
/// The rate that was given to folders of images.
double image_fps_of(const run::Manifest& manifest);

}  // namespace relevid
