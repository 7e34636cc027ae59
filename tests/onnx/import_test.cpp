// SPDX-License-Identifier: Apache-2.0
#include "onnx/import.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <numeric>

#include "graph/specialise.h"
#include "onnx/model_file.h"

namespace relevid {
namespace {

using onnx::TensorProto;
using onnx_io::read_model;
using testing::message_of;
using testing::ModelFile;
using testing::ScratchFolder;

/// A model y = x + c whose constant is made by `fill`.
template <class Fill>
std::vector<double> constant_after_import(TensorProto::DataType type, const std::vector<int64_t>& dims,
                                          Fill&& fill) {
  const ScratchFolder folder;
  ModelFile file;
  fill(file.tensor("c", type, dims));
  file.node("Add", {"x", "c"}, {"y"});
  return read_model(file.write(folder)).constants.at("c")->as_doubles();
}

template <class T>
void set_raw(TensorProto& proto, const std::vector<T>& values) {
  proto.set_raw_data(values.data(), values.size() * sizeof(T));
}

TEST(Import, EveryElementTypeFromItsField) {
  const std::vector<double> small = {1, 2, 3};
  const auto ints = [](TensorProto& t) {
    for (const int v : {1, 2, 3}) t.add_int32_data(v);
  };
  for (const auto type : {TensorProto::INT32, TensorProto::UINT8, TensorProto::INT8})
    EXPECT_EQ(constant_after_import(type, {3}, ints), small);
  EXPECT_EQ(constant_after_import(TensorProto::BOOL, {3}, ints), (std::vector<double>{1, 1, 1}));
  EXPECT_EQ(constant_after_import(TensorProto::FLOAT, {3},
                                  [](TensorProto& t) {
                                    for (const float v : {1.0F, 2.0F, 3.0F}) t.add_float_data(v);
                                  }),
            small);
  EXPECT_EQ(constant_after_import(TensorProto::DOUBLE, {3},
                                  [](TensorProto& t) {
                                    for (const double v : {1.0, 2.0, 3.0}) t.add_double_data(v);
                                  }),
            small);
  EXPECT_EQ(constant_after_import(TensorProto::INT64, {3},
                                  [](TensorProto& t) {
                                    for (const int64_t v : {1, 2, 3}) t.add_int64_data(v);
                                  }),
            small);
  const auto bits = [](const std::vector<int>& values) {
    return [=](TensorProto& t) {
      for (const int v : values) t.add_int32_data(v);
    };
  };
  EXPECT_EQ(constant_after_import(TensorProto::FLOAT16, {3}, bits({0x3c00, 0xc000, 0x0001})),
            (std::vector<double>{1, -2, std::ldexp(1, -24)}));
  EXPECT_EQ(constant_after_import(TensorProto::BFLOAT16, {2}, bits({0x3f80, 0xc040})),
            (std::vector<double>{1, -3}));
}

TEST(Import, EveryElementTypeFromRawBytes) {
  const auto raw = [](auto value) {
    using T = decltype(value);
    return [](TensorProto& t) { set_raw(t, std::vector<T>{T(1), T(2), T(3)}); };
  };
  const std::vector<double> small = {1, 2, 3};
  EXPECT_EQ(constant_after_import(TensorProto::FLOAT, {3}, raw(float{})), small);
  EXPECT_EQ(constant_after_import(TensorProto::DOUBLE, {3, 1}, raw(double{})), small);
  EXPECT_EQ(constant_after_import(TensorProto::INT64, {1, 3}, raw(int64_t{})), small);
  EXPECT_EQ(constant_after_import(TensorProto::INT32, {3}, raw(int32_t{})), small);
  EXPECT_EQ(constant_after_import(TensorProto::UINT8, {3}, raw(uint8_t{})), small);
  EXPECT_EQ(constant_after_import(TensorProto::INT8, {3}, raw(int8_t{})), small);
  const auto halves = [](TensorProto& t) { set_raw(t, std::vector<uint16_t>{0x3c00, 0x7c00, 0x3555}); };
  const auto values = constant_after_import(TensorProto::FLOAT16, {3}, halves);
  EXPECT_EQ(values[0], 1);
  EXPECT_TRUE(std::isinf(values[1]));
  EXPECT_NEAR(values[2], 1.0 / 3, 1e-4);
  const auto empty = [](TensorProto& t) { t.set_raw_data(""); };
  EXPECT_TRUE(constant_after_import(TensorProto::FLOAT, {0}, empty).empty());
}

TEST(Import, WeightsOfAnySizeComeFromTheirPlaceInTheFile) {
  const ScratchFolder folder;
  ModelFile file;
  const std::vector<int64_t> counts = {1023, 1, 1024, 1025, 50'000, 2};
  for (size_t i = 0; i < counts.size(); ++i) {
    std::vector<float> values(static_cast<size_t>(counts[i]));
    std::iota(values.begin(), values.end(), static_cast<float>(i) * 1e6F);
    set_raw(file.tensor("w" + std::to_string(i), TensorProto::FLOAT, {counts[i]}), values);
  }
  set_raw(file.tensor("half", TensorProto::FLOAT16, {3000}), std::vector<uint16_t>(3000, 0x3c00));
  file.node("Add", {"x", "w5"}, {"y"});
  const auto constants = read_model(file.write(folder)).constants;
  for (size_t i = 0; i < counts.size(); ++i) {
    const auto values = constants.at("w" + std::to_string(i))->as_doubles();
    ASSERT_EQ(std::ssize(values), counts[i]);
    for (size_t k = 0; k < values.size(); ++k)
      ASSERT_EQ(values[k], static_cast<float>(i) * 1e6F + static_cast<float>(k)) << i << ", " << k;
  }
  EXPECT_EQ(constants.at("half")->as_doubles(), std::vector<double>(3000, 1.0));
}

TEST(Import, ValuesThatDoNotFillTheShapeAreRefused) {
  for (const std::vector<int64_t>& dims : {std::vector<int64_t>{4},
                                           {-3},
                                           {3, -1},
                                           {0},
                                           {int64_t{1} << 62},
                                           {int64_t{1} << 32, int64_t{1} << 32, 3}}) {
    const auto floats = [](TensorProto& t) { set_raw(t, std::vector<float>{1, 2, 3}); };
    EXPECT_THROW(constant_after_import(TensorProto::FLOAT, dims, floats), Error) << dims[0];
    const auto field = [](TensorProto& t) { t.add_float_data(1); };
    EXPECT_THROW(constant_after_import(TensorProto::FLOAT, dims, field), Error) << dims[0];
  }
}

TEST(Import, ElementTypesWithoutACounterpartAreNamed) {
  const std::string message = message_of(ErrorKind::kUnsupportedModel, [] {
    constant_after_import(TensorProto::COMPLEX64, {1}, [](TensorProto& t) { t.add_float_data(1); });
  });
  EXPECT_NE(message.find("COMPLEX64"), std::string::npos) << message;
}

TEST(Import, OpsetsFrom9To25) {
  const ScratchFolder folder;
  for (const int64_t opset : {9, 13, 21, 25}) {
    ModelFile file({1, 4}, opset);
    file.node("Relu", {"x"}, {"y"});
    EXPECT_EQ(read_model(file.write(folder)).opset, opset);
  }
  for (const int64_t opset : {0, 8, 26}) {
    ModelFile file({1, 4}, opset);
    file.node("Relu", {"x"}, {"y"});
    message_of(ErrorKind::kUnsupportedModel, [&] { read_model(file.write(folder)); });
  }
}

TEST(Import, DynamicBatchTakesAnySize) {
  const ScratchFolder folder;
  ModelFile file({-1, 4});
  file.node("Relu", {"x"}, {"y"});
  const auto model = read_model(file.write(folder));
  ASSERT_EQ(model.inputs.size(), 1U);
  EXPECT_EQ(model.inputs[0].dims, (std::vector<int64_t>{-1, 4}));
  EXPECT_EQ(model.inputs[0].dim_names[0], "batch");
  for (const int64_t batch : {1, 7}) {
    const auto graph = graph::specialise(model, {{"x", Shape{batch, 4}}});
    EXPECT_EQ(graph.shape(graph.output), (Shape{batch, 4}));
  }
  message_of(ErrorKind::kInvalidArgument, [&] { graph::specialise(model, {{"x", Shape{1, 5}}}); });
  message_of(ErrorKind::kInvalidArgument, [&] { graph::specialise(model, {}); });
}

TEST(Import, ConstantsListedAmongTheInputsAreNoInputs) {
  const ScratchFolder folder;
  ModelFile file;
  file.floats("c", {4}, {1, 2, 3, 4});
  ModelFile::add_value(*file.graph().add_input(), "c", {4});
  file.node("Add", {"x", "c"}, {"y"});
  const auto model = read_model(file.write(folder));
  ASSERT_EQ(model.inputs.size(), 1U);
  EXPECT_EQ(model.inputs[0].name, "x");
}

TEST(Import, MetadataAndProducer) {
  const ScratchFolder folder;
  ModelFile file;
  file.node("Relu", {"x"}, {"y"});
  file.proto().set_producer_version("3");
  auto* entry = file.proto().add_metadata_props();
  entry->set_key("relevid");
  entry->set_value("{}");
  const auto model = read_model(file.write(folder));
  EXPECT_EQ(model.producer, "hand 3");
  EXPECT_EQ(model.metadata.at("relevid"), "{}");
}

TEST(Import, AllUnsupportedNodesAreNamedAtOnce) {
  const ScratchFolder folder;
  ModelFile file;
  file.node("Hardmax", {"x"}, {"a"});
  file.node("GRU", {"a"}, {"b"});
  auto& custom = file.node("Blur", {"b"}, {"c"});
  custom.set_domain("org.example");
  file.node("Mish", {"c"}, {"y"});
  const auto model = read_model(file.write(folder));
  EXPECT_EQ(graph::unsupported_nodes(model).size(), 4U);
  const std::string message = message_of(ErrorKind::kUnsupportedModel, [&] {
    graph::specialise(model, {{"x", Shape{1, 4}}});
  });
  for (const char* part :
       {"Hardmax 'Hardmax_1'", "GRU 'GRU_2'", "org.example::Blur 'Blur_3'", "Mish 'Mish_4'"})
    EXPECT_NE(message.find(part), std::string::npos) << message;
}

TEST(Import, AttributesWithoutACounterpartPutTheirNodeOnTheList) {
  const ScratchFolder folder;
  ModelFile file;
  const auto add = [](onnx::NodeProto& node, const std::string& name,
                      onnx::AttributeProto::AttributeType type) {
    auto* attribute = node.add_attribute();
    attribute->set_name(name);
    attribute->set_type(type);
  };
  add(file.node("Relu", {"x"}, {"a"}), "inner", onnx::AttributeProto::GRAPH);
  add(file.node("Constant", {}, {"b"}), "value_strings", onnx::AttributeProto::STRINGS);
  file.node("Mish", {"a"}, {"y"});
  const auto model = read_model(file.write(folder));
  EXPECT_EQ(graph::unsupported_nodes(model).size(), 3U);
  const std::string message = message_of(ErrorKind::kUnsupportedModel, [&] {
    graph::specialise(model, {{"x", Shape{1, 4}}});
  });
  for (const char* part : {"Relu 'Relu_1': attribute 'inner' is a graph",
                           "Constant 'Constant_2': attribute 'value_strings' is a list of strings",
                           "Mish 'Mish_3': operator not supported"})
    EXPECT_NE(message.find(part), std::string::npos) << message;
}

TEST(Import, UndefinedValuesAreNamed) {
  const ScratchFolder folder;
  ModelFile file;
  file.node("Add", {"x", "nowhere"}, {"y"});
  const std::string message = message_of(ErrorKind::kCorruptInput, [&] { read_model(file.write(folder)); });
  EXPECT_NE(message.find("nowhere"), std::string::npos) << message;
  EXPECT_NE(message.find("Add_1"), std::string::npos) << message;
}

}  // namespace
}  // namespace relevid
