// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace relevid::testing {

/// From now on SQLite counts every change it makes to a file, and flushes none to the disk (which kills of a
/// process do not need, and which takes long).
void count_file_changes();
int64_t file_changes();
/// The process kills itself in place of its n-th change from now, counted from 1.
void kill_at_file_change(int64_t n);

}  // namespace relevid::testing
