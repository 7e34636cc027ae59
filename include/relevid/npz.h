// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "relevid/export.h"
#include "relevid/tensor.h"

namespace RELEVID_EXPORT relevid {

/// Reads a NumPy .npy file (format 1.0 to 3.0, little-endian, C order; float16 becomes float32).
/// Throws Error(kIo) where it cannot be read, Error(kCorruptInput) where it is not such a file.
Tensor read_npy(const std::filesystem::path& path);

/// Reads every array of an .npz archive (stored or deflated). Errors as read_npy.
std::map<std::string, Tensor> read_npz(const std::filesystem::path& path);

/// Writes an .npz archive (deflated), atomically; the same arrays give the same bytes. Throws Error(kIo), a
/// full disk included, and Error(kInvalidArgument) where there is no array.
void write_npz(const std::filesystem::path& path, const std::map<std::string, Tensor>& arrays);

/// Whether arrays are deflated or written as they are: weights hardly shrink, and deflating takes a minute a
/// gigabyte.
enum class NpzStorage { kDeflated, kStored };
/// The same for borrowed arrays, of which no copy is made.
void write_npz(const std::filesystem::path& path, const std::map<std::string, const Tensor*>& arrays,
               NpzStorage storage);

}  // namespace relevid
