/* review-view.c: what a reviewer is shown: the list of notes, one note with its candidates, the preview, the
 * findings of the export scan. Seeing an original is an event. */
#include <chartroom/privacy.h>

#include "store/documents.h"
#include "store/labels.h"
#include "store/review.h"
#include "workflow/review-load.h"

/* ---- the list ---- */

typedef struct {
  CrProject *p;
  gboolean disputed_only;
  json_t *rows;
} Listing;

static gboolean
list_cb(const CrDocumentRow *row, gpointer user_data, GError **error)
{
  Listing *l = user_data;
  if (!l->disputed_only || row->n_disputes > 0)
    json_array_append_new(l->rows,
                          json_pack("{s:s, s:s, s:s, s:s?, s:I, s:I}", "note", row->id, "batch", row->batch,
                                    "state", row->state, "type", row->type, "candidates",
                                    (json_int_t)row->n_candidates, "disputes", (json_int_t)row->n_disputes));
  return TRUE;
}

/* Puts the id that the note had in the source into row, null where its key was destroyed. */
static gboolean
put_source_id(CrProject *p, const char *note, json_t *row, GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autoptr(json_t) source = cr_original_load_source(p, note, &local);
  const char *id = json_string_value(json_object_get(source, "id"));
  if (local && !g_error_matches(local, CR_ERROR, CR_ERROR_DESTROYED)) {
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
  }
  json_object_set_new(row, "source", id ? json_string(id) : json_null());
  return TRUE;
}

/* What the reader who sent the note back found in it, as "leak". */
static gboolean
put_leak(CrProject *p, const CrReviewNote *n, json_t *row, GError **error)
{
  g_autoptr(GError) local = NULL;
  if (!g_str_equal(n->state, "leak"))
    return TRUE;
  g_autofree char *reason = cr_labels_leak_reason(p->work, n->note, &local);
  if (local) {
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
  }
  if (reason)
    json_object_set_new(row, "leak", json_string(reason));
  return TRUE;
}

static gboolean
put_complete(CrProject *p, const char *note, json_t *row, GError **error)
{
  g_autoptr(GError) local = NULL;
  gboolean complete = cr_review_is_complete(p->work, note, cr_project_member(p), &local);
  json_object_set_new(row, "complete", json_boolean(complete));
  if (local)
    g_propagate_error(error, g_steal_pointer(&local));
  return local == NULL;
}

json_t *
cr_review_list(CrProject *p, const char *batch, gboolean disputed_only, GError **error)
{
  if (!cr_project_require(p, CR_ROLE_PRIVACY, "privacy review", error) ||
      !cr_project_require_vault(p, "privacy review", error))
    return NULL;
  g_autoptr(json_t) rows = json_array();
  Listing l = {p, disputed_only, rows};
  size_t i;
  json_t *row;
  if (!cr_documents_list(p->work, NULL, batch, list_cb, &l, error))
    return NULL;
  json_array_foreach(rows, i, row)
  {
    const char *note = json_string_value(json_object_get(row, "note"));
    if (!put_source_id(p, note, row, error) || !put_complete(p, note, row, error))
      return NULL;
  }
  return g_steal_pointer(&rows);
}

/* ---- one note ---- */

static void
put_span(json_t *row, const CrText *text, CrSpan span)
{
  CrSpan cp = cr_span_to_unit(text, CR_UNIT_CODE_POINT, span);
  g_autofree char *words = cr_span_dup_text(text, span);
  json_object_set_new(row, "start", json_integer((json_int_t)cp.start));
  json_object_set_new(row, "end", json_integer((json_int_t)cp.end));
  json_object_set_new(row, "text", json_string(words));
}

static json_t *
decision_json(const CrDecision *x, const CrText *text)
{
  static const char *const names[] = {[CR_UNDECIDED] = NULL, [CR_REMOVE] = "remove", [CR_KEEP] = "keep"};
  if (!names[x->verdict])
    return json_null();
  json_t *row = json_pack("{s:s}", "decision", names[x->verdict]);
  if (x->verdict == CR_REMOVE && !x->by_added) {
    put_span(row, text, x->as.span);
    json_object_set_new(row, "kind", json_string(cr_phi_kind_name(x->as.kind)));
  }
  return row;
}

static json_t *
candidate_json(const CrReviewNote *n, guint i, const CrPolicy *policy)
{
  const CrDecisions *first = n->decisions->pdata[0];
  const CrPhiSpan *c = &g_array_index(first->candidates, CrPhiSpan, i);
  g_autofree char *id = g_strdup_printf("C%u", i + 1), *by = c->by ? g_strjoinv(", ", c->by) : g_strdup("");
  json_t *row = json_pack("{s:s}", "candidate", id), *decisions = json_object();
  put_span(row, n->text, c->span);
  json_object_set_new(row, "kind", json_string(cr_phi_kind_name(c->kind)));
  json_object_set_new(row, "score", json_real(c->score));
  json_object_set_new(row, "by", json_string(by));
  json_object_set_new(row, "needs_decision", json_boolean(cr_policy_action(policy, c->kind) != CR_PHI_KEEP));
  for (guint r = 0; r < n->decisions->len; r++) {
    const CrDecisions *d = n->decisions->pdata[r];
    json_object_set_new(decisions, n->reviewers->pdata[r],
                        decision_json(&g_array_index(d->decisions, CrDecision, i), n->text));
  }
  json_object_set_new(row, "decisions", decisions);
  return row;
}

