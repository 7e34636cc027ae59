// SPDX-License-Identifier: Apache-2.0
#include "run/labels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/scratch.h"

namespace relevid::run {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::message_of;

DataSet dataset(std::vector<std::string> names) {
  DataSet data;
  data.class_names = std::move(names);
  for (const int64_t label : {0, 1, -1, 0}) {
    DataRow row;
    row.name = "v";
    row.label = label;
    data.rows.push_back(row);
  }
  return data;
}

std::vector<int64_t> labels(const DataSet& data, const std::vector<std::string>& model) {
  std::vector<int64_t> result;
  for (const DataRow& row : with_model_labels(data, model).rows) result.push_back(row.label);
  return result;
}

TEST(WithModelLabels, FindsClassesByName) {
  EXPECT_THAT(labels(dataset({"run", "swim"}), {"swim", "jump", "run"}), ElementsAre(2, 0, kUnlabelled, 2));
}

TEST(WithModelLabels, LeavesNumbersAndModelsWithoutNames) {
  EXPECT_THAT(labels(dataset({"0", "1"}), {"swim", "run"}), ElementsAre(0, 1, kUnlabelled, 0));
  EXPECT_THAT(labels(dataset({"run", "swim"}), {}), ElementsAre(0, 1, kUnlabelled, 0));
}

TEST(WithModelLabels, ClassesThatNoRowHasMayBeUnknown) {
  EXPECT_THAT(labels(dataset({"run", "swim", "unused"}), {"swim", "run"}), ElementsAre(1, 0, kUnlabelled, 1));
}

TEST(WithModelLabels, AClassThatTheModelLacksIsRefused) {
  const std::string message = message_of(ErrorKind::kInvalidArgument, [] {
    labels(dataset({"run", "swimm"}), {"swim", "run"});
  });
  EXPECT_THAT(message, HasSubstr("'swimm'"));
  EXPECT_THAT(message, HasSubstr("did you mean 'swim'"));
}

}  // namespace
}  // namespace relevid::run
