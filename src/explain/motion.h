// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "explain/method.h"
#include "explain/volume.h"

namespace relevid {

std::vector<std::string> motion_method_names();
std::unique_ptr<Method> make_motion(Network& network, const ExplainerOptions& options);

/// The temporal part of the Sobel operator in three dimensions: the difference of the frames after and
/// before, smoothed by 1 2 1 over rows and columns; edges are held.
Volume change_over_time(const Volume& relevance);

}  // namespace relevid
