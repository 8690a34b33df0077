/* text: the immutable text and its three units of offset.
 *
 * Always holds: data is valid UTF-8 without NUL. A text that is not ASCII has an index with one entry every
 * BLOCK bytes: how many code points and UTF-16 units start before that byte. Entry 0 is 0, 0; a block may
 * begin inside a character, which then belongs to the block before. An ASCII text has no index: its units are
 * one. */
#include "text/utf8-private.h"
#include <chartroom/text.h>

#define BLOCK 2048

struct CrText {
  gatomicrefcount refs;
  GBytes *bytes;
  const char *data;
  gsize n_bytes;
  CrUtf8Count total;
  CrUtf8Count *index; /* NULL: ASCII */
  gsize n_blocks;
};

static gboolean
check_bytes(const char *data, gsize n_bytes, gboolean *ascii, GError **error)
{
  gsize fault_off = 0;
  switch (cr_utf8_check(data, n_bytes, &fault_off, ascii)) {
  case CR_UTF8_OK:
    return TRUE;
  case CR_UTF8_NUL:
    g_set_error(error, CR_ERROR, CR_ERROR_NUL_BYTE, "byte %" G_GSIZE_FORMAT ": NUL byte in the text",
                fault_off);
    return FALSE;
  default:
    g_set_error(error, CR_ERROR, CR_ERROR_INVALID_UTF8, "byte %" G_GSIZE_FORMAT ": not valid UTF-8",
                fault_off);
    return FALSE;
  }
}

static gboolean
set_too_large(gsize n_bytes, GError **error)
{
  g_set_error(error, CR_ERROR, CR_ERROR_LIMIT,
              "a text of %" G_GSIZE_FORMAT " bytes does not fit into the memory", n_bytes);
  return FALSE;
}

static gboolean
build_index(CrText *text, GError **error)
{
  text->n_blocks = text->n_bytes / BLOCK + 1;
  text->index = g_try_malloc_n(text->n_blocks, sizeof *text->index);
  if (!text->index)
    return set_too_large(text->n_bytes, error);
  CrUtf8Count sum = {0, 0};
  for (gsize i = 0; i < text->n_blocks; i++) {
    text->index[i] = sum;
    gsize start = i * BLOCK;
    CrUtf8Count here = cr_utf8_count(text->data + start, MIN(BLOCK, text->n_bytes - start));
    sum.code_points += here.code_points;
    sum.utf16 += here.utf16;
  }
  text->total = sum;
  return TRUE;
}

CrText *
cr_text_new_bytes(GBytes *bytes, GError **error)
{
  gsize n_bytes = 0;
  const char *data = g_bytes_get_data(bytes, &n_bytes);
  gboolean ascii = TRUE;
  if (!check_bytes(data, n_bytes, &ascii, error))
    return NULL;
  g_autoptr(CrText) text = g_new0(CrText, 1);
  g_atomic_ref_count_init(&text->refs);
  text->bytes = g_bytes_ref(bytes);
  text->data = data ? data : "";
  text->n_bytes = n_bytes;
  text->total = (CrUtf8Count){n_bytes, n_bytes};
  if (!ascii && !build_index(text, error))
    return NULL;
  return g_steal_pointer(&text);
}

CrText *
cr_text_new(const char *utf8, gssize n_bytes, GError **error)
{
  gsize n = n_bytes < 0 ? strlen(utf8) : (gsize)n_bytes;
  char *copy = n < G_MAXSIZE ? g_try_malloc(n + 1) : NULL;
  if (!copy)
    return set_too_large(n, error), NULL;
  if (n > 0)
    memcpy(copy, utf8, n);
  copy[n] = '\0';
  g_autoptr(GBytes) bytes = g_bytes_new_take(copy, n);
  g_autoptr(CrText) text = cr_text_new_bytes(bytes, error);
  if (text)
    text->data = copy; /* also where n is 0 and GBytes has forgotten it */
  return g_steal_pointer(&text);
}

