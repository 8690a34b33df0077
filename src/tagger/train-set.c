/* The training set in memory: features of every token as numbers, and for each feature the states that gold
 * shows with it, and outside; for frequent features all states. */
#include "train-private.h"
#include <string.h>

/* ---- the dictionary ---- */
static void
dictionary_grow(CrDictionary *d)
{
  g_autofree guint64 *key = g_steal_pointer(&d->key);
  g_autofree guint32 *number = g_steal_pointer(&d->number);
  const gsize n = d->n_slots;
  d->n_slots = n ? n * 2 : 1 << 16;
  d->key = g_new0(guint64, d->n_slots);
  d->number = g_new(guint32, d->n_slots);
  for (gsize i = 0; i < n; i++) {
    if (key[i] == 0)
      continue;
    gsize at = key[i] & (d->n_slots - 1);
    while (d->key[at] != 0)
      at = (at + 1) & (d->n_slots - 1);
    d->key[at] = key[i], d->number[at] = number[i];
  }
}

static guint32
dictionary_add(CrDictionary *d, guint64 hash)
{
  hash |= hash == 0;
  if (((gsize)d->n + 1) * 2 > d->n_slots)
    dictionary_grow(d);
  gsize at = hash & (d->n_slots - 1);
  while (d->key[at] != 0 && d->key[at] != hash)
    at = (at + 1) & (d->n_slots - 1);
  if (d->key[at] == hash) {
    d->count[d->number[at]]++;
    return d->number[at];
  }
  if (d->n == d->n_allocated) {
    d->n_allocated = d->n_allocated ? d->n_allocated * 2 : 1 << 15;
    d->count = g_renew(guint32, d->count, d->n_allocated);
    d->hash = g_renew(guint64, d->hash, d->n_allocated);
  }
  d->key[at] = hash, d->number[at] = d->n;
  d->count[d->n] = 1, d->hash[d->n] = hash;
  return d->n++;
}

static void
dictionary_clear(CrDictionary *d)
{
  g_free(d->key);
  g_free(d->number);
  g_free(d->count);
  g_free(d->hash);
}

/* ---- lines ---- */
static void
add_token(CrTrainSet *set, const guint64 *hashes, guint n)
{
  if (set->n_tokens + 2 > set->n_tokens_allocated) {
    set->n_tokens_allocated = set->n_tokens_allocated ? set->n_tokens_allocated * 2 : 1 << 14;
    set->offsets = g_renew(gsize, set->offsets, set->n_tokens_allocated);
  }
  if (set->n_features + n > set->n_features_allocated) {
    set->n_features_allocated = set->n_features_allocated ? set->n_features_allocated * 3 / 2 : 1 << 20;
    set->features = g_renew(guint32, set->features, set->n_features_allocated);
  }
  set->offsets[set->n_tokens++] = set->n_features;
  for (guint i = 0; i < n; i++)
    set->features[set->n_features++] = dictionary_add(&set->dictionary, hashes[i]);
  set->offsets[set->n_tokens] = set->n_features;
}

static void
add_example(CrTrainSet *set, const CrTemplates *templates, const CrExample *example)
{
  guint64 hashes[CR_MAX_FEATURES];
  const CrTokens *tokens = &example->tokens;
  for (guint l = 0; l < tokens->sequences->len; l++) {
    const CrSequence *line = &g_array_index(tokens->sequences, CrSequence, l);
    g_array_append_val(set->lines, ((CrTrainLine){example, line, set->n_tokens}));
    for (guint i = 0; i < line->n; i++)
      add_token(set, hashes, cr_templates_features(templates, tokens, line, line->first + i, hashes));
  }
}

/* ---- pairs ---- */
typedef struct {
  guint32 *head; /* of each feature's chain, G_MAXUINT32 at its end */
  guint32 *next;
  guint16 *state;
  guint32 n, n_allocated;
} Chains;

