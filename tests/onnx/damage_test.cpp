// SPDX-License-Identifier: Apache-2.0
// Whatever is in a model file: a relevid::Error or a graph, never a crash.
#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <random>

#include "graph/specialise.h"
#include "onnx/import.h"
#include "onnx/model_file.h"

namespace relevid {
namespace {

using onnx_io::read_model;
using testing::message_of;
using testing::ModelFile;
using testing::ScratchFolder;
using testing::write_bytes;

constexpr int64_t kHuge = std::numeric_limits<int64_t>::max();
constexpr int64_t kLowest = std::numeric_limits<int64_t>::min();

/// A little of everything: padding behind constants, a convolution, pooling, and a classifier.
ModelFile small_model() {
  ModelFile file({1, 2, 3, 4, 4});
  auto& pads = file.tensor("pads", onnx::TensorProto::INT64, {10});
  for (const int64_t v : {0, 0, 1, 0, 0, 0, 0, 0, 1, 0}) pads.add_int64_data(v);
  file.floats("w", {2, 2, 1, 2, 2}, std::vector<float>(16, 0.5F));
  file.floats("b", {2}, {1, -1});
  file.floats("m", {2, 3}, {1, 2, 3, 4, 5, 6});
  file.node("Pad", {"x", "pads"}, {"p"});
  file.node("Conv", {"p", "w", "b"}, {"c"});
  file.node("Relu", {"c"}, {"r"});
  auto& pool = file.node("MaxPool", {"r"}, {"q"});
  ModelFile::attribute(pool, "kernel_shape", std::vector<int64_t>{2, 2, 1});
  file.node("GlobalAveragePool", {"q"}, {"g"});
  ModelFile::attribute(file.node("Flatten", {"g"}, {"f"}), "axis", 1);
  file.node("MatMul", {"f", "m"}, {"y"});
  return file;
}

/// Reads and specialises; only relevid::Error may come out.
void survive(const std::filesystem::path& path) {
  try {
    const auto model = read_model(path);
    std::map<std::string, Shape> shapes;
    for (const auto& input : model.inputs) shapes[input.name] = Shape{1, 2, 3, 4, 4};
    graph::specialise(model, shapes);
  } catch (const Error&) {
  }
}

TEST(Damage, TheModelItselfIsSound) {
  const ScratchFolder folder;
  const auto graph =
      graph::specialise(read_model(small_model().write(folder)), {{"x", Shape{1, 2, 3, 4, 4}}});
  EXPECT_EQ(graph.shape(graph.output), (Shape{1, 3}));
}

TEST(Damage, EveryPrefixIsAnErrorOrAGraph) {
  const ScratchFolder folder;
  const std::string bytes = small_model().bytes();
  int errors = 0;
  for (size_t length = 0; length < bytes.size(); ++length) {
    write_bytes(folder / "m.onnx", std::string_view(bytes).substr(0, length));
    try {
      read_model(folder / "m.onnx");
    } catch (const Error& error) {
      ++errors;
      EXPECT_NE(std::string(error.what()).size(), 0U);
    }
  }
  EXPECT_GT(errors, static_cast<int>(bytes.size()) * 9 / 10);
}

TEST(Damage, LargeWeightsThatAreCutOffAreAnError) {
  const ScratchFolder folder;
  ModelFile file({1, 2000});
  for (const char* name : {"a", "b"})
    file.tensor(name, onnx::TensorProto::FLOAT, {2000}).set_raw_data(std::string(8000, '\0'));
  file.node("Add", {"x", "a"}, {"s"});
  file.node("Add", {"s", "b"}, {"y"});
  const std::string bytes = file.bytes();
  write_bytes(folder / "m.onnx", bytes);
  EXPECT_NO_THROW(read_model(folder / "m.onnx"));
  for (size_t length = 0; length + 8 < bytes.size(); length += 61) {
    write_bytes(folder / "m.onnx", std::string_view(bytes).substr(0, length));
    EXPECT_NE(message_of(ErrorKind::kCorruptInput, [&] { read_model(folder / "m.onnx"); }).find("truncated"),
              std::string::npos)
        << length;
  }
}

TEST(Damage, FlippedBytesAreAnErrorOrAGraph) {
  const ScratchFolder folder;
  const std::string bytes = small_model().bytes();
  std::mt19937 random(1);
  for (int round = 0; round < 2000; ++round) {
    std::string damaged = bytes;
    for (int flips = 1 + round % 3; flips > 0; --flips)
      damaged[random() % damaged.size()] = static_cast<char>(random() % 256);
    write_bytes(folder / "m.onnx", damaged);
    survive(folder / "m.onnx");
  }
}

TEST(Damage, FilesThatAreNoModels) {
  const ScratchFolder folder;
  write_bytes(folder / "text.onnx", "This is not a model.\n");
  write_bytes(folder / "empty.onnx", "");
  write_bytes(folder / "zeros.onnx", std::string(4096, '\0'));
  for (const char* name : {"text.onnx", "empty.onnx", "zeros.onnx"}) {
    const std::string message = message_of(ErrorKind::kCorruptInput, [&] { read_model(folder / name); });
    EXPECT_NE(message.find(name), std::string::npos) << message;
  }
  message_of(ErrorKind::kIo, [&] { read_model(folder.path()); });
  message_of(ErrorKind::kIo, [&] { read_model(folder / "missing.onnx"); });
}

struct Node {
  std::string op;
  std::vector<std::string> inputs;
  std::vector<std::pair<std::string, std::vector<int64_t>>> attributes;
};

/// One node over x [1, 2, 3, 4, 4] and constants of hostile numbers.
void survive_node(const ScratchFolder& folder, const Node& node, const std::vector<int64_t>& numbers) {
  ModelFile file({1, 2, 3, 4, 4});
  auto& constant = file.tensor("n", onnx::TensorProto::INT64, {static_cast<int64_t>(numbers.size())});
  for (const int64_t v : numbers) constant.add_int64_data(v);
  file.floats("w", {2, 2, 1, 1, 1}, {1, 2, 3, 4});
  auto& proto = file.node(node.op, node.inputs, {"y"});
  for (const auto& [name, values] : node.attributes) {
    if (values.size() == 1)
      ModelFile::attribute(proto, name, values[0]);
    else
      ModelFile::attribute(proto, name, values);
  }
  file.write(folder, "m.onnx");
  survive(folder / "m.onnx");
}

TEST(Damage, HostileNumbersInConstants) {
  const ScratchFolder folder;
  const std::vector<int64_t> values = {kLowest, kLowest + 1,      -(int64_t{1} << 40), -6,   -1, 0, 1,
                                       5,       int64_t{1} << 31, int64_t{1} << 40,    kHuge};
  const std::vector<Node> nodes = {
      {"Slice", {"x", "n", "n", "", ""}, {}},
      {"Slice", {"x", "n", "n", "n", "n"}, {}},
      {"Slice", {"n", "n", "n", "", "n"}, {}},
      {"Pad", {"x", "n"}, {}},
      {"Reshape", {"x", "n"}, {}},
      {"Reshape", {"n", "n"}, {}},
      {"Expand", {"x", "n"}, {}},
      {"Expand", {"n", "n"}, {}},
      {"Squeeze", {"x", "n"}, {}},
      {"Unsqueeze", {"x", "n"}, {}},
      {"Unsqueeze", {"n", "n"}, {}},
      {"Gather", {"x", "n"}, {}},
      {"Gather", {"n", "n"}, {}},
      {"Split", {"x", "n"}, {}},
      {"ReduceMean", {"x", "n"}, {}},
      {"ReduceSum", {"x", "n"}, {}},
      {"ConstantOfShape", {"n"}, {}},
      {"Range", {"n", "n", "n"}, {}},
      {"Div", {"n", "n"}, {}},
      {"Concat", {"n", "w"}, {{"axis", {0}}}},
      {"Where", {"n", "n", "w"}, {}},
      {"Transpose", {"w"}, {{"perm", {0, 0, 0, 0, 0}}}},
      {"MatMul", {"x"}, {}},
      {"Expand", {"x", ""}, {}},
      {"Pad", {"x", "n", "n"}, {}},
      {"Clip", {"x", "n", ""}, {}},
      {"BatchNormalization", {"x", "w"}, {}},
      {"Gemm", {"x", "n"}, {}},
      {"Conv", {"x", "n"}, {}},
      {"Add", {"x"}, {}},
      {"Sum", {}, {}},
      {"Concat", {}, {}},
  };
  for (const Node& node : nodes) {
    for (const int64_t a : values) {
      survive_node(folder, node, {a});
      survive_node(folder, node, {a, 1});
      survive_node(folder, node, {1, a});
      survive_node(folder, node, {0, 0, a, 0, 0, 0, 0, a, 0, 0});
    }
  }
}

TEST(Damage, HostileAttributes) {
  const ScratchFolder folder;
  for (const int64_t v : {kLowest, int64_t{-1}, int64_t{0}, int64_t{1} << 32, int64_t{1} << 62, kHuge}) {
    for (const char* name : {"kernel_shape", "strides", "dilations", "pads"}) {
      const std::vector<int64_t> triple = {1, v, 1}, pads = {0, v, 0, 0, v, 0};
      const auto& chosen = std::string(name) == "pads" ? pads : triple;
      for (const char* op : {"MaxPool", "AveragePool"}) {
        std::vector<std::pair<std::string, std::vector<int64_t>>> attributes = {{name, chosen}};
        if (std::string(name) != "kernel_shape") attributes.push_back({"kernel_shape", {1, 1, 1}});
        survive_node(folder, {op, {"x"}, attributes}, {0});
      }
      survive_node(folder, {"Conv", {"x", "w"}, {{name, chosen}}}, {0});
    }
    survive_node(folder, {"Conv", {"x", "w"}, {{"group", {v}}}}, {0});
    for (const char* op : {"Concat", "Split", "Softmax", "Flatten", "Gather"})
      survive_node(folder, {op, {"x", "n"}, {{"axis", {v}}}}, {0});
    survive_node(folder, {"Transpose", {"x"}, {{"perm", {0, 1, v, 3, 4}}}}, {0});
    survive_node(folder, {"Cast", {"n"}, {{"to", {v}}}}, {0});
    survive_node(folder, {"Shape", {"x"}, {{"start", {v}}, {"end", {v}}}}, {0});
  }
}

TEST(Damage, NodesWithoutOutputsOrOfTheWrongKind) {
  const ScratchFolder folder;
  ModelFile file({1, 4});
  file.node("Relu", {"x"}, {});
  file.node("Relu", {"x"}, {"y"});
  const auto model = read_model(file.write(folder));
  message_of(ErrorKind::kCorruptInput, [&] { graph::specialise(model, {{"x", Shape{1, 4}}}); });
  ModelFile wrong({1, 2, 4, 4, 4});
  ModelFile::attribute(wrong.node("MaxPool", {"x"}, {"y"}), "kernel_shape", 3);
  const auto typed = read_model(wrong.write(folder));
  message_of(ErrorKind::kCorruptInput, [&] { graph::specialise(typed, {{"x", Shape{1, 2, 4, 4, 4}}}); });
}

}  // namespace
}  // namespace relevid
