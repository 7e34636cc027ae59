// SPDX-License-Identifier: Apache-2.0
#include "relevid/error.h"

#include <gtest/gtest.h>

#include <set>
#include <string_view>

namespace relevid {
namespace {

constexpr ErrorKind kKinds[] = {
    ErrorKind::kInvalidArgument, ErrorKind::kUnsupportedModel, ErrorKind::kCorruptInput, ErrorKind::kIo,
    ErrorKind::kResourceLimit,   ErrorKind::kInternal,         ErrorKind::kNothingLearnt};

// docs/user/exit-status.md promises these numbers to scripts.
TEST(Error, EachKindHasItsDocumentedExitStatus) {
  EXPECT_EQ(exit_status(ErrorKind::kInvalidArgument), 2);
  EXPECT_EQ(exit_status(ErrorKind::kUnsupportedModel), 3);
  EXPECT_EQ(exit_status(ErrorKind::kCorruptInput), 4);
  EXPECT_EQ(exit_status(ErrorKind::kIo), 5);
  EXPECT_EQ(exit_status(ErrorKind::kResourceLimit), 6);
  EXPECT_EQ(exit_status(ErrorKind::kInternal), 7);
  EXPECT_EQ(exit_status(ErrorKind::kNothingLearnt), 8);
}

TEST(Error, EachKindHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (const ErrorKind kind : kKinds) {
    EXPECT_FALSE(name(kind).empty());
    names.insert(name(kind));
  }
  EXPECT_EQ(names.size(), std::size(kKinds));
}

TEST(Error, CarriesKindAndMessage) {
  const Error error(ErrorKind::kCorruptInput, "clip.npy: truncated");
  EXPECT_EQ(error.kind(), ErrorKind::kCorruptInput);
  EXPECT_STREQ(error.what(), "clip.npy: truncated");
}

}  // namespace
}  // namespace relevid
