// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>

namespace relevid::bench {

/// Most memory this process has had resident since it was started. From the kernel's own account of the
/// address space: getrusage's counter is handed on from the process that forked, whatever it held.
int64_t peak_resident_bytes();

/// Runs this program anew as `PROGRAM --memory MODEL --threads N` and returns the number of bytes that it
/// prints. Throws Error(kInternal) where that fails.
int64_t peak_of_child(const std::filesystem::path& model, int threads);

}  // namespace relevid::bench
