/* label-journal.c: a reader's operations in a note, and the fold that gives the findings as they stand.
 *
 * The journal is append-only and each operation is sealed with the reader's key, bound to its place: moving,
 * copying or reordering a box breaks its seal. Undo is an operation that names another; undoing an undo is
 * redo. An operation whose finding is gone (undone, removed) changes nothing. */
#include "workflow/reading-private.h"

#include <string.h>

static void
op_free(gpointer data)
{
  CrJournalOp *op = data;
  g_free(op->id);
  g_free(op->origin);
  json_decref(op->op);
  g_free(op);
}

void
cr_journal_free(CrJournal *journal)
{
  if (!journal)
    return;
  g_free(journal->note);
  g_free(journal->reader);
  g_free(journal->text_sha);
  g_clear_pointer(&journal->key, cr_key_unref);
  g_ptr_array_unref(journal->ops);
  g_free(journal);
}

/* What a box is bound to: every open column of its row. */
static char *
bind_row(const CrFindingOpRow *row)
{
  return g_strdup_printf(
      "finding:%s:%s:%s:%" G_GINT64_FORMAT ":%s:%" G_GINT64_FORMAT ":%" G_GINT64_FORMAT ":%s", row->id,
      row->note, row->reader, row->seq, row->text, row->guidelines, row->time_us, row->origin);
}

static gboolean
load_cb(const CrFindingOpRow *row, gpointer user_data, GError **error)
{
  CrJournal *journal = user_data;
  g_autofree char *aad = bind_row(row);
  g_autoptr(GBytes) plain =
      cr_seal_open(journal->key, aad, g_bytes_get_data(row->box, NULL), g_bytes_get_size(row->box), error);
  json_t *object =
      plain ? cr_json_parse(g_bytes_get_data(plain, NULL), g_bytes_get_size(plain), error) : NULL;
  if (!object)
    return FALSE;
  CrJournalOp *op = g_new(CrJournalOp, 1);
  *op = (CrJournalOp){g_strdup(row->id),     row->seq, row->guidelines, row->time_us,
                      g_strdup(row->origin), object};
  g_ptr_array_add(journal->ops, op);
  return TRUE;
}

CrJournal *
cr_journal_load(CrProject *p, const char *note, const char *reader, GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autoptr(CrJournal) journal = g_new0(CrJournal, 1);
  journal->note = g_strdup(note);
  journal->reader = g_strdup(reader);
  journal->ops = g_ptr_array_new_with_free_func(op_free);
  journal->key = cr_reading_key(p, reader, error);
  journal->text_sha = journal->key ? cr_labels_cleared_sha(p->work, note, error) : NULL;
  if (!journal->text_sha)
    return NULL;
  journal->last_seq = cr_labels_last_seq(p->work, note, reader, &local);
  if (local) {
    g_propagate_error(error, g_steal_pointer(&local));
    return NULL;
  }
  if (!cr_labels_list_ops(p->work, note, reader, journal->text_sha, load_cb, journal, error))
    return NULL;
  return g_steal_pointer(&journal);
}

const char *
cr_journal_put(CrProject *p, CrJournal *journal, const json_t *op, gint64 guidelines, const char *origin,
               GChecksum *hash, GError **error)
{
  g_autofree char *id = cr_random_code(p->env, "O-", 12), *plain = cr_json_dump(op);
  CrFindingOpRow row = {.id = id,
                        .note = journal->note,
                        .reader = journal->reader,
                        .seq = journal->last_seq + 1,
                        .text = journal->text_sha,
                        .guidelines = guidelines,
                        .time_us = p->env->now_us(p->env),
                        .origin = origin};
  g_autofree char *aad = bind_row(&row);
  g_autoptr(GBytes) box = cr_seal(p->env, journal->key, aad, plain, strlen(plain));
  row.box = box;
  if (!cr_labels_put_op(p->work, &row, error))
    return NULL;
  if (hash)
    g_checksum_update(hash, g_bytes_get_data(box, NULL), (gssize)g_bytes_get_size(box));
  journal->last_seq++;
  CrJournalOp *kept = g_new(CrJournalOp, 1);
  *kept = (CrJournalOp){g_steal_pointer(&id), row.seq,          guidelines,
                        row.time_us,          g_strdup(origin), json_deep_copy(op)};
  g_ptr_array_add(journal->ops, kept);
  return kept->id;
}

