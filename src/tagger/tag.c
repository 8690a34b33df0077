/* Tagging: features looked up in the model, the lattice decoded line by line, states read back as spans. */
#include "tagger-private.h"
#include <string.h>

void
cr_tagger_read(const CrClasses *classes, CrTokens *tokens, CrWordCache *cache, const char *text,
               gsize n_bytes)
{
  cr_tokens_read(tokens, cache, classes, text, n_bytes);
  cr_columns_lines(tokens);
  cr_columns_runs(tokens, classes);
  cr_columns_same(tokens);
  cr_columns_patterns(tokens, cr_classes_patterns(classes));
}

#define SPAN_COST .3 /* the probability from which on a span is reported: best in cross-validation */
#define BEAM 7       /* nats: what is less likely than e^-7 at a token is not followed up */

CrTaggerScratch *
cr_tagger_scratch_new(const CrTagger *tagger)
{
  CrTaggerScratch *scratch = g_new0(CrTaggerScratch, 1);
  scratch->outside = tagger->k;
  scratch->cache = cr_word_cache_new();
  cr_tokens_init(&scratch->tokens);
  for (guint p = 0; p < tagger->n_passes; p++) {
    cr_decoder_init(&scratch->decoder[p], tagger->k, tagger->pass[p].transitions, BEAM);
    scratch->scorer[p] = cr_scorer_new(&tagger->pass[p]);
  }
  return scratch;
}

void
cr_tagger_scratch_free(CrTaggerScratch *scratch)
{
  if (scratch == NULL)
    return;
  cr_word_cache_free(scratch->cache);
  cr_tokens_clear(&scratch->tokens);
  for (guint p = 0; p < 2; p++) {
    cr_decoder_clear(&scratch->decoder[p]);
    cr_scorer_free(scratch->scorer[p]);
  }
  g_free(scratch->label);
  g_free(scratch->sure);
  g_free(scratch);
}

guint32
cr_pass_find(const CrPass *pass, guint64 hash)
{
  const guint32 fingerprint = GUINT32_TO_LE((guint32)(hash >> 32)), mask = pass->n_slots - 1;
  for (guint32 at = (guint32)hash & mask; pass->slots[at].where != 0; at = (at + 1) & mask)
    if (pass->slots[at].fingerprint == fingerprint)
      return at;
  return G_MAXUINT32;
}

/* A token that stands outside all spans gets its most probable label, in one piece with the token before
 * where that reads on. */
static void
lower_bar(const CrDecoder *d, guint token, guint16 *states)
{
  const guint k = d->k;
  double label[CR_MAX_LABELS + 1];
  cr_decoder_marginals(d, token, label);
  guint y = 0;
  for (guint other = 1; other < k; other++)
    if (label[other] > label[y])
      y = other;
  const gboolean joins =
      token > 0 && cr_state_label(k, states[token - 1]) == y && cr_decoder_goes_on(d, token, y) > 0;
  if (joins)
    states[token - 1] =
        (guint16)(states[token - 1] == cr_state_s(k, y) ? cr_state_b(k, y) : cr_state_i(k, y));
  states[token] = (guint16)(joins ? cr_state_e(k, y) : cr_state_s(k, y));
}

void
cr_tagger_pass(const CrTagger *tagger, guint p, CrTaggerScratch *scratch, const CrTokens *tokens,
               double threshold, guint16 *states, guint16 *label, float *sure)
{
  const guint k = tagger->k;
  CrDecoder *decoder = &scratch->decoder[p];
  for (guint l = 0; l < tokens->sequences->len; l++) {
    const CrSequence *line = &g_array_index(tokens->sequences, CrSequence, l);
    cr_scorer_begin(scratch->scorer[p], tokens, line);
    cr_decoder_run(decoder, line->n, cr_scorer_score, scratch->scorer[p]);
    cr_decoder_spans(decoder, line->n, SPAN_COST, states + line->first);
    for (guint i = 0; i < line->n; i++) {
      const guint at = line->first + i;
      const double outside = cr_decoder_outside(decoder, i);
      if (threshold > 0 && states[at] == cr_state_outside(k) && 1 - outside >= threshold)
        lower_bar(decoder, i, states + line->first);
      label[at] = (guint16)cr_state_label(k, states[at]);
      sure[at] = (float)(label[at] == k ? outside : 1 - outside);
    }
  }
}

/* States of one line back to spans. */
static void
collect(const CrTagger *t, const CrTokens *tokens, const CrSequence *line, const guint16 *states,
        const float *sure, GArray *out)
{
  for (guint i = line->first; i < line->first + line->n; i++) {
    const guint label = cr_state_label(t->k, states[i]);
    if (label == t->k)
      continue;
    guint last = i;
    double sum = (double)sure[i];
    while (last + 1 < line->first + line->n && states[last] != cr_state_s(t->k, label) &&
           states[last] != cr_state_e(t->k, label) && cr_state_label(t->k, states[last + 1]) == label)
      sum += (double)sure[++last];
    const CrTagSpan span = {{tokens->start[i], tokens->end[last]}, label, MIN(1, sum / (last + 1 - i))};
    g_array_append_val(out, span);
    i = last;
  }
}

GArray *
cr_tagger_tag(const CrTagger *tagger, CrTaggerScratch *scratch, const char *text, gsize n_bytes,
              double threshold)
{
  CrTokens *tokens = &scratch->tokens;
  cr_tagger_read(tagger->classes, tokens, scratch->cache, text, n_bytes);
  if (scratch->n_labels < tokens->n_allocated) {
    scratch->n_labels = tokens->n_allocated;
    scratch->label = g_renew(guint16, scratch->label, scratch->n_labels);
    scratch->sure = g_renew(float, scratch->sure, scratch->n_labels);
  }
  g_autofree guint16 *states = g_new(guint16, tokens->n_tokens + 1);
  for (guint p = 0; p < tagger->n_passes; p++) {
    const gboolean last = p + 1 == tagger->n_passes;
    cr_tagger_pass(tagger, p, scratch, tokens, last ? threshold : 0, states, scratch->label, scratch->sure);
    if (!last)
      cr_columns_guess(tokens, scratch->label, scratch->sure, tagger->k);
  }
  GArray *spans = g_array_new(FALSE, FALSE, sizeof(CrTagSpan));
  for (guint l = 0; l < tokens->sequences->len; l++)
    collect(tagger, tokens, &g_array_index(tokens->sequences, CrSequence, l), states, scratch->sure, spans);
  return spans;
}

double
cr_tagger_inside(const CrTaggerScratch *scratch, gsize start, gsize end)
{
  const CrTokens *t = &scratch->tokens;
  guint low = 0, high = t->n_tokens;
  while (low < high) { /* the first token that ends behind start */
    const guint middle = low + (high - low) / 2;
    if (t->end[middle] <= start)
      low = middle + 1;
    else
      high = middle;
  }
  double best = 0;
  for (guint i = low; i < t->n_tokens && t->start[i] < end; i++) {
    const double inside =
        scratch->label[i] == scratch->outside ? 1 - (double)scratch->sure[i] : (double)scratch->sure[i];
    best = MAX(best, inside);
  }
  return best;
}
