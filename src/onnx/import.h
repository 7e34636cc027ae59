// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "graph/model.h"

namespace relevid::onnx_io {

/// Reads an ONNX file (opsets 9 to 25), with the bodies of its own functions in place of their calls. Weights
/// may be in the file or in files beside it, never outside its folder. Throws Error(kIo) where it cannot be
/// read, Error(kCorruptInput) where it is not ONNX or is damaged or truncated, and Error(kUnsupportedModel)
/// for other opsets, training graphs and element types without a counterpart here.
graph::Model read_model(const std::filesystem::path& path);

}  // namespace relevid::onnx_io
