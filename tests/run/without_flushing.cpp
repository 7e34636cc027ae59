// SPDX-License-Identifier: Apache-2.0
// Linked in, it keeps SQLite from flushing to the disk, which no test here needs and a busy disk takes long
// for.
#include <gtest/gtest.h>

#include "run/counting_vfs.h"

namespace relevid::testing {
namespace {

class WithoutFlushing : public ::testing::Environment {
  void SetUp() override { count_file_changes(); }
};

const auto* const kEnvironment = ::testing::AddGlobalTestEnvironment(new WithoutFlushing);

}  // namespace
}  // namespace relevid::testing
