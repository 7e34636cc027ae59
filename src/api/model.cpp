// SPDX-License-Identifier: Apache-2.0
#include "relevid/model.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <atomic>
#include <future>

#include "api/model_implementation.h"
#include "base/hash.h"
#include "base/input_guard.h"
#include "base/overloaded.h"
#include "explain/composite.h"
#include "explain/exactness.h"
#include "explain/explainer.h"
#include "graph/fold_clips.h"
#include "graph/notes.h"
#include "graph/operator_traits.h"
#include "graph/specialise.h"
#include "network/network.h"
#include "onnx/import.h"
#include "relevid/error.h"
#include "relevid/explain.h"
#include "relevid/hugging_face.h"

namespace relevid {
namespace {

constexpr const char* kMetadataKey = "relevid";

std::vector<ModelPort> ports(const std::vector<graph::ModelValue>& values) {
  std::vector<ModelPort> result;
  result.reserve(values.size());
  for (const auto& value : values) result.push_back({value.name, value.dims});
  return result;
}

std::string window_detail(const graph::Window& window) {
  const auto differs = [](const std::vector<int64_t>& values, int64_t usual) {
    return std::ranges::any_of(values, [=](int64_t v) { return v != usual; });
  };
  std::string text = fmt::format("{}", fmt::join(window.kernel, "x"));
  if (differs(window.strides, 1)) text += fmt::format(", stride {}", fmt::join(window.strides, "x"));
  if (differs(window.dilations, 1)) text += fmt::format(", dilation {}", fmt::join(window.dilations, "x"));
  if (differs(window.pads_begin, 0) || differs(window.pads_end, 0)) {
    text += fmt::format(", pad {}", fmt::join(window.pads_begin, "x"));
    if (window.pads_begin != window.pads_end) text += fmt::format(" to {}", fmt::join(window.pads_end, "x"));
  }
  return text;
}

std::string detail(const graph::Operator& op) {
  return std::visit(
      Overloaded{
          [](const graph::Convolution& c) {
            return window_detail(c.window) + (c.groups > 1 ? fmt::format(", {} groups", c.groups) : "");
          },
          [](const OneOf<graph::MaxPool, graph::AveragePool> auto& pool) {
            return window_detail(pool.window);
          },
          [](const Activation& f) {
            const auto kind = std::string(name(f.kind));
            return f.kind == Activation::Kind::kClip ? fmt::format("{} {:g} to {:g}", kind, f.alpha, f.beta)
                                                     : kind;
          },
          [](const graph::Reduce& r) {
            const char* kind = r.kind == graph::Reduce::Kind::kMean  ? "mean"
                               : r.kind == graph::Reduce::Kind::kSum ? "sum"
                                                                     : "max";
            return fmt::format("{} over axes {}", kind, fmt::join(r.axes, ", "));
          },
          // Their name and output shape say enough.
          [](const OneOf<graph::TransposedConvolution, graph::Dense, graph::Resample, graph::PRelu,
                         graph::Affine, graph::Add, graph::Multiply, graph::MatMul, graph::Attention,
                         graph::Softmax, graph::Standardise, graph::BatchNorm, graph::Dropout, graph::Concat,
                         graph::Slice, graph::Pad, graph::Reshape, graph::Transpose> auto&) -> std::string {
            return "";
          }},
      op);
}

/// "[?, 3, 16, 112, 112]": open sizes as question marks.
std::string dims_text(const std::vector<int64_t>& dims) {
  std::vector<std::string> parts;
  parts.reserve(dims.size());
  for (const int64_t dim : dims) parts.push_back(dim < 0 ? "?" : std::to_string(dim));
  return fmt::format("[{}]", fmt::join(parts, ", "));
}

/// Where the input says itself, by its three channels, that they are before the frames.
bool has_channels_first(const std::vector<ModelPort>& inputs) {
  return inputs.size() == 1 && inputs[0].dims.size() == 5 && inputs[0].dims[1] == 3 && inputs[0].dims[2] != 3;
}

/// How many frames the input takes, where the file fixes that.
std::optional<int64_t> fixed_frames(const std::vector<ModelPort>& inputs) {
  if (inputs.size() != 1 || inputs[0].dims.size() != 5) return std::nullopt;
  const int64_t frames = inputs[0].dims[has_channels_first(inputs) ? 2 : 1];
  return frames > 0 ? std::optional(frames) : std::nullopt;
}

/// What the folder says, for an export that may have been wrapped to take [N, C, T, H, W].
std::optional<FoundSettings> folder_settings(const std::filesystem::path& folder,
                                             const std::vector<ModelPort>& inputs) {
  auto found = read_hugging_face_folder(folder, fixed_frames(inputs));
  if (found && has_channels_first(inputs)) found->settings.preprocessing.layout = ClipLayout::kNcthw;
  return found;
}

/// Sizes that the settings give to a clip, in the order of its layout.
std::vector<int64_t> sizes_from(const ModelSettings& settings) {
  const Preprocessing& p = settings.preprocessing;
  Size size{-1, -1};
  if (p.crop)
    size = *p.crop;
  else if (p.spatial == Spatial::kStretch)
    size = p.stretch;
  const int64_t t = settings.sampling.clip_len;
  switch (p.layout) {
    case ClipLayout::kNcthw:
      return {1, 3, t, size.height, size.width};
    case ClipLayout::kNtchw:
      return {1, t, 3, size.height, size.width};
    case ClipLayout::kNthwc:
      return {1, t, size.height, size.width, 3};
  }
  return {};
}

}  // namespace

Model::Model(const std::filesystem::path& path) : implementation_(std::make_unique<Implementation>()) {
  std::filesystem::path side = path;
  note_input(side.replace_extension(".json"), "the model's settings");
  for (const std::string& name : hugging_face_file_names())
    note_input(path.parent_path() / name, "the model's settings");
  std::atomic<bool> stop{false};
  auto sha256 = std::async(std::launch::async, [&] { return sha256_of_file(path, &stop); });
  try {
    implementation_->model = onnx_io::read_model(path);
  } catch (...) {
    stop = true;
    throw;
  }
  implementation_->pathways = graph::join_pathways(implementation_->model);
  implementation_->clips_inside = graph::fold_clips(implementation_->model);
  implementation_->path = path;
  implementation_->sha256 = sha256.get();
  implementation_->inputs = ports(implementation_->model.inputs);
  implementation_->outputs = ports(implementation_->model.outputs);
}

Model with_graph(const Model& model, graph::Model changed) {
  const Model::Implementation& from = model.implementation();
  return Model(std::make_unique<Model::Implementation>(
      Model::Implementation{from.path, from.sha256, std::move(changed), from.inputs, from.outputs,
                            from.pathways, from.clips_inside}));
}

Model::Model(std::unique_ptr<Implementation> implementation) : implementation_(std::move(implementation)) {}
Model::~Model() = default;
Model::Model(Model&&) noexcept = default;
Model& Model::operator=(Model&&) noexcept = default;

const std::filesystem::path& Model::path() const {
  return implementation_->path;
}
const std::string& Model::sha256() const {
  return implementation_->sha256;
}
int64_t Model::opset() const {
  return implementation_->model.opset;
}
const std::string& Model::producer() const {
  return implementation_->model.producer;
}
const std::vector<ModelPort>& Model::inputs() const {
  return implementation_->inputs;
}
const std::vector<ModelPort>& Model::outputs() const {
  return implementation_->outputs;
}
int64_t Model::clips_inside() const {
  return implementation_->clips_inside;
}
std::vector<ModelPathway> Model::pathways() const {
  std::vector<ModelPathway> result;
  for (const graph::Pathway& pathway : implementation_->pathways)
    result.push_back({pathway.input, pathway.frames});
  return result;
}
std::vector<std::string> Model::notes() const {
  return graph::notes_of(implementation_->model);
}
const std::map<std::string, std::string>& Model::metadata() const {
  return implementation_->model.metadata;
}

std::vector<std::string> Model::unsupported_nodes() const {
  return graph::unsupported_nodes(implementation_->model);
}

std::optional<FoundSettings> Model::find_settings() const {
  std::filesystem::path side = path();
  side.replace_extension(".json");
  if (std::filesystem::exists(side)) return FoundSettings{read_settings(side), side.filename().string()};
  const auto entry = metadata().find(kMetadataKey);
  if (entry == metadata().end()) return folder_settings(path().parent_path(), inputs());
  const std::string where = fmt::format("{}, metadata '{}'", path().filename().string(), kMetadataKey);
  return FoundSettings{parse_settings(entry->second, path().parent_path(), where), "the model's metadata"};
}

std::vector<std::string> Model::find_class_names() const {
  return read_hugging_face_labels(path().parent_path());
}

Shape Model::clip_shape(const std::optional<ModelSettings>& settings,
                        const std::vector<int64_t>& otherwise) const {
  if (inputs().size() != 1) {
    std::string shapes;
    for (const ModelPort& port : inputs())
      shapes += fmt::format("{}'{}' {}", shapes.empty() ? "" : ", ", port.name, dims_text(port.dims));
    throw Error(
        ErrorKind::kUnsupportedModel,
        fmt::format("{} has {} inputs, {}. Models of one input are explained, and of several that are the "
                    "same clip in different numbers of frames; export those with fixed numbers",
                    path().string(), inputs().size(), shapes));
  }
  const ModelPort& input = inputs()[0];
  const std::string declared = dims_text(input.dims);
  if (input.dims.size() != 5) {
    throw Error(ErrorKind::kUnsupportedModel,
                fmt::format("input '{}' is {}; a model of video takes clips of five dimensions, such as "
                            "[batch, 3, frames, height, width]",
                            input.name, declared));
  }
  const auto wanted = settings ? sizes_from(*settings) : std::vector<int64_t>(5, -1);
  std::vector<int64_t> dims = input.dims;
  dims[0] = std::max<int64_t>(dims[0], 1);
  for (size_t i = 1; i < dims.size(); ++i) {
    if (dims[i] < 0) dims[i] = wanted[i] >= 0 || otherwise.size() != 5 ? wanted[i] : otherwise[i];
    if (dims[i] < 0) {
      throw Error(
          ErrorKind::kInvalidArgument,
          fmt::format("input '{}' is {}, and nothing says how large dimension {} is: give the model's "
                      "preprocessing (a crop or a size) and --clip-len",
                      input.name, declared, i));
    }
    if (wanted[i] >= 0 && wanted[i] != dims[i]) {
      throw Error(
          ErrorKind::kInvalidArgument,
          fmt::format("input '{}' takes {}, and the preprocessing and sampling make clips of {}; change "
                      "--clip-len or the preprocessing",
                      input.name, declared, dims_text(wanted)));
    }
  }
  if (dims[0] != 1) {
    throw Error(
        ErrorKind::kUnsupportedModel,
        fmt::format("input '{}' takes batches of {} alone; export the model with a dynamic or single batch",
                    input.name, dims[0]));
  }
  return Shape(std::move(dims));
}

graph::Graph graph_for(const Model& model, const Shape& clip_shape) {
  return graph::specialise(model.implementation().model, {{model.inputs().at(0).name, clip_shape}});
}

std::vector<LayerDescription> describe_layers(const Model& model, const Shape& clip_shape,
                                              const DescribeOptions& options) {
  const std::string method = resolved_method(options.method, model, clip_shape);
  require_method(method);
  const graph::Graph graph = graph_for(model, clip_shape);
  require_explainable(graph);
  const auto names = preset_names();
  std::vector<std::optional<NodeRule>> rules(graph.nodes.size());
  const bool relevance = std::ranges::find(names, method) != names.end();
  if (relevance) {
    const bool known = options.bounds == DescribeOptions::InputBounds::kKnown;
    auto own = options.rules_file.empty() ? std::vector<CompositeEntry>{} : read_rules(options.rules_file);
    rules = assign(composite_for(method, known ? InputBounds::kKnown : InputBounds::kUnknown, MethodOptions{},
                                 std::move(own), graph),
                   graph);
  }
  const auto reasons = what_is_not_exact(graph, rules);
  std::vector<LayerDescription> layers;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const graph::Node& node = graph.nodes[i];
    layers.push_back({node.name, std::string(graph::name(node.op)), detail(node.op), graph.shape(node.output),
                      parameters(node), multiply_adds(graph, node),
                      relevance ? describe(node.op, rules[i]) : method, relevance ? reasons[i] : ""});
  }
  return layers;
}

}  // namespace relevid
