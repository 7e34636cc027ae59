// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "relevid/tensor.h"

namespace relevid {

/// The array in the bytes of a .npy file; bytes after it are ignored, as NumPy does. `where` names the file
/// in messages. Throws Error(kCorruptInput).
Tensor parse_npy(std::string_view file, const std::string& where);

/// What comes before a tensor's own bytes in a .npy file, format 1.0, as NumPy would write it.
std::string npy_header(const Tensor& tensor);

}  // namespace relevid
