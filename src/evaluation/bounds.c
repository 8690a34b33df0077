/* Bounds alone, as sets: the "spans strict" and "spans merged" of MEDDOCAN (Marimon et al. 2019). Merged
 * joins spans, whatever their labels, that have no letter or digit between them. */
#include "evaluation/evaluation-private.h"
#include <string.h>

static void
add_pieces(GArray *out, const CrLabelSpan *span)
{
  CrSpan whole;
  gsize n_pieces;
  const CrSpan *pieces = cr_span_pieces(span, &whole, &n_pieces);
  g_array_append_vals(out, pieces, (guint)n_pieces);
}

static gboolean
has_letter(const CrText *text, gsize from, gsize to)
{
  const char *bytes = cr_text_bytes(text);
  for (gsize i = from; i < to; i += g_utf8_skip[(guchar)bytes[i]])
    if (g_unichar_isalnum(g_utf8_get_char(bytes + i)))
      return TRUE;
  return FALSE;
}

/* Sorted; each once. */
static void
make_set(GArray *spans)
{
  guint kept = 0;
  g_array_sort(spans, cr_span_compare);
  for (guint i = 0; i < spans->len; i++)
    if (kept == 0 ||
        cr_span_compare(&g_array_index(spans, CrSpan, i), &g_array_index(spans, CrSpan, kept - 1)) != 0)
      g_array_index(spans, CrSpan, kept++) = g_array_index(spans, CrSpan, i);
  g_array_set_size(spans, kept);
}

static void
merge(const CrText *text, GArray *spans)
{
  guint kept = 0;
  g_array_sort(spans, cr_span_compare);
  for (guint i = 0; i < spans->len; i++) {
    CrSpan span = g_array_index(spans, CrSpan, i);
    CrSpan *last = kept > 0 ? &g_array_index(spans, CrSpan, kept - 1) : NULL;
    if (last != NULL && (span.start <= last->end || !has_letter(text, last->end, span.start)))
      last->end = MAX(last->end, span.end);
    else
      g_array_index(spans, CrSpan, kept++) = span;
  }
  g_array_set_size(spans, kept);
}

static guint
n_common(const GArray *a, const GArray *b)
{
  guint n = 0;
  for (guint i = 0, j = 0; i < a->len && j < b->len;) {
    int order = cr_span_compare(&g_array_index(a, CrSpan, i), &g_array_index(b, CrSpan, j));
    n += order == 0;
    i += order <= 0;
    j += order >= 0;
  }
  return n;
}

static void
put(float *row, Measure measure, const GArray *gold, const GArray *system)
{
  float *parts = row + COLUMN_PARTS + (gsize)(measure - CR_MATCH_N) * N_PARTS;
  parts[PART_GOLD] = (float)gold->len;
  parts[PART_SYSTEM] = (float)system->len;
  parts[PART_HIT] = parts[PART_RIGHT] = (float)n_common(gold, system);
}

void
cr_row_count_bounds(const CrEvaluationScheme *scheme, const CrEvaluationDocument *document,
                    const GArray *pairs, float *row)
{
  g_autoptr(GArray) gold = cr_fragments_new(), system = cr_fragments_new();
  for (guint i = 0; i < pairs->len; i++) {
    const CrMatched *pair = &g_array_index(pairs, CrMatched, i);
    if (pair->a >= 0)
      add_pieces(gold, &document->gold[pair->a]);
    if (pair->b >= 0)
      add_pieces(system, &document->system[pair->b]);
  }
  make_set(gold);
  make_set(system);
  put(row, MEASURE_SPANS_STRICT, gold, system);
  merge(document->text, gold);
  merge(document->text, system);
  put(row, MEASURE_SPANS_MERGED, gold, system);
}
