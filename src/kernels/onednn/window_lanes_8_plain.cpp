// SPDX-License-Identifier: Apache-2.0
// For processors without AVX2.

#define RELEVID_LANES 8
#include "kernels/onednn/window_lanes_body.inc"

namespace relevid::kernels::onednn {
extern const WindowLanes kWindowLanes8Plain;
const WindowLanes kWindowLanes8Plain = kLoops;
}  // namespace relevid::kernels::onednn
