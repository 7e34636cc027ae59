// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "support/scratch.h"

namespace relevid::testing {

struct Outcome {
  int status = 0;
  std::string out, err;
};

/// Runs a shell command and waits for it.
Outcome shell(const std::string& command);
/// Runs relevid with arguments; `before` is shell put in front of it ("ulimit -f 8; ").
Outcome relevid(const std::vector<std::string>& arguments, const std::string& before = "");

/// Starts relevid, waits until it has a handler for `signal` of its own and `ready` (where given) holds,
/// sends the signal and waits for the end. No clock decides: an early signal would end the program by
/// default.
Outcome relevid_signalled(const std::vector<std::string>& arguments, int signal,
                          const std::function<bool()>& ready = {});

bool has_ffmpeg();
/// A test film of moving colours, made by the ffmpeg program.
void make_video(const std::filesystem::path& path, int frames, const std::string& size = "80x60");

/// Width factor 0.05, 48 x 48, 5 classes.
void make_small_c3d(const std::filesystem::path& path);

}  // namespace relevid::testing
