/* What the tests of the store share: a folder of their own, two keys, a database with known content, and its
 * content as one hash. */
#pragma once
#include "store/store-private.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#define assert_code(error, code)                                                                             \
  do {                                                                                                       \
    g_assert_error((error), CR_ERROR, CR_ERROR_##code);                                                      \
    g_clear_error(&(error));                                                                                 \
  } while (0)

#define assert_mem(a, n_a, b, n_b)                                                                           \
  do {                                                                                                       \
    g_assert_cmpuint((n_a), ==, (n_b));                                                                      \
    g_assert_true(memcmp((a), (b), (n_a)) == 0);                                                             \
  } while (0)

static char *world_dir;
static CrKey *world_key, *other_key;

static inline void
world_init(void)
{
  g_autoptr(GError) error = NULL;
  world_dir = g_dir_make_tmp("chartroom-store-XXXXXX", &error);
  g_assert_no_error(error);
  world_key = cr_key_new_random(cr_env_default());
  other_key = cr_key_new_random(cr_env_default());
}

static inline void
world_clear(void)
{
  g_assert_true(cr_dir_remove(world_dir, NULL));
  g_free(world_dir);
  cr_key_unref(world_key);
  cr_key_unref(other_key);
}

static inline char *
world_path(const char *name)
{
  return g_build_filename(world_dir, name, NULL);
}

/* Removes a database with its log. */
static inline void
world_remove(const char *path)
{
  static const char *const suffixes[] = {"", "-wal", "-journal", "-shm"};
  for (guint i = 0; i < G_N_ELEMENTS(suffixes); i++) {
    g_autofree char *file = g_strconcat(path, suffixes[i], NULL);
    (void)g_unlink(file);
  }
}

static inline CrDb *
world_open(const char *path, gboolean create)
{
  g_autoptr(GError) error = NULL;
  CrDb *db = cr_db_open(path, CR_DB_WORK, world_key, create, &error);
  g_assert_no_error(error);
  g_assert_nonnull(db);
  return db;
}

static inline void
world_close(CrDb *db)
{
  g_autoptr(GError) error = NULL;
  gboolean ok = cr_db_close(db, &error);
  g_assert_no_error(error);
  g_assert_true(ok);
}

/* Row i of the known content: text of a length of its own, beyond a page now and then. */
static inline char *
world_value(guint i)
{
  guint n = i % 37 == 36 ? 20000 + i : 40 + i * 7 % 900;
  char *text = g_malloc(n + 1);
  for (guint k = 0; k < n; k++)
    text[k] = (char)('a' + (i * 31 + k * k % 97 + k) % 26);
  text[n] = 0;
  return text;
}

static inline gboolean
world_put(CrDb *db, guint i, GError **error)
{
  g_autofree char *key = g_strdup_printf("row-%06u", i), *value = world_value(i);
  return cr_db_set_meta(db, key, value, error);
}

/* Rows first to end-1 in one transaction. FALSE with the error of the call that failed; rolled back. */
static inline gboolean
world_fill(CrDb *db, guint first, guint end, GError **error)
{
  if (!cr_db_begin(db, error))
    return FALSE;
  for (guint i = first; i < end; i++)
    if (!world_put(db, i, error)) {
      cr_db_rollback(db);
      return FALSE;
    }
  return cr_db_commit(db, error);
}

/* Hash over every row of the settings, in order; NULL with an error. *n_rows may be NULL. */
static inline char *
world_content(CrDb *db, guint *n_rows, GError **error)
{
  g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
  g_autoptr(GError) local = NULL;
  g_autoptr(CrStmt) stmt = cr_db_query(db, error, "SELECT key, value FROM meta ORDER BY key", "");
  guint n = 0;
  if (!stmt)
    return NULL;
  for (; cr_stmt_step(stmt, &local); n++) {
    g_checksum_update(sum, (const guchar *)cr_stmt_text(stmt, 0), -1);
    g_checksum_update(sum, (const guchar *)"=", 1);
    g_checksum_update(sum, (const guchar *)cr_stmt_text(stmt, 1), -1);
  }
  if (local) {
    g_propagate_error(error, g_steal_pointer(&local));
    return NULL;
  }
  if (n_rows)
    *n_rows = n;
  return g_strdup(g_checksum_get_string(sum));
}

static inline char *
world_must_content(CrDb *db, guint *n_rows)
{
  g_autoptr(GError) error = NULL;
  char *content = world_content(db, n_rows, &error);
  g_assert_no_error(error);
  return content;
}

static inline GByteArray *
world_load(const char *path)
{
  char *data = NULL;
  gsize n = 0;
  g_assert_true(g_file_get_contents(path, &data, &n, NULL));
  return g_byte_array_new_take((guint8 *)data, n);
}

static inline void
world_save(const char *path, const void *data, gsize n)
{
  FILE *file = fopen(path, "we"); /* g_file_set_contents leaves what is beyond the new end */
  g_assert_nonnull(file);
  g_assert_cmpuint(fwrite(data, 1, n, file), ==, n);
  g_assert_cmpint(fclose(file), ==, 0);
}
