/* label.c: a reader at work, one operation at a time: findings, undo, done, leak reports, questions. */
#include "workflow/reading-private.h"
#include "store/review.h"

#include <string.h>

#define READERS (CR_ROLE_CLINICIAN)
#define COMPARERS (CR_ROLE_LEAD | CR_ROLE_SENIOR | CR_ROLE_ENGINEER)

static const char *const being_read[] = {"assigned", "labelled", NULL};

/* The member's journal of a note that is theirs to read now. */
CrJournal *
cr_task_open(CrProject *p, const char *note, GError **error)
{
  g_autoptr(GError) local = NULL;
  const char *me = cr_project_member(p);
  g_autofree char *state = NULL, *task = NULL;
  if (!cr_project_require(p, READERS, "reading", error) ||
      !(state = cr_documents_get_state(p->work, note, error)))
    return NULL;
  task = cr_labels_task_state(p->work, note, me, &local);
  if (!task && !local)
    g_set_error(&local, CR_ERROR, CR_ERROR_NO_TASK, "note %s is not assigned to %s", note, me);
  if (local) {
    g_propagate_error(error, g_steal_pointer(&local));
    return NULL;
  }
  if (!cr_reading_in_state(p, note, being_read, "its findings are settled", error))
    return NULL;
  return cr_journal_load(p, note, me, error);
}

gboolean
cr_task_finish(CrProject *p, const char *note, gboolean done, GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autofree char *state = cr_documents_get_state(p->work, note, error);
  if (!state || !cr_labels_set_task(p->work, note, cr_project_member(p), done ? "done" : "open",
                                    p->env->now_us(p->env), error))
    return FALSE;
  gint64 open = cr_labels_count_tasks(p->work, note, "open", &local);
  if (local) {
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
  }
  const char *new_state = open == 0 ? "labelled" : "assigned";
  return g_str_equal(state, new_state) || cr_reading_move(p, CR_ROLE_CLINICIAN, note, new_state, NULL, error);
}

/* ---- looking ---- */

/* The set with text beside each finding, under its journal ids. */
static json_t *
with_text(const CrText *text, json_t *set, GError **error)
{
  json_t *entity, *entities = json_object_get(set, "entities");
  gsize i;
  json_array_foreach(entities, i, entity)
  {
    g_autofree char *slice = cr_finding_text(text, entity, error);
    if (!slice)
      return NULL;
    json_object_set_new(entity, "text", json_string(slice));
  }
  return set;
}

json_t *
cr_reading_findings(CrProject *p, const char *note, const char *reader, GError **error)
{
  g_autofree char *code =
      reader ? cr_project_resolve_member(p, reader, error) : g_strdup(cr_project_member(p));
  g_autoptr(CrJournal) journal = code ? cr_journal_load(p, note, code, error) : NULL;
  g_autoptr(CrText) text = journal ? cr_documents_load_cleared(p->work, note, error) : NULL;
  if (!text)
    return NULL;
  g_autoptr(json_t) set = cr_journal_fold(journal);
  return with_text(text, set, error) ? g_steal_pointer(&set) : NULL;
}

static gboolean
record_view(CrProject *p, const char *note, GError **error)
{
  g_autofree char *object = cr_reading_object(note);
  if (!cr_tx_begin(p, error))
    return FALSE;
  cr_tx_event(p, CR_ROLE_CLINICIAN, "note.viewed", object, NULL, NULL, NULL);
  return cr_tx_commit(p, error);
}

