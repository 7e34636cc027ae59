// SPDX-License-Identifier: Apache-2.0
// Every setting of a method, from the command line to where people read it: the record and the page of an
// explanation, the run and the page of an audit, and back from the run's record.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "cli/page_data.h"
#include "cli/program.h"
#include "relevid/explanation_files.h"
#include "support/other_settings.h"

namespace relevid {
namespace {

using nlohmann::json;
namespace cli = ::relevid::testing;

/// Between them these listen to every setting.
constexpr const char* kMethods[] = {
    "deep_taylor", "selective_relevance",   "integrated_gradients", "smoothgrad",    "occlusion_time",
    "rise",        "extremal_perturbation", "temporal_mask",        "shapley_frames"};

json parsed_file(const std::filesystem::path& path) {
  std::ifstream file(path);
  return json::parse(file);
}

json page_data(const std::filesystem::path& path) {
  std::ifstream file(path);
  return cli::page_data({std::istreambuf_iterator<char>(file), {}});
}

class Settings : public ::testing::TestWithParam<const char*> {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<cli::ScratchFolder>();
    if (!cli::has_ffmpeg()) return;
    std::filesystem::create_directories(*folder_ / "data/a");
    cli::make_small_c3d(path("c3d.onnx"));
    cli::make_video(path("data/a/film.mp4"), 20, "48x48");
    cli::write_bytes(*folder_ / "rules.json", R"([{"operator": "Dense", "rule": "epsilon"}])");
  }
  static void TearDownTestSuite() { folder_.reset(); }
  void SetUp() override {
    if (!cli::has_ffmpeg()) GTEST_SKIP() << "the ffmpeg program is not there";
  }
  static std::string path(const std::string& name) { return (*folder_ / name).string(); }

  /// Every setting that the method listens to, by its option, with another value than the default; puts what
  /// records shall say into `expected`.
  static std::vector<std::string> options(const std::string& method, json& expected) {
    std::vector<std::string> arguments = {"--method", method, "--threads", "1"};
    MethodOptions made;
    for (const MethodField& field : method_fields()) {
      if (!field.is_taken_by(method)) continue;
      std::string text = testing::other_text(field);
      if (field.name == "layer") text = "conv3a";
      if (field.name == "rules_file") text = path("rules.json");
      if (text.empty()) continue;
      field.set_text(made, text);
      arguments.insert(arguments.end(), {std::string(field.option), text});
      if (field.effect == MethodField::Effect::kSpeed || field.name == "rules_file") continue;
      std::visit(
          [&](const auto& value) {
            if constexpr (!std::is_same_v<std::decay_t<decltype(value)>, std::optional<int64_t>>)
              expected[std::string(field.name)] = value;
          },
          field.get(made));
    }
    return arguments;
  }

  static void expect_holds(const json& record, const json& expected, const std::string& method,
                           const std::string& where) {
    EXPECT_EQ(record.value("name", ""), method) << where;
    for (const auto& [name, value] : expected.items())
      EXPECT_EQ(record.value(name, json()), value) << name << " in " << where;
    if (method == "deep_taylor") {
      EXPECT_EQ(record.value("rules_sha256", "").size(), 64U) << where;
    }
  }

  static std::unique_ptr<cli::ScratchFolder> folder_;
};
std::unique_ptr<cli::ScratchFolder> Settings::folder_;

TEST_P(Settings, ReachRecordRunAndPages) {
  const std::string method = GetParam();
  json expected = json::object();
  std::vector<std::string> explain = {"explain",
                                      path("c3d.onnx"),
                                      path("data/a/film.mp4"),
                                      "--out",
                                      path(method),
                                      "--no-film",
                                      "--no-null-profile",
                                      "--against",
                                      "2",
                                      "--target",
                                      "1"};
  const auto settings = options(method, expected);
  explain.insert(explain.end(), settings.begin(), settings.end());
  const auto explained = cli::relevid(explain);
  ASSERT_EQ(explained.status, 0) << explained.err;
  EXPECT_EQ(explained.err.find("no effect"), std::string::npos) << explained.err;
  json with_contrast = expected;
  with_contrast["contrast"] = 2;
  expect_holds(parsed_file(*folder_ / method / "film.json")["settings"]["method"], with_contrast, method,
               "the explanation's record");

  std::vector<std::string> audit = {
      "audit",      path("c3d.onnx"), path("data"),  "--out", path(method + ".db"), "--intervals", "1",
      "--controls", "none",           "--num-clips", "1"};
  audit.insert(audit.end(), settings.begin(), settings.end());
  const auto audited = cli::relevid(audit);
  ASSERT_EQ(audited.status, 0) << audited.err;
  const auto report = cli::relevid({"report", path(method + ".db"), "--format", "json"});
  ASSERT_EQ(report.status, 0) << report.err;
  expect_holds(json::parse(report.out)["run"]["settings"]["method"], expected, method, "the run");

  if (!has_page()) return;
  expect_holds(page_data(*folder_ / method / "film.html")["explanations"][0]["settings"], with_contrast,
               method, "the explanation's page");
  std::vector<std::string> page = {"report",  path(method + ".db"), "--format",  "html",
                                   "--model", path("c3d.onnx"),     "--threads", "1"};
  if (method_field("rules_file").is_taken_by(method))
    page.insert(page.end(), {"--rules", path("rules.json")});
  const auto drawn = cli::relevid(page);
  ASSERT_EQ(drawn.status, 0) << drawn.err;
  const json data = page_data(path(method + ".html"));
  expect_holds(data["runs"][0]["report"]["run"]["settings"]["method"], expected, method, "the audit's page");
  // The extreme clip is explained by what the run's record says.
  ASSERT_EQ(data["runs"][0]["extremes"]["strongest"].size(), 1U);
  for (const json& extreme : data["runs"][0]["extremes"]["strongest"])
    expect_holds(extreme["explanation"]["explanations"][0]["settings"], expected, method, "an extreme clip");
}

INSTANTIATE_TEST_SUITE_P(Methods, Settings, ::testing::ValuesIn(kMethods),
                         [](const auto& method) { return std::string(method.param); });

TEST(SettingsOfAllMethods, AreCoveredByTheMethodsAbove) {
  for (const MethodField& field : method_fields()) {
    EXPECT_TRUE(std::ranges::any_of(kMethods, [&](const char* name) { return field.is_taken_by(name); }))
        << field.name;
  }
}

TEST(SettingsOfAllMethods, WithoutEffectAreWarnedOf) {
  if (!cli::has_ffmpeg()) GTEST_SKIP() << "the ffmpeg program is not there";
  cli::ScratchFolder folder;
  const std::string model = (folder / "c3d.onnx").string(), video = (folder / "film.mp4").string();
  cli::make_small_c3d(model);
  cli::make_video(video, 16, "48x48");
  const auto outcome = cli::relevid({"explain", model, video, "--out", (folder / "out").string(), "--no-film",
                                     "--no-page", "--method", "gradient", "--noise", "0.3"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_NE(outcome.err.find("--noise has no effect on gradient; it is for smoothgrad"), std::string::npos)
      << outcome.err;
}

}  // namespace
}  // namespace relevid
