// SPDX-License-Identifier: Apache-2.0
#include "relevid/hugging_face.h"

#include <algorithm>

#include "base/atomic_file.h"
#include "clips/hugging_face_processor.h"
#include "clips/json_reader.h"

namespace relevid {
namespace {

namespace fs = std::filesystem;

constexpr const char* kConfig = "config.json";
constexpr const char* kProcessor = "processor_config.json";
constexpr const char* kVideoProcessor = "video_preprocessor_config.json";
constexpr const char* kImageProcessor = "preprocessor_config.json";

/// Which of transformers' two kinds of processor a file is of.
enum class ProcessorKind { kVideo, kImage };

/// A processor's settings, and the file's name.
struct ProcessorFile {
  JsonReader reader;
  ProcessorKind kind;
  std::string name;
};

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

/// One of the processors that transformers 5 saves in one file.
std::optional<ProcessorFile> nested_processor(const fs::path& folder, ProcessorKind kind) {
  const fs::path path = folder / kProcessor;
  if (!is_there(path)) return std::nullopt;
  const JsonReader all = JsonReader::parse(read_file(path), path.string());
  const std::string key = kind == ProcessorKind::kVideo ? "video_processor" : "image_processor";
  if (!all.has(key)) return std::nullopt;
  return ProcessorFile{JsonReader(all.at(key), fmt::format("{}, \"{}\"", path.string(), key)), kind,
                       kProcessor};
}

std::optional<ProcessorFile> own_processor(const fs::path& folder, const char* name, ProcessorKind kind) {
  const fs::path path = folder / name;
  if (!is_there(path)) return std::nullopt;
  return ProcessorFile{JsonReader::parse(read_file(path), path.string()), kind, name};
}

/// In the order in which transformers looks for a processor of videos, then of images.
std::optional<ProcessorFile> find_processor(const fs::path& folder) {
  if (auto found = nested_processor(folder, ProcessorKind::kVideo)) return found;
  if (auto found = own_processor(folder, kVideoProcessor, ProcessorKind::kVideo)) return found;
  if (auto found = nested_processor(folder, ProcessorKind::kImage)) return found;
  return own_processor(folder, kImageProcessor, ProcessorKind::kImage);
}

/// config.json where it is transformers'. Beside a processor's file it is nobody else's, and has to be whole.
std::optional<JsonReader> find_config(const fs::path& folder, const std::optional<ProcessorFile>& processor) {
  const fs::path path = folder / kConfig;
  if (!is_there(path)) return std::nullopt;
  Json json = parse_json(read_file(path));
  const bool named = json.is_object() && json.contains("model_type") && json["model_type"].is_string();
  if (!named && !processor) return std::nullopt;
  return JsonReader(std::move(json), path.string());
}

/// By class index.
std::vector<std::string> read_class_names(const JsonReader& config) {
  const std::string key = "id2label";
  if (!config.has(key)) return {};
  const Json& labels = config.at(key);
  if (!labels.is_object()) config.fail_found(key, "an object of class names by class index");
  std::vector<std::string> names;
  for (size_t i = 0; i < labels.size(); ++i) {
    const auto label = labels.find(std::to_string(i));
    if (label == labels.end() || !label->is_string())
      config.fail(key, fmt::format("has no name for class {} of its {}", i, labels.size()));
    names.push_back(label->get<std::string>());
  }
  return names;
}

/// The class of transformers that the file is of: as it says, or as transformers chooses by the model.
std::string processor_name(const ProcessorFile& file, const std::optional<JsonReader>& config) {
  for (const char* key : {"video_processor_type", "image_processor_type", "feature_extractor_type"}) {
    if (file.reader.has(key)) return file.reader.text(key);
  }
  const std::string model = config && config->has("model_type") ? config->text("model_type") : "";
  const bool video = file.kind == ProcessorKind::kVideo;
  if (model == "videomae") return video ? "VideoMAEVideoProcessor" : "VideoMAEImageProcessor";
  if (model == "timesformer") return video ? "TimesformerVideoProcessor" : "VideoMAEImageProcessor";
  if (model == "vivit") return video ? "VivitVideoProcessor" : "VivitImageProcessor";
  if (model == "vjepa2") return "VJEPA2VideoProcessor";
  refuse_setting(file.reader, "a processor that neither this file nor config.json names");
}

/// A whole number from 1, or the first of a list of them.
std::optional<int64_t> first_number(const JsonReader& config, const std::string& key) {
  if (!config.has(key)) return std::nullopt;
  const Json& value = config.at(key);
  const Json& first = value.is_array() && !value.empty() ? value.front() : value;
  if (!JsonReader::is_whole(first) || first.get<int64_t>() < 1)
    config.fail_found(key, "a whole number from 1, or a list of them");
  return first.get<int64_t>();
}

/// What config.json says of the clips that the model takes.
struct ModelClip {
  std::optional<int64_t> frames, side, tubelet;
};

ModelClip read_model_clip(const std::optional<JsonReader>& config) {
  ModelClip clip;
  if (!config) return clip;
  clip.frames = first_number(*config, config->has("num_frames") ? "num_frames" : "frames_per_clip");
  clip.side = first_number(*config, config->has("image_size") ? "image_size" : "crop_size");
  clip.tubelet = first_number(*config, "tubelet_size");
  return clip;
}

/// Which frames the processor takes of a video, where it takes them itself.
void read_own_sampling(const JsonReader& file, ModelSettings& settings) {
  SamplingOptions& sampling = settings.sampling;
  const bool counts = file.has("num_frames"), rates = file.has("fps");
  if (counts && rates) file.fail("num_frames", "and \"fps\" exclude each other");
  if (counts) {
    sampling.sampler = Sampler::kTransformers;
    sampling.clip_len = file.whole("num_frames");
    return;
  }
  if (rates) {
    sampling.target_fps = file.number("fps");
    if (!(*sampling.target_fps > 0)) file.fail_found("fps", "positive");
  }
  settings.sampling_warnings.push_back(fmt::format(
      "{}: frames of the whole video{}, however many, are not one clip; a clip from its middle is taken{} "
      "(--sampler transformers spreads one over the whole video)",
      file.where(), rates ? fmt::format(", {} a second", file.at("fps").dump()) : "",
      rates ? " at that rate" : ""));
}

void read_sampling(const JsonReader& file, const ModelClip& model, std::optional<int64_t> clip_len,
                   ModelSettings& settings) {
  SamplingOptions& sampling = settings.sampling;
  if (model.frames) sampling.clip_len = *model.frames;
  if (read_flag(file, "do_sample_frames").value_or(false)) {
    read_own_sampling(file, settings);
  } else {
    settings.sampling_warnings.push_back(
        fmt::format("{}: \"do_sample_frames\" is not set, so nothing says which frames are a clip; "
                    "successive ones from the "
                    "middle are taken (--frame-interval or --target-fps spread them, --sampler transformers "
                    "over the whole "
                    "video as its pipeline does)",
                    file.where()));
  }
  const bool said = model.frames || sampling.sampler == Sampler::kTransformers;
  if (clip_len && said && sampling.clip_len != *clip_len) {
    settings.warnings.push_back(
        fmt::format("{}: clips of {} frames are said to be the model's, and its input takes {}", file.where(),
                    sampling.clip_len, *clip_len));
  } else if (!clip_len && !said) {
    settings.warnings.push_back(
        fmt::format("{}: nothing says how many frames a clip has; {} are taken (--clip-len)", file.where(),
                    sampling.clip_len));
  }
  sampling.clip_len = clip_len.value_or(sampling.clip_len);
}

/// What frames and picture have to do with the model, where config.json says what that takes.
void check_clip(const ModelClip& model, ModelSettings& settings) {
  const Preprocessing& p = settings.preprocessing;
  const int64_t frames = settings.sampling.clip_len;
  if (model.tubelet && frames % *model.tubelet != 0)
    settings.warnings.push_back(
        fmt::format("{}: the model takes {} frames at a time, and a clip has {}: it does "
                    "not see the last {}",
                    kConfig, *model.tubelet, frames, frames % *model.tubelet));
  const int64_t height = p.crop ? p.crop->height : p.spatial == Spatial::kStretch ? p.stretch.height : 0;
  if (model.side && height > 0 && height != *model.side)
    settings.warnings.push_back(
        fmt::format("{}: the model takes pictures of height {}, and its processor makes {}", kConfig,
                    *model.side, height));
}

ModelSettings read_processor(const ProcessorFile& file, const std::optional<JsonReader>& config,
                             std::optional<int64_t> clip_len) {
  ModelSettings settings;
  const ModelClip model = read_model_clip(config);
  settings.preprocessing =
      processor_preprocessing(file.reader, processor_name(file, config), settings.warnings);
  read_sampling(file.reader, model, clip_len, settings);
  check_clip(model, settings);
  return settings;
}

}  // namespace

const std::vector<std::string>& hugging_face_file_names() {
  static const std::vector<std::string> kNames = {kConfig, kProcessor, kVideoProcessor, kImageProcessor};
  return kNames;
}

std::optional<FoundSettings> read_hugging_face_folder(const fs::path& folder,
                                                      std::optional<int64_t> clip_len) {
  const auto processor = find_processor(folder);
  if (!processor) return std::nullopt;
  const auto config = find_config(folder, processor);
  FoundSettings result{read_processor(*processor, config, clip_len), processor->name};
  if (!config) return result;
  result.settings.class_names = read_class_names(*config);
  result.source += fmt::format(", {}", kConfig);
  return result;
}

std::vector<std::string> read_hugging_face_labels(const fs::path& folder) {
  const auto config = find_config(folder, std::nullopt);
  return config ? read_class_names(*config) : std::vector<std::string>{};
}

}  // namespace relevid
