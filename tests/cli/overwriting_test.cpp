// SPDX-License-Identifier: Apache-2.0
// No command writes over what it reads, whatever the format, and by whatever name the file is given.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "cli/program.h"

namespace relevid::testing {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
namespace fs = std::filesystem;
using Words = std::vector<std::string>;

constexpr int kInvalid = 2;

class Overwriting : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!has_ffmpeg()) return;
    folder_ = std::make_unique<ScratchFolder>();
    make_small_c3d(path("c3d.onnx"));
    fs::create_directory(path("frames"));
    make_video(path("film.mp4"), 20, "48x48");
    make_video(path("frames/%02d.png"), 2, "48x48");
    write_bytes(path("list.csv"), "path,label\nfilm.mp4,a\n");
    write_bytes(path("labels.txt"), "a\nb\nc\nd\ne\n");
    write_bytes(path("rules.json"), R"([{"operator": "Dense", "rule": "epsilon"}])");
    write_bytes(path("objects.csv"), "video,frame,left,top,right,bottom\nfilm.mp4,0,0,0,9,9\n");
    const Words set = {path("c3d.onnx"),   path("list.csv"), "--labels",
                       path("labels.txt"), "--num-clips",    "1"};
    made({"audit", "--out", path("run.db"), "--intervals", "1", "--controls", "none"}, set);
    made({"evaluate", "--out", path("evaluation.db"), "--methods", "gradient", "--checks", "none", "--flip",
          "frames:mean", "--steps", "2"},
         set);
    fs::create_hard_link(path("run.db"), path("hard.db"));
    fs::create_symlink(path("run.db"), path("symbolic.db"));
  }
  static void TearDownTestSuite() { folder_.reset(); }
  void SetUp() override {
    if (!folder_) GTEST_SKIP() << "the ffmpeg program is not there";
    before_ = contents();
  }
  /// Every input is as it was, and nothing has come about.
  void TearDown() override {
    const bool same = !folder_ || before_ == contents();
    EXPECT_TRUE(same);
  }

  static std::string path(const std::string& name) { return (*folder_ / name).string(); }
  static void made(Words words, const Words& more) {
    words.insert(words.begin() + 1, more.begin(), more.end());
    const Outcome outcome = relevid(words);
    if (outcome.status != 0) throw std::runtime_error(outcome.err);
  }
  static std::map<std::string, std::string> contents() {
    std::map<std::string, std::string> all;
    for (const auto& entry : fs::recursive_directory_iterator(folder_->path())) {
      if (!entry.is_regular_file()) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      all[entry.path().string()] = {std::istreambuf_iterator<char>(file), {}};
    }
    return all;
  }
  static void refused(Words words, const std::string& out) {
    words.insert(words.end(), {"--out", out});
    const Outcome outcome = relevid(words);
    EXPECT_EQ(outcome.status, kInvalid) << ::testing::PrintToString(words) << outcome.err;
    EXPECT_THAT(outcome.err, AnyOf(HasSubstr("would be written over"), HasSubstr("be read as"),
                                   HasSubstr("would be both"), HasSubstr("images that are read")));
    EXPECT_THAT(outcome.err, AnyOf(HasSubstr("choose another output"), HasSubstr("choose another one")));
  }

 private:
  static inline std::unique_ptr<ScratchFolder> folder_;
  std::map<std::string, std::string> before_;
};

TEST_F(Overwriting, ReportsInEveryFormat) {
  const std::vector<Words> formats = {
      {"--format", "text"}, {"--format", "json"}, {"--format", "html"}, {"--format", "csv", "--table"}};
  for (const auto& [run, table] : {std::pair{"run.db", "clips"}, {"evaluation.db", "ranking"}}) {
    for (Words words : formats) {
      if (words.back() == "--table") words.emplace_back(table);
      words.insert(words.begin(), {"report", path(run)});
      refused(words, path(run));
    }
  }
  refused({"report", path("run.db"), "--format", "png"}, path("run.db"));
}

