// SPDX-License-Identifier: Apache-2.0
// What NumPy itself says of our files, and we of its.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/atomic_file.h"
#include "relevid/npz.h"
#include "support/python.h"
#include "support/scratch.h"

namespace relevid {
namespace {

using ::testing::ElementsAre;

class NumPy : public ::testing::Test {
 protected:
  void SetUp() override {
    if (testing::lacks_python("numpy")) GTEST_SKIP() << "python3 with numpy is not installed";
  }

  /// Empty where the script ends well.
  std::string error_of(const std::string& script) const {
    return testing::python_error(folder_.path(), script);
  }

  testing::ScratchFolder folder_;
};

TEST_F(NumPy, ReadsWhatWeWrite) {
  std::map<std::string, Tensor> arrays;
  arrays.emplace("f32", Tensor::from<float>({2, 2}, {1.5F, -2, 0, 1e-40F}));
  arrays.emplace("f64", Tensor::from<double>({1}, {0.1}));
  arrays.emplace("i64", Tensor::from<int64_t>({}, {-5}));
  arrays.emplace("i32", Tensor::from<int32_t>({2}, {1, 2}));
  arrays.emplace("u8", Tensor::from<uint8_t>({3}, {0, 128, 255}));
  arrays.emplace("i8", Tensor::from<int8_t>({2}, {-128, 127}));
  arrays.emplace("b", Tensor::from<bool>({2}, {true, false}));
  arrays.emplace("empty", Tensor({0, 4}, DType::kF32));
  write_npz(folder_ / "ours.npz", arrays);
  EXPECT_EQ(error_of(R"(
import numpy as np
expected = {
    'f32': np.array([[1.5, -2], [0, 1e-40]], np.float32), 'f64': np.array([0.1]), 'i64': np.array(-5, np.int64),
    'i32': np.array([1, 2], np.int32), 'u8': np.array([0, 128, 255], np.uint8), 'i8': np.array([-128, 127], np.int8),
    'b': np.array([True, False]), 'empty': np.zeros((0, 4), np.float32),
}
got = np.load('ours.npz')
assert sorted(got.files) == sorted(expected), got.files
for name, array in expected.items():
    assert got[name].dtype == array.dtype and got[name].shape == array.shape, name
    assert got[name].tobytes() == array.tobytes(), name
)"),
            "");
}

TEST_F(NumPy, WritesWhatWeRead) {
  ASSERT_EQ(error_of(R"(
import numpy as np
arrays = dict(f2=np.array([0.1, -65504, 6e-8], np.float16), f4=np.arange(6, dtype=np.float32).reshape(2, 3),
              i8=np.array(7), b=np.array([True, False]))
np.savez('stored.npz', **arrays)
np.savez_compressed('deflated.npz', **arrays)
np.save('fortran.npy', np.asfortranarray(arrays['f4']))
)"),
            "");
  for (const char* file : {"stored.npz", "deflated.npz"}) {
    const auto arrays = read_npz(folder_ / file);
    EXPECT_THAT(arrays.at("f2").values<float>(),
                ElementsAre(0.0999755859375F, -65504.0F, 5.9604644775390625e-08F));
    EXPECT_THAT(arrays.at("f4").values<float>(), ElementsAre(0, 1, 2, 3, 4, 5));
    EXPECT_EQ(arrays.at("f4").shape(), Shape({2, 3}));
    EXPECT_THAT(arrays.at("i8").values<int64_t>(), ElementsAre(7));
    EXPECT_THAT(arrays.at("b").values<bool>(), ElementsAre(true, false));
  }
  testing::message_of(ErrorKind::kCorruptInput, [&] { read_npy(folder_ / "fortran.npy"); });
}

}  // namespace
}  // namespace relevid
