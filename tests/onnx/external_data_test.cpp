// SPDX-License-Identifier: Apache-2.0
// Weights beside the model are read; nothing outside its folder ever is.
#include <gtest/gtest.h>

#include "onnx/import.h"
#include "onnx/model_file.h"

namespace relevid {
namespace {

using onnx_io::read_model;
using testing::message_of;
using testing::ModelFile;
using testing::ScratchFolder;
using testing::write_bytes;

struct External {
  std::string location;
  std::string offset, length;  ///< left out where empty
};

/// y = x + c, with c's four floats elsewhere.
ModelFile model_with(const External& external) {
  ModelFile file;
  auto& tensor = file.tensor("c", onnx::TensorProto::FLOAT, {4});
  tensor.set_data_location(onnx::TensorProto::EXTERNAL);
  const auto entry = [&](const std::string& key, const std::string& value) {
    if (value.empty()) return;
    auto* added = tensor.add_external_data();
    added->set_key(key);
    added->set_value(value);
  };
  entry("location", external.location);
  entry("offset", external.offset);
  entry("length", external.length);
  file.node("Add", {"x", "c"}, {"y"});
  return file;
}

std::string four_floats() {
  const float values[] = {1, 2, 3, 4};
  return std::string(reinterpret_cast<const char*>(values), sizeof values);
}

TEST(ExternalData, IsReadBesideTheModel) {
  const ScratchFolder folder;
  std::filesystem::create_directory(folder / "model");
  std::filesystem::create_directory(folder / "model/weights");
  write_bytes(folder / "model/all.bin", "12345678" + four_floats() + "rest");
  write_bytes(folder / "model/weights/c.bin", four_floats());
  for (const External& external :
       {External{"all.bin", "8", "16"}, {"weights/c.bin", "", ""}, {"./weights/../weights/c.bin", "0", ""}}) {
    const auto path = folder / "model/m.onnx";
    write_bytes(path, model_with(external).bytes());
    EXPECT_EQ(read_model(path).constants.at("c")->as_doubles(), (std::vector<double>{1, 2, 3, 4}));
  }
}

TEST(ExternalData, OutsideTheFolderIsRefused) {
  const ScratchFolder folder;
  std::filesystem::create_directory(folder / "model");
  write_bytes(folder / "secret.bin", four_floats());
  std::filesystem::create_symlink(folder / "secret.bin", folder / "model/link.bin");
  std::filesystem::create_symlink(folder.path(), folder / "model/up");
  const auto path = folder / "model/m.onnx";
  for (const std::string& location :
       {std::string("../secret.bin"), (folder / "secret.bin").string(), std::string("link.bin"),
        std::string("up/secret.bin"), std::string("weights/../../secret.bin"), std::string("/etc/passwd"),
        std::string(".."), std::string("")}) {
    write_bytes(path, model_with({location, "", ""}).bytes());
    const std::string message = message_of(ErrorKind::kCorruptInput, [&] { read_model(path); });
    EXPECT_NE(message.find("outside the model's folder"), std::string::npos) << location << ": " << message;
  }
}

TEST(ExternalData, TruncatedMissingOrNonsense) {
  const ScratchFolder folder;
  write_bytes(folder / "short.bin", four_floats().substr(0, 15));
  write_bytes(folder / "c.bin", four_floats());
  std::filesystem::create_directory(folder / "sub");
  const auto refuse = [&](ErrorKind kind, const External& external) {
    const auto path = model_with(external).write(folder);
    return message_of(kind, [&] { read_model(path); });
  };
  EXPECT_NE(refuse(ErrorKind::kCorruptInput, {"short.bin", "0", "16"}).find("truncated"), std::string::npos);
  refuse(ErrorKind::kCorruptInput, {"short.bin", "", ""});
  refuse(ErrorKind::kCorruptInput, {"c.bin", "1", "16"});
  refuse(ErrorKind::kCorruptInput, {"c.bin", "0", "8"});
  refuse(ErrorKind::kCorruptInput, {"c.bin", "-1", "16"});
  refuse(ErrorKind::kCorruptInput, {"c.bin", "99999999999999999999999", "16"});
  refuse(ErrorKind::kCorruptInput, {"c.bin", "18446744073709551615", "18446744073709551615"});
  refuse(ErrorKind::kCorruptInput, {"c.bin", "many", ""});
  refuse(ErrorKind::kIo, {"missing.bin", "", ""});
  refuse(ErrorKind::kIo, {"sub", "", ""});
  refuse(ErrorKind::kIo, {".", "", ""});
}

}  // namespace
}  // namespace relevid
