/* Learning further: a model's last pass starts from its weights, sees new documents mixed with old ones, and
 * is written with the same slots, some of them pointing to other weights, and more.
 *
 * The file keeps 32 bits of a feature's hash and the place of its slot, so a table cannot be hashed anew. It
 * can be doubled all the same: two copies of it, one behind the other, answer every search as one does, and
 * have twice the room. */
#include "train-private.h"
#include <math.h>
#include <string.h>

enum { MAX_SLOTS = 1 << 24, MAX_WEIGHTS = 1 << 24 };

void
cr_tagger_update_init(CrTaggerUpdate *u)
{
  *u = (CrTaggerUpdate){
      .epochs = 6, .rate = .05, .dropout = .3, .pull = .05, .prune = .05, .min_count = 2, .seed = 1};
}

static double
base_weight(const CrPass *base, guint32 slot, guint16 state)
{
  const guint32 where = GUINT32_FROM_LE(base->slots[slot].where);
  const CrWeight *weight = base->weights + (where >> 8);
  for (guint i = 0; i < (where & 255); i++)
    if (GUINT16_FROM_LE(weight[i].state) == state)
      return (double)GINT16_FROM_LE(weight[i].weight) * (double)base->unit;
  return 0;
}

/* What the base says of each pair and transition. */
static double *
start_weights(const CrTrainSet *set, const CrPass *base)
{
  const gsize n_transitions = cr_transitions_n(set->k);
  double *start = g_new0(double, set->n_pairs + n_transitions);
  for (guint32 f = 0; f < set->dictionary.n; f++) {
    const guint32 slot = cr_pass_find(base, set->dictionary.hash[f]);
    for (guint32 p = set->first[f]; slot != G_MAXUINT32 && p < set->first[f + 1]; p++)
      start[p] = base_weight(base, slot, set->state[p]);
  }
  for (gsize t = 0; t < n_transitions; t++)
    start[set->n_pairs + t] = (double)base->transitions[t];
  return start;
}

/* ---- the new content of the pass ---- */
typedef struct {
  const CrTrainSet *set;
  const CrPass *base;
  const double *weight, *start;
  double prune, unit;
  guint32 *feature_of; /* of each slot of the base, G_MAXUINT32 where no document showed it */
  GArray *weights;     /* CrWeight */
  GArray *slots;       /* CrSlot */
} Rewriting;

static void
add_weight(Rewriting *r, guint16 state, double weight)
{
  const gint16 value = (gint16)lround(weight / r->unit);
  if (value != 0)
    g_array_append_val(r->weights, ((CrWeight){GUINT16_TO_LE(state), GINT16_TO_LE(value)}));
}

static guint32
where_from(const Rewriting *r, guint offset)
{
  return GUINT32_TO_LE(offset << 8 | (r->weights->len - offset));
}

static guint32
add_feature(Rewriting *r, guint32 f)
{
  const guint offset = r->weights->len;
  for (guint32 p = r->set->first[f]; p < r->set->first[f + 1]; p++)
    if (r->start[p] != 0 || fabs(r->weight[p]) >= r->prune)
      add_weight(r, r->set->state[p], r->weight[p]);
  return where_from(r, offset);
}

static guint32
copy_feature(Rewriting *r, guint32 slot)
{
  const guint offset = r->weights->len;
  const guint32 where = GUINT32_FROM_LE(r->base->slots[slot].where);
  const CrWeight *weight = r->base->weights + (where >> 8);
  for (guint i = 0; i < (where & 255); i++)
    add_weight(r, GUINT16_FROM_LE(weight[i].state),
               (double)GINT16_FROM_LE(weight[i].weight) * (double)r->base->unit);
  return where_from(r, offset);
}

/* The smallest unit that 16 bits of every weight can be counted in; never below the base's, so that weights
 * that did not move stay exact. */
static double
unit_of(const CrTrainSet *set, const CrPass *base, const double *weight)
{
  double largest = 0;
  for (guint32 p = 0; p < set->n_pairs; p++)
    largest = MAX(largest, fabs(weight[p]));
  return MAX((double)base->unit, (double)(float)(largest * (1 + 1e-6) / G_MAXINT16));
}

static void
rewrite_slots(Rewriting *r)
{
  const guint32 n = r->base->n_slots;
  g_array_set_size(r->slots, n);
  memcpy(r->slots->data, r->base->slots, n * sizeof(CrSlot));
  for (guint32 s = 0; s < n; s++) {
    CrSlot *slot = &g_array_index(r->slots, CrSlot, s);
    if (slot->where != 0)
      slot->where = r->feature_of[s] == G_MAXUINT32 ? copy_feature(r, s) : add_feature(r, r->feature_of[s]);
  }
}

/* Whether a feature that the base lacks is worth a slot. */
static gboolean
is_new(const Rewriting *r, guint32 f)
{
  if (cr_pass_find(r->base, r->set->dictionary.hash[f]) != G_MAXUINT32)
    return FALSE;
  for (guint32 p = r->set->first[f]; p < r->set->first[f + 1]; p++)
    if (fabs(r->weight[p]) >= r->prune)
      return TRUE;
  return FALSE;
}

/* Doubles the table until a fifth of it stays free with n_new more. */
static gboolean
make_room(Rewriting *r, guint n_new)
{
  guint64 used = 0;
  for (guint i = 0; i < r->slots->len; i++)
    used += g_array_index(r->slots, CrSlot, i).where != 0;
  while ((used + n_new) * 5 > (guint64)r->slots->len * 4) {
    const guint n = r->slots->len;
    if (n >= MAX_SLOTS)
      return FALSE;
    g_array_set_size(r->slots, 2 * n);
    memcpy(&g_array_index(r->slots, CrSlot, n), r->slots->data, n * sizeof(CrSlot));
    used *= 2;
  }
  return TRUE;
}

