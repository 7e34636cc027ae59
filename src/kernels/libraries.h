// SPDX-License-Identifier: Apache-2.0
// The kernel libraries that there are. kernels/devices.h makes one by name.
#pragma once

#include <memory>

#include "kernels/kernels.h"
#include "relevid/precision.h"

namespace relevid::kernels {

/// oneDNN on the CPU. `threads` 0: all cores. Buffers hold float32. With Precision::kBfloat16, where that can
/// be (computes_bfloat16), convolutions of more channels than a stem's round what they read (weights, and
/// activations or quotients) to bf16, and sum in float32; all else computes in float32.
std::unique_ptr<Library> make_onednn_library(int threads, Precision precision = Precision::kFloat32);

/// Plain loops in float64, one thread: what every other library is tested against.
std::unique_ptr<Library> make_reference_library();

/// Runs every operation on both, on the same operands, and compares the results: Error(kInternal) names the
/// operation, the shapes and the largest difference where that is more than `tolerance` of the largest number
/// (of sums: of what was added up). Results are those of `tested`.
std::unique_ptr<Library> make_checked_library(std::unique_ptr<Library> tested,
                                              std::unique_ptr<Library> trusted, double tolerance);

}  // namespace relevid::kernels
