// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "explain/method.h"

namespace relevid {

std::vector<std::string> cam_method_names();
std::unique_ptr<Method> make_cam(Network& network, const ExplainerOptions& options);

}  // namespace relevid
