/* The token grid and the span counts of each document.
 *
 * The grid: a token carries the label of the shortest span (by its number of units) of the reader that shares
 * at least one unit with it; of spans of one length the label that stands first in the list of labels; O
 * where there is none. For the one-against-the-rest figures of a label a token counts under it when any span
 * of that label touches it, so that nothing is hidden there. */
#include "agreement/grid.h"
#include <string.h>

typedef struct {
  guint *labels;   /* [n_tokens] category shown */
  gsize *shortest; /* [n_tokens] length of the span that shows */
  guint8 *under;   /* [n_tokens][n_labels] */
  const CrLabelSpan *spans;
  gsize n_spans;
} ReaderGrid;

typedef struct {
  CrGrid *grid;
  const CrComparison *comparison;
  const CrLabelSet *sets;
  gsize *next;         /* [n_readers] first span not yet taken */
  ReaderGrid *readers; /* of the document at hand */
  gsize n_tokens;
} Builder;

/* ---- tokens ---- */

/* The first token that ends behind off. */
static guint
first_token(const GArray *tokens, gsize off)
{
  guint low = 0, high = tokens->len;
  while (low < high) {
    guint middle = low + (high - low) / 2;
    if (g_array_index(tokens, CrSpan, middle).end <= off)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static void
cover_token(ReaderGrid *r, guint n_labels, guint token, guint label, gsize length)
{
  r->under[(gsize)token * n_labels + label] = 1;
  if (length < r->shortest[token] || (length == r->shortest[token] && label < r->labels[token])) {
    r->shortest[token] = length;
    r->labels[token] = label;
  }
}

/* Tokens touched by one piece; an empty one shares no unit with anything. */
static guint
cover_piece(ReaderGrid *r, const GArray *tokens, guint n_labels, CrSpan piece, guint label, gsize length)
{
  guint n_touched = 0;
  for (guint t = first_token(tokens, piece.start); t < tokens->len && piece.start < piece.end; t++) {
    if (g_array_index(tokens, CrSpan, t).start >= piece.end)
      break;
    cover_token(r, n_labels, t, label, length);
    n_touched++;
  }
  return n_touched;
}

static void
cover_span(ReaderGrid *r, const GArray *tokens, guint n_labels, const CrLabelSpan *span,
           CrReaderCounts *counts)
{
  guint n_touched = 0;
  if (span->fragments && span->fragments->len > 0)
    for (guint i = 0; i < span->fragments->len; i++)
      n_touched += cover_piece(r, tokens, n_labels, g_array_index(span->fragments, CrSpan, i), span->label,
                               cr_fragments_length(span->fragments));
  else
    n_touched = cover_piece(r, tokens, n_labels, (CrSpan){span->start, span->end}, span->label,
                            span->end - span->start);
  counts->spans[span->label]++;
  counts->spans_without_token += n_touched == 0;
}

static void
count_overlapping(const Builder *b, const ReaderGrid *r, CrReaderCounts *counts)
{
  guint n_labels = b->grid->n_labels;
  for (gsize t = 0; t < b->n_tokens; t++) {
    guint n = 0;
    for (guint l = 0; l < n_labels; l++)
      n += r->under[t * n_labels + l];
    counts->overlapping_tokens += n > 1;
  }
}

static void
reader_grid_fill(Builder *b, guint reader, guint document)
{
  ReaderGrid *r = &b->readers[reader];
  const CrLabelSet *set = &b->sets[reader];
  const GArray *tokens = b->comparison->tokens[document];
  guint n_labels = b->grid->n_labels;
  gsize start = b->next[reader], end = start;
  while (end < set->n_spans && set->spans[end].document == document)
    end++;
  b->next[reader] = end;
  r->spans = set->spans + start;
  r->n_spans = end - start;
  r->labels = g_renew(guint, r->labels, MAX(b->n_tokens, 1));
  r->shortest = g_renew(gsize, r->shortest, MAX(b->n_tokens, 1));
  r->under = g_renew(guint8, r->under, MAX(b->n_tokens * n_labels, 1));
  memset(r->under, 0, b->n_tokens * n_labels);
  for (gsize t = 0; t < b->n_tokens; t++) {
    r->labels[t] = n_labels;
    r->shortest[t] = G_MAXSIZE;
  }
  for (gsize i = 0; i < r->n_spans; i++) {
    g_assert(r->spans[i].label < n_labels && r->spans[i].start <= r->spans[i].end);
    cover_span(r, tokens, n_labels, &r->spans[i], &b->grid->readers[reader]);
  }
  count_overlapping(b, r, &b->grid->readers[reader]);
}

/* ---- one pair of readers in one document ---- */

static void
count_tokens(const Builder *b, const ReaderGrid *p, const ReaderGrid *q, float *row)
{
  guint n_labels = b->grid->n_labels;
  float *rows = row + COLUMN_MARGINALS, *columns = rows + n_labels + 1;
  row[COLUMN_TOKENS] = (float)b->n_tokens;
  for (gsize t = 0; t < b->n_tokens; t++) {
    rows[p->labels[t]]++;
    columns[q->labels[t]]++;
    row[COLUMN_TOKENS_ALIKE] += p->labels[t] == q->labels[t] ? 1 : 0;
    for (guint l = 0; l < n_labels; l++) {
      float *label = row + cr_column_label(n_labels, l);
      guint8 x = p->under[t * n_labels + l], y = q->under[t * n_labels + l];
      label[LABEL_TOKENS_A] += x;
      label[LABEL_TOKENS_B] += y;
      label[LABEL_TOKENS_BOTH] += (float)(x & y);
    }
  }
}

static void
count_spans(const ReaderGrid *p, const ReaderGrid *q, float *row)
{
  CrSpanCounts counts[CR_MATCH_N];
  cr_span_match(p->spans, p->n_spans, q->spans, q->n_spans, counts);
  row[COLUMN_SPANS] = (float)(p->n_spans + q->n_spans);
  row[COLUMN_STRICT] = (float)counts[CR_MATCH_STRICT].correct;
  row[COLUMN_EXACT] = (float)counts[CR_MATCH_EXACT].correct;
  row[COLUMN_PARTIAL_TWICE] =
      (float)(2 * counts[CR_MATCH_PARTIAL].correct + counts[CR_MATCH_PARTIAL].partial);
  row[COLUMN_TYPE] = (float)counts[CR_MATCH_TYPE].correct;
}

/* The spans of one label, in order; the fragments stay the set's. */
static GArray *
of_label(const ReaderGrid *r, guint label)
{
  GArray *out = g_array_new(FALSE, FALSE, sizeof(CrLabelSpan));
  for (gsize i = 0; i < r->n_spans; i++)
    if (r->spans[i].label == label)
      g_array_append_val(out, r->spans[i]);
  return out;
}

static void
count_label(const ReaderGrid *p, const ReaderGrid *q, guint label, float *columns)
{
  g_autoptr(GArray) a = of_label(p, label), b = of_label(q, label);
  CrSpanCounts counts[CR_MATCH_N];
  columns[LABEL_SPANS] = (float)(a->len + b->len);
  if (a->len == 0 || b->len == 0)
    return;
  cr_span_match((const CrLabelSpan *)(gpointer)a->data, a->len, (const CrLabelSpan *)(gpointer)b->data,
                b->len, counts);
  columns[LABEL_STRICT] = (float)counts[CR_MATCH_STRICT].correct;
  columns[LABEL_PARTIAL_TWICE] =
      (float)(2 * counts[CR_MATCH_PARTIAL].correct + counts[CR_MATCH_PARTIAL].partial);
}

static void
fill_pair(const Builder *b, guint first, guint second, float *row)
{
  const ReaderGrid *p = &b->readers[first], *q = &b->readers[second];
  count_spans(p, q, row);
  count_tokens(b, p, q, row);
  for (guint l = 0; l < b->grid->n_labels; l++)
    count_label(p, q, l, row + cr_column_label(b->grid->n_labels, l));
}

/* ---- limits ---- */

/* Counts above 2^24 would not be whole numbers in a float any more; a token-by-label table beyond a gigabyte
 * or a million overlapping pairs in one document is no reading of a note. */
enum { MAX_TOKENS = 16000000, MAX_OVERLAPPING = 1000000 };
static const double max_cells = 1e9;

static gint
compare_offsets(gconstpointer a, gconstpointer b)
{
  gsize x = *(const gsize *)a, y = *(const gsize *)b;
  return (x > y) - (x < y);
}

/* How many of the ascending offsets lie below limit (or at it). */
static gsize
count_below(const GArray *offsets, gsize limit, gboolean or_at)
{
  gsize low = 0, high = offsets->len;
  while (low < high) {
    gsize middle = low + (high - low) / 2;
    gsize off = g_array_index(offsets, gsize, middle);
    if (off < limit || (or_at && off == limit))
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/* Pairs of a span of p and one of q that share a unit of their bounds. */
static double
count_overlapping_pairs(const ReaderGrid *p, const ReaderGrid *q)
{
  g_autoptr(GArray) starts = g_array_new(FALSE, FALSE, sizeof(gsize)),
                    ends = g_array_new(FALSE, FALSE, sizeof(gsize));
  for (gsize i = 0; i < q->n_spans; i++) {
    g_array_append_val(starts, q->spans[i].start);
    g_array_append_val(ends, q->spans[i].end);
  }
  g_array_sort(starts, compare_offsets);
  g_array_sort(ends, compare_offsets);
  double n = 0;
  for (gsize i = 0; i < p->n_spans; i++) {
    gsize begun = count_below(starts, p->spans[i].end, FALSE),
          over = count_below(ends, p->spans[i].start, TRUE);
    n += begun > over ? (double)(begun - over) : 0;
  }
  return n;
}

static gboolean
check_pair(const ReaderGrid *p, const ReaderGrid *q, guint document, GError **error)
{
  if ((double)p->n_spans * (double)q->n_spans <= MAX_OVERLAPPING ||
      count_overlapping_pairs(p, q) <= MAX_OVERLAPPING)
    return TRUE;
  g_set_error(error, CR_ERROR, CR_ERROR_LIMIT, "agreement: document %u holds too many overlapping spans",
              document + 1);
  return FALSE;
}

static gboolean
check_tokens(const Builder *b, guint document, GError **error)
{
  if (b->n_tokens <= MAX_TOKENS && (double)b->n_tokens * b->grid->n_labels <= max_cells)
    return TRUE;
  g_set_error(error, CR_ERROR, CR_ERROR_LIMIT,
              "agreement: document %u has %zu tokens, too many for %u labels", document + 1, b->n_tokens,
              b->grid->n_labels);
  return FALSE;
}

static gboolean
fill_document(Builder *b, guint document, GError **error)
{
  CrGrid *grid = b->grid;
  b->n_tokens = b->comparison->tokens[document]->len;
  if (!check_tokens(b, document, error))
    return FALSE;
  for (guint r = 0; r < grid->n_readers; r++)
    reader_grid_fill(b, r, document);
  float *row = grid->rows + document * grid->stride;
  for (guint i = 0; i < grid->n_readers; i++)
    for (guint j = i + 1; j < grid->n_readers; j++, row += cr_n_columns(grid->n_labels)) {
      if (!check_pair(&b->readers[i], &b->readers[j], document, error))
        return FALSE;
      fill_pair(b, i, j, row);
    }
  return TRUE;
}

static void
builder_clear(Builder *b)
{
  for (guint r = 0; r < b->grid->n_readers; r++) {
    g_free(b->readers[r].labels);
    g_free(b->readers[r].shortest);
    g_free(b->readers[r].under);
  }
  g_free(b->next);
  g_free(b->readers);
}

CrGrid *
cr_grid_new(const CrComparison *comparison, const CrLabelSet *readers, guint n_readers, GError **error)
{
  g_autoptr(CrGrid) grid = g_new0(CrGrid, 1);
  grid->n_documents = comparison->n_documents;
  grid->n_labels = comparison->n_labels;
  grid->n_readers = n_readers;
  grid->n_pairs = n_readers * (n_readers - 1) / 2;
  grid->stride = (gsize)grid->n_pairs * cr_n_columns(grid->n_labels);
  grid->readers = g_new0(CrReaderCounts, n_readers);
  for (guint r = 0; r < n_readers; r++)
    grid->readers[r].spans = g_new0(guint64, MAX(grid->n_labels, 1));
  gsize n_bytes = 0;
  if (g_size_checked_mul(&n_bytes, grid->stride, grid->n_documents))
    grid->rows = g_try_malloc0_n(n_bytes, sizeof(float));
  if (!grid->rows) {
    g_set_error(error, CR_ERROR, CR_ERROR_LIMIT,
                "agreement: %u documents by %zu counts do not fit into memory", grid->n_documents,
                grid->stride);
    return NULL;
  }
  Builder b = {grid, comparison, readers, g_new0(gsize, n_readers), g_new0(ReaderGrid, n_readers), 0};
  gboolean fine = TRUE;
  for (guint d = 0; d < grid->n_documents && fine; d++)
    fine = fill_document(&b, d, error);
  for (guint r = 0; r < n_readers && fine; r++)
    g_assert(b.next[r] == readers[r].n_spans); /* sorted by document, and none beyond the last */
  builder_clear(&b);
  return fine ? g_steal_pointer(&grid) : NULL;
}

void
cr_grid_free(CrGrid *grid)
{
  if (!grid)
    return;
  for (guint r = 0; r < grid->n_readers; r++)
    g_free(grid->readers[r].spans);
  g_free(grid->readers);
  g_free(grid->rows);
  g_free(grid);
}
