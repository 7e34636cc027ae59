// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <array>
#include <charconv>

#include "relevid/error.h"
#include "relevid/run_file.h"

namespace relevid {
namespace {

bool parse(std::string_view text, int64_t& value) {
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && rest == text.data() + text.size();
}

}  // namespace

Shard parse_shard(std::string_view text) {
  constexpr int64_t kMostShards = 1'000'000;
  const size_t slash = text.find('/');
  Shard shard;
  if (slash != std::string_view::npos && parse(text.substr(0, slash), shard.index) &&
      parse(text.substr(slash + 1), shard.count) && shard.count >= 1 && shard.count <= kMostShards &&
      shard.index >= 0 && shard.index < shard.count) {
    return shard;
  }
  throw Error(ErrorKind::kInvalidArgument,
              fmt::format("shard '{}': it is i/n with i from 0 to n - 1, as 0/4 or 3/4", text));
}

std::string to_string(const Shard& shard) {
  return fmt::format("{}/{}", shard.index, shard.count);
}

std::string_view name(VideoState state) {
  constexpr std::array<std::string_view, 5> kNames = {"ok", "too_short", "unreadable", "empty", "failed"};
  return kNames[static_cast<size_t>(state)];
}

}  // namespace relevid
