// SPDX-License-Identifier: Apache-2.0
#include "relevid/generate.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/choice.h"
#include "cli/command.h"

namespace relevid::cli {
namespace {

struct GenerateCommand {
  std::string folder;
  GenerateOptions options;

  int run() {
    ProgressLine progress("relevid");
    const RunControl control{[&progress](const Progress& state) { progress.show(state); }, &interrupt_flag()};
    try {
      print(generate_videos(folder, options, control));
    } catch (const Interrupted&) {
      print_error("interrupted", "no video is half-written; the same command goes on where it stopped");
      return kInterruptedStatus;
    }
    return 0;
  }

  void print(const GenerateResult& result) const {
    fmt::print("{}: {} videos of {} x {}, {} frames; classes {}\n", printable(folder), options.videos,
               options.size_pixels, options.size_pixels, options.frames,
               fmt::join(class_names(options.classes), ", "));
    fmt::print("written {} in {:.1f} s ({:.1f} videos/s), kept {}\n", result.written, result.seconds,
               static_cast<double>(result.written) / result.seconds, result.kept);
    fmt::print("lists: {}, {}, {}; ground truth beside them: positions.csv, drawn.csv\n",
               printable(result.all_list.string()), printable(result.training_list.string()),
               printable(result.validation_list.string()));
  }
};

}  // namespace

void add_generate(CLI::App& program, Action& action) {
  auto command = std::make_shared<GenerateCommand>();
  auto& options = command->options;
  CLI::App* app =
      program.add_subcommand("generate", "Write videos whose classes are motions, with ground truth");
  app->add_option("DIR", command->folder, "where to; goes on where a run with the same settings stopped")
      ->required();
  app->add_option("--videos", options.videos, "how many; a set can grow")->capture_default_str();
  app->add_option("--seed", options.seed)->capture_default_str();
  add_parsed(*app, "--classes", options.classes, motion_classes, "4 or 8 directions, or rotation-zoom")
      ->default_str(std::string(name(options.classes)));
  add_parsed(*app, "--background", options.background, background,
             "textured (as strong as the object) or faint")
      ->default_str(std::string(name(options.background)));
  app->add_option("--size", options.size_pixels, "height and width, pixels")->capture_default_str();
  app->add_option("--frames", options.frames, "frames a video")->capture_default_str();
  app->add_option("--fps", options.fps)->capture_default_str();
  app->add_option("--speed-min", options.speed_min, "pixels a frame; drawn log-uniformly")
      ->capture_default_str();
  app->add_option("--speed-max", options.speed_max, "pixels a frame")->capture_default_str();
  app->add_option("--shake", options.shake_pixels, "camera shake: standard deviation, pixels")
      ->capture_default_str();
  app->add_option("--noise", options.noise_levels, "sensor noise: standard deviation, of 255")
      ->capture_default_str();
  app->add_option("--textures", options.textures, "in the pool that all videos share")->capture_default_str();
  app->add_option("--val-share", options.validation_share, "share of val.csv")->capture_default_str();
  app->add_option("--crf", options.crf, "x264's constant rate factor")->capture_default_str();
  app->add_option("--threads", options.threads, "videos made at a time; 0: as many as cores")
      ->capture_default_str();
  app->callback([command, &action] { action = [command] { return command->run(); }; });
}

}  // namespace relevid::cli
