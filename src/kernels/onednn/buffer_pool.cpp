// SPDX-License-Identifier: Apache-2.0
#include "kernels/onednn/buffer_pool.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/large_pages.h"
#include "relevid/error.h"

namespace relevid::kernels::onednn {
namespace {

/// How much larger a block may be than what it is given out for. Against blocks of the very size, explaining
/// took 0.97 of the memory with C3D, 0.95 with R(2+1)D-18, 0.79 with I3D and 0.90 with X3D-M; with a factor
/// of 4 it was more again for three of them.
constexpr int64_t kLargestFactor = 2;

constexpr int64_t kLine = 64;

/// Large blocks in large pages, where the system has some: layers that stream through their volumes otherwise
/// wait for translations of addresses.
void* new_block(int64_t bytes) {
  const auto size = static_cast<size_t>(bytes);
  if (size < 2 * kLargePage) return std::aligned_alloc(kLine, size);
  void* block = nullptr;
  if (posix_memalign(&block, kLargePage, size) != 0) return nullptr;
  ask_for_large_pages(block, size);
  return block;
}

}  // namespace

BufferPool::~BufferPool() {
  for (auto& [bytes, blocks] : free_) {
    for (void* block : blocks) std::free(block);
  }
}

std::shared_ptr<void> BufferPool::allocate(int64_t bytes) {
  bytes = std::max(kLine, (bytes + kLine - 1) / kLine * kLine);
  void* block = nullptr;
  {
    const std::lock_guard lock(mutex_);
    const auto waiting = free_.lower_bound(bytes);
    if (waiting != free_.end() && waiting->first <= kLargestFactor * bytes) {
      bytes = waiting->first;
      block = waiting->second.back();
      waiting->second.pop_back();
      if (waiting->second.empty()) free_.erase(waiting);
    } else {
      held_bytes_ += bytes;
      peak_bytes_ = std::max(peak_bytes_, held_bytes_);
    }
  }
  if (!block) block = new_block(bytes);
  if (!block) {
    throw Error(ErrorKind::kResourceLimit,
                fmt::format("out of memory: {} MiB more are needed; use a smaller batch", bytes >> 20));
  }
  return {block, [pool = shared_from_this(), bytes](void* p) { pool->give_back(p, bytes); }};
}

void BufferPool::give_back(void* block, int64_t bytes) {
  const std::lock_guard lock(mutex_);
  free_[bytes].push_back(block);
}

int64_t BufferPool::peak_bytes() const {
  const std::lock_guard lock(mutex_);
  return peak_bytes_;
}

}  // namespace relevid::kernels::onednn
