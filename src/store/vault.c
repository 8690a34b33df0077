/* vault.c: originals, document keys and sealed pieces in vault.db. Everything that could tell something is
 * sealed before it comes here. */
#include "store/documents.h"

gboolean
cr_vault_insert_original(CrDb *vault, const CrOriginalRow *row, guint64 tx, GError **error)
{
  return cr_db_exec(vault, error,
                    "INSERT INTO original(note, source_key, content_key, source, text, known, tx) "
                    "VALUES(?,?,?,?,?,?,?)",
                    "sssBBBi", row->note, row->source_key, row->content_key, row->source, row->text,
                    row->known, (gint64)tx) &&
         cr_db_exec(vault, error, "INSERT INTO document_key(note, wrapped, tx) VALUES(?,?,?)", "sBi",
                    row->note, row->wrapped_key, (gint64)tx);
}

static char *
find_note(CrDb *vault, const char *sql, const char *key, GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autoptr(CrStmt) stmt = cr_db_query(vault, error, sql, "s", key);
  if (!stmt)
    return NULL;
  if (cr_stmt_step(stmt, &local))
    return g_strdup(cr_stmt_text(stmt, 0));
  if (local)
    g_propagate_error(error, g_steal_pointer(&local));
  return NULL;
}

char *
cr_vault_find_source(CrDb *vault, const char *source_key, GError **error)
{
  return find_note(vault, "SELECT note FROM original WHERE source_key=?", source_key, error);
}

char *
cr_vault_find_content(CrDb *vault, const char *content_key, GError **error)
{
  return find_note(vault, "SELECT note FROM original WHERE content_key=?", content_key, error);
}

/* The first column of the first row; *found tells a NULL from no row. */
static GBytes *
load_first_blob(CrStmt *stmt, gboolean *found, GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autoptr(CrStmt) owned = stmt;
  *found = FALSE;
  if (!owned)
    return NULL;
  if (cr_stmt_step(owned, &local)) {
    *found = TRUE;
    return cr_stmt_dup_bytes(owned, 0);
  }
  if (local)
    g_propagate_error(error, g_steal_pointer(&local));
  return NULL;
}

gboolean
cr_vault_put_key(CrDb *vault, const char *name, GBytes *wrapped, guint64 tx, GError **error)
{
  return cr_db_exec(vault, error, "INSERT INTO document_key(note, wrapped, tx) VALUES(?,?,?)", "sBi", name,
                    wrapped, (gint64)tx);
}

GBytes *
cr_vault_load_key(CrDb *vault, const char *note, GError **error)
{
  g_autoptr(GError) local = NULL;
  gboolean found;
  GBytes *wrapped = load_first_blob(
      cr_db_query(vault, &local, "SELECT wrapped FROM document_key WHERE note=?", "s", note), &found, &local);
  if (!wrapped && !local)
    g_set_error(&local, CR_ERROR, CR_ERROR_DESTROYED, "note %s: the key of the original is gone", note);
  if (local)
    g_propagate_error(error, g_steal_pointer(&local));
  return wrapped;
}

GBytes *
cr_vault_load_original(CrDb *vault, const char *note, CrOriginalPart part, GError **error)
{
  static const char *const sql[] = {"SELECT source FROM original WHERE note=?",
                                    "SELECT text FROM original WHERE note=?",
                                    "SELECT known FROM original WHERE note=?"};
  gboolean found;
  return load_first_blob(cr_db_query(vault, error, sql[part], "s", note), &found, error);
}

char *
cr_vault_patient_code(CrDb *vault, const char *patient_key, const char *fresh_code, GError **error)
{
  if (!cr_db_exec(vault, error, "INSERT OR IGNORE INTO patient(key, code) VALUES(?,?)", "ss", patient_key,
                  fresh_code))
    return NULL;
  return find_note(vault, "SELECT code FROM patient WHERE key=?", patient_key, error);
}

gboolean
cr_vault_put_piece(CrDb *vault, const char *note, const char *kind, const char *member, GBytes *box,
                   guint64 tx, GError **error)
{
  return cr_db_exec(vault, error, "INSERT INTO piece(note, kind, member, box, tx) VALUES(?,?,?,?,?)", "sssBi",
                    note, kind, member ? member : "", box, (gint64)tx);
}

