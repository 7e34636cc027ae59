// SPDX-License-Identifier: Apache-2.0
#include "relevid/generate.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <mutex>
#include <thread>

#include "data/generate_options.h"
#include "data/ground_truth.h"
#include "data/manifest.h"
#include "data/render.h"
#include "data/scene.h"
#include "relevid/error.h"
#include "relevid/video.h"

namespace relevid {
namespace {

/// With one thread an encoder gives the same bytes every time.
constexpr int kEncoderThreads = 1;

void write_video(const std::filesystem::path& path, const GenerateOptions& options,
                 const std::vector<data::Texture>& textures, const data::Scene& scene) {
  data::Renderer renderer(options, textures, scene);
  VideoWriter writer(path, options.size_pixels, options.size_pixels,
                     {.fps = options.fps, .crf = options.crf, .threads = kEncoderThreads});
  for (int64_t frame = 0; frame < options.frames; ++frame) {
    writer.write(renderer.next_frame(), static_cast<double>(frame) / options.fps);
  }
  writer.finish();
}

/// The videos of a set, each made whole by one of several threads. What is shared: constants, the number of
/// the next video (atomic), and behind the mutex what has been done and what went wrong first.
class Production {
 public:
  Production(const std::filesystem::path& folder, const GenerateOptions& options, const RunControl& control)
      : folder_(folder), options_(options), control_(control), textures_(data::draw_textures(options)) {}

  void run(GenerateResult& result) {
    const auto cores = static_cast<int64_t>(std::max(std::thread::hardware_concurrency(), 1U));
    const int64_t threads = std::min(options_.threads > 0 ? options_.threads : cores, options_.videos);
    std::vector<std::jthread> others;
    for (int64_t i = 1; i < threads; ++i) others.emplace_back([this] { work(); });
    work();
    others.clear();  // joins
    if (failure_) std::rethrow_exception(failure_);
    if (control_.interrupted()) throw Interrupted{};
    result.written = written_;
    result.kept = kept_;
  }

 private:
  void work() {
    try {
      while (!stopped_ && !control_.interrupted()) {
        const int64_t video = next_++;
        if (video >= options_.videos) return;
        make(video);
      }
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!failure_) failure_ = std::current_exception();
      stopped_ = true;
    }
  }

  void make(int64_t video) {
    const auto path = folder_ / data::video_name(video);
    std::error_code ignored;
    const bool there = std::filesystem::exists(path, ignored);
    if (!there) write_video(path, options_, textures_, data::draw_scene(options_, video));
    const std::lock_guard lock(mutex_);
    ++(there ? kept_ : written_);
    if (!there && control_.report) control_.report({"generating videos", kept_ + written_, options_.videos});
  }

  const std::filesystem::path& folder_;
  const GenerateOptions& options_;
  const RunControl& control_;
  const std::vector<data::Texture> textures_;
  std::atomic<int64_t> next_ = 0;
  std::atomic<bool> stopped_ = false;
  std::mutex mutex_;
  int64_t written_ = 0, kept_ = 0;
  std::exception_ptr failure_;
};

}  // namespace

GenerateResult generate_videos(const std::filesystem::path& folder, const GenerateOptions& options,
                               const RunControl& control) {
  data::check(options);
  const auto start = std::chrono::steady_clock::now();
  data::open_manifest(folder, options);
  std::error_code error;
  std::filesystem::create_directories(folder / "videos", error);
  if (error) {
    throw Error(ErrorKind::kIo,
                fmt::format("cannot create {}: {}", (folder / "videos").string(), error.message()));
  }
  GenerateResult result;
  Production(folder, options, control).run(result);
  data::write_tables(folder, options);
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  result.all_list = folder / "videos.csv";
  result.training_list = folder / "train.csv";
  result.validation_list = folder / "val.csv";
  return result;
}

}  // namespace relevid
