/* brat and line breaks: a T line is one line, so no piece may hold a break. */
#include "formats/brat-private.h"
#include <string.h>

/* Where Python's splitlines, with which brat reads, ends a line; and the tab, which ends a column. */
gboolean
cr_brat_is_break(gunichar c)
{
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x1E) || c == 0x85 || c == 0x2028 || c == 0x2029;
}

gboolean
cr_brat_is_word(const char *s, const char *forbidden)
{
  if (s == NULL || s[0] == '\0')
    return FALSE;
  for (const char *p = s; *p != '\0'; p = g_utf8_next_char(p)) {
    gunichar c = g_utf8_get_char(p);
    if (g_unichar_isspace(c) || g_unichar_iscntrl(c) || cr_brat_is_break(c) ||
        (c < 0x80 && strchr(forbidden, (int)c) != NULL))
      return FALSE;
  }
  return TRUE;
}

gboolean
cr_brat_is_line(const char *s, gboolean with_tabs)
{
  for (const char *p = s; *p != '\0'; p = g_utf8_next_char(p)) {
    gunichar c = g_utf8_get_char(p);
    if (cr_brat_is_break(c) && !(with_tabs && c == '\t'))
      return FALSE;
  }
  return TRUE;
}

/* said against one piece, from *at; a break in the note may stand as a space. */
static gboolean
piece_fits(const char *piece, gsize n_piece, const char **at)
{
  for (gsize i = 0; i < n_piece;) {
    gunichar c = g_utf8_get_char(piece + i);
    gsize n = (gsize)(g_utf8_next_char(piece + i) - (piece + i));
    if (strncmp(*at, piece + i, n) == 0)
      *at += n;
    else if (cr_brat_is_break(c) && **at == ' ')
      *at += 1;
    else
      return FALSE;
    i += n;
  }
  return TRUE;
}

static gboolean
fits_joined(const CrText *text, const GArray *byte_pieces, const char *said, const char *joiner)
{
  for (guint i = 0; i < byte_pieces->len; i++) {
    CrSpan piece = g_array_index(byte_pieces, CrSpan, i);
    if (i > 0) {
      if (!g_str_has_prefix(said, joiner))
        return FALSE;
      said += strlen(joiner);
    }
    if (!piece_fits(cr_text_bytes(text) + piece.start, piece.end - piece.start, &said))
      return FALSE;
  }
  /* Further columns are somebody's own; they are kept with the line. */
  return *said == '\0' || *said == '\t';
}

gboolean
cr_brat_text_fits(const CrText *text, const GArray *byte_pieces, const char *said)
{
  return fits_joined(text, byte_pieces, said, " ") || fits_joined(text, byte_pieces, said, "");
}

static gsize
to_byte(const CrText *text, gsize code_point)
{
  gsize byte = 0;
  gboolean on_boundary = cr_text_convert(text, CR_UNIT_CODE_POINT, code_point, CR_UNIT_BYTE, &byte);
  g_assert(on_boundary);
  return byte;
}

static gunichar
char_at(const CrText *text, gsize byte)
{
  return g_utf8_get_char(cr_text_bytes(text) + byte);
}

static void
split_piece(const CrText *text, CrSpan piece, GArray *out)
{
  gsize byte = to_byte(text, piece.start);
  CrSpan part = {piece.start, piece.start};
  for (gsize at = piece.start; at < piece.end; at++) {
    gunichar c = char_at(text, byte);
    byte += (gsize)g_unichar_to_utf8(c, NULL);
    if (!cr_brat_is_break(c)) {
      part.end = at + 1;
      continue;
    }
    if (part.end > part.start)
      g_array_append_val(out, part);
    part = (CrSpan){at + 1, at + 1};
  }
  if (part.end > part.start || piece.start == piece.end)
    g_array_append_val(out, part);
}

GArray *
cr_brat_split(const CrText *text, const GArray *pieces)
{
  GArray *out = cr_fragments_new();
  for (guint i = 0; i < pieces->len; i++)
    split_piece(text, g_array_index(pieces, CrSpan, i), out);
  return out;
}

static gboolean
only_breaks(const CrText *text, gsize from, gsize to)
{
  gsize byte = to_byte(text, from);
  for (gsize at = from; at < to; at++) {
    gunichar c = char_at(text, byte);
    if (!cr_brat_is_break(c))
      return FALSE;
    byte += (gsize)g_unichar_to_utf8(c, NULL);
  }
  return to > from;
}

GArray *
cr_brat_join(const CrText *text, const GArray *pieces)
{
  GArray *out = cr_fragments_new();
  for (guint i = 0; i < pieces->len; i++) {
    CrSpan piece = g_array_index(pieces, CrSpan, i);
    CrSpan *last = out->len > 0 ? &g_array_index(out, CrSpan, out->len - 1) : NULL;
    if (last != NULL && last->end < piece.start && only_breaks(text, last->end, piece.start))
      last->end = piece.end;
    else
      g_array_append_val(out, piece);
  }
  return out;
}