json_t *
cr_reading_open_note(CrProject *p, const char *name, GError **error)
{
  g_autofree char *note = cr_project_resolve_note(p, name, error);
  g_autoptr(CrJournal) journal = note ? cr_task_open(p, note, error) : NULL;
  g_autoptr(CrText) text = journal ? cr_documents_load_cleared(p->work, note, error) : NULL;
  gint64 version;
  if (!text || !cr_gate_guidelines(p, &version, error) || !record_view(p, note, error))
    return NULL;
  g_autoptr(json_t) fold = cr_journal_fold(journal);
  if (!with_text(text, fold, error))
    return NULL;
  g_autofree char *task = cr_labels_task_state(p->work, note, cr_project_member(p), error);
  json_t *line = json_object();
  json_object_set_new(line, "id", json_string(note));
  json_object_set_new(line, "text", json_stringn(cr_text_bytes(text), cr_text_length(text, CR_UNIT_BYTE)));
  json_object_update(line, fold);
  json_object_set_new(line, "guidelines", json_integer(version));
  json_object_set_new(line, "done", json_boolean(g_strcmp0(task, "done") == 0));
  return line;
}

/* ---- one operation ---- */

static const struct {
  const char *op;
  const char *needs[3];
  const char *about; /* "entities", "relations": what "id" must name */
} kinds[] = {{"add", {"label"}, NULL},
             {"move", {"id"}, "entities"},
             {"relabel", {"id", "label"}, "entities"},
             {"set-attribute", {"id", "name"}, "entities"},
             {"remove", {"id"}, "entities"},
             {"link", {"type", "from", "to"}, NULL},
             {"unlink", {"id"}, "relations"},
             {"answer", {"question"}, NULL}};

static gboolean
check_shape(const json_t *op, const json_t *set, GError **error)
{
  const char *name = cr_reading_need(op, "op", error);
  for (guint i = 0; name && i < G_N_ELEMENTS(kinds); i++) {
    if (!g_str_equal(kinds[i].op, name))
      continue;
    for (guint k = 0; k < G_N_ELEMENTS(kinds[i].needs) && kinds[i].needs[k]; k++)
      if (!cr_reading_need(op, kinds[i].needs[k], error))
        return FALSE;
    const char *id = cr_reading_string(op, "id");
    if (!kinds[i].about || cr_set_find(set, kinds[i].about, id))
      return TRUE;
    g_set_error(error, CR_ERROR, CR_ERROR_NOT_FOUND, "there is no finding or link %s to %s", id, name);
    return FALSE;
  }
  if (name)
    g_set_error(error, CR_ERROR, CR_ERROR_USAGE, "there is no operation '%s'", name);
  return FALSE;
}

/* The operation as the journal keeps it: with an id of its own where it makes something, places in one form.
 */
static json_t *
complete_op(CrProject *p, const json_t *op, GError **error)
{
  const char *name = cr_reading_string(op, "op");
  gboolean add = g_str_equal(name, "add"), move = g_str_equal(name, "move"), link = g_str_equal(name, "link");
  g_autoptr(json_t) kept = json_deep_copy(op);
  if (add || move) {
    g_autoptr(json_t) shaped = json_deep_copy(op);
    if (move)
      json_object_set_new(shaped, "label", json_string("-"));
    g_autoptr(json_t) place = cr_finding_canonical(shaped, error);
    if (!place)
      return NULL;
    json_object_clear(kept);
    json_object_set_new(kept, "op", json_string(name));
    json_object_update(kept, place);
    if (move)
      json_object_del(kept, "label");
  }
  if (add || link) {
    g_autofree char *id = cr_random_code(p->env, add ? "F-" : "L-", 8);
    json_object_set_new(kept, "id", json_string(id));
  }
  return g_steal_pointer(&kept);
}

/* What the findings would be with the operation must lie in the text and hold to the guidelines. */
static gboolean
check_result(CrProject *p, const CrJournal *journal, GError **error)
{
  g_autoptr(CrGuidelines) g = cr_reading_guidelines(p, -1, error);
  g_autoptr(CrText) text = g ? cr_documents_load_cleared(p->work, journal->note, error) : NULL;
  if (!text)
    return FALSE;
  g_autoptr(json_t) set = cr_journal_fold(journal);
  return with_text(text, set, error) && cr_set_check(g, set, error);
}

