// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "relevid/figures.h"
#include "report/canvas.h"

namespace relevid::report {

/// One stack a layer, from the output to the frames: what goes on, and what was lost up to it. What adds to
/// relevance stands below zero. Draws into `area`, with legend, axes and titles.
void draw_conservation_chart(Canvas& canvas, Box area, std::span<const FigureLayer> layers);

}  // namespace relevid::report