TEST_F(Overwriting, ByAnotherName) {
  for (const char* name : {"hard.db", "symbolic.db", "frames/../run.db"})
    refused({"report", path("run.db")}, path(name));
  refused({"report", path("symbolic.db")}, path("run.db"));
  refused({"report", path("run.db")}, fs::relative(path("run.db")).string());
}

TEST_F(Overwriting, AReportsOtherInputs) {
  const Words html = {"report",  path("run.db"),   "--format", "html",
                      "--model", path("c3d.onnx"), "--rules",  path("rules.json")};
  for (const char* name : {"c3d.onnx", "rules.json", "film.mp4", "c3d.json"}) refused(html, path(name));
}

TEST_F(Overwriting, PicturesOfTwoRunsOfOneName) {
  fs::copy_file(path("run.db"), path("run.sqlite"));
  const Outcome outcome = relevid({"report", path("run.db"), path("run.sqlite"), "--format", "png"});
  EXPECT_EQ(outcome.status, kInvalid) << outcome.out;
  EXPECT_THAT(outcome.err, HasSubstr("run.png would be both the picture of " + path("run.db") + " and"));
  fs::remove(path("run.sqlite"));
}

TEST_F(Overwriting, RunsOfDataSets) {
  const Words more = {path("c3d.onnx"), path("list.csv"),   "--labels",      path("labels.txt"),
                      "--rules",        path("rules.json"), "--class-names", path("labels.txt")};
  for (const char* command : {"audit", "evaluate"}) {
    Words words = {command};
    words.insert(words.end(), more.begin(), more.end());
    if (words[0] == "evaluate")
      words.insert(words.end(), {"--objects", path("objects.csv"), "--methods", "deep_taylor"});
    for (const char* name : {"c3d.onnx", "list.csv", "film.mp4", "labels.txt", "rules.json"})
      refused(words, path(name));
    if (words[0] == "evaluate") refused(words, path("objects.csv"));
  }
}

TEST_F(Overwriting, TunedRules) {
  const Words words = {"tune",     path("c3d.onnx"),  path("list.csv"), "--class-names", path("labels.txt"),
                       "--labels", path("labels.txt")};
  for (const char* name : {"c3d.onnx", "list.csv", "film.mp4", "labels.txt", "c3d.json"})
    refused(words, path(name));
}

TEST_F(Overwriting, WhatIsMerged) {
  const Outcome outcome = relevid({"merge", path("run.db"), path("run.db")});
  EXPECT_EQ(outcome.status, kInvalid) << outcome.out;
}

TEST_F(Overwriting, Trainings) {
  const Words train = {"train", path("list.csv"), "--epochs", "1", "--cache", path("cache")};
  for (const char* name : {"list.csv", "film.mp4"}) refused(train, path(name));
  Words more = train;
  more.insert(more.end(), {"--init", path("c3d.onnx"), "--val", path("list.csv")});
  refused(more, path("c3d.onnx"));
  fs::create_hard_link(path("film.mp4"), path("trained.log.jsonl"));
  refused(train, path("trained.onnx"));
  fs::remove(path("trained.log.jsonl"));
}

TEST_F(Overwriting, Explanations) {
  fs::create_directory(path("out"));
  const auto explain = [&](const char* input, const Words& more = {}) {
    Words words = {"explain", path("c3d.onnx"), path(input), "--no-film"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  };
  refused(explain("film.mp4"), path("."));
  refused(explain("frames"), path("frames"));
  fs::copy_file(path("labels.txt"), path("out/film.json"));
  refused(explain("film.mp4", {"--labels", path("out/film.json")}), path("out"));
  fs::remove(path("out/film.json"));
  for (const char* name : {"out/film.npz", "out/film.method-gradient.png", "out/film.html"}) {
    fs::create_hard_link(path("rules.json"), path(name));
    refused(explain("film.mp4", {"--rules", path("rules.json")}), path("out"));
    fs::remove(path(name));
  }
  fs::remove(path("out"));
}

}  // namespace
}  // namespace relevid::testing
