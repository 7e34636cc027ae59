// SPDX-License-Identifier: Apache-2.0
// For volumes of few channels, which are not in blocks.

#define RELEVID_LANES 1
#include "kernels/onednn/window_lanes_body.inc"

namespace relevid::kernels::onednn {
extern const WindowLanes kWindowLanes1;
const WindowLanes kWindowLanes1 = kLoops;
}  // namespace relevid::kernels::onednn
