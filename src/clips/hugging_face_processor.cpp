// SPDX-License-Identifier: Apache-2.0
#include "clips/hugging_face_processor.h"

#include "clips/channel_statistics.h"

namespace relevid {
namespace {

/// Whether 1 is subtracted after rescaling.
enum class Offset { kNone, kUnlessDenied, kAlways };
/// What is resized to: what "size" says, or the crop's height * 256 / 224 whatever it says.
enum class Resize { kToSize, kByCrop };

/// A processor's arithmetic, and what holds where its file does not say. Note [Processors]: in transformers 5
/// video processors, and image processors by default, resize 8-bit tensors by torch; VivitImageProcessor
/// alone resizes by Pillow.
struct Processor {
  std::string_view name;
  ResizedValues resized_values;
  Offset offset;
  Resize resize;
  int64_t shortest_edge;
  int64_t crop;
  double rescale_factor;
  ChannelStatistics mean;
  ChannelStatistics std;
};

constexpr int64_t kMostPixels = 1 << 15;
constexpr double kByte = 1.0 / 255;

constexpr Processor videomae_processor(std::string_view name) {
  return {name, ResizedValues::kTorch, Offset::kNone, Resize::kToSize, 224, 224, kByte, kHalf, kHalf};
}

constexpr std::array<Processor, 8> kProcessors = {
    {videomae_processor("VideoMAEVideoProcessor"),
     videomae_processor("VideoMAEImageProcessor"),
     videomae_processor("VideoMAEImageProcessorFast"),
     videomae_processor("VideoMAEFeatureExtractor"),
     {"TimesformerVideoProcessor", ResizedValues::kTorch, Offset::kNone, Resize::kToSize, 224, 224, kByte,
      kImageNetMean, kImageNetStd},
     {"VivitVideoProcessor", ResizedValues::kTorch, Offset::kAlways, Resize::kToSize, 256, 224, 1 / 127.5,
      kHalf, kHalf},
     {"VivitImageProcessor", ResizedValues::kPillow, Offset::kUnlessDenied, Resize::kToSize, 256, 224,
      1 / 127.5, kHalf, kHalf},
     {"VJEPA2VideoProcessor", ResizedValues::kTorch, Offset::kNone, Resize::kByCrop, 292, 256, kByte,
      kImageNetMean, kImageNetStd}}};

const Processor& processor_called(const JsonReader& file, const std::string& name) {
  std::vector<std::string> names;
  for (const Processor& processor : kProcessors) {
    if (processor.name == name) return processor;
    names.emplace_back(processor.name);
  }
  refuse_setting(file, fmt::format("the processor \"{}\"{} (there are: {})", name, did_you_mean(name, names),
                                   fmt::join(names, ", ")));
}

/// The entries that are set of a size given as an object.
std::vector<std::string> entries(const Json& size) {
  std::vector<std::string> names;
  for (const auto& [key, value] : size.items()) {
    if (!value.is_null()) names.push_back(key);
  }
  return names;
}

int64_t side(const JsonReader& file, const std::string& key, const Json& value) {
  if (!JsonReader::is_whole(value) || value.get<int64_t>() < 1 || value.get<int64_t>() > kMostPixels)
    file.fail_found(key, fmt::format("whole numbers of pixels, 1 to {}", kMostPixels));
  return value.get<int64_t>();
}

/// {"height": ..., "width": ...}, [height, width], or one number for both.
Size read_rectangle(const JsonReader& file, const std::string& key) {
  const Json& value = file.at(key);
  if (value.is_number()) return {side(file, key, value), side(file, key, value)};
  if (value.is_array() && value.size() == 2) return {side(file, key, value[0]), side(file, key, value[1])};
  if (!value.is_object())
    file.fail_found(key, "a whole number, [height, width] or {\"height\": ..., \"width\": ...}");
  if (entries(value) != std::vector<std::string>{"height", "width"})
    refuse_setting(file, fmt::format("\"{}\": {}", key, value.dump()));
  return {side(file, key, value["height"]), side(file, key, value["width"])};
}

void to_short_side(Preprocessing& p, int64_t length) {
  p.spatial = Spatial::kShortSide;
  p.short_side = length;
  p.long_side = Rounding::kFloor;
}

void read_size(const JsonReader& file, const Processor& processor, Preprocessing& p) {
  if (!file.has("size")) return to_short_side(p, processor.shortest_edge);
  const Json& size = file.at("size");
  const bool square = read_flag(file, "default_to_square").value_or(false);
  if (size.is_number() && !square) return to_short_side(p, side(file, "size", size));
  if (size.is_object() && entries(size) == std::vector<std::string>{"shortest_edge"})
    return to_short_side(p, side(file, "size", size["shortest_edge"]));
  p.spatial = Spatial::kStretch;
  p.stretch = read_rectangle(file, "size");
}

Filter read_filter(const JsonReader& file) {
  if (!file.has("resample")) return Filter::kBilinear;
  switch (JsonReader::is_whole(file.at("resample")) ? file.at("resample").get<int64_t>() : -1) {
    case 1:
      return Filter::kLanczos;
    case 2:
      return Filter::kBilinear;
    case 3:
      return Filter::kBicubic;
    case 0:
    case 4:
    case 5:
      refuse_setting(file, fmt::format("\"resample\": {} (there are 1 lanczos, 2 bilinear, 3 bicubic)",
                                       file.at("resample").dump()));
    default:
      file.fail_found("resample", "a number of Pillow's, 0 to 5");
  }
}

Size crop_of(const JsonReader& file, const Processor& processor) {
  return file.has("crop_size") ? read_rectangle(file, "crop_size") : Size{processor.crop, processor.crop};
}

/// VJEPA2VideoProcessor's, whatever the file says.
void read_size_by_crop(const JsonReader& file, const Processor& processor, Preprocessing& p,
                       std::vector<std::string>& warnings) {
  to_short_side(p, crop_of(file, processor).height * 256 / 224);
  if (!file.has("size") || file.at("size") == Json::object({{"shortest_edge", p.short_side}})) return;
  warnings.push_back(
      fmt::format("{}: \"size\" is not used, as {} itself does not: the short side becomes 256 / 224 "
                  "of the crop, {}",
                  file.where(), processor.name, p.short_side));
}

void read_resize(const JsonReader& file, const Processor& processor, Preprocessing& p,
                 std::vector<std::string>& warnings) {
  if (read_flag(file, "do_resize") == false) return;
  if (processor.resize == Resize::kByCrop)
    read_size_by_crop(file, processor, p, warnings);
  else
    read_size(file, processor, p);
  p.filter = read_filter(file);
  p.smoothing = Smoothing::kOn;
  p.resized_values = processor.resized_values;
}

void read_crop(const JsonReader& file, const Processor& processor, Preprocessing& p) {
  if (read_flag(file, "do_center_crop") == false) return;
  const Size crop = crop_of(file, processor);
  p.crop = crop;
  p.crop_offset = Rounding::kFloor;
  const Size least = p.spatial == Spatial::kStretch     ? p.stretch
                     : p.spatial == Spatial::kShortSide ? Size{p.short_side, p.short_side}
                                                        : crop;
  if (crop.height <= least.height && crop.width <= least.width) return;
  refuse_setting(file, fmt::format("a crop of {} x {} with a black border around what was resized to {} x {}",
                                   crop.height, crop.width, least.height, least.width));
}

/// One number, or one of each channel.
ChannelStatistics read_statistics(const JsonReader& file, const std::string& key,
                                  const ChannelStatistics& otherwise) {
  if (!file.has(key)) return otherwise;
  if (!file.at(key).is_number()) return file.numbers<3>(key);
  const double value = file.number(key);
  return {value, value, value};
}

/// (value * scale - offset - mean) / std, in which offset and mean are one number.
void read_values(const JsonReader& file, const Processor& processor, Preprocessing& p) {
  const bool rescales = read_flag(file, "do_rescale").value_or(true);
  p.scale = !rescales                    ? 1
            : file.has("rescale_factor") ? file.number("rescale_factor")
                                         : processor.rescale_factor;
  if (!(p.scale > 0)) file.fail_found("rescale_factor", "positive");
  p.value_range = {0, 255 * p.scale};
  if (read_flag(file, "do_normalize").value_or(true)) {
    p.mean = read_statistics(file, "image_mean", processor.mean);
    p.std = read_statistics(file, "image_std", processor.std);
    if (*std::min_element(p.std.begin(), p.std.end()) <= 0) file.fail_found("image_std", "positive");
  }
  const bool denied = read_flag(file, "offset") == false;
  if (processor.offset == Offset::kNone || (processor.offset == Offset::kUnlessDenied && denied)) return;
  if (rescales) {
    for (double& mean : p.mean) mean += 1;
  } else if (processor.offset == Offset::kUnlessDenied) {
    refuse_setting(file, "an \"offset\" without \"do_rescale\", which transformers refuses too");
  }
}

}  // namespace

std::optional<bool> read_flag(const JsonReader& file, const std::string& key) {
  if (!file.has(key)) return std::nullopt;
  if (!file.at(key).is_boolean()) file.fail_found(key, "true or false");
  return file.at(key).get<bool>();
}

void refuse_setting(const JsonReader& file, const std::string& what) {
  throw Error(
      ErrorKind::kUnsupportedModel,
      fmt::format("{}: {} is not supported; say how frames are prepared in MODEL.json beside the model, or "
                  "with --settings",
                  file.where(), what));
}

Preprocessing processor_preprocessing(const JsonReader& file, const std::string& name,
                                      std::vector<std::string>& warnings) {
  const Processor& processor = processor_called(file, name);
  Preprocessing p;
  p.layout = ClipLayout::kNtchw;
  read_resize(file, processor, p, warnings);
  read_crop(file, processor, p);
  read_values(file, processor, p);
  return p;
}

}  // namespace relevid
