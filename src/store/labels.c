/* labels.c: guidelines versions, reading batches and tasks in work.db. */
#include "store/labels.h"
#include "store/labels-private.h"

/* ---- what the files of labels share ---- */

gboolean
cr_labels_finish(GError *local, GError **error)
{
  if (!local)
    return TRUE;
  g_propagate_error(error, local);
  return FALSE;
}

char *
cr_labels_one_text(CrStmt *stmt, GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autoptr(CrStmt) held = stmt;
  if (!held)
    return NULL;
  char *text = cr_stmt_step(held, &local) ? g_strdup(cr_stmt_text(held, 0)) : NULL;
  (void)cr_labels_finish(g_steal_pointer(&local), error);
  return text;
}

GPtrArray *
cr_labels_text_list(CrStmt *stmt, GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autoptr(CrStmt) held = stmt;
  g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);
  if (!held)
    return NULL;
  while (cr_stmt_step(held, &local))
    g_ptr_array_add(list, g_strdup(cr_stmt_text(held, 0)));
  return cr_labels_finish(g_steal_pointer(&local), error) ? g_steal_pointer(&list) : NULL;
}

/* ---- guidelines ---- */

gboolean
cr_labels_put_guidelines(CrDb *work, const CrGuidelinesRow *row, GError **error)
{
  if (!cr_db_exec(work, error,
                  "INSERT OR IGNORE INTO guidelines(version, json, markdown, sha256, member, time_us)"
                  " VALUES(?,?,?,?,?,?)",
                  "issssi", row->version, row->json, row->markdown, row->sha256, row->member, row->time_us))
    return FALSE;
  if (cr_db_changes(work) == 1)
    return TRUE;
  g_set_error(error, CR_ERROR, CR_ERROR_EXISTS, "guidelines version %" G_GINT64_FORMAT " is published",
              row->version);
  return FALSE;
}

gint64
cr_labels_guidelines_version(CrDb *work, GError **error)
{
  return cr_db_get_int(work, 0, error, "SELECT coalesce(max(version), 0) FROM guidelines", "");
}

char *
cr_labels_dup_guidelines(CrDb *work, gint64 version, GError **error)
{
  g_autoptr(GError) local = NULL;
  char *json = cr_labels_one_text(
      cr_db_query(work, &local, "SELECT json FROM guidelines WHERE version=?", "i", version), &local);
  if (!json && !local)
    g_set_error(&local, CR_ERROR, CR_ERROR_NOT_FOUND,
                "guidelines version %" G_GINT64_FORMAT " is not published", version);
  (void)cr_labels_finish(g_steal_pointer(&local), error);
  return json;
}

gboolean
cr_labels_list_guidelines(CrDb *work, CrGuidelinesRowFunc func, gpointer user_data, GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autoptr(CrStmt) stmt = cr_db_query(
      work, error, "SELECT version, json, markdown, sha256, member, time_us FROM guidelines ORDER BY version",
      "");
  if (!stmt)
    return FALSE;
  while (cr_stmt_step(stmt, &local)) {
    CrGuidelinesRow row = {.version = cr_stmt_int(stmt, 0),
                           .json = cr_stmt_text(stmt, 1),
                           .markdown = cr_stmt_text(stmt, 2),
                           .sha256 = cr_stmt_text(stmt, 3),
                           .member = cr_stmt_text(stmt, 4),
                           .time_us = cr_stmt_int(stmt, 5)};
    if (!func(&row, user_data, error))
      return FALSE;
  }
  return cr_labels_finish(g_steal_pointer(&local), error);
}

/* ---- reading batches ---- */

gboolean
cr_labels_put_batch(CrDb *work, const CrBatchRow *row, GError **error)
{
  return cr_db_exec(work, error,
                    "INSERT INTO reading_batch(name, seq, pilot, seed, overlap, round, guidelines, time_us,"
                    " sample_share, sha256, signature) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)"
                    " ON CONFLICT(name) DO UPDATE SET seed=?4, overlap=?5, round=?6, guidelines=?7, "
                    "time_us=?8,"
                    " sample_share=?9, sha256=?10, signature=?11",
                    "siiidiiidss", row->name, row->seq, (gint64)row->pilot, row->seed, row->overlap,
                    row->round, row->guidelines, row->time_us, row->sample_share, row->sha256,
                    row->signature);
}

#define BATCH_COLUMNS                                                                                        \
  "name, seq, pilot, seed, overlap, round, guidelines, time_us, sample_share, sha256, signature"

static CrBatchRow
batch_of(CrStmt *stmt)
{
  return (CrBatchRow){.name = cr_stmt_text(stmt, 0),
                      .seq = cr_stmt_int(stmt, 1),
                      .pilot = cr_stmt_int(stmt, 2) != 0,
                      .seed = cr_stmt_int(stmt, 3),
                      .overlap = cr_stmt_double(stmt, 4),
                      .round = cr_stmt_int(stmt, 5),
                      .guidelines = cr_stmt_int(stmt, 6),
                      .time_us = cr_stmt_int(stmt, 7),
                      .sample_share = cr_stmt_double(stmt, 8),
                      .sha256 = cr_stmt_text(stmt, 9),
                      .signature = cr_stmt_text(stmt, 10)};
}

