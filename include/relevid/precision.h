// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "relevid/export.h"

namespace RELEVID_EXPORT relevid {

/// How convolutions multiply: float32 throughout, or bf16 numbers (8 bits of exponent, 8 of significand)
/// summed in float32. Tensors are float32 in either.
enum class Precision { kFloat32, kBfloat16 };

/// "f32", "bf16"
std::string_view name(Precision precision);

/// Whether this processor multiplies bf16 numbers in instructions of its own (AVX512_BF16, AMX), or is told
/// to emulate them, slowly and with the same rounding, by the environment variable RELEVID_EMULATE_BF16
/// (which needs AVX-512). Otherwise Precision::kBfloat16 computes in float32.
bool computes_bfloat16();

/// What a precision comes to on this processor.
Precision precision_here(Precision wanted);

/// Empty, or that this processor computes in float32 what was wanted in bf16.
std::string precision_note(Precision wanted);

}  // namespace relevid
