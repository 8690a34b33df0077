/* drawing: cairo and pango, opened where a machine has them. They are not linked: their Debian builds bring
 * X11 with them, and nothing but a PDF needs them. */
#pragma once
#include <pango/pangocairo.h>
#include <cairo-pdf.h>
#include <chartroom/error.h>

#define CR_DRAWING_TABLE(X)                                                                                  \
  X(cairo_pdf_surface_create_for_stream)                                                                     \
  X(cairo_pdf_surface_set_metadata)                                                                          \
  X(cairo_surface_finish)                                                                                    \
  X(cairo_surface_destroy)                                                                                   \
  X(cairo_surface_status)                                                                                    \
  X(cairo_create)                                                                                            \
  X(cairo_destroy)                                                                                           \
  X(cairo_status)                                                                                            \
  X(cairo_status_to_string)                                                                                  \
  X(cairo_move_to)                                                                                           \
  X(cairo_line_to)                                                                                           \
  X(cairo_set_line_width)                                                                                    \
  X(cairo_set_source_rgb)                                                                                    \
  X(cairo_stroke)                                                                                            \
  X(cairo_show_page)                                                                                         \
  X(pango_font_description_from_string)                                                                      \
  X(pango_font_description_free)                                                                             \
  X(pango_layout_set_text)                                                                                   \
  X(pango_layout_set_font_description)                                                                       \
  X(pango_layout_set_width)                                                                                  \
  X(pango_layout_set_wrap)                                                                                   \
  X(pango_layout_set_alignment)                                                                              \
  X(pango_layout_get_size)                                                                                   \
  X(pango_cairo_create_layout)                                                                               \
  X(pango_cairo_show_layout)                                                                                 \
  X(g_object_unref)

typedef struct {
#define CR_DRAWING_MEMBER(name) __typeof__(name) *name;
  CR_DRAWING_TABLE(CR_DRAWING_MEMBER)
#undef CR_DRAWING_MEMBER
} CrDrawing;

/* Borrowed, for the life of the process; NULL with PDF_LIBRARY. */
const CrDrawing *cr_drawing_open(GError **error);
