// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>

#include "evaluate/rows.h"
#include "run/database.h"
#include "run/manifest.h"
#include "run/rows.h"

namespace relevid::evaluate {

/// An evaluation's run that is being written, by this process alone: as run::RunStore, with its own tables.
class Store {
 public:
  Store(const std::filesystem::path& path, const run::Manifest& manifest,
        std::chrono::milliseconds busy_timeout = std::chrono::seconds(10));
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  const run::Manifest& manifest() const { return manifest_; }
  bool has_video(int64_t index);

  /// Takes the rows of one video, and keeps them only if committed.
  class Entry {
   public:
    ~Entry();
    Entry(Entry&&) noexcept;
    void put(const ClipRow& clip);
    void put(int64_t number, const CurveRow& curve);
    void put(int64_t number, const MeasureRow& measure);
    /// The video's own row, last; `video.index` is the one the entry was begun with.
    void commit(const run::VideoRow& video);

   private:
    friend class Store;
    Entry(Store& store, int64_t index);
    Store* store_;
    int64_t index_;
    std::unique_ptr<run::Transaction> transaction_;
  };
  /// One at a time.
  Entry begin(int64_t index) { return {*this, index}; }

 private:
  struct Statements;
  std::unique_ptr<run::Database> database_;
  run::Manifest manifest_;
  std::unique_ptr<Statements> statements_;
};

/// The rows of a video that is ok.
struct VideoRows {
  run::VideoRow video;
  std::vector<ClipRow> clips;                            ///< by number
  std::vector<std::pair<int64_t, CurveRow>> curves;      ///< with the clip's number
  std::vector<std::pair<int64_t, MeasureRow>> measures;  ///< with the clip's number
};

/// Reads an evaluation's run, finished or not. Errors as run::RunReader's.
class Reader {
 public:
  explicit Reader(const std::filesystem::path& path);
  ~Reader();
  const run::Manifest& manifest() const;
  RunCounts counts();
  /// In the order of the data set, those that are not ok included (their video alone). One at a time.
  void for_each_video(const std::function<void(const VideoRows&)>& take);

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace relevid::evaluate
