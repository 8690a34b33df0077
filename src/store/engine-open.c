/* engine-open.c: opening, keying and closing a database.
 *
 * Every page is encrypted and authenticated with the raw project key: AEGIS-256 where the machine that made
 * the database has AES instructions, else ChaCha20-Poly1305; any machine opens either. The first 24 bytes of
 * the file are not under the cipher, and are known beforehand: a mark that depends on the key alone (16
 * bytes, the cipher's salt, which a raw key does not use), and 8 bytes of header that never change, one of
 * which tells the ciphers apart. */
#include "store/store-private.h"

#include <limits.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_SIZE 8192 /* as in the list of pragmas */
#define MARK_BYTES 16
#define CLEAR_BYTES 24

typedef struct {
  const char *name;
  guint8 n_reserved; /* bytes a page for nonce and tag: as header byte 20 */
  const char *param;
  int value;
} Cipher;

static const Cipher ciphers[] = {{"aegis", 64, "algorithm", 4 /* AEGIS-256 */},
                                 {"chacha20", 32, "legacy", 0}};

static const char *vfs_name, *cipher_name;

void
cr_store_set_vfs(const char *name)
{
  vfs_name = name;
}

void
cr_store_set_cipher(const char *name)
{
  cipher_name = name;
}

/* ---- the bytes outside the cipher ---- */

static void
expected_head(const CrKey *key, const Cipher *cipher, guint8 head[CLEAR_BYTES])
{
  const guint8 fixed[] = {PAGE_SIZE >> 8, PAGE_SIZE & 255, 2, 2, cipher->n_reserved, 64, 32, 32};
  g_autofree char *hex = cr_keyed_hash_hex(key, "chartroom database mark", "", 0);
  guint8 hash[CR_HASH_BYTES];
  gboolean ok = cr_unhex(hex, hash, sizeof hash);
  g_assert(ok);
  memcpy(head, hash, MARK_BYTES);
  memcpy(head + MARK_BYTES, fixed, sizeof fixed);
}

/* What a new database is made with. */
static const Cipher *
best_cipher(void)
{
  const char *name = cipher_name ? cipher_name : crypto_aead_aes256gcm_is_available() ? "aegis" : "chacha20";
  for (guint i = 0; i < G_N_ELEMENTS(ciphers); i++)
    if (strcmp(ciphers[i].name, name) == 0)
      return &ciphers[i];
  g_assert_not_reached();
}

static const Cipher *
cipher_of(const guint8 head[CLEAR_BYTES])
{
  for (guint i = 0; i < G_N_ELEMENTS(ciphers); i++)
    if (ciphers[i].n_reserved == head[20])
      return &ciphers[i];
  return NULL;
}

/* Through the engine's own file: opening the file beside it would give up its locks. *size is that of the
 * file, head stays as it is beyond it. */
static gboolean
read_head(CrDb *db, guint8 head[CLEAR_BYTES], sqlite3_int64 *size, GError **error)
{
  sqlite3_file *file = NULL;
  int rc = sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_FILE_POINTER, &file);
  if (rc == SQLITE_OK)
    rc = file->pMethods->xFileSize(file, size);
  if (rc == SQLITE_OK && *size >= CLEAR_BYTES)
    rc = file->pMethods->xRead(file, head, CLEAR_BYTES, 0);
  if (rc != SQLITE_OK)
    cr_store_set_error(error, db, rc, "reading its first bytes");
  return rc == SQLITE_OK;
}

static gboolean
refuse(CrDb *db, CrErrorCode code, const char *what, GError **error)
{
  g_set_error(error, CR_ERROR, (gint)code, "%s: %s", db->path, what);
  return FALSE;
}

/* The cipher that the clear header tells; NULL with an error. */
static const Cipher *
check_head(CrDb *db, const CrKey *key, const guint8 head[CLEAR_BYTES], gboolean *marked, GError **error)
{
  const Cipher *cipher = cipher_of(head);
  guint8 ours[CLEAR_BYTES] = {0};
  guint n_same = 0;
  if (cipher)
    expected_head(key, cipher, ours);
  for (guint i = 0; i < MARK_BYTES; i++)
    n_same += head[i] == ours[i];
  *marked = n_same == MARK_BYTES;
  /* Marks of two keys have no more than a byte or two in common: this one is ours, in part. */
  gboolean touched = !*marked && n_same >= MARK_BYTES / 4;
  if (cipher && !touched && memcmp(head + MARK_BYTES, ours + MARK_BYTES, CLEAR_BYTES - MARK_BYTES) == 0)
    return cipher;
  (void)refuse(db, CR_ERROR_DAMAGED, "its first bytes are not those of a Chartroom database", error);
  return NULL;
}

