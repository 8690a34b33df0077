/* engine.c: opening, keying, transactions and closing, over SQLite3 Multiple Ciphers.
 *
 * The cipher is AEGIS-256 with the raw project key: every page is encrypted and authenticated (the engine has
 * a software path where the CPU lacks AES instructions, so a project opens on any machine). The first 24
 * bytes of the file are not under the cipher: 16 of salt, which a raw key does not use, and 8 of header,
 * which are checked against what this program writes. */
#include "store/store-private.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PAGE_SIZE 8192

static const char *vfs_name;

void
cr_store_set_vfs(const char *name)
{
  vfs_name = name;
}

/* ---- errors ---- */

/* The engine's codes that mean something to a user; the rest is IO (the machine) or INTERNAL (this program).
 */
static CrErrorCode
code_of(sqlite3 *handle, int rc)
{
  static const int machine[] = {SQLITE_IOERR, SQLITE_CANTOPEN, SQLITE_READONLY, SQLITE_PERM};
  int os_error = handle ? sqlite3_system_errno(handle) : 0;
  gboolean full = rc == SQLITE_FULL || ((rc & 0xff) == SQLITE_IOERR &&
                                        (os_error == ENOSPC || os_error == EDQUOT || os_error == EFBIG));
  if (full)
    return CR_ERROR_DISK_FULL;
  if (rc == SQLITE_IOERR_SHORT_READ || rc == SQLITE_IOERR_DATA || rc == SQLITE_IOERR_CORRUPTFS)
    return CR_ERROR_DAMAGED;
  for (guint i = 0; i < G_N_ELEMENTS(machine); i++)
    if ((rc & 0xff) == machine[i])
      return CR_ERROR_IO;
  if ((rc & 0xff) == SQLITE_CORRUPT || (rc & 0xff) == SQLITE_NOTADB)
    return CR_ERROR_DAMAGED;
  if ((rc & 0xff) == SQLITE_BUSY || (rc & 0xff) == SQLITE_LOCKED)
    return CR_ERROR_PROJECT_LOCKED;
  return CR_ERROR_INTERNAL;
}

void
cr_store_set_error(GError **error, CrDb *db, int rc, const char *doing)
{
  int extended = db->handle ? sqlite3_extended_errcode(db->handle) : rc;
  if ((extended & 0xff) != (rc & 0xff))
    extended = rc;
  g_set_error(error, CR_ERROR, (gint)code_of(db->handle, extended), "%s: %s: %s", db->path, doing,
              sqlite3_errstr(extended));
}

/* ---- opening ---- */

/* The 8 header bytes outside the cipher: page size, WAL twice, reserved bytes (32 of tag, 32 of nonce), and
 * the three fractions that SQLite fixes. */
static gboolean
header_is_ours(const char *path)
{
  static const guint8 ours[] = {PAGE_SIZE >> 8, PAGE_SIZE & 255, 2, 2, 64, 64, 32, 32};
  guint8 head[24] = {0};
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t n = fd >= 0 ? read(fd, head, sizeof head) : -1;
  if (fd >= 0)
    close(fd);
  return n == sizeof head && memcmp(head + 16, ours, sizeof ours) == 0;
}

static gboolean
pragma(CrDb *db, const char *sql, GError **error)
{
  int rc = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);
  if (rc != SQLITE_OK)
    cr_store_set_error(error, db, rc, "opening");
  return rc == SQLITE_OK;
}

static gboolean
set_key(CrDb *db, const CrKey *key, GError **error)
{
  uint8_t *raw = sodium_malloc(4 + CR_KEY_BYTES);
  sqlite3mc_config(db->handle, "cipher", sqlite3mc_cipher_index("aegis"));
  sqlite3mc_config_cipher(db->handle, "aegis", "algorithm", 4); /* AEGIS-256 */
  memcpy(raw, "raw:", 4);
  memcpy(raw + 4, cr_key_bytes(key), CR_KEY_BYTES);
  int rc = sqlite3_key(db->handle, raw, 4 + CR_KEY_BYTES);
  sodium_free(raw);
  if (rc != SQLITE_OK)
    cr_store_set_error(error, db, rc, "setting the key");
  return rc == SQLITE_OK;
}

