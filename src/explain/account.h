// SPDX-License-Identifier: Apache-2.0
// Layers' accounts while a pass goes on: sums that are still on the device.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "explain/flow.h"
#include "kernels/kernels.h"

namespace relevid {

/// Σ of scale times sums, in the order in which they were added.
struct DeferredSum {
  struct Part {
    kernels::Sums sums;
    double scale;
  };
  std::vector<Part> parts;

  void add(kernels::Sums sums, double scale) { parts.push_back({std::move(sums), scale}); }
  bool empty() const { return parts.empty(); }
};

/// A LayerFlow to be; its sums are per entry of axis 0.
/// `outgoing` has a part for every input.
struct DeferredAccount : LayerBalance<DeferredSum> {
  /// What neither goes out nor is absorbed, where nobody has said what is dropped.
  enum class Rest { kNone, kDropped } rest = Rest::kNone;
};

/// Brings the sums of all accounts to the host, at once, and adds them up per clip: networks that fold time
/// into the batch have several entries a clip.
std::vector<LayerFlow> settle(kernels::Library& library, std::span<const DeferredAccount> accounts,
                              size_t clips);
std::vector<double> settle(kernels::Library& library, const DeferredSum& sum, size_t clips);

}  // namespace relevid
