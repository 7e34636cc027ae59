// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "relevid/progress.h"

namespace relevid::cli {

/// What a command's parsing leaves to be run; returns the exit status.
using Action = std::function<int()>;

/// Each adds its subcommand to the program and sets `action` when it is the one that was called.
void add_explain(CLI::App& program, Action& action);
void add_audit(CLI::App& program, Action& action);
void add_create(CLI::App& program, Action& action);
void add_evaluate(CLI::App& program, Action& action);
void add_inspect(CLI::App& program, Action& action);
void add_generate(CLI::App& program, Action& action);
void add_train(CLI::App& program, Action& action);
void add_tune(CLI::App& program, Action& action);
void add_merge(CLI::App& program, Action& action);
void add_report(CLI::App& program, Action& action);

/// Declares that an option's words are files that are read: from parsing on they are kept from being written
/// over (base/input_guard.h).
CLI::Option* reads(CLI::Option* option);

/// Ends with status 130, as shells have it for Ctrl-C.
inline constexpr int kInterruptedStatus = 130;
/// Stopped by a cluster before its time limit: the same command goes on (EX_TEMPFAIL of sysexits.h).
inline constexpr int kRequeueStatus = 75;

/// Prints progress: one line that is rewritten on a terminal, a plain line now and then elsewhere; to stderr.
class ProgressLine {
 public:
  explicit ProgressLine(std::string prefix);
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  void show(const Progress& progress);
  /// Takes the line off the terminal, before something else is printed.
  void clear();

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

/// The flag that Ctrl-C and SIGTERM set; installs the handlers when first called. A second Ctrl-C ends at
/// once.
const std::atomic<bool>& interrupt_flag();
/// The signal that set the flag first; 0 where none has.
int interrupt_signal();
/// What is left of a work that is stopped, where its videos are in its run whole or not at all.
inline constexpr std::string_view kWholeVideosAreKept =
    "every video is in the run whole or not at all; the same command goes on where it stopped";
/// Does a work that the same command goes on with, and returns its status; where it is stopped (Interrupted),
/// kInterruptedStatus after Ctrl-C, else kRequeueStatus, and `kept` is said. Has SIGUSR1, a cluster's
/// warning, set the flag too; a second signal other than Ctrl-C ends at once with kRequeueStatus.
int run_to_requeue(const std::function<int()>& work, std::string_view kept = kWholeVideosAreKept);

/// Says what went wrong, and with which input where one is given; returns the exit status for it.
int print_failure(const std::exception& error, const std::string& input = "");

/// Full disks and closed pipes are told by the failing write, not by a signal that ends the program.
void ignore_write_signals();

/// "relevid: corrupt input: ..." to stderr, with control characters of file names made visible.
void print_error(const std::string& kind, const std::string& message);
void print_warning(const std::string& message);

/// Text from files and models for a terminal: control characters are shown as \xNN.
std::string printable(std::string_view text);

}  // namespace relevid::cli
