// SPDX-License-Identifier: Apache-2.0
#include "cli/device_option.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "relevid/device.h"

namespace relevid::cli {

void add_device_option(CLI::App& command, std::string& device, const std::string& group) {
  auto* option = command
                     .add_option("--device", device,
                                 fmt::format("what networks run on: {}", fmt::join(device_names(), ", ")))
                     ->capture_default_str();
  if (!group.empty()) option->group(group);
}

}  // namespace relevid::cli