static gboolean
configure(CrDb *db, gboolean create, GError **error)
{
  static const char *const pragmas[] = {
      "PRAGMA locking_mode=EXCLUSIVE", "PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL",
      "PRAGMA temp_store=MEMORY",      "PRAGMA mmap_size=0",      "PRAGMA secure_delete=ON",
      "PRAGMA cache_size=-16384",      "PRAGMA foreign_keys=ON",  "PRAGMA wal_autocheckpoint=2000",
      "PRAGMA cell_size_check=ON"};
  g_autofree char *page_size = g_strdup_printf("PRAGMA page_size=%d", PAGE_SIZE);
  if (create && !pragma(db, page_size, error))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS(pragmas); i++)
    if (!pragma(db, pragmas[i], error))
      return FALSE;
  return TRUE;
}

static void
stmt_free(gpointer item)
{
  CrStmt *stmt = item;
  sqlite3_finalize(stmt->handle);
  g_ptr_array_unref(stmt->held);
  g_free(stmt);
}

static CrDb *
db_alloc(const char *path)
{
  CrDb *db = g_new0(CrDb, 1);
  db->path = g_strdup(path);
  db->statements = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, stmt_free);
  return db;
}

static void
db_free(CrDb *db)
{
  g_hash_table_unref(db->statements);
  sqlite3_close(db->handle);
  g_free(db->path);
  g_free(db);
}

static gboolean
open_handle(CrDb *db, gboolean create, GError **error)
{
  int flags =
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW | (create ? SQLITE_OPEN_CREATE : 0);
  int rc = sqlite3_open_v2(db->path, &db->handle, flags, vfs_name);
  if (rc != SQLITE_OK) {
    cr_store_set_error(error, db, rc, "opening");
    return FALSE;
  }
  sqlite3_extended_result_codes(db->handle, 1);
  return TRUE;
}

/* A checkpoint can only have stopped half way behind a write-ahead log that is still there; then the header
 * may wait in the log. */
static gboolean
check_header(CrDb *db, GError **error)
{
  g_autofree char *wal = g_strconcat(db->path, "-wal", NULL);
  if (header_is_ours(db->path) || g_file_test(wal, G_FILE_TEST_EXISTS))
    return TRUE;
  g_set_error(error, CR_ERROR, CR_ERROR_DAMAGED, "%s: its first bytes are not those of a Chartroom database",
              db->path);
  return FALSE;
}

CrDb *
cr_db_open(const char *path, CrDbKind kind, const CrKey *key, gboolean create, GError **error)
{
  CrDb *db = db_alloc(path);
  if ((create || check_header(db, error)) && open_handle(db, create, error) && set_key(db, key, error) &&
      configure(db, create, error) && cr_schema_migrate(db, kind, error))
    return db;
  db_free(db);
  return NULL;
}

gboolean
cr_db_close(CrDb *db, GError **error)
{
  gboolean ok = cr_db_checkpoint(db, error);
  db_free(db);
  return ok;
}

/* ---- transactions ---- */

gboolean
cr_db_begin(CrDb *db, GError **error)
{
  return cr_db_exec(db, error, "BEGIN", "");
}

gboolean
cr_db_commit(CrDb *db, GError **error)
{
  if (cr_db_exec(db, error, "COMMIT", ""))
    return TRUE;
  cr_db_rollback(db);
  return FALSE;
}

void
cr_db_rollback(CrDb *db)
{
  GHashTableIter iter;
  gpointer stmt;
  g_hash_table_iter_init(&iter, db->statements);
  while (g_hash_table_iter_next(&iter, NULL, &stmt))
    if (!((CrStmt *)stmt)->busy)
      sqlite3_reset(((CrStmt *)stmt)->handle);
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

gboolean
cr_db_check(CrDb *db, GError **error)
{
  g_autoptr(GError) local = NULL;
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
