// SPDX-License-Identifier: Apache-2.0
// Kernel libraries by the name of a device (relevid/device.h).
#pragma once

#include <memory>
#include <string_view>

#include "kernels/kernels.h"
#include "relevid/device.h"
#include "relevid/precision.h"

namespace relevid::kernels {

struct LibraryOptions {
  int threads = 0;  ///< 0: all cores
  Precision precision = Precision::kFloat32;
};

/// Throws as require_device does.
std::unique_ptr<Library> make_library(std::string_view device, const LibraryOptions& options = {});

}  // namespace relevid::kernels
