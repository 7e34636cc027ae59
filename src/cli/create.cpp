// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/command.h"
#include "relevid/create.h"

namespace relevid::cli {
namespace {

struct CreateCommand {
  std::string architecture, out;
  CreateOptions options;

  int run() const {
    create_model(architecture, out, options);
    fmt::print("{}: {} with random weights, seed {}\n", printable(out), architecture, options.seed);
    return 0;
  }
};

}  // namespace

void add_create(CLI::App& program, Action& action) {
  auto command = std::make_shared<CreateCommand>();
  auto& options = command->options;
  CLI::App* app = program.add_subcommand("create", "Write a network with random weights as ONNX");
  app->add_option("ARCHITECTURE", command->architecture, fmt::format("{}", fmt::join(architectures(), ", ")))
      ->required();
  app->add_option("--out", command->out, "the ONNX file")->required();
  app->add_option("--classes", options.classes, "0: as published")->check(CLI::Range(0, 1 << 20));
  app->add_option("--clip-len", options.clip_len, "frames")
      ->capture_default_str()
      ->check(CLI::Range(1, 4096));
  app->add_option("--size", options.height, "height and width")
      ->capture_default_str()
      ->check(CLI::Range(1, 4096));
  app->add_option("--width", options.width, "factor on the channels")
      ->capture_default_str()
      ->check(CLI::Range(0.001, 16.0));
  app->add_option("--seed", options.seed)->capture_default_str();
  app->callback([command, &action] { action = [command] { return command->run(); }; });
}

}  // namespace relevid::cli
