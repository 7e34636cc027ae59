// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "relevid/tensor.h"

namespace relevid::train {

/// What training changes. The tensor is shared with the graph that runs on it: it is written in place, which
/// saves a copy of every weight; nobody else holds it.
struct Parameter {
  enum class Kind { kWeight, kBias, kNorm };  ///< weight decay is for weights alone
  std::string name;                           ///< "conv1a.weight"
  Kind kind = Kind::kWeight;
  std::shared_ptr<Tensor> value;  ///< float32
};

}  // namespace relevid::train
