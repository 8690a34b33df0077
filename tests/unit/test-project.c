/* project: opening and closing, one transaction a change, and what is left when any write of it fails. */
#include <chartroom/privacy.h>

#include "workflow/workflow-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define assert_code(error, code)                                                                             \
  do {                                                                                                       \
    g_assert_error((error), CR_ERROR, CR_ERROR_##code);                                                      \
    g_clear_error(&(error));                                                                                 \
  } while (0)

static char *dir, *path;

/* ---- a world whose n-th write fails ---- */

static int calls_left; /* counts down; the call that reaches 0 fails, and so does every later one: the disk
                          stays full */

static gboolean
full_now(void)
{
  if (calls_left > 1) {
    calls_left--;
    return FALSE;
  }
  errno = ENOSPC;
  return calls_left == 1;
}

static int
io_open(const char *file, int flags, mode_t mode)
{
  gboolean writes = (flags & O_ACCMODE) != O_RDONLY;
  return writes && full_now() ? -1 : open(file, flags | O_CLOEXEC, mode);
}

static ssize_t
io_write(int fd, const void *data, size_t n)
{
  return full_now() ? (n > 10 ? write(fd, data, n / 2) : -1)
                    : write(fd, data, n); /* half a write, then nothing */
}

static int
io_fsync(int fd)
{
  return full_now() ? -1 : fsync(fd);
}

static int
io_rename(const char *from, const char *to)
{
  return full_now() ? -1 : rename(from, to);
}

static const CrIo full_disk = {io_open, io_write, io_fsync, close, io_rename, unlink};

/* ---- helpers ---- */

static void
make_project(void)
{
  g_autoptr(GError) error = NULL;
  CrInitOptions options = {.reviewers = 1};
  cr_dir_remove(path, NULL);
  g_assert_true(cr_project_init(path, "pw", &options, NULL, &error));
  g_assert_no_error(error);
}

static CrProject *
open_it(void)
{
  g_autoptr(GError) error = NULL;
  CrProject *p = cr_project_open(path, NULL, "pw", &error);
  g_assert_no_error(error);
  return p;
}

static gint64
n_members(CrProject *p)
{
  g_autoptr(json_t) list = cr_project_member_list(p, NULL);
  return (gint64)json_array_size(list);
}

static gint64
n_notes(CrProject *p)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(json_t) status = cr_project_status(p, &error);
  g_assert_no_error(error);
  gint64 n = 0;
  const char *state;
  json_t *count;
  json_object_foreach(json_object_get(status, "states"), state, count) n += json_integer_value(count);
  return n;
}

static void
assert_trail_holds(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(json_t) report = cr_project_audit_verify(path, NULL, &error);
  g_assert_no_error(error);
  g_assert_cmpstr(json_string_value(json_object_get(report, "what")), ==, NULL);
  g_assert_true(json_is_true(json_object_get(report, "ok")));
}

static char *
notes_file(const char *name, int n, int from)
{
  char *file = g_build_filename(dir, name, NULL);
  g_autoptr(GString) lines = g_string_new(NULL);
  for (int i = from; i < from + n; i++)
    g_string_append_printf(
        lines, "{\"id\":\"s%d\",\"text\":\"Invented note number %d.\",\"meta\":{\"patient\":\"p%d\"}}\n", i,
        i, i % 3);
  g_assert_true(g_file_set_contents(file, lines->str, -1, NULL));
  return file;
}

static gint64
import(CrProject *p, const char *file, GError **error)
{
  CrImportOptions options = {0};
  g_autoptr(json_t) result =
      cr_project_import(p, (const char *const[]){file, NULL}, &options, NULL, NULL, error);
  return result ? json_integer_value(json_object_get(result, "accepted")) : -1;
}

/* ---- a world that draws the same code again and again ---- */

static guint same_draws;

static void
draw_same(CrEnv *env, void *out, size_t n)
{
  if (n == 8 && same_draws > 0) {
    same_draws--;
    memset(out, 0, n);
  } else {
    cr_env_default()->random(env, out, n);
  }
}

