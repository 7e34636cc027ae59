// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <onnx/onnx_pb.h>

#include <filesystem>

#include "onnx/parsed_model.h"
#include "relevid/tensor.h"

namespace relevid::onnx_io {

/// A TensorProto's values; `folder` is where external data may lie. float16 and bfloat16 become float32,
/// whole numbers of 2, 4 and 16 bits and unsigned ones the smallest type that holds them.
Tensor import_tensor(const onnx::TensorProto& proto, const std::filesystem::path& folder);
/// As above, with these bytes in place of the proto's raw_data.
Tensor import_tensor(const onnx::TensorProto& proto, const ByteRange& raw_data);

}  // namespace relevid::onnx_io
