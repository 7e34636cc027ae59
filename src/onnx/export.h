// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "graph/model.h"

namespace relevid::onnx_io {

/// Writes a model as one ONNX file that appears whole or not at all: its own opset, weights as raw data
/// inside it, inputs and outputs as float32, and sizes that are -1 left open under their symbolic names.
/// Throws Error(kIo) where it cannot be written and Error(kResourceLimit) above 1.9 GiB, because protobuf
/// ends at 2.
void write_model(const graph::Model& model, const std::filesystem::path& path);

}  // namespace relevid::onnx_io
