// SPDX-License-Identifier: Apache-2.0
#include "relevid/hugging_face.h"

#include <filesystem>

#include "expect_error.h"
#include "support/scratch.h"

namespace relevid {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class HuggingFaceFiles : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& content) const {
    testing::write_bytes(folder_ / name, content);
  }
  void write_config(const std::string& more = "") const {
    write(
        "config.json",
        R"({"model_type": "videomae", "num_frames": 16, "image_size": 224, "tubelet_size": 2)" + more + "}");
  }
  /// A VideoMAEImageProcessor's file with these entries added.
  void write_processor(const std::string& entries = "") const {
    write("preprocessor_config.json", R"({"image_processor_type": "VideoMAEImageProcessor")" +
                                          (entries.empty() ? "" : ", " + entries) + "}");
  }
  std::optional<FoundSettings> read(std::optional<int64_t> clip_len = {}) const {
    return read_hugging_face_folder(folder_.path(), clip_len);
  }
  Preprocessing preprocessing(const std::string& entries) const {
    write_processor(entries);
    return read()->settings.preprocessing;
  }
  void refuse(ErrorKind kind, const std::string& entries, const std::vector<std::string>& parts) const {
    write_processor(entries);
    expect_error(kind, parts, [&] { read(); });
  }
  std::vector<std::string> warnings(const std::string& entries, std::optional<int64_t> clip_len = {}) const {
    write_processor(entries);
    return read(clip_len)->settings.warnings;
  }

  testing::ScratchFolder folder_;
};

TEST_F(HuggingFaceFiles, WhatIsNotSaidIsAsTheProcessorHasIt) {
  write_processor();
  write_config(R"(, "id2label": {"1": "run", "0": "walk"})");
  const auto found = read();
  EXPECT_EQ(found->source, "preprocessor_config.json, config.json");
  EXPECT_EQ(found->settings.class_names, (std::vector<std::string>{"walk", "run"}));
  EXPECT_EQ(found->settings.sampling.clip_len, 16);
  const Preprocessing& p = found->settings.preprocessing;
  EXPECT_EQ(p.layout, ClipLayout::kNtchw);
  EXPECT_EQ(p.short_side, 224);
  EXPECT_EQ(p.crop, (Size{224, 224}));
  EXPECT_EQ(p.mean[0], 0.5);
  EXPECT_EQ(p.resized_values, ResizedValues::kTorch);
}

TEST_F(HuggingFaceFiles, TheFirstProcessorFileCounts) {
  write_config();
  const auto mean = [&] { return read()->settings.preprocessing.mean[0]; };
  write("preprocessor_config.json",
        R"({"image_processor_type": "VideoMAEImageProcessor", "image_mean": 0.1})");
  EXPECT_EQ(mean(), 0.1);
  write("processor_config.json",
        R"({"image_processor": {"image_processor_type": "VideoMAEImageProcessor", "image_mean": 0.2}})");
  EXPECT_EQ(mean(), 0.2);
  EXPECT_EQ(read()->source, "processor_config.json, config.json");
  write("video_preprocessor_config.json",
        R"({"video_processor_type": "VideoMAEVideoProcessor", "image_mean": 0.3})");
  EXPECT_EQ(mean(), 0.3);
  write("processor_config.json",
        R"({"video_processor": {"video_processor_type": "VideoMAEVideoProcessor", "image_mean": 0.4}})");
  EXPECT_EQ(mean(), 0.4);
}

TEST_F(HuggingFaceFiles, TheModelNamesTheProcessorWhereTheFileDoesNot) {
  const auto resized = [&](const std::string& model, const std::string& file) {
    for (const std::string& name : hugging_face_file_names()) fs::remove(folder_ / name);
    write("config.json", R"({"model_type": ")" + model + "\"}");
    write(file, "{}");
    return read()->settings.preprocessing.resized_values;
  };
  EXPECT_EQ(resized("vivit", "preprocessor_config.json"), ResizedValues::kPillow);
  EXPECT_EQ(resized("vivit", "video_preprocessor_config.json"), ResizedValues::kTorch);
  EXPECT_EQ(resized("timesformer", "preprocessor_config.json"), ResizedValues::kTorch);
  EXPECT_EQ(resized("vjepa2", "video_preprocessor_config.json"), ResizedValues::kTorch);
  expect_error(ErrorKind::kUnsupportedModel, {"preprocessor_config.json", "config.json names", "--settings"},
               [&] { resized("clip", "preprocessor_config.json"); });
}

