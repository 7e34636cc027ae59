// SPDX-License-Identifier: Apache-2.0
#include "cli/command.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <new>
#include <system_error>

#include "base/input_guard.h"
#include "relevid/error.h"

namespace relevid::cli {
namespace {

using Clock = std::chrono::steady_clock;

// NOLINTBEGIN: a signal handler can reach nothing else
std::atomic<bool> interrupted = false, requeues = false;
std::atomic<int> first_signal = 0;
// NOLINTEND

void on_signal(int signal) {
  int none = 0;
  first_signal.compare_exchange_strong(none, signal);
  if (interrupted.exchange(true)) ::_exit(requeues && signal != SIGINT ? kRequeueStatus : 128 + signal);
}

void handle(int signal) {
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigaction(signal, &action, nullptr);
}

constexpr auto kTerminalInterval = std::chrono::milliseconds(100);
constexpr auto kPlainInterval = std::chrono::seconds(10);

}  // namespace

CLI::Option* reads(CLI::Option* option) {
  return option->each([name = option->get_name()](const std::string& path) { note_input(path, name); });
}

struct ProgressLine::Implementation {
  std::string prefix, what;
  bool terminal = ::isatty(STDERR_FILENO) != 0;
  Clock::time_point start = Clock::now(), shown = Clock::now();
  int64_t begun_at = 0;  ///< how much was done when this kind of work was first heard of
  bool drawn = false;
};

ProgressLine::ProgressLine(std::string prefix) : implementation_(std::make_unique<Implementation>()) {
  implementation_->prefix = std::move(prefix);
}

ProgressLine::~ProgressLine() {
  clear();
}

void ProgressLine::clear() {
  if (implementation_->drawn && implementation_->terminal) std::fputs("\r\033[K", stderr);
  implementation_->drawn = false;
}

void ProgressLine::show(const Progress& progress) {
  auto& state = *implementation_;
  const auto now = Clock::now();
  if (progress.what != state.what) {
    state.what = progress.what;
    state.start = now;
    state.shown = now;
    state.begun_at = progress.done;
    return;  // the first step's time is not known
  }
  const auto interval = state.terminal ? Clock::duration(kTerminalInterval) : Clock::duration(kPlainInterval);
  if (now - state.shown < interval) return;
  state.shown = now;
  state.drawn = true;
  const double seconds = std::chrono::duration<double>(now - state.start).count();
  const double rate = static_cast<double>(progress.done - state.begun_at) / seconds;
  const double left = rate > 0 ? static_cast<double>(progress.total - progress.done) / rate : 0;
  auto line = fmt::format("{}: {} {}/{}, {:.1f}/s, {:.0f} s left", state.prefix, progress.what, progress.done,
                          progress.total, rate, left);
  if (!progress.detail.empty()) line += ", " + progress.detail;
  std::fputs(state.terminal ? fmt::format("\r{}\033[K", line).c_str() : (line + "\n").c_str(), stderr);
  std::fflush(stderr);
}

const std::atomic<bool>& interrupt_flag() {
  static const bool installed = [] {
    handle(SIGINT);
    handle(SIGTERM);
    return true;
  }();
  static_cast<void>(installed);
  return interrupted;
}

int interrupt_signal() {
  return first_signal;
}

int run_to_requeue(const std::function<int()>& work, std::string_view kept) {
  requeues = true;
  interrupt_flag();
  handle(SIGUSR1);
  try {
    return work();
  } catch (const Interrupted&) {
    const bool requeue = interrupt_signal() != SIGINT;
    print_error(requeue ? "stopped, to be queued again" : "interrupted", std::string(kept));
    return requeue ? kRequeueStatus : kInterruptedStatus;
  }
}

void ignore_write_signals() {
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGXFSZ, &ignore, nullptr);
  sigaction(SIGPIPE, &ignore, nullptr);
}

int print_failure(const std::exception& error, const std::string& input) {
  const auto say = [&](ErrorKind kind, const std::string& message) {
    const std::string what(relevid::name(kind));
    print_error(input.empty() ? what : fmt::format("{}: {}", input, what), message);
    return exit_status(kind);
  };
  if (const auto* known = dynamic_cast<const Error*>(&error)) return say(known->kind(), known->what());
  if (dynamic_cast<const std::bad_alloc*>(&error)) return say(ErrorKind::kResourceLimit, "out of memory");
  // File names that are too long, links in a circle, an output that takes no more.
  if (dynamic_cast<const std::system_error*>(&error)) return say(ErrorKind::kIo, error.what());
  return say(ErrorKind::kInternal, error.what());
}

std::string printable(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool control = (byte < 0x20 && c != '\n') || byte == 0x7f;
    result += control ? fmt::format("\\x{:02x}", byte) : std::string(1, c);
  }
  return result;
}

void print_error(const std::string& kind, const std::string& message) {
  fmt::print(stderr, "relevid: {}: {}\n", printable(kind), printable(message));
}

void print_warning(const std::string& message) {
  fmt::print(stderr, "relevid: warning: {}\n", printable(message));
}

}  // namespace relevid::cli