gboolean
cr_labels_list_batches(CrDb *work, CrBatchRowFunc func, gpointer user_data, GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autoptr(CrStmt) stmt =
      cr_db_query(work, error, "SELECT " BATCH_COLUMNS " FROM reading_batch ORDER BY seq", "");
  if (!stmt)
    return FALSE;
  while (cr_stmt_step(stmt, &local)) {
    CrBatchRow row = batch_of(stmt);
    if (!func(&row, user_data, error))
      return FALSE;
  }
  return cr_labels_finish(g_steal_pointer(&local), error);
}

CrBatchRow *
cr_labels_load_batch(CrDb *work, const char *name, GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autoptr(CrStmt) stmt =
      cr_db_query(work, error, "SELECT " BATCH_COLUMNS " FROM reading_batch WHERE name=?", "s", name);
  if (!stmt)
    return NULL;
  if (cr_stmt_step(stmt, &local)) {
    CrBatchRow row = batch_of(stmt);
    row.name = g_strdup(row.name);
    row.sha256 = g_strdup(row.sha256);
    row.signature = g_strdup(row.signature);
    return g_memdup2(&row, sizeof row);
  }
  if (!local)
    g_set_error(&local, CR_ERROR, CR_ERROR_NOT_FOUND, "there is no reading batch '%s'", name);
  g_propagate_error(error, g_steal_pointer(&local));
  return NULL;
}

void
cr_batch_row_free(CrBatchRow *row)
{
  if (!row)
    return;
  g_free((char *)row->name);
  g_free((char *)row->sha256);
  g_free((char *)row->signature);
  g_free(row);
}

GPtrArray *
cr_labels_batch_names(CrDb *work, GError **error)
{
  return cr_labels_text_list(cr_db_query(work, error, "SELECT name FROM reading_batch ORDER BY seq", ""),
                             error);
}

gboolean
cr_labels_put_note(CrDb *work, const char *note, const char *batch, gint64 seq, GError **error)
{
  return cr_db_exec(work, error, "INSERT INTO reading_note(note, batch, seq) VALUES(?,?,?)", "ssi", note,
                    batch, seq);
}

gboolean
cr_labels_set_note_sha(CrDb *work, const char *note, const char *sha256, GError **error)
{
  return cr_db_exec(work, error, "UPDATE reading_note SET sha256=? WHERE note=?", "ss", sha256, note);
}

char *
cr_labels_note_sha(CrDb *work, const char *note, GError **error)
{
  return cr_labels_one_text(
      cr_db_query(work, error, "SELECT sha256 FROM reading_note WHERE note=?", "s", note), error);
}

char *
cr_labels_note_batch(CrDb *work, const char *note, GError **error)
{
  return cr_labels_one_text(
      cr_db_query(work, error, "SELECT batch FROM reading_note WHERE note=?", "s", note), error);
}

GPtrArray *
cr_labels_batch_notes(CrDb *work, const char *batch, const char *state, GError **error)
{
  return cr_labels_text_list(cr_db_query(work, error,
                                         "SELECT r.note FROM reading_note r JOIN document d ON d.id=r.note"
                                         " WHERE r.batch=?1 AND (?2 IS NULL OR d.state=?2) ORDER BY r.seq",
                                         "ss", batch, state),
                             error);
}

gint64
cr_labels_batch_count(CrDb *work, const char *batch, const char *state, GError **error)
{
  return cr_db_get_int(work, 0, error,
                       "SELECT count(*) FROM reading_note r JOIN document d ON d.id=r.note"
                       " WHERE r.batch=?1 AND (?2 IS NULL OR d.state=?2)",
                       "ss", batch, state);
}

/* ---- tasks ----
 * "+state" and "+reader" keep the planner from the index over readers where the note is known: without
 * statistics it would walk all tasks of a reader for each note. */

gboolean
cr_labels_put_task(CrDb *work, const CrTaskRow *row, gint64 time_us, GError **error)
{
  return cr_db_exec(work, error,
                    "INSERT INTO task(batch, round, note, reader, state, guidelines, time_us)"
                    " VALUES(?,?,?,?,?,?,?)",
                    "sisssii", row->batch, row->round, row->note, row->reader, row->state, row->guidelines,
                    time_us);
}

