// SPDX-License-Identifier: Apache-2.0
// What positions take, in all forms of a report; and that nothing is said where there are none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "audit/small_run.h"
#include "data/csv.h"
#include "relevid/audit_report.h"
#include "run/run_reader.h"

namespace relevid {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::message_of;
using ::testing::Not;
using testing::PositionScorer;
using testing::ScratchFolder;
using ::testing::SizeIs;
using Json = nlohmann::json;

constexpr size_t kConditions = 8;  // three intervals, five controls with clips

class PositionReport : public ::testing::Test {
 protected:
  PositionReport() {
    testing::run_small<PositionScorer>(folder_ / "with.db", data_);
    testing::run_small(folder_ / "without.db", data_);
  }

  std::string report(const std::string& run, ReportOptions::Format format,
                     ReportOptions::Table table = ReportOptions::Table::kProfiles) const {
    ReportOptions options;
    options.format = format;
    options.table = table;
    return audit_report(folder_ / run, options);
  }
  std::vector<data::CsvRow> table(const std::string& run, ReportOptions::Table which) const {
    return data::parse_csv("table.csv", report(run, ReportOptions::Format::kCsv, which));
  }

  ScratchFolder folder_;
  DataSet data_ = testing::make_dataset(folder_, {14, 14, 16, 14});
};

std::string on_one_line(const std::string& page) {
  std::string line;
  for (const char c : page) {
    const bool blank = c == ' ' || c == '\n';
    if (!blank || line.empty() || line.back() != ' ') line += blank ? ' ' : c;
  }
  return line;
}

/// The field of a row in the column of this name.
double number(const std::vector<data::CsvRow>& table, size_t row, const std::string& column) {
  const auto& header = table.at(0).fields;
  const auto found = std::ranges::find(header, column);
  if (found == header.end()) throw std::out_of_range("no column " + column);
  return std::stod(table.at(row).fields.at(static_cast<size_t>(found - header.begin())));
}

/// Of the base interval, by hand: Σ what a step took of all videos' clips over Σ of what they started with.
double second_step(const std::filesystem::path& path) {
  run::RunReader reader(path);
  double taken = 0, start = 0;
  reader.for_each_video([&](const run::VideoRecord& record) {
    double video_taken = 0, video_start = 0;
    const auto clips = reader.clips_of(record.video.index, 0);
    for (const run::ClipRow& clip : clips) {
      video_taken += 0.01 * static_cast<double>(clip.target) * clip.target_logit;
      video_start += clip.target_logit;
    }
    taken += video_taken / static_cast<double>(clips.size());
    start += video_start / static_cast<double>(clips.size());
  });
  return taken / start;
}

TEST_F(PositionReport, HasTheSharesWithTheirIntervals) {
  const Json json = Json::parse(report("with.db", ReportOptions::Format::kJson));
  const Json& base = json["statistics"]["conditions"][0]["position"];
  EXPECT_EQ(base["videos"], 4);
  EXPECT_NEAR(base["by_time"][0]["value"], 0.2, 1e-8);
  EXPECT_NEAR(base["by_time"][0]["low"], 0.2, 1e-8) << "it is the same in every video";
  const double second = second_step(folder_ / "with.db");
  EXPECT_GT(second, 0.005);
  EXPECT_NEAR(base["by_time"][1]["value"], second, 1e-8);
  EXPECT_LT(base["by_time"][1]["low"], second);
  EXPECT_GT(base["by_time"][1]["high"], second);
  EXPECT_NEAR(base["share"]["value"], 0.2 + second, 1e-8);
  EXPECT_NEAR(base["content"]["value"], 0.75, 1e-8);
  EXPECT_NEAR(base["content_by_time"][1]["value"], 0.5, 1e-8);
  EXPECT_FALSE(base["share"]["reliable"]);
  ASSERT_THAT(base["by_place"], SizeIs(1));
  EXPECT_NEAR(base["by_place"][0][0], 0.1, 1e-8);
  EXPECT_NEAR(base["by_place"][0][1], 0.1 + second, 1e-8);
  EXPECT_TRUE(base["border_over_others"].is_null()) << "two steps are all border";
}

TEST_F(PositionReport, IsSaidInTheText) {
  const std::string page = report("with.db", ReportOptions::Format::kText);
  EXPECT_THAT(page, HasSubstr("    1-2   20.0 [20.0, 20.0]~   25.0 [25.0, 25.0]~"));
  EXPECT_THAT(on_one_line(page),
              AllOf(HasSubstr("Positions: what their embeddings take of the score"),
                    HasSubstr("75.0 % (75.0 to 75.0) reaches the frames. From 4 videos, too few"),
                    HasSubstr("in all: interval 1 "), HasSubstr("; random weights at interval 1 ")));
}

TEST_F(PositionReport, IsATableOfStepsAndColumnsOfClips) {
  const auto steps = table("with.db", ReportOptions::Table::kPositions);
  ASSERT_THAT(steps, SizeIs(1 + 2 * kConditions));
  EXPECT_NEAR(number(steps, 1, "position"), 0.2, 1e-9);
  EXPECT_NEAR(number(steps, 2, "content"), 0.5, 1e-9);
  EXPECT_EQ(number(steps, 2, "first_frame"), 2);
  EXPECT_EQ(number(steps, 2, "last_frame"), 3);
  const auto clips = table("with.db", ReportOptions::Table::kClips);
  for (size_t row = 1; row < clips.size(); ++row) {
    const double second = 0.01 * number(clips, row, "target");
    EXPECT_NEAR(number(clips, row, "position_0"), 0.2, 1e-12);
    EXPECT_NEAR(number(clips, row, "position_1"), second, 1e-12);
    EXPECT_NEAR(number(clips, row, "position"), 0.2 + second, 1e-12);
  }
}

TEST_F(PositionReport, SaysNothingOfANetworkWithoutPositions) {
  for (const auto format : {ReportOptions::Format::kText, ReportOptions::Format::kJson}) {
    EXPECT_THAT(
        report("without.db", format),
        AllOf(Not(HasSubstr("Positions:")), Not(HasSubstr("embeddings")), Not(HasSubstr("\"position\":"))));
  }
  EXPECT_THAT(table("without.db", ReportOptions::Table::kClips)[0].fields,
              Not(::testing::Contains("position")));
  EXPECT_THAT(
      message_of(ErrorKind::kInvalidArgument, [&] { table("without.db", ReportOptions::Table::kPositions); }),
      HasSubstr("without.db has no positions"));
}

TEST_F(PositionReport, OfARunOfTheFirstVersionIsWhatItWas) {
  const std::string before = report("without.db", ReportOptions::Format::kJson);
  testing::make_first_version(folder_ / "without.db");
  EXPECT_EQ(report("without.db", ReportOptions::Format::kJson), before);
}

}  // namespace
}  // namespace relevid
