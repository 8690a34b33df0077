/* statement.c: statements for the repositories of this room, prepared once each, and the settings and outbox
 * that every database has. */
#include "store/store-private.h"

#include <stdarg.h>
#include <string.h>

/* ---- preparing and binding ---- */

static CrStmt *
prepare(CrDb *db, const char *sql, GError **error)
{
  sqlite3_stmt *handle = NULL;
  int rc = sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &handle, NULL);
  if (rc != SQLITE_OK) {
    cr_store_set_error(error, db, rc, "reading");
    return NULL;
  }
  CrStmt *stmt = g_new0(CrStmt, 1);
  stmt->db = db;
  stmt->handle = handle;
  stmt->held = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
  return stmt;
}

void
cr_stmt_free(gpointer item)
{
  CrStmt *stmt = item;
  sqlite3_finalize(stmt->handle);
  g_ptr_array_unref(stmt->held);
  g_free(stmt);
}

/* The statement of that literal; a second one where the first has not been given back. */
static CrStmt *
get_statement(CrDb *db, const char *sql, GError **error)
{
  CrStmt *stmt = g_hash_table_lookup(db->statements, sql);
  g_assert(!stmt || strcmp(sqlite3_sql(stmt->handle), sql) == 0); /* else not a literal */
  if (stmt && !stmt->busy)
    return stmt;
  CrStmt *fresh = prepare(db, sql, error);
  if (fresh && !stmt) {
    fresh->cached = TRUE;
    g_hash_table_insert(db->statements, (gpointer)sql, fresh);
  }
  return fresh;
}

static int
bind_bytes(CrStmt *stmt, int i, GBytes *bytes)
{
  gsize n = 0;
  const void *data = bytes ? g_bytes_get_data(bytes, &n) : NULL;
  if (!bytes)
    return sqlite3_bind_null(stmt->handle, i);
  g_ptr_array_add(stmt->held, g_bytes_ref(bytes));
  return sqlite3_bind_blob64(stmt->handle, i, data ? data : "", n, SQLITE_STATIC);
}

static int
bind_one(CrStmt *stmt, int i, char type, va_list *args)
{
  switch (type) {
  case 'i':
    return sqlite3_bind_int64(stmt->handle, i, va_arg(*args, gint64));
  case 'd':
    return sqlite3_bind_double(stmt->handle, i, va_arg(*args, double));
  case 's':
    return sqlite3_bind_text(stmt->handle, i, va_arg(*args, const char *), -1, SQLITE_TRANSIENT);
  case 'b': {
    const void *data = va_arg(*args, const void *);
    gsize n = va_arg(*args, gsize);
    return sqlite3_bind_blob64(stmt->handle, i, data, n, SQLITE_TRANSIENT);
  }
  default:
    return bind_bytes(stmt, i, va_arg(*args, GBytes *));
  }
}

static CrStmt *
query(CrDb *db, GError **error, const char *sql, const char *types, va_list *args)
{
  CrStmt *stmt = get_statement(db, sql, error);
  int rc = SQLITE_OK;
  if (!stmt)
    return NULL;
  stmt->busy = TRUE;
  for (int i = 0; types[i] && rc == SQLITE_OK; i++)
    rc = bind_one(stmt, i + 1, types[i], args);
  if (rc == SQLITE_OK)
    return stmt;
  cr_store_set_error(error, db, rc, "binding");
  cr_stmt_reset(stmt);
  return NULL;
}

CrStmt *
cr_db_query(CrDb *db, GError **error, const char *sql, const char *types, ...)
{
  va_list args;
  va_start(args, types);
  CrStmt *stmt = query(db, error, sql, types, &args);
  va_end(args);
  return stmt;
}

/* ---- stepping ---- */

static void
finish(CrStmt *stmt)
{
  sqlite3_reset(stmt->handle);
  sqlite3_clear_bindings(stmt->handle);
  g_ptr_array_set_size(stmt->held, 0);
}

gboolean
cr_stmt_step(CrStmt *stmt, GError **error)
{
  int rc = sqlite3_step(stmt->handle);
  if (rc == SQLITE_ROW)
    return TRUE;
  if (rc != SQLITE_DONE)
    cr_store_set_error(error, stmt->db, rc, "reading or writing");
  finish(stmt);
  return FALSE;
}

void
cr_stmt_reset(CrStmt *stmt)
{
  if (!stmt)
    return;
  finish(stmt);
  stmt->busy = FALSE;
  if (!stmt->cached)
    cr_stmt_free(stmt);
}

gint64
cr_stmt_int(CrStmt *stmt, int column)
{
  return sqlite3_column_int64(stmt->handle, column);
}

double
cr_stmt_double(CrStmt *stmt, int column)
{
  return sqlite3_column_double(stmt->handle, column);
}

const char *
cr_stmt_text(CrStmt *stmt, int column)
{
  return (const char *)sqlite3_column_text(stmt->handle, column);
}

