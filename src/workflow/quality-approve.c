/* quality-approve.c: the signature over a batch. What is signed is the hash of every note's final set; the
 * export gives out nothing else. */
#include "workflow/reading-private.h"

#include <string.h>

typedef struct {
  CrProject *p;
  GHashTable *cache;
  CrBatchRow *batch;
  GChecksum *sum;
} Approval;

static gboolean held(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

static gboolean
held(GError **error, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  g_autofree char *message = g_strdup_vprintf(format, arguments);
  va_end(arguments);
  g_set_error_literal(error, CR_ERROR, CR_ERROR_WRONG_STATE, message);
  return FALSE;
}

static gboolean
check_notes(const Approval *a, GError **error)
{
  g_autoptr(GError) local = NULL;
  const char *name = a->batch->name;
  /* Where a new version of the guidelines reopened some notes, the others are still approved. */
  static const char *const settled[] = {"resolved", "reviewed", "approved", "exported"};
  gint64 all = cr_labels_batch_count(a->p->work, name, NULL, &local), ready = 0;
  for (guint i = 0; i < G_N_ELEMENTS(settled) && !local; i++)
    ready += cr_labels_batch_count(a->p->work, name, settled[i], &local);
  if (local) {
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
  }
  if (all > 0 && ready == all)
    return TRUE;
  return held(error, "batch '%s': %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " notes are not resolved", name,
              all - ready, all);
}

static gboolean
check_sample(const Approval *a, GError **error)
{
  g_autoptr(GError) local = NULL;
  CrDb *work = a->p->work;
  const char *name = a->batch->name;
  gint64 round = a->batch->round, all = cr_labels_count_quality(work, name, round, NULL, &local),
         ok = cr_labels_count_quality(work, name, round, "ok", &local),
         flags = cr_labels_count_quality(work, name, round, "flag", &local);
  if (local) {
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
  }
  if (flags > 0)
    return held(error, "batch '%s': %" G_GINT64_FORMAT " quality flags are open", name, flags);
  if (all == 0)
    return held(error, "batch '%s': its quality sample has not been drawn", name);
  if (ok < all)
    return held(error,
                "batch '%s': %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " sampled notes are not looked at",
                name, all - ok, all);
  return TRUE;
}

/* ---- signing ---- */

static gboolean
fix_note(Approval *a, const char *note, GError **error)
{
  g_auto(CrFinal) final = {0};
  if (!cr_final_load(a->p, a->cache, note, &final, error) ||
      !cr_labels_set_note_sha(a->p->work, note, final.sha256, error))
    return FALSE;
  g_checksum_update(a->sum, (const guchar *)note, (gssize)strlen(note));
  g_checksum_update(a->sum, (const guchar *)" ", 1);
  g_checksum_update(a->sum, (const guchar *) final.sha256, -1);
  g_checksum_update(a->sum, (const guchar *)"\n", 1);
  g_autofree char *state = cr_documents_get_state(a->p->work, note, error);
  if (!state)
    return FALSE;
  if (g_str_equal(state, "approved") || g_str_equal(state, "exported"))
    return TRUE;
  if (!g_str_equal(state, "reviewed") &&
      !cr_reading_move(a->p, CR_ROLE_SENIOR, note, "reviewed", "the batch's sample was found ok", error))
    return FALSE;
  return cr_reading_move(a->p, CR_ROLE_SENIOR, note, "approved", NULL, error);
}

static gboolean
sign_batch(Approval *a, GError **error)
{
  g_autofree char *sha = g_strdup(g_checksum_get_string(a->sum));
  g_autofree char *signature =
      cr_project_sign(a->p, "the findings of this batch were sampled, found right, and are approved", sha);
  CrBatchRow row = *a->batch;
  row.sha256 = sha;
  row.signature = signature;
  g_autofree char *object = g_strconcat("batch:", row.name, NULL);
  cr_tx_event(a->p, CR_ROLE_SENIOR, "batch.approved", object, NULL, sha, NULL);
  return cr_labels_put_batch(a->p->work, &row, error);
}

static gboolean
approve(Approval *a, GError **error)
{
  g_autoptr(GPtrArray) notes = NULL;
  if (!cr_reading_settle(a->p, a->cache, CR_ROLE_SENIOR, a->batch->name, NULL, error) ||
      !check_notes(a, error) || !check_sample(a, error) ||
      !(notes = cr_labels_batch_notes(a->p->work, a->batch->name, NULL, error)))
    return FALSE;
  for (guint i = 0; i < notes->len; i++)
    if (!fix_note(a, notes->pdata[i], error))
      return FALSE;
  return sign_batch(a, error);
}

static json_t *
report(CrProject *p, const char *name, GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autoptr(CrBatchRow) batch = cr_labels_load_batch(p->work, name, error);
  if (!batch)
    return NULL;
  gint64 notes = cr_labels_batch_count(p->work, name, NULL, &local),
         sampled = cr_labels_count_quality(p->work, name, batch->round, NULL, &local);
  g_autoptr(json_t) signature = cr_json_parse(batch->signature, strlen(batch->signature), error);
  if (!signature)
    return NULL;
  return json_pack("{s:s, s:I, s:I, s:s, s:O}", "batch", name, "notes", (json_int_t)notes, "sampled",
                   (json_int_t)sampled, "sha256", batch->sha256, "signature", signature);
}

json_t *
cr_reading_approve(CrProject *p, const char *name, double share, GError **error)
{
  g_autoptr(GHashTable) cache = cr_guidelines_cache_new();
  g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
  if (!cr_project_require(p, CR_ROLE_SENIOR, "approving", error))
    return NULL;
  /* What the sample lacks is drawn first, and stays drawn if it holds the approval up. */
  g_autoptr(json_t) drawn = cr_reading_quality_list(p, share, error);
  g_autoptr(CrBatchRow) batch = drawn ? cr_labels_load_batch(p->work, name, error) : NULL;
  if (!batch)
    return NULL;
  if (batch->signature) {
    held(error, "batch '%s' is approved", name);
    return NULL;
  }
  Approval a = {p, cache, batch, sum};
  if (!cr_tx_begin(p, error) || !cr_reading_end(p, approve(&a, error), error))
    return NULL;
  return report(p, name, error);
}
