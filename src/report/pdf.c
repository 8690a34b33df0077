/* pdf.c: a paper on A4 pages. Columns take the width of their widest cell; where a table is too wide the
 * widest give way, and their cells wrap. */
#include "report/report-private.h"
#include "report/drawing.h"

#include <string.h>

#define PAGE_WIDTH 595.276
#define PAGE_HEIGHT 841.89
#define MARGIN 45.0
#define GAP 8.0 /* between columns */
#define MAX_COLUMNS 24

typedef struct {
  const CrDrawing *x;
  cairo_t *cr;
  cairo_surface_t *surface;
  PangoLayout *layout;
  PangoFontDescription *fonts[4];
  const CrPaper *paper;
  double y;
  guint page;
} Press;

enum { FONT_TITLE, FONT_HEADING, FONT_TEXT, FONT_CELL };
static const char *const font_names[] = {"Sans Bold 16", "Sans Bold 12", "Sans 9", "Sans 7.5"};

static cairo_status_t
write_cb(void *bytes, const unsigned char *data, unsigned int length)
{
  g_byte_array_append(bytes, data, length);
  return CAIRO_STATUS_SUCCESS;
}

/* ---- text ---- */

/* Height of the text in points; width 0: one line, and *natural (may be NULL) is how wide it is. */
static double
set_text(Press *p, const char *text, guint font, double width, double *natural)
{
  int w, h;
  p->x->pango_layout_set_font_description(p->layout, p->fonts[font]);
  p->x->pango_layout_set_width(p->layout, width > 0 ? (int)(width * PANGO_SCALE) : -1);
  p->x->pango_layout_set_wrap(p->layout, PANGO_WRAP_WORD_CHAR);
  p->x->pango_layout_set_text(p->layout, text, -1);
  p->x->pango_layout_get_size(p->layout, &w, &h);
  if (natural)
    *natural = (double)w / PANGO_SCALE;
  return (double)h / PANGO_SCALE;
}

static double
draw_text(Press *p, const char *text, guint font, double left, double top, double width, char alignment)
{
  p->x->pango_layout_set_alignment(p->layout, alignment == 'r' ? PANGO_ALIGN_RIGHT : PANGO_ALIGN_LEFT);
  double height = set_text(p, text, font, width, NULL);
  p->x->cairo_move_to(p->cr, left, top);
  p->x->pango_cairo_show_layout(p->cr, p->layout);
  return height;
}

/* ---- pages ---- */

static void
end_page(Press *p)
{
  g_autofree char *foot = g_strdup_printf("%s, page %u", p->paper->title, ++p->page);
  draw_text(p, foot, FONT_CELL, MARGIN, PAGE_HEIGHT - MARGIN + 12, PAGE_WIDTH - 2 * MARGIN, 'r');
  p->x->cairo_show_page(p->cr);
  p->y = MARGIN;
}

/* A new page where there is no room for so much. */
static gboolean
make_room(Press *p, double height)
{
  if (p->y + height <= PAGE_HEIGHT - MARGIN || p->y <= MARGIN)
    return FALSE;
  end_page(p);
  return TRUE;
}

static void
draw_words(Press *p, const char *text, guint font, double before, double after)
{
  double width = PAGE_WIDTH - 2 * MARGIN;
  p->y += p->y > MARGIN ? before : 0;
  double height = set_text(p, text, font, width, NULL);
  make_room(p, height + (font == FONT_HEADING ? 60 : 0)); /* a heading does not stand alone at the foot */
  p->y += draw_text(p, text, font, MARGIN, p->y, width, 'l') + after;
}

/* ---- tables ---- */

typedef struct {
  const CrBlock *block;
  guint n;
  double widths[MAX_COLUMNS];
} Table;

static void
widen(Press *p, Table *t, char *const *cells)
{
  for (guint i = 0; i < t->n; i++) {
    double width;
    set_text(p, cells[i], FONT_CELL, 0, &width);
    t->widths[i] = MAX(t->widths[i], width + 1);
  }
}

/* Columns wider than the level are cut to it, the level being what makes the table fit. */
static void
fit(Table *t)
{
  double room = PAGE_WIDTH - 2 * MARGIN - GAP * (t->n - 1), low = 0, high = room;
  for (guint step = 0; step < 50; step++) {
    double level = (low + high) / 2, sum = 0;
    for (guint i = 0; i < t->n; i++)
      sum += MIN(t->widths[i], level);
    if (sum <= room)
      low = level;
    else
      high = level;
  }
  for (guint i = 0; i < t->n; i++)
    t->widths[i] = MIN(t->widths[i], low);
}

