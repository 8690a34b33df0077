/* store: the only place that calls sqlite3_*. Two encrypted databases (vault.db: originals, privacy role's
 * key; work.db: everything else, members' key), migrations, statements, and the repositories on top
 * (documents.h, review.h, labels.h).
 *
 * Law: callers own what *_dup_* and *_load_* return; everything that a CrStmt column returns is borrowed
 * until the next step. Every change happens between cr_db_begin and cr_db_commit, which only workflow/ calls.
 */
#pragma once
#include "base/base.h"

typedef struct CrDb CrDb;
typedef struct CrStmt CrStmt;

typedef enum { CR_DB_VAULT, CR_DB_WORK } CrDbKind;

/* Opens (or with create makes) and migrates the database: WAL, synchronous=FULL, exclusive locking,
 * secure_delete, temp_store=MEMORY, raw 32-byte key; AEGIS-256, or ChaCha20-Poly1305 where the machine that
 * made it has no AES instructions (the file says which). Errors: DAMAGED (anything that does not
 * authenticate, now or later), NEWER_VERSION, SEAL_BROKEN (key of another project), PROJECT_LOCKED (open
 * elsewhere), EXISTS (create, and there is such a file), DISK_FULL, IO. A database that could not be opened
 * is left as it was. */
CrDb *cr_db_open(const char *path, CrDbKind kind, const CrKey *key, gboolean create,
                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Checkpoints the WAL into the file and closes. A database in which damage was met commits nothing more, and
 * closing gives that error: whoever overlooked it in between has still not succeeded. */
gboolean cr_db_close(CrDb *db, GError **error);
gboolean cr_db_begin(CrDb *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Whether the running transaction has changed a row. */
gboolean cr_db_has_changed(CrDb *db);
gboolean cr_db_commit(CrDb *db, GError **error)
    G_GNUC_WARN_UNUSED_RESULT; /* durable when it returns TRUE; rolled back when FALSE */
void cr_db_rollback(CrDb *db);
gboolean cr_db_in_transaction(CrDb *db);
/* wal_checkpoint(TRUNCATE): the last step of destroying keys. */
gboolean cr_db_checkpoint(CrDb *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Reads every page of the database, free ones too (each must authenticate), and runs the engine's integrity
 * check. */
gboolean cr_db_check(CrDb *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Statements, for repositories in this room alone. sql must be a string literal: statements are cached by its
 * address. types: one letter a parameter: 'i' gint64, 'd' double, 's' const char* (NULL allowed), 'b' const
 * void*, gsize (NULL allowed), 'B' GBytes* (NULL allowed). The caller gives the statement back with
 * cr_stmt_reset (g_autoptr), before the database is closed. */
CrStmt *cr_db_query(CrDb *db, GError **error, const char *sql, const char *types,
                    ...) G_GNUC_WARN_UNUSED_RESULT;
gboolean
cr_stmt_step(CrStmt *stmt,
             GError **error); /* TRUE: a row. FALSE with *error unset: the end. Pass a real GError** */
void cr_stmt_reset(CrStmt *stmt);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrStmt, cr_stmt_reset)
gint64 cr_stmt_int(CrStmt *stmt, int column);
double cr_stmt_double(CrStmt *stmt, int column);
const char *cr_stmt_text(CrStmt *stmt, int column); /* NULL for NULL; borrowed */
gboolean cr_stmt_is_null(CrStmt *stmt, int column);
GBytes *cr_stmt_dup_bytes(CrStmt *stmt, int column); /* NULL for NULL; transfer full */
/* A statement without rows. */
gboolean cr_db_exec(CrDb *db, GError **error, const char *sql, const char *types,
                    ...) G_GNUC_WARN_UNUSED_RESULT;
/* A single integer, or fallback where there is no row; sets *error only on failure. */
gint64 cr_db_get_int(CrDb *db, gint64 fallback, GError **error, const char *sql, const char *types, ...);
gint64 cr_db_changes(CrDb *db);

/* Key-value settings of either database ("meta" table). */
char *cr_db_dup_meta(CrDb *db, const char *key, GError **error); /* NULL where unset */
gboolean cr_db_set_meta(CrDb *db, const char *key, const char *value,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The outbox: audit lines committed with the change they tell of, kept until they are in audit.log (work.db).
 * state is cr_chain_state after the last line. */
gboolean cr_outbox_put(CrDb *work, const char *lines, gsize n_bytes, guint64 log_bytes_before, GBytes *state,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Everything not yet known to be in the log file, in order, with the size that audit.log has before the first
 * of them; NULL where empty. */
GBytes *cr_outbox_load(CrDb *work, guint64 *log_bytes_before, GError **error);
GBytes *cr_outbox_state(CrDb *work, guint64 *log_bytes, GError **error); /* NULL before the first event */
gboolean cr_outbox_clear(CrDb *work, guint64 log_bytes_synced,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT; /* those below are in the file, fsynced */
