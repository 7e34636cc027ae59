// SPDX-License-Identifier: Apache-2.0
// Operators in all their forms against ONNX Runtime, which onnx_runtime_models.py runs.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "graph/specialise.h"
#include "network/network.h"
#include "onnx/import.h"
#include "relevid/npz.h"
#include "support/devices.h"
#include "support/python.h"
#include "support/scratch.h"

namespace relevid {
namespace {

using testing::ScratchFolder;

Tensor output_of(const graph::Graph& graph, kernels::Library& library, const Tensor& x) {
  Network network(graph, library, Purpose::kExplanation);
  const kernels::Buffer clip = library.upload(x);
  return network.output(network.forward({&clip, 1}, Keep::kNothing));
}

/// The largest difference over the largest number that is wanted.
double difference(const Tensor& want, const Tensor& have) {
  const auto a = want.as_doubles(), b = have.as_doubles();
  if (a.size() != b.size()) return INFINITY;
  double largest = 0, apart = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, std::abs(a[i]));
    apart = std::max(apart, std::abs(a[i] - b[i]));
  }
  return apart / largest;
}

void expect_same(const std::filesystem::path& model_path) {
  const auto beside = [&](const char* extension) {
    auto path = model_path;
    return path.replace_extension(extension);
  };
  const Tensor x = read_npy(beside(".x.npy")), want = read_npy(beside(".y.npy"));
  try {
    const graph::Graph graph = graph::specialise(onnx_io::read_model(model_path), {{"x", x.shape()}});
    EXPECT_EQ(graph.shape(graph.output), want.shape());
    for (const auto& library : {testing::reference_library(), testing::library_under_test(1)})
      EXPECT_LE(difference(want, output_of(graph, *library, x)), 2e-5) << library->name();
  } catch (const Error& error) {
    ADD_FAILURE() << error.what();
  }
}

TEST(OnnxRuntime, ComputesTheSame) {
  if (testing::lacks_python("numpy, onnx, onnxruntime"))
    GTEST_SKIP() << "python3 with numpy, onnx and onnxruntime is not installed";
  const ScratchFolder folder;
  const auto command = fmt::format("'{}' '{}/onnx_runtime_models.py' '{}'", testing::python_program(),
                                   RELEVID_NETWORK_TESTS_DIR, folder.path().string());
  ASSERT_EQ(std::system(command.c_str()), 0);
  int models = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    if (entry.path().extension() != ".onnx") continue;
    SCOPED_TRACE(entry.path().stem().string());
    expect_same(entry.path());
    ++models;
  }
  EXPECT_GT(models, 130);
}

}  // namespace
}  // namespace relevid
