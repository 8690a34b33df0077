/* The store's engine: opening, statements, transactions, settings, the outbox, migrations. */
#include "store-world.h"

#include <sys/stat.h>
#include <unistd.h>

/* ---- opening ---- */

static void
check_reopening(const char *cipher)
{
  g_autofree char *path = world_path(cipher);
  guint n = 0;
  cr_store_set_cipher(cipher);
  CrDb *db = world_open(path, TRUE);
  cr_store_set_cipher(NULL); /* the file says which it has */
  g_assert_true(world_fill(db, 0, 50, NULL));
  g_autofree char *before = world_must_content(db, NULL);
  world_close(db);
  db = world_open(path, FALSE);
  g_autofree char *after = world_must_content(db, &n);
  g_assert_cmpstr(before, ==, after);
  g_assert_cmpuint(n, ==, 50);
  g_assert_true(cr_db_check(db, NULL));
  world_close(db);
}

static void
test_reopen(void)
{
  check_reopening("aegis");
  check_reopening("chacha20");
}

/* Nothing of what is in it, nor of SQLite, can be read in the files, while it is open or after. */
static void
test_no_plaintext(void)
{
  g_autofree char *path = world_path("canary"), *wal = g_strconcat(path, "-wal", NULL);
  CrDb *db = world_open(path, TRUE);
  g_assert_true(cr_db_set_meta(db, "canary-key-71234", "canary-value-99321", NULL));
  static const char *const files[] = {"", "-wal"};
  static const char *const words[] = {"canary", "CREATE TABLE", "SQLite format"};
  for (guint f = 0; f < G_N_ELEMENTS(files); f++) {
    g_autofree char *name = g_strconcat(path, files[f], NULL);
    g_autoptr(GByteArray) bytes = world_load(name);
    g_assert_cmpuint(bytes->len, >, 4096);
    for (guint w = 0; w < G_N_ELEMENTS(words); w++)
      g_assert_null(memmem(bytes->data, bytes->len, words[w], strlen(words[w])));
  }
  struct stat st;
  g_assert_cmpint(stat(path, &st), ==, 0);
  g_assert_cmpint(st.st_mode & 0777, ==, 0600);
  world_close(db);
  g_assert_cmpint(stat(wal, &st), ==, -1); /* the log is gone */
}

static void
test_wrong_key(void)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *path = world_path("wrong-key");
  CrDb *db = world_open(path, TRUE);
  world_close(db);
  g_autoptr(GByteArray) before = world_load(path);
  g_assert_null(cr_db_open(path, CR_DB_WORK, other_key, FALSE, &error));
  assert_code(error, SEAL_BROKEN);
  g_autoptr(GByteArray) after = world_load(path);
  assert_mem(before->data, before->len, after->data, after->len);
}

static void
test_not_a_database(void)
{
  static const struct {
    const char *name, *content;
    gsize n;
  } rows[] = {
      {"empty", "", 0}, {"short", "SQLite", 6}, {"text", NULL, 9000}, {"plain", "SQLite format 3", 16}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(GError) error = NULL;
    g_autofree char *path = world_path(rows[i].name), *fill = g_strnfill(9000, 'x');
    world_save(path, rows[i].content ? rows[i].content : fill, rows[i].n);
    g_assert_null(cr_db_open(path, CR_DB_WORK, world_key, FALSE, &error));
    g_assert_nonnull(strstr(error->message, path));
    assert_code(error, DAMAGED);
  }
}

static void
test_no_such_file(void)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *path = world_path("missing"), *below = g_build_filename(path, "work.db", NULL);
  g_assert_null(cr_db_open(path, CR_DB_WORK, world_key, FALSE, &error));
  assert_code(error, IO);
  g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
  g_assert_null(cr_db_open(below, CR_DB_WORK, world_key, TRUE, &error));
  assert_code(error, IO);
  g_assert_null(cr_db_open(world_dir, CR_DB_WORK, world_key, FALSE, &error)); /* a folder */
  assert_code(error, IO);
}

static void
test_create_keeps_what_is_there(void)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *path = world_path("there");
  world_close(world_open(path, TRUE));
  g_assert_null(cr_db_open(path, CR_DB_WORK, world_key, TRUE, &error));
  assert_code(error, EXISTS);
  world_close(world_open(path, FALSE));
}

static void
test_opened_twice(void)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *path = world_path("twice");
  CrDb *db = world_open(path, TRUE);
  for (int i = 0; i < 2; i++) { /* the first refusal must not loosen the lock */
    g_assert_null(cr_db_open(path, CR_DB_WORK, world_key, FALSE, &error));
    assert_code(error, PROJECT_LOCKED);
  }
  g_assert_true(cr_db_set_meta(db, "a", "b", NULL));
  world_close(db);
}

