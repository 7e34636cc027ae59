// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

namespace relevid::kernels {

/// What a reduction leaves on its device: a few numbers, of float64 or what the device has nearest to it.
/// A handle, as Buffer is; Library::fetch brings many of them to the host at once, and until then nobody has
/// to wait for them.
class Sums {
 public:
  Sums() = default;
  Sums(int64_t count, std::shared_ptr<void> storage) : count_(count), storage_(std::move(storage)) {}

  explicit operator bool() const { return storage_ != nullptr; }
  int64_t count() const { return count_; }
  /// The library's own affair.
  template <class T>
  const T& as() const {
    return *static_cast<const T*>(storage_.get());
  }

 private:
  int64_t count_ = 0;
  std::shared_ptr<void> storage_;
};

}  // namespace relevid::kernels
