// SPDX-License-Identifier: Apache-2.0
#include "relevid/npz.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/atomic_file.h"
#include "support/scratch.h"

namespace relevid {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Key;
using testing::message_of;
using testing::ScratchFolder;

std::map<std::string, Tensor> sample_arrays() {
  std::map<std::string, Tensor> arrays;
  arrays.emplace("frame_share", Tensor::from<double>({1, 4}, {0.1, 0.2, 0.3, 0.4}));
  arrays.emplace("frame_indices", Tensor::from<int64_t>({4}, {0, 2, 4, 6}));
  arrays.emplace("logit", Tensor::from<float>({}, {3.5F}));
  arrays.emplace("nothing", Tensor({0, 3}, DType::kU8));
  return arrays;
}

/// Values that deflate cannot shrink.
Tensor noise(int64_t elements) {
  Tensor tensor({elements}, DType::kI64);
  uint64_t state = 1;
  for (int64_t& value : tensor.values<int64_t>()) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    value = static_cast<int64_t>(state ^ state >> 31);
  }
  return tensor;
}

TEST(Npz, RoundTripsNamedArrays) {
  const ScratchFolder folder;
  write_npz(folder / "clip.npz", sample_arrays());
  const auto back = read_npz(folder / "clip.npz");
  EXPECT_THAT(back, ElementsAre(Key("frame_indices"), Key("frame_share"), Key("logit"), Key("nothing")));
  for (const auto& [name, original] : sample_arrays()) {
    EXPECT_EQ(back.at(name).shape(), original.shape()) << name;
    EXPECT_EQ(back.at(name).dtype(), original.dtype()) << name;
    EXPECT_TRUE(std::ranges::equal(back.at(name).bytes(), original.bytes())) << name;
  }
  EXPECT_THAT(folder.names(), ElementsAre("clip.npz"));
}

TEST(Npz, BorrowsWhatItWrites) {
  constexpr int64_t kMebibytes = 64;
  const Tensor large({kMebibytes << 18}, DType::kF32);
  const ScratchFolder folder;
  const auto peak_kib = [] {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
      if (line.starts_with("VmHWM:")) return std::stoll(line.substr(6));
    return 0LL;
  };
  std::ofstream("/proc/self/clear_refs") << 5;  // the peak is from here on
  const auto before = peak_kib();
  write_npz(folder / "large.npz", {{"large", &large}}, NpzStorage::kStored);
  EXPECT_LT(peak_kib() - before, (kMebibytes << 10) / 4);
  EXPECT_GT(std::filesystem::file_size(folder / "large.npz"), static_cast<uintmax_t>(kMebibytes << 20));
}

TEST(Npz, DeflatesWhatItWrites) {
  const ScratchFolder folder;
  std::map<std::string, Tensor> arrays;
  arrays.emplace("zeros", Tensor({1'000'000}, DType::kF32));
  write_npz(folder / "zeros.npz", arrays);
  EXPECT_LT(std::filesystem::file_size(folder / "zeros.npz"), 100'000U);
  EXPECT_EQ(read_npz(folder / "zeros.npz").at("zeros").elements(), 1'000'000);
}

TEST(Npz, TheSameArraysGiveTheSameBytes) {
  const ScratchFolder folder;
  write_npz(folder / "a.npz", sample_arrays());
  write_npz(folder / "b.npz", sample_arrays());
  EXPECT_EQ(read_file(folder / "a.npz"), read_file(folder / "b.npz"));
}

TEST(Npz, ReplacesAnOlderFile) {
  const ScratchFolder folder;
  testing::write_bytes(folder / "clip.npz", "an older file");
  write_npz(folder / "clip.npz", sample_arrays());
  EXPECT_EQ(read_npz(folder / "clip.npz").size(), 4U);
}

TEST(Npz, NoArraysAreRefused) {
  const ScratchFolder folder;
  message_of(ErrorKind::kInvalidArgument, [&] { write_npz(folder / "clip.npz", {}); });
  EXPECT_THAT(folder.names(), IsEmpty());
}

TEST(Npz, AMissingFileOrAFolderIsAnIoError) {
  const ScratchFolder folder;
  EXPECT_THAT(message_of(ErrorKind::kIo, [&] { read_npz(folder / "absent.npz"); }),
              HasSubstr("no such file"));
  message_of(ErrorKind::kIo, [&] { read_npz(folder.path()); });
}

TEST(Npz, WhatIsNotAnArchiveIsCorrupt) {
  const ScratchFolder folder;
  for (const char* bytes : {"", "text", "PK\x03\x04 and no more"}) {
    testing::write_bytes(folder / "clip.npz", bytes);
    EXPECT_THAT(message_of(ErrorKind::kCorruptInput, [&] { read_npz(folder / "clip.npz"); }),
                HasSubstr("not an .npz archive"))
        << bytes;
  }
}

TEST(Npz, ATruncatedOrDamagedArchiveIsCorrupt) {
  const ScratchFolder folder;
  std::map<std::string, Tensor> arrays;
  arrays.emplace("noise", noise(1000));
  write_npz(folder / "whole.npz", arrays);
  const std::string whole = read_file(folder / "whole.npz");
  const auto expect_corrupt = [&](const std::string& bytes) {
    testing::write_bytes(folder / "clip.npz", bytes);
    message_of(ErrorKind::kCorruptInput, [&] { read_npz(folder / "clip.npz"); });
  };
  for (size_t size = 1; size < whole.size(); size += 97) expect_corrupt(whole.substr(0, size));
  std::string flipped = whole;
  flipped[whole.size() / 2] = static_cast<char>(flipped[whole.size() / 2] ^ 0x55);
  expect_corrupt(flipped);
}

TEST(Npz, AnyFlippedByteIsReadOrRefusedButNeverACrash) {
  const ScratchFolder folder;
  write_npz(folder / "whole.npz", sample_arrays());
  const std::string whole = read_file(folder / "whole.npz");
  for (size_t i = 0; i < whole.size(); ++i) {
    std::string flipped = whole;
    flipped[i] = static_cast<char>(~flipped[i]);
    testing::write_bytes(folder / "clip.npz", flipped);
    try {
      static_cast<void>(read_npz(folder / "clip.npz"));
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("clip.npz")) << "byte " << i;
    }
  }
}

TEST(Npz, AFullDiskIsAnIoErrorAndLeavesNothingBehind) {
  const ScratchFolder folder;
  std::map<std::string, Tensor> arrays;
  arrays.emplace("noise", noise(100'000));
  {
    const testing::FullDisk disk(4096);
    EXPECT_THAT(message_of(ErrorKind::kIo, [&] { write_npz(folder / "clip.npz", arrays); }),
                HasSubstr((folder / "clip.npz").string()));
  }
  EXPECT_THAT(folder.names(), IsEmpty());
}

TEST(Npz, AMissingFolderIsAnIoError) {
  const ScratchFolder folder;
  message_of(ErrorKind::kIo, [&] { write_npz(folder / "absent/clip.npz", sample_arrays()); });
}

}  // namespace
}  // namespace relevid