/* Codes of 40 bits meet in a large project; a note or a patient then gets another. */
static void
test_codes_that_meet(void)
{
  g_autoptr(GError) error = NULL;
  CrEnv env = *cr_env_default();
  env.random = draw_same;
  make_project();
  cr_workflow_set_env(&env);
  g_autoptr(CrProject) p = open_it();
  g_autofree char *file = notes_file("meet.jsonl", 4, 0);
  same_draws = 9;
  g_assert_cmpint(import(p, file, &error), ==, 4);
  g_assert_no_error(error);
  g_assert_cmpuint(same_draws, ==, 0);
  g_assert_cmpint(n_notes(p), ==, 4);
  cr_workflow_set_env(NULL);
}

/* ---- opening ---- */

static void
test_open_and_close(void)
{
  g_autoptr(GError) error = NULL;
  make_project();
  assert_trail_holds();
  CrInitOptions options = {0};
  g_assert_false(cr_project_init(path, "pw", &options, NULL, &error));
  assert_code(error, EXISTS);
  g_assert_null(cr_project_open(path, NULL, "not it", &error));
  assert_code(error, WRONG_PASSPHRASE);
  g_assert_null(cr_project_open(dir, NULL, "pw", &error));
  assert_code(error, NOT_A_PROJECT);
  CrProject *p = open_it();
  g_assert_null(cr_project_open(path, NULL, "pw", &error));
  assert_code(error, PROJECT_LOCKED);
  g_assert_true(cr_project_close(p, &error));
  p = open_it();
  cr_project_free(p);
}

/* Two members with one passphrase: which of them acts must be said. */
static void
test_ambiguous_member(void)
{
  g_autoptr(GError) error = NULL;
  make_project();
  CrProject *p = open_it();
  g_autofree char *twin = cr_project_member_add(p, "Twin", "pw", "clinician", &error);
  g_assert_no_error(error);
  g_assert_true(cr_project_close(p, &error));
  g_assert_null(cr_project_open(path, NULL, "pw", &error));
  assert_code(error, USAGE);
  p = cr_project_open(path, twin, "pw", &error);
  g_assert_no_error(error);
  g_assert_cmpstr(cr_project_member(p), ==, twin);
  g_assert_null(p->vault); /* no key, no originals */
  g_assert_null(cr_project_member_add(p, "X", "pw", "lead", &error));
  assert_code(error, NOT_PERMITTED);
  cr_project_free(p);
}

static void
test_import_counts(void)
{
  g_autoptr(GError) error = NULL;
  make_project();
  CrProject *p = open_it();
  g_autofree char *file = notes_file("a.jsonl", 5, 0), *more = notes_file("b.jsonl", 5, 3);
  g_assert_cmpint(import(p, file, &error), ==, 5);
  g_assert_cmpint(import(p, more, &error), ==, 3); /* two of them are there already */
  g_assert_cmpint(n_notes(p), ==, 8);
  g_assert_true(cr_project_close(p, &error));
  assert_trail_holds();
}

/* ---- every write fails once ---- */

/* Changes the project while the n-th write and all after it fail; afterwards, on a disk that has room again,
 * the change is there whole or not at all, the trail holds, and the same change can be made. */
static gboolean
change_on_full_disk(int n, gboolean (*change)(CrProject *p, GError **error), gint64 (*count)(CrProject *p))
{
  g_autoptr(GError) error = NULL;
  CrEnv *full = cr_env_test_new(g_get_real_time(), 1, (guint64)g_random_int(), &full_disk);
  make_project();
  cr_workflow_set_env(full);
  calls_left = 0; /* opening writes nothing that may fail here */
  CrProject *p = open_it();
  gint64 before = count(p);
  calls_left = n;
  gboolean said_done = change(p, &error);
  if (!said_done)
    g_assert_nonnull(error);
  g_clear_error(&error);
  gboolean closed = cr_project_close(p, NULL), never_full = calls_left > 1;
  cr_workflow_set_env(NULL);
  p = open_it();
  gint64 after = count(p);
  g_assert_true(after == before || after == before + 1);
  if (said_done)
    g_assert_cmpint(after, ==, before + 1); /* what was acknowledged is there */
  g_assert_true(cr_project_close(p, &error));
  assert_trail_holds();
  p = open_it();
  g_assert_true(change(p, &error));
  g_assert_no_error(error);
  cr_project_free(p);
  assert_trail_holds();
  cr_env_test_free(full);
  return closed && never_full;
}

