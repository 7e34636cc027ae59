// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace relevid::cli {

/// --device, of every command that runs a network. `group` empty: the command's own options.
void add_device_option(CLI::App& command, std::string& device, const std::string& group = {});

}  // namespace relevid::cli
