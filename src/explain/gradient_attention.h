// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "explain/method.h"

namespace relevid {

std::vector<std::string> gradient_attention_method_names();
/// Errors: kUnsupportedModel for a network without attention.
std::unique_ptr<Method> make_gradient_attention(Network& network, const ExplainerOptions& options);

}  // namespace relevid
