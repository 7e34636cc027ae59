// SPDX-License-Identifier: Apache-2.0
#include "cli/program.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
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

/// Starts relevid with its output in files; never returns in the child.
pid_t start(const std::vector<std::string>& arguments, const std::filesystem::path& out,
            const std::filesystem::path& err) {
  std::vector<std::string> words = {RELEVID_PROGRAM};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  const std::string out_name = out.string(), err_name = err.string();
  const pid_t child = ::fork();
  if (child != 0) return child;
  ::dup2(::open("/dev/null", O_RDONLY), STDIN_FILENO);
  ::dup2(::open(out_name.c_str(), O_CREAT | O_WRONLY, 0600), STDOUT_FILENO);
  ::dup2(::open(err_name.c_str(), O_CREAT | O_WRONLY, 0600), STDERR_FILENO);
  ::execv(RELEVID_PROGRAM, pointers.data());
  ::_exit(127);
}

/// Whether a process has a handler of its own for the signal (proc(5), SigCgt).
bool catches(pid_t process, int signal) {
  std::ifstream file(fmt::format("/proc/{}/status", process));
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("SigCgt:")) continue;
    return (std::stoull(line.substr(7), nullptr, 16) >> (signal - 1) & 1) != 0;
  }
  return false;
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

Outcome relevid_signalled(const std::vector<std::string>& arguments, int signal,
                          const std::function<bool()>& ready) {
  const ScratchFolder folder;
  const auto out = folder / "out", err = folder / "err";
  const pid_t child = start(arguments, out, err);
  if (child < 0) throw std::runtime_error("no process could be started");
  int status = 0;
  bool sent = false;
  while (::waitpid(child, &status, sent ? 0 : WNOHANG) == 0) {
    sent = catches(child, signal) && (!ready || ready());
    if (sent) ::kill(child, signal);
    if (!sent) ::usleep(5000);
  }
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, content(out), content(err)};
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
