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
}

CrTaggerScratch *
cr_tagger_scratch_new(const CrTagger *tagger)
{
  CrTaggerScratch *scratch = g_new0(CrTaggerScratch, 1);
  scratch->cache = cr_word_cache_new();
  cr_tokens_init(&scratch->tokens);
  for (guint p = 0; p < tagger->n_passes; p++) {
    cr_lattice_init(&scratch->lattice[p], tagger->k);
    cr_lattice_set_transitions(&scratch->lattice[p], tagger->pass[p].transitions);
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
  for (guint p = 0; p < 2; p++)
    cr_lattice_clear(&scratch->lattice[p]);
  g_free(scratch->marginals);
  g_free(scratch->label);
  g_free(scratch->sure);
  g_free(scratch);
}

static void
add_weights(const CrPass *pass, guint64 hash, double *score)
{
  const guint32 fingerprint = GUINT32_TO_LE((guint32)(hash >> 32)), mask = pass->n_slots - 1;
  for (guint32 at = (guint32)hash & mask; pass->slots[at].where != 0; at = (at + 1) & mask) {
    if (pass->slots[at].fingerprint != fingerprint)
      continue;
    const guint32 where = GUINT32_FROM_LE(pass->slots[at].where);
    const CrWeight *weight = pass->weights + (where >> 8);
    for (guint i = 0; i < (where & 255); i++)
      score[GUINT16_FROM_LE(weight[i].state)] += (double)GINT16_FROM_LE(weight[i].weight);
    return;
  }
}

static void
score_line(const CrPass *pass, CrLattice *lattice, const CrTokens *tokens, const CrSequence *line)
{
  const guint width = cr_states_n(lattice->k);
  guint64 features[CR_MAX_FEATURES];
  cr_lattice_reserve(lattice, line->n);
  for (guint i = 0; i < line->n; i++) {
    double *score = lattice->score + (gsize)i * width;
    const guint n = cr_templates_features(pass->templates, tokens, line, line->first + i, features);
    for (guint f = 0; f < n; f++)
      add_weights(pass, features[f], score);
    for (guint s = 0; s < width; s++)
      score[s] *= (double)pass->unit;
  }
}

/* The most probable label of a token other than outside. */
static guint
best_label(const double *marginal, guint k, double *sure)
{
  guint best = 0;
  *sure = -1;
  for (guint y = 0; y < k; y++) {
    const double p = marginal[cr_state_e(k, y)] + marginal[cr_state_s(k, y)] + marginal[cr_state_b(k, y)] +
                     marginal[cr_state_i(k, y)];
    if (p > *sure)
      *sure = p, best = y;
  }
  return best;
}

static double
label_marginal(const double *marginal, guint k, guint label)
{
  if (label >= k)
    return marginal[cr_state_outside(k)];
  return marginal[cr_state_e(k, label)] + marginal[cr_state_s(k, label)] + marginal[cr_state_b(k, label)] +
         marginal[cr_state_i(k, label)];
}

/* Tokens that the best path leaves outside and that are inside with at least the threshold's probability. */
static void
lower_bar(const double *marginals, guint k, guint n, double threshold, guint16 *states)
{
  const guint width = cr_states_n(k), outside = cr_state_outside(k);
  for (guint i = 0; i < n; i++) {
    const double *row = marginals + (gsize)i * width;
    if (states[i] != outside || 1 - row[outside] < threshold)
      continue;
    double sure;
    const guint y = best_label(row, k, &sure);
    const gboolean joins =
        i > 0 && cr_state_label(k, states[i - 1]) == y &&
        row[cr_state_i(k, y)] + row[cr_state_e(k, y)] > row[cr_state_b(k, y)] + row[cr_state_s(k, y)];
    if (joins)
      states[i - 1] = (guint16)(states[i - 1] == cr_state_s(k, y) ? cr_state_b(k, y) : cr_state_i(k, y));
    states[i] = (guint16)(joins ? cr_state_e(k, y) : cr_state_s(k, y));
  }
}

static void
reserve(CrTaggerScratch *s, guint k, guint n)
{
  const gsize need = (gsize)n * cr_states_n(k);
  if (need <= s->n_marginals)
    return;
  s->marginals = g_renew(double, s->marginals, need);
  s->n_marginals = need;
}

void
cr_tagger_pass(const CrTagger *tagger, guint p, CrTaggerScratch *scratch, const CrTokens *tokens,
               double threshold, guint16 *states, guint16 *label, float *sure)
{
  const guint k = tagger->k, width = cr_states_n(k);
  CrLattice *lattice = &scratch->lattice[p];
  for (guint l = 0; l < tokens->sequences->len; l++) {
    const CrSequence *line = &g_array_index(tokens->sequences, CrSequence, l);
    score_line(&tagger->pass[p], lattice, tokens, line);
    reserve(scratch, k, line->n);
    cr_lattice_marginals(lattice, line->n, scratch->marginals);
    cr_lattice_best(lattice, line->n, states + line->first);
    if (threshold > 0)
      lower_bar(scratch->marginals, k, line->n, threshold, states + line->first);
    for (guint i = 0; i < line->n; i++) {
      const double *row = scratch->marginals + (gsize)i * width;
      label[line->first + i] = (guint16)cr_state_label(k, states[line->first + i]);
      sure[line->first + i] = (float)label_marginal(row, k, label[line->first + i]);
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
