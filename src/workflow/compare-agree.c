/* compare-agree.c: how far two readers agree, over the doubly read notes of a batch. The numbers come from
 * agreement/; here the readings are gathered, and the result is recorded as the batch's agreement. */
#include "workflow/reading-private.h"

#include <string.h>

#define COMPARERS (CR_ROLE_LEAD | CR_ROLE_SENIOR | CR_ROLE_ENGINEER)
#define N_BOOTSTRAP 2000

/* ---- the numbers ---- */

static json_t *
measure(const CrGathered *g, const GArray *chosen, const char *first, const char *second, gint64 seed,
        GError **error)
{
  g_autofree const char **names = cr_gathered_labels(g->labels);
  g_autofree const GArray **tokens = g_new0(const GArray *, chosen->len + 1);
  g_autoptr(GArray) a = cr_gathered_spans(g, chosen, 0), b = cr_gathered_spans(g, chosen, 1);
  for (guint i = 0; i < chosen->len; i++)
    tokens[i] = g->tokens->pdata[g_array_index(chosen, guint, i)];
  CrComparison comparison = {.n_documents = chosen->len,
                             .tokens = tokens,
                             .labels = names,
                             .n_labels = g_hash_table_size(g->labels),
                             .seed = (guint64)seed,
                             .n_bootstrap = N_BOOTSTRAP};
  CrLabelSet sets[2] = {{first, (const CrLabelSpan *)(gpointer)a->data, a->len},
                        {second, (const CrLabelSpan *)(gpointer)b->data, b->len}};
  return cr_agreement_spans(&comparison, sets, 2, error);
}

/* Pairs in order of codes: readers of a note are in that order too. */
static GPtrArray *
list_pairs(const CrGathered *g)
{
  g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  GPtrArray *pairs = g_ptr_array_new();
  for (guint i = 0; i < g->readings->len; i++) {
    CrReading *r = g->readings->pdata[i];
    if (g_hash_table_add(seen, g_strconcat(r->readers[0], " ", r->readers[1], NULL)))
      g_ptr_array_add(pairs, r);
  }
  return pairs;
}

static json_t *
measure_pairs(const CrGathered *g, gint64 seed, GError **error)
{
  g_autoptr(json_t) list = json_array();
  g_autoptr(GPtrArray) pairs = list_pairs(g);
  for (guint i = 0; i < pairs->len; i++) {
    const CrReading *r = pairs->pdata[i];
    g_autoptr(GArray) chosen = cr_gathered_choose(g, r->readers[0], r->readers[1]);
    json_t *metrics = measure(g, chosen, r->readers[0], r->readers[1], seed, error);
    if (!metrics)
      return NULL;
    json_object_set_new(metrics, "readers", json_pack("[s, s]", r->readers[0], r->readers[1]));
    json_object_set_new(metrics, "notes", json_integer(chosen->len));
    json_array_append_new(list, metrics);
  }
  return g_steal_pointer(&list);
}

/* Of the findings that both readers made with one label: how many have an attribute, and on how many it is
 * equal. */
static void
count_attributes(const CrReading *r, json_t *table)
{
  json_t *x, *value;
  const char *name;
  gsize i;
  json_array_foreach(json_object_get(r->sets[0], "entities"), i, x)
  {
    for (guint k = 0; k < r->groups[1]->len; k++) {
      json_t *y = json_array_get(json_object_get(r->sets[1], "entities"), k);
      if (g_array_index(r->groups[0], guint, i) != g_array_index(r->groups[1], guint, k) ||
          !json_equal(json_object_get(x, "label"), json_object_get(y, "label")))
        continue;
      json_object_foreach(json_object_get(x, "attributes"), name, value)
      {
        json_t *row = json_object_get(table, name);
        if (!row)
          json_object_set_new(table, name, row = json_pack("{s:i, s:i}", "findings", 0, "equal", 0));
        json_t *other = json_object_get(json_object_get(y, "attributes"), name);
        json_int_t equal = other && json_equal(other, value);
        json_object_set_new(row, "findings",
                            json_integer(json_integer_value(json_object_get(row, "findings")) + 1));
        json_object_set_new(row, "equal",
                            json_integer(json_integer_value(json_object_get(row, "equal")) + equal));
      }
    }
  }
}

static json_t *
attribute_table(const CrGathered *g)
{
  json_t *table = json_object(), *row;
  const char *name;
  for (guint i = 0; i < g->readings->len; i++)
    count_attributes(g->readings->pdata[i], table);
  json_object_foreach(table, name, row)
      json_object_set_new(row, "percent",
                          json_real((double)json_integer_value(json_object_get(row, "equal")) /
                                    (double)json_integer_value(json_object_get(row, "findings"))));
  return table;
}

/* ---- the record ---- */

static void
state_metric(CrProject *p, json_t *result)
{
  g_autofree char *metric = cr_agreement_metric(p);
  json_t *picked = cr_agreement_pick(json_object_get(result, "overall"), metric);
  json_t *value = json_object_get(picked, "value");
  double floor = cr_agreement_floor(p);
  json_object_set_new(result, "metric", json_string(metric));
  json_object_set_new(result, "floor", json_real(floor));
  json_object_set(result, "value", json_is_number(value) ? value : json_null());
  json_object_set(result, "low", picked ? json_object_get(picked, "low") : json_null());
  json_object_set(result, "high", picked ? json_object_get(picked, "high") : json_null());
  json_object_set_new(result, "reached",
                      json_boolean(json_is_number(value) && json_number_value(value) >= floor));
}