CrText *
cr_text_ref(CrText *text)
{
  g_atomic_ref_count_inc(&text->refs);
  return text;
}

void
cr_text_unref(CrText *text)
{
  if (!text || !g_atomic_ref_count_dec(&text->refs))
    return;
  g_bytes_unref(text->bytes);
  g_free(text->index);
  g_free(text);
}

const char *
cr_text_bytes(const CrText *text)
{
  return text->data;
}

gsize
cr_text_length(const CrText *text, CrUnit unit)
{
  switch (unit) {
  case CR_UNIT_CODE_POINT:
    return text->total.code_points;
  case CR_UNIT_UTF16:
    return text->total.utf16;
  default:
    return text->n_bytes;
  }
}

/* The last block before whose start at most off units have started. */
static gsize
find_block(const CrText *text, CrUnit unit, gsize off)
{
  gsize low = 0, high = text->n_blocks;
  while (high - low > 1) {
    gsize middle = low + (high - low) / 2;
    const CrUtf8Count *entry = &text->index[middle];
    if ((unit == CR_UNIT_UTF16 ? entry->utf16 : entry->code_points) <= off)
      low = middle;
    else
      high = middle;
  }
  return low;
}

/* off units from the start of the text, as a byte. */
static gboolean
to_byte(const CrText *text, CrUnit unit, gsize off, gsize *out)
{
  if (off > cr_text_length(text, unit))
    return FALSE;
  if (!text->index) {
    *out = off;
    return TRUE;
  }
  if (unit == CR_UNIT_BYTE) {
    *out = off;
    return off == text->n_bytes || !cr_utf8_is_continuation(text->data[off]);
  }
  gsize block = find_block(text, unit, off);
  gsize start = block * BLOCK;
  gboolean utf16 = unit == CR_UNIT_UTF16;
  gsize before = utf16 ? text->index[block].utf16 : text->index[block].code_points;
  gsize within = 0;
  if (!cr_utf8_advance(text->data + start, text->n_bytes - start, off - before, utf16, &within))
    return FALSE;
  *out = start + within;
  return TRUE;
}

static gsize
from_byte(const CrText *text, gsize byte_off, CrUnit unit)
{
  if (!text->index || unit == CR_UNIT_BYTE)
    return byte_off;
  gsize block = byte_off / BLOCK;
  CrUtf8Count within = cr_utf8_count(text->data + block * BLOCK, byte_off - block * BLOCK);
  return unit == CR_UNIT_UTF16 ? text->index[block].utf16 + within.utf16
                               : text->index[block].code_points + within.code_points;
}

gboolean
cr_text_convert(const CrText *text, CrUnit from, gsize off, CrUnit to, gsize *out)
{
  gsize byte_off = 0;
  if (!to_byte(text, from, off, &byte_off))
    return FALSE;
  *out = from_byte(text, byte_off, to);
  return TRUE;
}

/* Line breaks are LF, CR LF and CR alone; a break belongs to the line that it ends. */
void
cr_text_line_column(const CrText *text, gsize byte_off, gsize *line, gsize *column)
{
  const char *data = text->data, *line_start = data;
  const char *end = data + MIN(byte_off, text->n_bytes), *limit = data + text->n_bytes;
  gsize n_lines = 1;
  for (const char *p = data; p < end && (p = memchr(p, '\n', (gsize)(end - p))); line_start = ++p)
    n_lines++;
  for (const char *p = data; p < end && (p = memchr(p, '\r', (gsize)(end - p)));) {
    p++;
    if (p < limit && *p == '\n')
      continue;
    n_lines++;
    line_start = MAX(line_start, p);
  }
  if (end < limit && end > line_start)
    while (cr_utf8_is_continuation(*end))
      end--;
  *line = n_lines;
  *column = 1 + cr_utf8_count(line_start, (gsize)(end - line_start)).code_points;
}
