// SPDX-License-Identifier: Apache-2.0
// One truth in all pictures: sheet, overlay video, page, record and archive of one explanation agree.
#include "api/pictures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/inotify.h>
#include <unistd.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>
#include <stdexcept>

#include "api/appearance.h"
#include "api/explained_video.h"
#include "base/atomic_file.h"
#include "relevid/npz.h"

namespace relevid {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using testing::kFrames;
using testing::make_video;

class Pictures : public testing::ExplainedVideo {
 protected:
  json page_of(const std::vector<Explanation>& all) const {
    return json::parse(page_json(all, *model_, options_));
  }
  json record_of(const Explanation& e) const { return json::parse(to_json(e, *model_, options_)); }
};

/// The percentile as NumPy's linear one: between the two order statistics next to it.
double percentile_of(std::vector<double> values, double percentile) {
  std::ranges::sort(values);
  const double place = percentile / 100 * static_cast<double>(values.size() - 1);
  const auto below = static_cast<size_t>(place);
  const double above = values[std::min(below + 1, values.size() - 1)];
  return values[below] + (above - values[below]) * (place - static_cast<double>(below));
}

TEST_F(Pictures, HaveOneScaleThatTheArchiveGivesToo) {
  options_.overlay_video = OutputOptions::OverlayVideo::kSkip;
  const auto explained = explain(video_, {"deep_taylor", "gradient", "grad_cam"});
  write_explanations(explained, *model_, options_, {});
  for (const double percentile : {99.5, 60.0, 99.95}) {
    options_.percentile = percentile;
    const json page = page_of(explained);
    for (size_t i = 0; i < explained.size(); ++i) {
      const Explanation& e = explained[i];
      const json scale = page["explanations"][i]["scale"], record = record_of(e)["scale"];
      const double limit = record["limit"];
      EXPECT_EQ(record["percentile"], percentile);
      EXPECT_EQ(scale["limit"], limit) << e.name_in_run;
      EXPECT_EQ(explanation_figure(e, options_).contents.scale.limit, limit);
      EXPECT_EQ(overlay_contents(e, options_).scale.limit, limit);
      const json own = page["explanations"][i]["scale"]["percentiles"];
      const auto place = std::ranges::find(own, json(percentile)) - own.begin();
      EXPECT_EQ(scale["limits"][static_cast<size_t>(place)], limit);

      const auto relevance =
          read_npz(folder_ / ("out/v" + e.name_in_run + ".npz")).at("relevance").as_doubles();
      const size_t volume = relevance.size() / e.plans.size() / 3;
      std::vector<double> sizes(relevance.size() / 3);
      for (size_t k = 0; k < sizes.size(); ++k) {
        const size_t at = k / volume * 3 * volume + k % volume;
        sizes[k] = std::fabs(relevance[at] + relevance[at + volume] + relevance[at + 2 * volume]);
      }
      EXPECT_NEAR(percentile_of(sizes, percentile), limit, 1e-5 * limit) << e.name_in_run;
    }
  }
}

/// How often a file is opened while one of these lives.
class Opens {
 public:
  explicit Opens(const std::filesystem::path& file) : queue_(::inotify_init1(IN_NONBLOCK)) {
    // Closing is watched as well, since equal events that follow each other become one.
    if (queue_ < 0 || ::inotify_add_watch(queue_, file.c_str(), IN_OPEN | IN_CLOSE_NOWRITE) < 0)
      throw std::runtime_error("inotify does not watch " + file.string());
  }
  ~Opens() { ::close(queue_); }
  Opens(const Opens&) = delete;
  Opens& operator=(const Opens&) = delete;

  /// Since the last call.
  int64_t count() {
    int64_t opens = 0;
    inotify_event event;
    while (::read(queue_, &event, sizeof event) == sizeof event) opens += (event.mask & IN_OPEN) != 0 ? 1 : 0;
    return opens;
  }

