/* base: errors, the repeatable world, files, sealing, locks. */
#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <locale.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define assert_code(error, code)                                                                             \
  do {                                                                                                       \
    g_assert_error((error), CR_ERROR, CR_ERROR_##code);                                                      \
    g_clear_error(&(error));                                                                                 \
  } while (0)

static char *dir;

/* ---- errors ---- */

static void
test_error_table(void)
{
  for (int code = 0; code < CR_ERROR_N_CODES; code++) {
    g_autoptr(GError) error = g_error_new_literal(CR_ERROR, code, "x");
    const char *name = cr_error_name(error);
    g_assert_nonnull(name);
    g_assert_nonnull(cr_error_advice(error));
    g_assert_cmpint(cr_error_code_from_name(name), ==, code); /* names are unique */
    g_assert_cmpint(cr_error_exit(error), >=, CR_EXIT_FINDINGS);
    for (const char *c = name; *c; c++)
      g_assert_true(g_ascii_islower(*c) || g_ascii_isdigit(*c) || *c == '-');
  }
  g_autoptr(GError) foreign = g_error_new_literal(G_FILE_ERROR, G_FILE_ERROR_NOENT, "x");
  g_assert_cmpstr(cr_error_name(foreign), ==, "internal");
  g_assert_cmpint(cr_error_code_from_name("no-such-error"), ==, -1);
}

/* ---- the repeatable world ---- */

static void
test_env_repeats(void)
{
  CrEnv *a = cr_env_test_new(1000, 7, 42, NULL), *b = cr_env_test_new(1000, 7, 42, NULL),
        *c = cr_env_test_new(1000, 7, 43, NULL);
  for (int i = 0; i < 20; i++) {
    g_autofree char *x = cr_random_code(a, "N-", 8), *y = cr_random_code(b, "N-", 8),
                    *z = cr_random_code(c, "N-", 8);
    g_assert_cmpstr(x, ==, y);
    g_assert_cmpstr(x, !=, z);
    g_assert_cmpint(a->now_us(a), ==, b->now_us(b));
  }
  cr_env_test_free(a);
  cr_env_test_free(b);
  cr_env_test_free(c);
}

static void
test_time(void)
{
  static const struct {
    gint64 us;
    const char *text;
  } cases[] = {{0, "1970-01-01T00:00:00.000000Z"},
               {1795380217123456, "2026-11-22T20:43:37.123456Z"},
               {-1, "1969-12-31T23:59:59.999999Z"}};
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autofree char *text = cr_time_format(cases[i].us);
    g_assert_cmpstr(text, ==, cases[i].text);
  }
}

/* ---- files ---- */

/* Fails the n-th call of the table, counting from 1, with ENOSPC; renamed says whether the last rename was
 * done.
 */
static int calls_left;
static gboolean renamed;

static gboolean
now_fail(void)
{
  if (--calls_left != 0)
    return FALSE;
  errno = ENOSPC;
  return TRUE;
}

static int
failing_open(const char *path, int flags, mode_t mode)
{
  return now_fail() ? -1 : open(path, flags, mode);
}

static ssize_t
failing_write(int fd, const void *data, size_t n)
{
  return now_fail() ? -1 : write(fd, data, n > 3 ? n / 2 : n); /* short writes as well */
}

static int
failing_fsync(int fd)
{
  return now_fail() ? -1 : fsync(fd);
}

static int
failing_close(int fd)
{
  int done = close(fd);
  return now_fail() ? -1 : done;
}

static int
failing_rename(const char *from, const char *to)
{
  renamed = !now_fail() && rename(from, to) == 0;
  return renamed ? 0 : -1;
}

static const CrIo failing_io = {failing_open,  failing_write,  failing_fsync,
                                failing_close, failing_rename, unlink};

static void
assert_content(const char *path, const char *expected)
{
  g_autofree char *now = NULL;
  g_assert_true(g_file_get_contents(path, &now, NULL, NULL));
  g_assert_cmpstr(now, ==, expected);
}

static guint
n_names(const char *folder)
{
  g_autoptr(GDir) listing = g_dir_open(folder, 0, NULL);
  guint n = 0;
  while (g_dir_read_name(listing))
    n++;
  return n;
}

