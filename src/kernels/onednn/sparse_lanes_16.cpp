// SPDX-License-Identifier: Apache-2.0
// Compiled for AVX-512 on x86 (src/kernels/CMakeLists.txt).

#define RELEVID_LANES 16
#include "kernels/onednn/sparse_lanes_body.inc"

namespace relevid::kernels::onednn {
extern const SparseLanes kSparseLanes16;
const SparseLanes kSparseLanes16{kLanes, dots, add_rows};
}  // namespace relevid::kernels::onednn
