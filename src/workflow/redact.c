/* redact.c: clears the notes that gate G1 lets through. The original stays in the vault with the map and the
 * log; the cleared text goes to work.db. */
#include <chartroom/privacy.h>

#include <chartroom/utility.h>

#include "store/documents.h"
#include "store/review.h"
#include "workflow/capture.h"
#include "workflow/review-load.h"
#include "workflow/surrogates.h"

typedef struct {
  CrProject *p;
  CrPolicy *policy;
  CrUtility *utility;
  CrProjectSurrogates *surrogates; /* NULL: tags */
  guint64 *by_kind;
  guint64 n_cleared, n_all;
  guint in_tx;
  CrProgressFunc progress;
  gpointer user_data;
} Clearing;

#define NOTES_A_TRANSACTION 200

static json_t *
item_json(const CrRedactionItem *item)
{
  return json_pack("{s:I, s:I, s:I, s:I, s:s, s:i, s:s?}", "old_start", (json_int_t)item->edit.old_start,
                   "old_end", (json_int_t)item->edit.old_end, "new_start", (json_int_t)item->edit.new_start,
                   "new_end", (json_int_t)item->edit.new_end, "kind", cr_phi_kind_name(item->kind), "action",
                   (int)item->action, "rule", item->rule);
}

/* The redaction log and the map, kept for ever in the vault. */
static gboolean
keep_log(CrProject *p, const char *note, const CrRedaction *redaction, const CrPolicy *policy, GError **error)
{
  g_autoptr(GBytes) map = cr_offset_map_serialise(redaction->map);
  g_autofree char *base64 = g_base64_encode(g_bytes_get_data(map, NULL), g_bytes_get_size(map));
  json_t *items = json_array();
  for (guint i = 0; i < redaction->log->len; i++)
    json_array_append_new(items, item_json(&g_array_index(redaction->log, CrRedactionItem, i)));
  g_autoptr(json_t) json = json_pack("{s:s, s:s, s:s, s:o}", "policy", cr_policy_name(policy), "version",
                                     cr_policy_version(policy), "map", base64, "items", items);
  return cr_original_put_json(p, note, "redaction", NULL, json, NULL, error);
}

static char *
count_kinds(Clearing *c, const CrRedaction *redaction)
{
  guint64 n[CR_PHI_N_KINDS] = {0};
  g_autoptr(GString) s = g_string_new("{");
  for (guint i = 0; i < redaction->log->len; i++)
    n[g_array_index(redaction->log, CrRedactionItem, i).kind]++;
  for (guint k = 0; k < CR_PHI_N_KINDS; k++) {
    c->by_kind[k] += n[k];
    if (n[k])
      g_string_append_printf(s, "%s\"%s\":%" G_GUINT64_FORMAT, s->len > 1 ? "," : "",
                             cr_phi_kind_name((CrPhiKind)k), n[k]);
  }
  return g_strdup(g_string_append_c(s, '}')->str);
}

/* Who found what before they knew of each other, where two read the note to its end: counts by kind. */
static json_t *
count_found(Clearing *c, const CrReviewNote *n, const GArray *spans, GError **error)
{
  CrCaptureKinds kinds = {0};
  for (guint r = 0; r < 2; r++)
    if (n->decisions->len < 2 || !cr_review_is_complete(c->p->work, n->note, n->reviewers->pdata[r], NULL))
      return json_null();
  return cr_capture_note(n->decisions->pdata[0], n->decisions->pdata[1], spans, c->policy, &kinds, error)
             ? cr_capture_to_json(&kinds)
             : NULL;
}