TEST_F(HuggingFaceFiles, OldWaysOfSayingSizes) {
  EXPECT_EQ(preprocessing(R"("size": 128, "crop_size": 112)").short_side, 128);
  EXPECT_EQ(preprocessing(R"("size": 128, "crop_size": 112)").crop, (Size{112, 112}));
  EXPECT_EQ(preprocessing(R"("size": 128, "default_to_square": true, "crop_size": 112)").stretch,
            (Size{128, 128}));
  EXPECT_EQ(preprocessing(R"("size": [128, 171], "crop_size": [112, 100])").stretch, (Size{128, 171}));
  EXPECT_EQ(preprocessing(R"("size": {"shortest_edge": 300, "longest_edge": null})").short_side, 300);
}

TEST_F(HuggingFaceFiles, FramesAreSampledAsTheProcessorDoes) {
  write_config();
  write_processor(R"("do_sample_frames": true, "num_frames": 8)");
  EXPECT_EQ(read()->settings.sampling.sampler, Sampler::kTransformers);
  EXPECT_EQ(read()->settings.sampling.clip_len, 8);
  EXPECT_TRUE(read()->settings.warnings.empty());
  EXPECT_TRUE(read()->settings.sampling_warnings.empty());
  EXPECT_EQ(read(32)->settings.sampling.clip_len, 32);
  EXPECT_THAT(read(32)->settings.warnings, ElementsAre(HasSubstr("8 frames are said")));
  write_processor(R"("do_sample_frames": true, "fps": 4)");
  EXPECT_EQ(read()->settings.sampling.target_fps, 4);
  EXPECT_THAT(read()->settings.sampling_warnings, ElementsAre(HasSubstr(", 4 a second, however many")));
  write_processor(R"("do_sample_frames": false, "fps": 4)");
  EXPECT_FALSE(read()->settings.sampling.target_fps);
  EXPECT_THAT(read()->settings.sampling_warnings, ElementsAre(HasSubstr("--sampler transformers")));
  refuse(ErrorKind::kCorruptInput, R"("do_sample_frames": true, "fps": 4, "num_frames": 8)",
         {"num_frames", "exclude"});
  refuse(ErrorKind::kCorruptInput, R"("do_sample_frames": true, "fps": 0)", {"\"fps\"", "positive"});
}

TEST_F(HuggingFaceFiles, WhatDoesNotFitTheModelIsWarnedOf) {
  const std::string sampled = R"("do_sample_frames": true, "num_frames": 16)";
  write_config();
  EXPECT_TRUE(warnings(sampled).empty());
  EXPECT_THAT(warnings(R"("do_sample_frames": true, "num_frames": 15)"),
              ElementsAre(HasSubstr("does not see the last 1")));
  EXPECT_THAT(warnings(sampled + R"(, "crop_size": 200)"),
              ElementsAre(HasSubstr("height 224, and its processor makes 200")));
  fs::remove(folder_ / "config.json");
  EXPECT_THAT(warnings("\"do_sample_frames\": false"), Contains(HasSubstr("how many frames")));
  write("preprocessor_config.json",
        R"({"video_processor_type": "VJEPA2VideoProcessor", "size": {"shortest_edge": 256}})");
  EXPECT_THAT(read(16)->settings.warnings, Contains(HasSubstr("\"size\" is not used")));
  EXPECT_EQ(read(16)->settings.preprocessing.short_side, 292);
}