static void
put(const char *folder, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename(folder, name, NULL);
  g_mkdir_with_parents(folder, 0700);
  g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

/* Whichever call fails, the file is the old one until the rename and the new one after it, and nothing is
 * left beside it. */
static void
test_replace_is_whole_or_not(void)
{
  g_autofree char *folder = g_build_filename(dir, "replace", NULL),
                  *path = g_build_filename(folder, "f", NULL);
  g_autoptr(GError) error = NULL;
  int n = 0;
  for (calls_left = 0; calls_left <= 0; n++) { /* until no call is left to fail */
    put(folder, "f", "the old content");
    calls_left = n + 1;
    renamed = FALSE;
    gboolean ok = cr_file_replace(&failing_io, path, "something new", 13, 0600, &error);
    g_assert_true(renamed || !ok);
    assert_content(path, renamed ? "something new" : "the old content");
    g_assert_cmpuint(n_names(folder), ==, 1);
    if (!ok)
      assert_code(error, DISK_FULL);
  }
  g_assert_cmpint(n, >=, 10); /* open, writes, fsync, close, rename, and the folder's open and fsync */
}

static void
test_replace_mode(void)
{
  g_autofree char *path = g_build_filename(dir, "mode", NULL),
                  *nowhere = g_build_filename(dir, "no", "f", NULL);
  g_autoptr(GError) error = NULL;
  struct stat st;
  g_assert_true(cr_file_replace(cr_env_default()->io, path, "x", 1, 0600, &error));
  g_assert_cmpint(stat(path, &st), ==, 0);
  g_assert_cmpint(st.st_mode & 0777, ==, 0600);
  g_assert_true(cr_file_replace(cr_env_default()->io, path, "", 0, 0600, &error)); /* empty is a content */
  assert_content(path, "");
  g_assert_false(cr_file_replace(cr_env_default()->io, nowhere, "x", 1, 0600, &error));
  assert_code(error, NOT_FOUND);
  g_assert_false(cr_file_replace(cr_env_default()->io, dir, "x", 1, 0600, &error)); /* a folder is there */
  assert_code(error, IO);
}

/* What a killed writer left is gone after the next one, whatever it is. */
static void
test_replace_clears_what_was_left(void)
{
  g_autofree char *folder = g_build_filename(dir, "left", NULL), *path = g_build_filename(folder, "f", NULL),
                  *left = g_build_filename(folder, ".f.chartroom.tmp", NULL),
                  *other = g_build_filename(dir, "other", NULL);
  g_autoptr(GError) error = NULL;
  put(folder, ".f.chartroom.tmp", "half of a keyring, and longer than the next");
  g_assert_true(cr_file_replace(cr_env_default()->io, path, "new", 3, 0600, &error));
  g_assert_cmpuint(n_names(folder), ==, 1);
  put(dir, "other", "kept");
  g_assert_cmpint(symlink(other, left), ==, 0);
  g_assert_true(cr_file_replace(cr_env_default()->io, path, "newer", 5, 0600, &error));
  g_assert_cmpuint(n_names(folder), ==, 1);
  assert_content(path, "newer");
  assert_content(other, "kept");
  g_assert_cmpint(g_mkdir(left, 0700), ==, 0); /* not ours to remove */
  g_assert_false(cr_file_replace(cr_env_default()->io, path, "newest", 6, 0600, &error));
  assert_code(error, IO);
  assert_content(path, "newer");
}

static gpointer
replace_often(gpointer path)
{
  g_autofree char *text = g_strnfill(50000, (char)('a' + g_test_rand_int_range(0, 26)));
  for (int i = 0; i < 100; i++) {
    g_autoptr(GError) error = NULL;
    g_autofree char *now = NULL;
    g_assert_true(cr_file_replace(cr_env_default()->io, path, text, 50000, 0600, &error));
    g_assert_true(g_file_get_contents(path, &now, NULL, NULL));
    g_assert_cmpuint(strspn(now, (char[]){now[0], 0}), ==, 50000); /* somebody's, whole */
  }
  return NULL;
}

static void
test_replace_at_once(void)
{
  g_autofree char *folder = g_build_filename(dir, "at-once", NULL),
                  *path = g_build_filename(folder, "f", NULL);
  GThread *threads[4];
  put(folder, "f", "");
  for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
    threads[i] = g_thread_new("writer", replace_often, path);
  for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
    g_thread_join(threads[i]);
  g_assert_cmpuint(n_names(folder), ==, 1);
}

static void
make_folder(const char *path, const char *text)
{
  g_autofree char *sub = g_build_filename(path, "sub", NULL);
  g_assert_true(cr_dir_remove(path, NULL));
  put(sub, "f", text);
  put(path, "g", text);
}

static const char *
content_of(const char *path)
{
  static char text[16];
  g_autofree char *f = g_build_filename(path, "sub", "f", NULL), *g = g_build_filename(path, "g", NULL),
                  *one = NULL;
  if (!g_file_get_contents(f, &one, NULL, NULL))
    return NULL;
  assert_content(g, one); /* both are of the same edition */
  g_strlcpy(text, one, sizeof text);
  return text;
}

/* Whichever call fails, there is the old folder whole, or the new one whole, or (only where there was none
 * before) none. */
static void
check_publish(const char *before)
{
  g_autofree char *fresh = g_build_filename(dir, "fresh", NULL),
                  *target = g_build_filename(dir, "published", NULL);
  g_autoptr(GError) error = NULL;
  int n = 0;
  for (calls_left = 0; calls_left <= 0; n++) { /* until no call is left to fail */
    make_folder(fresh, "new");
    g_assert_true(cr_dir_remove(target, NULL));
    if (before)
      make_folder(target, before);
    calls_left = n + 1;
    gboolean ok = cr_dir_publish(&failing_io, fresh, target, &error);
    const char *now = content_of(target);
    g_assert_true(g_strcmp0(now, "new") == 0 || (!ok && g_strcmp0(now, before) == 0));
    if (!ok)
      assert_code(error, DISK_FULL);
  }
  g_assert_cmpint(n, >, 12); /* open, fsync and close of two files, two folders and the one above */
  g_assert_false(g_file_test(fresh, G_FILE_TEST_EXISTS));
  g_assert_true(cr_dir_remove(target, NULL));
}

static void
test_publish(void)
{
  check_publish(NULL);
  check_publish("old");
}

/* Only a folder is exchanged: not what a link leads to, not a file. */
static void
test_publish_refuses(void)
{
  g_autofree char *fresh = g_build_filename(dir, "fresh", NULL), *real = g_build_filename(dir, "real", NULL),
                  *link = g_build_filename(dir, "link", NULL), *slash = g_strconcat(link, "/", NULL),
                  *file = g_build_filename(real, "g", NULL), *below = g_build_filename(file, "x", NULL),
                  *nowhere = g_build_filename(dir, "no", "where", NULL);
  const char *const bad[] = {link, slash, file, below, nowhere};
  const CrErrorCode codes[] = {CR_ERROR_EXISTS, CR_ERROR_EXISTS, CR_ERROR_EXISTS, CR_ERROR_NOT_FOUND,
                               CR_ERROR_NOT_FOUND};
  make_folder(real, "kept");
  make_folder(fresh, "new");
  g_assert_cmpint(symlink(real, link), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
    g_autoptr(GError) error = NULL;
    g_assert_false(cr_dir_publish(cr_env_default()->io, fresh, bad[i], &error));
    g_assert_error(error, CR_ERROR, (gint)codes[i]);
    g_assert_cmpstr(content_of(real), ==, "kept");
    g_assert_cmpstr(content_of(fresh), ==, "new");
  }
  g_assert_true(cr_dir_remove(fresh, NULL) && cr_dir_remove(real, NULL) && cr_dir_remove(link, NULL));
}

static void
test_remove_follows_no_link(void)
{
  g_autofree char *outside = g_build_filename(dir, "outside", NULL),
                  *inside = g_build_filename(dir, "inside", NULL),
                  *link = g_build_filename(inside, "sub", "link", NULL),
                  *top = g_build_filename(dir, "top", NULL);
  make_folder(outside, "kept");
  make_folder(inside, "gone");
  g_assert_cmpint(symlink(outside, link), ==, 0);
  g_assert_cmpint(symlink(outside, top), ==, 0);
  g_assert_true(cr_dir_remove(inside, NULL));
  g_assert_true(cr_dir_remove(top, NULL)); /* itself a link */
  g_assert_false(g_file_test(inside, G_FILE_TEST_EXISTS) || g_file_test(top, G_FILE_TEST_IS_SYMLINK));
  g_assert_cmpstr(content_of(outside), ==, "kept");
  g_assert_true(cr_dir_remove(outside, NULL) && cr_dir_remove(outside, NULL)); /* missing is fine */
}

static void
test_read_limits(void)
{
  g_autofree char *path = g_build_filename(dir, "read", NULL),
                  *missing = g_build_filename(dir, "missing", NULL);
  g_autoptr(GError) error = NULL;
  g_assert_true(g_file_set_contents(path, "12345", 5, NULL));
  g_autoptr(GBytes) all = cr_file_read(path, 5, &error);
  g_assert_cmpint(g_bytes_get_size(all), ==, 5);
  g_assert_null(cr_file_read(path, 4, &error));
  assert_code(error, LIMIT);
  g_assert_null(cr_file_read(missing, 4, &error));
  assert_code(error, NOT_FOUND);
  g_assert_null(cr_file_read(dir, 4096, &error)); /* a folder */
  assert_code(error, IO);
  g_assert_null(cr_file_read("/dev/zero", 100000, &error)); /* says it is empty, and has no end */
  assert_code(error, LIMIT);
  g_assert_true(g_file_set_contents(path, "", 0, NULL));
  g_autoptr(GBytes) none = cr_file_read(path, 0, &error);
  g_assert_no_error(error);
  g_assert_cmpint(g_bytes_get_size(none), ==, 0);
}

/* An output named /dev/null was once put in the device's place, and filled up there. */
static void
test_replace_leaves_devices(void)
{
  g_autofree char *pipe_path = g_build_filename(dir, "fifo", NULL);
  const CrIo *io = cr_env_default()->io;
  g_autoptr(GError) error = NULL;
  char got[8] = {0};
  g_assert_cmpint(mkfifo(pipe_path, 0600), ==, 0);
  int end = open(pipe_path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  g_assert_true(cr_path_is_device(pipe_path) && !cr_path_is_device(dir) && !cr_path_is_device("/nowhere"));
  g_assert_true(cr_file_replace(io, pipe_path, "12345", 5, 0600, &error));
  g_assert_no_error(error);
  g_assert_cmpint(read(end, got, sizeof got), ==, 5);
  g_assert_cmpstr(got, ==, "12345");
  g_assert_true(cr_path_is_device(pipe_path));
  close(end);
}

static gpointer
write_to_pipe(gpointer fd)
{
  g_autofree char *text = g_strnfill(200000, 'p');
  g_assert_cmpint(write(GPOINTER_TO_INT(fd), text, 200000), ==, 200000);
  close(GPOINTER_TO_INT(fd));
  return NULL;
}

/* As a shell's <(...) gives it. */
static void
test_read_pipe(void)
{
  int ends[2];
  g_autoptr(GError) error = NULL;
  g_assert_cmpint(pipe(ends), ==, 0);
  GThread *writer = g_thread_new("writer", write_to_pipe, GINT_TO_POINTER(ends[1]));
  g_autofree char *path = g_strdup_printf("/dev/fd/%d", ends[0]);
  g_autoptr(GBytes) all = cr_file_read(path, 200000, &error);
  g_assert_no_error(error);
  g_assert_cmpint(g_bytes_get_size(all), ==, 200000);
  g_thread_join(writer);
  close(ends[0]);
}

static void
test_lock(void)
{
  g_autofree char *path = g_build_filename(dir, "lock", NULL);
  g_autoptr(GError) error = NULL;
  CrLock *one = cr_lock_take(path, &error);
  g_assert_nonnull(one);
  g_assert_null(cr_lock_take(path, &error));
  assert_code(error, PROJECT_LOCKED);
  cr_lock_release(one);
  CrLock *two = cr_lock_take(path, &error);
  g_assert_nonnull(two);
  cr_lock_release(two);
}

/* ---- sealing ---- */

static void
test_seal_every_flip(void)
{
  CrEnv *env = cr_env_default();
  g_autoptr(GError) error = NULL;
  g_autoptr(CrKey) key = cr_key_new_random(env), other = cr_key_new_random(env);
  g_autoptr(GBytes) box = cr_seal(env, key, "text:N-1", "a note", 6);
  gsize n = g_bytes_get_size(box);
  g_autofree uint8_t *copy = g_memdup2(g_bytes_get_data(box, NULL), n);
  g_autoptr(GBytes) plain = cr_seal_open(key, "text:N-1", copy, n, &error);
  g_autoptr(GBytes) expected = g_bytes_new_static("a note", 6);
  g_assert_true(g_bytes_equal(plain, expected));
  for (gsize i = 0; i < n * 8; i++) {
    copy[i / 8] = (uint8_t)(copy[i / 8] ^ (1u << (i % 8)));
    g_assert_null(cr_seal_open(key, "text:N-1", copy, n, &error));
    assert_code(error, SEAL_BROKEN);
    copy[i / 8] = (uint8_t)(copy[i / 8] ^ (1u << (i % 8)));
  }
  for (gsize cut = 0; cut < n; cut++) {
    g_assert_null(cr_seal_open(key, "text:N-1", copy, cut, &error));
    assert_code(error, SEAL_BROKEN);
  }
  g_assert_null(cr_seal_open(key, "text:N-2", copy, n, &error)); /* moved to another note */
  assert_code(error, SEAL_BROKEN);
  g_assert_null(cr_seal_open(other, "text:N-1", copy, n, &error));
  assert_code(error, SEAL_BROKEN);
}

static void
test_hashes(void)
{
  g_autofree char *empty = cr_sha256_hex("", 0), *abc = cr_sha256_hex("abc", 3); /* FIPS 180-4 examples */
  g_assert_cmpstr(empty, ==, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  g_assert_cmpstr(abc, ==, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  uint8_t out[2];
  g_assert_true(cr_unhex("0aFF", out, 2));
  g_assert_cmpint(out[1], ==, 255);
  g_assert_false(cr_unhex("0aF", out, 2));
  g_assert_false(cr_unhex("0agg", out, 2));
  g_assert_false(cr_unhex(NULL, out, 2));
  CrEnv *env = cr_env_default();
  g_autoptr(CrKey) key = cr_key_new_random(env);
  g_autofree char *a = cr_keyed_hash_hex(key, "source", "x", 1),
                  *b = cr_keyed_hash_hex(key, "content", "x", 1);
  g_assert_cmpstr(a, !=, b);
}

static void
test_excerpt(void)
{
  static const char *const cases[][2] = {{"", ""},
                                         {"abcd", "abcd"},
                                         {"abcde", "abcd…"},
                                         {"caf\xc3\xa9", "caf\xc3\xa9"},
                                         {"ab\xc3\xa9\xc3\xa9\xc3\xa9", "ab\xc3\xa9\xc3\xa9…"},
                                         {"a\x1b[2", "a?[2"},
                                         {"a\xff", "a\xef\xbf\xbd"}};
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autofree char *cut = cr_error_excerpt(cases[i][0], 4);
    g_assert_cmpstr(cut, ==, cases[i][1]);
  }
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  cr_env_default();
  dir = g_dir_make_tmp("chartroom-base-XXXXXX", NULL);
  g_test_add_func("/base/error/table", test_error_table);
  g_test_add_func("/base/error/excerpt", test_excerpt);
  g_test_add_func("/base/env/repeats", test_env_repeats);
  g_test_add_func("/base/env/time", test_time);
  g_test_add_func("/base/file/replace", test_replace_is_whole_or_not);
  g_test_add_func("/base/file/replace-mode", test_replace_mode);
  g_test_add_func("/base/file/replace-left", test_replace_clears_what_was_left);
  g_test_add_func("/base/file/replace-at-once", test_replace_at_once);
  g_test_add_func("/base/file/publish", test_publish);
  g_test_add_func("/base/file/publish-refuses", test_publish_refuses);
  g_test_add_func("/base/file/remove", test_remove_follows_no_link);
  g_test_add_func("/base/file/read", test_read_limits);
  g_test_add_func("/base/file/read-pipe", test_read_pipe);
  g_test_add_func("/base/file/replace-leaves-devices", test_replace_leaves_devices);
  g_test_add_func("/base/lock", test_lock);
  g_test_add_func("/base/seal/flips", test_seal_every_flip);
  g_test_add_func("/base/seal/hashes", test_hashes);
  int status = g_test_run();
  cr_dir_remove(dir, NULL);
  g_free(dir);
  return status;
}
