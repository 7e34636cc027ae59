// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <string>

#include "support/scratch.h"

namespace relevid::testing {

/// The Python that $RELEVID_PYTHON names, which ./run test gives the packages of tests/requirements.txt;
/// without that variable "python3", which may have them or not.
inline std::string python_program() {
  const char* named = std::getenv("RELEVID_PYTHON");
  return named ? named : "python3";
}

/// Runs a script in a folder. Empty where it ended well, else what it wrote to its standard error.
inline std::string python_error(const std::filesystem::path& folder, const std::string& script) {
  write_bytes(folder / "script.py", script);
  const auto command =
      fmt::format("cd '{}' && '{}' script.py 2>error.txt", folder.string(), python_program());
  if (std::system(command.c_str()) == 0) return {};
  std::ifstream file(folder / "error.txt", std::ios::binary);
  const std::string error(std::istreambuf_iterator<char>(file), {});
  return error.empty() ? "the script failed and wrote nothing" : error;
}

/// Whether tests that need these packages ("numpy, onnx") are to be skipped: they are missing, and nobody
/// promised them. A Python named in $RELEVID_PYTHON must have them: then the test runs, and fails without.
inline bool lacks_python(const std::string& packages) {
  if (std::getenv("RELEVID_PYTHON")) return false;
  const ScratchFolder folder;
  return !python_error(folder.path(), "import " + packages).empty();
}

}  // namespace relevid::testing
