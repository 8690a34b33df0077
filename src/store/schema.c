/* schema.c: migrations. A version is a list of statement lists a database; the file says which version it has
 * (user_version), and the steps after it run in one transaction. */
#include "store/schema-core.h"
#include "store/schema-documents.h"
#include "store/schema-labels.h"
#include "store/schema-review.h"
#include "store/store-private.h"

typedef const char *const *SqlList;

typedef struct {
  SqlList lists[6]; /* NULL-terminated */
} Version;

static const Version work_versions[] = {
    {{schema_core_both, schema_core_work, schema_documents_work, schema_review_work, schema_labels_work}}};
static const Version vault_versions[] = {
    {{schema_core_both, schema_documents_vault, schema_review_vault, schema_labels_vault}}};

static const struct {
  const Version *versions;
  int n;
} kinds[] = {[CR_DB_VAULT] = {vault_versions, G_N_ELEMENTS(vault_versions)},
             [CR_DB_WORK] = {work_versions, G_N_ELEMENTS(work_versions)}};

static gboolean
run(CrDb *db, const char *sql, GError **error)
{
  int rc = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);
  if (rc != SQLITE_OK)
    cr_store_set_error(error, db, rc, "preparing its tables");
  return rc == SQLITE_OK;
}

static gboolean
run_version(CrDb *db, const Version *version, GError **error)
{
  for (guint l = 0; l < G_N_ELEMENTS(version->lists) && version->lists[l]; l++)
    for (guint i = 0; version->lists[l][i]; i++)
      if (!run(db, version->lists[l][i], error))
        return FALSE;
  return TRUE;
}

gboolean
cr_schema_migrate(CrDb *db, CrDbKind kind, GError **error)
{
  g_autoptr(GError) local = NULL;
  gint64 has = cr_db_get_int(db, 0, &local, "PRAGMA user_version", "");
  if (local) {
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
  }
  if (has > kinds[kind].n) {
    g_set_error(error, CR_ERROR, CR_ERROR_NEWER_VERSION,
                "%s: version %" G_GINT64_FORMAT ", this program knows %d", db->path, has, kinds[kind].n);
    return FALSE;
  }
  if (has == kinds[kind].n)
    return TRUE;
  g_autofree char *stamp = g_strdup_printf("PRAGMA user_version=%d", kinds[kind].n);
  if (!cr_db_begin(db, error))
    return FALSE;
  for (gint64 v = has; v < kinds[kind].n; v++)
    if (!run_version(db, &kinds[kind].versions[v], error)) {
      cr_db_rollback(db);
      return FALSE;
    }
  if (run(db, stamp, error))
    return cr_db_commit(db, error);
  cr_db_rollback(db);
  return FALSE;
}
