/* requeue.c: what a new version of the guidelines does to notes that were read before it.
 *
 * A note is affected where a reader's findings (or the resolution's) hold a label whose meaning changed or
 * that is gone, or an answer to such a question; a label or question that is new affects every note that
 * somebody has read to its end, as nobody looked for it. Affected notes are queued again for the readers they
 * had; what the readers found stays in their journals. Every other note keeps its state. */
#include "workflow/reading-private.h"

#include <string.h>

typedef struct {
  CrProject *p;
  const json_t *diff;
  json_t *result;
  gint64 version;
  gboolean keep;      /* tell, and queue nothing */
  GHashTable *counts; /* "label NAME", "question NAME" -> json row, borrowed from result */
  gint64 n_kept, n_queued;
} Requeue;

/* What of a note is affected: names in the order of the difference. */
typedef struct {
  json_t *hits; /* key as of counts -> findings */
  gboolean read;
} Affected;

static gboolean
names(const json_t *list, const char *name)
{
  json_t *item;
  gsize i;
  json_array_foreach((json_t *)list, i, item) if (g_strcmp0(json_string_value(item), name) == 0) return TRUE;
  return FALSE;
}

/* A label and a question may bear one name: keys are "label NAME" and "question NAME". */
static void
hit(Affected *a, const char *what, const char *name)
{
  g_autofree char *key = g_strjoin(" ", what, name, NULL);
  json_int_t n = json_integer_value(json_object_get(a->hits, key));
  json_object_set_new(a->hits, key, json_integer(n + 1));
}

static void
look_at_set(const Requeue *q, const json_t *set, Affected *a)
{
  const json_t *labels = json_object_get(q->diff, "touches"),
               *questions = json_object_get(q->diff, "touches_questions");
  json_t *finding, *unused;
  const char *question;
  gsize i;
  json_array_foreach(json_object_get(set, "entities"), i, finding)
  {
    const char *label = cr_reading_string(finding, "label");
    if (names(labels, label))
      hit(a, "label", label);
  }
  json_object_foreach(json_object_get(set, "answers"), question, unused) if (names(questions, question))
      hit(a, "question", question);
}

static gboolean
look_at_reader(const Requeue *q, const char *note, const char *reader, Affected *a, GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autoptr(CrJournal) journal = cr_journal_load(q->p, note, reader, error);
  if (!journal)
    return FALSE;
  g_autoptr(json_t) set = cr_journal_fold(journal);
  g_autofree char *task = cr_labels_task_state(q->p->work, note, reader, &local);
  if (local) {
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
  }
  a->read = a->read || g_strcmp0(task, "done") == 0;
  look_at_set(q, set, a);
  return TRUE;
}

/* What a senior reviewer made of the note, which may hold findings that no reader has. */
static gboolean
look_at_resolution(const Requeue *q, const char *note, Affected *a, GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autofree char *inputs = cr_labels_inputs_hash(q->p->work, note, error);
  if (!inputs)
    return FALSE;
  g_autoptr(CrResolutionRow) row = cr_labels_load_resolution(q->p->work, note, inputs, "final", NULL, &local);
  g_autoptr(json_t) content = row ? cr_resolution_open(q->p, row, &local) : NULL;
  if (content)
    look_at_set(q, json_object_get(content, "set"), a);
  if (!local)
    return TRUE;
  g_propagate_error(error, g_steal_pointer(&local));
  return FALSE;
}

/* ---- counting ---- */

static void
add_rows(Requeue *q, const char *list, const char *what, const char *why)
{
  json_t *name, *rows = json_object_get(q->result, "affected");
  gsize i;
  json_array_foreach(json_object_get(q->diff, list), i, name)
  {
    json_t *row = json_pack("{s:s, s:O, s:s, s:i, s:i}", "what", what, "name", name, "why", why, "findings",
                            0, "notes", 0);
    json_array_append_new(rows, row);
    g_hash_table_insert(q->counts, g_strjoin(" ", what, json_string_value(name), NULL), row);
  }
}

/* A label that is gone is among those whose meaning changed: said apart. */
static void
mark_removed(Requeue *q)
{
  json_t *change;
  gsize i;
  json_array_foreach(json_object_get(q->diff, "changes"), i, change)
  {
    const char *kind = cr_reading_string(change, "kind");
    g_autofree char *key =
        g_strjoin(" ", cr_reading_string(change, "what"), cr_reading_string(change, "name"), NULL);
    json_t *row = g_hash_table_lookup(q->counts, key);
    if (row && (g_str_equal(kind, "removed") || g_str_equal(kind, "renamed")))
      json_object_set_new(row, "why", json_string(kind));
  }
}

static void
count(json_t *row, const char *key, json_int_t more)
{
  json_object_set_new(row, key, json_integer(json_integer_value(json_object_get(row, key)) + more));
}

/* The names that affect the note; asks: with those that are new. */
static json_t *
list_reasons(Requeue *q, const Affected *a)
{
  static const char *const asked[] = {"asks", "asks_questions"}, *const whats[] = {"label", "question"};
  json_t *reasons = json_array(), *n, *name;
  const char *hit_name;
  gsize i;
  json_object_foreach(a->hits, hit_name, n)
  {
    json_t *row = g_hash_table_lookup(q->counts, hit_name);
    count(row, "findings", json_integer_value(n));
    count(row, "notes", 1);
    json_array_append(reasons, json_object_get(row, "name"));
  }
  for (guint k = 0; k < G_N_ELEMENTS(asked) && a->read; k++)
    json_array_foreach(json_object_get(q->diff, asked[k]), i, name)
    {
      g_autofree char *key = g_strjoin(" ", whats[k], json_string_value(name), NULL);
      count(g_hash_table_lookup(q->counts, key), "notes", 1);
      json_array_append(reasons, name);
    }
  return reasons;
}

