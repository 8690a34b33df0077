/* quality.c: a senior reviewer looks at a seeded sample of each resolved batch, and signs the batch.
 *
 * The sample is the beginning of one seeded order of the batch: a larger share adds notes and never takes any
 * away. Notes with critical findings are added as their plan asks (quality-critical.c). Any note of the batch
 * may be flagged; a flag stands until the note was resolved anew and found ok. */
#include "workflow/quality-private.h"

#include <math.h>
#include <string.h>

#define DEFAULT_SHARE 0.1

typedef struct {
  CrProject *p;
  GHashTable *cache;
  double share; /* asked for; 0: as drawn, or the default */
  json_t *report;
} Quality;

static gint64
count(CrProject *p, const char *batch, const char *state, GError **error)
{
  return cr_labels_batch_count(p->work, batch, state, error);
}

/* ---- the sample ---- */

static gboolean
put_sampled(CrProject *p, const CrBatchRow *batch, const char *note, GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autofree char *state = cr_labels_quality_state(p->work, batch->name, batch->round, note, &local);
  if (local) {
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
  }
  if (state)
    return TRUE;
  CrQualityRow row = {.batch = batch->name,
                      .note = note,
                      .state = "open",
                      .round = batch->round,
                      .time_us = p->env->now_us(p->env)};
  return cr_labels_put_quality(p->work, &row, error);
}

/* Draws up to the share; changed says whether anything was written. */
static gboolean
draw_sample(Quality *q, CrBatchRow *batch, gboolean *changed, GError **error)
{
  double share = q->share > 0 ? q->share : batch->sample_share > 0 ? batch->sample_share : DEFAULT_SHARE;
  g_autoptr(GPtrArray) notes = cr_labels_batch_notes(q->p->work, batch->name, NULL, error);
  if (!notes)
    return FALSE;
  if (share <= batch->sample_share)
    return TRUE;
  gsize wanted = (gsize)ceil(share * notes->len - 1e-9);
  wanted = CLAMP(wanted, 1, notes->len);
  cr_seeded_shuffle((guint64)batch->seed + 0x9A11u + (guint64)batch->round, notes->pdata, notes->len);
  g_autoptr(GPtrArray) more = cr_quality_more_critical(q->p, q->cache, notes, wanted, error);
  for (gsize i = 0; more && i < wanted + more->len; i++)
    if (!put_sampled(q->p, batch, i < wanted ? notes->pdata[i] : more->pdata[i - wanted], error))
      return FALSE;
  if (!more)
    return FALSE;
  batch->sample_share = share;
  *changed = TRUE;
  g_autofree char *object = g_strconcat("batch:", batch->name, NULL),
                  *value = g_strdup_printf(
                      "{\"share\":%.4f,\"notes\":%zu,\"critical\":%u,\"seed\":%" G_GINT64_FORMAT "}", share,
                      wanted + more->len, more->len, batch->seed);
  cr_tx_event(q->p, CR_ROLE_SENIOR, "batch.sampled", object, NULL, value, NULL);
  return cr_labels_put_batch(q->p->work, batch, error);
}

/* ---- listing ---- */

typedef struct {
  json_t *list;
  gint64 n_flags;
} Sampled;

static gboolean
sampled_cb(const CrQualityRow *row, gpointer user_data, GError **error)
{
  Sampled *s = user_data;
  json_array_append_new(
      s->list, json_pack("{s:s, s:s, s:s?}", "note", row->note, "state", row->state, "member", row->member));
  s->n_flags += g_str_equal(row->state, "flag");
  return TRUE;
}

/* Findings and how densely they stand, so that the odd one shows. */
static gboolean
measure_note(Quality *q, json_t *row, GError **error)
{
  const char *note = cr_reading_string(row, "note");
  g_autoptr(CrText) text = cr_documents_load_cleared(q->p->work, note, error);
  g_auto(CrFinal) final = {0};
  if (!text || !cr_final_load(q->p, q->cache, note, &final, error))
    return FALSE;
  gsize n = json_array_size(json_object_get(final.set, "entities")),
        length = cr_text_length(text, CR_UNIT_CODE_POINT);
  json_object_set_new(row, "findings", json_integer((json_int_t)n));
  json_object_set_new(row, "density", json_real(length ? 1000.0 * (double)n / (double)length : 0));
  return TRUE;
}

