/* review.c: deciding, signing and gate G1. What one reviewer decides stays hidden from the others until all
 * who must have signed. */
#include <chartroom/privacy.h>

#include "store/documents.h"
#include "store/review.h"
#include "workflow/review-load.h"

#include <string.h>

const char *
cr_review_statement(void)
{
  return "I have read every note of this batch to its end. I have no actual knowledge that the information "
         "left in "
         "them could be used, alone or together with other information, to identify a person who is a "
         "subject of it.";
}

/* States in which decisions may be made. */
static gboolean
is_open(const char *state)
{
  static const char *const open[] = {"detected", "review", "leak", NULL};
  return g_strv_contains(open, state);
}

gboolean
cr_note_forget_reviews(CrProject *p, const char *note, GError **error)
{
  g_auto(GStrv) reviewers = cr_review_reviewers(p->work, note, error);
  g_autoptr(json_t) nothing = json_null();
  if (!reviewers)
    return FALSE;
  for (guint i = 0; reviewers[i]; i++)
    if (!cr_original_put_json(p, note, "decisions", reviewers[i], nothing, NULL, error))
      return FALSE;
  return cr_review_forget(p->work, note, error);
}

gboolean
cr_note_return_to_review(CrProject *p, CrRole role, const char *note, const char *reason, GError **error)
{
  g_autofree char *object = g_strconcat("note:", note, NULL),
                  *old = cr_documents_get_state(p->work, note, error);
  if (!old)
    return FALSE;
  if (!g_strv_contains((const char *const[]){"cleared", "assigned", "labelled", "resolved", "reviewed",
                                             "approved", "exported", NULL},
                       old)) {
    g_set_error(error, CR_ERROR, CR_ERROR_WRONG_STATE, "note %s is %s: it has not left privacy review", note,
                old);
    return FALSE;
  }
  cr_tx_event(p, role, "note.leak-reported", object, old, "leak", reason);
  return cr_review_forget(p->work, note, error) && cr_review_scan_clear_note(p->work, note, error) &&
         cr_documents_set_state(p->work, note, "leak", error);
}

/* ---- deciding ---- */

typedef struct {
  CrProject *p;
  CrPolicy *policy;
  const char *where;
  GHashTable *named;      /* note -> NamedNote */
  GPtrArray *order;       /* the same, as first named */
  GHashTable *scan_words; /* made when a line needs it */
  guint n_decisions, n_answers;
} Deciding;

/* The lines about one note. A file may name a hundred thousand notes: each is opened only while its lines are
 * applied. */
typedef struct {
  char *note;
  GArray *lines; /* guint, from 0 */
} NamedNote;

static void
named_free(gpointer item)
{
  NamedNote *n = item;
  g_free(n->note);
  g_array_unref(n->lines);
  g_free(n);
}

static gboolean
name_note(Deciding *d, const char *name, guint line, GError **error)
{
  g_autofree char *note = cr_project_resolve_note(d->p, name, error);
  if (!note)
    return FALSE;
  NamedNote *n = g_hash_table_lookup(d->named, note);
  if (!n) {
    n = g_new0(NamedNote, 1);
    n->note = g_steal_pointer(&note);
    n->lines = g_array_new(FALSE, FALSE, sizeof(guint));
    g_hash_table_insert(d->named, n->note, n);
    g_ptr_array_add(d->order, n);
  }
  g_array_append_val(n->lines, line);
  d->n_decisions++;
  return TRUE;
}

typedef struct {
  CrReviewNote *note;
  CrVerdict rest;
  const char *reason; /* borrowed from the lines */
  gboolean unblinded;
} Open;

