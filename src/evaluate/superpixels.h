// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "evaluate/regions.h"
#include "relevid/tensor.h"

namespace relevid::evaluate {

/// About `count` superpixels over time of a clip [1, C, T, H, W]: k-means over colour and place from a grid
/// of seeds, each looking no further than two of its spacings (SLIC: Achanta et al. 2012, IEEE TPAMI 34(11),
/// with time as a third axis, and without enforcing that a superpixel hangs together). Colours count by their
/// standard deviation over the clip, so that any normalisation gives the same. The same on every machine that
/// computes the same in float64.
Regions superpixel_regions(const Tensor& clip, int64_t count);

}  // namespace relevid::evaluate