/* ---- the fold ---- */

static const char *
op_name(const CrJournalOp *op)
{
  const char *name = cr_reading_string(op->op, "op");
  return name ? name : "";
}

/* Ids of the operations that are taken back: read from the newest, so that an undo that is itself undone
 * takes nothing back. */
static GHashTable *
find_undone(const CrJournal *journal)
{
  GHashTable *undone = g_hash_table_new(g_str_hash, g_str_equal);
  for (guint i = journal->ops->len; i > 0; i--) {
    const CrJournalOp *op = journal->ops->pdata[i - 1];
    const char *of = cr_reading_string(op->op, "of");
    if (of && g_str_equal(op_name(op), "undo") && !g_hash_table_contains(undone, op->id))
      g_hash_table_add(undone, (gpointer)of);
  }
  return undone;
}

typedef struct {
  GPtrArray *order; /* ids of findings, as added; borrowed from the objects */
  GHashTable *findings, *links;
  GPtrArray *link_order;
  json_t *answers;
} Fold;

static void
apply_add(Fold *fold, const CrJournalOp *op)
{
  const char *id = cr_reading_string(op->op, "id");
  if (!id || g_hash_table_contains(fold->findings, id))
    return;
  json_t *finding = json_copy(op->op);
  json_object_del(finding, "op");
  g_hash_table_insert(fold->findings, g_strdup(id), finding);
  g_ptr_array_add(fold->order, g_strdup(id));
}

static void
apply_move(Fold *fold, json_t *finding, const json_t *op)
{
  json_object_set(finding, "start", json_object_get(op, "start"));
  json_object_set(finding, "end", json_object_get(op, "end"));
  json_t *fragments = json_object_get(op, "fragments");
  if (fragments)
    json_object_set(finding, "fragments", fragments);
  else
    json_object_del(finding, "fragments");
}

static void
apply_attribute(Fold *fold, json_t *finding, const json_t *op)
{
  const char *name = cr_reading_string(op, "name");
  json_t *value = json_object_get(op, "value");
  /* The object may be shared with the operation that added it. */
  json_t *old = json_object_get(finding, "attributes");
  json_t *attributes = old ? json_copy(old) : json_object();
  if (name && value && !json_is_null(value))
    json_object_set(attributes, name, value);
  else if (name)
    json_object_del(attributes, name);
  if (json_object_size(attributes) > 0)
    json_object_set(finding, "attributes", attributes);
  else
    json_object_del(finding, "attributes");
  json_decref(attributes);
}

static void
apply_link(Fold *fold, const CrJournalOp *op)
{
  const char *id = cr_reading_string(op->op, "id");
  if (!id || g_hash_table_contains(fold->links, id))
    return;
  json_t *link = json_copy(op->op);
  json_object_del(link, "op");
  g_hash_table_insert(fold->links, g_strdup(id), link);
  g_ptr_array_add(fold->link_order, g_strdup(id));
}

static void
apply_answer(Fold *fold, const json_t *op)
{
  const char *question = cr_reading_string(op, "question");
  json_t *value = json_object_get(op, "value");
  if (question && value && !json_is_null(value))
    json_object_set(fold->answers, question, value);
  else if (question)
    json_object_del(fold->answers, question);
}

/* The reader says that everything that stands holds under this version. */
static void
confirm_all(Fold *fold, gint64 guidelines)
{
  GHashTableIter iter;
  gpointer finding;
  g_hash_table_iter_init(&iter, fold->findings);
  while (g_hash_table_iter_next(&iter, NULL, &finding))
    json_object_set_new(finding, "guidelines", json_integer(guidelines));
}

