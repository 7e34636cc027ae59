// SPDX-License-Identifier: Apache-2.0
#include "ratio_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "relevid/error.h"

namespace relevid::bench {

RatioFile read_ratios(const std::filesystem::path& path) {
  std::ifstream stream(path);
  if (!stream) {
    throw Error(ErrorKind::kIo, fmt::format("no ratios to compare with in {}; ./run bench --quick --save "
                                            "writes them",
                                            path.string()));
  }
  try {
    const auto json = nlohmann::json::parse(stream);
    return {json.at("processor").get<std::string>(), json.at("cores").get<int>(),
            json.at("networks").get<std::map<std::string, Ratios>>()};
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorKind::kCorruptInput, fmt::format("{}: {}", path.string(), error.what()));
  }
}

void write_ratios(const std::filesystem::path& path, const RatioFile& file) {
  auto rounded = file.networks;
  for (auto& [network, ratios] : rounded) {
    for (auto& [name, ratio] : ratios) ratio = std::stod(fmt::format("{:.4f}", ratio));
  }
  const nlohmann::json json = {{"processor", file.processor}, {"cores", file.cores}, {"networks", rounded}};
  std::filesystem::create_directories(path.parent_path());
  write_file_atomically(path, json.dump(1) + "\n");
}

std::string processor_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (line.starts_with("model name")) return line.substr(std::min(line.size(), line.find(':') + 2));
  }
  return "unknown";
}

}  // namespace relevid::bench
