/* labels-journal.c: the readers' operations, append-only, and the reports that readers make. */
#include "store/labels.h"
#include "store/labels-private.h"

#include <string.h>

gboolean
cr_labels_put_op(CrDb *work, const CrFindingOpRow *row, GError **error)
{
  return cr_db_exec(work, error,
                    "INSERT INTO finding_op(id, note, reader, seq, text, guidelines, time_us, origin, box)"
                    " VALUES(?,?,?,?,?,?,?,?,?)",
                    "sssisiisB", row->id, row->note, row->reader, row->seq, row->text, row->guidelines,
                    row->time_us, row->origin, row->box);
}

gboolean
cr_labels_list_ops(CrDb *work, const char *note, const char *reader, const char *text, CrFindingOpFunc func,
                   gpointer user_data, GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autoptr(CrStmt) stmt =
      cr_db_query(work, error,
                  "SELECT id, note, reader, seq, text, guidelines, time_us, origin, box FROM finding_op"
                  " WHERE note=? AND reader=? AND text=? ORDER BY seq",
                  "sss", note, reader, text);
  if (!stmt)
    return FALSE;
  while (cr_stmt_step(stmt, &local)) {
    g_autoptr(GBytes) box = cr_stmt_dup_bytes(stmt, 8);
    CrFindingOpRow row = {.id = cr_stmt_text(stmt, 0),
                          .note = cr_stmt_text(stmt, 1),
                          .reader = cr_stmt_text(stmt, 2),
                          .seq = cr_stmt_int(stmt, 3),
                          .text = cr_stmt_text(stmt, 4),
                          .guidelines = cr_stmt_int(stmt, 5),
                          .time_us = cr_stmt_int(stmt, 6),
                          .origin = cr_stmt_text(stmt, 7),
                          .box = box};
    if (!func(&row, user_data, error))
      return FALSE;
  }
  return cr_labels_finish(g_steal_pointer(&local), error);
}

gint64
cr_labels_last_seq(CrDb *work, const char *note, const char *reader, GError **error)
{
  return cr_db_get_int(work, 0, error,
                       "SELECT coalesce(max(seq), 0) FROM finding_op WHERE note=? AND reader=?", "ss", note,
                       reader);
}

char *
cr_labels_inputs_hash(CrDb *work, const char *note, GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
  g_autoptr(CrStmt) stmt =
      cr_db_query(work, error,
                  "SELECT o.reader || ' ' || o.id FROM finding_op o"
                  " JOIN task t ON t.note=o.note AND +t.reader=o.reader AND +t.state IN ('open','done')"
                  " JOIN document d ON d.id=o.note AND +d.cleared_sha256=o.text"
                  " WHERE o.note=? ORDER BY o.reader, o.seq",
                  "s", note);
  if (!stmt)
    return NULL;
  g_checksum_update(sum, (const guchar *)note, (gssize)strlen(note));
  while (cr_stmt_step(stmt, &local)) {
    g_checksum_update(sum, (const guchar *)"\n", 1);
    g_checksum_update(sum, (const guchar *)cr_stmt_text(stmt, 0), (gssize)strlen(cr_stmt_text(stmt, 0)));
  }
  return cr_labels_finish(g_steal_pointer(&local), error) ? g_strdup(g_checksum_get_string(sum)) : NULL;
}

char *
cr_labels_cleared_sha(CrDb *work, const char *note, GError **error)
{
  g_autoptr(GError) local = NULL;
  char *sha = cr_labels_one_text(
      cr_db_query(work, &local, "SELECT cleared_sha256 FROM document WHERE id=?", "s", note), &local);
  if (!sha && !local)
    g_set_error(&local, CR_ERROR, CR_ERROR_WRONG_STATE, "note %s is not cleared", note);
  (void)cr_labels_finish(g_steal_pointer(&local), error);
  return sha;
}

/* ---- leak reports and questions ---- */

gboolean
cr_labels_put_leak(CrDb *work, const char *note, const char *member, gint64 time_us, const char *reason,
                   const char *text, GError **error)
{
  return cr_db_exec(work, error,
                    "INSERT INTO leak_report(note, member, time_us, reason, text) VALUES(?,?,?,?,?)", "ssiss",
                    note, member, time_us, reason, text);
}

char *
cr_labels_leak_reason(CrDb *work, const char *note, GError **error)
{
  return cr_labels_one_text(
      cr_db_query(work, error, "SELECT reason FROM leak_report WHERE note=? ORDER BY id DESC LIMIT 1", "s",
                  note),
      error);
}

gboolean
cr_labels_put_question(CrDb *work, const CrQuestionRow *row, GError **error)
{
  return cr_db_exec(work, error,
                    "INSERT INTO guidelines_question(id, note, reader, time_us, guidelines, box)"
                    " VALUES(?,?,?,?,?,?)",
                    "sssiiB", row->id, row->note, row->reader, row->time_us, row->guidelines, row->box);
}

gboolean
cr_labels_list_questions(CrDb *work, CrQuestionRowFunc func, gpointer user_data, GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autoptr(CrStmt) stmt = cr_db_query(work, error,
                                       "SELECT id, note, reader, time_us, guidelines, box FROM"
                                       " guidelines_question ORDER BY time_us, id",
                                       "");
  if (!stmt)
    return FALSE;
  while (cr_stmt_step(stmt, &local)) {
    g_autoptr(GBytes) box = cr_stmt_dup_bytes(stmt, 5);
    CrQuestionRow row = {.id = cr_stmt_text(stmt, 0),
                         .note = cr_stmt_text(stmt, 1),
                         .reader = cr_stmt_text(stmt, 2),
                         .time_us = cr_stmt_int(stmt, 3),
                         .guidelines = cr_stmt_int(stmt, 4),
                         .box = box};
    if (!func(&row, user_data, error))
      return FALSE;
  }
  return cr_labels_finish(g_steal_pointer(&local), error);
}
