// SPDX-License-Identifier: Apache-2.0
#include "tune/scores.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "relevid/error.h"
#include "support/scratch.h"

namespace relevid::tune {
namespace {

using testing::message_of;
using testing::ScratchFolder;

TEST(Scores, AreReadAsTheyWereWritten) {
  const ScratchFolder folder;
  const Setting own(2), tuned = {0.1, std::nullopt};
  const double value = 0.1 + 0.2 / 3;
  {
    Scores scores(folder / "rules.json.state", R"({"seed": 1})");
    EXPECT_TRUE(scores.empty());
    scores.put(own, "a", -1);
    scores.put(tuned, "a", value);
    scores.save();
    scores.put(tuned, "b", 2);  // is not saved
  }
  const Scores scores(folder / "rules.json.state", R"({"seed": 1})");
  EXPECT_EQ(scores.find(own, "a"), -1);
  EXPECT_EQ(scores.find(tuned, "a"), value);
  EXPECT_EQ(scores.find(tuned, "b"), std::nullopt);
  scores.remove();
  EXPECT_TRUE(folder.names().empty());
}

TEST(Scores, OfAnotherTuningAreRefusedByName) {
  const ScratchFolder folder;
  Scores(folder / "state", R"({"seed": 1, "cells": [4, 8, 8]})").save();
  const std::string message = message_of(
      ErrorKind::kInvalidArgument, [&] { Scores(folder / "state", R"({"seed": 1, "cells": [4, 2, 8]})"); });
  EXPECT_THAT(message, ::testing::HasSubstr("(cells/1: 8 there, 2 here)"));
  testing::write_bytes(folder / "state", "[]");
  message_of(ErrorKind::kCorruptInput, [&] { Scores(folder / "state", "{}"); });
  testing::write_bytes(folder / "state", R"({"of": {}, "scores": [["own", 3]]})");
  message_of(ErrorKind::kCorruptInput, [&] { Scores(folder / "state", "{}"); });
}

TEST(Scores, WithoutAPathAreInMemoryAlone) {
  Scores scores({}, "{}");
  scores.put({1}, "a", 3);
  scores.save();
  scores.remove();
  EXPECT_EQ(scores.find({1}, "a"), 3);
}

}  // namespace
}  // namespace relevid::tune
