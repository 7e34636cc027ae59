// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace relevid::kernels::onednn {

/// Storage that is used again: a network asks for the same sizes for every clip, and fresh pages cost as much
/// as a layer. Freed blocks wait here under their size, for the next that they are not much too large for.
/// Thread-safe, because the last handle of a buffer may go anywhere.
class BufferPool : public std::enable_shared_from_this<BufferPool> {
 public:
  BufferPool() = default;
  ~BufferPool();
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;

  /// Aligned to 64 bytes. Throws Error(kResourceLimit) where memory is out.
  std::shared_ptr<void> allocate(int64_t bytes);
  int64_t peak_bytes() const;

 private:
  void give_back(void* block, int64_t bytes);

  mutable std::mutex mutex_;
  std::map<int64_t, std::vector<void*>> free_;
  int64_t held_bytes_ = 0;  ///< in use or waiting
  int64_t peak_bytes_ = 0;
};

}  // namespace relevid::kernels::onednn