static double
row_height(Press *p, const Table *t, char *const *cells)
{
  double height = 0;
  for (guint i = 0; i < t->n; i++)
    height = MAX(height, set_text(p, cells[i], FONT_CELL, t->widths[i], NULL));
  return height + 4;
}

static void
draw_line(Press *p, double y)
{
  p->x->cairo_set_line_width(p->cr, 0.4);
  p->x->cairo_move_to(p->cr, MARGIN, y);
  p->x->cairo_line_to(p->cr, PAGE_WIDTH - MARGIN, y);
  p->x->cairo_stroke(p->cr);
}

static void
draw_row(Press *p, const Table *t, char *const *cells)
{
  double left = MARGIN, height = row_height(p, t, cells);
  for (guint i = 0; i < t->n; i++) {
    draw_text(p, cells[i], FONT_CELL, left, p->y + 2, t->widths[i], t->block->alignment[i]);
    left += t->widths[i] + GAP;
  }
  p->y += height;
}

static void
draw_header(Press *p, const Table *t)
{
  draw_row(p, t, t->block->headers);
  draw_line(p, p->y);
}

static void
draw_table(Press *p, const CrBlock *b)
{
  Table t = {b, g_strv_length(b->headers), {0}};
  g_assert(t.n <= MAX_COLUMNS);
  widen(p, &t, b->headers);
  for (guint i = 0; i < b->rows->len; i++)
    widen(p, &t, b->rows->pdata[i]);
  fit(&t);
  make_room(p, row_height(p, &t, b->headers) * 3);
  draw_header(p, &t);
  for (guint i = 0; i < b->rows->len; i++) {
    if (make_room(p, row_height(p, &t, b->rows->pdata[i])))
      draw_header(p, &t);
    draw_row(p, &t, b->rows->pdata[i]);
  }
  draw_line(p, p->y);
  p->y += 8;
}

/* ---- the whole ---- */

static void
draw_block(Press *p, const CrBlock *b)
{
  if (b->kind == CR_BLOCK_TABLE)
    draw_table(p, b);
  else if (b->kind == CR_BLOCK_HEADING)
    draw_words(p, b->text, FONT_HEADING, 12, 6);
  else
    draw_words(p, b->text, FONT_TEXT, 0, 6);
}

static void
press_open(Press *p, GByteArray *bytes, const char *time)
{
  p->surface = p->x->cairo_pdf_surface_create_for_stream(write_cb, bytes, PAGE_WIDTH, PAGE_HEIGHT);
  p->x->cairo_pdf_surface_set_metadata(p->surface, CAIRO_PDF_METADATA_TITLE, p->paper->title);
  p->x->cairo_pdf_surface_set_metadata(p->surface, CAIRO_PDF_METADATA_CREATOR, "Chartroom");
  p->x->cairo_pdf_surface_set_metadata(p->surface, CAIRO_PDF_METADATA_CREATE_DATE, time);
  p->cr = p->x->cairo_create(p->surface);
  p->layout = p->x->pango_cairo_create_layout(p->cr);
  for (guint i = 0; i < G_N_ELEMENTS(font_names); i++)
    p->fonts[i] = p->x->pango_font_description_from_string(font_names[i]);
  p->x->cairo_set_source_rgb(p->cr, 0, 0, 0);
}

static cairo_status_t
press_close(Press *p)
{
  cairo_status_t status = p->x->cairo_status(p->cr);
  p->x->g_object_unref(p->layout);
  for (guint i = 0; i < G_N_ELEMENTS(font_names); i++)
    p->x->pango_font_description_free(p->fonts[i]);
  p->x->cairo_destroy(p->cr);
  p->x->cairo_surface_finish(p->surface);
  if (status == CAIRO_STATUS_SUCCESS)
    status = p->x->cairo_surface_status(p->surface);
  p->x->cairo_surface_destroy(p->surface);
  return status;
}

GBytes *
cr_paper_to_pdf(const CrPaper *paper, const char *time, GError **error)
{
  const CrDrawing *drawing = cr_drawing_open(error);
  if (!drawing)
    return NULL;
  g_autoptr(GByteArray) bytes = g_byte_array_new();
  Press p = {.x = drawing, .paper = paper, .y = MARGIN};
  press_open(&p, bytes, time);
  draw_words(&p, paper->title, FONT_TITLE, 0, 10);
  for (guint i = 0; i < paper->blocks->len; i++)
    draw_block(&p, paper->blocks->pdata[i]);
  end_page(&p);
  cairo_status_t status = press_close(&p);
  if (status == CAIRO_STATUS_SUCCESS)
    return g_byte_array_free_to_bytes(g_steal_pointer(&bytes));
  g_set_error(error, CR_ERROR, CR_ERROR_PDF_LIBRARY, "a PDF can't be drawn: %s",
              drawing->cairo_status_to_string(status));
  return NULL;
}
