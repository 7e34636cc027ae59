// SPDX-License-Identifier: Apache-2.0
#include "data/ground_truth.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>
#include <string_view>

#include "base/atomic_file.h"
#include "data/scene.h"
#include "relevid/error.h"

namespace relevid::data {
namespace {

/// A CSV file that is written row by row, and appears whole at finish() or not at all.
class Table {
 public:
  Table(std::filesystem::path path, std::string_view header)
      : path_(std::move(path)), file_(path_), out_(file_.temporary_path(), std::ios::binary) {
    add(header);
    add("\n");
  }

  void add(std::string_view text) {
    errno = 0;
    if (out_.write(text.data(), static_cast<std::streamsize>(text.size()))) return;
    fail();
  }

  void finish() {
    errno = 0;
    out_.close();
    if (!out_) fail();
    file_.commit();
  }

 private:
  [[noreturn]] void fail() const {
    throw Error(ErrorKind::kIo, fmt::format("cannot write {}: {}", path_.string(), std::strerror(errno)));
  }

  std::filesystem::path path_;
  AtomicFile file_;
  std::ofstream out_;
};

}  // namespace

void write_tables(const std::filesystem::path& folder, const GenerateOptions& options) {
  Table all(folder / "videos.csv", "path,label");
  Table training(folder / "train.csv", "path,label");
  Table validation(folder / "val.csv", "path,label");
  Table drawn(folder / "drawn.csv", "video,label,group,speed,radius,object_texture,background_texture");
  Table positions(folder / "positions.csv", "video,frame,x,y,half_width,shake_x,shake_y");
  for (int64_t video = 0; video < options.videos; ++video) {
    const Scene scene = draw_scene(options, video);
    const std::string path = video_name(video);
    const std::string& label = class_names(options.classes)[static_cast<size_t>(scene.label)];
    const std::string row = fmt::format("{},{}\n", path, label);
    all.add(row);
    (held_out(options, scene.group) ? validation : training).add(row);
    drawn.add(fmt::format("{},{},{},{:.6f},{:.4f},{},{}\n", path, label, scene.group, scene.speed,
                          scene.radius, scene.object_texture, scene.background_texture));
    for (size_t frame = 0; frame < scene.frames.size(); ++frame) {
      const FrameState& state = scene.frames[frame];
      positions.add(fmt::format("{},{},{:.4f},{:.4f},{:.4f},{:.4f},{:.4f}\n", path, frame, state.object.x,
                                state.object.y, scene.radius, state.shake.x, state.shake.y));
    }
  }
  for (Table* table : {&positions, &drawn, &training, &validation, &all}) table->finish();
}

}  // namespace relevid::data
