// SPDX-License-Identifier: Apache-2.0
// Sums of libraries that compute on the host.
#pragma once

#include <utility>
#include <vector>

#include "kernels/sums.h"

namespace relevid::kernels {

using HostSums = std::vector<double>;

inline Sums host_sums(HostSums values) {
  const auto count = static_cast<int64_t>(values.size());
  return {count, std::make_shared<HostSums>(std::move(values))};
}
/// Not of empty sums.
inline const HostSums& on_host(const Sums& sums) {
  return sums.as<HostSums>();
}

}  // namespace relevid::kernels
