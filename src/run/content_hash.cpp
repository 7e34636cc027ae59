// SPDX-License-Identifier: Apache-2.0
#include "run/content_hash.h"

#include <fmt/format.h>

#include <set>
#include <system_error>

#include "base/hash.h"
#include "relevid/error.h"

namespace relevid::run {

std::string content_hash(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) return sha256_of_file(path);
  std::set<std::filesystem::path> files;
  for (std::filesystem::directory_iterator entry(path, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->is_regular_file(error)) files.insert(entry->path());
  }
  if (error)
    throw Error(ErrorKind::kIo, fmt::format("cannot read folder {}: {}", path.string(), error.message()));
  Sha256 hash;
  for (const auto& file : files) {
    const std::string name = file.filename().string();
    hash.update(fmt::format("{} {} {}", name.size(), name, sha256_of_file(file)));
  }
  return hash.hex();
}

}  // namespace relevid::run