static gboolean
put_one(CrProject *p, CrJournal *journal, const json_t *op, const char *origin, gint64 version, char **op_id,
        GError **error)
{
  g_autoptr(GChecksum) hash = g_checksum_new(G_CHECKSUM_SHA256);
  const char *id = cr_journal_put(p, journal, op, version, origin, hash, error);
  if (!id || !check_result(p, journal, error))
    return FALSE;
  g_autofree char *object = cr_reading_object(journal->note);
  g_autofree char *value = g_strdup_printf("{\"op\":\"%s\",\"guidelines\":%" G_GINT64_FORMAT
                                           ",\"origin\":\"%s\",\"sha256\":\"%s\"}",
                                           id, version, origin, g_checksum_get_string(hash));
  cr_tx_event(p, CR_ROLE_CLINICIAN, "finding.changed", object, NULL, value, NULL);
  if (op_id)
    *op_id = g_strdup(id);
  return TRUE;
}

static gboolean
check_origin(const char *origin, GError **error)
{
  static const char *const origins[] = {"hand", "suggestion", "edited", NULL};
  if (g_strv_contains(origins, origin))
    return TRUE;
  g_set_error(error, CR_ERROR, CR_ERROR_USAGE, "there is no origin '%s'", origin);
  return FALSE;
}

gboolean
cr_reading_add_op(CrProject *p, const char *note, const json_t *op, const char *origin, char **op_id,
                  char **finding, GError **error)
{
  gint64 version;
  g_autoptr(CrJournal) journal = cr_task_open(p, note, error);
  if (!journal || !check_origin(origin, error) || !cr_gate_guidelines(p, &version, error))
    return FALSE;
  g_autoptr(json_t) set = cr_journal_fold(journal);
  g_autoptr(json_t) kept = check_shape(op, set, error) ? complete_op(p, op, error) : NULL;
  g_autofree char *id = NULL;
  if (!kept || !cr_tx_begin(p, error) ||
      !cr_reading_end(p, put_one(p, journal, kept, origin, version, &id, error), error))
    return FALSE;
  if (finding)
    *finding = g_strdup(cr_reading_string(kept, "id"));
  if (op_id)
    *op_id = g_steal_pointer(&id);
  return TRUE;
}

gboolean
cr_reading_undo(CrProject *p, const char *note, const char *op_id, char **undo_id, GError **error)
{
  gint64 version;
  g_autoptr(CrJournal) journal = cr_task_open(p, note, error);
  if (!journal || !cr_gate_guidelines(p, &version, error))
    return FALSE;
  const CrJournalOp *newest = op_id ? NULL : cr_journal_newest(journal);
  const char *of = newest ? newest->id : op_id;
  if (!of || !cr_journal_stands(journal, of)) {
    g_set_error(error, CR_ERROR, CR_ERROR_NOT_FOUND, "note %s: there is nothing to take back", note);
    return FALSE;
  }
  g_autoptr(json_t) op = json_pack("{s:s, s:s}", "op", "undo", "of", of);
  return cr_tx_begin(p, error) &&
         cr_reading_end(p, put_one(p, journal, op, "hand", version, undo_id, error), error);
}

static gboolean
put_done(CrProject *p, CrJournal *journal, gboolean done, gint64 version, GError **error)
{
  g_autoptr(json_t) op = json_pack("{s:s}", "op", done ? "done" : "reopen");
  return put_one(p, journal, op, "hand", version, NULL, error) &&
         cr_task_finish(p, journal->note, done, error);
}

gboolean
cr_reading_done(CrProject *p, const char *note, gboolean done, GError **error)
{
  gint64 version;
  g_autoptr(CrJournal) journal = cr_task_open(p, note, error);
  return journal && cr_gate_guidelines(p, &version, error) && cr_tx_begin(p, error) &&
         cr_reading_end(p, put_done(p, journal, done, version, error), error);
}

/* ---- reports ---- */

