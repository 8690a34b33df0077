/* review-load.c: see review-load.h. */
#include "workflow/review-load.h"
#include "store/documents.h"
#include "store/review.h"

void
cr_review_note_free(CrReviewNote *n)
{
  if (!n)
    return;
  g_free(n->note);
  g_free(n->batch);
  g_free(n->state);
  g_clear_pointer(&n->text, cr_text_unref);
  json_decref(n->candidates);
  g_clear_pointer(&n->reviewers, g_ptr_array_unref);
  g_clear_pointer(&n->decisions, g_ptr_array_unref);
  g_free(n);
}

static gboolean
load_decisions(CrProject *p, CrReviewNote *n, const char *reviewer, GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autoptr(json_t) json = cr_original_load_json(p, n->note, "decisions", reviewer, &local);
  if (local) {
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
  }
  CrDecisions *d = cr_decisions_new(cr_candidates_from_json(n->candidates));
  g_ptr_array_add(n->reviewers, g_strdup(reviewer));
  g_ptr_array_add(n->decisions, d);
  return cr_decisions_restore(d, json_is_null(json) ? NULL : json, error);
}

static gboolean
load_reviewers(CrProject *p, CrReviewNote *n, const char *only, GError **error)
{
  if (only)
    return load_decisions(p, n, only, error);
  g_auto(GStrv) all = cr_review_reviewers(p->work, n->note, error);
  if (!all)
    return FALSE;
  for (guint i = 0; all[i]; i++)
    if (!load_decisions(p, n, all[i], error))
      return FALSE;
  return TRUE;
}

CrReviewNote *
cr_review_note_load(CrProject *p, const char *note, const char *only, GError **error)
{
  g_autoptr(CrReviewNote) n = g_new0(CrReviewNote, 1);
  g_autoptr(GError) local = NULL;
  n->note = g_strdup(note);
  n->reviewers = g_ptr_array_new_with_free_func(g_free);
  n->decisions = g_ptr_array_new_with_free_func((GDestroyNotify)cr_decisions_free);
  n->state = cr_documents_get_state(p->work, note, error);
  n->batch = n->state ? cr_documents_batch_of(p->work, note, error) : NULL;
  n->text = n->batch ? cr_original_load_text(p, note, error) : NULL;
  if (!n->text)
    return NULL;
  n->candidates = cr_original_load_json(p, note, "spans", NULL, &local);
  if (!n->candidates) {
    if (!local)
      g_set_error(&local, CR_ERROR, CR_ERROR_WRONG_STATE, "note %s: the detectors have not looked at it",
                  note);
    g_propagate_error(error, g_steal_pointer(&local));
    return NULL;
  }
  return load_reviewers(p, n, only, error) ? g_steal_pointer(&n) : NULL;
}

CrPolicy *
cr_project_policy(CrProject *p, GError **error)
{
  g_autofree char *name = cr_db_dup_meta(p->work, "policy", NULL);
  return cr_policy_load(NULL, name ? name : "safe-harbor", error);
}

guint
cr_project_reviewers(CrProject *p)
{
  guint set = (guint)cr_project_setting(p, "reviewers", 0);
  if (set)
    return set;
  g_auto(GStrv) members = cr_keyring_members(p->keyring);
  guint active = 0;
  for (guint i = 0; members[i]; i++)
    active += cr_keyring_roles(p->keyring, members[i]) != 0 && !cr_keyring_is_locked(p->keyring, members[i]);
  return active == 1 ? 1 : 2;
}

gboolean
cr_review_is_unblinded(CrProject *p, const char *batch, const char *state, GError **error)
{
  g_auto(GStrv) stale = NULL;
  g_auto(GStrv) current = cr_review_signers(p->work, batch, &stale, error);
  if (!current)
    return FALSE;
  const char *me = cr_project_member(p);
  gboolean returned = g_str_equal(state, "leak"); /* read anew: what was signed before says nothing of it */
  gboolean mine = g_strv_contains((const char *const *)current, me) ||
                  (!returned && g_strv_contains((const char *const *)stale, me));
  return mine && g_strv_length(current) + (returned ? 0 : g_strv_length(stale)) >= cr_project_reviewers(p);
}

gboolean
cr_review_count_disputes(CrProject *p, const char *note, const CrPolicy *policy, guint *n, GError **error)
{
  g_autoptr(CrReviewNote) r = cr_review_note_load(p, note, NULL, error);
  if (!r)
    return FALSE;
  g_autoptr(GArray) disputes = g_array_new(FALSE, FALSE, sizeof(guint));
  g_autoptr(GArray) joined =
      cr_decisions_join((CrDecisions *const *)r->decisions->pdata, r->decisions->len, policy, disputes);
  *n = disputes->len;
  return cr_documents_set_counts(p->work, note, -1, disputes->len, error);
}
