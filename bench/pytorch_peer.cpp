// SPDX-License-Identifier: Apache-2.0
#include "pytorch_peer.h"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <thread>

#include "relevid/error.h"

namespace relevid::bench {

PytorchPeer::PytorchPeer(const std::string& python, const std::string& architecture,
                         const CreateOptions& create, int64_t batch, int threads) {
  const auto count = threads > 0 ? threads : static_cast<int>(std::thread::hardware_concurrency());
  std::array<std::string, 8> words = {python,
                                      RELEVID_BENCH_FOLDER "/pytorch_peer.py",
                                      architecture,
                                      fmt::format("{}", create.width),
                                      fmt::format("{}", create.height),
                                      fmt::format("{}", create.classes > 0 ? create.classes : 487),
                                      fmt::format("{}", batch),
                                      fmt::format("{}", count)};
  std::array<char*, 9> arguments{};
  for (size_t i = 0; i < words.size(); ++i) arguments[i] = words[i].data();
  std::array<int, 2> down{}, up{};
  if (::pipe(down.data()) != 0 || ::pipe(up.data()) != 0)
    throw Error(ErrorKind::kInternal, "no pipe to Python");
  child_ = ::fork();
  if (child_ == 0) {
    ::dup2(down[0], STDIN_FILENO);
    ::dup2(up[1], STDOUT_FILENO);
    for (const int end : {down[0], down[1], up[0], up[1]}) ::close(end);
    ::execvp(arguments[0], arguments.data());
    ::_exit(127);
  }
  ::close(down[0]);
  ::close(up[1]);
  to_ = ::fdopen(down[1], "w");
  from_ = ::fdopen(up[0], "r");
}

PytorchPeer::~PytorchPeer() {
  std::fclose(to_);  // it ends where its input does
  std::fclose(from_);
  ::waitpid(child_, nullptr, 0);
}

int64_t PytorchPeer::ask(const std::string& line) {
  long long answer = 0;
  if (std::fputs((line + "\n").c_str(), to_) < 0 || std::fflush(to_) != 0 ||
      std::fscanf(from_, "%lld", &answer) != 1)
    throw Error(ErrorKind::kInternal, "Python has ended; does it have PyTorch?");
  return answer;
}

}  // namespace relevid::bench