/* The way to the folder may lead over a link; the file itself may not be one. */
static void
test_links(void)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *path = world_path("linked"), *link_dir = world_path("link-dir"),
                  *over = g_build_filename(link_dir, "linked", NULL), *direct = world_path("link-file");
  world_close(world_open(path, TRUE));
  g_assert_cmpint(symlink(world_dir, link_dir), ==, 0);
  g_assert_cmpint(symlink(path, direct), ==, 0);
  world_close(world_open(over, FALSE));
  g_assert_null(cr_db_open(direct, CR_DB_WORK, world_key, FALSE, &error));
  assert_code(error, IO);
  g_assert_cmpint(g_unlink(link_dir), ==, 0); /* the folder is removed through it otherwise */
}

static void
test_newer_version(void)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *path = world_path("newer");
  CrDb *db = world_open(path, TRUE);
  g_assert_true(cr_db_exec(db, NULL, "PRAGMA user_version=99", ""));
  world_close(db);
  g_assert_null(cr_db_open(path, CR_DB_WORK, world_key, FALSE, &error));
  assert_code(error, NEWER_VERSION);
}

static void
test_settings_of_the_engine(void)
{
  g_autofree char *path = world_path("settings");
  CrDb *db = world_open(path, TRUE);
  g_assert_cmpint(cr_db_get_int(db, -1, NULL, "PRAGMA synchronous", ""), ==, 2); /* FULL */
  g_assert_cmpint(cr_db_get_int(db, -1, NULL, "PRAGMA foreign_keys", ""), ==, 1);
  g_assert_cmpint(cr_db_get_int(db, -1, NULL, "PRAGMA secure_delete", ""), ==, 1);
  g_assert_cmpint(cr_db_get_int(db, -1, NULL, "PRAGMA temp_store", ""), ==, 2); /* MEMORY */
  g_assert_cmpint(cr_db_get_int(db, -1, NULL, "PRAGMA mmap_size", ""), ==, 0);
  g_autofree char *shm = g_strconcat(path, "-shm", NULL);
  g_assert_false(g_file_test(shm, G_FILE_TEST_EXISTS));
  world_close(db);
}

/* Each kind has the tables of its rooms, and only its own. */
static void
test_tables(void)
{
  static const struct {
    CrDbKind kind;
    const char *has, *lacks;
  } rows[] = {{CR_DB_WORK, "document", "original"},  {CR_DB_WORK, "outbox", "document_key"},
              {CR_DB_WORK, "finding_op", "patient"}, {CR_DB_WORK, "gate_override", "piece"},
              {CR_DB_VAULT, "original", "document"}, {CR_DB_VAULT, "meta", "outbox"}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *name = g_strdup_printf("tables-%u", i), *path = world_path(name);
    g_autoptr(GError) error = NULL;
    CrDb *db = cr_db_open(path, rows[i].kind, world_key, TRUE, &error);
    g_assert_no_error(error);
    const char *sql = "SELECT count(*) FROM sqlite_schema WHERE type='table' AND name=?";
    g_assert_cmpint(cr_db_get_int(db, -1, NULL, sql, "s", rows[i].has), ==, 1);
    g_assert_cmpint(cr_db_get_int(db, -1, NULL, sql, "s", rows[i].lacks), ==, 0);
    world_close(db);
  }
}

/* A migration that fails half way leaves the database as it was. */
static void
test_migration_is_whole(void)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *path = world_path("migration");
  CrDb *db = world_open(path, TRUE);
  g_assert_true(world_fill(db, 0, 20, NULL));
  g_assert_true(
      cr_db_exec(db, NULL, "DROP TABLE outbox", "")); /* the first statements work, a later one fails */
  g_assert_true(cr_db_exec(db, NULL, "ALTER TABLE meta RENAME TO kept", ""));
  g_assert_true(cr_db_exec(db, NULL, "PRAGMA user_version=0", ""));
  world_close(db);
  g_autoptr(GByteArray) before = world_load(path);
  g_assert_null(cr_db_open(path, CR_DB_WORK, world_key, FALSE, &error));
  assert_code(error, INTERNAL);
  g_autoptr(GByteArray) after = world_load(path);
  assert_mem(before->data, before->len, after->data, after->len);
}

/* ---- statements ---- */