static json_t *
added_json(const CrReviewNote *n)
{
  json_t *list = json_array();
  for (guint r = 0; r < n->decisions->len; r++) {
    const CrDecisions *d = n->decisions->pdata[r];
    for (guint i = 0; i < d->added->len; i++) {
      const CrKindSpan *k = &g_array_index(d->added, CrKindSpan, i);
      json_t *row = json_pack("{s:s, s:s}", "by", n->reviewers->pdata[r], "kind", cr_phi_kind_name(k->kind));
      put_span(row, n->text, k->span);
      json_array_append_new(list, row);
    }
  }
  return list;
}

static json_t *
note_json(const CrReviewNote *n, gboolean blind, const CrPolicy *policy)
{
  g_autofree char *text = g_strndup(cr_text_bytes(n->text), cr_text_length(n->text, CR_UNIT_BYTE));
  json_t *list = json_array();
  const CrDecisions *first = n->decisions->pdata[0];
  for (guint i = 0; i < first->candidates->len; i++)
    json_array_append_new(list, candidate_json(n, i, policy));
  return json_pack("{s:s, s:n, s:s, s:s, s:b, s:s, s:o, s:o}", "note", n->note, "source", "batch", n->batch,
                   "state", n->state, "blind", blind, "text", text, "candidates", list, "added",
                   added_json(n));
}

/* Loads the note as this member may see it, with one reviewer's decisions at least. */
static CrReviewNote *
load_for_member(CrProject *p, const char *name, gboolean *blind, GError **error)
{
  if (!cr_project_require(p, CR_ROLE_PRIVACY, "seeing an original", error) ||
      !cr_project_require_vault(p, "seeing an original", error))
    return NULL;
  g_autofree char *note = cr_project_resolve_note(p, name, error),
                  *batch = note ? cr_documents_batch_of(p->work, note, error) : NULL,
                  *state = batch ? cr_documents_get_state(p->work, note, error) : NULL;
  if (!state)
    return NULL;
  *blind = !cr_review_is_unblinded(p, batch, state, NULL);
  g_autoptr(CrReviewNote) n = cr_review_note_load(p, note, *blind ? cr_project_member(p) : NULL, error);
  if (!n || n->decisions->len > 0)
    return g_steal_pointer(&n);
  return cr_review_note_load(p, note, cr_project_member(p), error); /* nobody has decided anything of it */
}

static gboolean
record_view(CrProject *p, const char *note, const char *action, GError **error)
{
  g_autofree char *object = g_strconcat("note:", note, NULL);
  if (!cr_tx_begin(p, error))
    return FALSE;
  cr_tx_event(p, CR_ROLE_PRIVACY, action, object, NULL, NULL, NULL);
  return cr_tx_commit(p, error);
}

json_t *
cr_review_show(CrProject *p, const char *name, GError **error)
{
  gboolean blind = TRUE;
  g_autoptr(CrReviewNote) n = load_for_member(p, name, &blind, error);
  g_autoptr(CrPolicy) policy = n ? cr_project_policy(p, error) : NULL;
  g_autoptr(json_t) row = policy ? note_json(n, blind, policy) : NULL;
  if (!row || !put_source_id(p, n->note, row, error) || !put_leak(p, n, row, error) ||
      !record_view(p, n->note, "note.original-viewed", error))
    return NULL;
  return g_steal_pointer(&row);
}

json_t *
cr_review_preview(CrProject *p, const char *name, GError **error)
{
  gboolean blind = TRUE;
  g_autoptr(CrReviewNote) n = load_for_member(p, name, &blind, error);
  g_autoptr(CrPolicy) policy = n ? cr_project_policy(p, error) : NULL;
  if (!policy || !record_view(p, n->note, "note.preview-viewed", error))
    return NULL;
  g_autoptr(GArray) spans =
      cr_decisions_join((CrDecisions *const *)n->decisions->pdata, n->decisions->len, policy, NULL);
  g_autoptr(CrRedaction) redaction = cr_phi_redact(policy, n->text, spans, error);
  if (!redaction)
    return NULL;
  g_autofree char *text =
      g_strndup(cr_text_bytes(redaction->text), cr_text_length(redaction->text, CR_UNIT_BYTE));
  return json_pack("{s:s, s:s, s:s}", "note", n->note, "state", n->state, "text", text);
}
