/* paper.c: the blocks of a paper, and the same as Markdown. */
#include "report/report-private.h"

#include <string.h>

static void
block_free(gpointer data)
{
  CrBlock *b = data;
  g_free(b->text);
  g_strfreev(b->headers);
  g_free(b->alignment);
  g_clear_pointer(&b->rows, g_ptr_array_unref);
  g_free(b);
}

CrPaper *
cr_paper_new(const char *title)
{
  CrPaper *p = g_new(CrPaper, 1);
  *p = (CrPaper){g_strdup(title), g_ptr_array_new_with_free_func(block_free)};
  return p;
}

void
cr_paper_free(CrPaper *p)
{
  if (!p)
    return;
  g_free(p->title);
  g_ptr_array_unref(p->blocks);
  g_free(p);
}

static CrBlock *
add_block(CrPaper *p, CrBlockKind kind, const char *text)
{
  CrBlock *b = g_new0(CrBlock, 1);
  b->kind = kind;
  b->text = g_strdup(text);
  g_ptr_array_add(p->blocks, b);
  return b;
}

void
cr_paper_add_heading(CrPaper *p, const char *text)
{
  add_block(p, CR_BLOCK_HEADING, text);
}

void
cr_paper_add_paragraph(CrPaper *p, const char *text)
{
  add_block(p, CR_BLOCK_PARAGRAPH, text);
}

void
cr_paper_add_table(CrPaper *p, const char *const *headers, const char *alignment)
{
  CrBlock *b = add_block(p, CR_BLOCK_TABLE, NULL);
  g_assert(strlen(alignment) == g_strv_length((char **)headers));
  b->headers = g_strdupv((char **)headers);
  b->alignment = g_strdup(alignment);
  b->rows = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
}

void
cr_paper_add_row(CrPaper *p, const char *const *cells)
{
  CrBlock *b = p->blocks->pdata[p->blocks->len - 1];
  g_assert(b->kind == CR_BLOCK_TABLE && g_strv_length((char **)cells) == g_strv_length(b->headers));
  g_ptr_array_add(b->rows, g_strdupv((char **)cells));
}

/* ---- Markdown ---- */

/* Names and values that people gave: a bar or a line end would part the cell, a sign would be markup. */
static void
append_plain(GString *out, const char *text)
{
  for (const char *c = text; *c; c++) {
    if (strchr("|\\*_`<>[]#", *c))
      g_string_append_c(out, '\\');
    g_string_append_c(out, *c == '\n' || *c == '\r' ? ' ' : *c);
  }
}

static void
append_row(GString *out, char *const *cells)
{
  for (guint i = 0; cells[i]; i++) {
    g_string_append(out, "| ");
    append_plain(out, cells[i]);
    g_string_append_c(out, ' ');
  }
  g_string_append(out, "|\n");
}

static void
append_table(GString *out, const CrBlock *b)
{
  append_row(out, b->headers);
  for (const char *a = b->alignment; *a; a++)
    g_string_append(out, *a == 'r' ? "| ---: " : "| --- ");
  g_string_append(out, "|\n");
  for (guint i = 0; i < b->rows->len; i++)
    append_row(out, b->rows->pdata[i]);
  g_string_append_c(out, '\n');
}

char *
cr_paper_to_markdown(const CrPaper *p)
{
  GString *out = g_string_new("# ");
  append_plain(out, p->title);
  g_string_append(out, "\n\n");
  for (guint i = 0; i < p->blocks->len; i++) {
    const CrBlock *b = p->blocks->pdata[i];
    if (b->kind == CR_BLOCK_TABLE) {
      append_table(out, b);
      continue;
    }
    g_string_append(out, b->kind == CR_BLOCK_HEADING ? "## " : "");
    append_plain(out, b->text);
    g_string_append(out, "\n\n");
  }
  return g_string_free(out, FALSE);
}