TEST_F(HuggingFaceFiles, WhatCannotBeHonouredIsSaid) {
  const auto refuse_it = [&](const std::string& entries, std::vector<std::string> parts) {
    parts.insert(parts.end(), {"preprocessor_config.json", "is not supported", "MODEL.json"});
    refuse(ErrorKind::kUnsupportedModel, entries, parts);
  };
  refuse_it(R"("resample": 0)", {"\"resample\": 0", "3 bicubic"});
  refuse_it(R"("size": {"shortest_edge": 224, "longest_edge": 300})", {"longest_edge"});
  refuse_it(R"("size": {"max_height": 224, "max_width": 300})", {"max_height"});
  refuse_it(R"("size": 112)", {"224 x 224", "black border", "112 x 112"});
  write("preprocessor_config.json", R"({"image_processor_type": "VideoMEAImageProcessor"})");
  expect_error(ErrorKind::kUnsupportedModel,
               {"did you mean 'VideoMAEImageProcessor'", "VJEPA2VideoProcessor"}, [&] { read(); });
  write("preprocessor_config.json",
        R"({"image_processor_type": "VivitImageProcessor", "do_rescale": false})");
  expect_error(ErrorKind::kUnsupportedModel, {"\"offset\" without \"do_rescale\""}, [&] { read(); });
}

TEST_F(HuggingFaceFiles, BrokenFilesAreNamed) {
  const auto broken = [&](const std::string& entries, std::vector<std::string> parts) {
    parts.emplace_back("preprocessor_config.json");
    refuse(ErrorKind::kCorruptInput, entries, parts);
  };
  broken(R"("do_resize": 1)", {"\"do_resize\"", "true or false", "1"});
  broken(R"("resample": "bicubic")", {"\"resample\"", "number of Pillow's", "bicubic"});
  broken(R"("resample": 6)", {"\"resample\"", "6"});
  broken(R"("size": "224")", {"\"size\"", "224"});
  broken(R"("size": {"shortest_edge": -1})", {"\"size\"", "1 to 32768"});
  broken(R"("size": {"shortest_edge": 40000})", {"\"size\"", "1 to 32768"});
  broken(R"("crop_size": {"height": 1.5, "width": 2})", {"\"crop_size\"", "1.5"});
  broken(R"("rescale_factor": 0)", {"\"rescale_factor\"", "positive"});
  broken(R"("image_mean": [0.5, 0.5])", {"\"image_mean\"", "3 numbers"});
  broken(R"("image_std": [0.5, 0, 0.5])", {"\"image_std\"", "positive"});
  write("preprocessor_config.json", "{");
  expect_error(ErrorKind::kCorruptInput, {"preprocessor_config.json", "not a JSON object"}, [&] { read(); });
  write_processor();
  const auto broken_config = [&](const std::string& config, const std::vector<std::string>& parts) {
    write("config.json", config);
    expect_error(ErrorKind::kCorruptInput, parts, [&] { read(); });
  };
  broken_config("{\"model_type\":", {"config.json", "not a JSON object"});
  broken_config("[]", {"config.json", "not a JSON object"});
  broken_config(R"({"num_frames": 0})", {"config.json", "\"num_frames\"", "from 1"});
  broken_config(R"({"id2label": ["a"]})", {"config.json", "\"id2label\""});
  broken_config(R"({"id2label": {"0": "a", "2": "c"}})", {"config.json", "no name for class 1 of its 2"});
}

TEST_F(HuggingFaceFiles, AConfigOfSomethingElseIsIgnored) {
  for (const char* config : {"{}", "not JSON", "[1]", R"({"model_type": 3, "id2label": []})"}) {
    write("config.json", config);
    EXPECT_FALSE(read()) << config;
    EXPECT_TRUE(read_hugging_face_labels(folder_.path()).empty()) << config;
  }
  write_config(R"(, "id2label": {"0": "walk"})");
  EXPECT_FALSE(read());
  EXPECT_EQ(read_hugging_face_labels(folder_.path()), std::vector<std::string>{"walk"});
}

}  // namespace
}  // namespace relevid
