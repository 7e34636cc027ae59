// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "run/database.h"
#include "run/manifest.h"
#include "run/rows.h"

namespace relevid::run {

/// A run that is being written, and the only one who writes it: the file stays locked until the end. A video
/// is in it whole or not at all. Movable; not thread-safe. Errors as Database's.
class RunStore {
 public:
  /// Starts a run where there is no file, and resumes an existing one. Error(kInvalidArgument) naming the
  /// differences where that one has another manifest, or another shard.
  RunStore(const std::filesystem::path& path, const Manifest& manifest,
           std::chrono::milliseconds busy_timeout = std::chrono::seconds(10));
  RunStore(RunStore&&) noexcept;
  ~RunStore();

  const Manifest& manifest() const { return manifest_; }
  bool has_video(int64_t index);

  /// [T] the network's flat-rule shares, once they are known.
  std::optional<std::vector<double>> null_profile();
  void put_null_profile(std::span<const double> shares);

  /// Takes the rows of one video, and keeps them only if committed.
  class Entry {
   public:
    ~Entry();
    Entry(Entry&&) noexcept;
    void put(const ClipRow& clip);
    void put(const VideoPredictionRow& prediction);
    /// The video's own row, last; `video.index` is the one the entry was begun with.
    void commit(const VideoRow& video);

   private:
    friend class RunStore;
    Entry(RunStore& store, int64_t index);
    RunStore* store_;
    int64_t index_;
    std::unique_ptr<Transaction> transaction_;
  };
  /// One at a time.
  Entry begin(int64_t index) { return {*this, index}; }

 private:
  struct Statements;

  std::unique_ptr<Database> database_;
  Manifest manifest_;
  std::unique_ptr<Statements> statements_;
};

}  // namespace relevid::run
