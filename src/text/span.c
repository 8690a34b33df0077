/* span: half-open ranges and lists of them.
 *
 * A normalised list is sorted, its members are not empty, do not overlap and do not touch: one list for one
 * set of units. The set operations take any lists and give normalised ones. */
#include <chartroom/text.h>
#include <string.h>

gboolean
cr_span_overlaps(CrSpan a, CrSpan b)
{
  return MAX(a.start, b.start) < MIN(a.end, b.end);
}

gboolean
cr_span_contains(CrSpan outer, CrSpan inner)
{
  return outer.start <= inner.start && inner.end <= outer.end;
}

gint
cr_span_compare(gconstpointer a, gconstpointer b)
{
  const CrSpan *left = a, *right = b;
  if (left->start != right->start)
    return left->start < right->start ? -1 : 1;
  return left->end < right->end ? -1 : left->end > right->end;
}

static const char *
unit_name(CrUnit unit)
{
  static const char *const names[] = {"bytes", "code points", "UTF-16 units"};
  return names[unit];
}

gboolean
cr_span_from_unit(const CrText *text, CrUnit unit, gsize start, gsize end, CrSpan *out, GError **error)
{
  if (start >= end) {
    g_set_error(error, CR_ERROR, CR_ERROR_SPAN_ORDER,
                "%" G_GSIZE_FORMAT "-%" G_GSIZE_FORMAT ": the start is not before the end", start, end);
    return FALSE;
  }
  gsize length = cr_text_length(text, unit);
  if (end > length) {
    g_set_error(error, CR_ERROR, CR_ERROR_SPAN_OUTSIDE,
                "%" G_GSIZE_FORMAT "-%" G_GSIZE_FORMAT ": beyond the text of %" G_GSIZE_FORMAT " %s", start,
                end, length, unit_name(unit));
    return FALSE;
  }
  CrSpan span = {0, 0};
  if (!cr_text_convert(text, unit, start, CR_UNIT_BYTE, &span.start) ||
      !cr_text_convert(text, unit, end, CR_UNIT_BYTE, &span.end)) {
    g_set_error(error, CR_ERROR, CR_ERROR_SPAN_OUTSIDE,
                "%" G_GSIZE_FORMAT "-%" G_GSIZE_FORMAT " (%s): inside a character", start, end,
                unit_name(unit));
    return FALSE;
  }
  *out = span;
  return TRUE;
}

CrSpan
cr_span_to_unit(const CrText *text, CrUnit unit, CrSpan bytes)
{
  CrSpan span = {0, 0};
  gboolean on_boundary = cr_text_convert(text, CR_UNIT_BYTE, bytes.start, unit, &span.start) &&
                         cr_text_convert(text, CR_UNIT_BYTE, bytes.end, unit, &span.end);
  g_assert(on_boundary);
  return span;
}

char *
cr_span_dup_text(const CrText *text, CrSpan bytes)
{
  g_assert(bytes.start <= bytes.end && bytes.end <= cr_text_length(text, CR_UNIT_BYTE));
  return g_strndup(cr_text_bytes(text) + bytes.start, bytes.end - bytes.start);
}

/* ---- lists ---- */

GArray *
cr_fragments_new(void)
{
  return g_array_new(FALSE, FALSE, sizeof(CrSpan));
}

static inline CrSpan
fragment(const GArray *list, guint i)
{
  return g_array_index(list, CrSpan, i);
}

/* Appends to a list in the making whose members come in order; joins where they meet. */
static void
append_joined(GArray *list, CrSpan span)
{
  if (span.start >= span.end)
    return;
  CrSpan *last = list->len ? &g_array_index(list, CrSpan, list->len - 1) : NULL;
  if (last && span.start <= last->end)
    last->end = MAX(last->end, span.end);
  else
    g_array_append_val(list, span);
}

