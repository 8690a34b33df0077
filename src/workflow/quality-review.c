/* quality-review.c: how much of each batch a senior reviewer looked at, by how critical its labels are, and
 * whether that is enough to accept it.
 *
 * The lot is the notes of a batch whose settled findings hold a label of the class; a note is defective where
 * it was flagged in this round, whatever became of it. */
#include "workflow/quality-private.h"
#include <chartroom/risk.h>

#include <string.h>

static const struct {
  const char *name;
  gboolean critical;
} classes[] = {{"critical", TRUE}, {"other", FALSE}};

typedef struct {
  const CrQualityData *d;
  GHashTable *states; /* note -> "open", "ok", "flag" of the running round */
  const CrBatchRow *batch;
  json_t *rows;
} Review;

typedef struct {
  guint64 lot, seen, defective;
} Tally;

static gboolean
quality_cb(const CrQualityRow *row, gpointer states, GError **error)
{
  g_hash_table_insert(states, g_strdup(row->note), g_strdup(row->state));
  return TRUE;
}

static gboolean
was_flagged(const Review *v, const CrQualityNote *n)
{
  const GArray *times = g_hash_table_lookup(v->d->flags, n->id);
  for (guint i = 0; times && i < times->len; i++)
    if (g_array_index(times, gint64, i) >= v->batch->time_us)
      return TRUE;
  return g_strcmp0(g_hash_table_lookup(v->states, n->id), "flag") == 0;
}

static void
tally_note(const Review *v, const CrQualityNote *n, Tally *t)
{
  const char *state = g_hash_table_lookup(v->states, n->id);
  gboolean flagged = was_flagged(v, n);
  t->lot++;
  t->seen += flagged || g_strcmp0(state, "ok") == 0;
  t->defective += flagged;
}

/* ---- labels of a class ---- */

static gboolean
holds_class(const CrQualityNote *n, const CrGuidelines *g, gboolean critical)
{
  GHashTableIter iter;
  gpointer label;
  g_hash_table_iter_init(&iter, n->labels);
  while (g_hash_table_iter_next(&iter, &label, NULL)) {
    const CrGuidelinesLabel *known = cr_guidelines_find_label(g, label);
    if ((known && known->critical) == critical)
      return TRUE;
  }
  return FALSE;
}

static gboolean
is_in_batch(const Review *v, const CrQualityNote *n)
{
  return n->has_truth && g_strcmp0(n->batch, v->batch->name) == 0;
}

static void
put_rate(json_t *row, const Tally *t)
{
  CrRiskFigure flagged = cr_risk_exact(t->defective, t->seen);
  json_object_set_new(row, "notes", json_integer((json_int_t)t->lot));
  json_object_set_new(row, "looked_at", json_integer((json_int_t)t->seen));
  json_object_set_new(row, "flagged", json_integer((json_int_t)t->defective));
  json_object_set_new(row, "rate", t->lot ? json_real((double)t->seen / (double)t->lot) : json_null());
  json_object_set_new(row, "flagged_share", cr_risk_figure_json(&flagged));
}

static json_t *
describe_class(const Review *v, const char *name, gboolean critical, const CrGuidelines *g)
{
  static const char *const verdicts[] = {"go on", "accept", "reject"};
  const CrSamplingPlan *plan = cr_quality_plan(critical);
  Tally t = {0};
  for (guint i = 0; i < v->d->notes->len; i++) {
    const CrQualityNote *n = v->d->notes->pdata[i];
    if (is_in_batch(v, n) && holds_class(n, g, critical))
      tally_note(v, n, &t);
  }
  json_t *row =
      json_pack("{s:s, s:s, s:f, s:f, s:f, s:f}", "batch", v->batch->name, "labels", name, "acceptable",
                plan->acceptable, "rejectable", plan->rejectable, "alpha", plan->alpha, "beta", plan->beta);
  put_rate(row, &t);
  guint64 most = 0, single = t.lot ? cr_stat_single_sample(plan, t.lot, &most) : 0;
  CrSequential s = cr_stat_sequential(plan, t.seen, t.defective);
  /* The binomial knows no end of the lot: what has been looked at whole is known. */
  gboolean whole = t.lot > 0 && t.seen == t.lot;
  if (whole)
    s.verdict =
        (double)t.defective <= plan->acceptable * (double)t.lot ? CR_SAMPLING_ACCEPT : CR_SAMPLING_REJECT;
  json_object_set_new(row, "single_sample", json_integer((json_int_t)single));
  json_object_set_new(row, "accept_up_to", json_integer((json_int_t)most));
  json_object_set_new(row, "accept_at", s.accept_at < 0 ? json_null() : json_integer(s.accept_at));
  json_object_set_new(row, "reject_at", json_integer(s.reject_at));
  json_object_set_new(row, "clean_needed", json_integer(MIN(s.least, (gint64)t.lot)));
  json_object_set_new(row, "verdict", json_string(t.lot ? verdicts[s.verdict] : "no such note"));
  return row;
}

static json_t *
describe_label(const Review *v, const CrGuidelinesLabel *label)
{
  Tally t = {0};
  for (guint i = 0; i < v->d->notes->len; i++) {
    const CrQualityNote *n = v->d->notes->pdata[i];
    if (is_in_batch(v, n) && g_hash_table_contains(n->labels, label->name))
      tally_note(v, n, &t);
  }
  json_t *row = json_pack("{s:s, s:s, s:b}", "batch", v->batch->name, "label", label->name, "critical",
                          (int)label->critical);
  put_rate(row, &t);
  return row;
}

static gboolean
describe_batch(const CrQualityData *d, const char *name, const CrGuidelines *g, json_t *by_class,
               json_t *by_label, GError **error)
{
  g_autoptr(GHashTable) states = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr(CrBatchRow) batch = cr_labels_load_batch(d->p->work, name, error);
  if (!batch || !cr_labels_list_quality(d->p->work, name, batch->round, quality_cb, states, error))
    return FALSE;
  Review v = {d, states, batch, NULL};
  for (guint i = 0; i < G_N_ELEMENTS(classes); i++)
    json_array_append_new(by_class, describe_class(&v, classes[i].name, classes[i].critical, g));
  const GPtrArray *labels = cr_guidelines_labels(g);
  for (guint i = 0; i < labels->len; i++)
    json_array_append_new(by_label, describe_label(&v, labels->pdata[i]));
  return TRUE;
}

json_t *
cr_quality_review(const CrQualityData *d, GError **error)
{
  g_autoptr(json_t) by_class = json_array(), by_label = json_array();
  g_autoptr(GPtrArray) names = cr_labels_batch_names(d->p->work, error);
  g_autoptr(CrGuidelines) g = names && names->len ? cr_reading_guidelines(d->p, -1, error) : NULL;
  if (!names || (names->len && !g))
    return NULL;
  for (guint i = 0; i < names->len; i++)
    if (!describe_batch(d, names->pdata[i], g, by_class, by_label, error))
      return NULL;
  return json_pack("{s:O, s:O}", "classes", by_class, "labels", by_label);
}