static void
chain_add(Chains *c, guint32 feature, guint16 state)
{
  for (guint32 at = c->head[feature]; at != G_MAXUINT32; at = c->next[at])
    if (c->state[at] == state)
      return;
  if (c->n == c->n_allocated) {
    c->n_allocated = c->n_allocated ? c->n_allocated * 2 : 1 << 16;
    c->next = g_renew(guint32, c->next, c->n_allocated);
    c->state = g_renew(guint16, c->state, c->n_allocated);
  }
  c->next[c->n] = c->head[feature];
  c->state[c->n] = state;
  c->head[feature] = c->n++;
}

static void
gather_pairs(CrTrainSet *set, Chains *chains, guint min_count, guint full_count)
{
  const guint32 n = set->dictionary.n;
  chains->head = g_new(guint32, (gsize)n + 1);
  memset(chains->head, 0xff, sizeof(guint32) * ((gsize)n + 1));
  for (guint l = 0; l < set->lines->len; l++) {
    const CrTrainLine *line = &g_array_index(set->lines, CrTrainLine, l);
    for (guint i = 0; i < line->line->n; i++) {
      const guint16 gold = line->example->gold[line->line->first + i];
      for (gsize f = set->offsets[line->first + i]; f < set->offsets[line->first + i + 1]; f++)
        if (set->dictionary.count[set->features[f]] >= min_count)
          chain_add(chains, set->features[f], gold);
    }
  }
  for (guint32 f = 0; f < n; f++) {
    if (set->dictionary.count[f] >= min_count)
      chain_add(chains, f, (guint16)cr_state_outside(set->k));
    if (full_count > 0 && set->dictionary.count[f] >= MAX(full_count, min_count))
      for (guint state = 0; state < cr_states_n(set->k); state++)
        chain_add(chains, f, (guint16)state);
  }
}

static void
gather_base_pairs(const CrTrainSet *set, Chains *chains, const CrPass *base)
{
  for (guint32 f = 0; f < set->dictionary.n; f++) {
    const guint32 at = cr_pass_find(base, set->dictionary.hash[f]);
    if (at == G_MAXUINT32)
      continue;
    const guint32 where = GUINT32_FROM_LE(base->slots[at].where);
    for (guint i = 0; i < (where & 255); i++)
      chain_add(chains, f, GUINT16_FROM_LE(base->weights[(where >> 8) + i].state));
  }
}

static void
lay_out_pairs(CrTrainSet *set, const Chains *chains)
{
  const guint32 n = set->dictionary.n;
  set->first = g_new(guint32, (gsize)n + 1);
  set->state = g_new(guint16, chains->n + 1);
  for (guint32 f = 0; f < n; f++) {
    set->first[f] = set->n_pairs;
    for (guint32 at = chains->head[f]; at != G_MAXUINT32; at = chains->next[at])
      set->state[set->n_pairs++] = chains->state[at];
  }
  set->first[n] = set->n_pairs;
}

CrTrainSet *
cr_train_set_new(guint k, const CrTemplates *templates, const CrExample *const *examples, gsize n,
                 guint min_count, guint full_count, const CrPass *base)
{
  CrTrainSet *set = g_new0(CrTrainSet, 1);
  set->k = k;
  set->lines = g_array_new(FALSE, FALSE, sizeof(CrTrainLine));
  dictionary_grow(&set->dictionary);
  for (gsize i = 0; i < n; i++)
    add_example(set, templates, examples[i]);
  Chains chains = {0};
  gather_pairs(set, &chains, min_count, full_count);
  if (base != NULL)
    gather_base_pairs(set, &chains, base);
  lay_out_pairs(set, &chains);
  g_free(chains.head);
  g_free(chains.next);
  g_free(chains.state);
  return set;
}

void
cr_train_set_free(CrTrainSet *set)
{
  if (set == NULL)
    return;
  dictionary_clear(&set->dictionary);
  g_array_unref(set->lines);
  g_free(set->features);
  g_free(set->offsets);
  g_free(set->first);
  g_free(set->state);
  g_free(set);
}

void
cr_example_clear(CrExample *example)
{
  cr_tokens_clear(&example->tokens);
  g_free(example->gold);
  g_free(example->text);
}