static gboolean
add_member(CrProject *p, GError **error)
{
  g_autofree char *code = cr_project_member_add(p, "Ana", "another", "clinician", error);
  return code != NULL;
}

static int n_imported;

static gboolean
import_one(CrProject *p, GError **error)
{
  g_autofree char *file = notes_file("one.jsonl", 1, 1000 + n_imported++);
  return import(p, file, error) == 1;
}

static void
test_member_on_full_disk(void)
{
  int n = 1;
  while (!change_on_full_disk(n, add_member, n_members))
    n++;
  g_assert_cmpint(n, >, 6); /* keyring, log, head: each was refused its writes */
}

static void
test_import_on_full_disk(void)
{
  int n = 1;
  while (!change_on_full_disk(n, import_one, n_notes))
    n++;
  g_assert_cmpint(n, >, 3);
}

/* ---- the trail and the store must tell the same ---- */

static void
copy(const char *from, const char *to)
{
  g_autofree char *text = NULL;
  gsize n = 0;
  g_assert_true(g_file_get_contents(from, &text, &n, NULL));
  g_assert_true(g_file_set_contents(to, text, (gssize)n, NULL));
}

static void
test_rolled_back_store(void)
{
  static const char *const names[] = {CR_FILE_WORK, CR_FILE_LOG, CR_FILE_KEYRING};
  static const int codes[] = {CR_ERROR_STORE_BEHIND, CR_ERROR_AUDIT_BROKEN, CR_ERROR_FOREIGN_KEYRING};
  for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
    g_autoptr(GError) error = NULL;
    make_project();
    g_autofree char *file = cr_project_file(path, names[i]), *kept = g_build_filename(dir, "kept", NULL);
    copy(file, kept);
    CrProject *p = open_it();
    g_assert_true(add_member(p, &error));
    g_assert_true(cr_project_close(p, &error));
    copy(kept, file); /* one file is put back to what it was */
    g_assert_null(cr_project_open(path, NULL, "pw", &error));
    g_assert_error(error, CR_ERROR, codes[i]);
  }
}

/* A crash after the commit and before the log: the next opening hands the lines over. */
static void
test_log_completed(void)
{
  g_autoptr(GError) error = NULL;
  for (int cut = 0; cut < 3; cut++) {
    CrEnv *env = cr_env_test_new(g_get_real_time(), 1, 7, &full_disk);
    make_project();
    cr_workflow_set_env(env);
    calls_left = 0;
    CrProject *p = open_it();
    g_assert_true(cr_tx_begin(p, &error));
    cr_tx_event(p, CR_ROLE_LEAD, "test.event", "project", NULL, NULL, "because");
    calls_left = 1 + cut; /* the log takes nothing, or half a line, or all of it and no more */
    g_assert_true(cr_tx_commit(p, &error)); /* done is done */
    calls_left = 1;
    cr_project_free(p);
    cr_workflow_set_env(NULL);
    p = open_it();
    g_assert_true(cr_project_close(p, &error));
    assert_trail_holds();
    cr_env_test_free(env);
  }
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_setenv("CHARTROOM_TEST_CHEAP_KDF", "1", TRUE);
  dir = g_dir_make_tmp("chartroom-project-XXXXXX", NULL);
  g_autofree char *data = g_build_filename(dir, "data", NULL);
  g_setenv("XDG_DATA_HOME", data, TRUE);
  path = g_build_filename(dir, "p.chartroom", NULL);
  g_test_add_func("/project/open", test_open_and_close);
  g_test_add_func("/project/ambiguous", test_ambiguous_member);
  g_test_add_func("/project/import", test_import_counts);
  g_test_add_func("/project/codes-that-meet", test_codes_that_meet);
  g_test_add_func("/project/full-disk/member", test_member_on_full_disk);
  g_test_add_func("/project/full-disk/import", test_import_on_full_disk);
  g_test_add_func("/project/rolled-back", test_rolled_back_store);
  g_test_add_func("/project/log-completed", test_log_completed);
  int status = g_test_run();
  cr_dir_remove(dir, NULL);
  g_free(dir);
  g_free(path);
  return status;
}
