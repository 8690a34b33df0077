/* Spans of two readers of one document, paired one to one: same bounds and label first, then same bounds,
 * then the greatest overlap. Ties fall to the pair that stands first in the text, so that the result does not
 * hang on the order of the input nor on which reader is called gold. */
#include "agreement/agreement-private.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- one span ---- */

typedef struct {
  const CrSpan *pieces;
  gsize n_pieces;
} Pieces;

static Pieces
pieces_of(const CrLabelSpan *span, CrSpan *whole)
{
  if (span->fragments && span->fragments->len > 0)
    return (Pieces){(const CrSpan *)(gpointer)span->fragments->data, span->fragments->len};
  *whole = (CrSpan){span->start, span->end};
  return (Pieces){whole, 1};
}

static int
compare_sizes(gsize a, gsize b)
{
  return (a > b) - (a < b);
}

static int
compare_bounds(const CrLabelSpan *a, const CrLabelSpan *b)
{
  int order = compare_sizes(a->start, b->start);
  if (order == 0)
    order = compare_sizes(a->end, b->end);
  CrSpan whole_a, whole_b;
  Pieces p = pieces_of(a, &whole_a), q = pieces_of(b, &whole_b);
  if (order == 0)
    order = compare_sizes(p.n_pieces, q.n_pieces);
  for (gsize i = 0; order == 0 && i < p.n_pieces; i++) {
    order = compare_sizes(p.pieces[i].start, q.pieces[i].start);
    if (order == 0)
      order = compare_sizes(p.pieces[i].end, q.pieces[i].end);
  }
  return order;
}

static int
compare_spans(const CrLabelSpan *a, const CrLabelSpan *b)
{
  int order = compare_bounds(a, b);
  return order ? order : compare_sizes(a->label, b->label);
}

static gsize
length_of(const CrLabelSpan *span)
{
  CrSpan whole;
  Pieces p = pieces_of(span, &whole);
  gsize length = 0;
  for (gsize i = 0; i < p.n_pieces; i++)
    length += p.pieces[i].end - p.pieces[i].start;
  return length;
}

gsize
cr_match_overlap(const CrLabelSpan *a, const CrLabelSpan *b)
{
  CrSpan whole_a, whole_b;
  Pieces p = pieces_of(a, &whole_a), q = pieces_of(b, &whole_b);
  gsize overlap = 0;
  for (gsize i = 0, j = 0; i < p.n_pieces && j < q.n_pieces;) {
    gsize start = MAX(p.pieces[i].start, q.pieces[j].start), end = MIN(p.pieces[i].end, q.pieces[j].end);
    overlap += end > start ? end - start : 0;
    if (p.pieces[i].end < q.pieces[j].end)
      i++;
    else
      j++;
  }
  return overlap;
}

/* ---- pairing ---- */

typedef struct {
  const CrLabelSpan *spans;
  gsize n;
  gsize *order;   /* places by compare_spans */
  gboolean *done; /* [n], by place in spans */
} Side;

static int
compare_places(gconstpointer a, gconstpointer b, gpointer spans)
{
  gsize i = *(const gsize *)a, j = *(const gsize *)b;
  int order = compare_spans((const CrLabelSpan *)spans + i, (const CrLabelSpan *)spans + j);
  return order ? order : compare_sizes(i, j);
}

static void
side_init(Side *side, const CrLabelSpan *spans, gsize n)
{
  *side = (Side){spans, n, g_new(gsize, MAX(n, 1)), g_new0(gboolean, MAX(n, 1))};
  for (gsize i = 0; i < n; i++)
    side->order[i] = i;
  if (n > 1)
    g_qsort_with_data(side->order, (gint)n, sizeof(gsize), compare_places, (gpointer)spans);
}

