// SPDX-License-Identifier: Apache-2.0
// Compiled for AVX2 on x86 (src/kernels/CMakeLists.txt).

#define RELEVID_LANES 8
#include "kernels/onednn/window_lanes_body.inc"

namespace relevid::kernels::onednn {
extern const WindowLanes kWindowLanes8;
const WindowLanes kWindowLanes8 = kLoops;
}  // namespace relevid::kernels::onednn