/* ---- queueing ---- */

static gboolean
reopen_tasks(const Requeue *q, const char *note, char **readers, GError **error)
{
  for (guint i = 0; readers[i]; i++)
    if (!cr_labels_requeue_task(q->p->work, note, readers[i], q->version, q->p->env->now_us(q->p->env),
                                error))
      return FALSE;
  return TRUE;
}

/* A sampled note is looked at again once it is resolved anew. */
static gboolean
reopen_sample(const Requeue *q, const CrBatchRow *batch, const char *note, GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autofree char *state = cr_labels_quality_state(q->p->work, batch->name, batch->round, note, &local);
  if (local) {
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
  }
  CrQualityRow open = {.batch = batch->name,
                       .note = note,
                       .state = "open",
                       .round = batch->round,
                       .time_us = q->p->env->now_us(q->p->env)};
  return !state || cr_labels_put_quality(q->p->work, &open, error);
}

/* What was signed is no longer what stands. */
static gboolean
void_signature(const Requeue *q, CrBatchRow *batch, GError **error)
{
  if (!batch->signature)
    return TRUE;
  g_clear_pointer((char **)&batch->sha256, g_free);
  g_clear_pointer((char **)&batch->signature, g_free);
  g_autofree char *object = g_strconcat("batch:", batch->name, NULL);
  cr_tx_event(q->p, CR_ROLE_LEAD, "batch.reopened", object, NULL, NULL, "new guidelines");
  return cr_labels_put_batch(q->p->work, batch, error);
}

static gboolean
queue_note(Requeue *q, CrBatchRow *batch, const char *note, const char *state, char **readers, GError **error)
{
  q->n_queued++;
  g_autofree char *reason = g_strdup_printf("guidelines %" G_GINT64_FORMAT, q->version);
  return reopen_tasks(q, note, readers, error) && reopen_sample(q, batch, note, error) &&
         void_signature(q, batch, error) && cr_labels_set_note_sha(q->p->work, note, NULL, error) &&
         (g_str_equal(state, "assigned") ||
          cr_reading_move(q->p, CR_ROLE_LEAD, note, "assigned", reason, error));
}

static gboolean
look_at_note(Requeue *q, CrBatchRow *batch, const char *note, GError **error)
{
  g_autoptr(json_t) hits = json_object();
  Affected a = {hits, FALSE};
  g_autofree char *state = cr_documents_get_state(q->p->work, note, error);
  g_auto(GStrv) readers = state ? cr_labels_note_readers(q->p->work, note, error) : NULL;
  for (guint i = 0; readers && readers[i]; i++)
    if (!look_at_reader(q, note, readers[i], &a, error))
      return FALSE;
  if (!readers || !look_at_resolution(q, note, &a, error))
    return FALSE;
  g_autoptr(json_t) reasons = list_reasons(q, &a);
  if (json_array_size(reasons) == 0) {
    q->n_kept++;
    return TRUE;
  }
  json_array_append_new(json_object_get(q->result, "notes"),
                        json_pack("{s:s, s:s, s:s, s:O}", "note", note, "batch", batch->name, "was", state,
                                  "because", reasons));
  return q->keep || queue_note(q, batch, note, state, readers, error);
}

static gboolean
look_at_batch(Requeue *q, const char *name, GError **error)
{
  g_autoptr(CrBatchRow) batch = cr_labels_load_batch(q->p->work, name, error);
  g_autoptr(GPtrArray) notes = batch ? cr_labels_batch_notes(q->p->work, name, NULL, error) : NULL;
  for (guint i = 0; notes && i < notes->len; i++)
    if (!look_at_note(q, batch, notes->pdata[i], error))
      return FALSE;
  return notes != NULL;
}

static void
finish(Requeue *q)
{
  json_object_set_new(q->result, "queued", json_integer(q->n_queued));
  json_object_set_new(q->result, "kept", json_integer(q->n_kept));
  g_autofree char *object = g_strdup_printf("guidelines:%" G_GINT64_FORMAT, q->version),
                  *value = g_strdup_printf(
                      "{\"notes\":%zu,\"queued\":%" G_GINT64_FORMAT ",\"kept\":%" G_GINT64_FORMAT "}",
                      json_array_size(json_object_get(q->result, "notes")), q->n_queued, q->n_kept);
  cr_tx_event(q->p, CR_ROLE_LEAD, "guidelines.affects", object, NULL, value, NULL);
}

gboolean
cr_guidelines_requeue(CrProject *p, gint64 version, const json_t *diff, gboolean keep, json_t *result,
                      GError **error)
{
  g_autoptr(GHashTable) counts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr(GPtrArray) batches = cr_labels_batch_names(p->work, error);
  Requeue q = {p, diff, result, version, keep, counts, 0, 0};
  if (!batches)
    return FALSE;
  json_object_set_new(result, "affected", json_array());
  json_object_set_new(result, "notes", json_array());
  add_rows(&q, "touches", "label", "changed");
  add_rows(&q, "touches_questions", "question", "changed");
  add_rows(&q, "asks", "label", "added");
  add_rows(&q, "asks_questions", "question", "added");
  mark_removed(&q);
  for (guint i = 0; i < batches->len; i++)
    if (!look_at_batch(&q, batches->pdata[i], error))
      return FALSE;
  finish(&q);
  return TRUE;
}