GBytes *
cr_vault_load_piece(CrDb *vault, const char *note, const char *kind, const char *member, GError **error)
{
  gboolean found;
  return load_first_blob(
      cr_db_query(vault, error,
                  "SELECT box FROM piece WHERE note=? AND kind=? AND member=? ORDER BY id DESC LIMIT 1",
                  "sss", note, kind, member ? member : ""),
      &found, error);
}

gboolean
cr_vault_put_quarantine(CrDb *vault, const char *batch, GBytes *box, guint64 tx, GError **error)
{
  return cr_db_exec(vault, error, "INSERT INTO quarantine(batch, box, tx) VALUES(?,?,?)", "sBi", batch, box,
                    (gint64)tx);
}

GPtrArray *
cr_vault_load_quarantine(CrDb *vault, const char *batch, GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autoptr(GPtrArray) boxes = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
  g_autoptr(CrStmt) stmt = cr_db_query(
      vault, error, "SELECT box FROM quarantine WHERE ?1 IS NULL OR batch=?1 ORDER BY id", "s", batch);
  if (!stmt)
    return NULL;
  while (cr_stmt_step(stmt, &local))
    g_ptr_array_add(boxes, cr_stmt_dup_bytes(stmt, 0));
  if (local) {
    g_propagate_error(error, g_steal_pointer(&local));
    return NULL;
  }
  return g_steal_pointer(&boxes);
}

/* ---- transactions over both databases ---- */

#define LAST_TX "vault.tx"

gboolean
cr_vault_note_tx(CrDb *vault, CrDb *work, guint64 tx, GError **error)
{
  g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT, tx);
  return cr_db_set_meta(vault, LAST_TX, text, error) && cr_db_set_meta(work, LAST_TX, text, error);
}

static gboolean
drop_from(CrDb *vault, gint64 tx, GError **error)
{
  return cr_db_exec(vault, error, "DELETE FROM original WHERE tx>=?", "i", tx) &&
         cr_db_exec(vault, error, "DELETE FROM document_key WHERE tx>=?", "i", tx) &&
         cr_db_exec(vault, error, "DELETE FROM piece WHERE tx>=?", "i", tx) &&
         cr_db_exec(vault, error, "DELETE FROM quarantine WHERE tx>=?", "i", tx);
}

/* -1: none was noted. */
static gint64
last_tx(CrDb *db, GError **error)
{
  g_autofree char *text = cr_db_dup_meta(db, LAST_TX, error);
  return text && *text ? g_ascii_strtoll(text, NULL, 10) : -1;
}

/* Rows of transactions after `committed`, other than the last: more than a crash can leave. */
static gint64
count_between(CrDb *vault, gint64 committed, gint64 written, GError **error)
{
  return cr_db_get_int(vault, 0, error,
                       "SELECT (SELECT count(*) FROM original WHERE tx>?1 AND tx<?2)"
                       "+(SELECT count(*) FROM piece WHERE tx>?1 AND tx<?2)",
                       "ii", committed, written);
}

static gboolean
refuse_behind(const char *behind, const char *other, GError **error)
{
  g_set_error(error, CR_ERROR, CR_ERROR_STORE_BEHIND, "%s is older than %s", behind, other);
  return FALSE;
}

gboolean
cr_vault_drop_uncommitted(CrDb *vault, CrDb *work, GError **error)
{
  g_autoptr(GError) local = NULL;
  gint64 written = last_tx(vault, &local), committed = local ? -1 : last_tx(work, &local);
  gint64 between = local || written <= committed ? 0 : count_between(vault, committed, written, &local);
  if (local) {
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
  }
  if (written == committed)
    return TRUE;
  if (written < committed || between > 0)
    return between > 0 ? refuse_behind("work.db", "vault.db", error)
                       : refuse_behind("vault.db", "work.db", error);
  g_autofree char *text = committed < 0 ? g_strdup("") : g_strdup_printf("%" G_GINT64_FORMAT, committed);
  return drop_from(vault, written, error) && cr_db_set_meta(vault, LAST_TX, text, error);
}

gboolean
cr_vault_destroy_key(CrDb *vault, const char *note, GError **error)
{
  return cr_db_exec(vault, error, "UPDATE document_key SET wrapped=NULL WHERE note=?", "s", note);
}
