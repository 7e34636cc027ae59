// SPDX-License-Identifier: Apache-2.0
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>

#include "expect_error.h"
#include "relevid/preprocessing.h"

namespace relevid {
namespace {

namespace fs = std::filesystem;

std::string quoted(const std::string& text) {
  return '"' + text + '"';
}

/// A complete side file, of which a test replaces ("key" -> JSON) or removes ("key" -> "") lines.
std::string side_file(const std::map<std::string, std::string>& changes = {}) {
  std::map<std::string, std::string> lines = {
      {"layout", quoted("NCTHW")},
      {"clip_len", "16"},
      {"target_fps", "5"},
      {"frame_interval", quoted("round(fps / 5), at least 1")},
      {"num_clips", "1"},
      {"offset", quoted("max(n - (15 * frame_interval + 1), 0) // 2")},
      {"past_the_end", quoted("repeat last frame (index clamped to n - 1)")},
      {"size", "[172, 180]"},
      {"resize", quoted("stretch, bilinear")},
      {"resize_detail", quoted("no smoothing on reduction, rounded to 8 bits")},
      {"crop", "null"},
      {"colour", quoted("RGB")},
      {"value_range", "[0.0, 1.0]"},
      {"scale", "0.00392156862745098"},
      {"mean", "[0, 0, 0]"},
      {"std", "[1, 1, 1]"}};
  for (const auto& [key, value] : changes) lines[key] = value;
  std::string json = "{";
  for (const auto& [key, value] : lines) {
    if (!value.empty()) json += (json.size() > 1 ? ", \"" : "\"") + key + "\": " + value;
  }
  return json + "}";
}

ModelSettings parse(const std::map<std::string, std::string>& changes = {}) {
  return parse_settings(side_file(changes), {}, "net.json");
}

void refuse(const std::map<std::string, std::string>& changes, std::vector<std::string> parts) {
  parts.insert(parts.begin(), "net.json: \"" + changes.begin()->first + "\"");
  expect_error(ErrorKind::kCorruptInput, parts, [&] { parse(changes); });
}

class Folder : public testing::Test {
 protected:
  void SetUp() override {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    path_ = fs::path(testing::TempDir()) / (std::string("relevid_settings_") + test->name());
    fs::create_directories(path_);
  }
  void TearDown() override { fs::remove_all(path_); }
  void write(const std::string& name, const std::string& content) const {
    std::ofstream(path_ / name, std::ios::binary) << content;
  }
  /// A float32 .npy file of zeros; `shape` as Python writes it.
  void write_npy(const std::string& name, const std::string& shape, size_t elements) const {
    std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + ", }";
    header.resize(117, ' ');
    write(name,
          std::string("\x93NUMPY\x01\x00\x76\x00", 10) + header + "\n" + std::string(elements * 4, '\0'));
  }
  fs::path path_;
};

void expect_same(const Preprocessing& a, const Preprocessing& b) {
  EXPECT_EQ(a.spatial, b.spatial);
  EXPECT_EQ(a.stretch, b.stretch);
  EXPECT_EQ(a.short_side, b.short_side);
  EXPECT_EQ(a.long_side, b.long_side);
  EXPECT_EQ(a.filter, b.filter);
  EXPECT_EQ(a.smoothing, b.smoothing);
  EXPECT_EQ(a.resized_values, b.resized_values);
  EXPECT_EQ(a.crop, b.crop);
  EXPECT_EQ(a.crop_offset, b.crop_offset);
  EXPECT_EQ(a.colour, b.colour);
  EXPECT_EQ(a.scale, b.scale);
  EXPECT_EQ(a.value_range, b.value_range);
  EXPECT_EQ(a.mean, b.mean);
  EXPECT_EQ(a.std, b.std);
  EXPECT_EQ(a.clip_mean, b.clip_mean);
  EXPECT_EQ(a.layout, b.layout);
}

TEST(Settings, SideFileIsReadWithoutWarnings) {
  const ModelSettings settings = parse();
  EXPECT_TRUE(settings.warnings.empty());
  EXPECT_EQ(settings.sampling.sampler, Sampler::kMmaction2);
  EXPECT_EQ(settings.sampling.target_fps, 5);
  EXPECT_EQ(settings.preprocessing.stretch, (Size{172, 180}));
  EXPECT_EQ(settings.preprocessing.smoothing, Smoothing::kOff);
  EXPECT_DOUBLE_EQ(settings.preprocessing.scale, 1.0 / 255);
}

TEST(Settings, EveryPresetAndSamplerSurvivesTheRoundTrip) {
  for (const std::string& preset : preprocessing_names()) {
    for (const std::string& sampler : sampler_names()) {
      ModelSettings settings;
      settings.preprocessing = preprocessing_preset(preset);
      settings.preprocessing.needs_mean_volume = false;
      settings.sampling.sampler = parse_sampler(sampler);
      settings.sampling.target_fps = 12.5;
      settings.sampling.past_end = PastEnd::kWrap;
      settings.sampling.num_clips = 3;
      settings.class_names = {"run, \"fast\"", "b\u00f6se"};
      const ModelSettings again = parse_settings(to_json(settings), {}, "net.onnx");
      EXPECT_TRUE(again.warnings.empty()) << again.warnings.front();
      EXPECT_EQ(again.sampling, settings.sampling);
      EXPECT_EQ(again.class_names, settings.class_names);
      expect_same(again.preprocessing, settings.preprocessing);
    }
  }
}

TEST(Settings, NoResizeAndListedStartsSurviveTheRoundTrip) {
  ModelSettings settings;
  settings.sampling.sampler = Sampler::kC3d;
  settings.sampling.starts = {0, 40};
  settings.sampling.stride = 7;
  settings.sampling.frame_interval = 3;
  const ModelSettings again = parse_settings(to_json(settings), {}, "net.onnx");
  EXPECT_EQ(again.sampling, settings.sampling);
  expect_same(again.preprocessing, settings.preprocessing);
}

TEST(Settings, TheClipsMeanSurvivesTheRoundTripAndIsKeptByDefault) {
  ModelSettings settings;
  EXPECT_EQ(parse_settings(to_json(settings), {}, "net.onnx").preprocessing.clip_mean, ClipMean::kKeep);
  settings.preprocessing.clip_mean = ClipMean::kSubtract;
  const ModelSettings again = parse_settings(to_json(settings), {}, "net.onnx");
  EXPECT_TRUE(again.warnings.empty());
  EXPECT_EQ(again.preprocessing.clip_mean, ClipMean::kSubtract);
}

TEST(Settings, AcceptsWhatIsSaidInOtherWords) {
  EXPECT_EQ(parse({{"past_the_end", quoted("loop: on at the start")}}).sampling.past_end, PastEnd::kLoop);
  EXPECT_EQ(parse({{"past_the_end", quoted("wrap")}}).sampling.past_end, PastEnd::kWrap);
  EXPECT_EQ(parse({{"past_the_end", quoted("repeat-last")}}).sampling.past_end, PastEnd::kRepeatLast);
  EXPECT_EQ(parse({{"colour", ""}, {"color", quoted("BGR")}}).preprocessing.colour, Colour::kBgr);
  EXPECT_EQ(parse({{"offset", quoted("max(n-(15*frame_interval+1),0)//2")}}).sampling.sampler,
            Sampler::kMmaction2);
  EXPECT_EQ(parse({{"antialias", "true"}}).preprocessing.smoothing, Smoothing::kOn);
  EXPECT_EQ(parse({{"resize_detail", quoted("smoothing, rounded to 8 bits")}}).preprocessing.smoothing,
            Smoothing::kOn);
  EXPECT_EQ(parse({{"value_range", ""}, {"scale", "1"}}).preprocessing.value_range[1], 255);
  const ModelSettings slowfast =
      parse({{"offset", ""}, {"sampler", quoted("slowfast")}, {"frame_interval", "8"}});
  EXPECT_EQ(slowfast.sampling.target_fps, 5);
  EXPECT_EQ(slowfast.sampling.frame_interval, 8);
}

TEST(Settings, NamingOpenCvAsksForItsRounding) {
  const auto rounding = [](const std::map<std::string, std::string>& changes) {
    return parse(changes).preprocessing.resized_values;
  };
  for (const char* detail : {"cv2.INTER_LINEAR", "rounded to 8 bits (OpenCV)", "no smoothing, opencv"}) {
    EXPECT_EQ(rounding({{"resize_detail", quoted(detail)}}), ResizedValues::kOpenCv) << detail;
  }
  EXPECT_EQ(parse({{"resize_detail", quoted("cv2.INTER_LINEAR")}}).preprocessing.smoothing, Smoothing::kOff);
  EXPECT_EQ(rounding({{"resized_values", quoted("opencv")}}), ResizedValues::kOpenCv);
  EXPECT_EQ(rounding({{"resized_values", quoted("8 bits")}, {"resize_detail", quoted("cv2")}}),
            ResizedValues::kEightBit);
  EXPECT_EQ(rounding({{"resize", quoted("stretch, area")}, {"resize_detail", quoted("cv2, 8 bits")}}),
            ResizedValues::kEightBit);
  EXPECT_EQ(parse({{"resize_detail", quoted("cv2 on float32")}}).warnings.size(), 1U);
  refuse({{"resize_detail", quoted("with smoothing (cv2)")}}, {"never smooths", "\"resized_values\""});
  for (const auto& [key, value] : {std::pair{"antialias", "true"}, {"resize", "\"stretch, area\""}}) {
    expect_error(ErrorKind::kCorruptInput, {"net.json: \"resized_values\"", "bilinear", "opencv"}, [&] {
      parse({{"resized_values", quoted("opencv")}, {key, value}});
    });
  }
}

TEST(Settings, NamingPillowAsksForItsRoundingAndItsSmoothing) {
  const Preprocessing pillow = parse({{"resize_detail", quoted("Pillow, rounded to 8 bits")}}).preprocessing;
  EXPECT_EQ(pillow.smoothing, Smoothing::kOn);
  EXPECT_EQ(pillow.resized_values, ResizedValues::kPillow);
  EXPECT_EQ(parse({{"resize_detail", quoted("no smoothing, 8 bits (PIL)")}}).preprocessing.resized_values,
            ResizedValues::kEightBit);
  const Preprocessing torch = parse({{"resize", quoted("stretch, lanczos")},
                                     {"antialias", "true"},
                                     {"resized_values", quoted("torch")}})
                                  .preprocessing;
  EXPECT_EQ(torch.filter, Filter::kLanczos);
  EXPECT_EQ(torch.resized_values, ResizedValues::kTorch);
  expect_error(ErrorKind::kCorruptInput, {"net.json: \"resized_values\"", "with antialias", "torch"}, [] {
    parse({{"resized_values", quoted("torch")}, {"antialias", "false"}});
  });
  expect_error(ErrorKind::kCorruptInput, {"net.json: \"resize\"", "lanczos", "\"antialias\" to true"}, [] {
    parse({{"resize", quoted("stretch, lanczos")}, {"antialias", "false"}});
  });
}

TEST(Settings, WarnsOfAssumptionsAndUnknownKeys) {
  const auto warning = [](const std::map<std::string, std::string>& changes) {
    const auto warnings = parse(changes).warnings;
    return warnings.size() == 1 ? warnings[0] : "not one warning but " + std::to_string(warnings.size());
  };
  EXPECT_THAT(warning({{"crop_ofset", "1"}}), testing::HasSubstr("did you mean 'crop_offset'"));
  EXPECT_THAT(warning({{"crop", "112"}}), testing::HasSubstr("\"crop_offset\""));
  EXPECT_THAT(warning({{"past_the_end", ""}}), testing::HasSubstr("last frame is repeated"));
  EXPECT_THAT(warning({{"offset", ""}}), testing::HasSubstr("mmaction2"));
  EXPECT_THAT(warning({{"frame_interval", "6"}}), testing::HasSubstr("\"target_fps\" is not used"));
  EXPECT_THAT(warning({{"resize_detail", quoted("no smoothing")}}), testing::HasSubstr("8 bits"));
}

TEST(Settings, ResizeHasToBeSaidWhole) {
  refuse({{"resize", ""}}, {"is missing", "bilinear"});
  refuse({{"resize", quoted("stretch")}}, {"stretch, FILTER"});
  refuse({{"resize", quoted("stretch, bilinaer")}}, {"did you mean 'bilinear'"});
  refuse({{"resize", quoted("none, bilinear")}}, {"stretch, FILTER"});
  refuse({{"resize", quoted("short side, bilinear")}, {"size", "[172, 172]"}, {"resize_detail", ""}},
         {"smooths", "\"antialias\""});
  refuse({{"resize", quoted("stretch, bicubic")}, {"resize_detail", quoted("not smoothing")}},
         {"\"antialias\""});
  refuse({{"antialias", "1"}}, {"true or false", "1"});
  refuse({{"size", ""}}, {"is missing"});
  refuse({{"size", "[172, 172, 3]"}}, {"[height, width]"});
  expect_error(ErrorKind::kCorruptInput, {"net.json: \"size\"", "one number", "[172,180]"}, [] {
    parse({{"resize", quoted("short side, bilinear")}});
  });
}

TEST(Settings, NamesFileAndKeyOfWhatIsMalformed) {
  refuse({{"layout", ""}}, {"is missing"});
  refuse({{"layout", quoted("NCHW")}}, {"'NCHW'", "NTHWC"});
  refuse({{"clip_len", "0"}}, {"from 1", "0"});
  refuse({{"clip_len", "15.5"}}, {"15.5"});
  refuse({{"clip_len", "\"16\""}}, {"\"16\""});
  refuse({{"clip_len", "18446744073709551615"}}, {"18446744073709551615"});
  refuse({{"num_clips", "-1"}}, {"-1"});
  refuse({{"target_fps", "0"}}, {"positive"});
  refuse({{"frame_interval", ""}}, {"is missing"});
  refuse({{"frame_interval", quoted("round(fps / 6), at least 1")}}, {"round(fps / 5), at least 1"});
  refuse({{"frame_interval", quoted("every sixth")}, {"target_fps", ""}}, {"target_fps"});
  refuse({{"offset", quoted("random")}}, {"max(n - (15 * frame_interval + 1), 0) // 2", "torchcodec"});
  refuse({{"offset", quoted("max(n - (14 * frame_interval + 1), 0) // 2")}}, {"15 * frame_interval"});
  refuse({{"sampler", quoted("torchcodek")}}, {"did you mean 'torchcodec'"});
  refuse({{"past_the_end", quoted("mirror")}}, {"'mirror'", "repeat-last"});
  refuse({{"stride", "0"}}, {"from 1"});
  refuse({{"starts", "[1, -2]"}}, {"frame numbers"});
  refuse({{"crop", quoted("centre")}}, {"[height, width]"});
  refuse({{"colour", quoted("GBR")}}, {"'GBR'"});
  refuse({{"scale", ""}}, {"is missing"});
  refuse({{"scale", "0"}}, {"positive"});
  refuse({{"value_range", "[1, 0]"}}, {"low < high"});
  refuse({{"mean", "[1, 2]"}}, {"3 numbers", "[1,2]"});
  refuse({{"std", "[1, 0, 1]"}}, {"positive"});
  refuse({{"class_names", "[1]"}}, {"list of texts"});
  expect_error(ErrorKind::kCorruptInput, {"net.json", "not a JSON object"},
               [] { parse_settings("[1]", {}, "net.json"); });
  expect_error(ErrorKind::kCorruptInput, {"net.json", "not a JSON object"},
               [] { parse_settings("{", {}, "net.json"); });
  const std::string deep = std::string(1'000'000, '[') + std::string(1'000'000, ']');
  expect_error(ErrorKind::kCorruptInput, {"net.json", "not a JSON object"}, [&] { parse({{"size", deep}}); });
  refuse({{"size", "[[[\"[[\\\"[[\"]]]"}}, {"[height, width]"});
}

TEST_F(Folder, LabelsAreReadBesideTheFile) {
  write("labels.txt", "walk\r\nrun\n");
  write("net.json", side_file({{"labels", quoted("labels.txt")}, {"classes", "2"}}));
  const ModelSettings settings = read_settings(path_ / "net.json");
  EXPECT_EQ(settings.class_names, (std::vector<std::string>{"walk", "run"}));
  EXPECT_EQ(settings.labels_path, path_ / "labels.txt");
  write("net.json", side_file({{"labels", quoted("labels.txt")}, {"classes", "3"}}));
  expect_error(ErrorKind::kCorruptInput, {"\"classes\"", "2", "3"},
               [&] { read_settings(path_ / "net.json"); });
}

TEST_F(Folder, FilesOutsideItAreNotRead) {
  for (const char* named : {"/etc/passwd", "../labels.txt", "a/../../labels.txt", ""}) {
    write("net.json", side_file({{"labels", quoted(named)}}));
    expect_error(ErrorKind::kCorruptInput, {"net.json", "\"labels\"", "own folder"},
                 [&] { read_settings(path_ / "net.json"); });
  }
}

TEST_F(Folder, MissingFilesAreNamed) {
  expect_error(ErrorKind::kIo, {"net.json"}, [&] { read_settings(path_ / "net.json"); });
  write("net.json", side_file({{"labels", quoted("none.txt")}}));
  expect_error(ErrorKind::kIo, {"none.txt"}, [&] { read_settings(path_ / "net.json"); });
}

TEST_F(Folder, MeanVolumeIsReadBesideTheFile) {
  write_npy("mean.npy", "(1, 3, 2, 4, 5)", 120);
  write("net.json", side_file({{"mean", quoted("mean.npy")}}));
  const ModelSettings settings = read_settings(path_ / "net.json");
  EXPECT_TRUE(settings.preprocessing.needs_mean_volume);
  EXPECT_EQ(settings.preprocessing.mean_volume->shape(), (Shape{3, 2, 4, 5}));
  const ModelSettings again = parse_settings(to_json(settings), path_, "net.onnx");
  EXPECT_EQ(again.preprocessing.mean_volume_path, settings.preprocessing.mean_volume_path);
  write_npy("mean.npy", "(4, 2, 3, 5)", 120);
  expect_error(ErrorKind::kCorruptInput, {"mean.npy", "[3, T, H, W]", "[4, 2, 3, 5]"},
               [&] { read_settings(path_ / "net.json"); });
}

}  // namespace
}  // namespace relevid
