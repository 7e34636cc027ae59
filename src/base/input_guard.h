// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string_view>

namespace relevid {

/// While one lives, nothing that is read is written over. Whoever opens an input notes it; whoever is about
/// to write or remove a file asks first, which AtomicFile, remove_output() and audit::Database do for all
/// outputs. At most one at a time: the command has one for as long as it runs; a library's caller has none,
/// and may write where it likes. It is the process's and not an argument, so that no reader and no writer can
/// be left out. Thread-safe.
class InputGuard {
 public:
  InputGuard();
  ~InputGuard();
  InputGuard(const InputGuard&) = delete;
  InputGuard& operator=(const InputGuard&) = delete;
};

/// `path` is read, as `what` ("--rules", "a video"); or will be looked for, where it is not there. Does
/// nothing without a guard.
void note_input(const std::filesystem::path& path, std::string_view what);

/// Throws Error(kInvalidArgument) where writing to `output` would replace an input: the same path, or the
/// same file by another one (a symbolic or hard link, "..", another folder's name).
void require_no_input(const std::filesystem::path& output);

/// For commands that write several files: `output` is one of them, such as "the page of curves". Throws
/// Error(kInvalidArgument) as above, and where another output has claimed the same place.
void claim_output(const std::filesystem::path& output, std::string_view what);

/// Removes an earlier run's file, where there is one. Throws as require_no_input().
void remove_output(const std::filesystem::path& output);

}  // namespace relevid
