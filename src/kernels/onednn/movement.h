// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "kernels/onednn/device.h"

namespace relevid::kernels::onednn {

Buffer transpose_plain(Device& device, const Buffer& x, std::span<const int64_t> permutation);
Buffer concat_parts(Device& device, std::span<const Buffer> parts, int64_t axis);
/// y[i] = x[begin + i step].
Buffer take_slice(Device& device, const Buffer& x, const Shape& shape, std::span<const int64_t> begin,
                  std::span<const int64_t> step);
/// into[begin + i step] = x[i]; the rest of `into` stays.
void place_slice(Device& device, const Buffer& x, Buffer& into, std::span<const int64_t> begin,
                 std::span<const int64_t> step);

}  // namespace relevid::kernels::onednn
