// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/onednn/device.h"

namespace relevid::kernels::onednn {

/// A volume as a primitive wants it: the buffer itself, which must outlive this, or a copy in another layout.
class Operand {
 public:
  Operand(Device& device, const Buffer& volume, const dnnl::memory::desc& wanted)
      : Operand(device, volume, device.volume_desc(volume.shape()), wanted) {}
  /// `lies`: how the buffer is to be seen.
  Operand(Device& device, const Buffer& buffer, const dnnl::memory::desc& lies,
          const dnnl::memory::desc& wanted)
      : device_(device), own_(device.wrap(lies, buffer)), wanted_(own_) {
    if (own_.get_desc() == wanted) return;
    copy_ = device.allocate(Shape{static_cast<int64_t>((wanted.get_size() + 3) / 4)});
    wanted_ = device.wrap(wanted, copy_);
  }

  const dnnl::memory& memory() const { return wanted_; }
  /// Brings the buffer's values to where the primitive reads them, and what it wrote back.
  void read() const {
    if (copy_) device_.reorder(own_, wanted_);
  }
  void write_back() const {
    if (copy_) device_.reorder(wanted_, own_);
  }

 private:
  Device& device_;
  dnnl::memory own_, wanted_;
  Buffer copy_;
};

}  // namespace relevid::kernels::onednn
