// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <string>

namespace relevid::bench {

/// By what is divided by what, as in "deep_taylor / forward".
using Ratios = std::map<std::string, double>;

/// Ratios by network, and the machine that they were measured on.
struct RatioFile {
  std::string processor;
  int cores = 0;
  std::map<std::string, Ratios> networks;
};

/// Error(kIo) where there is no such file, Error(kCorruptInput) where it does not hold ratios.
RatioFile read_ratios(const std::filesystem::path& path);
/// Written whole or not at all; folders are made. Error(kIo).
void write_ratios(const std::filesystem::path& path, const RatioFile& file);

/// As the kernel calls it, or "unknown".
std::string processor_name();

}  // namespace relevid::bench
