// SPDX-License-Identifier: Apache-2.0
#include "tensor/npy.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "relevid/npz.h"
#include "support/scratch.h"

namespace relevid {
namespace {

/// The bytes of a .npy file.
std::string to_npy(const Tensor& tensor) {
  const auto bytes = tensor.bytes();
  return npy_header(tensor).append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::message_of;

/// A .npy file of format 1.0 with this header text, whatever it says.
std::string npy(std::string header, std::string_view data) {
  header += '\n';
  std::string file("\x93NUMPY\x01\x00", 8);
  file += {static_cast<char>(header.size() & 0xff), static_cast<char>(header.size() >> 8)};
  return file.append(header).append(data);
}

std::string npy_of(std::string_view descr, std::string_view shape, std::string_view data,
                   std::string_view fortran_order = "False") {
  return npy(
      fmt::format("{{'descr': '{}', 'fortran_order': {}, 'shape': {}, }}", descr, fortran_order, shape),
      data);
}

std::string refusal(const std::string& file) {
  return message_of(ErrorKind::kCorruptInput, [&] { parse_npy(file, "clip.npy"); });
}

template <class T>
void expect_round_trip(const Shape& shape, const std::vector<T>& values) {
  const Tensor original = Tensor::from<T>(shape, values);
  const Tensor back = parse_npy(to_npy(original), "memory");
  EXPECT_EQ(back.dtype(), original.dtype());
  EXPECT_EQ(back.shape(), shape);
  EXPECT_TRUE(std::ranges::equal(back.bytes(), original.bytes())) << name(original.dtype());
}

TEST(Npy, RoundTripsEveryType) {
  expect_round_trip<float>({2, 3}, {0, -1.5F, 1e30F, -1e-40F, std::numeric_limits<float>::infinity(), -0.0F});
  expect_round_trip<double>({2}, {M_PI, std::numeric_limits<double>::denorm_min()});
  expect_round_trip<int64_t>({2}, {std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()});
  expect_round_trip<int32_t>({1, 2, 1}, {-7, 7});
  expect_round_trip<uint8_t>({3}, {0, 128, 255});
  expect_round_trip<int8_t>({2}, {-128, 127});
  expect_round_trip<bool>({2, 2}, {true, false, false, true});
}

TEST(Npy, RoundTripsScalarsAndEmptyArrays) {
  expect_round_trip<float>({}, {42});
  expect_round_trip<float>({0}, {});
  expect_round_trip<int64_t>({3, 0, 2}, {});
}

TEST(Npy, AlignsTheDataAsNumPyDoes) {
  for (int64_t rank = 0; rank < 20; ++rank) {
    const Shape ones(std::vector<int64_t>(static_cast<size_t>(rank), 1));
    EXPECT_EQ((to_npy(Tensor(ones, DType::kU8)).size() - 1) % 64, 0U) << "rank " << rank;
  }
}

TEST(Npy, ReadsHalfPrecisionAsFloat) {
  const uint16_t bits[] = {0x3c00, 0xc000, 0x0001, 0x03ff, 0x0400, 0x7bff, 0x7c00, 0xfc00, 0x8000};
  const std::string_view data(reinterpret_cast<const char*>(bits), sizeof bits);
  const Tensor tensor = parse_npy(npy_of("<f2", "(9,)", data), "memory");
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_THAT(tensor.values<float>(),
              ElementsAre(1.0F, -2.0F, std::ldexp(1.0F, -24), std::ldexp(1023.0F, -24), std::ldexp(1.0F, -14),
                          65504.0F, infinity, -infinity, -0.0F));
  EXPECT_TRUE(std::signbit(tensor.values<float>()[8]));
  EXPECT_TRUE(std::isnan(parse_npy(npy_of("<f2", "()", {"\x01\x7c", 2}), "memory").values<float>()[0]));
}

TEST(Npy, ReadsTheWideHeaderOfFormats2And3) {
  for (const char version : {'\x02', '\x03'}) {
    const std::string narrow = npy_of("|u1", "(2,)", "ab");
    std::string wide =
        narrow.substr(0, 6) + version + narrow.substr(7, 3) + std::string(2, '\0') + narrow.substr(10);
    EXPECT_THAT(parse_npy(wide, "memory").values<uint8_t>(), ElementsAre('a', 'b'));
  }
}

TEST(Npy, ReadsOtherSpellingsOfTheHeader) {
  const std::string reordered = R"({"shape":(2L,1L),"fortran_order":False,"descr":"|u1"})";
  EXPECT_EQ(parse_npy(npy(reordered, "ab"), "memory").shape(), Shape({2, 1}));
}

TEST(Npy, IgnoresWhatFollowsTheData) {
  EXPECT_THAT(parse_npy(npy_of("|u1", "(2,)", "abcdef"), "memory").values<uint8_t>(), ElementsAre('a', 'b'));
}

TEST(Npy, ABoolIsNeverAnythingButZeroOrOne) {
  const Tensor tensor = parse_npy(npy_of("|b1", "(3,)", {"\x00\x01\x80", 3}), "memory");
  EXPECT_THAT(tensor.bytes(), ElementsAre(std::byte{0}, std::byte{1}, std::byte{1}));
}

TEST(Npy, RefusesFortranOrderUnlessItMakesNoDifference) {
  EXPECT_THAT(refusal(npy_of("|u1", "(2, 2)", "abcd", "True")), HasSubstr("np.ascontiguousarray"));
  EXPECT_EQ(parse_npy(npy_of("|u1", "(2,)", "ab", "True"), "memory").elements(), 2);
}

TEST(Npy, RefusesTypesItDoesNotRead) {
  for (const char* descr : {">f4", "<c8", "|O", "<U5", "<u2", ""}) {
    EXPECT_THAT(refusal(npy_of(descr, "(1,)", std::string(32, '\0'))), HasSubstr("save as float32")) << descr;
  }
  EXPECT_THAT(refusal(npy("{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (1,), }", "abcd")),
              HasSubstr("structured types"));
}

TEST(Npy, EveryTruncationIsAnError) {
  const std::string whole = to_npy(Tensor::from<float>({2, 2}, {1, 2, 3, 4}));
  for (size_t size = 0; size < whole.size(); ++size)
    EXPECT_THAT(refusal(whole.substr(0, size)), HasSubstr("clip.npy"));
  EXPECT_THAT(refusal(whole.substr(0, whole.size() - 1)),
              HasSubstr("15 bytes of data, 16 expected for shape [2, 2]"));
}

TEST(Npy, RefusesWhatIsNotNumPy) {
  EXPECT_THAT(refusal("a video, perhaps"), HasSubstr("not a NumPy array"));
  EXPECT_THAT(refusal(std::string("\x93NUMPY\x09\x00\x01\x00 ", 11)), HasSubstr("format 9"));
}

TEST(Npy, RefusesHostileHeaders) {
  const char* const headers[] = {
      "",
      "{",
      "{}",
      "{'descr': '<f4'",
      "{'descr': '<f4', }",
      "{'descr': '<f4, 'fortran_order': False, 'shape': (1,), }",
      "{'descr': '<f4', 'fortran_order': Maybe, 'shape': (1,), }",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1.5,), }",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1 2), }",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'exec': 'rm', }",
      "{'descr' '<f4'}",
  };
  for (const char* header : headers) EXPECT_THAT(refusal(npy(header, "abcd")), HasSubstr("header")) << header;
}

