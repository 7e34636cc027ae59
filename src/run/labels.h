// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>

#include "relevid/dataset.h"

namespace relevid::run {

/// The data set with every label as the model's class of the same name. As it is where the model's names are
/// not known, or where the data set's classes are numbers. Throws Error(kInvalidArgument) where a class of
/// one of its rows is none of the model's.
DataSet with_model_labels(const DataSet& data, std::span<const std::string> model_classes);

}  // namespace relevid::run