gboolean
cr_stmt_is_null(CrStmt *stmt, int column)
{
  return sqlite3_column_type(stmt->handle, column) == SQLITE_NULL;
}

GBytes *
cr_stmt_dup_bytes(CrStmt *stmt, int column)
{
  if (cr_stmt_is_null(stmt, column))
    return NULL;
  const void *data = sqlite3_column_blob(stmt->handle, column);
  return g_bytes_new(data, (gsize)sqlite3_column_bytes(stmt->handle, column));
}

gboolean
cr_db_exec(CrDb *db, GError **error, const char *sql, const char *types, ...)
{
  g_autoptr(GError) local = NULL;
  va_list args;
  va_start(args, types);
  g_autoptr(CrStmt) stmt = query(db, error, sql, types, &args);
  va_end(args);
  if (!stmt)
    return FALSE;
  while (cr_stmt_step(stmt, &local))
    ;
  gboolean ok = local == NULL;
  if (!ok)
    g_propagate_error(error, g_steal_pointer(&local));
  return ok;
}

gint64
cr_db_get_int(CrDb *db, gint64 fallback, GError **error, const char *sql, const char *types, ...)
{
  g_autoptr(GError) local = NULL;
  va_list args;
  va_start(args, types);
  g_autoptr(CrStmt) stmt = query(db, error, sql, types, &args);
  va_end(args);
  if (!stmt)
    return fallback;
  gboolean row = cr_stmt_step(stmt, &local);
  gint64 value = row && !cr_stmt_is_null(stmt, 0) ? cr_stmt_int(stmt, 0) : fallback;
  if (local)
    g_propagate_error(error, g_steal_pointer(&local));
  return value;
}

gint64
cr_db_changes(CrDb *db)
{
  return sqlite3_changes64(db->handle);
}

/* ---- settings ---- */

char *
cr_db_dup_meta(CrDb *db, const char *key, GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autoptr(CrStmt) stmt = cr_db_query(db, error, "SELECT value FROM meta WHERE key=?", "s", key);
  if (!stmt)
    return NULL;
  char *value = cr_stmt_step(stmt, &local) ? g_strdup(cr_stmt_text(stmt, 0)) : NULL;
  if (local)
    g_propagate_error(error, g_steal_pointer(&local));
  return value;
}

gboolean
cr_db_set_meta(CrDb *db, const char *key, const char *value, GError **error)
{
  return cr_db_exec(
      db, error,
      "INSERT INTO meta(key, value) VALUES(?,?) ON CONFLICT(key) DO UPDATE SET value=excluded.value", "ss",
      key, value);
}

/* ---- the outbox ---- */

gboolean
cr_outbox_put(CrDb *work, const char *lines, gsize n_bytes, guint64 log_bytes_before, GBytes *state,
              GError **error)
{
  gint64 start = (gint64)log_bytes_before, end = start + (gint64)n_bytes;
  return cr_db_exec(work, error, "INSERT INTO outbox(log_start, log_end, lines) VALUES(?,?,?)", "iib", start,
                    end, lines, n_bytes) &&
         cr_db_exec(work, error,
                    "INSERT INTO trail(one, log_end, state) VALUES(1,?,?)"
                    " ON CONFLICT(one) DO UPDATE SET log_end=excluded.log_end, state=excluded.state",
                    "iB", end, state);
}

GBytes *
cr_outbox_load(CrDb *work, guint64 *log_bytes_before, GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autoptr(GByteArray) all = g_byte_array_new();
  g_autoptr(CrStmt) stmt =
      cr_db_query(work, error, "SELECT log_start, lines FROM outbox ORDER BY log_start", "");
  gboolean any = FALSE;
  if (!stmt)
    return NULL;
  while (cr_stmt_step(stmt, &local)) {
    g_autoptr(GBytes) lines = cr_stmt_dup_bytes(stmt, 1);
    if (!any)
      *log_bytes_before = (guint64)cr_stmt_int(stmt, 0);
    any = TRUE;
    g_byte_array_append(all, g_bytes_get_data(lines, NULL), (guint)g_bytes_get_size(lines));
  }
  if (local) {
    g_propagate_error(error, g_steal_pointer(&local));
    return NULL;
  }
  return any ? g_byte_array_free_to_bytes(g_steal_pointer(&all)) : NULL;
}

GBytes *
cr_outbox_state(CrDb *work, guint64 *log_bytes, GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autoptr(CrStmt) stmt = cr_db_query(work, error, "SELECT log_end, state FROM trail", "");
  if (!stmt)
    return NULL;
  if (cr_stmt_step(stmt, &local)) {
    *log_bytes = (guint64)cr_stmt_int(stmt, 0);
    return cr_stmt_dup_bytes(stmt, 1);
  }
  if (local)
    g_propagate_error(error, g_steal_pointer(&local));
  return NULL;
}

gboolean
cr_outbox_clear(CrDb *work, guint64 log_bytes_synced, GError **error)
{
  return cr_db_exec(work, error, "DELETE FROM outbox WHERE log_end<=?", "i", (gint64)log_bytes_synced);
}
