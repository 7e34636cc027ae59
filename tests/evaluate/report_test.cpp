// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "base/random.h"
#include "evaluate/small_evaluation.h"
#include "relevid/evaluate_report.h"
#include "run/database.h"

namespace relevid {
namespace {

using ::testing::DoubleNear;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::ScratchFolder;

/// A run of made-up curves: the score falls from 1 by what the method is worth, by the video and by chance.
class EvaluationReport : public ::testing::Test {
 protected:
  using Worth = std::vector<std::pair<std::string, double>>;

  void write(const Worth& worth, int64_t videos, double noise) {
    DataSet data;
    data.rows.resize(static_cast<size_t>(videos));
    auto options = testing::evaluation_options();
    auto manifest = testing::evaluation_manifest(data, options);
    manifest.settings = settings_;
    evaluate::Store store(path_, manifest);
    Random random(1);
    for (int64_t v = 0; v < videos; ++v) {
      auto entry = store.begin(v);
      entry.put(evaluate::ClipRow{0, 0, {0, 1, 2, 3}, target_, 2, 1, 1});  // class 1 is predicted
      for (const auto& [method, value] : worth) {
        const double fall = value + noise * random.normal();
        entry.put(0, {method, "cells", "blur", "most", {2, 1 - fall, 0}, {1, 0.5 - fall, end_}});
        entry.put(0, {method, "cells", "blur", "least", {2, 1 + fall, 0}, {1, 0.5 + fall, end_}});
        entry.put(0, {method, "area", "", 0.125});
        entry.put(0, {method, "share_inside", "", method == "good" ? 0.5 : 0.125});
      }
      run::VideoRow row;
      row.index = v;
      row.name = "a,b";
      row.label = label_of_(v);
      row.sha256 = fmt::format("{}", v);
      entry.commit(row);
    }
  }
  std::string report(EvaluationReportOptions options = {}) {
    std::string text;
    write_evaluation_report(path_, options, [&](std::string_view piece) { text += piece; });
    return text;
  }
  nlohmann::json json(EvaluationReportOptions options = {}) {
    options.format = EvaluationReportOptions::Format::kJson;
    return nlohmann::json::parse(report(options));
  }

