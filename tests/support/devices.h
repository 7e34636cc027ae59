// SPDX-License-Identifier: Apache-2.0
// The kernel libraries that tests run on.
#pragma once

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "kernels/devices.h"

namespace relevid::testing {

/// RELEVID_TEST_DEVICE, by a name of relevid/device.h: cpu where it is not set. So that every test can be run
/// on another device.
inline std::string device_under_test() {
  const char* name = std::getenv("RELEVID_TEST_DEVICE");
  return name && *name ? name : std::string(kDefaultDevice);
}

inline std::unique_ptr<kernels::Library> library_under_test(int threads = 0,
                                                            Precision precision = Precision::kFloat32) {
  return kernels::make_library(device_under_test(), {threads, precision});
}

/// What it is tested against.
inline std::unique_ptr<kernels::Library> reference_library() {
  return kernels::make_library("reference");
}

inline std::vector<double> sums_of(kernels::Library& library, const kernels::Buffer& x) {
  return library.fetch(library.sums(x));
}
inline std::vector<double> absolute_sums_of(kernels::Library& library, const kernels::Buffer& x) {
  return library.fetch(library.absolute_sums(x));
}

}  // namespace relevid::testing