/* The cipher of the database that is there, or the best one for a new one; NULL with an error. *marked:
 * whether the mark is that of the key. */
static const Cipher *
find_cipher(CrDb *db, const CrKey *key, gboolean create, gboolean *marked, GError **error)
{
  guint8 head[CLEAR_BYTES] = {0};
  sqlite3_int64 size = 0;
  *marked = TRUE;
  if (!read_head(db, head, &size, error))
    return NULL;
  if (!create)
    return check_head(db, key, head, marked, error);
  if (size == 0)
    return best_cipher();
  (void)refuse(db, CR_ERROR_EXISTS, "there is a file of that name", error);
  return NULL;
}

/* ---- settings ---- */

/* A build without the cipher would fall back to another one. */
static void
choose_cipher(CrDb *db, const Cipher *cipher)
{
  int index = sqlite3mc_cipher_index(cipher->name);
  int chosen = sqlite3mc_config(db->handle, "cipher", index),
      value = sqlite3mc_config_cipher(db->handle, cipher->name, cipher->param, cipher->value);
  g_assert(index > 0 && chosen == index && value == cipher->value);
}

static gboolean
set_key(CrDb *db, const CrKey *key, const Cipher *cipher, GError **error)
{
  static const guint8 prefix[] = {'r', 'a', 'w', ':'}; /* the key as it is, and the salt */
  guint8 head[CLEAR_BYTES];
  expected_head(key, cipher, head);
  choose_cipher(db, cipher);
  uint8_t *raw = sodium_malloc(sizeof prefix + CR_KEY_BYTES + MARK_BYTES);
  memcpy(raw, prefix, sizeof prefix);
  memcpy(raw + sizeof prefix, cr_key_bytes(key), CR_KEY_BYTES);
  memcpy(raw + sizeof prefix + CR_KEY_BYTES, head, MARK_BYTES);
  int rc = sqlite3_key(db->handle, raw, sizeof prefix + CR_KEY_BYTES + MARK_BYTES);
  sodium_free(raw);
  if (rc != SQLITE_OK)
    cr_store_set_error(error, db, rc, "setting the key");
  return rc == SQLITE_OK;
}

static gboolean
pragma(CrDb *db, const char *sql, GError **error)
{
  int rc = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);
  if (rc != SQLITE_OK)
    cr_store_set_error(error, db, rc, "opening");
  return rc == SQLITE_OK;
}

/* The first page opens under the key, and the file is marked with it. Nothing has been written so far. */
static gboolean
prove_key(CrDb *db, gboolean marked, GError **error)
{
  g_autoptr(GError) local = NULL;
  if (pragma(db, "PRAGMA schema_version", &local)) {
    return marked || refuse(db, CR_ERROR_DAMAGED, "its first bytes were changed", error);
  }
  if (!marked && g_error_matches(local, CR_ERROR, CR_ERROR_DAMAGED))
    return refuse(db, CR_ERROR_SEAL_BROKEN, "it does not open with the key of this project", error);
  g_propagate_error(error, g_steal_pointer(&local));
  return FALSE;
}

/* The engine says in its answer, not by an error, that it keeps another journal. */
static gboolean
switch_log_on(CrDb *db, GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autoptr(CrStmt) stmt = cr_db_query(db, &local, "PRAGMA journal_mode=WAL", "");
  gboolean wal = stmt && cr_stmt_step(stmt, &local) && g_strcmp0(cr_stmt_text(stmt, 0), "wal") == 0;
  while (wal && cr_stmt_step(stmt, &local)) /* it is done at the end, not with the answer */
    ;
  gboolean failed = local != NULL;
  if (failed)
    g_propagate_error(error, g_steal_pointer(&local));
  else if (!wal)
    (void)refuse(db, CR_ERROR_IO, "its write-ahead log can't be written", error);
  return wal && !failed;
}

static gboolean
run_pragmas(CrDb *db, const char *const *sql, GError **error)
{
  for (; *sql; sql++)
    if (!pragma(db, *sql, error))
      return FALSE;
  return TRUE;
}

