// SPDX-License-Identifier: Apache-2.0
#include "relevid/dataset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/scratch.h"

namespace relevid {
namespace {

using relevid::testing::message_of;
using relevid::testing::ScratchFolder;
using relevid::testing::write_bytes;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class DataSetTest : public ::testing::Test {
 protected:
  std::filesystem::path put(std::string_view name, std::string_view content = "x") const {
    const auto path = folder_ / name;
    std::filesystem::create_directories(path.parent_path());
    write_bytes(path, content);
    return path;
  }
  std::string refusal(std::string_view name, std::string_view content,
                      const DataSetOptions& options = {}) const {
    const auto path = put(name, content);
    return message_of(ErrorKind::kCorruptInput, [&] { read_dataset(path, options); });
  }
  ScratchFolder folder_;
};

auto row(const std::string& name, int64_t label, const std::string& label_name) {
  return AllOf(Field("name", &DataRow::name, name), Field("label", &DataRow::label, label),
               Field("label_name", &DataRow::label_name, label_name));
}

TEST_F(DataSetTest, FoldersAreClassesSortedByName) {
  put("set/walk/b.mp4");
  put("set/walk/a.AVI");
  put("set/run/deep/c.mkv");
  put("set/run/notes.txt");
  put("set/run/.hidden.mp4");
  put("set/jump/frames/1.png");
  put("set/jump/frames/2.png");
  std::filesystem::create_directories(folder_ / "set/empty");
  const DataSet data = read_dataset(folder_ / "set");
  EXPECT_EQ(data.format, DataFormat::kFolders);
  EXPECT_THAT(data.class_names, ElementsAre("empty", "jump", "run", "walk"));
  EXPECT_THAT(data.rows, ElementsAre(row("jump/frames", 1, "jump"), row("run/deep/c.mkv", 2, "run"),
                                     row("walk/a.AVI", 3, "walk"), row("walk/b.mp4", 3, "walk")));
  EXPECT_EQ(data.rows[2].path, folder_ / "set/walk/a.AVI");
  EXPECT_THAT(data.warnings, ElementsAre(AllOf(HasSubstr("empty"), HasSubstr("holds no video"))));
  EXPECT_THAT(data.sample_rows, ElementsAre("jump/frames: class 1, jump", "run/deep/c.mkv: class 2, run",
                                            "walk/a.AVI: class 3, walk"));
}

TEST_F(DataSetTest, VideosBesideClassesAreLeftOutAloud) {
  put("set/walk/a.mp4");
  put("set/stray.mp4");
  EXPECT_THAT(read_dataset(folder_ / "set").warnings, ElementsAre(HasSubstr("stray.mp4")));
}

TEST_F(DataSetTest, AFolderWithoutClassesIsUnlabelled) {
  put("set/a.mp4");
  const DataSet data = read_dataset(folder_ / "set");
  EXPECT_THAT(data.rows, ElementsAre(row("a.mp4", kUnlabelled, "")));
  EXPECT_THAT(data.class_names, IsEmpty());
}

TEST_F(DataSetTest, Ucf101CountsFromOneAndTakesTheFolderWhereThereIsNoLabel) {
  put("classInd.txt", "1 ApplyEyeMakeup\r\n2 Archery\r\n");
  const auto train = put("trainlist01.txt", "Archery/v_1.avi 2\nApplyEyeMakeup/v_2.avi 1\n");
  const auto test = put("testlist01.txt", "Archery/v_3.avi\n");
  const DataSet data = read_dataset(train);
  EXPECT_EQ(data.format, DataFormat::kUcf101);
  EXPECT_THAT(data.class_names, ElementsAre("ApplyEyeMakeup", "Archery"));
  EXPECT_THAT(data.rows, ElementsAre(row("Archery/v_1.avi", 1, "Archery"),
                                     row("ApplyEyeMakeup/v_2.avi", 0, "ApplyEyeMakeup")));
  EXPECT_THAT(read_dataset(test).rows, ElementsAre(row("Archery/v_3.avi", 1, "Archery")));
}

TEST_F(DataSetTest, MalformedUcf101ListsAreRefusedWithFileAndLine) {
  put("classInd.txt", "1 A\n2 B\n");
  EXPECT_THAT(refusal("l.txt", "A/x.avi 1\nB/y.avi 3\n"),
              AllOf(HasSubstr("l.txt, line 2"), HasSubstr("label 3")));
  EXPECT_THAT(refusal("l.txt", "A/x.avi 0\n"), HasSubstr("label 0 does not exist"));
  EXPECT_THAT(refusal("l.txt", "A/x.avi 2\n"), HasSubstr("label 2 is B, but the video lies in A"));
  EXPECT_THAT(refusal("l.txt", "C/x.avi\n"), HasSubstr("'C' that is no class"));
  put("classInd.txt", "1 A\n3 B\n");
  EXPECT_THAT(refusal("l.txt", "A/x.avi 1\n"),
              AllOf(HasSubstr("classInd.txt"), HasSubstr("none has the number 2")));
  put("classInd.txt", "A\n");
  EXPECT_THAT(refusal("l.txt", "A/x.avi 1\n"),
              AllOf(HasSubstr("classInd.txt, line 1"), HasSubstr("'A' is no class")));
  put("classInd.txt", "1 A\n1 B\n");
  EXPECT_THAT(refusal("l.txt", "A/x.avi 1\n"), HasSubstr("number 1 was 'A' before"));
}

TEST_F(DataSetTest, Mmaction2SplitsFromTheRight) {
  const auto list = put("list.txt",
                        "\xEF\xBB\xBF"
                        "my videos/a b.mp4 2\n\nc.mp4\t0\nno label.mp4\n");
  const DataSet data = read_dataset(list);
  EXPECT_EQ(data.format, DataFormat::kMmaction2);
  EXPECT_THAT(data.rows, ElementsAre(row("my videos/a b.mp4", 2, "2"), row("c.mp4", 0, "0"),
                                     row("no label.mp4", kUnlabelled, "")));
  EXPECT_EQ(data.rows[1].line, 3);
  EXPECT_THAT(data.class_names, ElementsAre("0", "1", "2"));
  EXPECT_THAT(data.warnings, ElementsAre(HasSubstr("3 of 3 videos cannot be found"),
                                         HasSubstr("1 of 3 rows have no label")));
}

TEST_F(DataSetTest, Mmaction2LabelsAreNamedByAFile) {
  const auto names = put("names.txt", "run\nwalk\n");
  EXPECT_THAT(read_dataset(put("l.txt", "a.mp4 1\n"), {.class_names = names}).rows,
              ElementsAre(row("a.mp4", 1, "walk")));
  EXPECT_THAT(refusal("l.txt", "a.mp4 2\n", {.class_names = names}),
              AllOf(HasSubstr("line 1"), HasSubstr("labels are 0 to 1")));
  put("names.txt", "run\nrun\n");
  EXPECT_THAT(refusal("l.txt", "a.mp4 0\n", {.class_names = names}),
              AllOf(HasSubstr("names.txt, line 2"), HasSubstr("comes twice")));
}

TEST_F(DataSetTest, MalformedMmaction2ListsAreRefused) {
  EXPECT_THAT(refusal("l.txt", "a.mp4 1\nb.mp4 walk\n"),
              AllOf(HasSubstr("l.txt, line 2"), HasSubstr("'walk'"), HasSubstr("path label")));
  EXPECT_THAT(refusal("l.txt", "a.mp4 -1\n"), HasSubstr("label -1 does not exist"));
  EXPECT_THAT(refusal("l.txt", "a.mp4 99999999999999999999\n"), HasSubstr("does not exist"));
  EXPECT_THAT(refusal("l.txt", "a.mp4 2000000000\n"), HasSubstr("does not exist"));
  EXPECT_THAT(refusal("l.txt", "\n \n"), HasSubstr("the list is empty"));
}

TEST_F(DataSetTest, KineticsNamesFilesByIdAndTimes) {
  put("clips/abc_000012_000022.mkv");
  put("clips/riding_a_bike/-x_000000_000010.mp4");
  const auto list = put("k.csv",
                        "label,youtube_id,time_start,time_end,split\nriding a bike,-x,0,10,train\n"
                        "abseiling,abc,12.0,22.0,train\nabseiling,gone,100000,100010,train\n");
  const DataSet data = read_dataset(list, {.root = folder_ / "clips"});
  EXPECT_EQ(data.format, DataFormat::kKinetics);
  EXPECT_THAT(data.class_names, ElementsAre("abseiling", "riding a bike"));
  EXPECT_THAT(data.rows, ElementsAre(row("riding_a_bike/-x_000000_000010.mp4", 1, "riding a bike"),
                                     row("abc_000012_000022.mkv", 0, "abseiling"),
                                     row("gone_100000_100010.mp4", 0, "abseiling")));
  EXPECT_EQ(data.rows[0].error, "");
  EXPECT_EQ(data.rows[1].path, folder_ / "clips" / "abc_000012_000022.mkv");
  EXPECT_EQ(data.rows[2].error, "the file is missing");
}

TEST_F(DataSetTest, MalformedKineticsTablesAreRefused) {
  const std::string header = "label,youtube_id,time_start,time_end\n";
  EXPECT_THAT(refusal("k.csv", header + "a,b,1\n"), AllOf(HasSubstr("k.csv, line 2"), HasSubstr("3 fields")));
  EXPECT_THAT(refusal("k.csv", header + "a,b,one,2\n"), HasSubstr("time_start is 'one'"));
  EXPECT_THAT(refusal("k.csv", header + "a,b,1,-2\n"), HasSubstr("time_end is '-2'"));
  EXPECT_THAT(refusal("k.csv", header + "a,,1,2\n"), HasSubstr("youtube_id is empty"));
  EXPECT_THAT(refusal("k.csv", header + "a,../b,1,2\n"), HasSubstr("no file's name"));
  EXPECT_THAT(refusal("k.csv", header), HasSubstr("holds no video"));
}

TEST_F(DataSetTest, CsvTakesNamesQuotesAndFurtherColumns) {
  put("a, b.mp4");
  const auto list = put("l.csv",
                        "label,Path,note\r\n\"walk \"\"on\"\"\",\"a, "
                        "b.mp4\",\"two\nlines\"\r\nrun,/tmp/none/c.mp4,\r\n,d.mp4,\r\n");
  const DataSet data = read_dataset(list);
  EXPECT_EQ(data.format, DataFormat::kCsv);
  EXPECT_THAT(data.rows, ElementsAre(row("a, b.mp4", 1, "walk \"on\""), row("/tmp/none/c.mp4", 0, "run"),
                                     row("d.mp4", kUnlabelled, "")));
  EXPECT_EQ(data.rows[0].error, "");
  EXPECT_EQ(data.rows[1].path, "/tmp/none/c.mp4");
  EXPECT_EQ(data.rows[1].line, 4);
}

TEST_F(DataSetTest, CsvLabelsMayBeIndices) {
  const DataSet data = read_dataset(put("l.csv", "path,label\na.mp4,1\nb.mp4,\n"));
  EXPECT_THAT(data.rows, ElementsAre(row("a.mp4", 1, "1"), row("b.mp4", kUnlabelled, "")));
  EXPECT_THAT(data.detected, HasSubstr("count from 0"));
  EXPECT_THAT(read_dataset(put("l.csv", "path\na.mp4\n")).rows, ElementsAre(row("a.mp4", kUnlabelled, "")));
}

TEST_F(DataSetTest, MalformedCsvIsRefusedWithFileAndLine) {
  EXPECT_THAT(refusal("l.csv", "video,class\na,b\n"),
              AllOf(HasSubstr("l.csv, line 1"), HasSubstr("'video,class'"), HasSubstr("path,label")));
  EXPECT_THAT(refusal("l.csv", "path,label\na,b,c\n"), AllOf(HasSubstr("line 2"), HasSubstr("3 fields")));
  EXPECT_THAT(refusal("l.csv", "path,label\n,b\n"), HasSubstr("path is empty"));
  EXPECT_THAT(refusal("l.csv", "path,label\n\"a,b\n"), AllOf(HasSubstr("line 2"), HasSubstr("never ends")));
  EXPECT_THAT(refusal("l.csv", "path,label\n\"a\"b,c\n"), HasSubstr("after a closing quote"));
  EXPECT_THAT(refusal("l.csv", "path,label\na\"b,c\n"), HasSubstr("a quote inside a field"));
  const auto names = put("names.txt", "walk\nrun\n");
  EXPECT_THAT(refusal("l.csv", "path,label\na,wlk\n", {.class_names = names}),
              HasSubstr("did you mean 'walk'"));
}

TEST_F(DataSetTest, SpaceSeparatedListsMayBeCalledCsv) {
  EXPECT_THAT(read_dataset(put("train.csv", "a.mp4 0\nb.mp4 1\n")).rows,
              ElementsAre(row("a.mp4", 0, "0"), row("b.mp4", 1, "1")));
}

TEST_F(DataSetTest, DuplicatesAreNamedAndContradictionsAside) {
  const DataSet data = read_dataset(put("l.txt", "a.mp4 0\n./a.mp4 0\na.mp4 1\n"), {.root = folder_.path()});
  EXPECT_EQ(data.rows.size(), 3U);
  EXPECT_THAT(data.warnings, ElementsAre(HasSubstr("3 of 3 videos cannot be found"),
                                         AllOf(HasSubstr("2 rows repeat"), HasSubstr("line 1 and line 2")),
                                         AllOf(HasSubstr("1 rows give"), HasSubstr("line 1 and line 3"))));
}

TEST_F(DataSetTest, AFormatCanBeForced) {
  EXPECT_THAT(message_of(ErrorKind::kInvalidArgument,
                         [&] { read_dataset(put("l.txt", "a.mp4 1\n"), {.format = DataFormat::kUcf101}); }),
              HasSubstr("classInd.txt"));
  EXPECT_THAT(message_of(ErrorKind::kInvalidArgument,
                         [&] { read_dataset(folder_.path(), {.format = DataFormat::kCsv}); }),
              HasSubstr("is a folder"));
  EXPECT_EQ(data_format("kinetics"), DataFormat::kKinetics);
  EXPECT_EQ(name(DataFormat::kMmaction2), "mmaction2");
  EXPECT_THAT(message_of(ErrorKind::kInvalidArgument, [] { data_format("mmaction"); }),
              HasSubstr("did you mean 'mmaction2'"));
}

TEST_F(DataSetTest, WhatIsNoDataSetIsRefused) {
  EXPECT_THAT(message_of(ErrorKind::kIo, [&] { read_dataset(folder_ / "gone"); }), HasSubstr("gone"));
  EXPECT_THAT(message_of(ErrorKind::kInvalidArgument, [&] { read_dataset(put("a.mp4")); }),
              HasSubstr("is a video"));
  EXPECT_THAT(message_of(ErrorKind::kInvalidArgument,
                         [&] { read_dataset(put("a.bin", std::string_view("a\0b", 3))); }),
              HasSubstr("is no text"));
  std::filesystem::create_directories(folder_ / "none/class");
  EXPECT_THAT(message_of(ErrorKind::kCorruptInput, [&] { read_dataset(folder_ / "none"); }),
              HasSubstr("holds no video"));
}

}  // namespace
}  // namespace relevid
