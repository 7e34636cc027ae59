// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/atomic_file.h"
#include "models/models.h"
#include "onnx/export.h"
#include "onnx/import.h"
#include "support/python.h"
#include "support/scratch.h"

namespace relevid::onnx_io {
namespace {

using relevid::testing::FullDisk;
using relevid::testing::message_of;
using relevid::testing::ScratchFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

CreateOptions small() {
  CreateOptions options;
  options.width = 1.0 / 16;
  options.clip_len = 8;
  options.height = 32;
  options.classes = 5;
  return options;
}

void expect_same(const Tensor& a, const Tensor& b, const std::string& name) {
  EXPECT_EQ(a.shape(), b.shape()) << name;
  EXPECT_EQ(a.dtype(), b.dtype()) << name;
  EXPECT_TRUE(std::ranges::equal(a.bytes(), b.bytes())) << name;
}

void expect_same(const graph::Attribute& a, const graph::Attribute& b, const std::string& name) {
  ASSERT_EQ(a.index(), b.index()) << name;
  if (const auto* tensor = std::get_if<graph::TensorRef>(&a)) {
    expect_same(**tensor, *std::get<graph::TensorRef>(b), name);
  } else if (const auto* number = std::get_if<double>(&a)) {
    EXPECT_FLOAT_EQ(static_cast<float>(*number), static_cast<float>(std::get<double>(b))) << name;
  } else {
    EXPECT_EQ(a, b) << name;
  }
}

void expect_same(const graph::ModelValue& a, const graph::ModelValue& b) {
  EXPECT_EQ(a.name, b.name);
  EXPECT_EQ(a.dims, b.dims) << a.name;
  EXPECT_EQ(a.dim_names, b.dim_names) << a.name;
}

void expect_same(const graph::Model& a, const graph::Model& b) {
  EXPECT_EQ(a.opset, b.opset);
  EXPECT_EQ(a.producer, b.producer);
  EXPECT_EQ(a.metadata, b.metadata);
  ASSERT_EQ(a.nodes.size(), b.nodes.size());
  for (size_t i = 0; i < a.nodes.size(); ++i) {
    const graph::ModelNode &x = a.nodes[i], &y = b.nodes[i];
    EXPECT_EQ(x.label(), y.label());
    EXPECT_EQ(x.inputs, y.inputs) << x.label();
    EXPECT_EQ(x.outputs, y.outputs) << x.label();
    ASSERT_EQ(x.attributes.size(), y.attributes.size()) << x.label();
    for (const auto& [key, value] : x.attributes) expect_same(value, y.attributes.at(key), key);
  }
  ASSERT_EQ(a.constants.size(), b.constants.size());
  for (const auto& [name, tensor] : a.constants) expect_same(*tensor, *b.constants.at(name), name);
  ASSERT_EQ(a.inputs.size(), b.inputs.size());
  for (size_t i = 0; i < a.inputs.size(); ++i) expect_same(a.inputs[i], b.inputs[i]);
  ASSERT_EQ(a.outputs.size(), b.outputs.size());
  for (size_t i = 0; i < a.outputs.size(); ++i) expect_same(a.outputs[i], b.outputs[i]);
}

TEST(OnnxExport, ReadsBackWhatItWrote) {
  const ScratchFolder folder;
  for (const std::string& name : models::names()) {
    SCOPED_TRACE(name);
    const graph::Model model = models::create(name, small());
    write_model(model, folder / "model.onnx");
    expect_same(model, read_model(folder / "model.onnx"));
  }
  EXPECT_THAT(folder.names(), ElementsAre("model.onnx")) << "nothing temporary stays behind";
}

/// One node with an attribute of every kind, constants of every type, and an operator of another domain.
graph::Model model_of_everything() {
  graph::Model model;
  model.opset = 17;
  model.producer = "test";
  model.metadata = {{"key", "value, with \"quotes\" and ümlauts"}};
  graph::ModelNode node{"Everything", "node", {"x", "", "f32"}, {"y"}, {}};
  node.attributes = {{"int", int64_t{-3}},
                     {"float", 0.5},
                     {"string", std::string("SAME_UPPER")},
                     {"ints", std::vector<int64_t>{1, -2}},
                     {"floats", std::vector<double>{0.25, -8}},
                     {"tensor", graph::share(Tensor::from(Shape{2}, std::vector<int64_t>{4, 5}))}};
  model.nodes.push_back(node);
  model.nodes.push_back({"com.example::Own", "other", {"y"}, {"z"}, {}});
  model.constants = {{"f32", graph::share(Tensor::from(Shape{1, 2}, std::vector<float>{1, 1e-40F}))},
                     {"f64", graph::share(Tensor::from(Shape{}, std::vector<double>{0.1}))},
                     {"i32", graph::share(Tensor::from(Shape{1}, std::vector<int32_t>{-7}))},
                     {"u8", graph::share(Tensor::from(Shape{2}, std::vector<uint8_t>{0, 255}))},
                     {"i8", graph::share(Tensor::from(Shape{2}, std::vector<int8_t>{-128, 127}))},
                     {"bool", graph::share(Tensor::from(Shape{2}, std::vector<bool>{true, false}))},
                     {"empty", graph::share(Tensor(Shape{0}, DType::kF32))}};
  model.inputs = {{"x", {-1, 3, -1}, {"batch", "", ""}}};
  model.outputs = {{"z", {-1, 2}, {"batch", ""}}};
  return model;
}

TEST(OnnxExport, KeepsEveryKindOfAttributeAndConstant) {
  const ScratchFolder folder;
  const graph::Model model = model_of_everything();
  write_model(model, folder / "model.onnx");
  expect_same(model, read_model(folder / "model.onnx"));
}

TEST(OnnxExport, PassesTheCheckerOfTheOnnxPackage) {
  const ScratchFolder folder;
  if (relevid::testing::lacks_python("onnx")) GTEST_SKIP() << "python3 with onnx is not installed";
  for (const std::string& name : models::names())
    write_model(models::create(name, small()), folder / (name + ".onnx"));
  const std::string script = fmt::format(R"(
import glob, onnx
files = sorted(glob.glob('*.onnx'))
assert len(files) == {}, files
for file in files:
    model = onnx.load(file)
    onnx.checker.check_model(model, full_check=True)
    assert model.ir_version == 8 and model.opset_import[0].version == 17
    clip, logits = model.graph.input[0].type.tensor_type.shape, model.graph.output[0].type.tensor_type.shape
    assert [d.dim_param or d.dim_value for d in clip.dim] == ['batch', 3, 8, 32, 32]
    assert [d.dim_param or d.dim_value for d in logits.dim] == ['batch', 5]
)",
                                         models::names().size());
  EXPECT_EQ(relevid::testing::python_error(folder.path(), script), "");
}

TEST(OnnxExport, RefusesWhatProtobufCannotHold) {
  const ScratchFolder folder;
  graph::Model model = model_of_everything();
  const auto large = graph::share(Tensor(Shape{1 << 20}, DType::kF32));
  for (int i = 0; i < 500; ++i) model.constants[fmt::format("w{}", i)] = large;
  const auto message =
      message_of(ErrorKind::kResourceLimit, [&] { write_model(model, folder / "model.onnx"); });
  EXPECT_THAT(message, HasSubstr("would hold 1.95 GiB"));
  EXPECT_TRUE(folder.names().empty());
}

TEST(OnnxExport, LeavesNothingOnAFullDisk) {
  const ScratchFolder folder;
  relevid::testing::write_bytes(folder / "model.onnx", "what was there");
  const graph::Model model = models::create("c3d", small());
  {
    const FullDisk full(10'000);
    const auto message = message_of(ErrorKind::kIo, [&] { write_model(model, folder / "model.onnx"); });
    EXPECT_THAT(message, HasSubstr((folder / "model.onnx").string()));
  }
  EXPECT_THAT(folder.names(), ElementsAre("model.onnx"));
  EXPECT_EQ(read_file(folder / "model.onnx"), "what was there");
}

TEST(OnnxExport, NamesAFolderThatIsNotThere) {
  const ScratchFolder folder;
  const auto message = message_of(
      ErrorKind::kIo, [&] { write_model(models::create("c3d", small()), folder / "no/model.onnx"); });
  EXPECT_THAT(message, HasSubstr("no/model.onnx"));
}

}  // namespace
}  // namespace relevid::onnx_io
