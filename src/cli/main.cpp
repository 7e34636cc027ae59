// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cstdio>
#include <exception>

#include "base/input_guard.h"
#include "base/suggest.h"
#include "cli/command.h"
#include "relevid/error.h"

namespace relevid::cli {
namespace {

constexpr int kUsageStatus = 2;

/// The names of the options or commands that the user may have meant.
std::string suggestion(const CLI::App& program, const std::string& word) {
  std::vector<std::string> known;
  const auto called = program.get_subcommands();
  const CLI::App& where = called.empty() ? program : *called.front();
  for (const CLI::Option* option : where.get_options()) {
    for (const auto& name : option->get_lnames()) known.push_back("--" + name);
  }
  if (called.empty()) {
    for (const CLI::App* command : program.get_subcommands({})) known.push_back(command->get_name());
  }
  return did_you_mean(word.substr(0, word.find('=')), known);
}

int parse_failed(const CLI::App& program, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) return program.exit(error);  // --help, --version
  std::string message = error.what();
  for (const auto& word : program.remaining(true)) {
    if (word.size() > 1 && word[0] == '-') {
      message = fmt::format("unknown option {}{}", word, suggestion(program, word));
      break;
    }
    if (program.get_subcommands().empty()) {
      message = fmt::format("unknown command '{}'{}", word, suggestion(program, word));
      break;
    }
  }
  print_error("usage", message + ". --help lists what there is");
  return kUsageStatus;
}

int run(int argc, char** argv) {
  CLI::App program("relevid: what a video classifier looks at, and in which frames");
  program.require_subcommand(1);
  program.set_version_flag("--version", RELEVID_VERSION);
  program.get_formatter()->column_width(28);
  const InputGuard guard;  // before inputs are parsed
  Action action;
  add_explain(program, action);
  add_inspect(program, action);
  add_create(program, action);
  add_generate(program, action);
  add_train(program, action);
  add_audit(program, action);
  add_evaluate(program, action);
  add_tune(program, action);
  add_merge(program, action);
  add_report(program, action);
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return parse_failed(program, error);
  }
  const int status = action();
  if (std::fflush(stdout) != 0) throw Error(ErrorKind::kIo, "standard output takes no more");
  return status;
}

}  // namespace
}  // namespace relevid::cli

int main(int argc, char** argv) {
  relevid::cli::ignore_write_signals();
  try {
    return relevid::cli::run(argc, argv);
  } catch (const relevid::Interrupted&) {
    relevid::cli::print_error("interrupted",
                              "nothing half-written is left; --skip-existing resumes with the rest");
    return relevid::cli::kInterruptedStatus;
  } catch (const std::exception& error) {
    return relevid::cli::print_failure(error);
  }
}
