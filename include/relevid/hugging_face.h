// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "relevid/export.h"
#include "relevid/preprocessing.h"

namespace RELEVID_EXPORT relevid {

// What a folder says of a model whose files are those that Hugging Face transformers saves with it.

/// The files that are looked for: config.json (the model: "id2label", frames, picture size, tubelets) and the
/// processor's, of which the first counts that is there: processor_config.json (its "video_processor"),
/// video_preprocessor_config.json, processor_config.json (its "image_processor"), preprocessor_config.json.
const std::vector<std::string>& hugging_face_file_names();

/// How transformers' own processor prepares frames, to the last bit of every resized value, and the class
/// names; nothing where no processor's file is there. `clip_len` is how many frames the model's input takes,
/// where its file fixes that; it stands before what the folder says. Throws Error(kCorruptInput) where a file
/// is broken, Error(kUnsupportedModel) where it asks for what relevid does not do (another processor, filter
/// or size), Error(kIo).
std::optional<FoundSettings> read_hugging_face_folder(const std::filesystem::path& folder,
                                                      std::optional<int64_t> clip_len);

/// By class index, from "id2label" of a config.json that names its "model_type"; empty where there is none.
/// Throws Error(kCorruptInput) where that is broken, Error(kIo).
std::vector<std::string> read_hugging_face_labels(const std::filesystem::path& folder);

}  // namespace relevid
