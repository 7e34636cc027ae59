// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <pango/pangocairo.h>

#include <memory>
#include <string_view>

#include "report/style.h"

namespace relevid::report {

/// Text that is to be written onto a Cairo context: one line, until it is wrapped. Each script is shaped by
/// its rules and in its direction, in DejaVu Sans or, where that lacks a character, in an installed font that
/// has it. Sizes are pixels of the context. Invalid text is made drawable; of more than 8 KiB the middle is
/// left out. Not thread-safe, and for the thread that created it alone, as the fonts are that thread's own;
/// layouts of different threads may be used at once.
class TextLayout {
 public:
  TextLayout(cairo_t* context, std::string_view text, const TextStyle& style);

  /// At most `max_width` wide; empty where that has no room for "…" alone.
  void elide(Elide where, double max_width);
  /// Lines of at most `width`, broken between words, or within a word that is longer.
  void wrap(double width);

  int lines() const;
  /// Of the first line.
  double width() const;
  /// In the context's colour; its current point is the line's left end on the baseline.
  void show(int line) const;

 private:
  struct Release {
    void operator()(PangoLayout* layout) const { g_object_unref(layout); }
  };

  cairo_t* context_;
  std::unique_ptr<PangoLayout, Release> layout_;
};

}  // namespace relevid::report