static void
test_values(void)
{
  g_autofree char *path = world_path("values");
  CrDb *db = world_open(path, TRUE);
  g_autoptr(GError) error = NULL;
  g_autoptr(GBytes) blob = g_bytes_new("a\0b", 3), nothing = g_bytes_new(NULL, 0);
  g_autoptr(CrStmt) stmt =
      cr_db_query(db, &error, "SELECT ?,?,?,?,?,?,?,?", "idsbBsBB", G_MININT64, 0.1, "\xc3\xa9",
                  (const void *)"x\0", (gsize)2, blob, (const char *)NULL, (GBytes *)NULL, nothing);
  g_assert_true(cr_stmt_step(stmt, &error));
  g_autoptr(GBytes) b3 = cr_stmt_dup_bytes(stmt, 3), b4 = cr_stmt_dup_bytes(stmt, 4),
                    b6 = cr_stmt_dup_bytes(stmt, 6), b7 = cr_stmt_dup_bytes(stmt, 7);
  g_assert_cmpint(cr_stmt_int(stmt, 0), ==, G_MININT64);
  g_assert_true(cr_stmt_double(stmt, 1) == 0.1);
  g_assert_cmpstr(cr_stmt_text(stmt, 2), ==, "\xc3\xa9");
  assert_mem("x\0", 2, g_bytes_get_data(b3, NULL), g_bytes_get_size(b3));
  g_assert_true(g_bytes_equal(b4, blob));
  g_assert_true(cr_stmt_is_null(stmt, 5) && !cr_stmt_text(stmt, 5) && !b6);
  g_assert_true(b7 && g_bytes_get_size(b7) == 0); /* empty is not NULL */
  g_assert_false(cr_stmt_step(stmt, &error));
  g_assert_no_error(error);
  cr_stmt_reset(g_steal_pointer(&stmt));
  g_assert_cmpint(cr_db_get_int(db, 7, &error, "SELECT 1 WHERE 0", ""), ==, 7);
  g_assert_cmpint(cr_db_get_int(db, 7, &error, "SELECT NULL", ""), ==, 7);
  g_assert_no_error(error);
  world_close(db);
}

static const char *const twice_sql =
    "SELECT value FROM generate WHERE 0 UNION SELECT 1 UNION SELECT 2 UNION SELECT 3";

/* The same literal inside its own loop: each has a place of its own. */
static void
test_nested(void)
{
  g_autofree char *path = world_path("nested");
  CrDb *db = world_open(path, TRUE);
  g_assert_true(cr_db_exec(db, NULL, "CREATE TABLE generate(value)", ""));
  for (int round = 0; round < 2; round++) {
    GString *seen = g_string_new(NULL);
    g_autoptr(CrStmt) outer = cr_db_query(db, NULL, twice_sql, "");
    while (cr_stmt_step(outer, NULL)) {
      g_autoptr(CrStmt) inner = cr_db_query(db, NULL, twice_sql, "");
      while (cr_stmt_step(inner, NULL))
        g_string_append_printf(seen, "%d%d ", (int)cr_stmt_int(outer, 0), (int)cr_stmt_int(inner, 0));
    }
    g_assert_cmpstr(seen->str, ==, "11 12 13 21 22 23 31 32 33 ");
    g_string_free(seen, TRUE);
  }
  world_close(db);
}

/* A statement left in the middle is given back whole: the next caller starts at its first row. */
static void
test_left_early(void)
{
  g_autofree char *path = world_path("early");
  CrDb *db = world_open(path, TRUE);
  g_assert_true(world_fill(db, 0, 10, NULL));
  for (int i = 0; i < 3; i++) {
    g_autoptr(CrStmt) stmt = cr_db_query(db, NULL, "SELECT key FROM meta ORDER BY key", "");
    g_assert_true(cr_stmt_step(stmt, NULL));
    g_assert_cmpstr(cr_stmt_text(stmt, 0), ==, "row-000000");
  }
  g_assert_true(world_fill(db, 10, 20, NULL));
  world_close(db);
}

/* An error names the file and the table, never the value. */
static void
test_errors_tell_no_value(void)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *path = world_path("constraint");
  CrDb *db = world_open(path, TRUE);
  const char *sql = "INSERT INTO meta(key, value) VALUES(?,?)";
  g_assert_true(cr_db_exec(db, &error, sql, "ss", "Ms Secret", "Mr Secret"));
  g_assert_false(cr_db_exec(db, &error, sql, "ss", "Ms Secret", "Mr Secret"));
  g_assert_nonnull(strstr(error->message, path));
  g_assert_nonnull(strstr(error->message, "meta.key"));
  g_assert_null(strstr(error->message, "Secret"));
  assert_code(error, INTERNAL);
  g_assert_false(cr_db_exec(db, &error, sql, "ss", "k", (char *)NULL)); /* NOT NULL */
  assert_code(error, INTERNAL);
  g_assert_true(cr_db_exec(db, &error, sql, "ss", "after", "it works"));
  world_close(db);
}