static gboolean
list_batch(Quality *q, const CrBatchRow *batch, gint64 all, gint64 settled, GError **error)
{
  g_autoptr(json_t) sample = json_array();
  Sampled s = {sample, 0};
  if (!cr_labels_list_quality(q->p->work, batch->name, batch->round, sampled_cb, &s, error))
    return FALSE;
  json_t *row;
  gsize i;
  json_array_foreach(sample, i, row) if (!measure_note(q, row, error)) return FALSE;
  json_array_append_new(q->report, json_pack("{s:s, s:I, s:I, s:f, s:O, s:I, s:b}", "batch", batch->name,
                                             "notes", (json_int_t)all, "resolved", (json_int_t)settled,
                                             "share", batch->sample_share, "sample", sample, "flags",
                                             (json_int_t)s.n_flags, "approved", batch->signature != NULL));
  return TRUE;
}

/* Notes that are through resolution. */
static gint64
count_settled(CrProject *p, const char *batch, GError **error)
{
  static const char *const settled[] = {"resolved", "reviewed", "approved", "exported"};
  gint64 n = 0;
  for (guint i = 0; i < G_N_ELEMENTS(settled); i++)
    n += count(p, batch, settled[i], error);
  return n;
}

static gboolean
look_at_batch(Quality *q, const char *name, gboolean *changed, GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autoptr(CrBatchRow) batch = cr_labels_load_batch(q->p->work, name, error);
  gint64 passed = 0;
  if (!batch || !cr_reading_settle(q->p, q->cache, CR_ROLE_SENIOR, name, &passed, error))
    return FALSE;
  *changed = *changed || passed > 0;
  gint64 all = count(q->p, name, NULL, &local), settled = count_settled(q->p, name, &local);
  if (local) {
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
  }
  if (all > 0 && settled == all)
    return (batch->signature || draw_sample(q, batch, changed, error)) &&
           list_batch(q, batch, all, settled, error);
  json_array_append_new(q->report,
                        json_pack("{s:s, s:I, s:I, s:f, s:[], s:i}", "batch", name, "notes", (json_int_t)all,
                                  "resolved", (json_int_t)settled, "share", 0.0, "sample", "flags", 0));
  return TRUE;
}

static gboolean
check_share(double share, GError **error)
{
  if (share >= 0 && share <= 1)
    return TRUE;
  g_set_error(error, CR_ERROR, CR_ERROR_USAGE, "the sample is a share of the notes, up to 100%%");
  return FALSE;
}

json_t *
cr_reading_quality_list(CrProject *p, double share, GError **error)
{
  g_autoptr(GHashTable) cache = cr_guidelines_cache_new();
  g_autoptr(json_t) report = json_array();
  Quality q = {p, cache, share, report};
  gboolean changed = FALSE, ok = TRUE;
  if (!cr_project_require(p, CR_ROLE_SENIOR, "quality review", error) || !check_share(share, error))
    return NULL;
  g_autoptr(GPtrArray) names = cr_labels_batch_names(p->work, error);
  if (!names || !cr_tx_begin(p, error))
    return NULL;
  for (guint i = 0; ok && i < names->len; i++)
    ok = look_at_batch(&q, names->pdata[i], &changed, error);
  if (ok && !changed)
    cr_tx_rollback(p); /* nothing was written: there is nothing to tell */
  else if (!cr_reading_end(p, ok, error))
    return NULL;
  return g_steal_pointer(&report);
}

/* ---- deciding ---- */

static GBytes *
seal_reason(CrProject *p, const char *note, const char *reason, GError **error)
{
  const char *me = cr_project_member(p);
  g_autoptr(CrKey) key = cr_reading_key(p, me, error);
  g_autofree char *aad = g_strdup_printf("quality:%s:%s", note, me);
  return key ? cr_seal(p->env, key, aad, reason, strlen(reason)) : NULL;
}

