// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "relevid/tensor.h"

namespace relevid::kernels {

/// A tensor inside a kernel library: its shape is known, its layout and element type are the library's own
/// affair. A handle: copies share the storage, which the last one returns to the library. Shared because the
/// network keeps activations that several passes read.
class Buffer {
 public:
  Buffer() = default;
  Buffer(Shape shape, std::shared_ptr<void> storage)
      : shape_(std::move(shape)), storage_(std::move(storage)) {}

  explicit operator bool() const { return storage_ != nullptr; }
  const Shape& shape() const { return shape_; }
  template <class T>
  T* data() {
    return static_cast<T*>(storage_.get());
  }
  template <class T>
  const T* data() const {
    return static_cast<const T*>(storage_.get());
  }
  /// The same storage under another shape; only a library knows when that is right.
  Buffer viewed_as(Shape shape) const { return Buffer(std::move(shape), storage_); }
  bool is_only_handle() const { return storage_.use_count() == 1; }
  bool is_same(const Buffer& other) const { return storage_ == other.storage_ && shape_ == other.shape_; }

 private:
  Shape shape_;
  std::shared_ptr<void> storage_;
};

}  // namespace relevid::kernels