static gboolean
put_leak(CrProject *p, CrRole role, const char *note, const char *reason, GError **error)
{
  g_autofree char *sha = cr_labels_cleared_sha(p->work, note, error);
  /* The reason may repeat the identifier: it stays in the encrypted store, the trail says only that there is
   * one. */
  return sha &&
         cr_labels_put_leak(p->work, note, cr_project_member(p), p->env->now_us(p->env), reason, sha,
                            error) &&
         cr_note_return_to_review(p, role, note, NULL, error);
}

gboolean
cr_reading_report_leak(CrProject *p, const char *name, const char *reason, GError **error)
{
  guint all_who_read = READERS | COMPARERS | CR_ROLE_PRIVACY;
  if (!cr_project_require(p, all_who_read, "reporting a leak", error))
    return FALSE;
  g_autofree char *note = cr_project_resolve_note(p, name, error);
  if (!note || !cr_tx_begin(p, error))
    return FALSE;
  return cr_reading_end(p, put_leak(p, cr_reading_role(p, all_who_read), note, reason, error), error);
}

static char *
bind_question(const char *id, const char *note, const char *reader)
{
  return g_strdup_printf("question:%s:%s:%s", id, note, reader);
}

gboolean
cr_question_put(CrProject *p, CrRole role, const char *prefix, const char *note, const char *question,
                gint64 guidelines, GError **error)
{
  const char *me = cr_project_member(p);
  g_autoptr(CrKey) key = cr_reading_key(p, me, error);
  if (!key)
    return FALSE;
  g_autofree char *id = cr_random_code(p->env, prefix, 8), *aad = bind_question(id, note, me);
  g_autoptr(GBytes) box = cr_seal(p->env, key, aad, question, strlen(question));
  CrQuestionRow row = {id, note, me, p->env->now_us(p->env), guidelines, box};
  if (!cr_labels_put_question(p->work, &row, error))
    return FALSE;
  g_autofree char *object = cr_reading_object(note);
  cr_tx_event(p, role, "guidelines.asked", object, NULL, id, NULL);
  return TRUE;
}

gboolean
cr_reading_ask(CrProject *p, const char *name, const char *question, GError **error)
{
  gint64 version;
  g_autofree char *note = cr_project_resolve_note(p, name, error);
  g_autoptr(CrJournal) journal = note ? cr_task_open(p, note, error) : NULL;
  return journal && cr_gate_guidelines(p, &version, error) && cr_tx_begin(p, error) &&
         cr_reading_end(p, cr_question_put(p, CR_ROLE_CLINICIAN, "Q-", note, question, version, error),
                        error);
}

typedef struct {
  CrProject *p;
  json_t *list;
} Questions;

static gboolean
question_cb(const CrQuestionRow *row, gpointer user_data, GError **error)
{
  Questions *q = user_data;
  g_autoptr(CrKey) key = cr_reading_key(q->p, row->reader, NULL);
  g_autofree char *aad = bind_question(row->id, row->note, row->reader), *time = cr_time_format(row->time_us);
  const char *from = g_str_has_prefix(row->id, "QI-") ? "insight" : "reader";
  json_t *item =
      json_pack("{s:s, s:s, s:s, s:s, s:s, s:I}", "question", row->id, "from", from, "note", row->note,
                "reader", row->reader, "time", time, "guidelines", (json_int_t)row->guidelines);
  json_array_append_new(q->list, item);
  if (!key)
    return TRUE;
  g_autoptr(GBytes) plain =
      cr_seal_open(key, aad, g_bytes_get_data(row->box, NULL), g_bytes_get_size(row->box), error);
  if (!plain)
    return FALSE;
  json_object_set_new(item, "text", json_stringn(g_bytes_get_data(plain, NULL), g_bytes_get_size(plain)));
  return TRUE;
}

json_t *
cr_reading_questions(CrProject *p, GError **error)
{
  g_autoptr(json_t) list = json_array();
  Questions q = {p, list};
  return cr_labels_list_questions(p->work, question_cb, &q, error) ? g_steal_pointer(&list) : NULL;
}
