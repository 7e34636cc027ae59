// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dnnl.hpp>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "kernels/onednn/device.h"
#include "kernels/onednn/separable_maximum.h"

namespace relevid::kernels::onednn {

/// Maximum over windows. Winners are numbers of taps, in the layout of the output: a byte each, or 32 bits
/// where windows have more than 256 taps. A window lies at least partly inside its input.
class MaxWindow final : public MaxMap {
 public:
  MaxWindow(Device& device, const MaxWindowSpec& spec, const Shape& input);

  Buffer forward(const Buffer& x, Buffer* winners) override;
  Buffer route(const Buffer& g, const Buffer& winners) override;
  Buffer pick(const Buffer& y, const Buffer& winners) override;
  Buffer share(const Buffer& g) override;

  const MaxWindowSpec& spec() const { return spec_; }
  const Layout& in() const { return in_; }
  const Layout& out() const { return out_; }
  /// Whether no input is in two windows.
  bool windows_are_apart() const;
  bool winners_are_bytes() const { return tap_count() <= 256; }
  int64_t tap_count() const { return spec_.kernel[0] * spec_.kernel[1] * spec_.kernel[2]; }
  /// Of tap numbers: how many positions of the input they are from the window's first.
  std::vector<int64_t> tap_offsets() const;

 private:
  template <class Row>
  void for_each_row(bool rows_are_apart, Row&& row) const;
  bool windows_cover_all() const;
  Buffer gather(const Buffer& g, const Buffer& winners, std::span<const ReverseWindow> reverses) const;

  Device& device_;
  MaxWindowSpec spec_;
  Shape input_, output_;
  Layout in_, out_;
  const WindowLanes& lanes_;
  std::optional<SeparableMaximum> separable_;  ///< where windows overlap most
  dnnl::primitive inference_;                  ///< where nobody asks for winners
  std::unique_ptr<LinearMap> shared_;
};

}  // namespace relevid::kernels::onednn
