// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/onednn/device.h"

namespace relevid::kernels::onednn {

/// y = f(x), element by element; y may be x. Both of one shape.
void activate_to(Device& device, const Buffer& x, Buffer& y, const Activation& f);
void activate_in_place(Device& device, Buffer& x, const Activation& f);

/// y = f'(x) · g with x as it was kept (activation_slope), or what the mode makes of it.
void pass_gradient(Device& device, const Buffer& kept, const Buffer& g, Buffer& y, const Activation& f,
                   GradientMode mode);

}  // namespace relevid::kernels::onednn