  const Worth usual_ = {{"fair", 0.1}, {"good", 0.3}, {"random", 0}, {"centre_prior", 0.05}};
  double end_ = 0;
  std::string settings_ = R"({"methods": [{"name": "good"}, {"name": "fair"}]})";
  int64_t target_ = 1;  ///< the class that is explained
  std::function<int64_t(int64_t)> label_of_ = [](int64_t) { return kUnlabelled; };
  ScratchFolder folder_;
  std::filesystem::path path_ = folder_ / "run.db";
};

TEST_F(EvaluationReport, RanksByAbpcWithIntervals) {
  write(usual_, 40, 0.02);
  const auto all = json();
  const auto& ranking = all["flippings"][0]["ranking"];
  EXPECT_EQ(ranking[0]["method"], "good");
  EXPECT_EQ(ranking[1]["method"], "fair");
  EXPECT_EQ(ranking[2]["method"], "centre_prior");
  EXPECT_EQ(ranking[3]["method"], "random");
  // ABPC is a third of twice the fall; its interval about 2 · 2/3 · 0.02 / √40 each way.
  const auto& abpc = ranking[0]["abpc"];
  EXPECT_NEAR(abpc["value"].get<double>(), 0.2, 0.01);
  EXPECT_NEAR(abpc["high"].get<double>() - abpc["low"].get<double>(), 4 * 2 / 3.0 * 0.02 / std::sqrt(40),
              0.003);
  EXPECT_NEAR(ranking[0]["aopc"]["value"].get<double>(), 0.6, 0.01);
  EXPECT_NEAR(ranking[0]["insertion"]["value"].get<double>() - ranking[0]["deletion"]["value"].get<double>(),
              abpc["value"].get<double>(), 1e-9);
  EXPECT_THAT(ranking[0]["most_first"][1].get<double>(), DoubleNear(0.2, 0.02));
  EXPECT_EQ(all["flippings"][0]["told_apart"], 1);
  EXPECT_TRUE(all["flippings"][0]["warnings"].empty());
  EXPECT_TRUE(all["warnings"].empty());
  EXPECT_THAT(report(), Not(HasSubstr("warning")));
}

TEST_F(EvaluationReport, BeginsWithAccuracyAgainstChance) {
  label_of_ = [](int64_t video) { return video % 2; };
  write(usual_, 40, 0.02);
  const std::string text = report();
  EXPECT_THAT(text,
              HasSubstr("\n  Accuracy: Not distinguishable from chance: 20 of 40 labelled videos right"));
  EXPECT_LT(text.find("Accuracy:"), text.find("40 of 40 videos"));
  EXPECT_THAT(text, HasSubstr("a model that has learned nothing"));
  EXPECT_THAT(text, HasSubstr("Never predicted, of 2 classes that label a video: 0"));
  const auto chance = json()["chance"];
  EXPECT_EQ(chance["skill"], "at_chance");
  EXPECT_EQ(chance["constant_share"], 0.5);
  EXPECT_EQ(chance["never_predicted"].size(), 1);
}

TEST_F(EvaluationReport, HoldsTheConstantPredictorAgainstTheModel) {
  label_of_ = [](int64_t video) { return video < 35 ? 1 : video % 5 == 0 ? 0 : 2; };
  write(usual_, 40, 0.02);  // right in 35 of 40, as the constant predictor
  EXPECT_EQ(json()["chance"]["skill"], "at_chance");
  EXPECT_EQ(json()["flippings"][0]["ranking"][0]["method"], "good");
}

TEST_F(EvaluationReport, DoesNotKnowTheAccuracyWithoutLabelsOrPredictions) {
  write(usual_, 12, 0.02);
  EXPECT_THAT(report(), HasSubstr("Accuracy: Unknown: no video that was used has a label."));
}

TEST_F(EvaluationReport, DoesNotTakeTheExplainedLabelForAPrediction) {
  label_of_ = [](int64_t) { return 0; };
  target_ = 0;
  settings_ = R"({"methods": [{"name": "good"}, {"name": "fair"}], "target": "label"})";
  write(usual_, 12, 0.02);
  EXPECT_EQ(json()["chance"]["right"], 0);
  EXPECT_EQ(json()["chance"]["labelled"], 12);
}

TEST_F(EvaluationReport, LogitsBeyondTheBootstrapsRangeAreScaledExactly) {
  write({{"fair", 30}, {"good", 60}, {"random", 0}, {"centre_prior", 1}}, 12, 0);
  EvaluationReportOptions options;
  options.score = EvaluationReportOptions::Score::kLogit;
  EXPECT_NEAR(json(options)["flippings"][0]["ranking"][0]["abpc"]["value"].get<double>(), 40, 1e-6);
}

TEST_F(EvaluationReport, SaysWhereItCannotTell) {
  write({{"fair", 0.001}, {"good", -0.001}, {"random", 0}, {"centre_prior", 0.05}}, 20, 0.1);
  const std::string text = report();
  EXPECT_THAT(text, HasSubstr("ranks no method above another on these 20 videos"));
  EXPECT_THAT(text, HasSubstr("a random order is not last; below it:"));
  EXPECT_THAT(text, HasSubstr("no significant difference"));
}

TEST_F(EvaluationReport, SaysWhereAMethodIsWorseThanChance) {
  write({{"fair", -0.2}, {"good", 0.2}, {"random", 0}, {"centre_prior", 0.1}}, 20, 0.01);
  EXPECT_THAT(report(), HasSubstr("fair (-0.13"));
  EXPECT_THAT(report(), HasSubstr("worse than chance"));
}

TEST_F(EvaluationReport, SaysWhereFillingChangesLittle) {
  end_ = 0.95;
  write(usual_, 20, 0.01);
  EXPECT_THAT(report(), HasSubstr("with everything flipped the model still gives 0.950, of 1.000"));
}

TEST_F(EvaluationReport, FewVideosAreNotTrusted) {
  write(usual_, 4, 0.01);
  EXPECT_THAT(report(), HasSubstr("4 videos: intervals of fewer than 10 are not to be trusted"));
}

TEST_F(EvaluationReport, SharesAreSetAgainstTheArea) {
  write(usual_, 12, 0.01);
  const std::string text = report();
  EXPECT_THAT(text, HasSubstr("the objects are 0.125 of the area"));
  EXPECT_THAT(text, HasSubstr("4.000"));
  EvaluationReportOptions options;
  options.format = EvaluationReportOptions::Format::kCsv;
  options.table = EvaluationReportOptions::Table::kMeasures;
  EXPECT_THAT(report(options), HasSubstr("share_over_area,,good,12,4,4,4\n"));
}

TEST_F(EvaluationReport, TablesHaveARowForEverything) {
  write(usual_, 12, 0.01);
  const auto lines = [&](EvaluationReportOptions::Table table) {
    EvaluationReportOptions options;
    options.format = EvaluationReportOptions::Format::kCsv;
    options.table = table;
    const std::string text = report(options);
    return std::ranges::count(text, '\n');
  };
  EXPECT_EQ(lines(EvaluationReportOptions::Table::kRanking), 1 + 4);
  EXPECT_EQ(lines(EvaluationReportOptions::Table::kCurves), 1 + 4 * 3);
  EXPECT_EQ(lines(EvaluationReportOptions::Table::kMeasures), 1 + 3 * 4);
  EXPECT_EQ(lines(EvaluationReportOptions::Table::kVideos), 1 + 12 * 4 * (4 + 2));
  EXPECT_THAT(report({EvaluationReportOptions::Format::kCsv, EvaluationReportOptions::Table::kVideos}),
              HasSubstr("\"a,b\",ok,,1,abpc,cells:blur,good,"));
}

TEST_F(EvaluationReport, AWholeRunIsReportedTheSameTwice) {
  const DataSet data = testing::make_dataset(folder_, {14, 2, 5});
  testing::run_evaluation(path_, data);
  const std::string text = report();
  EXPECT_EQ(report(), text);
  EXPECT_THAT(text, HasSubstr("3 of 3 videos, 2 evaluated, 1 too short"));
  EXPECT_THAT(text, HasSubstr("a step later"));
  EXPECT_EQ(json()["flippings"].size(), 2U);
}

TEST_F(EvaluationReport, DamagedRunsAreSaidToBe) {
  write(usual_, 3, 0.01);
  run::Database(path_, {}).execute(
      "DELETE FROM curve WHERE first = 'least' AND method = 'fair' AND video = 1");
  EXPECT_THAT(testing::message_of(ErrorKind::kCorruptInput, [&] { report(); }), HasSubstr("counterpart"));
  run::Database(path_, {}).execute("DELETE FROM curve WHERE method = 'fair'");
  EXPECT_THAT(testing::message_of(ErrorKind::kCorruptInput, [&] { report(); }), HasSubstr("cells:blur"));
  EvaluationReportOptions options;
  options.replicates = 10;
  testing::message_of(ErrorKind::kInvalidArgument, [&] { report(options); });
  EXPECT_THAT(testing::message_of(ErrorKind::kInvalidArgument, [] { evaluation_table("rankings"); }),
              HasSubstr("did you mean"));
}

}  // namespace
}  // namespace relevid
