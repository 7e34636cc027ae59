// SPDX-License-Identifier: Apache-2.0
#include "report/text_layout.h"

#include <algorithm>
#include <string>

#include "report/text.h"

namespace relevid::report {
namespace {

/// Pango counts in 1024ths of a pixel, in an int: longer text could overflow it.
constexpr size_t kMostBytes = 8192;

std::string bounded(std::string_view text) {
  if (text.size() <= kMostBytes) return std::string(text);
  return std::string(text.substr(0, kMostBytes / 2)) + "…" +
         std::string(text.substr(text.size() - kMostBytes / 2));
}

/// Set here rather than taken from the user's configuration, so that pictures are the same everywhere.
/// Metrics are not rounded, so that text of any size has its true width.
void set_font_options(PangoContext* pango) {
  cairo_font_options_t* options = cairo_font_options_create();
  cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
  cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_SLIGHT);
  cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
  pango_cairo_context_set_font_options(pango, options);
  cairo_font_options_destroy(options);
  pango_context_set_round_glyph_positions(pango, FALSE);
  pango_context_set_language(pango, pango_language_from_string("en"));
}

void set_font(PangoLayout* layout, const TextStyle& style) {
  PangoFontDescription* font = pango_font_description_new();
  pango_font_description_set_family_static(font, "DejaVu Sans");
  pango_font_description_set_weight(font,
                                    style.weight == Weight::kBold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
  pango_font_description_set_absolute_size(font, style.size * PANGO_SCALE);
  pango_layout_set_font_description(layout, font);
  pango_font_description_free(font);
}

/// Pango takes negative widths for no limit.
int pango_width(double pixels) {
  return static_cast<int>(std::max(0.0, pixels) * PANGO_SCALE);
}

}  // namespace

TextLayout::TextLayout(cairo_t* context, std::string_view text, const TextStyle& style)
    : context_(context), layout_(pango_cairo_create_layout(context)) {
  set_font_options(pango_layout_get_context(layout_.get()));
  set_font(layout_.get(), style);
  const std::string shown = drawable(bounded(text));
  pango_layout_set_text(layout_.get(), shown.data(), static_cast<int>(shown.size()));
}

void TextLayout::elide(Elide where, double max_width) {
  pango_layout_set_width(layout_.get(), pango_width(max_width));
  pango_layout_set_ellipsize(layout_.get(),
                             where == Elide::kMiddle ? PANGO_ELLIPSIZE_MIDDLE : PANGO_ELLIPSIZE_END);
  if (width() > std::max(0.0, max_width)) pango_layout_set_text(layout_.get(), "", 0);
}

void TextLayout::wrap(double width) {
  pango_layout_set_width(layout_.get(), pango_width(width));
  pango_layout_set_wrap(layout_.get(), PANGO_WRAP_WORD_CHAR);
  // A hyphen that is added to a name or a number would be read as a part of it.
  PangoAttrList* attributes = pango_attr_list_new();
  pango_attr_list_insert(attributes, pango_attr_insert_hyphens_new(FALSE));
  pango_layout_set_attributes(layout_.get(), attributes);
  pango_attr_list_unref(attributes);
}

int TextLayout::lines() const {
  return pango_layout_get_line_count(layout_.get());
}

double TextLayout::width() const {
  PangoRectangle logical;
  pango_layout_line_get_extents(pango_layout_get_line_readonly(layout_.get(), 0), nullptr, &logical);
  return static_cast<double>(logical.width) / PANGO_SCALE;
}

void TextLayout::show(int line) const {
  pango_cairo_show_layout_line(context_, pango_layout_get_line_readonly(layout_.get(), line));
}

}  // namespace relevid::report