TEST(Npy, AllocatesNothingForSizesThatTheFileCannotHold) {
  EXPECT_THAT(refusal(npy_of("<f4", "(1099511627776,)", "abcd")), HasSubstr("truncated"));
  message_of(ErrorKind::kResourceLimit,
             [] { parse_npy(npy_of("<f4", "(4611686018427387904, 4)", "abcd"), "clip.npy"); });
  message_of(ErrorKind::kResourceLimit,
             [] { parse_npy(npy_of("<f4", "(0, 4611686018427387904, 4)", "abcd"), "clip.npy"); });
}

TEST(Npy, AnEndlessHeaderDoesNotExhaustTheStack) {
  std::string file("\x93NUMPY\x02\x00\xff\xff\xff\x00", 12);
  file.append(0xffffff, '\'');
  EXPECT_THAT(refusal(file), HasSubstr("not plausible"));
  EXPECT_THAT(refusal(npy("{'descr': '" + std::string(60'000, '<'), "")), HasSubstr("does not end"));
  EXPECT_THAT(refusal(npy_of("<f4", "(" + std::string(50'000, '1'), "")), HasSubstr("a size"));
}

TEST(ReadNpy, ReadsAFileAndNamesIt) {
  const testing::ScratchFolder folder;
  testing::write_bytes(folder / "clip.npy", to_npy(Tensor::from<float>({2}, {1, 2})));
  EXPECT_THAT(read_npy(folder / "clip.npy").values<float>(), ElementsAre(1, 2));
  testing::write_bytes(folder / "not.npy", "text");
  EXPECT_THAT(message_of(ErrorKind::kCorruptInput, [&] { read_npy(folder / "not.npy"); }),
              HasSubstr((folder / "not.npy").string()));
  message_of(ErrorKind::kIo, [&] { read_npy(folder / "absent.npy"); });
}

}  // namespace
}  // namespace relevid
