// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "run/database.h"
#include "run/rows.h"

namespace relevid::run {

// The table `video`, which runs of either kind have.

Statement prepare_video_insert(Database& database);
/// Binds the row for `statement`, which is then to be run; under `index`.
void bind_video(Statement& statement, int64_t index, const VideoRow& row);

}  // namespace relevid::run
