// SPDX-License-Identifier: Apache-2.0
#include "onnx/inline_functions.h"

#include <fmt/format.h>
#include <google/protobuf/unknown_field_set.h>

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "relevid/error.h"

namespace relevid::onnx_io {
namespace {

using Nodes = google::protobuf::RepeatedPtrField<onnx::NodeProto>;

constexpr int64_t kMostNodes = 500'000;
constexpr size_t kDeepest = 100;
constexpr uint64_t kMostBytes = uint64_t{1} << 31;
/// Up to opset 12 Softmax goes over all axes that follow.
constexpr int64_t kSoftmaxAlongOneAxis = 13;

// Fields that came with later versions of the format than the library's.
constexpr int kNodeOverload = 8, kFunctionOverload = 13, kFunctionDefaults = 11;

/// A field's values as they stand in the file.
std::vector<std::string> later_field(const google::protobuf::Message& message, int number) {
  std::vector<std::string> values;
  const auto& unknown = message.GetReflection()->GetUnknownFields(message);
  for (int i = 0; i < unknown.field_count(); ++i) {
    const auto& field = unknown.field(i);
    if (field.number() == number && field.type() == google::protobuf::UnknownField::TYPE_LENGTH_DELIMITED)
      values.push_back(field.length_delimited());
  }
  return values;
}

std::string overload_of(const google::protobuf::Message& message, int number) {
  const auto values = later_field(message, number);
  return values.empty() ? "" : values.back();
}

/// Domain, name and overload.
using Key = std::tuple<std::string, std::string, std::string>;

Key key_of(const onnx::NodeProto& node) {
  return {node.domain() == "ai.onnx" ? "" : node.domain(), node.op_type(), overload_of(node, kNodeOverload)};
}
Key key_of(const onnx::FunctionProto& function) {
  return {function.domain() == "ai.onnx" ? "" : function.domain(), function.name(),
          overload_of(function, kFunctionOverload)};
}

std::string label(const onnx::NodeProto& node) {
  return fmt::format("{} '{}'", node.op_type(),
                     node.name().empty() && node.output_size() > 0 ? node.output(0) : node.name());
}

/// One call: what the names of a function's body become, and its attributes.
class Call {
 public:
  Call(const onnx::NodeProto& call, const onnx::FunctionProto& function, int64_t number)
      : prefix_(fmt::format("{}#{}/", call.name().empty() ? call.op_type() : call.name(), number)) {
    if (call.input_size() > function.input_size() || call.output_size() > function.output_size())
      throw Error(
          ErrorKind::kCorruptInput,
          fmt::format("{}: {} inputs and {} outputs of a function that has {} and {}", label(call),
                      call.input_size(), call.output_size(), function.input_size(), function.output_size()));
    for (int i = 0; i < function.input_size(); ++i)
      names_[function.input(i)] = i < call.input_size() ? call.input(i) : "";
    for (int i = 0; i < call.output_size(); ++i) {
      if (call.output(i).empty()) continue;
      const auto [known, is_new] = names_.try_emplace(function.output(i), call.output(i));
      if (!is_new) passed_on_.emplace_back(known->second, call.output(i));
    }
    for (const std::string& text : later_field(function, kFunctionDefaults)) {
      onnx::AttributeProto attribute;
      if (attribute.ParseFromString(text)) attributes_[attribute.name()] = attribute;
    }
    for (const auto& attribute : call.attribute()) attributes_[attribute.name()] = attribute;
  }

  onnx::NodeProto instance(const onnx::NodeProto& node) const {
    onnx::NodeProto result = node;
    rewrite(result);
    return result;
  }
  /// Outputs that the body names as another of its values already has been.
  std::vector<onnx::NodeProto> passed_on() const {
    std::vector<onnx::NodeProto> result;
    for (const auto& [from, to] : passed_on_) {
      onnx::NodeProto& node = result.emplace_back();
      node.set_op_type("Identity");
      node.set_name(prefix_ + to);
      node.add_input(from);
      node.add_output(to);
    }
    return result;
  }

 private:
  std::string renamed(const std::string& name) const {
    if (name.empty()) return name;
    const auto found = names_.find(name);
    return found == names_.end() ? prefix_ + name : found->second;
  }
  void rename(google::protobuf::RepeatedPtrField<std::string>& names) const {
    for (std::string& name : names) name = renamed(name);
  }

