/* documents.c: notes and their states in work.db. */
#include "store/documents.h"

gboolean
cr_documents_insert(CrDb *work, const CrDocumentRow *row, GError **error)
{
  return cr_db_exec(
      work, error,
      "INSERT INTO document(id, batch, patient, state, type, specialty, author_role, language, year) "
      "VALUES(?,?,?,?,?,?,?,?,?)",
      "ssssssssi", row->id, row->batch, row->patient, row->state, row->type, row->specialty, row->author_role,
      row->language, row->year);
}

static CrDocumentRow
row_of(CrStmt *stmt)
{
  return (CrDocumentRow){.seq = cr_stmt_int(stmt, 0),
                         .id = cr_stmt_text(stmt, 1),
                         .batch = cr_stmt_text(stmt, 2),
                         .patient = cr_stmt_text(stmt, 3),
                         .state = cr_stmt_text(stmt, 4),
                         .type = cr_stmt_text(stmt, 5),
                         .specialty = cr_stmt_text(stmt, 6),
                         .author_role = cr_stmt_text(stmt, 7),
                         .language = cr_stmt_text(stmt, 8),
                         .year = cr_stmt_int(stmt, 9),
                         .n_candidates = cr_stmt_int(stmt, 10),
                         .n_disputes = cr_stmt_int(stmt, 11),
                         .cleared_sha256 = cr_stmt_text(stmt, 12)};
}

#define DOCUMENT_COLUMNS                                                                                     \
  "seq, id, batch, patient, state, type, specialty, author_role, language, year, n_candidates, n_disputes, " \
  "cleared_sha256"

/* NULL means any, so each combination has a statement that can use its index. */
static CrStmt *
query_documents(CrDb *work, const char *state, const char *batch, GError **error)
{
  if (state && batch)
    return cr_db_query(work, error,
                       "SELECT " DOCUMENT_COLUMNS " FROM document WHERE state=? AND batch=? ORDER BY seq",
                       "ss", state, batch);
  if (state)
    return cr_db_query(work, error, "SELECT " DOCUMENT_COLUMNS " FROM document WHERE state=? ORDER BY seq",
                       "s", state);
  if (batch)
    return cr_db_query(work, error, "SELECT " DOCUMENT_COLUMNS " FROM document WHERE batch=? ORDER BY seq",
                       "s", batch);
  return cr_db_query(work, error, "SELECT " DOCUMENT_COLUMNS " FROM document ORDER BY seq", "");
}

gboolean
cr_documents_list(CrDb *work, const char *state, const char *batch, CrDocumentRowFunc func,
                  gpointer user_data, GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autoptr(CrStmt) stmt = query_documents(work, state, batch, error);
  if (!stmt)
    return FALSE;
  while (cr_stmt_step(stmt, &local)) {
    CrDocumentRow row = row_of(stmt);
    if (!func(&row, user_data, error))
      return FALSE;
  }
  if (local) {
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
  }
  return TRUE;
}

static gboolean
collect_id_cb(const CrDocumentRow *row, gpointer ids, GError **error)
{
  g_ptr_array_add(ids, g_strdup(row->id));
  return TRUE;
}

GPtrArray *
cr_documents_ids(CrDb *work, const char *state, const char *batch, GError **error)
{
  g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
  if (!cr_documents_list(work, state, batch, collect_id_cb, ids, error))
    return NULL;
  return g_steal_pointer(&ids);
}

gboolean
cr_documents_exists(CrDb *work, const char *id, GError **error)
{
  return cr_db_get_int(work, 0, error, "SELECT 1 FROM document WHERE id=?", "s", id) == 1;
}

/* The one text of a query with one parameter, or NULL where there is no row or it is NULL. */
static char *
dup_one_text(CrDb *db, const char *sql, const char *key, gboolean *found, GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autoptr(CrStmt) stmt = cr_db_query(db, error, sql, "s", key);
  *found = FALSE;
  if (!stmt)
    return NULL;
  if (cr_stmt_step(stmt, &local)) {
    *found = TRUE;
    return g_strdup(cr_stmt_text(stmt, 0));
  }
  if (local)
    g_propagate_error(error, g_steal_pointer(&local));
  return NULL;
}

static char *
dup_document_text(CrDb *work, const char *sql, const char *id, GError **error)
{
  g_autoptr(GError) local = NULL;
  gboolean found;
  char *text = dup_one_text(work, sql, id, &found, &local);
  if (!found && !local)
    g_set_error(&local, CR_ERROR, CR_ERROR_NOT_FOUND, "there is no note %s", id);
  if (local)
    g_propagate_error(error, g_steal_pointer(&local));
  return text;
}

