// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "relevid/dataset.h"
#include "support/scratch.h"

namespace relevid {
namespace {

DataSet numbered(int64_t rows, int64_t classes) {
  DataSet data;
  for (int64_t i = 0; i < rows; ++i) {
    DataRow row;
    row.name = fmt::format("videos/{:06}.mp4", i);
    row.label = i % classes;
    data.rows.push_back(row);
  }
  return data;
}

std::set<std::string> held_out(const DataSet& data, double share) {
  std::set<std::string> names;
  for (const int64_t i : split_dataset(data, share).validation)
    names.insert(data.rows[static_cast<size_t>(i)].name);
  return names;
}

TEST(Split, HoldsOutTheShareOfEveryClass) {
  const DataSet data = numbered(400, 4);
  const DataSplit split = split_dataset(data, 0.25);
  EXPECT_EQ(split.training.size(), 300U);
  std::vector<int> counts(4);
  for (const int64_t i : split.validation)
    ++counts[static_cast<size_t>(data.rows[static_cast<size_t>(i)].label)];
  EXPECT_THAT(counts, ::testing::Each(25));
}

TEST(Split, IsTheSameOnEveryMachineAndInEveryOrder) {
  DataSet data = numbered(12, 1);
  const std::set<std::string> expected = held_out(data, 0.25);
  // Written down once: whoever changes the hash changes everybody's validation sets.
  EXPECT_THAT(expected,
              ::testing::ElementsAre("videos/000002.mp4", "videos/000003.mp4", "videos/000010.mp4"));
  std::reverse(data.rows.begin(), data.rows.end());
  EXPECT_EQ(held_out(data, 0.25), expected);
}

TEST(Split, SmallClassesHaveOneOnEachSideAndSinglesStay) {
  EXPECT_EQ(split_dataset(numbered(2, 1), 0.1).validation.size(), 1U);
  EXPECT_EQ(split_dataset(numbered(2, 1), 0.9).training.size(), 1U);
  EXPECT_EQ(split_dataset(numbered(3, 3), 0.5).training.size(), 3U);
}

TEST(Split, ARepeatedVideoLiesOnOneSide) {
  DataSet data = numbered(40, 2);
  for (int64_t i = 0; i < 40; ++i) data.rows.push_back(data.rows[static_cast<size_t>(i)]);
  const DataSplit split = split_dataset(data, 0.3);
  EXPECT_EQ(split.validation.size(), 24U);
  std::set<std::string> validation = held_out(data, 0.3);
  for (const int64_t i : split.training)
    EXPECT_FALSE(validation.contains(data.rows[static_cast<size_t>(i)].name));
}

TEST(Split, OtherSharesAreRefused) {
  for (const double share : {0.0, 1.0, -0.5, 2.0, std::nan("")}) {
    testing::message_of(ErrorKind::kInvalidArgument, [&] { split_dataset(numbered(4, 1), share); });
  }
}

TEST(WriteDataset, ReadsBackAsItWas) {
  const testing::ScratchFolder scratch;
  DataSet data;
  data.class_names = {"a", "b, \"quoted\""};
  for (const std::string file : {"one.mp4", "a, b.mp4", "line\nend.mp4"}) {
    std::ofstream(scratch / file) << "video";
    DataRow row;
    row.path = scratch / file;
    row.label = data.rows.empty() ? 0 : 1;
    row.label_name = data.class_names[static_cast<size_t>(row.label)];
    data.rows.push_back(row);
  }
  write_dataset(data, scratch / "list.csv");
  const DataSet read = read_dataset(scratch / "list.csv");
  EXPECT_EQ(read.class_names, data.class_names);
  ASSERT_EQ(read.rows.size(), data.rows.size());
  for (size_t i = 0; i < data.rows.size(); ++i) {
    EXPECT_EQ(read.rows[i].path, data.rows[i].path);
    EXPECT_EQ(read.rows[i].label, data.rows[i].label);
    EXPECT_EQ(read.rows[i].error, "");
  }
}

}  // namespace
}  // namespace relevid
