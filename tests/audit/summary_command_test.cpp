// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "audit/summary_runs.h"
#include "cli/program.h"
#include "statistics/poisson_weights.h"

namespace relevid::testing {
namespace {

using audit::testing::MadeUpRun;
using audit::testing::write_run;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Json = nlohmann::json;

class SummaryCommand : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<ScratchFolder>();
    for (int i = 1; i <= 4; ++i) write(fmt::format("{}.db", i), {.network = fmt::format("network {}", i)});
    write("chance.db", {.network = "network 5", .accuracy = {0.25, 0.25, 0.25}});
    write("method.db", {.network = "network 6",
                        .settings = R"({"method": {"name": "gradient"}, "base_interval": 1, "seed": 0})"});
    write("again.db", {.network = "network 1"});
    write_bytes(path("damaged.db"), std::string(2000, 'x'));
  }
  static void TearDownTestSuite() { folder_.reset(); }

  static void write(const std::string& name, MadeUpRun run) {
    run.seed = statistics::hash_of_key(name);
    write_run(path(name), run);
  }
  static std::string path(const std::string& name) { return (*folder_ / name).string(); }
  /// `relevid report` of these files, then words.
  static Outcome report(const std::vector<std::string>& runs, const std::vector<std::string>& words = {}) {
    std::vector<std::string> all = {"report"};
    for (const std::string& run : runs) all.push_back(path(run));
    all.insert(all.end(), words.begin(), words.end());
    return relevid(all);
  }
  static void expect_refused(const Outcome& outcome, int status, const std::string& words) {
    EXPECT_EQ(outcome.status, status) << outcome.out;
    EXPECT_THAT(outcome.err, HasSubstr(words));
    EXPECT_EQ(outcome.out, "");
  }

  static std::unique_ptr<ScratchFolder> folder_;
};
std::unique_ptr<ScratchFolder> SummaryCommand::folder_;

TEST_F(SummaryCommand, TextOfSeveralTrainingsIsTheirSummary) {
  const Outcome text = report({"1.db", "2.db", "3.db", "4.db"});
  ASSERT_EQ(text.status, 0) << text.err;
  EXPECT_THAT(text.out, StartsWith("effect       Border effect in 4 of 4 trainings: "));
  EXPECT_THAT(text.out, HasSubstr("Mean over trainings [95 % interval over trainings and videos]"));
  EXPECT_EQ(report({"1.db", "2.db", "3.db", "4.db"}, {"--summary"}).out, text.out);
  ASSERT_EQ(report({"1.db", "2.db", "3.db", "4.db"}, {"--out", path("text.txt")}).status, 0);
  EXPECT_EQ(shell("cat " + path("text.txt")).out, text.out);
}

TEST_F(SummaryCommand, ATrainingAtChanceIsNamedFirst) {
  const Outcome text = report({"1.db", "2.db", "3.db", "chance.db"});
  ASSERT_EQ(text.status, 0) << text.err;
  EXPECT_THAT(text.out,
              StartsWith("LEFT OUT     1 of 4 trainings is not distinguishable from chance (chance.db, "));
}

TEST_F(SummaryCommand, JsonHasTheSameSentences) {
  const Outcome out = report({"1.db", "2.db", "3.db"}, {"--format", "json"});
  ASSERT_EQ(out.status, 0) << out.err;
  const Json json = Json::parse(out.out);
  EXPECT_EQ(json["counts"]["trainings"], 3);
  EXPECT_EQ(json["trainings"][2]["label"], "3.db");
  EXPECT_EQ(json["intervals"].size(), 3U);
  EXPECT_EQ(report({"1.db", "2.db", "3.db"}, {"--format", "json"}).out, out.out) << "the same bytes";
}

TEST_F(SummaryCommand, APageIsAskedFor) {
  const Outcome page = report({"1.db", "2.db", "3.db"}, {"--format", "html", "--summary"});
  if (page.status != 0 && page.err.find("nodejs") != std::string::npos)
    GTEST_SKIP() << "this build has no page";
  ASSERT_EQ(page.status, 0) << page.err;
  EXPECT_THAT(page.out, HasSubstr(path("summary.html")));
  EXPECT_EQ(shell("grep -c '\"kind\":\"summary\"' " + path("summary.html")).out, "1\n");
  ASSERT_EQ(report({"1.db", "2.db", "3.db"}, {"--format", "html", "--out", path("side.html")}).status, 0);
  EXPECT_EQ(shell("grep -c '\"kind\":\"audit\"' " + path("side.html")).out, "1\n") << "side by side, as ever";
  expect_refused(report({"1.db", "2.db", "3.db"}, {"--format", "html", "--summary", "--out", path("2.db")}),
                 2, "would be written over");
}

TEST_F(SummaryCommand, MixesAreRefused) {
  expect_refused(report({"1.db", "2.db", "method.db"}), 2,
                 "1.db (there) and method.db (here) cannot be summarised together: settings.method.name: "
                 "\"deep_taylor\" there, \"gradient\" here");
  expect_refused(report({"1.db", "2.db"}), 2, "3 trainings or more, and there are 2");
  expect_refused(report({"1.db"}, {"--summary"}), 2, "and there is 1");
  expect_refused(report({"1.db", "2.db", "1.db"}), 2, "1.db is given twice");
  expect_refused(report({"1.db", "2.db", "again.db"}), 2, "1.db and again.db are audits of one network");
}

TEST_F(SummaryCommand, WhatASummaryDoesNotHaveIsRefused) {
  const std::vector<std::string> three = {"1.db", "2.db", "3.db"};
  expect_refused(report(three, {"--summary", "--format", "png"}), 2, "text, json or html, not png");
  expect_refused(report(three, {"--summary", "--format", "csv", "--table", "sweep"}), 2, "not csv");
  expect_refused(report(three, {"--format", "csv", "--table", "sweep"}), 2, "--format csv is of one run");
  expect_refused(report(three, {"--table", "sweep"}), 2, "--table is of --format csv");
  expect_refused(report(three, {"--model", path("1.db")}), 2, "--model and --rules are of the page");
  expect_refused(report(three, {"--score", "logit"}), 2, "--score is of an evaluation");
  expect_refused(report(three, {"--replicates", "5"}), 2, "5 bootstrap replicates");
}

TEST_F(SummaryCommand, ADamagedOrMissingRunIsAnError) {
  expect_refused(report({"1.db", "2.db", "damaged.db"}), 4, "damaged.db");
  expect_refused(report({"1.db", "2.db", "absent.db"}), 5, "absent.db");
}

TEST_F(SummaryCommand, AReportIsNotWrittenOverItsRun) {
  expect_refused(report({"4.db"}, {"--out", path("4.db")}), 2, "would be written over");
  expect_refused(report({"1.db", "2.db", "3.db"}, {"--out", path("2.db")}), 2, "would be written over");
  EXPECT_EQ(report({"4.db"}).status, 0) << "it is still there";
}

}  // namespace
}  // namespace relevid::testing
