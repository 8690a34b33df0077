/* The row of counts of one document. */
#include "evaluation/evaluation-private.h"
#include <string.h>

gsize
cr_row_label(guint label)
{
  return COLUMN_LABELS + (gsize)label * N_LABEL;
}

gsize
cr_row_group(const CrEvaluationScheme *scheme, guint group)
{
  return cr_row_label(scheme->n_labels) + (gsize)group * N_GROUP;
}

gsize
cr_row_length(const CrEvaluationScheme *scheme)
{
  return cr_row_group(scheme, scheme->n_groups);
}

typedef struct {
  const CrEvaluationScheme *scheme;
  const CrEvaluationDocument *document;
  CrMask mask;
  GArray *pairs; /* those that count */
  float *row;
} Filling;

/* ---- spans ---- */

static gboolean
is_strict(const CrEvaluationDocument *document, const CrMatched *pair)
{
  return pair->is_exact && document->gold[pair->a].label == document->system[pair->b].label;
}

static void
count_matches(Filling *f)
{
  CrSpanCounts counts[CR_MATCH_N];
  memset(counts, 0, sizeof counts);
  for (guint i = 0; i < f->pairs->len; i++) {
    const CrMatched *pair = &g_array_index(f->pairs, CrMatched, i);
    gboolean paired = pair->a >= 0 && pair->b >= 0;
    cr_match_count(pair, paired && f->document->gold[pair->a].label == f->document->system[pair->b].label,
                   counts);
  }
  for (guint m = 0; m < CR_MATCH_N; m++) {
    float *to = f->row + COLUMN_COUNTS + (gsize)m * N_COUNTS;
    to[COUNT_CORRECT] = (float)counts[m].correct;
    to[COUNT_INCORRECT] = (float)counts[m].incorrect;
    to[COUNT_PARTIAL] = (float)counts[m].partial;
    to[COUNT_MISSING] = (float)counts[m].missing;
    to[COUNT_SPURIOUS] = (float)counts[m].spurious;
  }
}

/* Labels that are only reported have their own figures, too: over all pairs. */
static void
count_labels(Filling *f)
{
  const CrEvaluationDocument *document = f->document;
  g_autoptr(GArray) all =
      cr_match_pairs(document->gold, document->n_gold, document->system, document->n_system);
  for (guint i = 0; i < f->pairs->len; i++) {
    const CrMatched *pair = &g_array_index(f->pairs, CrMatched, i);
    if (pair->b >= 0 && !cr_label_is_reported(f->scheme, document->system[pair->b].label))
      f->row[cr_row_label(document->system[pair->b].label) + LABEL_SYSTEM]++;
  }
  for (guint i = 0; i < all->len; i++) {
    const CrMatched *pair = &g_array_index(all, CrMatched, i);
    if (pair->b >= 0 && cr_label_is_reported(f->scheme, document->system[pair->b].label))
      f->row[cr_row_label(document->system[pair->b].label) + LABEL_SYSTEM]++;
    if (pair->a >= 0 && pair->b >= 0 && is_strict(document, pair))
      f->row[cr_row_label(document->gold[pair->a].label) + LABEL_STRICT]++;
  }
}

/* ---- cover ---- */

static gint
group_of(const CrEvaluationDocument *document, gsize gold)
{
  gint own = document->gold_groups != NULL ? document->gold_groups[gold] : -1;
  return own >= 0 ? own : document->group;
}

static void
add_share(float *row, Share share, gboolean part)
{
  row[COLUMN_SHARES + 2 * share] += (float)part;
  row[COLUMN_SHARES + 2 * share + 1] += 1;
}

/* Whether the span is covered whole. */
static gboolean
count_cover(Filling *f, gsize gold)
{
  const CrLabelSpan *span = &f->document->gold[gold];
  CrCover cover = cr_mask_cover_needed(&f->mask, f->scheme, f->document->text, span);
  gint group = group_of(f->document, gold);
  gboolean is_covered = cover.with == cover.all, counts = !cr_label_is_reported(f->scheme, span->label);
  float *label = f->row + cr_row_label(span->label);
  label[LABEL_GOLD]++;
  label[LABEL_CHARS] += (float)cover.all;
  label[LABEL_CHARS_COVERED] += (float)cover.with;
  label[LABEL_SPANS_COVERED] += (float)is_covered;
  if (!counts)
    return TRUE;
  add_share(f->row, SHARE_SPANS_COVERED, is_covered);
  add_share(f->row, SHARE_SPANS_TOUCHED, cover.with > 0 || cover.all == 0);
  if (group >= 0) {
    float *of = f->row + cr_row_group(f->scheme, (guint)group);
    of[GROUP_GOLD]++;
    of[GROUP_SPANS_COVERED] += (float)is_covered;
    of[GROUP_CHARS] += (float)cover.all;
    of[GROUP_CHARS_COVERED] += (float)cover.with;
  }
  return is_covered;
}