static void
apply_to_finding(Fold *fold, json_t *finding, const CrJournalOp *op)
{
  const char *name = op_name(op);
  if (g_str_equal(name, "move"))
    apply_move(fold, finding, op->op);
  else if (g_str_equal(name, "relabel"))
    json_object_set(finding, "label", json_object_get(op->op, "label"));
  else if (g_str_equal(name, "set-attribute"))
    apply_attribute(fold, finding, op->op);
  else if (g_str_equal(name, "remove")) {
    g_hash_table_remove(fold->findings, cr_reading_string(op->op, "id"));
    return;
  }
  json_object_set_new(finding, "guidelines", json_integer(op->guidelines));
}

static void
apply(Fold *fold, const CrJournalOp *op)
{
  const char *name = op_name(op), *id = cr_reading_string(op->op, "id");
  if (g_str_equal(name, "add"))
    apply_add(fold, op);
  else if (g_str_equal(name, "link"))
    apply_link(fold, op);
  else if (g_str_equal(name, "unlink") && id)
    g_hash_table_remove(fold->links, id);
  else if (g_str_equal(name, "answer"))
    apply_answer(fold, op->op);
  else if (g_str_equal(name, "done"))
    confirm_all(fold, op->guidelines);
  json_t *finding = id ? g_hash_table_lookup(fold->findings, id) : NULL;
  if (finding)
    apply_to_finding(fold, finding, op);
}

static void
decref_cb(gpointer value)
{
  json_decref(value);
}

/* The values of a table in the order of their ids; links only where both ends stand. */
static json_t *
list_values(GPtrArray *order, GHashTable *table, GHashTable *findings)
{
  json_t *list = json_array();
  for (guint i = 0; i < order->len; i++) {
    json_t *value = g_hash_table_lookup(table, order->pdata[i]);
    if (!value)
      continue;
    const char *from = cr_reading_string(value, "from"), *to = cr_reading_string(value, "to");
    if (!findings ||
        (from && to && g_hash_table_contains(findings, from) && g_hash_table_contains(findings, to)))
      json_array_append(list, value);
    g_hash_table_remove(table, order->pdata[i]); /* an id that was removed and added again stands once */
  }
  return list;
}

json_t *
cr_journal_fold(const CrJournal *journal)
{
  g_autoptr(GHashTable) undone = find_undone(journal);
  g_autoptr(GPtrArray) order = g_ptr_array_new_with_free_func(g_free),
                       link_order = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(GHashTable) findings = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, decref_cb),
                        links = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, decref_cb);
  Fold fold = {order, findings, links, link_order, json_object()};
  for (guint i = 0; i < journal->ops->len; i++) {
    const CrJournalOp *op = journal->ops->pdata[i];
    if (!g_hash_table_contains(undone, op->id))
      apply(&fold, op);
  }
  json_t *set = json_object();
  json_object_set_new(set, "relations", list_values(link_order, links, findings));
  json_object_set_new(set, "entities", list_values(order, findings, NULL));
  json_object_set_new(set, "answers", fold.answers);
  return set;
}

gboolean
cr_journal_stands(const CrJournal *journal, const char *op_id)
{
  g_autoptr(GHashTable) undone = find_undone(journal);
  for (guint i = 0; i < journal->ops->len; i++)
    if (g_str_equal(((CrJournalOp *)journal->ops->pdata[i])->id, op_id))
      return !g_hash_table_contains(undone, op_id);
  return FALSE;
}

const CrJournalOp *
cr_journal_newest(const CrJournal *journal)
{
  static const char *const not_undone[] = {"undo", "done", "reopen", NULL};
  g_autoptr(GHashTable) undone = find_undone(journal);
  for (guint i = journal->ops->len; i > 0; i--) {
    const CrJournalOp *op = journal->ops->pdata[i - 1];
    if (!g_strv_contains(not_undone, op_name(op)) && !g_hash_table_contains(undone, op->id))
      return op;
  }
  return NULL;
}
