// SPDX-License-Identifier: Apache-2.0
#include "kernels/devices.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/suggest.h"
#include "kernels/libraries.h"
#include "relevid/error.h"

namespace relevid {
namespace {

using kernels::Library;
using kernels::LibraryOptions;

struct KnownDevice {
  std::string_view name;
  std::unique_ptr<Library> (*make)(const LibraryOptions& options);
};

// Far above rounding, far below what a wrong kernel makes.
constexpr double kFloat32Tolerance = 1e-3, kBfloat16Tolerance = 5e-2;

constexpr KnownDevice kDevices[] = {
    {kDefaultDevice,
     [](const LibraryOptions& o) { return kernels::make_onednn_library(o.threads, o.precision); }},
    {"reference", [](const LibraryOptions&) { return kernels::make_reference_library(); }},
    {"check",
     [](const LibraryOptions& o) {
       return kernels::make_checked_library(
           kernels::make_onednn_library(o.threads, o.precision), kernels::make_reference_library(),
           o.precision == Precision::kFloat32 ? kFloat32Tolerance : kBfloat16Tolerance);
     }},
};

const KnownDevice& device(std::string_view name) {
  const auto found = std::ranges::find(kDevices, name, &KnownDevice::name);
  if (found != std::end(kDevices)) return *found;
  const auto names = device_names();
  throw Error(ErrorKind::kInvalidArgument, fmt::format("no device '{}'{}; there are {}", name,
                                                       did_you_mean(name, names), fmt::join(names, ", ")));
}

}  // namespace

std::vector<std::string> device_names() {
  std::vector<std::string> names;
  for (const KnownDevice& known : kDevices) names.emplace_back(known.name);
  return names;
}

void require_device(std::string_view name) {
  device(name);
}

namespace kernels {

std::unique_ptr<Library> make_library(std::string_view name, const LibraryOptions& options) {
  return device(name).make(options);
}

}  // namespace kernels
}  // namespace relevid
