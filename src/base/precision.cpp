// SPDX-License-Identifier: Apache-2.0
#include "relevid/precision.h"

#include <cstdlib>

namespace relevid {

std::string_view name(Precision precision) {
  return precision == Precision::kBfloat16 ? "bf16" : "f32";
}

bool computes_bfloat16() {
#if defined(__x86_64__)
  const bool emulates = std::getenv("RELEVID_EMULATE_BF16") && __builtin_cpu_supports("avx512bw");
  return emulates || __builtin_cpu_supports("avx512bf16");
#else
  return false;
#endif
}

Precision precision_here(Precision wanted) {
  return computes_bfloat16() ? wanted : Precision::kFloat32;
}

std::string precision_note(Precision wanted) {
  if (precision_here(wanted) == wanted) return {};
  return "this processor has no bf16 instructions: f32 is computed in place of bf16";
}

}  // namespace relevid