 private:
  int queue_;
};

TEST_F(Pictures, TakeTheVideoInOnePassForAllExplanations) {
  Opens opens(video_ / "005.ppm");
  const auto three = explain(video_, {"deep_taylor"});
  ASSERT_EQ(three.size(), 3U);
  EXPECT_EQ(opens.count(), 2) << "once to count frames, once for the clips";
  write_explanations(three, *model_, options_, {});
  EXPECT_EQ(opens.count(), 1);
  options_.overlay_video = OutputOptions::OverlayVideo::kSkip;
  write_explanations(three, *model_, options_, {});
  EXPECT_EQ(opens.count(), 1);
  options_.overlay_video = OutputOptions::OverlayVideo::kWrite;
  const auto six = explain(video_, {"deep_taylor", "gradient"});
  ASSERT_EQ(six.size(), 6U);
  opens.count();
  write_explanations(six, *model_, options_, {});
  EXPECT_EQ(opens.count(), 1);
}

TEST_F(Pictures, AreTheSameHoweverManyAreDrawnTogether) {
  const auto all = explain(video_, {"deep_taylor"});
  options_.video.threads = 1;
  write_explanations(all, *model_, options_, {});
  OutputOptions alone = options_;
  alone.folder = folder_ / "alone";
  for (const size_t i : {size_t{0}, all.size() - 1}) {
    write_explanations(std::span(all).subspan(i, 1), *model_, alone, {});
    for (const char* extension : {".png", ".mp4", ".npz"}) {
      EXPECT_TRUE(read_file(output_file(all[i], options_, extension)) ==
                  read_file(output_file(all[i], alone, extension)))
          << all[i].name_in_run << extension;
    }
  }
}

TEST_F(Pictures, HaveOneColourMapByTheMethod) {
  const auto explained = explain(video_, {"deep_taylor", "gradient", "grad_cam", "epsilon_plus"});
  const json page = page_of(explained);
  for (size_t i = 0; i < explained.size(); ++i) {
    const Explanation& e = explained[i];
    const bool is_signed = e.method == "gradient" || e.method == "epsilon_plus" || e.is_signed;
    const std::string expected = is_signed ? "coldnhot" : "inferno";
    const OverlayContents video = overlay_contents(e, options_);
    EXPECT_EQ(name(explanation_figure(e, options_).contents.colors), expected) << e.name_in_run;
    EXPECT_EQ(name(video.colors), expected);
    EXPECT_EQ(video.scale.sign, is_signed ? RelevanceSign::kSigned : RelevanceSign::kUnsigned);
    EXPECT_EQ(record_of(e)["scale"]["colors"], expected);
    EXPECT_EQ(page["explanations"][i]["colors"], expected);
  }
}

TEST_F(Pictures, AColourMapThatIsAskedForHidesNoSign) {
  EXPECT_EQ(colors_for(RelevanceSign::kSigned, "auto"), ColorMap::kColdNHot);
  EXPECT_EQ(colors_for(RelevanceSign::kUnsigned, "auto"), ColorMap::kInferno);
  EXPECT_EQ(colors_for(RelevanceSign::kUnsigned, "viridis"), ColorMap::kViridis);
  EXPECT_EQ(colors_for(RelevanceSign::kSigned, "viridis"), ColorMap::kColdNHot);
  EXPECT_EQ(colors_for(RelevanceSign::kSigned, "bwr"), ColorMap::kBwr);
  EXPECT_EQ(colors_for(RelevanceSign::kUnsigned, "bwr"), ColorMap::kBwr);
  options_.color_map = "seismic";
  const auto explained = explain(video_, {"deep_taylor", "gradient"});
  for (const json& shown : page_of(explained)["explanations"]) EXPECT_EQ(shown["colors"], "seismic");
}

TEST_F(Pictures, MethodsThatAreSaidToBeNeverNegativeAreNot) {
  settings_.sampling.stride = 12;
  int64_t looked_at = 0;
  for (const std::string& name : methods()) {
    MethodOptions options = method(name);
    options.iterations = 2;
    if (method_traits(options).can_be_negative || name == "gradient_attention")
      continue;  // C3D does not attend
    for (const Explanation& e : explain_by(video_, std::vector{options})) {
      const auto logits = e.logits.values<float>();
      const size_t classes = logits.size() / e.plans.size();
      bool positive = true;
      for (size_t n = 0; n < e.plans.size(); ++n)
        positive = positive && logits[n * classes + static_cast<size_t>(e.target)] > 0;
      if (!positive) continue;
      const auto values = e.relevance.values<float>();
      const float largest = *std::ranges::max_element(values), least = *std::ranges::min_element(values);
      EXPECT_GE(least, -1e-6F * largest) << name;
      ++looked_at;
    }
  }
  EXPECT_GE(looked_at, 7) << "all classes have negative scores";
}

TEST_F(Pictures, TraitsFollowRulesContrastAndLayer) {
  MethodOptions options = method("deep_taylor");
  EXPECT_FALSE(method_traits(options).can_be_negative);
  EXPECT_TRUE(method_traits(options).has_null_profile);
  options.contrast = 1;
  EXPECT_TRUE(method_traits(options).can_be_negative);
  options = method("deep_taylor");
  options.rules_file = "rules.json";
  EXPECT_TRUE(method_traits(options).can_be_negative);
  options = method("deep_taylor");
  options.layer = "conv1";
  EXPECT_FALSE(method_traits(options).has_null_profile);
  options = method("selective_relevance");
  EXPECT_FALSE(method_traits(options).can_be_negative);
  options.relevance = "epsilon_plus";
  EXPECT_TRUE(method_traits(options).can_be_negative);
}

TEST_F(Pictures, TheNullLineIsForRelevanceThatGoesBackToTheInput) {
  const auto explained = explain(video_, {"deep_taylor", "grad_cam", "occlusion_time", "gradient"});
  const json page = page_of(explained);
  EXPECT_EQ(page["null_profile"].size(), static_cast<size_t>(kFrames));
  for (size_t i = 0; i < explained.size(); ++i) {
    const Explanation& e = explained[i];
    const bool goes_back = e.method == "deep_taylor" || e.method == "gradient";
    EXPECT_EQ(page["explanations"][i]["has_null_profile"], goes_back) << e.method;
    EXPECT_EQ(record_of(e).contains("null_profile"), goes_back) << e.method;
    for (const FigureFrame& frame : explanation_figure(e, options_).contents.frames)
      EXPECT_EQ(std::isfinite(frame.null_share), goes_back) << e.method;
    const OverlayContents video = overlay_contents(e, options_);
    EXPECT_EQ(std::ranges::any_of(video.curve, [](const auto& p) { return std::isfinite(p.null_share); }),
              goes_back);
  }
  EXPECT_TRUE(page_of(explain(video_, {"grad_cam"}))["null_profile"].is_null());
}

TEST_F(Pictures, HaveOneBorder) {
  EXPECT_EQ(border_frames(1), 1);
  EXPECT_EQ(border_frames(8), 1);
  EXPECT_EQ(border_frames(15), 1);
  EXPECT_EQ(border_frames(16), 2);
  EXPECT_EQ(border_frames(50), 6);
  settings_.sampling.stride.reset();
  const Explanation e = std::move(explain(video_, {"deep_taylor"}).front());
  EXPECT_EQ(record_of(e)["border_frames"], border_frames(kFrames));
  EXPECT_EQ(page_of(explain(video_, {"deep_taylor"}))["border_frames"], border_frames(kFrames));
  const FigureContents sheet = explanation_figure(e, options_).contents;
  EXPECT_EQ(sheet.border_frames, border_frames(kFrames));
  ASSERT_EQ(std::ssize(sheet.frames), kFrames);
  const OverlayContents video = overlay_contents(e, options_);
  EXPECT_EQ(video.border_frames, border_frames(kFrames));
  for (int64_t t = 0; t < kFrames; ++t) {
    const FigureFrame& frame = sheet.frames[static_cast<size_t>(t)];
    EXPECT_EQ(frame.at_border, t == 0 || t == kFrames - 1) << t;
    EXPECT_EQ(video.curve[static_cast<size_t>(frame.source_index)].at_border, frame.at_border) << t;
  }
}

TEST_F(Pictures, AFrameThatTheClipRepeatsCountsOnce) {
  settings_.sampling.stride.reset();
  const auto input = make_video(folder_, "short", 5);
  auto explained = explain(input, {"null_profile"});
  Explanation& e = explained.front();
  std::ranges::fill(e.frame_share.values<float>(), 1.0F / kFrames);  // an even map
  const FigureContents sheet = explanation_figure(e, options_).contents;
  ASSERT_EQ(sheet.frames.size(), 5U);
  for (const FigureFrame& frame : sheet.frames) EXPECT_NEAR(frame.share, sheet.even_share, 1e-6);
  for (const CurvePoint& point : overlay_contents(e, options_).curve)
    EXPECT_NEAR(point.share, sheet.even_share, 1e-6);
  EXPECT_THAT(
      sheet.repeated,
      HasSubstr("3 of the clip's 8 frames repeat another: the video (5 frames) ends before the clip does."));
  const json record = record_of(e)["repeated_frames"];
  EXPECT_EQ(record["copies"], 3);
  EXPECT_EQ(record["clips"], 1);
  EXPECT_EQ(record["of"], kFrames);
  EXPECT_THAT(sheet.repeated, HasSubstr(record["sentence"].get<std::string>()));
  EXPECT_EQ(page_of(explained)["repeated_frames"], record);

  const auto whole = explain(video_, {"null_profile"});
  EXPECT_EQ(explanation_figure(whole.front(), options_).contents.repeated, "");
  EXPECT_TRUE(record_of(whole.front())["repeated_frames"].is_null());
}

TEST_F(Pictures, ARepeatedFramesMapIsTheMeanOfItsCopies) {
  settings_.sampling.stride.reset();
  const auto explained = explain(make_video(folder_, "short", 5), {"deep_taylor"});
  const Explanation& e = explained.front();
  const ExplanationFigure figure = explanation_figure(e, options_);
  const auto shares = e.frame_share.values<float>();
  double mean = 0;
  for (size_t t = 4; t < kFrames; ++t) mean += static_cast<double>(shares[t]) / (kFrames - 4);
  EXPECT_NEAR(figure.contents.frames[4].share, mean, 1e-6);
  const auto combined = read_npz([&] {
    options_.overlay_video = OutputOptions::OverlayVideo::kSkip;
    write_explanations(explained, *model_, options_, {});
    return folder_ / ("out/v" + e.name_in_run + ".npz");
  }());
  EXPECT_NEAR(combined.at("covered_share").as_doubles()[4], mean, 1e-6);
}

}  // namespace
}  // namespace relevid