static void
count_group_matches(Filling *f)
{
  for (guint i = 0; i < f->pairs->len; i++) {
    const CrMatched *pair = &g_array_index(f->pairs, CrMatched, i);
    gint group = pair->a >= 0 ? group_of(f->document, (gsize)pair->a) : -1;
    if (group >= 0 && pair->b >= 0 && is_strict(f->document, pair))
      f->row[cr_row_group(f->scheme, (guint)group) + GROUP_STRICT]++;
  }
}

static void
count_document(Filling *f, gboolean has_gold, gboolean is_leak_free)
{
  const float *tokens = f->row + COLUMN_PARTS + (MEASURE_TOKEN - CR_MATCH_N) * N_PARTS;
  if (has_gold)
    add_share(f->row, SHARE_LEAK_FREE, is_leak_free);
  else
    add_share(f->row, SHARE_UNTOUCHED, tokens[PART_SYSTEM] <= tokens[PART_RIGHT]);
  if (f->document->group < 0)
    return;
  float *group = f->row + cr_row_group(f->scheme, (guint)f->document->group);
  group[GROUP_DOCUMENTS]++;
  group[GROUP_GOLD_DOCUMENTS] += (float)has_gold;
  group[GROUP_LEAK_FREE] += (float)(has_gold && is_leak_free);
  group[GROUP_SYSTEM_TOKENS] += tokens[PART_SYSTEM];
  group[GROUP_RIGHT_TOKENS] += tokens[PART_RIGHT];
}

/* ---- which label is taken for which ---- */

static const CrLabelSpan *
best_overlap(const CrLabelSpan *span, const CrLabelSpan *others, gsize n_others)
{
  const CrLabelSpan *best = NULL;
  gsize best_overlap = 0;
  for (gsize i = 0; i < n_others; i++) {
    if (others[i].end <= span->start || others[i].start >= span->end)
      continue;
    gsize overlap = cr_match_overlap(span, &others[i]);
    if (overlap > best_overlap ||
        (overlap > 0 && overlap == best_overlap && others[i].label == span->label)) {
      best = &others[i];
      best_overlap = overlap;
    }
  }
  return best;
}

static void
count_confusion(const CrEvaluationScheme *scheme, const CrEvaluationDocument *document, guint64 *confusion)
{
  gsize n = (gsize)scheme->n_labels + 1;
  for (gsize i = 0; i < document->n_gold; i++) {
    const CrLabelSpan *gold = &document->gold[i];
    const CrLabelSpan *system = best_overlap(gold, document->system, document->n_system);
    confusion[gold->label * n + (system != NULL ? system->label : scheme->n_labels)]++;
  }
  for (gsize i = 0; i < document->n_system; i++)
    if (best_overlap(&document->system[i], document->gold, document->n_gold) == NULL)
      confusion[scheme->n_labels * n + document->system[i].label]++;
}

/* ---- the row ---- */

void
cr_row_fill(const CrEvaluationScheme *scheme, const CrEvaluationDocument *document, float *row,
            guint64 *confusion)
{
  Filling f = {.scheme = scheme, .document = document, .row = row};
  gboolean has_gold = FALSE, is_leak_free = TRUE;
  memset(row, 0, cr_row_length(scheme) * sizeof *row);
  cr_mask_init(&f.mask, scheme, document);
  f.pairs = cr_pairs_that_count(scheme, document, &f.mask);
  row[COLUMN_GOLD] = (float)document->n_gold;
  row[COLUMN_SYSTEM] = (float)document->n_system;
  count_matches(&f);
  count_labels(&f);
  cr_row_count_bounds(scheme, document, f.pairs, row);
  cr_row_count_tokens(scheme, document, &f.mask, row);
  for (gsize i = 0; i < document->n_gold; i++) {
    gboolean is_covered = count_cover(&f, i);
    has_gold = has_gold || !cr_label_is_reported(scheme, document->gold[i].label);
    is_leak_free = is_leak_free && is_covered;
  }
  count_group_matches(&f);
  count_document(&f, has_gold, is_leak_free);
  if (confusion != NULL)
    count_confusion(scheme, document, confusion);
  g_array_unref(f.pairs);
  cr_mask_clear(&f.mask);
}

float *
cr_rows_new(const CrEvaluationScheme *scheme, const CrEvaluationDocument *documents, guint n_documents,
            guint64 *confusion)
{
  gsize stride = cr_row_length(scheme);
  float *rows = g_new(float, MAX(stride * n_documents, 1));
  for (guint d = 0; d < n_documents; d++)
    cr_row_fill(scheme, &documents[d], rows + d * stride, confusion);
  return rows;
}
