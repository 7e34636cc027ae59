// SPDX-License-Identifier: Apache-2.0
#include "peak_memory.h"

#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "relevid/error.h"

namespace relevid::bench {

int64_t peak_resident_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stoll(line.substr(6)) * 1024;
  }
  throw Error(ErrorKind::kInternal, "/proc/self/status has no line VmHWM");
}

int64_t peak_of_child(const std::filesystem::path& model, int threads) {
  const auto program = std::filesystem::read_symlink("/proc/self/exe");
  const std::string command =
      fmt::format("'{}' --memory '{}' --threads {}", program.string(), model.string(), threads);
  FILE* pipe = ::popen(command.c_str(), "r");
  long long bytes = 0;
  const int read = pipe != nullptr ? std::fscanf(pipe, "%lld", &bytes) : 0;
  const int status = pipe != nullptr ? ::pclose(pipe) : -1;
  if (read != 1 || status != 0)
    throw Error(ErrorKind::kInternal, fmt::format("{} ended with status {}", command, status));
  return bytes;
}

}  // namespace relevid::bench
