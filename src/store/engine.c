/* engine.c: errors, transactions and checks of an open database. */
#include "store/store-private.h"

#include <errno.h>
#include <string.h>

/* ---- errors ---- */

/* The engine's codes that mean something to a user; the rest is a fault of this program. The first row that
 * fits: by the extended code, then by the code. */
static const struct {
  int rc;
  CrErrorCode code;
} error_rows[] = {{SQLITE_IOERR_SHORT_READ, CR_ERROR_DAMAGED},
                  {SQLITE_IOERR_DATA, CR_ERROR_DAMAGED},
                  {SQLITE_IOERR_CORRUPTFS, CR_ERROR_DAMAGED},
                  {SQLITE_CORRUPT, CR_ERROR_DAMAGED},
                  {SQLITE_NOTADB, CR_ERROR_DAMAGED},
                  {SQLITE_FULL, CR_ERROR_DISK_FULL},
                  {SQLITE_IOERR, CR_ERROR_IO},
                  {SQLITE_CANTOPEN, CR_ERROR_IO},
                  {SQLITE_READONLY, CR_ERROR_IO},
                  {SQLITE_PERM, CR_ERROR_IO},
                  {SQLITE_AUTH, CR_ERROR_IO},
                  {SQLITE_BUSY, CR_ERROR_PROJECT_LOCKED},
                  {SQLITE_LOCKED, CR_ERROR_PROJECT_LOCKED},
                  {SQLITE_TOOBIG, CR_ERROR_LIMIT}};

static gboolean
no_space(sqlite3 *handle, int rc)
{
  int os_error = handle && (rc & 0xff) == SQLITE_IOERR ? sqlite3_system_errno(handle) : 0;
  return os_error == ENOSPC || os_error == EDQUOT || os_error == EFBIG;
}

static CrErrorCode
code_of(sqlite3 *handle, int rc)
{
  if (no_space(handle, rc))
    return CR_ERROR_DISK_FULL;
  for (guint i = 0; i < G_N_ELEMENTS(error_rows); i++)
    if (error_rows[i].rc == rc || error_rows[i].rc == (rc & 0xff))
      return error_rows[i].code;
  return CR_ERROR_INTERNAL;
}

void
cr_store_set_error(GError **error, CrDb *db, int rc, const char *doing)
{
  int extended = db->handle ? sqlite3_extended_errcode(db->handle) : rc;
  if ((extended & 0xff) != (rc & 0xff))
    extended = rc;
  /* A constraint's message names table and column, never a value; other messages may quote. */
  gboolean constraint = (extended & 0xff) == SQLITE_CONSTRAINT;
  g_autoptr(GError) local =
      g_error_new(CR_ERROR, (gint)code_of(db->handle, extended), "%s: %s: %s", db->path, doing,
                  constraint ? sqlite3_errmsg(db->handle) : sqlite3_errstr(extended));
  if (!db->damage && g_error_matches(local, CR_ERROR, CR_ERROR_DAMAGED))
    db->damage = g_error_copy(local);
  g_propagate_error(error, g_steal_pointer(&local));
}

/* ---- transactions ---- */

gboolean
cr_db_begin(CrDb *db, GError **error)
{
  db->n_changes = sqlite3_total_changes64(db->handle);
  return cr_db_exec(db, error, "BEGIN IMMEDIATE", "");
}

gboolean
cr_db_has_changed(CrDb *db)
{
  return sqlite3_total_changes64(db->handle) != db->n_changes;
}

gboolean
cr_db_commit(CrDb *db, GError **error)
{
  if (db->damage && error)
    *error = g_error_copy(db->damage);
  else if (!db->damage && cr_db_exec(db, error, "COMMIT", ""))
    return TRUE;
  cr_db_rollback(db);
  return FALSE;
}

/* Some failures (a full disk) have rolled back already. */
void
cr_db_rollback(CrDb *db)
{
  if (cr_db_in_transaction(db))
    sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
}

gboolean
cr_db_in_transaction(CrDb *db)
{
  return sqlite3_get_autocommit(db->handle) == 0;
}

gboolean
cr_db_checkpoint(CrDb *db, GError **error)
{
  int rc = sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
  if (rc != SQLITE_OK)
    cr_store_set_error(error, db, rc, "moving the log into the file");
  return rc == SQLITE_OK;
}

/* ---- checks ---- */

/* The engine's own check leaves out the pages that hold nothing now. */
static gboolean
read_every_page(CrDb *db, GError **error)
{
  g_autoptr(GError) local = NULL;
  gint64 n_pages = cr_db_get_int(db, -1, &local, "PRAGMA page_count", "");
  gint64 n_read =
      local ? -1 : cr_db_get_int(db, -1, &local, "SELECT sum(length(data)>0) FROM sqlite_dbpage", "");
  if (local) {
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
  }
  if (n_pages == n_read)
    return TRUE;
  g_set_error(error, CR_ERROR, CR_ERROR_DAMAGED, "%s: a page is missing", db->path);
  return FALSE;
}

gboolean
cr_db_check(CrDb *db, GError **error)
{
  g_autoptr(GError) local = NULL;
  if (!read_every_page(db, error))
    return FALSE;
  g_autoptr(CrStmt) stmt = cr_db_query(db, error, "PRAGMA integrity_check(1)", "");
  if (!stmt)
    return FALSE;
  gboolean row = cr_stmt_step(stmt, &local), ok = row && g_strcmp0(cr_stmt_text(stmt, 0), "ok") == 0;
  if (local)
    g_propagate_error(error, g_steal_pointer(&local));
  else if (!ok)
    g_set_error(error, CR_ERROR, CR_ERROR_DAMAGED, "%s: its pages do not fit together", db->path);
  return ok;
}
