// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "relevid/train.h"

namespace relevid::train {

/// An epoch as one line of JSON, without the line's end.
std::string to_json(const EpochResult& result);
/// What to_json wrote. Throws Error(kCorruptInput) for anything else.
EpochResult epoch_from_json(const std::string& text);

/// The log: to_json of every epoch, a line each, with "kept": true in the line of epochs[kept].
std::string log_of(std::span<const EpochResult> epochs, int64_t kept);

}  // namespace relevid::train