/* ---- transactions ---- */

static void
test_rollback(void)
{
  g_autofree char *path = world_path("rollback");
  CrDb *db = world_open(path, TRUE);
  g_assert_true(world_fill(db, 0, 5, NULL));
  g_autofree char *before = world_must_content(db, NULL);
  g_assert_true(cr_db_begin(db, NULL) && cr_db_in_transaction(db));
  g_assert_true(world_put(db, 3, NULL) && world_put(db, 77, NULL));
  cr_db_rollback(db);
  g_assert_false(cr_db_in_transaction(db));
  cr_db_rollback(db); /* nothing to undo is fine */
  g_autofree char *after = world_must_content(db, NULL);
  g_assert_cmpstr(before, ==, after);
  world_close(db);
}

/* What was not committed when it closes is gone, and the rest is there. */
static void
test_close_in_transaction(void)
{
  g_autofree char *path = world_path("open-tx");
  guint n = 0;
  CrDb *db = world_open(path, TRUE);
  g_assert_true(world_fill(db, 0, 5, NULL));
  g_assert_true(cr_db_begin(db, NULL) && world_put(db, 9, NULL));
  world_close(db);
  db = world_open(path, FALSE);
  g_autofree char *content = world_must_content(db, &n);
  g_assert_cmpuint(n, ==, 5);
  world_close(db);
}

static void
test_checkpoint_empties_the_log(void)
{
  g_autofree char *path = world_path("checkpoint"), *wal = g_strconcat(path, "-wal", NULL);
  CrDb *db = world_open(path, TRUE);
  struct stat st;
  g_assert_true(world_fill(db, 0, 100, NULL));
  g_assert_cmpint(stat(wal, &st), ==, 0);
  g_assert_cmpint(st.st_size, >, 0);
  g_assert_true(cr_db_checkpoint(db, NULL));
  g_assert_cmpint(stat(wal, &st), ==, 0);
  g_assert_cmpint(st.st_size, ==, 0);
  world_close(db);
}

static gint64
pages_with(CrDb *db, const char *word)
{
  return cr_db_get_int(db, -1, NULL, "SELECT count(*) FROM sqlite_dbpage WHERE instr(data, cast(? AS BLOB))",
                       "s", word);
}

/* What is deleted is gone for those who hold the key, too: from its page, from free pages, and from the log.
 */
static void
test_deleted_is_gone(void)
{
  g_autofree char *path = world_path("deleted"), *wal = g_strconcat(path, "-wal", NULL),
                  *long_value = g_strnfill(50000, 'q');
  struct stat st;
  CrDb *db = world_open(path, TRUE);
  memcpy(long_value + 30000, "canary-in-the-middle", 20);
  g_assert_true(world_fill(db, 0, 50, NULL));
  g_assert_true(cr_db_set_meta(db, "row-000020x", "canary-short", NULL));
  g_assert_true(cr_db_set_meta(db, "row-000030x", long_value, NULL));
  g_assert_cmpint(pages_with(db, "canary-short"), ==, 1);
  g_assert_cmpint(pages_with(db, "canary-in-the-middle"), ==, 1);
  g_assert_true(cr_db_exec(db, NULL, "DELETE FROM meta WHERE key IN ('row-000020x', 'row-000030x')", ""));
  g_assert_true(cr_db_checkpoint(db, NULL));
  g_assert_cmpint(pages_with(db, "canary"), ==, 0);
  g_assert_cmpint(stat(wal, &st), ==, 0);
  g_assert_cmpint(st.st_size, ==, 0);
  world_close(db);
}

/* ---- settings, outbox ---- */

static void
test_meta(void)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *path = world_path("meta");
  CrDb *db = world_open(path, TRUE);
  g_assert_null(cr_db_dup_meta(db, "policy", &error));
  g_assert_no_error(error);
  g_assert_true(cr_db_set_meta(db, "policy", "safe-harbor", &error));
  g_assert_true(cr_db_set_meta(db, "policy", "limited", &error));
  g_autofree char *value = cr_db_dup_meta(db, "policy", &error);
  g_assert_cmpstr(value, ==, "limited");
  world_close(db);
}

