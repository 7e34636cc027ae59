// SPDX-License-Identifier: Apache-2.0
#include "run/video_rows.h"

namespace relevid::run {
namespace {

void bind_filled(Statement& statement, int parameter, const std::string& text) {
  if (text.empty()) {
    statement.bind_null(parameter);
  } else {
    statement.bind(parameter, text);
  }
}

}  // namespace

Statement prepare_video_insert(Database& database) {
  return database.prepare("INSERT INTO video VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)");
}

void bind_video(Statement& s, int64_t index, const VideoRow& row) {
  s.bind(1, index).bind(2, row.name).bind(3, row.path).bind(4, row.sha256);
  if (row.label == kUnlabelled) {
    s.bind_null(5);
  } else {
    s.bind(5, row.label);
  }
  s.bind(6, row.fps)
      .bind(7, row.frame_count)
      .bind(8, row.width)
      .bind(9, row.height)
      .bind(10, name(row.state));
  bind_filled(s, 11, row.error_kind);
  bind_filled(s, 12, row.error);
}

}  // namespace relevid::run