  void rewrite(onnx::NodeProto& node) const {
    node.set_name(prefix_ + node.name());
    rename(*node.mutable_input());
    rename(*node.mutable_output());
    auto& attributes = *node.mutable_attribute();
    for (int i = attributes.size(); i-- > 0;) {
      onnx::AttributeProto& attribute = attributes[i];
      if (!attribute.ref_attr_name().empty()) {
        const auto given = attributes_.find(attribute.ref_attr_name());
        if (given == attributes_.end()) {  // the node's own default holds
          attributes.DeleteSubrange(i, 1);
          continue;
        }
        const std::string name = attribute.name();
        attribute = given->second;
        attribute.set_name(name);
      } else if (attribute.has_g()) {
        rewrite(*attribute.mutable_g());
      }
    }
  }
  void rewrite(onnx::GraphProto& graph) const {
    for (auto& node : *graph.mutable_node()) rewrite(node);
    for (auto& tensor : *graph.mutable_initializer()) tensor.set_name(renamed(tensor.name()));
    for (auto& input : *graph.mutable_input()) input.set_name(renamed(input.name()));
    for (auto& output : *graph.mutable_output()) output.set_name(renamed(output.name()));
  }

  std::string prefix_;
  std::map<std::string, std::string> names_;
  std::map<std::string, onnx::AttributeProto> attributes_;
  std::vector<std::pair<std::string, std::string>> passed_on_;
};

class Inliner {
 public:
  Inliner(const onnx::ModelProto& model, int64_t opset, std::filesystem::path path)
      : opset_(opset), path_(std::move(path)) {
    for (const auto& function : model.functions()) functions_[key_of(function)] = &function;
  }

  void expand(Nodes& nodes) {
    Nodes result;
    for (onnx::NodeProto& node : nodes) append(std::move(node), result);
    nodes.Swap(&result);
  }

 private:
  void append(onnx::NodeProto node, Nodes& to) {
    const auto found = functions_.find(key_of(node));
    if (found != functions_.end()) return append_body(node, *found->second, to);
    for (auto& attribute : *node.mutable_attribute()) {
      if (attribute.has_g()) expand(*attribute.mutable_g()->mutable_node());
    }
    *to.Add() = std::move(node);
  }

  void append_body(const onnx::NodeProto& node, const onnx::FunctionProto& function, Nodes& to) {
    if (std::ranges::find(open_, &function) != open_.end())
      throw Error(ErrorKind::kCorruptInput,
                  fmt::format("{}: function '{}' calls itself", path_.string(), function.name()));
    if (open_.size() >= kDeepest)
      throw Error(
          ErrorKind::kResourceLimit,
          fmt::format("{}: functions that call each other, more than {} deep", path_.string(), kDeepest));
    require_opset(function);
    open_.push_back(&function);
    const Call call(node, function, ++calls_);
    for (const auto& inner : function.node()) {
      count(inner);
      append(call.instance(inner), to);
    }
    for (auto& inner : call.passed_on()) *to.Add() = std::move(inner);
    open_.pop_back();
  }

  void count(const onnx::NodeProto& node) {
    bytes_ += node.ByteSizeLong();
    if (++nodes_ > kMostNodes || bytes_ > kMostBytes)
      throw Error(ErrorKind::kResourceLimit,
                  fmt::format("{}: the calls of its functions come to more than {} nodes, or than {} GiB",
                              path_.string(), kMostNodes, kMostBytes >> 30));
  }

  void require_opset(const onnx::FunctionProto& function) const {
    for (const auto& import : function.opset_import()) {
      const bool own = import.domain().empty() || import.domain() == "ai.onnx";
      if (own && (import.version() < kSoftmaxAlongOneAxis) != (opset_ < kSoftmaxAlongOneAxis))
        throw Error(
            ErrorKind::kUnsupportedModel,
            fmt::format("{}: function '{}' is of opset {}, and the model of {}; export both with the same",
                        path_.string(), function.name(), import.version(), opset_));
    }
  }

  std::map<Key, const onnx::FunctionProto*> functions_;
  std::vector<const onnx::FunctionProto*> open_;
  int64_t opset_, calls_ = 0, nodes_ = 0;
  uint64_t bytes_ = 0;
  std::filesystem::path path_;
};

}  // namespace

void inline_functions(onnx::ModelProto& model, int64_t opset, const std::filesystem::path& path) {
  if (model.functions_size() == 0) return;
  Nodes nodes = std::move(*model.mutable_graph()->mutable_node());
  Inliner(model, opset, path).expand(nodes);
  model.mutable_graph()->mutable_node()->Swap(&nodes);
}

}  // namespace relevid::onnx_io
