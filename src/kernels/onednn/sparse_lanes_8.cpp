// SPDX-License-Identifier: Apache-2.0
// Compiled for AVX2 on x86 (src/kernels/CMakeLists.txt).

#define RELEVID_LANES 8
#include "kernels/onednn/sparse_lanes_body.inc"

namespace relevid::kernels::onednn {
extern const SparseLanes kSparseLanes8;
const SparseLanes kSparseLanes8{kLanes, dots, add_rows};
}  // namespace relevid::kernels::onednn