static void
insert(Rewriting *r, guint32 f)
{
  const guint64 hash = r->set->dictionary.hash[f];
  const guint32 mask = r->slots->len - 1;
  guint32 at = (guint32)hash & mask;
  while (g_array_index(r->slots, CrSlot, at).where != 0)
    at = (at + 1) & mask;
  g_array_index(r->slots, CrSlot, at) = (CrSlot){GUINT32_TO_LE((guint32)(hash >> 32)), add_feature(r, f)};
}

static gboolean
rewrite(Rewriting *r)
{
  const guint32 n = r->set->dictionary.n;
  guint n_new = 0;
  memset(r->feature_of, 0xff, r->base->n_slots * sizeof(guint32));
  for (guint32 f = 0; f < n; f++) {
    const guint32 slot = cr_pass_find(r->base, r->set->dictionary.hash[f]);
    if (slot != G_MAXUINT32)
      r->feature_of[slot] = f;
    n_new += is_new(r, f);
  }
  g_array_append_val(r->weights, ((CrWeight){0, 0}));
  rewrite_slots(r);
  if (!make_room(r, n_new))
    return FALSE;
  for (guint32 f = 0; f < n; f++)
    if (is_new(r, f))
      insert(r, f);
  return r->weights->len < MAX_WEIGHTS;
}

static GBytes *
rewritten(const CrTagger *base, const CrTrainSet *set, const double *start, const double *weight,
          const CrTaggerUpdate *update)
{
  const guint last = base->n_passes - 1;
  const CrPass *pass = &base->pass[last];
  g_autofree guint32 *feature_of = g_new(guint32, pass->n_slots);
  g_autoptr(GArray) weights = g_array_new(FALSE, FALSE, sizeof(CrWeight));
  g_autoptr(GArray) slots = g_array_new(FALSE, FALSE, sizeof(CrSlot));
  Rewriting r = {set,        pass,    weight, start, update->prune, unit_of(set, pass, weight),
                 feature_of, weights, slots};
  if (!rewrite(&r))
    return NULL;
  g_autofree float *transitions = g_new(float, cr_transitions_n(base->k));
  for (gsize t = 0; t < cr_transitions_n(base->k); t++)
    transitions[t] = (float)weight[set->n_pairs + t];
  const CrPass content = {.slots = (const CrSlot *)slots->data,
                          .n_slots = slots->len,
                          .weights = (const CrWeight *)weights->data,
                          .n_weights = weights->len,
                          .unit = (float)r.unit,
                          .transitions = transitions};
  return cr_model_rewrite(base, update->about != NULL ? update->about : base->about, last, &content);
}

/* ---- documents ---- */
static void
example_free(gpointer data)
{
  cr_example_clear(data);
  g_free(data);
}

static void
read_examples(const CrTagger *base, CrWordCache *cache, CrTaggerScratch *scratch, const CrTagSample *samples,
              gsize n, GPtrArray *out)
{
  for (gsize i = 0; i < n; i++) {
    CrExample *e = g_new0(CrExample, 1);
    g_ptr_array_add(out, e);
    cr_example_read(e, base->classes, cache, base->k, &samples[i]);
    if (base->n_passes == 2)
      cr_example_guess(base, scratch, e);
  }
}

static CrTrainSet *
set_of(const CrTagger *base, const GPtrArray *examples, const CrTaggerUpdate *update)
{
  const CrPass *pass = &base->pass[base->n_passes - 1];
  return cr_train_set_new(base->k, pass->templates, (const CrExample *const *)examples->pdata, examples->len,
                          update->min_count, 0, pass);
}

static GBytes *
learn(const CrTagger *base, const GPtrArray *examples, const CrTaggerUpdate *update)
{
  g_autoptr(CrTrainSet) set = set_of(base, examples, update);
  g_autofree double *start = start_weights(set, &base->pass[base->n_passes - 1]);
  const CrTaggerTraining training = {
      .epochs = update->epochs, .rate = update->rate, .dropout = update->dropout, .seed = update->seed};
  g_autofree double *weight = cr_train_adagrad_from(set, &training, start, update->pull);
  return rewritten(base, set, start, weight, update);
}

CrTagger *
cr_tagger_update(const CrTagger *base, const CrTagSample *samples, gsize n_samples, const CrTagSample *replay,
                 gsize n_replay, const CrTaggerUpdate *update, GError **error)
{
  if (base == NULL || n_samples == 0 || update->epochs == 0) {
    g_set_error(error, CR_ERROR, CR_ERROR_USAGE, "learning further needs a model, documents and passes");
    return NULL;
  }
  g_autoptr(CrTaggerScratch) scratch = cr_tagger_scratch_new(base);
  g_autoptr(GPtrArray) examples = g_ptr_array_new_with_free_func(example_free);
  read_examples(base, scratch->cache, scratch, samples, n_samples, examples);
  read_examples(base, scratch->cache, scratch, replay, n_replay, examples);
  g_autoptr(GBytes) bytes = learn(base, examples, update);
  if (bytes == NULL) {
    g_set_error(error, CR_ERROR, CR_ERROR_BAD_MODEL, "the model has no room for what was learnt");
    return NULL;
  }
  return cr_tagger_new(bytes, "updated model", error);
}
