// SPDX-License-Identifier: Apache-2.0
// Archives that NumPy wrote, read back: the reference relevances that later tests compare with.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "relevid/npz.h"

namespace relevid {
namespace {

TEST(ReferenceArchives, AreReadWhole) {
  const auto folder = std::filesystem::path(RELEVID_SHARED_DIR) / "reference/zennit";
  if (!std::filesystem::is_directory(folder)) GTEST_SKIP() << "no reference data at " << folder;
  int archives = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    if (file.path().extension() != ".npz") continue;
    ++archives;
    const auto arrays = read_npz(file.path());
    EXPECT_TRUE(arrays.contains("target")) << file.path();
    EXPECT_GE(arrays.size(), 18U) << file.path();
    for (const auto& [name, tensor] : arrays) {
      EXPECT_GT(tensor.elements(), 0) << file.path() << " " << name;
      const std::vector<double> values = tensor.as_doubles();
      EXPECT_TRUE(std::ranges::all_of(values, [](double value) { return std::isfinite(value); }))
          << file.path() << " " << name;
    }
  }
  EXPECT_GT(archives, 0) << folder;
}

}  // namespace
}  // namespace relevid
