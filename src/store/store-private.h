/* Inside store: the open database. */
#pragma once
#include "store/store.h"

#include <sqlite3.h>

struct CrDb {
  sqlite3 *handle;
  char *path;
  GHashTable *statements; /* address of the SQL literal -> CrStmt */
  gint64 n_changes;       /* rows ever changed, when the running transaction began */
  GError *damage;         /* the first that was met: from then on nothing is committed, and closing says so */
};

struct CrStmt {
  CrDb *db;
  sqlite3_stmt *handle;
  GPtrArray *held; /* GBytes that parameters borrow from until the reset */
  gboolean busy;   /* between a query and its end */
  gboolean cached; /* FALSE: goes at its reset (the cached one was busy) */
};

/* statement.c */
void cr_stmt_free(gpointer stmt);

/* The engine's error as one of ours: what it was doing, and where; never SQL or values. */
void cr_store_set_error(GError **error, CrDb *db, int rc, const char *doing);

/* schema.c: brings a database to this program's version. */
gboolean cr_schema_migrate(CrDb *db, CrDbKind kind, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Tests: the VFS that databases opened from now on use; NULL: the system's. */
void cr_store_set_vfs(const char *name);
/* Tests: the cipher ("aegis", "chacha20") of databases made from now on; NULL: what suits the machine. */
void cr_store_set_cipher(const char *name);
