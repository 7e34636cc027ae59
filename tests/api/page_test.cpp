// SPDX-License-Identifier: Apache-2.0
// The page's data against docs/dev/page-data.md, NAME.json and NAME.npz.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "api/explained_video.h"
#include "audit/small_run.h"
#include "base/atomic_file.h"
#include "relevid/audit.h"
#include "relevid/audit_page.h"
#include "relevid/create.h"
#include "relevid/explanation_files.h"
#include "relevid/npz.h"
#include "support/base64.h"

namespace relevid {
namespace {

using nlohmann::json;
using testing::from_base64;
using ::testing::HasSubstr;
using testing::inflated;
using testing::message_of;
using testing::ScratchFolder;

using testing::kFrames;
using testing::kSide;
using testing::make_model;
using testing::make_video;
using ExplanationPage = testing::ExplainedVideo;

TEST_F(ExplanationPage, AgreesWithTheRecordsAndTheArrays) {
  const auto explained = explain(video_, {"deep_taylor", "gradient"});
  options_.overlay_video = OutputOptions::OverlayVideo::kSkip;
  write_explanations(explained, *model_, options_, {});
  const json page = json::parse(page_json(explained, *model_, options_));
  EXPECT_EQ(page["relevid_page"], 1);
  EXPECT_EQ(page["kind"], "explanation");
  EXPECT_EQ(page["title"], "<img src=x onerror=alert(1)>");
  EXPECT_EQ(page["border_frames"], 1);
  EXPECT_EQ(page["frames"]["size"], json({kSide, kSide}));
  EXPECT_EQ(page["frames"]["list"].size(), 20U);  // shared by clips that overlap
  ASSERT_EQ(page["null_profile"].size(), static_cast<size_t>(kFrames));
  ASSERT_EQ(page["explanations"].size(), explained.size());
  for (size_t i = 0; i < explained.size(); ++i) {
    const json& shown = page["explanations"][i];
    const std::string name = "v" + explained[i].name_in_run;
    const json record = json::parse(read_file(folder_ / ("out/" + name + ".json")));
    EXPECT_EQ(shown["method"], record["method"]);
    EXPECT_EQ(shown["target"], record["target"]);
    EXPECT_EQ(shown["share_of"], record["share_of"]);
    EXPECT_EQ(shown["colors"], record["scale"]["colors"]);
    EXPECT_EQ(page["border_frames"], record["border_frames"]);
    EXPECT_EQ(page["repeated_frames"], record["repeated_frames"]);
    EXPECT_EQ(page["prediction"], record["prediction"]);
    EXPECT_EQ(page["model"], record["model"]);
    EXPECT_EQ(page["video"], record["video"]);
    EXPECT_EQ(page["null_profile"], record["null_profile"]);
    for (size_t n = 0; n < shown["clips"].size(); ++n) {
      const json &clip = shown["clips"][n], &same = record["clips"][n];
      for (const char* key :
           {"offset", "frame_share", "relevance_sum", "target_logit", "top1", "conservation"})
        EXPECT_EQ(clip[key], same[key]) << key;
      EXPECT_EQ(clip["layers"], record["layers"][n]);
      for (size_t t = 0; t < kFrames; ++t) {
        const json& frame = page["frames"]["list"][clip["frames"][t].get<size_t>()];
        EXPECT_EQ(frame["index"], same["frame_indices"][t]);
        EXPECT_EQ(frame["seconds"], same["times"][t]);
      }
    }
    const auto arrays = read_npz(folder_ / ("out/" + name + ".npz"));
    const auto relevance = arrays.at("relevance").as_doubles();
    const double limit = shown["maps"]["limit"];
    const size_t volume = kFrames * kSide * kSide;
    double largest = 0;
    for (size_t n = 0; n < shown["clips"].size(); ++n) {
      const std::string q = inflated(from_base64(shown["maps"]["clips"][n].get<std::string>()), volume);
      for (size_t k = 0; k < volume; ++k) {
        double sum = 0;
        for (size_t c = 0; c < 3; ++c) sum += relevance[(n * 3 + c) * volume + k];
        largest = std::max(largest, std::fabs(sum));
        const double back = testing::relevance_of(q[k], limit);
        ASSERT_LE(std::fabs(std::sqrt(std::fabs(back) / limit) - std::sqrt(std::fabs(sum) / limit)),
                  0.5 / 127 + 1e-4);
      }
    }
    EXPECT_NEAR(limit, largest, 1e-5 * largest);
  }
}

TEST_F(ExplanationPage, SeveralMethodsFindWhatEachFindsAlone) {
  const auto together = explain(video_, {"deep_taylor", "gradient", "epsilon_plus"});
  std::set<std::string> names;
  for (const Explanation& e : together) {
    names.insert(e.name_in_run);
    for (const Explanation& alone : explain(video_, {e.method})) {
      if (alone.target != e.target) continue;
      EXPECT_EQ(alone.relevance.as_doubles(), e.relevance.as_doubles()) << e.name_in_run;
      EXPECT_EQ(alone.name_in_run, fmt::format(".target-{}", e.target));
    }
  }
  EXPECT_EQ(names.size(), together.size());
  EXPECT_TRUE(names.contains(".method-gradient.target-0"));
}

TEST_F(ExplanationPage, BeyondItsLimitEvenlyChosenClipsKeepTheirPictures) {
  const auto explained = explain(video_, {"deep_taylor"});  // clips at 0, 4, 8, 12
  const auto kept = [&](int64_t limit) {
    options_.page_limit_bytes = limit;
    const json page = json::parse(page_json(explained, *model_, options_));
    std::vector<int> clips;
    for (const json& shown : page["explanations"]) {
      clips.clear();
      for (size_t n = 0; n < shown["clips"].size(); ++n) {
        const bool has_map = !shown["maps"]["clips"][n].is_null();
        if (has_map) clips.push_back(static_cast<int>(n));
        EXPECT_EQ(has_map, !shown["clips"][n]["layers"].empty());
        EXPECT_FALSE(shown["clips"][n]["frame_share"].empty());
        if (!has_map) continue;
        for (const json& place : shown["clips"][n]["frames"])
          EXPECT_FALSE(page["frames"]["list"][place.get<size_t>()]["png"].is_null());
      }
    }
    return clips;
  };
  EXPECT_EQ(kept(32 << 20), (std::vector<int>{0, 1, 2, 3}));
  EXPECT_EQ(kept(1), (std::vector<int>{0}));
  const auto some = kept(120'000);
  EXPECT_GE(some.size(), 1U);
  EXPECT_LT(some.size(), 4U);
}

TEST_F(ExplanationPage, ClipsGivenAsNumbersHaveFramesOfTheirOwn) {
  const auto explained = explain(video_, {"deep_taylor"});
  std::map<std::string, Tensor> arrays;
  arrays.emplace("clips", explained[0].clips->clone());
  write_npz(folder_ / "clips.npz", arrays);
  const auto again = explain(folder_ / "clips.npz", {"deep_taylor"});
  const json page = json::parse(page_json(again, *model_, options_));
  EXPECT_TRUE(page["video"].is_null());
  EXPECT_EQ(page["frames"]["list"].size(), 4U * kFrames);
  EXPECT_EQ(page["frames"]["list"][9]["index"], 1);
  EXPECT_TRUE(page["frames"]["list"][9]["seconds"].is_null());
  EXPECT_EQ(page["explanations"][0]["clips"][1]["frames"][0], kFrames);
}

TEST(ExplanationPageSize, OfSixteenFramesAtFullSizeIsBelowThreeMegabytes) {
  constexpr size_t kTemplate = 600'000;
  const ScratchFolder folder;
  CreateOptions create;
  create.classes = 3;
  create.width = 0.03;
  create_model("c3d", folder / "c3d.onnx", create);
  const Model model(folder / "c3d.onnx");
  InputOptions input;
  input.settings = model.find_settings()->settings;
  MethodOptions method;
  method.method = "gradient";
  method.threads = 1;
  const Shape shape = model.clip_shape(input.settings);
  ClipExplainer explainer(model, shape, method, nullptr);
  const auto explained = explain_input(explainer, shape, make_video(folder, "noise", 16, 160), input,
                                       std::vector<TargetChoice>(1), {});
  const std::string text = page_json(explained, model, OutputOptions{});
  EXPECT_EQ(json::parse(text)["frames"]["size"], json({112, 112}));
  EXPECT_LT(text.size() + kTemplate, 3'000'000U);  // noise, which deflates least
}

class AuditPage : public ::testing::Test {
 protected:
  AuditPage() {
    make_model(folder_ / "c3d.onnx", 1);
    const Model model(folder_ / "c3d.onnx");
    data_.class_names = {"a", "b", "c"};
    for (int64_t i = 0; i < 4; ++i) {
      DataRow row;
      row.name = fmt::format("<b>{}</b>", i);
      row.path = make_video(folder_, fmt::format("video{}", i), 12 + i);
      row.label = i % 3;
      data_.rows.push_back(row);
    }
    AuditOptions options;
    options.out = run_;
    options.settings = model.find_settings()->settings;
    options.settings.sampling.num_clips = 2;
    options.intervals = {1};
    options.controls = {AuditControl::kNullProfile};
    options.method.threads = 1;
    run_audit(model, data_, options, {});
    page_options_.threads = 1;
    page_options_.report.replicates = 100;
  }

  json page(const std::vector<std::filesystem::path>& runs) const {
    std::string text;
    write_audit_page_data(runs, page_options_, [&](std::string_view piece) { text += piece; }, {});
    return json::parse(text);
  }

  ScratchFolder folder_;
  DataSet data_;
  std::filesystem::path run_ = folder_ / "run.db";
  AuditPageOptions page_options_;
};

TEST_F(AuditPage, HoldsTheReportOfEveryRun) {
  std::filesystem::copy_file(run_, folder_ / "other.db");
  const json both = page({run_, folder_ / "other.db"});
  EXPECT_EQ(both["kind"], "audit");
  ASSERT_EQ(both["runs"].size(), 2U);
  ReportOptions options = page_options_.report;
  options.format = ReportOptions::Format::kJson;
  EXPECT_EQ(both["runs"][0]["report"], json::parse(audit_report(run_, options)));
  EXPECT_EQ(both["runs"][1]["label"], "other.db");
  EXPECT_EQ(both["runs"][0]["extremes"], both["runs"][1]["extremes"]);
}

TEST_F(AuditPage, RunsOfOneFileNameAreToldApartByTheirFolders) {
  std::vector<std::filesystem::path> runs;
  for (const char* folder : {"before/x", "after/x"}) {
    std::filesystem::create_directories(folder_ / folder);
    std::filesystem::copy_file(run_, folder_ / folder / "run.db");
    runs.push_back(folder_ / folder / "run.db");
  }
  const json both = page(runs);
  EXPECT_EQ(both["runs"][0]["label"], "before/x/run.db");
  EXPECT_EQ(both["runs"][1]["label"], "after/x/run.db");
  EXPECT_EQ(both["title"], "before/x/run.db, after/x/run.db");
  runs = {run_, runs[0], folder_ / "before/../run.db"};
  const json twice = page(runs);
  EXPECT_NE(twice["runs"][0]["label"], "run.db");
  EXPECT_EQ(twice["runs"][2]["label"], twice["runs"][0]["label"].get<std::string>() + " (2)");
}

TEST_F(AuditPage, WithTheModelExtremesHaveMapsThatAgreeWithTheRun) {
  const json alone = page({run_});
  page_options_.models = {folder_ / "c3d.onnx"};
  const json explained = page({run_});
  for (const char* end : {"strongest", "weakest"}) {
    ASSERT_EQ(explained["runs"][0]["extremes"][end].size(), 2U);
    for (size_t i = 0; i < 2; ++i) {
      const json& with = explained["runs"][0]["extremes"][end][i];
      const json& without = alone["runs"][0]["extremes"][end][i];
      EXPECT_TRUE(with["why_not"].is_null()) << with["why_not"];
      EXPECT_EQ(with["border_ratio"], without["border_ratio"]);
      EXPECT_FALSE(without["explanation"]["explanations"][0].contains("maps"));
      EXPECT_FALSE(with["explanation"]["explanations"][0]["maps"]["clips"][0].is_null());
      EXPECT_EQ(with["explanation"]["frames"], without["explanation"]["frames"]);
      EXPECT_EQ(with["explanation"]["null_profile"].size(), static_cast<size_t>(kFrames));
      const json& clip = with["explanation"]["explanations"][0]["clips"][0];
      const json& kept = without["explanation"]["explanations"][0]["clips"][0];
      EXPECT_EQ(clip["frames"], kept["frames"]);
      for (size_t t = 0; t < kFrames; ++t)
        EXPECT_NEAR(clip["frame_share"][t].get<double>(), kept["frame_share"][t].get<double>(), 1e-5);
      EXPECT_NEAR(clip["target_logit"].get<double>(), kept["target_logit"].get<double>(), 1e-5);
    }
  }
}

TEST_F(AuditPage, AVideoThatIsGoneOrAnotherIsNamedWithTheReason) {
  std::filesystem::rename(data_.rows[0].path, folder_ / "moved");
  testing::write_bytes(data_.rows[1].path / "003.ppm", "other");
  const json extremes = page({run_})["runs"][0]["extremes"];
  std::map<int64_t, json> reason;
  for (const char* end : {"strongest", "weakest"})
    for (const json& one : extremes[end]) {
      reason[one["video"]] = one["why_not"];
      EXPECT_EQ(one["why_not"].is_null(), !one["explanation"].is_null());
    }
  ASSERT_EQ(reason.size(), 4U);
  EXPECT_THAT(reason[0].get<std::string>(), HasSubstr("not at"));
  EXPECT_THAT(reason[1].get<std::string>(), HasSubstr("not the video that was audited"));
  EXPECT_TRUE(reason[2].is_null());
}

TEST_F(AuditPage, PicturesThatTakeTooMuchAreMadeSmaller) {
  const auto size = [&] {
    return page({run_})["runs"][0]["extremes"]["strongest"][0]["explanation"]["frames"]["size"];
  };
  EXPECT_EQ(size(), json({kSide, kSide}));
  page_options_.picture_limit_bytes = 40'000;
  EXPECT_LT(size()[0].get<int64_t>(), kSide);
  page_options_.picture_limit_bytes = 1;
  EXPECT_EQ(size(), json({kSide / 8, kSide / 8}));
}

TEST_F(AuditPage, AModelOfNoRunIsRefused) {
  make_model(folder_ / "other.onnx", 2);
  page_options_.models = {folder_ / "other.onnx"};
  EXPECT_THAT(message_of(ErrorKind::kInvalidArgument, [&] { page({run_}); }),
              HasSubstr("other.onnx is not the model of"));
}

TEST_F(AuditPage, IsOneFileWhereTheBuildHasIt) {
  const std::vector<std::filesystem::path> runs = {run_};
  std::string text;
  const auto write = [&] {
    write_audit_page(runs, page_options_, [&](std::string_view piece) { text += piece; }, {});
  };
  if (!has_page()) {
    EXPECT_THAT(message_of(ErrorKind::kInvalidArgument, write), HasSubstr("nodejs"));
    return;
  }
  write();
  EXPECT_THAT(text, HasSubstr("\\u003cb\\u003e0"));
}

TEST_F(AuditPage, ItsChartsAreAPicture) {
  draw_audit_figure(folder_ / "run.png", run_, page_options_.report);
  EXPECT_EQ(read_file(folder_ / "run.png").substr(1, 3), "PNG");
}

}  // namespace
}  // namespace relevid
