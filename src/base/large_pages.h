// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>

namespace relevid {

inline constexpr size_t kLargePage = size_t{2} << 20;

/// Asks the system for large pages, where a block covers whole ones.
inline void ask_for_large_pages(void* block, size_t bytes) {
  const auto address = reinterpret_cast<uintptr_t>(block);
  const uintptr_t first = (address + kLargePage - 1) / kLargePage * kLargePage;
  const uintptr_t last = (address + bytes) / kLargePage * kLargePage;
  if (first < last)
    ::madvise(static_cast<std::byte*>(block) + (first - address), last - first, MADV_HUGEPAGE);
}

}  // namespace relevid
