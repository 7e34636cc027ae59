// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "relevid/preprocessing.h"
#include "relevid/tensor.h"

namespace relevid {

/// Frame t of one of the prepared `clips` [N, 3, T, H, W] (whatever the model's own layout) as the network
/// saw it: resized and cropped, 8-bit RGB [H, W, 3]. The inverse of make_clip's normalisation; exact where
/// the resized values were 8-bit, else rounded. Throws Error(kInvalidArgument) where sizes do not fit.
std::vector<uint8_t> shown_frame(const Tensor& clips, int64_t clip, int64_t t,
                                 const Preprocessing& preprocessing, const Geometry& geometry);

}  // namespace relevid
