// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "base/atomic_file.h"
#include "clips/json_reader.h"
#include "clips/settings_names.h"
#include "relevid/preprocessing.h"

namespace relevid {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> kKeys = {
    "layout",      "sampler", "clip_len",     "target_fps", "frame_interval", "num_clips", "offset",
    "stride",      "starts",  "past_the_end", "size",       "resize",         "long_side", "resize_detail",
    "antialias",   "crop",    "crop_offset",  "colour",     "color",          "scale",     "resized_values",
    "value_range", "mean",    "std",          "labels",     "class_names",    "classes",   "model",
    "input",       "output",  "activation",   "source",     "clip_mean"};

bool has_word(std::string_view text, std::string_view word) {
  return text.find(word) != std::string_view::npos;
}

bool names_opencv(std::string_view text) {
  return has_word(text, "cv2") || has_word(text, "OpenCV") || has_word(text, "opencv");
}

bool names_pillow(std::string_view text) {
  return has_word(text, "Pillow") || has_word(text, "PIL");
}

/// A file named by a model's settings, which may come from anywhere: only the model's folder and below.
fs::path file_beside(const JsonReader& reader, const std::string& key, const fs::path& folder) {
  const fs::path named = fs::path(reader.text(key)).lexically_normal();
  if (named.empty() || named.is_absolute() || *named.begin() == "..") {
    reader.fail_found(key, "a file in the model's own folder");
  }
  return folder / named;
}

void read_frame_interval(const JsonReader& reader, ModelSettings& settings) {
  SamplingOptions& sampling = settings.sampling;
  if (reader.has("target_fps")) {
    sampling.target_fps = reader.number("target_fps");
    if (!(*sampling.target_fps > 0)) reader.fail_found("target_fps", "positive");
  }
  const bool in_seconds = sampling.sampler == Sampler::kSlowfast ||
                          sampling.sampler == Sampler::kSlowfastOffset ||
                          sampling.sampler == Sampler::kPytorchvideo;
  if (reader.at("frame_interval").is_number()) {
    sampling.frame_interval = reader.whole("frame_interval");
    if (sampling.target_fps && !in_seconds) {
      settings.warnings.push_back(
          fmt::format("{}: \"frame_interval\" is a number, so \"target_fps\" is not used", reader.where()));
      sampling.target_fps.reset();
    }
    return;
  }
  if (!sampling.target_fps || in_seconds) {
    reader.fail_found(
        "frame_interval",
        "a whole number from 1 (a phrase needs \"target_fps\", and a sampler that counts frames)");
  }
  const std::string phrase = fmt::format(kIntervalPhrase, *sampling.target_fps);
  if (reader.text("frame_interval") != phrase) {
    reader.fail_found("frame_interval", fmt::format("a whole number from 1 or \"{}\"", phrase));
  }
}

void read_offset(const JsonReader& reader, ModelSettings& settings) {
  SamplingOptions& sampling = settings.sampling;
  if (reader.has("sampler")) {
    sampling.sampler = reader.checked("sampler", [&] { return parse_sampler(reader.text("sampler")); });
  } else if (!reader.has("offset")) {
    settings.warnings.push_back(
        fmt::format("{}: neither \"sampler\" nor \"offset\" is given; clips are placed as mmaction2 does",
                    reader.where()));
  }
  if (!reader.has("offset")) return;
  const std::string centre = centre_offset_phrase(sampling.clip_len);
  std::string phrase = reader.text("offset");
  std::erase(phrase, ' ');
  std::string expected = centre;
  std::erase(expected, ' ');
  if (phrase != expected || sampling.num_clips != 1 || sampling.sampler != Sampler::kMmaction2) {
    reader.fail_found("offset",
                      fmt::format("\"{}\" (with one clip, sampler mmaction2), or left out in favour of "
                                  "\"sampler\", which is one of: {}",
                                  centre, fmt::join(sampler_names(), ", ")));
  }
}

/// The policy is what the text begins with; side files go on to explain it.
PastEnd read_past_end(const JsonReader& reader) {
  const std::string text = reader.text("past_the_end");
  if (text.starts_with("repeat last")) return PastEnd::kRepeatLast;
  const size_t end = std::min(text.find_first_of(" ,;:("), text.size());
  return reader.checked("past_the_end",
                        [&] { return parse_past_end(std::string_view(text).substr(0, end)); });
}

void read_sampling(const JsonReader& reader, ModelSettings& settings) {
  SamplingOptions& sampling = settings.sampling;
  sampling.clip_len = reader.whole("clip_len");
  if (reader.has("num_clips")) sampling.num_clips = reader.whole("num_clips", 0);
  read_offset(reader, settings);
  read_frame_interval(reader, settings);
  if (reader.has("stride")) sampling.stride = reader.whole("stride");
  if (reader.has("starts")) {
    const Json& starts = reader.at("starts");
    if (!starts.is_array() || !std::all_of(starts.begin(), starts.end(), JsonReader::is_whole)) {
      reader.fail_found("starts", "a list of frame numbers");
    }
    sampling.starts = starts.get<std::vector<int64_t>>();
  }
  if (reader.has("past_the_end")) {
    sampling.past_end = read_past_end(reader);
  } else {
    settings.warnings.push_back(
        fmt::format("{}: \"past_the_end\" is not given; the last frame is repeated", reader.where()));
  }
}

Size read_size(const JsonReader& reader, const std::string& key) {
  const Json& value = reader.at(key);
  if (JsonReader::is_whole(value)) return {value.get<int64_t>(), value.get<int64_t>()};
  if (!value.is_array() || value.size() != 2 ||
      !std::all_of(value.begin(), value.end(), JsonReader::is_whole)) {
    reader.fail_found(key, "a whole number, or [height, width]");
  }
  return {value[0].get<int64_t>(), value[1].get<int64_t>()};
}

Smoothing read_smoothing(const JsonReader& reader) {
  if (reader.has("antialias")) {
    if (!reader.at("antialias").is_boolean()) reader.fail_found("antialias", "true or false");
    return reader.at("antialias").get<bool>() ? Smoothing::kOn : Smoothing::kOff;
  }
  const std::string detail = reader.has("resize_detail") ? reader.text("resize_detail") : "";
  if (has_word(detail, "no smoothing") || has_word(detail, "without smoothing")) return Smoothing::kOff;
  if (has_word(detail, "with smoothing") || detail.starts_with("smoothing")) return Smoothing::kOn;
  if (names_opencv(detail)) return Smoothing::kOff;
  if (names_pillow(detail)) return Smoothing::kOn;
  reader.fail("resize",
              "does not say whether reduction smooths, which moves probabilities by up to 0.15: add "
              "\"antialias\": true (Pillow, torchvision antialias=True) or false (OpenCV, torchvision "
              "antialias=False)");
}

/// Once filter and smoothing are read.
ResizedValues read_resized_values(const JsonReader& reader, ModelSettings& settings) {
  const auto fits = [&](ResizedValues values) {
    return rounding_fits(values, settings.preprocessing.filter, settings.preprocessing.smoothing);
  };
  if (reader.has("resized_values")) {
    const auto values = reader.word("resized_values", kResizedValuesNames);
    if (!fits(values)) {
      reader.fail_found(
          "resized_values",
          values == ResizedValues::kOpenCv
              ? "\"8 bits\" or \"float\" unless the filter is bilinear without antialias"
              : "\"8 bits\" or \"float\" unless the filter is bilinear, bicubic or lanczos with "
                "antialias");
    }
    return values;
  }
  const std::string detail = reader.has("resize_detail") ? reader.text("resize_detail") : "";
  if (names_opencv(detail) && settings.preprocessing.smoothing == Smoothing::kOn) {
    reader.fail("resize_detail",
                "names OpenCV, which never smooths, but the filter smooths: set \"antialias\" to false, or "
                "\"resized_values\" to \"8 bits\" or \"float\"");
  }
  if (!has_word(detail, "float")) {
    if (names_opencv(detail) && fits(ResizedValues::kOpenCv)) return ResizedValues::kOpenCv;
    if (names_pillow(detail) && fits(ResizedValues::kPillow)) return ResizedValues::kPillow;
  }
  if (has_word(detail, "8 bits")) return ResizedValues::kEightBit;
  settings.warnings.push_back(
      fmt::format("{}: \"resized_values\" ({}) is not given; frames are rounded to 8 bits", reader.where(),
                  fmt::join(names_in(kResizedValuesNames), ", ")));
  return ResizedValues::kEightBit;
}

Rounding read_rounding(const JsonReader& reader, const std::string& key, ModelSettings& settings) {
  if (reader.has(key)) return reader.word(key, kRoundingNames);
  settings.warnings.push_back(
      fmt::format("{}: \"{}\" (floor, round or ceil) is not given; it is rounded down", reader.where(), key));
  return Rounding::kFloor;
}

void read_resize(const JsonReader& reader, ModelSettings& settings) {
  Preprocessing& p = settings.preprocessing;
  if (!reader.has("size") && (!reader.has("resize") || reader.text("resize") == "none")) return;
  const Size size = read_size(reader, "size");
  const std::string accepted = "\"stretch, FILTER\" or \"short side, FILTER\" with FILTER one of " +
                               fmt::format("{}", fmt::join(names_in(kFilterNames), ", "));
  if (!reader.has("resize"))
    reader.fail("resize", "is missing, and \"size\" is given: it must be " + accepted);
  const std::string resize = reader.text("resize");
  const size_t comma = resize.find(", ");
  if (comma == std::string::npos) reader.fail_found("resize", accepted);
  reader.checked("resize", [&] {
    p.spatial = value_in(kSpatialNames, "way to resize", std::string_view(resize).substr(0, comma));
    p.filter = value_in(kFilterNames, "filter", std::string_view(resize).substr(comma + 2));
  });
  if (p.spatial == Spatial::kNone) reader.fail_found("resize", accepted);
  if (p.spatial == Spatial::kStretch) {
    p.stretch = size;
  } else {
    if (size.height != size.width) reader.fail_found("size", "one number, for the short side");
    p.short_side = size.height;
    p.long_side = read_rounding(reader, "long_side", settings);
  }
  if (smoothing_matters(p.filter)) p.smoothing = read_smoothing(reader);
  if (p.filter == Filter::kLanczos && p.smoothing == Smoothing::kOff)
    reader.fail("resize", "names the filter lanczos, which always smooths: set \"antialias\" to true");
  p.resized_values = read_resized_values(reader, settings);
}

void read_values(const JsonReader& reader, const fs::path& folder, Preprocessing& p) {
  p.colour = reader.word(reader.has("color") ? "color" : "colour", kColourNames);
  p.scale = reader.number("scale");
  if (!(p.scale > 0)) reader.fail_found("scale", "positive");
  p.value_range =
      reader.has("value_range") ? reader.numbers<2>("value_range") : std::array<double, 2>{0, 255 * p.scale};
  if (!(p.value_range[0] < p.value_range[1])) reader.fail_found("value_range", "[low, high] with low < high");
  if (reader.at("mean").is_string()) {
    load_mean_volume(p, file_beside(reader, "mean", folder));
  } else {
    p.mean = reader.numbers<3>("mean");
  }
  p.std = reader.numbers<3>("std");
  if (*std::min_element(p.std.begin(), p.std.end()) <= 0) reader.fail_found("std", "positive");
  if (reader.has("clip_mean")) p.clip_mean = reader.word("clip_mean", kClipMeanNames);
}

std::vector<std::string> read_lines(const fs::path& path) {
  const std::string content = read_file(path);
  std::vector<std::string> lines;
  for (size_t begin = 0; begin < content.size();) {
    const size_t end = std::min(content.find('\n', begin), content.size());
    std::string_view line = std::string_view(content).substr(begin, end - begin);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.emplace_back(line);
    begin = end + 1;
  }
  return lines;
}

void read_classes(const JsonReader& reader, const fs::path& folder, ModelSettings& settings) {
  if (reader.has("class_names")) {
    const Json& names = reader.at("class_names");
    const auto is_text = [](const Json& entry) { return entry.is_string(); };
    if (!names.is_array() || !std::all_of(names.begin(), names.end(), is_text)) {
      reader.fail("class_names", "must be a list of texts");
    }
    settings.class_names = names.get<std::vector<std::string>>();
  } else if (reader.has("labels")) {
    settings.labels_path = file_beside(reader, "labels", folder);
    settings.class_names = read_lines(settings.labels_path);
  }
  if (!reader.has("classes") || settings.class_names.empty()) return;
  const auto found = static_cast<int64_t>(settings.class_names.size());
  if (reader.whole("classes") != found)
    reader.fail_found("classes", fmt::format("the number of labels, {}", found));
}

}  // namespace

ModelSettings parse_settings(std::string_view json, const fs::path& folder, std::string_view where) {
  const JsonReader reader = JsonReader::parse(json, where);
  ModelSettings settings;
  settings.warnings = reader.unknown_keys(kKeys);
  settings.preprocessing.layout = reader.word("layout", kLayoutNames);
  read_sampling(reader, settings);
  read_resize(reader, settings);
  if (reader.has("crop")) {
    settings.preprocessing.crop = read_size(reader, "crop");
    settings.preprocessing.crop_offset = read_rounding(reader, "crop_offset", settings);
  }
  read_values(reader, folder, settings.preprocessing);
  read_classes(reader, folder, settings);
  return settings;
}

ModelSettings read_settings(const fs::path& path) {
  return parse_settings(read_file(path), path.parent_path(), path.string());
}

}  // namespace relevid
