// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "cli/command.h"
#include "relevid/run_file.h"

namespace relevid::cli {
namespace {

struct MergeCommand {
  std::string out;
  std::vector<std::string> runs;
  bool allow_partial = false;

  int run() const {
    MergeOptions options;
    if (allow_partial) options.gaps = MergeOptions::Gaps::kAllow;
    const std::vector<std::filesystem::path> paths(runs.begin(), runs.end());
    const RunCounts counts = merge_runs(out, paths, options);
    fmt::print("{}: {} of {} videos, from {} runs\n", printable(out), counts.done, counts.expected,
               runs.size());
    return 0;
  }
};

}  // namespace

void add_merge(CLI::App& program, Action& action) {
  auto command = std::make_shared<MergeCommand>();
  CLI::App* app = program.add_subcommand("merge", "Put the runs of an audit's shards into one");
  app->add_option("OUT", command->out, "the run that is written; it may not be there yet")->required();
  reads(app->add_option("RUN", command->runs, "the shards' runs"))->required();
  app->add_flag("--allow-partial", command->allow_partial, "also where videos are missing");
  app->callback([command, &action] { action = [command] { return command->run(); }; });
}

}  // namespace relevid::cli
