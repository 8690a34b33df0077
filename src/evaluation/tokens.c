/* Words and characters: what is gold, what the system has, with and without the kind. A word is a token with
 * a letter or a digit; it is touched where one of those is. */
#include "evaluation/evaluation-private.h"
#include <stdlib.h>

/* ---- labels of bytes: that of the shortest span over each ---- */

static gsize
length_of(const CrLabelSpan *span)
{
  CrSpan whole;
  gsize n_pieces, length = 0;
  const CrSpan *pieces = cr_span_pieces(span, &whole, &n_pieces);
  for (gsize p = 0; p < n_pieces; p++)
    length += pieces[p].end - pieces[p].start;
  return length;
}

/* The longest first; of one length the one that stands later, or has the greater label, first. */
static int
compare_longest_first(gconstpointer a, gconstpointer b)
{
  const CrLabelSpan *p = *(const CrLabelSpan *const *)a, *q = *(const CrLabelSpan *const *)b;
  gsize n = length_of(p), m = length_of(q);
  if (n != m)
    return n > m ? -1 : 1;
  if (p->start != q->start)
    return p->start > q->start ? -1 : 1;
  return (q->label > p->label) - (q->label < p->label);
}

/* label + 1 of each byte, 0 for none. g_free */
static guint32 *
label_bytes(const CrLabelSpan *spans, gsize n_spans, gsize n_bytes)
{
  guint32 *labels = g_new0(guint32, n_bytes + 1);
  g_autofree const CrLabelSpan **order = g_new(const CrLabelSpan *, MAX(n_spans, 1));
  for (gsize i = 0; i < n_spans; i++)
    order[i] = &spans[i];
  qsort(order, n_spans, sizeof *order, compare_longest_first);
  for (gsize i = 0; i < n_spans; i++) {
    CrSpan whole;
    gsize n_pieces;
    const CrSpan *pieces = cr_span_pieces(order[i], &whole, &n_pieces);
    for (gsize p = 0; p < n_pieces; p++)
      for (gsize b = pieces[p].start; b < pieces[p].end; b++)
        labels[b] = order[i]->label + 1;
  }
  return labels;
}

/* ---- one token ---- */

typedef struct {
  guint8 bits;          /* of its letters, all together */
  guint32 gold, system; /* label + 1 at its first letter that has one */
} Word;

static Word
word_at(const CrMask *mask, const guint32 *gold, const guint32 *system, CrSpan token)
{
  Word word = {0, 0, 0};
  for (gsize i = token.start; i < token.end; i++) {
    if (!(mask->bits[i] & MASK_LETTER))
      continue;
    word.bits |= mask->bits[i];
    word.gold = word.gold != 0 ? word.gold : gold[i];
    word.system = word.system != 0 ? word.system : system[i];
  }
  return word;
}

static void
add_parts(float *parts, gboolean gold, gboolean hit, gboolean system, gboolean right)
{
  parts[PART_GOLD] += (float)(gold != 0);
  parts[PART_HIT] += (float)(gold && hit);
  parts[PART_SYSTEM] += (float)(system != 0);
  parts[PART_RIGHT] += (float)(system && right);
}

static void
add_bits(float *parts, guint8 bits)
{
  add_parts(parts, bits & MASK_NEED, bits & (MASK_SYSTEM | MASK_REPORTED), bits & MASK_SYSTEM,
            bits & (MASK_GOLD | MASK_FREE));
}

/* Neither gold nor system words that are only reported are asked for their kind. */
static void
add_kind(const CrEvaluationScheme *scheme, float *parts, const Word *word)
{
  gboolean same = word->gold != 0 && word->gold == word->system;
  gboolean free_gold = word->gold != 0 && cr_label_is_reported(scheme, word->gold - 1);
  gboolean free_system = word->system != 0 && cr_label_is_reported(scheme, word->system - 1);
  add_parts(parts, word->gold != 0 && !free_gold && (word->bits & MASK_NEED), same,
            word->system != 0 && !free_system && !free_gold, same);
}

static float *
parts_of(float *row, Measure measure)
{
  return row + COLUMN_PARTS + (gsize)(measure - CR_MATCH_N) * N_PARTS;
}

void
cr_row_count_tokens(const CrEvaluationScheme *scheme, const CrEvaluationDocument *document,
                    const CrMask *mask, float *row)
{
  g_autoptr(GArray) tokens = cr_text_tokens(document->text);
  g_autofree guint32 *gold = label_bytes(document->gold, document->n_gold, mask->n_bytes),
                     *system = label_bytes(document->system, document->n_system, mask->n_bytes);
  for (gsize i = 0; i < mask->n_bytes; i++)
    if (mask->bits[i] & MASK_LETTER)
      add_bits(parts_of(row, MEASURE_CHARACTERS), mask->bits[i]);
  for (guint t = 0; t < tokens->len; t++) {
    Word word = word_at(mask, gold, system, g_array_index(tokens, CrSpan, t));
    add_bits(parts_of(row, MEASURE_TOKEN), word.bits);
    add_kind(scheme, parts_of(row, MEASURE_TOKEN_KIND), &word);
  }
}