/* How many clinical words there were, and how many of them were masked: counts, no words. */
static json_t *
count_clinical(Clearing *c, const CrReviewNote *n, const CrRedaction *redaction)
{
  CrUtilityCounts counts = {0};
  guint64 all = 0, masked = 0;
  g_autoptr(GArray) spans = g_array_new(FALSE, FALSE, sizeof(CrSpan));
  for (guint i = 0; i < redaction->log->len; i++) {
    CrEdit edit = g_array_index(redaction->log, CrRedactionItem, i).edit;
    CrSpan span = {edit.old_start, edit.old_end};
    g_array_append_val(spans, span);
  }
  cr_utility_add(c->utility, n->text, spans, &counts);
  for (guint i = 0; i < CR_UTILITY_N_CLASSES; i++) {
    all += counts.all[i];
    masked += counts.masked[i];
  }
  return json_pack("[I, I]", (json_int_t)all, (json_int_t)masked);
}

/* What review came to, for the dataset card and the estimate of what is left. */
static gboolean
record_review(Clearing *c, const CrReviewNote *n, const GArray *spans, const CrRedaction *redaction,
              const char *object, GError **error)
{
  guint kept, only_people;
  g_autoptr(json_t) found = count_found(c, n, spans, error);
  if (!found)
    return FALSE;
  cr_decisions_count((CrDecisions *const *)n->decisions->pdata, n->decisions->len, &kept, &only_people);
  g_autoptr(json_t) json = json_pack("{s:i, s:i, s:i}", "kept", (int)kept, "added", (int)only_people,
                                     "reviewers", (int)n->decisions->len);
  if (json_is_object(found))
    json_object_set(json, "found", found);
  json_object_set_new(json, "clinical", count_clinical(c, n, redaction));
  g_autofree char *counts = cr_json_dump(json);
  cr_tx_event(c->p, CR_ROLE_PRIVACY, "review.closed", object, NULL, counts, NULL);
  return TRUE;
}

static gboolean
keep_surrogates(Clearing *c, const CrReviewNote *n, const GArray *spans, CrSurrogates *map,
                const CrRedaction *redaction, GError **error)
{
  g_autoptr(CrRedaction) tagged = cr_phi_redact(c->policy, n->text, spans, error);
  return tagged && cr_project_surrogates_keep(c->surrogates, n->note, map, redaction, tagged, error);
}

static gboolean
write_cleared(Clearing *c, const CrReviewNote *n, const GArray *spans, CrSurrogates *map,
              const CrRedaction *redaction, GError **error)
{
  CrProject *p = c->p;
  g_autofree char *sha =
      cr_sha256_hex(cr_text_bytes(redaction->text), cr_text_length(redaction->text, CR_UNIT_BYTE));
  g_autofree char *kinds = count_kinds(c, redaction), *object = g_strconcat("note:", n->note, NULL);
  if (!p->in_tx && !cr_tx_begin(p, error))
    return FALSE;
  if (!record_review(c, n, spans, redaction, object, error))
    return FALSE;
  cr_tx_event(p, CR_ROLE_PRIVACY, "note.cleared", object, n->state, kinds, cr_policy_version(c->policy));
  return keep_log(p, n->note, redaction, c->policy, error) &&
         cr_review_scan_clear_note(p->work, n->note, error) &&
         (!map || keep_surrogates(c, n, spans, map, redaction, error)) &&
         cr_documents_set_cleared(p->work, n->note, redaction->text, sha, error) &&
         cr_documents_set_state(p->work, n->note, "cleared", error);
}

static gboolean
clear_note(Clearing *c, const char *note, GError **error)
{
  g_autoptr(CrReviewNote) n = cr_review_note_load(c->p, note, NULL, error);
  if (!n)
    return FALSE;
  g_autoptr(GArray) disputes = g_array_new(FALSE, FALSE, sizeof(guint));
  g_autoptr(GArray) spans =
      cr_decisions_join((CrDecisions *const *)n->decisions->pdata, n->decisions->len, c->policy, disputes);
  if (disputes->len > 0) {
    g_set_error(error, CR_ERROR, CR_ERROR_GATE_CLEAR, "note %s: %u identifiers are in dispute", note,
                disputes->len);
    return FALSE;
  }
  CrSurrogates *map = c->surrogates ? cr_project_surrogates_for(c->surrogates, note, error) : NULL;
  if (c->surrogates && !map)
    return FALSE;
  g_autoptr(CrRedaction) redaction = cr_phi_redact_with(c->policy, map, n->text, spans, error);
  if (!redaction || !write_cleared(c, n, spans, map, redaction, error))
    return FALSE;
  c->n_cleared++;
  if (c->progress)
    c->progress("notes", c->n_cleared, c->n_all, c->user_data);
  return ++c->in_tx % NOTES_A_TRANSACTION != 0 || cr_tx_commit(c->p, error);
}

