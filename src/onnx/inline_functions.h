// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <onnx/onnx_pb.h>

#include <filesystem>

namespace relevid::onnx_io {

/// Puts the nodes of a model's own functions in place of their calls, in the graph and in the graphs inside
/// nodes; values of a body get the call's name in front. `path` is for messages. Throws Error(kCorruptInput)
/// where a function calls itself or is called with too many values, Error(kResourceLimit) where the calls
/// come to more nodes or bytes than any network has, and Error(kUnsupportedModel) where a function is of an
/// opset that means other things.
void inline_functions(onnx::ModelProto& model, int64_t opset, const std::filesystem::path& path);

}  // namespace relevid::onnx_io
