// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cstdio>
#include <fstream>

#include "base/atomic_file.h"
#include "cli/command.h"
#include "relevid/audit_report.h"
#include "relevid/error.h"

namespace relevid::cli {
namespace {

struct ReportCommand {
  std::string audit_run, out, format = "text", table;
  ReportOptions options;

  int run();

 private:
  void write_file() const;
};

void to_stdout(std::string_view piece) {
  if (std::fwrite(piece.data(), 1, piece.size(), stdout) != piece.size())
    throw Error(ErrorKind::kIo, "standard output takes no more");
}

void ReportCommand::write_file() const {
  AtomicFile file(out);
  std::ofstream stream(file.temporary_path(), std::ios::binary);
  const auto check = [&] {
    if (!stream) throw Error(ErrorKind::kIo, fmt::format("{} cannot be written", out));
  };
  check();
  write_audit_report(audit_run, options, [&](std::string_view piece) {
    stream.write(piece.data(), static_cast<std::streamsize>(piece.size()));
    check();
  });
  stream.close();
  check();
  file.commit();
}

int ReportCommand::run() {
  options.format = report_format(format);
  const bool csv = options.format == ReportOptions::Format::kCsv;
  if (csv && table.empty())
    throw Error(ErrorKind::kInvalidArgument,
                "--format csv writes one table; say which by --table profiles, sweep, clips or videos");
  if (!csv && !table.empty())
    throw Error(ErrorKind::kInvalidArgument, fmt::format("--table is of --format csv, not of {}", format));
  if (csv) options.table = report_table(table);
  if (out.empty()) {
    write_audit_report(audit_run, options, to_stdout);
  } else {
    write_file();
  }
  return 0;
}

}  // namespace

void add_report(CLI::App& program, Action& action) {
  auto command = std::make_shared<ReportCommand>();
  ReportOptions& options = command->options;
  CLI::App* app = program.add_subcommand("report", "Say what an audit found: a page, JSON, or tables");
  app->add_option("RUN", command->audit_run, "the run of an audit, finished or not")->required();
  app->add_option("--format", command->format, "text, json or csv")->capture_default_str();
  app->add_option("--table", command->table, "of csv: profiles, sweep, clips or videos");
  app->add_option("--out", command->out, "a file; standard output otherwise");
  app->add_option("--smallest-excess", options.smallest_excess,
                  "of interest in the border: 0.05 is 1.05 times the null's")
      ->capture_default_str();
  app->add_option("--smallest-gain", options.smallest_gain, "of interest in accuracy: 0.05 is 5 points")
      ->capture_default_str();
  app->add_option("--replicates", options.replicates, "of the bootstrap")->capture_default_str();
  app->add_option("--seed", options.seed, "of the bootstrap")->capture_default_str();
  app->callback([command, &action] { action = [command] { return command->run(); }; });
}

}  // namespace relevid::cli