static const char *const clearable[] = {"detected", "review", "leak"};

static gint64
n_clearable(CrProject *p, const char *batch, GError **error)
{
  gint64 n = 0;
  for (guint s = 0; s < G_N_ELEMENTS(clearable); s++)
    n += cr_documents_count(p->work, clearable[s], batch, error);
  return n;
}

static gboolean
clear_batch(Clearing *c, const char *batch, GError **error)
{
  for (guint s = 0; s < G_N_ELEMENTS(clearable); s++) {
    g_autoptr(GPtrArray) notes = cr_documents_ids(c->p->work, clearable[s], batch, error);
    for (guint i = 0; notes && i < notes->len; i++)
      if (!clear_note(c, notes->pdata[i], error))
        return FALSE;
    if (!notes)
      return FALSE;
  }
  return TRUE;
}

/* Opens G1 for the batch or says in held why it stays shut. */
static gboolean
try_batch(Clearing *c, const char *batch, json_t *held, GError **error)
{
  g_autoptr(GError) local = NULL;
  gint64 n = n_clearable(c->p, batch, &local) + cr_documents_count(c->p->work, "imported", batch, &local);
  g_autofree char *why = local || n == 0 ? NULL : cr_gate_clear_missing(c->p, batch, &local);
  if (local) {
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
  }
  if (n == 0)
    return TRUE;
  if (why && !cr_gate_overridden(c->p, "G1", batch)) {
    json_array_append_new(held, json_pack("{s:s, s:s, s:I, s:s}", "gate", "G1", "batch", batch, "notes",
                                          (json_int_t)n, "why", why));
    return TRUE;
  }
  return clear_batch(c, batch, error);
}

static gboolean
clear_batches(Clearing *c, const char *only, json_t *held, GError **error)
{
  g_autoptr(GPtrArray) batches = cr_documents_batches(c->p->work, error);
  if (!batches)
    return FALSE;
  if (only && !g_ptr_array_find_with_equal_func(batches, only, g_str_equal, NULL)) {
    g_set_error(error, CR_ERROR, CR_ERROR_NOT_FOUND, "there is no import batch %s", only);
    return FALSE;
  }
  for (guint i = 0; i < batches->len; i++)
    if ((!only || g_str_equal(only, batches->pdata[i])) && !try_batch(c, batches->pdata[i], held, error))
      return FALSE;
  return !c->p->in_tx || cr_tx_commit(c->p, error);
}

/* The project's policy is set by the first clearing and stays; another one later would mix two kinds of
 * cleared text. */
static gboolean
set_policy(CrProject *p, const char *name, GError **error)
{
  g_autofree char *now = cr_db_dup_meta(p->work, "policy", NULL);
  if (!name || g_strcmp0(name, now) == 0)
    return TRUE;
  if (now) {
    g_set_error(error, CR_ERROR, CR_ERROR_BAD_POLICY, "the project's policy is %s and stays", now);
    return FALSE;
  }
  g_autoptr(CrPolicy) policy = cr_policy_load(NULL, name, error);
  if (!policy || !cr_tx_begin(p, error))
    return FALSE;
  cr_tx_event(p, CR_ROLE_PRIVACY, "policy.chosen", "project", now, name, NULL);
  if (cr_db_set_meta(p->work, "policy", name, error) && cr_tx_commit(p, error))
    return TRUE;
  cr_tx_rollback(p);
  return FALSE;
}