/* Each combination that is asked for often has a statement that can use its index. */
static CrStmt *
query_tasks(CrDb *work, const char *reader, const char *batch, const char *note, GError **error)
{
#define TASKS                                                                                                \
  "SELECT t.batch, t.note, t.reader, t.state, d.state, t.round, t.guidelines FROM task t"                    \
  " JOIN document d ON d.id=t.note LEFT JOIN reading_note r ON r.note=t.note"                                \
  " WHERE t.state IN ('open','done') AND "
  if (note)
    return cr_db_query(work, error,
                       TASKS "t.note=?1 AND (?2 IS NULL OR t.reader=?2) AND (?3 IS NULL OR t.batch=?3)"
                             " ORDER BY t.reader",
                       "sss", note, reader, batch);
  if (reader)
    return cr_db_query(work, error,
                       TASKS "t.reader=?1 AND (?2 IS NULL OR t.batch=?2) ORDER BY t.batch, r.seq", "ss",
                       reader, batch);
  return cr_db_query(work, error, TASKS "(?1 IS NULL OR t.batch=?1) ORDER BY t.batch, r.seq, t.reader", "s",
                     batch);
#undef TASKS
}

gboolean
cr_labels_list_tasks(CrDb *work, const char *reader, const char *batch, const char *note, CrTaskRowFunc func,
                     gpointer user_data, GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autoptr(CrStmt) stmt = query_tasks(work, reader, batch, note, error);
  if (!stmt)
    return FALSE;
  while (cr_stmt_step(stmt, &local)) {
    CrTaskRow row = {.batch = cr_stmt_text(stmt, 0),
                     .note = cr_stmt_text(stmt, 1),
                     .reader = cr_stmt_text(stmt, 2),
                     .state = cr_stmt_text(stmt, 3),
                     .note_state = cr_stmt_text(stmt, 4),
                     .round = cr_stmt_int(stmt, 5),
                     .guidelines = cr_stmt_int(stmt, 6)};
    if (!func(&row, user_data, error))
      return FALSE;
  }
  return cr_labels_finish(g_steal_pointer(&local), error);
}

char *
cr_labels_task_state(CrDb *work, const char *note, const char *reader, GError **error)
{
  return cr_labels_one_text(cr_db_query(work, error,
                                        "SELECT state FROM task WHERE note=? AND +reader=?"
                                        " AND +state IN ('open','done')",
                                        "ss", note, reader),
                            error);
}

gboolean
cr_labels_set_task(CrDb *work, const char *note, const char *reader, const char *state, gint64 time_us,
                   GError **error)
{
  return cr_db_exec(work, error,
                    "UPDATE task SET state=?, time_us=? WHERE note=? AND +reader=? AND +state IN "
                    "('open','done')",
                    "siss", state, time_us, note, reader);
}

gboolean
cr_labels_requeue_task(CrDb *work, const char *note, const char *reader, gint64 guidelines, gint64 time_us,
                       GError **error)
{
  return cr_db_exec(work, error,
                    "UPDATE task SET state='open', guidelines=?, time_us=? WHERE note=? AND +reader=? AND "
                    "+state IN ('open','done')",
                    "iiss", guidelines, time_us, note, reader);
}

gboolean
cr_labels_end_tasks(CrDb *work, const char *batch, const char *note, const char *state, GError **error)
{
  if (note)
    return cr_db_exec(work, error, "UPDATE task SET state=? WHERE note=? AND +state IN ('open','done')", "ss",
                      state, note);
  return cr_db_exec(work, error, "UPDATE task SET state=? WHERE batch=? AND state IN ('open','done')", "ss",
                    state, batch);
}

gint64
cr_labels_count_tasks(CrDb *work, const char *note, const char *state, GError **error)
{
  return cr_db_get_int(work, 0, error,
                       "SELECT count(*) FROM task WHERE note=?1 AND +state IN ('open','done')"
                       " AND (?2 IS NULL OR +state=?2)",
                       "ss", note, state);
}

GStrv
cr_labels_note_readers(CrDb *work, const char *note, GError **error)
{
  g_autoptr(GPtrArray) list = cr_labels_text_list(
      cr_db_query(work, error,
                  "SELECT reader FROM task WHERE note=? AND +state IN ('open','done') ORDER BY reader", "s",
                  note),
      error);
  if (!list)
    return NULL;
  g_ptr_array_add(list, NULL);
  return (GStrv)g_ptr_array_free(g_steal_pointer(&list), FALSE);
}

GPtrArray *
cr_labels_doubly_read(CrDb *work, const char *batch, GError **error)
{
  return cr_labels_text_list(
      cr_db_query(work, error,
                  "SELECT r.note FROM reading_note r JOIN task t ON t.note=r.note"
                  " WHERE (?1 IS NULL OR r.batch=?1) AND +t.state IN ('open','done')"
                  " GROUP BY r.note HAVING count(*)=2 AND min(t.state)='done' AND max(t.state)='done'"
                  " ORDER BY r.batch, r.seq",
                  "s", batch),
      error);
}

gint64
cr_labels_count_doubly(CrDb *work, const char *batch, GError **error)
{
  return cr_db_get_int(work, 0, error,
                       "SELECT count(*) FROM (SELECT r.note FROM reading_note r JOIN task t ON t.note=r.note"
                       " WHERE (?1 IS NULL OR r.batch=?1) AND +t.state IN ('open','done')"
                       " GROUP BY r.note HAVING count(*)=2)",
                       "s", batch);
}