static json_t *
measure_batch(CrProject *p, const CrBatchRow *batch, const GPtrArray *notes, gint64 seed, GError **error)
{
  g_auto(CrGathered) g = {.p = p};
  g_autoptr(json_t) result = json_pack("{s:s, s:I, s:I, s:I, s:I}", "batch", batch->name, "round",
                                       (json_int_t)batch->round, "guidelines", (json_int_t)batch->guidelines,
                                       "seed", (json_int_t)seed, "notes", (json_int_t)notes->len);
  if (!cr_gathered_load(&g, notes, error))
    return NULL;
  g_autoptr(GArray) all = cr_gathered_choose(&g, NULL, NULL);
  json_t *overall = measure(&g, all, "first", "second", seed, error);
  if (!overall)
    return NULL;
  json_object_set_new(result, "overall", overall);
  json_t *pairs = measure_pairs(&g, seed, error);
  if (!pairs)
    return NULL;
  json_object_set_new(result, "pairs", pairs);
  json_object_set_new(result, "attributes", attribute_table(&g));
  state_metric(p, result);
  return g_steal_pointer(&result);
}

static gboolean
put_record(CrProject *p, CrRole role, const CrBatchRow *batch, gint64 seed, const json_t *result,
           GError **error)
{
  g_autofree char *inputs = cr_agreement_inputs(p, batch->name, error);
  if (!inputs)
    return FALSE;
  g_autofree char *json = cr_json_dump(result), *sha = cr_sha256_hex(json, strlen(json)),
                  *object = g_strconcat("batch:", batch->name, NULL);
  CrAgreementRow row = {.batch = batch->name,
                        .round = batch->round,
                        .guidelines = batch->guidelines,
                        .member = cr_project_member(p),
                        .time_us = p->env->now_us(p->env),
                        .seed = seed,
                        .n_notes = json_integer_value(json_object_get(result, "notes")),
                        .inputs = inputs,
                        .json = json,
                        .sha256 = sha};
  if (!cr_labels_put_agreement(p->work, &row, error))
    return FALSE;
  g_autoptr(json_t) value =
      json_pack("{s:O, s:O, s:O, s:O, s:s}", "metric", json_object_get(result, "metric"), "value",
                json_object_get(result, "value"), "notes", json_object_get(result, "notes"), "seed",
                json_object_get(result, "seed"), "sha256", sha);
  g_autofree char *said = cr_json_dump(value);
  cr_tx_event(p, role, "batch.agreement", object, NULL, said, NULL);
  return TRUE;
}

static gboolean
agree_batch(CrProject *p, CrRole role, const char *name, gint64 seed, json_t *list, GError **error)
{
  g_autoptr(CrBatchRow) batch = cr_labels_load_batch(p->work, name, error);
  g_autoptr(GPtrArray) notes = batch ? cr_labels_doubly_read(p->work, name, error) : NULL;
  if (!notes)
    return FALSE;
  if (notes->len == 0)
    return TRUE;
  gint64 used = seed >= 0 ? seed : batch->seed;
  json_t *result = measure_batch(p, batch, notes, used, error);
  if (!result)
    return FALSE;
  json_array_append_new(list, result);
  g_autoptr(GError) local = NULL;
  gint64 assigned = cr_labels_count_doubly(p->work, name, &local);
  if (local) {
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
  }
  json_object_set_new(result, "assigned", json_integer(assigned));
  return put_record(p, role, batch, used, result, error);
}

static gboolean
agree_all(CrProject *p, CrRole role, const char *batch, gint64 seed, json_t *list, GError **error)
{
  g_autoptr(GHashTable) cache = cr_guidelines_cache_new();
  g_autoptr(GPtrArray) names = cr_labels_batch_names(p->work, error);
  for (guint i = 0; names && i < names->len; i++)
    if ((!batch || g_str_equal(batch, names->pdata[i])) &&
        !agree_batch(p, role, names->pdata[i], seed, list, error))
      return FALSE;
  return names && cr_reading_settle(p, cache, role, batch, NULL, error);
}

gboolean
cr_agreement_comparable(CrProject *p, const char *batch, GError **error)
{
  g_autoptr(CrBatchRow) row = batch ? cr_labels_load_batch(p->work, batch, error) : NULL;
  if (batch && !row)
    return FALSE;
  g_autoptr(GPtrArray) notes = cr_labels_doubly_read(p->work, batch, error);
  if (!notes)
    return FALSE;
  if (notes->len > 0)
    return TRUE;
  g_set_error(error, CR_ERROR, CR_ERROR_WRONG_STATE, "%s: no note has been read to its end by two readers",
              batch ? batch : p->path);
  return FALSE;
}

json_t *
cr_reading_agree(CrProject *p, const char *batch, gint64 seed, GError **error)
{
  g_autoptr(json_t) list = json_array();
  if (!cr_project_require(p, COMPARERS, "measuring agreement", error) ||
      !cr_agreement_comparable(p, batch, error))
    return NULL;
  CrRole role = cr_reading_role(p, COMPARERS);
  if (!cr_tx_begin(p, error) || !cr_reading_end(p, agree_all(p, role, batch, seed, list, error), error))
    return NULL;
  return g_steal_pointer(&list);
}