/* Tags or surrogates: chosen before the first clearing, or else as the policy says. */
static gboolean
replaces(CrProject *p, const CrPolicy *policy)
{
  g_autofree char *chosen = cr_db_dup_meta(p->work, "replace", NULL);
  return chosen ? g_str_equal(chosen, "surrogate") : cr_policy_replaces(policy);
}

/* Notes whose cleared text exists, or existed. */
static gboolean
has_cleared(CrProject *p)
{
  gint64 n =
      cr_documents_count(p->work, NULL, NULL, NULL) - cr_documents_count(p->work, "imported", NULL, NULL);
  for (guint s = 0; s < G_N_ELEMENTS(clearable); s++)
    n -= cr_documents_count(p->work, clearable[s], NULL, NULL);
  return n > 0 || cr_documents_count(p->work, "leak", NULL, NULL) > 0;
}

gboolean
cr_project_choose_replacement(CrProject *p, const char *replace, GError **error)
{
  if (!cr_project_require(p, CR_ROLE_PRIVACY, "choosing how identifiers are replaced", error))
    return FALSE;
  if (!g_str_equal(replace, "tag") && !g_str_equal(replace, "surrogate")) {
    g_set_error(error, CR_ERROR, CR_ERROR_USAGE, "--replace takes tag or surrogate");
    return FALSE;
  }
  g_autofree char *now = cr_db_dup_meta(p->work, "replace", NULL);
  if (g_strcmp0(replace, now) == 0)
    return TRUE;
  if (now || has_cleared(p)) {
    g_set_error(error, CR_ERROR, CR_ERROR_BAD_POLICY,
                "notes of the project were cleared by %s, and the rest will be",
                now ? now : "the policy's own way");
    return FALSE;
  }
  if (!cr_tx_begin(p, error))
    return FALSE;
  cr_tx_event(p, CR_ROLE_PRIVACY, "replacement.chosen", "project", NULL, replace, NULL);
  if (cr_db_set_meta(p->work, "replace", replace, error) && cr_tx_commit(p, error))
    return TRUE;
  cr_tx_rollback(p);
  return FALSE;
}

json_t *
cr_project_redact(CrProject *p, const char *policy_name, const char *batch, CrProgressFunc progress,
                  gpointer user_data, GError **error)
{
  guint64 by_kind[CR_PHI_N_KINDS] = {0};
  if (!cr_project_require(p, CR_ROLE_PRIVACY, "clearing", error) ||
      !cr_project_require_vault(p, "clearing", error) || !set_policy(p, policy_name, error))
    return NULL;
  g_autoptr(CrPolicy) policy = cr_project_policy(p, error);
  g_autoptr(CrUtility) utility = policy ? cr_utility_new(NULL, NULL, error) : NULL;
  g_autoptr(json_t) held = json_array();
  gboolean replace = utility && replaces(p, policy);
  g_autoptr(CrProjectSurrogates) surrogates = replace ? cr_project_surrogates_new(p, error) : NULL;
  if (!utility || (replace && !surrogates))
    return NULL;
  Clearing c = {.p = p,
                .policy = policy,
                .utility = utility,
                .surrogates = surrogates,
                .by_kind = by_kind,
                .progress = progress,
                .user_data = user_data};
  c.n_all = (guint64)n_clearable(p, batch, NULL);
  if (!clear_batches(&c, batch, held, error)) {
    cr_tx_rollback(p);
    return NULL;
  }
  json_t *kinds = json_object();
  for (guint k = 0; k < CR_PHI_N_KINDS; k++)
    if (by_kind[k])
      json_object_set_new(kinds, cr_phi_kind_name((CrPhiKind)k), json_integer((json_int_t)by_kind[k]));
  return json_pack("{s:I, s:O, s:s, s:s, s:s, s:o}", "cleared", (json_int_t)c.n_cleared, "held", held,
                   "replace", replace ? "surrogate" : "tag", "policy", cr_policy_name(policy), "version",
                   cr_policy_version(policy), "by_kind", kinds);
}