static gboolean
configure(CrDb *db, gboolean marked, GError **error)
{
  static const char *const first[] = {"PRAGMA page_size=8192",    "PRAGMA locking_mode=EXCLUSIVE",
                                      "PRAGMA temp_store=MEMORY", "PRAGMA mmap_size=0",
                                      "PRAGMA secure_delete=ON",  NULL};
  static const char *const then[] = {"PRAGMA synchronous=FULL",        "PRAGMA cache_size=-16384",
                                     "PRAGMA foreign_keys=ON",         "PRAGMA cell_size_check=ON",
                                     "PRAGMA wal_autocheckpoint=8000", "PRAGMA journal_size_limit=67108864",
                                     "PRAGMA trusted_schema=OFF",      NULL};
  /* Moving the log into the file is for cr_db_close, where all is well. */
  sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
  sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  return run_pragmas(db, first, error) && prove_key(db, marked, error) && switch_log_on(db, error) &&
         run_pragmas(db, then, error);
}

/* ---- memory ---- */

static sqlite3_mem_methods system_memory;

static void *
must_have(void *memory, int n_bytes)
{
  if (!memory)
    g_error("out of memory: %d bytes for a database", n_bytes);
  return memory;
}

static void *
must_malloc(int n_bytes)
{
  return must_have(system_memory.xMalloc(n_bytes), n_bytes);
}

static void *
must_realloc(void *memory, int n_bytes)
{
  return must_have(system_memory.xRealloc(memory, n_bytes), n_bytes);
}

/* Where memory runs out the program ends, as it does with GLib: the store is then as after a kill, and no
 * path of the engine's goes on with half of what it asked for (the cipher's own do not check). */
static gpointer
end_without_memory(gpointer unused)
{
  sqlite3_config(SQLITE_CONFIG_GETMALLOC, &system_memory);
  sqlite3_mem_methods mine = system_memory;
  mine.xMalloc = must_malloc;
  mine.xRealloc = must_realloc;
  if (sqlite3_config(SQLITE_CONFIG_MALLOC, &mine) != SQLITE_OK)
    g_debug("the engine was started before its memory could be set up"); /* tests that bring a VFS */
  return NULL;
}

/* ---- opening and closing ---- */

static CrDb *
db_alloc(const char *path)
{
  CrDb *db = g_new0(CrDb, 1);
  db->path = g_strdup(path);
  db->statements = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, cr_stmt_free);
  return db;
}

static void
db_free(CrDb *db)
{
  g_hash_table_unref(db->statements);
  int rc = sqlite3_close(db->handle);
  g_assert(rc == SQLITE_OK); /* else a statement was never given back */
  g_clear_error(&db->damage);
  g_free(db->path);
  g_free(db);
}

/* Links on the way to the folder are followed, the file itself must not be one. */
static char *
real_path(const char *path)
{
  char resolved[PATH_MAX];
  g_autofree char *dir = g_path_get_dirname(path), *name = g_path_get_basename(path);
  return realpath(dir, resolved) ? g_build_filename(resolved, name, NULL) : g_strdup(path);
}

static gboolean
open_handle(CrDb *db, gboolean create, GError **error)
{
  int flags =
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW | (create ? SQLITE_OPEN_CREATE : 0);
  g_autofree char *path = real_path(db->path);
  int rc = sqlite3_open_v2(path, &db->handle, flags, vfs_name);
  if (rc != SQLITE_OK) {
    cr_store_set_error(error, db, rc, "opening");
    return FALSE;
  }
  sqlite3_extended_result_codes(db->handle, 1);
  if (sqlite3_db_readonly(db->handle, "main") == 0)
    return TRUE;
  return refuse(db, CR_ERROR_IO, "it may not be written", error);
}

CrDb *
cr_db_open(const char *path, CrDbKind kind, const CrKey *key, gboolean create, GError **error)
{
  static GOnce once = G_ONCE_INIT;
  g_once(&once, end_without_memory, NULL);
  CrDb *db = db_alloc(path);
  gboolean marked = FALSE;
  const Cipher *cipher = open_handle(db, create, error) ? find_cipher(db, key, create, &marked, error) : NULL;
  if (cipher && set_key(db, key, cipher, error) && configure(db, marked, error) &&
      cr_schema_migrate(db, kind, error))
    return db;
  db_free(db);
  return NULL;
}

gboolean
cr_db_close(CrDb *db, GError **error)
{
  if (cr_db_in_transaction(db))
    cr_db_rollback(db);
  gboolean ok = cr_db_checkpoint(db, error);
  if (ok && db->damage) {
    g_propagate_error(error, g_error_copy(db->damage));
    ok = FALSE;
  } else if (ok) /* the log is empty: closing removes it */
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
  db_free(db);
  return ok;
}