static void
side_clear(Side *side)
{
  g_clear_pointer(&side->order, g_free);
  g_clear_pointer(&side->done, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Side, side_clear)

static void
pair_up(GArray *out, Side *a, gsize i, Side *b, gsize j, gboolean is_exact)
{
  CrMatched pair = {(gssize)i, (gssize)j, cr_match_overlap(&a->spans[i], &b->spans[j]), is_exact};
  a->done[i] = b->done[j] = TRUE;
  g_array_append_val(out, pair);
}

/* Both sides in order, side by side: what compares equal is paired. */
static void
pair_equal(GArray *out, Side *a, Side *b, int (*compare)(const CrLabelSpan *, const CrLabelSpan *))
{
  for (gsize i = 0, j = 0; i < a->n && j < b->n;) {
    gsize p = a->order[i], q = b->order[j];
    if (a->done[p] || b->done[q]) {
      i += a->done[p] ? 1 : 0;
      j += a->done[p] ? 0 : 1;
      continue;
    }
    int order = compare(&a->spans[p], &b->spans[q]);
    if (order == 0)
      pair_up(out, a, p, b, q, TRUE);
    i += order <= 0;
    j += order >= 0;
  }
}

typedef struct {
  gsize a, b, overlap, apart; /* apart: units in one of the two only */
  gboolean same_label;
  const CrLabelSpan *first, *second; /* in the order of the text, whoever made them */
} Candidate;

static int
compare_candidates(gconstpointer a, gconstpointer b)
{
  const Candidate *p = a, *q = b;
  int order = compare_sizes(q->overlap, p->overlap);
  if (order == 0)
    order = q->same_label - p->same_label;
  if (order == 0)
    order = compare_sizes(p->apart, q->apart);
  if (order == 0)
    order = compare_spans(p->first, q->first);
  if (order == 0)
    order = compare_spans(p->second, q->second);
  if (order == 0)
    order = compare_sizes(p->a, q->a);
  return order ? order : compare_sizes(p->b, q->b);
}

static void
add_candidate(GArray *candidates, const Side *a, gsize i, const Side *b, gsize j)
{
  const CrLabelSpan *x = &a->spans[i], *y = &b->spans[j];
  gsize overlap = cr_match_overlap(x, y);
  if (overlap == 0)
    return;
  gboolean in_order = compare_spans(x, y) <= 0;
  Candidate candidate = {.a = i,
                         .b = j,
                         .overlap = overlap,
                         .apart = length_of(x) + length_of(y) - 2 * overlap,
                         .same_label = x->label == y->label,
                         .first = in_order ? x : y,
                         .second = in_order ? y : x};
  g_array_append_val(candidates, candidate);
}

static void
pair_overlapping(GArray *out, Side *a, Side *b)
{
  g_autoptr(GArray) candidates = g_array_new(FALSE, FALSE, sizeof(Candidate));
  for (gsize i = 0; i < a->n; i++) {
    gsize p = a->order[i];
    for (gsize j = 0; j < b->n && !a->done[p]; j++) {
      gsize q = b->order[j];
      if (b->spans[q].start >= a->spans[p].end)
        break; /* in order of start: none of the rest can overlap */
      if (!b->done[q] && b->spans[q].end > a->spans[p].start)
        add_candidate(candidates, a, p, b, q);
    }
  }
  g_array_sort(candidates, compare_candidates);
  for (guint c = 0; c < candidates->len; c++) {
    const Candidate *candidate = &g_array_index(candidates, Candidate, c);
    if (!a->done[candidate->a] && !b->done[candidate->b])
      pair_up(out, a, candidate->a, b, candidate->b, FALSE);
  }
}

static void
add_alone(GArray *out, const Side *a, const Side *b)
{
  for (gsize i = 0; i < a->n; i++)
    if (!a->done[a->order[i]]) {
      CrMatched alone = {(gssize)a->order[i], -1, 0, FALSE};
      g_array_append_val(out, alone);
    }
  for (gsize j = 0; j < b->n; j++)
    if (!b->done[b->order[j]]) {
      CrMatched alone = {-1, (gssize)b->order[j], 0, FALSE};
      g_array_append_val(out, alone);
    }
}

GArray *
cr_match_pairs(const CrLabelSpan *a, gsize n_a, const CrLabelSpan *b, gsize n_b)
{
  GArray *out = g_array_new(FALSE, FALSE, sizeof(CrMatched));
  g_auto(Side) side_a = {0}, side_b = {0};
  side_init(&side_a, a, n_a);
  side_init(&side_b, b, n_b);
  pair_equal(out, &side_a, &side_b, compare_spans);
  pair_equal(out, &side_a, &side_b, compare_bounds);
  pair_overlapping(out, &side_a, &side_b);
  add_alone(out, &side_a, &side_b);
  return out;
}

/* ---- SemEval-2013 task 9 counts (Segura-Bedmar, Martínez & Herrero-Zazo 2013) ---- */

static void
count_alone(CrSpanCounts out[CR_MATCH_N], gboolean is_missing)
{
  for (guint m = 0; m < CR_MATCH_N; m++) {
    out[m].missing += is_missing;
    out[m].spurious += !is_missing;
  }
}

static void
count_pair(CrSpanCounts out[CR_MATCH_N], gboolean is_exact, gboolean same_label)
{
  out[CR_MATCH_STRICT].correct += is_exact && same_label;
  out[CR_MATCH_STRICT].incorrect += !(is_exact && same_label);
  out[CR_MATCH_EXACT].correct += is_exact;
  out[CR_MATCH_EXACT].incorrect += !is_exact;
  out[CR_MATCH_PARTIAL].correct += is_exact;
  out[CR_MATCH_PARTIAL].partial += !is_exact;
  out[CR_MATCH_TYPE].correct += same_label;
  out[CR_MATCH_TYPE].incorrect += !same_label;
}

void
cr_match_count(const CrMatched *pair, gboolean same_label, CrSpanCounts counts[CR_MATCH_N])
{
  if (pair->a < 0 || pair->b < 0)
    count_alone(counts, pair->b < 0);
  else
    count_pair(counts, pair->is_exact, same_label);
}

void
cr_span_match(const CrLabelSpan *gold, gsize n_gold, const CrLabelSpan *system, gsize n_system,
              CrSpanCounts out[CR_MATCH_N])
{
  memset(out, 0, sizeof(CrSpanCounts) * CR_MATCH_N);
  g_autoptr(GArray) pairs = cr_match_pairs(gold, n_gold, system, n_system);
  for (guint i = 0; i < pairs->len; i++) {
    const CrMatched *pair = &g_array_index(pairs, CrMatched, i);
    gboolean paired = pair->a >= 0 && pair->b >= 0;
    cr_match_count(pair, paired && gold[pair->a].label == system[pair->b].label, out);
  }
}

double
cr_span_f1(const CrSpanCounts *counts, CrMatch match)
{
  guint64 paired = counts->correct + counts->incorrect + counts->partial;
  guint64 both = 2 * paired + counts->missing + counts->spurious;
  if (both == 0)
    return NAN;
  double credit = (double)counts->correct + (match == CR_MATCH_PARTIAL ? 0.5 : 0) * (double)counts->partial;
  return 2 * credit / (double)both;
}

/* ---- differences ---- */

typedef struct {
  CrDifference difference;
  const CrLabelSpan *first; /* the one that starts first */
} Placed;

static int
compare_placed(gconstpointer a, gconstpointer b)
{
  const Placed *p = a, *q = b;
  int order = compare_spans(p->first, q->first);
  if (order == 0)
    order = (p->difference.a > q->difference.a) - (p->difference.a < q->difference.a);
  return order ? order : (p->difference.b > q->difference.b) - (p->difference.b < q->difference.b);
}

GArray *
cr_span_differences(const CrLabelSpan *a, gsize n_a, const CrLabelSpan *b, gsize n_b)
{
  g_autoptr(GArray) pairs = cr_match_pairs(a, n_a, b, n_b);
  g_autoptr(GArray) placed = g_array_new(FALSE, FALSE, sizeof(Placed));
  for (guint i = 0; i < pairs->len; i++) {
    const CrMatched *pair = &g_array_index(pairs, CrMatched, i);
    const CrLabelSpan *x = pair->a < 0 ? NULL : &a[pair->a], *y = pair->b < 0 ? NULL : &b[pair->b];
    gboolean same_label = x && y && x->label == y->label;
    if (pair->is_exact && same_label)
      continue;
    Placed one = {{!x || !y     ? "missing"
                   : same_label ? "bounds"
                                : "type",
                   pair->a, pair->b},
                  !y || (x && compare_spans(x, y) <= 0) ? x : y};
    g_array_append_val(placed, one);
  }
  g_array_sort(placed, compare_placed);
  GArray *out = g_array_new(FALSE, FALSE, sizeof(CrDifference));
  for (guint i = 0; i < placed->len; i++)
    g_array_append_val(out, g_array_index(placed, Placed, i).difference);
  return out;
}