static void
put_lines(CrDb *db, const char *lines, guint64 before, const char *state)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GBytes) bytes = g_bytes_new(state, strlen(state));
  g_assert_true(cr_outbox_put(db, lines, strlen(lines), before, bytes, &error));
  g_assert_no_error(error);
}

static void
assert_outbox(CrDb *db, const char *lines, guint64 before, const char *state, guint64 end)
{
  g_autoptr(GError) error = NULL;
  guint64 start = 0, log_end = 0;
  g_autoptr(GBytes) waiting = cr_outbox_load(db, &start, &error);
  g_autoptr(GBytes) kept = cr_outbox_state(db, &log_end, &error);
  g_assert_no_error(error);
  if (lines) {
    assert_mem(lines, strlen(lines), g_bytes_get_data(waiting, NULL), g_bytes_get_size(waiting));
    g_assert_cmpuint(start, ==, before);
  }
  g_assert_true((lines == NULL) == (waiting == NULL));
  assert_mem(state, strlen(state), g_bytes_get_data(kept, NULL), g_bytes_get_size(kept));
  g_assert_cmpuint(log_end, ==, end);
}

static void
test_outbox(void)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *path = world_path("outbox");
  CrDb *db = world_open(path, TRUE);
  guint64 size = 17;
  g_assert_null(cr_outbox_state(db, &size, &error));
  g_assert_null(cr_outbox_load(db, &size, &error));
  g_assert_no_error(error);
  g_assert_cmpuint(size, ==, 17); /* outputs untouched */
  put_lines(db, "one\n", 100, "s1");
  put_lines(db, "two2\n", 104, "s2");
  put_lines(db, "three\n", 109, "s3");
  assert_outbox(db, "one\ntwo2\nthree\n", 100, "s3", 115);
  g_assert_true(cr_outbox_clear(db, 108, &error)); /* in the middle of the second: only the first is known */
  assert_outbox(db, "two2\nthree\n", 104, "s3", 115);
  g_assert_true(cr_outbox_clear(db, 109, &error));
  assert_outbox(db, "three\n", 109, "s3", 115);
  g_assert_true(cr_outbox_clear(db, 115, &error));
  assert_outbox(db, NULL, 0, "s3", 115);
  world_close(db);
  db = world_open(path, FALSE);
  assert_outbox(db, NULL, 0, "s3", 115);
  put_lines(db, "four\n", 115, "s4");
  assert_outbox(db, "four\n", 115, "s4", 120);
  world_close(db);
}

/* The lines stand or fall with the transaction they tell of. */
static void
test_outbox_rolls_back(void)
{
  g_autofree char *path = world_path("outbox-rollback");
  CrDb *db = world_open(path, TRUE);
  put_lines(db, "one\n", 0, "s1");
  g_assert_true(cr_db_begin(db, NULL));
  put_lines(db, "two\n", 4, "s2");
  cr_db_rollback(db);
  assert_outbox(db, "one\n", 0, "s1", 4);
  world_close(db);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  world_init();
  g_test_add_func("/store/open/again", test_reopen);
  g_test_add_func("/store/open/no-plaintext", test_no_plaintext);
  g_test_add_func("/store/open/wrong-key", test_wrong_key);
  g_test_add_func("/store/open/not-a-database", test_not_a_database);
  g_test_add_func("/store/open/no-such-file", test_no_such_file);
  g_test_add_func("/store/open/create-keeps", test_create_keeps_what_is_there);
  g_test_add_func("/store/open/twice", test_opened_twice);
  g_test_add_func("/store/open/links", test_links);
  g_test_add_func("/store/open/newer-version", test_newer_version);
  g_test_add_func("/store/open/settings", test_settings_of_the_engine);
  g_test_add_func("/store/open/tables", test_tables);
  g_test_add_func("/store/open/migration-is-whole", test_migration_is_whole);
  g_test_add_func("/store/statement/values", test_values);
  g_test_add_func("/store/statement/nested", test_nested);
  g_test_add_func("/store/statement/left-early", test_left_early);
  g_test_add_func("/store/statement/no-values-in-errors", test_errors_tell_no_value);
  g_test_add_func("/store/transaction/rollback", test_rollback);
  g_test_add_func("/store/transaction/close", test_close_in_transaction);
  g_test_add_func("/store/transaction/checkpoint", test_checkpoint_empties_the_log);
  g_test_add_func("/store/transaction/deleted-is-gone", test_deleted_is_gone);
  g_test_add_func("/store/meta", test_meta);
  g_test_add_func("/store/outbox/lines", test_outbox);
  g_test_add_func("/store/outbox/rollback", test_outbox_rolls_back);
  int failed = g_test_run();
  world_clear();
  return failed;
}
