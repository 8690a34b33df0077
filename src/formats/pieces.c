/* Where an entity stands: one span, or the fragments of a discontinuous one. */
#include "formats/formats-private.h"
#include <string.h>

static gboolean
read_offset(const json_t *value, gsize *out, const char *name, GError **error)
{
  if (json_is_integer(value) && json_integer_value(value) >= 0) {
    *out = (gsize)json_integer_value(value);
    return TRUE;
  }
  g_set_error(error, CR_ERROR, CR_ERROR_SPAN_OUTSIDE, "%s is not a whole number from 0", name);
  return FALSE;
}

static gboolean
read_span(const json_t *start, const json_t *end, CrSpan *out, GError **error)
{
  if (!read_offset(start, &out->start, "start", error) || !read_offset(end, &out->end, "end", error))
    return FALSE;
  if (out->start <= out->end)
    return TRUE;
  g_set_error(error, CR_ERROR, CR_ERROR_SPAN_ORDER,
              "%" G_GSIZE_FORMAT "-%" G_GSIZE_FORMAT ": the start is after the end", out->start, out->end);
  return FALSE;
}

CrSpan
cr_pieces_bounds(const GArray *pieces)
{
  CrSpan bounds = g_array_index(pieces, CrSpan, 0);
  for (guint i = 1; i < pieces->len; i++) {
    CrSpan piece = g_array_index(pieces, CrSpan, i);
    bounds.start = MIN(bounds.start, piece.start);
    bounds.end = MAX(bounds.end, piece.end);
  }
  return bounds;
}

static gboolean
read_fragments(const json_t *fragments, GArray *pieces, GError **error)
{
  size_t i;
  json_t *pair;
  json_array_foreach(fragments, i, pair)
  {
    CrSpan piece;
    if (!json_is_array(pair) || json_array_size(pair) != 2) {
      g_set_error(error, CR_ERROR, CR_ERROR_SPAN_OUTSIDE, "a fragment is not a pair of offsets");
      return FALSE;
    }
    if (!read_span(json_array_get(pair, 0), json_array_get(pair, 1), &piece, error))
      return FALSE;
    g_array_append_val(pieces, piece);
  }
  return TRUE;
}

GArray *
cr_pieces_of(const json_t *entity, GError **error)
{
  g_autoptr(GArray) pieces = cr_fragments_new();
  const json_t *fragments = json_object_get(entity, "fragments");
  CrSpan whole;
  if (!read_span(json_object_get(entity, "start"), json_object_get(entity, "end"), &whole, error))
    return NULL;
  if (json_is_array(fragments) && !read_fragments(fragments, pieces, error))
    return NULL;
  if (pieces->len == 0)
    g_array_append_val(pieces, whole);
  CrSpan bounds = cr_pieces_bounds(pieces);
  if (bounds.start != whole.start || bounds.end != whole.end) {
    g_set_error(error, CR_ERROR, CR_ERROR_SPAN_ORDER, "start and end are not the bounds of the fragments");
    return NULL;
  }
  return g_steal_pointer(&pieces);
}

GArray *
cr_pieces_to_bytes(const CrText *text, const GArray *pieces, GError **error)
{
  g_autoptr(GArray) bytes = cr_fragments_new();
  gsize n = cr_text_length(text, CR_UNIT_CODE_POINT);
  for (guint i = 0; i < pieces->len; i++) {
    CrSpan piece = g_array_index(pieces, CrSpan, i), out;
    if (piece.end > n || !cr_text_convert(text, CR_UNIT_CODE_POINT, piece.start, CR_UNIT_BYTE, &out.start) ||
        !cr_text_convert(text, CR_UNIT_CODE_POINT, piece.end, CR_UNIT_BYTE, &out.end)) {
      g_set_error(error, CR_ERROR, CR_ERROR_SPAN_OUTSIDE,
                  "%" G_GSIZE_FORMAT "-%" G_GSIZE_FORMAT ": beyond the text of %" G_GSIZE_FORMAT
                  " code points",
                  piece.start, piece.end, n);
      return NULL;
    }
    g_array_append_val(bytes, out);
  }
  return g_steal_pointer(&bytes);
}

char *
cr_pieces_dup_text(const CrText *text, const GArray *byte_pieces)
{
  g_autoptr(GString) joined = g_string_new(NULL);
  for (guint i = 0; i < byte_pieces->len; i++) {
    CrSpan piece = g_array_index(byte_pieces, CrSpan, i);
    if (i > 0)
      g_string_append_c(joined, ' ');
    g_string_append_len(joined, cr_text_bytes(text) + piece.start, (gssize)(piece.end - piece.start));
  }
  return g_string_free(g_steal_pointer(&joined), FALSE);
}

void
cr_pieces_set(json_t *entity, const GArray *pieces)
{
  CrSpan bounds = cr_pieces_bounds(pieces);
  json_object_set_new(entity, "start", json_integer((json_int_t)bounds.start));
  json_object_set_new(entity, "end", json_integer((json_int_t)bounds.end));
  json_object_del(entity, "fragments");
  if (pieces->len < 2)
    return;
  json_t *fragments = json_array();
  for (guint i = 0; i < pieces->len; i++) {
    CrSpan piece = g_array_index(pieces, CrSpan, i);
    json_array_append_new(fragments, json_pack("[I,I]", (json_int_t)piece.start, (json_int_t)piece.end));
  }
  json_object_set_new(entity, "fragments", fragments);
}