static GArray *
normalise_owned(GArray *list)
{
  g_autoptr(GArray) sorted = list;
  g_array_sort(sorted, cr_span_compare);
  GArray *joined = cr_fragments_new();
  for (guint i = 0; i < sorted->len; i++)
    append_joined(joined, fragment(sorted, i));
  return joined;
}

GArray *
cr_fragments_normalise(const GArray *fragments)
{
  return cr_fragments_union(fragments, NULL);
}

GArray *
cr_fragments_union(const GArray *a, const GArray *b)
{
  GArray *both = cr_fragments_new();
  if (a && a->len)
    g_array_append_vals(both, a->data, a->len);
  if (b && b->len)
    g_array_append_vals(both, b->data, b->len);
  return normalise_owned(both);
}

CrSpan
cr_fragments_bounds(const GArray *fragments)
{
  if (fragments->len == 0)
    return (CrSpan){0, 0};
  CrSpan bounds = fragment(fragments, 0);
  for (guint i = 1; i < fragments->len; i++) {
    bounds.start = MIN(bounds.start, fragment(fragments, i).start);
    bounds.end = MAX(bounds.end, fragment(fragments, i).end);
  }
  return bounds;
}

gboolean
cr_fragments_equal(const GArray *a, const GArray *b)
{
  return a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len * sizeof(CrSpan)) == 0);
}

gsize
cr_fragments_length(const GArray *fragments)
{
  gsize length = 0;
  for (guint i = 0; i < fragments->len; i++)
    length += fragment(fragments, i).end - fragment(fragments, i).start;
  return length;
}

gsize
cr_fragments_overlap(const GArray *a, const GArray *b)
{
  gsize common = 0;
  for (guint i = 0, j = 0; i < a->len && j < b->len;) {
    CrSpan x = fragment(a, i), y = fragment(b, j);
    if (cr_span_overlaps(x, y))
      common += MIN(x.end, y.end) - MAX(x.start, y.start);
    if (x.end <= y.end)
      i++;
    else
      j++;
  }
  return common;
}

GArray *
cr_fragments_intersect(const GArray *a, const GArray *b)
{
  g_autoptr(GArray) left = cr_fragments_normalise(a);
  g_autoptr(GArray) right = cr_fragments_normalise(b);
  GArray *common = cr_fragments_new();
  for (guint i = 0, j = 0; i < left->len && j < right->len;) {
    CrSpan x = fragment(left, i), y = fragment(right, j);
    append_joined(common, (CrSpan){MAX(x.start, y.start), MIN(x.end, y.end)});
    if (x.end <= y.end)
      i++;
    else
      j++;
  }
  return common;
}

GArray *
cr_fragments_subtract(const GArray *a, const GArray *b)
{
  g_autoptr(GArray) left = cr_fragments_normalise(a);
  g_autoptr(GArray) right = cr_fragments_normalise(b);
  GArray *rest = cr_fragments_new();
  guint j = 0;
  for (guint i = 0; i < left->len; i++) {
    CrSpan x = fragment(left, i);
    while (j < right->len && fragment(right, j).end <= x.start)
      j++;
    for (guint k = j; k < right->len && fragment(right, k).start < x.end; k++) {
      append_joined(rest, (CrSpan){x.start, fragment(right, k).start});
      x.start = MAX(x.start, fragment(right, k).end);
    }
    append_joined(rest, x);
  }
  return rest;
}

char *
cr_fragments_dup_text(const CrText *text, const GArray *fragments)
{
  GString *joined = g_string_new(NULL);
  for (guint i = 0; i < fragments->len; i++) {
    CrSpan piece = fragment(fragments, i);
    g_assert(piece.start <= piece.end && piece.end <= cr_text_length(text, CR_UNIT_BYTE));
    if (i > 0)
      g_string_append_c(joined, ' ');
    g_string_append_len(joined, cr_text_bytes(text) + piece.start, (gssize)(piece.end - piece.start));
  }
  return g_string_free(joined, FALSE);
}
