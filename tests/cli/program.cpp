// SPDX-License-Identifier: Apache-2.0
#include "cli/program.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

namespace relevid::testing {
namespace {

std::string quoted(const std::string& word) {
  std::string result = "'";
  for (const char c : word) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

std::string content(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

Outcome shell(const std::string& command) {
  const ScratchFolder folder;
  const auto out = folder / "out", err = folder / "err";
  const int status = std::system(
      fmt::format("( {} ) >{} 2>{} </dev/null", command, quoted(out.string()), quoted(err.string())).c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, content(out), content(err)};
}

Outcome relevid(const std::vector<std::string>& arguments, const std::string& before) {
  std::string command = before + quoted(RELEVID_PROGRAM);
  for (const auto& argument : arguments) command += " " + quoted(argument);
  return shell(command);
}

bool has_ffmpeg() {
  return shell("ffmpeg -version").status == 0;
}

void make_video(const std::filesystem::path& path, int frames, const std::string& size) {
  const Outcome made = shell(
      fmt::format("ffmpeg -v error -y -f lavfi -i testsrc=size={}:rate=10 -frames:v {} -pix_fmt yuv420p {}",
                  size, frames, quoted(path.string())));
  if (made.status != 0) throw std::runtime_error("ffmpeg: " + made.err);
}

void make_small_c3d(const std::filesystem::path& path) {
  const Outcome made =
      relevid({"create", "c3d", "--width", "0.05", "--size", "48", "--classes", "5", "--out", path.string()});
  if (made.status != 0) throw std::runtime_error(made.err);
}

}  // namespace relevid::testing