char *
cr_documents_get_state(CrDb *work, const char *id, GError **error)
{
  return dup_document_text(work, "SELECT state FROM document WHERE id=?", id, error);
}

char *
cr_documents_batch_of(CrDb *work, const char *id, GError **error)
{
  return dup_document_text(work, "SELECT batch FROM document WHERE id=?", id, error);
}

char *
cr_documents_dup_metadata(CrDb *work, const char *id, const char *field, GError **error)
{
  static const struct {
    const char *field, *sql;
  } fields[] = {{"type", "SELECT type FROM document WHERE id=?"},
                {"specialty", "SELECT specialty FROM document WHERE id=?"},
                {"author_role", "SELECT author_role FROM document WHERE id=?"},
                {"language", "SELECT language FROM document WHERE id=?"}};
  for (guint i = 0; i < G_N_ELEMENTS(fields); i++)
    if (g_str_equal(fields[i].field, field))
      return dup_document_text(work, fields[i].sql, id, error);
  g_return_val_if_reached(NULL);
}

/* An UPDATE of one note that must exist. */
static gboolean
changed_one(CrDb *work, const char *id, gboolean ok, GError **error)
{
  if (ok && cr_db_changes(work) == 0) {
    g_set_error(error, CR_ERROR, CR_ERROR_NOT_FOUND, "there is no note %s", id);
    return FALSE;
  }
  return ok;
}

gboolean
cr_documents_set_state(CrDb *work, const char *id, const char *state, GError **error)
{
  return changed_one(
      work, id, cr_db_exec(work, error, "UPDATE document SET state=? WHERE id=?", "ss", state, id), error);
}

gboolean
cr_documents_set_counts(CrDb *work, const char *id, gint64 n_candidates, gint64 n_disputes, GError **error)
{
  return changed_one(
      work, id,
      cr_db_exec(work, error,
                 "UPDATE document SET n_candidates=CASE WHEN ?1<0 THEN n_candidates ELSE ?1 END,"
                 " n_disputes=CASE WHEN ?2<0 THEN n_disputes ELSE ?2 END WHERE id=?3",
                 "iis", n_candidates, n_disputes, id),
      error);
}

gboolean
cr_documents_set_cleared(CrDb *work, const char *id, const CrText *text, const char *sha256, GError **error)
{
  g_autofree char *copy = g_strndup(cr_text_bytes(text), cr_text_length(text, CR_UNIT_BYTE));
  return changed_one(
             work, id,
             cr_db_exec(work, error, "UPDATE document SET cleared_sha256=? WHERE id=?", "ss", sha256, id),
             error) &&
         cr_db_exec(work, error,
                    "INSERT INTO cleared_text(seq, text) SELECT seq, ? FROM document WHERE id=?"
                    " ON CONFLICT(seq) DO UPDATE SET text=excluded.text",
                    "ss", copy, id);
}

CrText *
cr_documents_load_cleared(CrDb *work, const char *id, GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autofree char *text = dup_document_text(
      work, "SELECT c.text FROM document d LEFT JOIN cleared_text c ON c.seq=d.seq WHERE d.id=?", id, &local);
  if (text)
    return cr_text_new(text, -1, error);
  if (!local)
    g_set_error(&local, CR_ERROR, CR_ERROR_WRONG_STATE, "note %s is not cleared", id);
  g_propagate_error(error, g_steal_pointer(&local));
  return NULL;
}

gint64
cr_documents_count(CrDb *work, const char *state, const char *batch, GError **error)
{
  if (state && batch)
    return cr_db_get_int(work, 0, error, "SELECT count(*) FROM document WHERE state=? AND batch=?", "ss",
                         state, batch);
  if (state)
    return cr_db_get_int(work, 0, error, "SELECT count(*) FROM document WHERE state=?", "s", state);
  if (batch)
    return cr_db_get_int(work, 0, error, "SELECT count(*) FROM document WHERE batch=?", "s", batch);
  return cr_db_get_int(work, 0, error, "SELECT count(*) FROM document", "");
}

GPtrArray *
cr_documents_batches(CrDb *work, GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(CrStmt) stmt =
      cr_db_query(work, error, "SELECT batch FROM document GROUP BY batch ORDER BY min(seq)", "");
  if (!stmt)
    return NULL;
  while (cr_stmt_step(stmt, &local))
    g_ptr_array_add(names, g_strdup(cr_stmt_text(stmt, 0)));
  if (local) {
    g_propagate_error(error, g_steal_pointer(&local));
    return NULL;
  }
  return g_steal_pointer(&names);
}

gint64
cr_documents_n_disputes(CrDb *work, const char *id, GError **error)
{
  return cr_db_get_int(work, 0, error, "SELECT n_disputes FROM document WHERE id=?", "s", id);
}
