// SPDX-License-Identifier: Apache-2.0
#include "relevid/figures.h"

#include <cairo.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <future>
#include <memory>

#include "relevid/error.h"
#include "report/canvas.h"
#include "sample_clip.h"

namespace relevid {
namespace {

using testing::film_of;
using ::testing::HasSubstr;
using testing::moving_disc;
using testing::SampleClip;
using testing::sheet_of;

class Folder : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::path(::testing::TempDir()) /
              fmt::format("relevid_{}_{}", info->test_suite_name(), info->name());
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path folder_;
};

using Sheet = Folder;

template <class Action>
void expect_error(ErrorKind kind, const std::string& part, const Action& action) {
  try {
    action();
    ADD_FAILURE() << "no error; expected one that says '" << part << "'";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    EXPECT_THAT(error.what(), HasSubstr(part));
  }
}

bool is_paper(const Picture& picture, int64_t x, int64_t y) {
  const auto at = static_cast<size_t>(3 * (y * picture.width + x));
  return picture.rgb[at] == 255 && picture.rgb[at + 1] == 255 && picture.rgb[at + 2] == 255;
}

/// The blank margins of a sheet: nothing is cut off at its edges.
void expect_clean_margins(const Picture& picture, int64_t margin) {
  for (int64_t y = 0; y < picture.height; ++y) {
    for (int64_t x = 0; x < margin; ++x) {
      ASSERT_TRUE(is_paper(picture, x, y)) << "left margin at " << x << ", " << y;
      ASSERT_TRUE(is_paper(picture, picture.width - 1 - x, y)) << "right margin at " << x << ", " << y;
    }
  }
}

TEST_F(Sheet, IsAPngOfItsSize) {
  const SampleClip clip = moving_disc(16, 64, 48, RelevanceSign::kSigned);
  const FigureContents contents = sheet_of(clip, ColorMap::kBwr);
  draw_explanation_figure(folder_ / "sheet.png", contents);
  const Picture drawn = render_explanation_figure(contents);
  EXPECT_EQ(drawn.width, kFigureWidth);
  const std::unique_ptr<cairo_surface_t, decltype(&cairo_surface_destroy)> png(
      cairo_image_surface_create_from_png((folder_ / "sheet.png").c_str()), &cairo_surface_destroy);
  ASSERT_EQ(cairo_surface_status(png.get()), CAIRO_STATUS_SUCCESS);
  EXPECT_EQ(cairo_image_surface_get_width(png.get()), drawn.width);
  EXPECT_EQ(cairo_image_surface_get_height(png.get()), drawn.height);
}

TEST_F(Sheet, IsTheSameEveryTime) {
  const SampleClip clip = moving_disc(8, 40, 40, RelevanceSign::kUnsigned);
  const FigureContents contents = sheet_of(clip, ColorMap::kInferno);
  EXPECT_EQ(render_explanation_figure(contents).rgb, render_explanation_figure(contents).rgb);
}

TEST_F(Sheet, HoldsAnyLengthAndAspect) {
  for (const auto& [width, height] :
       {std::pair<int64_t, int64_t>{40, 30}, {64, 36}, {32, 32}, {18, 32}, {200, 8}, {8, 200}}) {
    for (const int64_t frames : {1, 2, 3, 5, 8, 13, 16, 32, 64}) {
      SCOPED_TRACE(fmt::format("{} frames of {}x{}", frames, width, height));
      const SampleClip clip = moving_disc(frames, width, height, RelevanceSign::kSigned);
      const Picture picture = render_explanation_figure(sheet_of(clip, ColorMap::kSeismic));
      EXPECT_LT(picture.height, 2600);
      expect_clean_margins(picture, 20);
    }
  }
}

TEST_F(Sheet, LongTextStaysInItsPlace) {
  const SampleClip clip = moving_disc(16, 32, 24, RelevanceSign::kSigned);
  FigureContents contents = sheet_of(clip, ColorMap::kColdNHot);
  for (int i = 0; i < 60; ++i) {
    contents.title += "a long file name ";
    contents.target += "übermäßig ";
    contents.method += "epsilon_plus ";
    contents.note += "note <b>&amp; ";
    for (auto& prediction : contents.predictions) prediction.label += " 刷牙";
  }
  contents.title += "\xFF\n.mp4";
  for (auto& frame : contents.frames) {
    frame.source_index += 123456789;
    frame.pts_seconds += 1e6;
  }
  expect_clean_margins(render_explanation_figure(contents), 20);
}

TEST_F(Sheet, AbsurdSharesStillDraw) {
  const SampleClip clip = moving_disc(3, 32, 24, RelevanceSign::kSigned);
  for (const double size : {0.0, 1e-300, 1e9, 1e308}) {
    FigureContents contents = sheet_of(clip, ColorMap::kBwr);
    for (auto& frame : contents.frames) frame.negative_share = 0;
    contents.frames[0].share = size;
    contents.frames[1].share = -size;
    expect_clean_margins(render_explanation_figure(contents), 20);
  }
}

int64_t count_of(const Picture& picture, uint32_t rgb) {
  int64_t count = 0;
  for (size_t i = 0; i < picture.rgb.size(); i += 3) {
    const uint32_t at =
        uint32_t{picture.rgb[i]} << 16 | uint32_t{picture.rgb[i + 1]} << 8 | picture.rgb[i + 2];
    if (at == rgb) ++count;
  }
  return count;
}

TEST_F(Sheet, ShadesTheFramesAtBordersOfClips) {
  const SampleClip clip = moving_disc(16, 32, 24, RelevanceSign::kSigned);
  FigureContents contents = sheet_of(clip, ColorMap::kBwr);
  const auto shaded = [&](auto&& is_at_border) {
    for (size_t t = 0; t < 16; ++t) contents.frames[t].at_border = is_at_border(t);
    return count_of(render_explanation_figure(contents), report::ink::kBand.rgb);
  };
  const int64_t one_clip = shaded([](size_t t) { return t < 2 || t >= 14; });
  const int64_t two_clips = shaded([](size_t t) { return t % 8 < 2 || t % 8 >= 6; });
  EXPECT_GT(one_clip, 0);
  EXPECT_GT(two_clips, one_clip);
  EXPECT_EQ(shaded([](size_t) { return false; }), 0);
  EXPECT_EQ(shaded([](size_t) { return true; }), 0) << "shading of every frame would tell nothing";
}

TEST_F(Sheet, AnEmptyCurveIsNotDrawn) {
  const SampleClip clip = moving_disc(4, 32, 24, RelevanceSign::kSigned);
  FigureContents contents = sheet_of(clip, ColorMap::kBwr);
  contents.predictions.clear();
  const Picture full = render_explanation_figure(contents);
  EXPECT_GT(count_of(full, report::ink::kAccent.rgb), 0) << "the even share";
  for (auto& frame : contents.frames) frame.share = 0, frame.negative_share = 0;
  const Picture empty = render_explanation_figure(contents);
  EXPECT_LT(empty.height, full.height - 200);
  EXPECT_EQ(count_of(empty, report::ink::kAccent.rgb), 0);
  expect_clean_margins(empty, 20);
}

TEST_F(Sheet, ALineSaysThatFramesRepeat) {
  const SampleClip clip = moving_disc(4, 32, 24, RelevanceSign::kSigned);
  FigureContents contents = sheet_of(clip, ColorMap::kBwr);
  const Picture without = render_explanation_figure(contents);
  contents.repeated =
      "6 of the clip's 16 frames repeat another: the video (10 frames) ends before the clip does.";
  const Picture with = render_explanation_figure(contents);
  EXPECT_GT(with.height, without.height);
  expect_clean_margins(with, 20);
}

TEST(BorderName, CountsFrames) {
  EXPECT_EQ(border_name(1), "the first and the last frame");
  EXPECT_EQ(border_name(6), "the first and last 6 frames");
}

TEST_F(Sheet, BarsStandForTheWholeShareWithItsNegativePart) {
  const SampleClip clip = moving_disc(4, 32, 24, RelevanceSign::kSigned);
  FigureContents contents = sheet_of(clip, ColorMap::kBwr);
  contents.predictions.clear();
  contents.style = MapStyle::kHeatmap;
  for (auto& frame : contents.frames) frame.share = 0.25, frame.negative_share = 0, frame.at_border = false;
  contents.even_share = 0;
  const auto pixels = [&](report::Ink ink) { return count_of(render_explanation_figure(contents), ink.rgb); };
  const int64_t whole = pixels(report::ink::kBar);
  EXPECT_EQ(pixels(report::ink::kBarNegative), 0);
  for (auto& frame : contents.frames) frame.negative_share = 0.125;
  const auto half = static_cast<double>(whole) / 2;
  EXPECT_NEAR(static_cast<double>(pixels(report::ink::kBar)), half, 0.03 * half);
  EXPECT_NEAR(static_cast<double>(pixels(report::ink::kBarNegative)), half, 0.03 * half);
}

TEST_F(Sheet, ConservationStandsBelowWhereThereAreAccounts) {
  const SampleClip clip = moving_disc(4, 32, 24, RelevanceSign::kSigned);
  FigureContents contents = sheet_of(clip, ColorMap::kBwr);
  const Picture without = render_explanation_figure(contents);
  contents.layers = {{.goes_on = 0.5, .absorbed_by_bias = 0.5}, {.goes_on = 0.5, .absorbed_by_bias = 0.5}};
  const Picture half = render_explanation_figure(contents);
  EXPECT_GT(half.height, without.height + 200);
  expect_clean_margins(half, 20);
  constexpr uint32_t kBias = 0xd08a3e;
  EXPECT_EQ(count_of(without, kBias), 0);
  for (auto& layer : contents.layers) layer = {.goes_on = 0.75, .absorbed_by_bias = 0.25};
  const Picture quarter = render_explanation_figure(contents);
  const auto bars = [&](const Picture& p) { return static_cast<double>(count_of(p, kBias)) - 13 * 13; };
  EXPECT_NEAR(bars(quarter), bars(half) / 2, 0.03 * bars(half)) << "without the legend's square";
}

TEST_F(Sheet, WhatBiasesAddStandsBelowZero) {
  const SampleClip clip = moving_disc(4, 32, 24, RelevanceSign::kSigned);
  FigureContents contents = sheet_of(clip, ColorMap::kBwr);
  contents.layers.assign(200, {.goes_on = 1.5, .absorbed_by_bias = -0.5});
  expect_clean_margins(render_explanation_figure(contents), 20);
  contents.layers[7].dropped = std::nan("");
  expect_error(ErrorKind::kInvalidArgument, "layer 8", [&] { render_explanation_figure(contents); });
}

TEST_F(Sheet, TheEvenShareIsThatOfTheClipNotOfTheBarsShown) {
  const SampleClip clip = moving_disc(8, 32, 24, RelevanceSign::kSigned);
  FigureContents contents = sheet_of(clip, ColorMap::kBwr);
  const Picture eight = render_explanation_figure(contents);
  contents.even_share = 1.0 / 16;
  EXPECT_NE(eight.rgb, render_explanation_figure(contents).rgb);
  contents.predictions.clear();
  contents.even_share = 0;
  EXPECT_EQ(count_of(render_explanation_figure(contents), report::ink::kAccent.rgb), 0);
}

TEST_F(Sheet, EqualRelevanceLooksEqualInEveryFrame) {
  SampleClip clip = moving_disc(2, 32, 24, RelevanceSign::kSigned);
  clip.frames[1] = clip.frames[0];
  clip.relevance[1] = clip.relevance[0];
  for (auto& value : clip.relevance[1]) value *= 0.01F;
  const FigureContents contents = sheet_of(clip, ColorMap::kBwr);
  const auto colored = [&](size_t t) {
    const Picture picture = render_overlay(contents.frames[t].picture, contents.frames[t].relevance,
                                           contents.colors, contents.scale);
    int64_t sum = 0;
    for (size_t i = 0; i < picture.rgb.size(); i += 3) sum += std::abs(picture.rgb[i] - picture.rgb[i + 2]);
    return sum;
  };
  EXPECT_GT(colored(0), 20 * colored(1)) << "a weak frame must stay pale on the clip's scale";
}

TEST_F(Sheet, NanInMapsIsDrawnNeutrally) {
  SampleClip clip = moving_disc(4, 32, 24, RelevanceSign::kSigned);
  for (size_t i = 0; i < 100; ++i) clip.relevance[2][i] = std::numeric_limits<float>::quiet_NaN();
  FigureContents contents = sheet_of(clip, ColorMap::kBwr);
  for (auto& frame : contents.frames) frame.share = 0.25, frame.negative_share = 0;
  contents.style = MapStyle::kHeatmap;
  EXPECT_NO_THROW(render_explanation_figure(contents));
}

TEST_F(Sheet, SaysWhatDoesNotFit) {
  const SampleClip clip = moving_disc(4, 32, 24, RelevanceSign::kSigned);
  const FigureContents good = sheet_of(clip, ColorMap::kBwr);
  FigureContents bad = good;
  bad.frames.clear();
  expect_error(ErrorKind::kInvalidArgument, "not 0", [&] { render_explanation_figure(bad); });
  bad = good;
  bad.frames[2].share = std::nan("");
  expect_error(ErrorKind::kInvalidArgument, "source frame 4", [&] { render_explanation_figure(bad); });
  bad = good;
  for (const double part : {-0.1, bad.frames[0].share + 0.1}) {
    bad.frames[0].negative_share = part;
    expect_error(ErrorKind::kInvalidArgument, "between 0 and the share",
                 [&] { render_explanation_figure(bad); });
  }
  bad = good;
  bad.even_share = 4;
  expect_error(ErrorKind::kInvalidArgument, "even share of 4", [&] { render_explanation_figure(bad); });
  bad = good;
  bad.frames[1].relevance.width = 31;
  expect_error(ErrorKind::kInvalidArgument, "31x24 pixels has 768 values",
               [&] { render_explanation_figure(bad); });
  bad = good;
  bad.frames[3].picture = {24, 32, bad.frames[3].picture.rgb};
  expect_error(ErrorKind::kInvalidArgument, "needs one size", [&] { render_explanation_figure(bad); });
  bad = good;
  bad.colors = ColorMap::kViridis;
  expect_error(ErrorKind::kInvalidArgument, "viridis is for unsigned",
               [&] { render_explanation_figure(bad); });
}

TEST_F(Sheet, LeavesNothingBehindWhereItCannotBeWritten) {
  const SampleClip clip = moving_disc(2, 16, 16, RelevanceSign::kSigned);
  const FigureContents contents = sheet_of(clip, ColorMap::kBwr);
  expect_error(ErrorKind::kIo, "missing",
               [&] { draw_explanation_figure(folder_ / "missing" / "sheet.png", contents); });
  std::filesystem::create_directory(folder_ / "taken.png");
  expect_error(ErrorKind::kIo, "taken.png",
               [&] { draw_explanation_figure(folder_ / "taken.png", contents); });
  FigureContents bad = contents;
  bad.frames.clear();
  expect_error(ErrorKind::kInvalidArgument, "frames",
               [&] { draw_explanation_figure(folder_ / "bad.png", bad); });
  std::vector<std::string> left;
  for (const auto& entry : std::filesystem::directory_iterator(folder_))
    left.push_back(entry.path().filename());
  EXPECT_THAT(left, ::testing::ElementsAre("taken.png"));
}

Frame frame_of(const SampleClip& clip, size_t t, int64_t index) {
  return {.index = index,
          .pts_seconds = static_cast<double>(index) / 25,
          .width = clip.width,
          .height = clip.height,
          .rgb = clip.frames[t]};
}

TEST(OverlayFilm, HasEvenSizesInReasonableBounds) {
  for (const auto& [width, height] : {std::pair<int64_t, int64_t>{160, 120},
                                      {320, 240},
                                      {1920, 1080},
                                      {1080, 1920},
                                      {33, 17},
                                      {1, 1},
                                      {3000, 20}}) {
    SampleClip clip{.width = width, .height = height, .frames = {}, .relevance = {{0, 1}}};
    clip.frames.emplace_back(static_cast<size_t>(width * height * 3));
    clip.relevance[0].resize(static_cast<size_t>(width * height));
    const FigureContents sheet = sheet_of(clip, ColorMap::kBwr);
    const OverlayRenderer film(film_of(clip, sheet, 3));
    EXPECT_EQ(film.width() % 2, 0);
    EXPECT_EQ(film.height() % 2, 0);
    EXPECT_GE(film.width(), 640);
    EXPECT_LE(film.width(), 1280);
    EXPECT_LE(film.height(), 900);
    const Picture picture = film.render(frame_of(clip, 0, 0), clip.relevance[0]);
    EXPECT_EQ(picture.width, film.width());
    EXPECT_EQ(picture.height, film.height());
    expect_clean_margins(picture, 12);
  }
}

TEST(OverlayFilm, TheMarkMovesAndUncoveredFramesCarryNoColour) {
  const SampleClip clip = moving_disc(8, 80, 60, RelevanceSign::kSigned);
  const FigureContents sheet = sheet_of(clip, ColorMap::kBwr);
  const OverlayRenderer film(film_of(clip, sheet, 30));
  const Picture first = film.render(frame_of(clip, 0, 0), clip.relevance[0]);
  EXPECT_NE(first.rgb, film.render(frame_of(clip, 0, 2), clip.relevance[0]).rgb);
  EXPECT_NE(first.rgb, film.render(frame_of(clip, 0, 0), {}).rgb);
  EXPECT_NO_THROW(film.render(frame_of(clip, 0, 29), {}));
}

TEST(OverlayFilm, ShadesTheBorderAndDrawsNoEmptyCurve) {
  const SampleClip clip = moving_disc(8, 80, 60, RelevanceSign::kSigned);
  OverlayContents contents = film_of(clip, sheet_of(clip, ColorMap::kBwr), 30);
  const auto shaded = [&] {
    const Picture picture = OverlayRenderer(contents).render(frame_of(clip, 0, 0), clip.relevance[0]);
    return count_of(picture, report::ink::kBand.rgb);
  };
  for (auto& point : contents.curve) point.at_border = false;
  EXPECT_EQ(shaded(), 0);
  contents.curve[0].at_border = contents.curve[14].at_border = true;
  EXPECT_GT(shaded(), 0);
  const int64_t height = OverlayRenderer(contents).height();
  for (auto& point : contents.curve) point.share = std::isnan(point.share) ? point.share : 0;
  for (auto& point : contents.curve) point.negative_share = 0;
  const OverlayRenderer empty(contents);
  EXPECT_LT(empty.height(), height - 100);
  expect_clean_margins(empty.render(frame_of(clip, 0, 0), clip.relevance[0]), 12);
}

TEST(OverlayFilm, LongTextStaysInItsPlace) {
  const SampleClip clip = moving_disc(2, 80, 60, RelevanceSign::kSigned);
  OverlayContents contents = film_of(clip, sheet_of(clip, ColorMap::kBwr), 2000000, 100);
  contents.title = contents.target = contents.method = contents.prediction.label = std::string(400, 'W');
  const OverlayRenderer film(contents);
  expect_clean_margins(film.render(frame_of(clip, 0, 1999999), clip.relevance[0]), 12);
}

TEST(OverlayFilm, RendersFromSeveralThreads) {
  const SampleClip clip = moving_disc(8, 80, 60, RelevanceSign::kSigned);
  const OverlayRenderer film(film_of(clip, sheet_of(clip, ColorMap::kColdNHot), 30));
  const auto render = [&](size_t t) {
    return film.render(frame_of(clip, t, 2 * static_cast<int64_t>(t)), clip.relevance[t]).rgb;
  };
  std::vector<std::future<std::vector<uint8_t>>> futures;
  for (size_t t = 0; t < 8; ++t) futures.push_back(std::async(std::launch::async, render, t));
  for (size_t t = 0; t < 8; ++t) EXPECT_EQ(futures[t].get(), render(t));
}

TEST(OverlayFilm, SaysWhatDoesNotFit) {
  const SampleClip clip = moving_disc(2, 32, 24, RelevanceSign::kSigned);
  const OverlayContents good = film_of(clip, sheet_of(clip, ColorMap::kBwr), 10);
  const OverlayRenderer film(good);
  expect_error(ErrorKind::kInvalidArgument, "the overlay video's curve has 10 frames",
               [&] { film.render(frame_of(clip, 0, 10), {}); });
  expect_error(ErrorKind::kInvalidArgument, "has 3 values", [&] {
    film.render(frame_of(clip, 0, 0), std::vector<float>{1, 2, 3});
  });
  Frame other = frame_of(clip, 0, 0);
  other.width = 30;
  expect_error(ErrorKind::kInvalidArgument, "it is 30x24", [&] { film.render(other, {}); });
  OverlayContents bad = good;
  bad.curve[4].pts_seconds = -1;
  expect_error(ErrorKind::kInvalidArgument, "source frame 4", [&] { OverlayRenderer{bad}; });
  bad = good;
  bad.curve[2].negative_share = 2;
  expect_error(ErrorKind::kInvalidArgument, "source frame 2: its share", [&] { OverlayRenderer{bad}; });
  bad = good;
  bad.curve.clear();
  expect_error(ErrorKind::kInvalidArgument, "needs a curve", [&] { OverlayRenderer{bad}; });
  bad = good;
  bad.source_width = 0;
  expect_error(ErrorKind::kInvalidArgument, "0x24", [&] { OverlayRenderer{bad}; });
}

TEST(OverlayFilm, AFilmWithoutCoveredFramesStillDraws) {
  const SampleClip clip = moving_disc(1, 32, 24, RelevanceSign::kSigned);
  OverlayContents contents = film_of(clip, sheet_of(clip, ColorMap::kBwr), 1);
  contents.curve[0].share = std::nan("");
  EXPECT_NO_THROW(OverlayRenderer(contents).render(frame_of(clip, 0, 0), {}));
}

}  // namespace
}  // namespace relevid
