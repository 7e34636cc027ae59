// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace relevid::testing {

/// How often a test repeats what it does. Under the address sanitizer, which finds nothing more in the
/// hundredth repetition, fewer will do.
constexpr int fewer_if_sanitized([[maybe_unused]] int usual, [[maybe_unused]] int sanitized) {
#ifdef __SANITIZE_ADDRESS__
  return sanitized;
#else
  return usual;
#endif
}

}  // namespace relevid::testing
