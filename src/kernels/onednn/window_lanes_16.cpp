// SPDX-License-Identifier: Apache-2.0
// Compiled for AVX-512 on x86 (src/kernels/CMakeLists.txt).

#define RELEVID_LANES 16
#include "kernels/onednn/window_lanes_body.inc"

namespace relevid::kernels::onednn {
extern const WindowLanes kWindowLanes16;
const WindowLanes kWindowLanes16 = kLoops;
}  // namespace relevid::kernels::onednn