static gboolean
put_decision(CrProject *p, const CrBatchRow *batch, const char *note, const char *decision,
             const char *reason, GError **error)
{
  g_autoptr(GBytes) box = reason ? seal_reason(p, note, reason, error) : NULL;
  if (reason && !box)
    return FALSE;
  CrQualityRow row = {.batch = batch->name,
                      .note = note,
                      .state = decision,
                      .member = cr_project_member(p),
                      .round = batch->round,
                      .time_us = p->env->now_us(p->env),
                      .box = box};
  if (!cr_labels_put_quality(p->work, &row, error))
    return FALSE;
  g_autofree char *object = cr_reading_object(note);
  cr_tx_event(p, CR_ROLE_SENIOR, g_str_equal(decision, "ok") ? "quality.ok" : "quality.flag", object, NULL,
              batch->name, NULL);
  g_autofree char *now = cr_documents_get_state(p->work, note, error);
  const char *next = g_str_equal(decision, "ok") ? "reviewed" : "resolved";
  if (!now)
    return FALSE;
  return g_str_equal(now, next) || cr_reading_move(p, CR_ROLE_SENIOR, note, next, NULL, error);
}

static gboolean
check_decision(CrProject *p, const CrBatchRow *batch, const char *note, const char *decision,
               const char *reason, GError **error)
{
  g_autoptr(GError) local = NULL;
  gboolean ok = g_str_equal(decision, "ok");
  if (!ok && !g_str_equal(decision, "flag")) {
    g_set_error(error, CR_ERROR, CR_ERROR_BAD_DECISION, "note %s: a decision is \"ok\" or \"flag\"", note);
    return FALSE;
  }
  if (!ok && !reason) {
    g_set_error(error, CR_ERROR, CR_ERROR_BAD_DECISION, "note %s: a flag needs a \"reason\"", note);
    return FALSE;
  }
  g_autofree char *state = cr_labels_quality_state(p->work, batch->name, batch->round, note, &local);
  if (!local && !state && ok)
    g_set_error(&local, CR_ERROR, CR_ERROR_BAD_DECISION, "note %s is not in the sample of batch '%s'", note,
                batch->name);
  if (!local && ok && g_strcmp0(state, "flag") == 0)
    g_set_error(&local, CR_ERROR, CR_ERROR_BAD_DECISION, "note %s is flagged: it must be resolved anew first",
                note);
  if (!local)
    return TRUE;
  g_propagate_error(error, g_steal_pointer(&local));
  return FALSE;
}

static gboolean
decide_line(Quality *q, const json_t *line, GError **error)
{
  static const char *const decidable[] = {"resolved", "reviewed", NULL};
  const char *given = cr_reading_string(line, "note"), *reason = cr_reading_string(line, "reason");
  if (!given)
    given = cr_reading_need(line, "id", error);
  const char *decision = given ? cr_reading_need(line, "decision", error) : NULL;
  g_autofree char *note = decision ? cr_project_resolve_note(q->p, given, error) : NULL;
  if (!note || !cr_reading_in_state(q->p, note, decidable, "it is not in quality review", error))
    return FALSE;
  g_autofree char *name = cr_labels_note_batch(q->p->work, note, error);
  g_autoptr(CrBatchRow) batch = name ? cr_labels_load_batch(q->p->work, name, error) : NULL;
  if (!batch || !check_decision(q->p, batch, note, decision, reason, error) ||
      !put_decision(q->p, batch, note, decision, reason, error))
    return FALSE;
  json_array_append_new(q->report, json_pack("{s:s, s:s}", "note", note, "state", decision));
  return TRUE;
}

static gboolean
decide_lines(Quality *q, const json_t *lines, GError **error)
{
  json_t *line;
  gsize i;
  json_array_foreach((json_t *)lines, i, line) if (!decide_line(q, line, error)) return FALSE;
  return TRUE;
}

json_t *
cr_reading_quality_decide(CrProject *p, const json_t *lines, GError **error)
{
  g_autoptr(json_t) report = json_array();
  Quality q = {p, NULL, 0, report};
  if (!cr_project_require(p, CR_ROLE_SENIOR, "quality review", error))
    return NULL;
  if (json_array_size(lines) == 0)
    return g_steal_pointer(&report);
  if (!cr_tx_begin(p, error) || !cr_reading_end(p, decide_lines(&q, lines, error), error))
    return NULL;
  return g_steal_pointer(&report);
}
