// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/settings_options.h"
#include "relevid/error.h"
#include "relevid/explain.h"
#include "relevid/model.h"

namespace relevid::cli {
namespace {

using nlohmann::json;

struct InspectCommand {
  std::string model, method = "auto", rules;
  bool json_output = false;
  SettingsOptions settings;

  int run();
};

/// What inspecting found; a model that cannot be explained still has inputs, outputs and metadata to show.
struct Findings {
  SettingsOptions::Resolved resolved;
  std::string method;  ///< by its own name, where that is known
  std::vector<LayerDescription> layers;
  std::optional<TransformerDescription> transformer;
  Shape clip;
  std::string problem;  ///< why it cannot be explained
  int status = 0;
};

std::string dims_text(const std::vector<int64_t>& dims) {
  std::vector<std::string> parts;
  parts.reserve(dims.size());
  for (const int64_t dim : dims) parts.push_back(dim < 0 ? "?" : std::to_string(dim));
  return fmt::format("[{}]", fmt::join(parts, ", "));
}

Findings find(const InspectCommand& command, const Model& model) {
  Findings findings;
  findings.method = command.method;
  findings.resolved = command.settings.resolve(model);
  const auto unsupported = model.unsupported_nodes();
  if (!unsupported.empty()) {  // said before anything that depends on sizes
    findings.problem = fmt::format("these nodes cannot be taken:\n  {}", fmt::join(unsupported, "\n  "));
    findings.status = exit_status(ErrorKind::kUnsupportedModel);
    return findings;
  }
  const auto keep = [&](const Error& error) {
    findings.problem = error.what();
    findings.status = exit_status(error.kind());
  };
  try {
    findings.clip = model.clip_shape(findings.resolved.settings);
  } catch (const Error& error) {  // open sizes too: what the model declares is shown all the same
    keep(error);
    return findings;
  }
  try {
    findings.method = resolved_method(command.method, model, findings.clip);
    DescribeOptions options{findings.method, command.rules, DescribeOptions::InputBounds::kUnknown};
    if (findings.resolved.settings) options.bounds = DescribeOptions::InputBounds::kKnown;
    findings.layers = describe_layers(model, findings.clip, options);
    findings.transformer = describe_transformer(model, findings.clip);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kUnsupportedModel) throw;
    keep(error);
  }
  return findings;
}

json ports_json(const std::vector<ModelPort>& ports) {
  json list = json::array();
  for (const ModelPort& port : ports) list.push_back({{"name", port.name}, {"shape", port.dims}});
  return list;
}

json pathways_json(const std::vector<ModelPathway>& pathways) {
  json list = json::array();
  for (const ModelPathway& pathway : pathways)
    list.push_back({{"input", pathway.input}, {"frames", pathway.frames}});
  return list;
}

json transformer_json(const Findings& findings) {
  if (!findings.transformer) return nullptr;
  const TransformerDescription& t = *findings.transformer;
  json attentions = json::array();
  for (const auto& a : t.attentions)
    attentions.push_back(
        {{"layers", a.layers}, {"heads", a.heads}, {"queries", a.queries}, {"keys", a.keys}});
  return {{"tubelet", t.tubelet},
          {"tokens", t.tokens},
          {"class_tokens", t.class_tokens},
          {"attentions", attentions}};
}

/// "8 x 14 x 14 patches of 2 x 16 x 16 (frames x rows x columns), no class token", then its attentions.
void print_transformer(const Findings& findings) {
  if (!findings.transformer) return;
  const TransformerDescription& t = *findings.transformer;
  fmt::print("\ntokens       {} patches, every {} frames, rows and columns, and {}\n",
             fmt::join(t.tokens, " x "), fmt::join(t.tubelet, " x "),
             t.class_tokens == 0
                 ? "no class token"
                 : fmt::format("{} class token{}", t.class_tokens, t.class_tokens == 1 ? "" : "s"));
  for (const auto& a : t.attentions) {
    fmt::print("attention    {} layer{}{}, from {} queries to {} keys\n", a.layers, a.layers == 1 ? "" : "s",
               a.heads == 0 ? "" : fmt::format(" of {} head{}", a.heads, a.heads == 1 ? "" : "s"), a.queries,
               a.keys);
  }
}

void print_json(const Model& model, const Findings& findings) {
  json layers = json::array();
  int64_t parameters = 0, multiply_adds = 0;
  for (const LayerDescription& layer : findings.layers) {
    layers.push_back({{"name", layer.name},
                      {"operator", layer.op},
                      {"detail", layer.detail},
                      {"output", layer.output.dims()},
                      {"parameters", layer.parameters},
                      {"multiply_adds", layer.multiply_adds},
                      {"rule", layer.rule},
                      {"not_exact", layer.not_exact}});
    parameters += layer.parameters;
    multiply_adds += layer.multiply_adds;
  }
  json record = {{"path", model.path().string()},
                 {"sha256", model.sha256()},
                 {"opset", model.opset()},
                 {"producer", model.producer()},
                 {"inputs", ports_json(model.inputs())},
                 {"pathways", pathways_json(model.pathways())},
                 {"clips_inside", model.clips_inside()},
                 {"notes", model.notes()},
                 {"outputs", ports_json(model.outputs())},
                 {"clip", findings.clip.dims()},
                 {"method", findings.method},
                 {"parameters", parameters},
                 {"multiply_adds", multiply_adds},
                 {"layers", layers},
                 {"transformer", transformer_json(findings)},
                 {"unsupported", model.unsupported_nodes()},
                 {"problem", findings.problem},
                 {"class_names", findings.resolved.class_names}};
  if (findings.resolved.settings) {
    ModelSettings settings = *findings.resolved.settings;
    settings.class_names.clear();
    record["settings"] = json::parse(to_json(settings));
    record["settings_from"] = findings.resolved.source;
  }
  fmt::print("{}\n", record.dump(1, ' ', false, json::error_handler_t::replace));
}

std::string shortened(const std::string& text, size_t width) {
  const std::string shown = printable(text);
  return shown.size() <= width ? shown : "..." + shown.substr(shown.size() - width + 3);
}

void print_layers(const Findings& findings) {
  int64_t parameters = 0, multiply_adds = 0;
  fmt::print("\n{:<12} {:<26} {:<34} {:<22} {:>12} {:>15}  {}\n", "operator", "layer", "detail", "output",
             "parameters", "multiply-adds", "rule");
  for (const LayerDescription& layer : findings.layers) {
    fmt::print("{:<12} {:<26} {:<34} {:<22} {:>12} {:>15}  {}\n", layer.op, shortened(layer.name, 26),
               layer.detail, layer.output.to_string(), layer.parameters, layer.multiply_adds, layer.rule);
    parameters += layer.parameters;
    multiply_adds += layer.multiply_adds;
  }
  fmt::print("\n{} parameters, {:.4g} G multiply-adds a clip of {}\n", parameters,
             static_cast<double>(multiply_adds) / 1e9, findings.clip.to_string());
}

/// What is not exact in how relevance passes, and in how many layers.
void print_not_exact(const Findings& findings) {
  std::map<std::string, int> layers;
  for (const LayerDescription& layer : findings.layers) {
    if (!layer.not_exact.empty()) ++layers[layer.not_exact];
  }
  if (!layers.empty()) fmt::print("\nnot exact\n");
  for (const auto& [reason, count] : layers)
    fmt::print("  {:>4} layer{}  {}\n", count, count == 1 ? " " : "s", reason);
}

void print_text(const Model& model, const Findings& findings) {
  fmt::print("{}\n  sha256   {}\n  opset    {}, from {}\n", printable(model.path().string()), model.sha256(),
             model.opset(), printable(model.producer()));
  for (const ModelPort& port : model.inputs())
    fmt::print("  input    {} {}\n", printable(port.name), dims_text(port.dims));
  if (model.clips_inside() > 0)
    fmt::print(
        "  clips    the file's input has {}, which are averaged inside; a clip stands for all of them\n",
        model.clips_inside() == 1 ? "an axis of clips" : fmt::format("{} clips", model.clips_inside()));
  for (const ModelPathway& pathway : model.pathways())
    fmt::print("  pathway  {} takes frames {}\n", printable(pathway.input), fmt::join(pathway.frames, ", "));
  for (const std::string& note : model.notes()) fmt::print("  note     {}\n", note);
  for (const ModelPort& port : model.outputs())
    fmt::print("  output   {} {}\n", printable(port.name), dims_text(port.dims));
  const auto& names = findings.resolved.class_names;
  if (names.empty()) {
    fmt::print("  classes  names not known\n");
  } else {
    const std::vector<std::string> first(
        names.begin(), names.begin() + static_cast<std::ptrdiff_t>(std::min<size_t>(names.size(), 4)));
    fmt::print("  classes  {}: {}{}\n", names.size(), printable(fmt::format("{}", fmt::join(first, ", "))),
               names.size() > 4 ? ", ..." : "");
  }
  if (findings.resolved.settings) {
    ModelSettings settings = *findings.resolved.settings;
    settings.class_names.clear();
    fmt::print("  prepared {} ({})\n", json::parse(to_json(settings)).dump(), findings.resolved.source);
  } else {
    fmt::print(
        "  prepared not known: videos need MODEL.json or a Hugging Face processor's file beside the model, "
        "or --preprocess NAME\n");
  }
  fmt::print("  method   {}\n", findings.method);
  if (!findings.problem.empty()) {
    fmt::print("\nThis model cannot be explained as it is: {}\n", printable(findings.problem));
    return;
  }
  print_transformer(findings);
  print_layers(findings);
  print_not_exact(findings);
}

int InspectCommand::run() {
  const Model m(model);
  const Findings findings = find(*this, m);
  if (json_output)
    print_json(m, findings);
  else
    print_text(m, findings);
  return findings.status;
}

}  // namespace

void add_inspect(CLI::App& program, Action& action) {
  auto command = std::make_shared<InspectCommand>();
  CLI::App* app =
      program.add_subcommand("inspect", "Show a model's layers, their cost, and the rule each gets");
  reads(app->add_option("MODEL", command->model, "an ONNX file"))->required();
  app->add_flag("--json", command->json_output, "as JSON");
  app->add_option("--method", command->method, "whose rules are shown; auto: the one that explain takes")
      ->capture_default_str();
  reads(app->add_option("--rules", command->rules, "JSON file of rules that come before the preset's"));
  command->settings.add_to(*app);
  app->callback([command, &action] { action = [command] { return command->run(); }; });
}

}  // namespace relevid::cli
