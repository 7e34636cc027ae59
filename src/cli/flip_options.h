// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <array>
#include <string>

namespace relevid::cli {

/// "4x8x8": cells along time, height and width. Throws Error(kInvalidArgument).
std::array<int64_t, 3> parse_cells(const std::string& text);

/// The options that say what perturbation curves are of. `Options`: EvaluateOptions or TuneOptions. Keeps a
/// reference to `options`.
template <class Options>
void add_flip_options(CLI::App& app, Options& options, const std::string& group) {
  app.add_option("--flip", options.flippings,
                 "REGIONS:FILL with commas between, of frames, cells, superpixels and previous, blur, mean, "
                 "noise")
      ->delimiter(',')
      ->capture_default_str()
      ->group(group);
  app.add_option("--steps", options.steps, "of a curve")->capture_default_str()->group(group);
  app.add_option_function<std::string>(
         "--cells",
         [&options](const std::string& text) {
           const auto cells = parse_cells(text);
           options.cell_frames = cells[0];
           options.cell_rows = cells[1];
           options.cell_columns = cells[2];
         },
         "how many along time, height and width")
      ->default_str(std::to_string(options.cell_frames) + "x" + std::to_string(options.cell_rows) + "x" +
                    std::to_string(options.cell_columns))
      ->group(group);
  app.add_option("--superpixels", options.superpixels, "about how many a clip has")
      ->capture_default_str()
      ->group(group);
}

}  // namespace relevid::cli