static void
open_clear(Open *o)
{
  g_clear_pointer(&o->note, cr_review_note_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Open, open_clear)

static gboolean
open_note(Deciding *d, const char *note, Open *o, GError **error)
{
  o->note = cr_review_note_load(d->p, note, cr_project_member(d->p), error);
  if (!o->note)
    return FALSE;
  o->unblinded = cr_review_is_unblinded(d->p, o->note->batch, o->note->state, NULL);
  if (o->unblinded || g_str_equal(o->note->state, "leak")) /* from here on they know more than they read */
    cr_decisions_keep_blind(o->note->decisions->pdata[0]);
  if (is_open(o->note->state))
    return TRUE;
  g_set_error(error, CR_ERROR, CR_ERROR_WRONG_STATE, "note %s is %s: privacy review of it is not open", note,
              o->note->state);
  return FALSE;
}

static gboolean
apply_line(Open *o, const json_t *line, GError **error)
{
  const char *reason = json_string_value(json_object_get(line, "reason"));
  if (o->unblinded && !reason) {
    g_set_error(error, CR_ERROR, CR_ERROR_BAD_DECISION, "decisions after the signatures need a \"reason\"");
    return FALSE;
  }
  if (reason)
    o->reason = reason;
  return cr_decisions_apply(o->note->decisions->pdata[0], o->note->text, line, &o->rest, error);
}

/* ---- a line ---- */

static gboolean
decide_line(Deciding *d, const json_t *line, guint number, GError **error)
{
  const char *scan = json_string_value(json_object_get(line, "scan")),
             *note = json_string_value(json_object_get(line, "note"));
  if (!note)
    note = json_string_value(json_object_get(line, "id"));
  if (scan)
    return cr_review_answer_scan(d->p, &d->scan_words, line, &d->n_answers, error);
  if (note)
    return name_note(d, note, number, error);
  g_set_error(error, CR_ERROR, CR_ERROR_BAD_DECISION, "a decision names a \"note\" or a \"scan\" finding");
  return FALSE;
}

/* After the signatures: counts the disputes of the note anew and says in the trail how many were settled. */
static gboolean
recount_disputes(Deciding *d, const char *note, const char *object, const char *reason, GError **error)
{
  guint now = 0;
  gint64 before = cr_documents_n_disputes(d->p->work, note, error);
  if (!cr_review_count_disputes(d->p, note, d->policy, &now, error))
    return FALSE;
  if ((gint64)now < before) {
    g_autofree char *old = g_strdup_printf("%" G_GINT64_FORMAT, before), *new = g_strdup_printf("%u", now);
    cr_tx_event(d->p, CR_ROLE_PRIVACY, "disputes.settled", object, old, new, reason);
  }
  return TRUE;
}

static gboolean
save_note(Deciding *d, Open *o, GError **error)
{
  CrProject *p = d->p;
  const char *note = o->note->note, *me = cr_project_member(p);
  CrDecisions *mine = o->note->decisions->pdata[0];
  g_autofree char *hash = NULL, *object = g_strconcat("note:", note, NULL);
  cr_decisions_finish(mine, o->rest);
  guint undecided = cr_decisions_n_undecided(mine, d->policy);
  g_autofree char *summary =
      g_strdup_printf("%u undecided of %u, %u added", undecided, mine->candidates->len, mine->added->len);
  g_autoptr(json_t) json = cr_decisions_to_json(mine);
  cr_tx_event(p, CR_ROLE_PRIVACY, "note.decided", object, NULL, summary, o->reason);
  if (!cr_original_put_json(p, note, "decisions", me, json, &hash, error) ||
      !cr_review_set(p->work, note, me, undecided == 0, hash, error))
    return FALSE;
  if (o->unblinded && !recount_disputes(d, note, object, o->reason, error))
    return FALSE;
  return !g_str_equal(o->note->state, "detected") || cr_documents_set_state(p->work, note, "review", error);
}

static gboolean
decide_note(Deciding *d, const json_t *lines, const NamedNote *named, guint *n_complete, GError **error)
{
  g_auto(Open) o = {0};
  guint number = g_array_index(named->lines, guint, 0);
  gboolean ok = open_note(d, named->note, &o, error);
  for (guint i = 0; ok && i < named->lines->len; i++) {
    number = g_array_index(named->lines, guint, i);
    ok = apply_line(&o, json_array_get(lines, number), error);
  }
  if (!ok) {
    g_prefix_error(error, "%s:%u: ", d->where, number + 1);
    return FALSE;
  }
  if (!save_note(d, &o, error))
    return FALSE;
  *n_complete += cr_decisions_n_undecided(o.note->decisions->pdata[0], d->policy) == 0;
  return TRUE;
}

static gboolean
decide_all(Deciding *d, const json_t *lines, guint *n_complete, GError **error)
{
  size_t i;
  json_t *line;
  json_array_foreach(lines, i, line) if (!decide_line(d, line, (guint)i, error))
  {
    g_prefix_error(error, "%s:%u: ", d->where, (guint)i + 1);
    return FALSE;
  }
  for (guint j = 0; j < d->order->len; j++)
    if (!decide_note(d, lines, d->order->pdata[j], n_complete, error))
      return FALSE;
  return TRUE;
}

json_t *
cr_review_decide(CrProject *p, const json_t *lines, const char *where, GError **error)
{
  guint n_complete = 0;
  if (!cr_project_require(p, CR_ROLE_PRIVACY, "deciding", error) ||
      !cr_project_require_vault(p, "deciding", error))
    return NULL;
  g_autoptr(CrPolicy) policy = cr_project_policy(p, error);
  g_autoptr(GHashTable) named = g_hash_table_new(g_str_hash, g_str_equal);
  g_autoptr(GPtrArray) order = g_ptr_array_new_with_free_func(named_free);
  Deciding d = {.p = p, .policy = policy, .where = where, .named = named, .order = order};
  if (!policy || !cr_tx_begin(p, error))
    return NULL;
  gboolean ok = decide_all(&d, lines, &n_complete, error);
  g_clear_pointer(&d.scan_words, g_hash_table_unref);
  if (ok && p->pending->len == 0) { /* an empty file changes nothing */
    cr_tx_rollback(p);
  } else if (!ok || !cr_tx_commit(p, error)) {
    cr_tx_rollback(p);
    return NULL;
  }
  return json_pack("{s:i, s:i, s:i, s:i}", "notes", (int)order->len, "decisions", (int)d.n_decisions,
                   "complete", (int)n_complete, "answers", (int)d.n_answers);
}

/* ---- signing ---- */

static gboolean
count_batch_disputes(CrProject *p, const char *batch, guint *total, GError **error)
{
  g_autoptr(CrPolicy) policy = cr_project_policy(p, error);
  static const char *const states[] = {"detected", "review", "leak"};
  for (guint s = 0; policy && s < G_N_ELEMENTS(states); s++) {
    g_autoptr(GPtrArray) notes = cr_documents_ids(p->work, states[s], batch, error);
    for (guint i = 0; notes && i < notes->len; i++) {
      guint n = 0;
      if (!cr_review_count_disputes(p, notes->pdata[i], policy, &n, error))
        return FALSE;
      *total += n;
    }
    if (!notes)
      return FALSE;
  }
  return policy != NULL;
}

static gboolean
check_signable(CrProject *p, const char *batch, GError **error)
{
  g_autoptr(GError) local = NULL;
  gint64 n = cr_documents_count(p->work, NULL, batch, &local);
  gint64 missing = local ? 0 : cr_review_n_incomplete(p->work, batch, cr_project_member(p), &local);
  if (!local && n == 0)
    g_set_error(&local, CR_ERROR, CR_ERROR_NOT_FOUND, "there is no import batch %s", batch);
  else if (!local && missing > 0)
    g_set_error(&local, CR_ERROR, CR_ERROR_GATE_CLEAR,
                "batch %s: %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT
                " notes have candidates that you have not decided",
                batch, missing, n);
  if (!local)
    return TRUE;
  g_propagate_error(error, g_steal_pointer(&local));
  return FALSE;
}

static json_t *
strings_json(GStrv strings)
{
  json_t *list = json_array();
  for (guint i = 0; strings && strings[i]; i++)
    json_array_append_new(list, json_string(strings[i]));
  return list;
}

static gboolean
put_signature(CrProject *p, const char *batch, const char *hash, GError **error)
{
  g_autofree char *signature = cr_project_sign(p, cr_review_statement(), hash),
                  *object = g_strconcat("batch:", batch, NULL);
  cr_tx_event(p, CR_ROLE_PRIVACY, "review.signed", object, NULL, signature, NULL);
  return cr_review_put_signature(p->work, batch, cr_project_member(p), hash, signature, error);
}

/* A note in which there is nothing to decide needs no line of its own: the statement says that it was read.
 */
static gboolean
complete_empty_notes(CrProject *p, const char *batch, GError **error)
{
  static const char *const states[] = {"detected", "review", "leak"};
  g_autoptr(json_t) lines = json_array();
  g_autoptr(CrPolicy) policy = cr_project_policy(p, error);
  for (guint s = 0; policy && s < G_N_ELEMENTS(states); s++) {
    g_autoptr(GPtrArray) notes = cr_documents_ids(p->work, states[s], batch, error);
    for (guint i = 0; notes && i < notes->len; i++) {
      const char *note = notes->pdata[i];
      if (cr_review_is_complete(p->work, note, cr_project_member(p), NULL))
        continue;
      g_autoptr(CrReviewNote) n = cr_review_note_load(p, note, cr_project_member(p), error);
      if (!n)
        return FALSE;
      if (cr_decisions_n_undecided(n->decisions->pdata[0], policy) == 0)
        json_array_append_new(lines, json_pack("{s:s, s:s, s:s}", "note", note, "decision", "keep-rest",
                                               "reason", "nothing to decide"));
    }
    if (!notes)
      return FALSE;
  }
  g_autoptr(json_t) done = policy ? cr_review_decide(p, lines, "signing", error) : NULL;
  return done != NULL;
}

json_t *
cr_review_sign(CrProject *p, const char *batch, GError **error)
{
  guint disputes = 0;
  if (!cr_project_require(p, CR_ROLE_PRIVACY, "signing", error) ||
      !cr_project_require_vault(p, "signing", error) || !complete_empty_notes(p, batch, error) ||
      !check_signable(p, batch, error))
    return NULL;
  g_autofree char *hash = cr_review_batch_hash(p->work, batch, cr_project_member(p), error);
  if (!hash || !cr_tx_begin(p, error))
    return NULL;
  g_auto(GStrv) signers =
      put_signature(p, batch, hash, error) ? cr_review_signers(p->work, batch, NULL, error) : NULL;
  gboolean all = signers && g_strv_length(signers) >= cr_project_reviewers(p);
  if (!signers || (all && !count_batch_disputes(p, batch, &disputes, error)) || !cr_tx_commit(p, error)) {
    cr_tx_rollback(p);
    return NULL;
  }
  return json_pack("{s:s, s:s, s:s, s:s, s:o, s:i, s:i}", "batch", batch, "member", cr_project_member(p),
                   "statement", cr_review_statement(), "hash", hash, "signers", strings_json(signers),
                   "needed", (int)cr_project_reviewers(p), "disputes", (int)disputes);
}

/* ---- gate G1 ---- */

char *
cr_gate_clear_missing(CrProject *p, const char *batch, GError **error)
{
  g_auto(GStrv) stale = NULL;
  g_auto(GStrv) signers = cr_review_signers(p->work, batch, &stale, error);
  guint needed = cr_project_reviewers(p);
  if (!signers)
    return NULL;
  gint64 disputes = cr_review_n_disputes(p->work, batch, error);
  gint64 undetected = cr_documents_count(p->work, "imported", batch, error);
  if (undetected > 0)
    return g_strdup_printf("the detectors have not looked at %" G_GINT64_FORMAT " notes", undetected);
  if (g_strv_length(signers) < needed)
    return g_strdup_printf("signed by %u of %u privacy reviewers%s", g_strv_length(signers), needed,
                           g_strv_length(stale) ? "; decisions changed after a signature" : "");
  if (disputes > 0)
    return g_strdup_printf("%" G_GINT64_FORMAT " identifiers are removed by one reviewer and kept by another",
                           disputes);
  for (guint i = 0; signers[i]; i++) {
    gint64 open = cr_review_n_incomplete(p->work, batch, signers[i], error);
    if (open > 0)
      return g_strdup_printf("%s has not decided %" G_GINT64_FORMAT " notes", signers[i], open);
  }
  return NULL;
}
