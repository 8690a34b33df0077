/* How fast the two encrypted databases take notes in, give them back, and acknowledge one small change. One
 * line a figure:
 *     name value unit ratio
 * ratio: the time taken over the time of writing (and syncing, where the figure does) the same bytes to a
 * plain file in the same folder. Arguments: the number of notes (100,000 where absent), the folder (a
 * temporary one where absent). */
#include "store/documents.h"
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOTE_BYTES 3000
#define BATCH 400
#define N_READS 20000
#define N_COMMITS 500

static const char *dir;
static CrKey *key;
static CrDb *vault, *work;

static void
check(gboolean good, GError *error)
{
  if (!good)
    g_error("%s", error ? error->message : "failed");
}

static double
now_s(void)
{
  return (double)g_get_monotonic_time() / 1e6;
}

/* ratio 0: there is nothing to compare it with. */
static void
print_figure(const char *name, double value, const char *unit, double ratio)
{
  if (ratio > 0)
    printf("%s %.1f %s %.2f\n", name, value, unit, ratio);
  else
    printf("%s %.1f %s -\n", name, value, unit);
}

/* Seconds for n_writes of n_bytes each to a plain file, synced each where asked. */
static double
plain_write(guint n_writes, gsize n_bytes, gboolean sync_each)
{
  g_autofree char *path = g_build_filename(dir, "plain", NULL), *data = g_strnfill(n_bytes, 'x');
  int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
  double start = now_s();
  for (guint i = 0; i < n_writes; i++) {
    check(write(fd, data, n_bytes) == (ssize_t)n_bytes, NULL);
    if (sync_each)
      check(fdatasync(fd) == 0, NULL);
  }
  check(fdatasync(fd) == 0, NULL);
  double took = now_s() - start;
  close(fd);
  g_unlink(path);
  return took;
}

static CrDb *
open_db(const char *name, CrDbKind kind, gboolean create)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *path = g_build_filename(dir, name, NULL);
  CrDb *db = cr_db_open(path, kind, key, create, &error);
  check(db != NULL, error);
  return db;
}

static void
close_db(CrDb *db)
{
  g_autoptr(GError) error = NULL;
  check(cr_db_close(db, &error), error);
}

static GBytes *
random_bytes(gsize n)
{
  guint8 *data = g_malloc(n);
  cr_env_default()->random(cr_env_default(), data, n);
  return g_bytes_new_take(data, n);
}

static void
insert_note(const char *id, guint i, GBytes *text)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *hash = cr_keyed_hash_hex(key, "bench", &i, sizeof i);
  g_autoptr(GBytes) wrapped = g_bytes_new_from_bytes(text, 0, 72),
                    source = g_bytes_new_from_bytes(text, 0, 80);
  CrOriginalRow original = {.note = id,
                            .source_key = hash,
                            .content_key = hash,
                            .wrapped_key = wrapped,
                            .source = source,
                            .text = text};
  CrDocumentRow row = {.id = id, .batch = "bench", .patient = id, .state = "imported", .seq = i + 1};
  check(cr_vault_insert_original(vault, &original, i, &error) && cr_documents_insert(work, &row, &error),
        error);
}

static void
insert_all(GPtrArray *ids, guint n)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GBytes) text = random_bytes(NOTE_BYTES);
  for (guint i = 0; i < n; i++) {
    if (i % BATCH == 0)
      check(cr_db_begin(vault, &error) && cr_db_begin(work, &error), error);
    char *id = cr_random_code(cr_env_default(), "N-", 8);
    g_ptr_array_add(ids, id);
    insert_note(id, i, text);
    if (i % BATCH == BATCH - 1 || i + 1 == n)
      check(cr_db_commit(vault, &error) && cr_db_commit(work, &error), error);
  }
}

static void
bench_insert(GPtrArray *ids, guint n)
{
  double start = now_s();
  insert_all(ids, n);
  double took = now_s() - start;
  print_figure("insert", n / took, "notes/s", took / plain_write(n / BATCH + 1, BATCH * NOTE_BYTES, TRUE));
  start = now_s();
  close_db(vault);
  close_db(work);
  print_figure("close", (now_s() - start) * 1e3, "ms", 0);
}

static void
bench_open(void)
{
  double start = now_s();
  vault = open_db("vault.db", CR_DB_VAULT, FALSE);
  work = open_db("work.db", CR_DB_WORK, FALSE);
  print_figure("open", (now_s() - start) * 1e3, "ms", 0);
}

static void
bench_reads(GPtrArray *ids)
{
  g_autoptr(GRand) random = g_rand_new_with_seed(1);
  double start = now_s();
  for (guint i = 0; i < N_READS; i++) {
    g_autoptr(GError) error = NULL;
    const char *id = ids->pdata[g_rand_int_range(random, 0, (gint)ids->len)];
    g_autoptr(GBytes) text = cr_vault_load_original(vault, id, CR_ORIGINAL_TEXT, &error);
    check(text && g_bytes_get_size(text) == NOTE_BYTES, error);
  }
  print_figure("read", N_READS / (now_s() - start), "notes/s", 0);
}

static gboolean
count_cb(const CrDocumentRow *row, gpointer n, GError **error)
{
  ++*(guint *)n;
  return TRUE;
}

static void
bench_list(guint n_notes)
{
  g_autoptr(GError) error = NULL;
  guint n = 0;
  double start = now_s();
  check(cr_documents_list(work, NULL, NULL, count_cb, &n, &error) && n == n_notes, error);
  print_figure("list", n / (now_s() - start), "notes/s", 0);
}

static int
by_value(const void *a, const void *b)
{
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* One small change a transaction, as a label is: durable when the call returns. */
static void
bench_commits(GPtrArray *ids)
{
  static double took[N_COMMITS];
  g_autoptr(GError) error = NULL;
  double start = now_s();
  for (guint i = 0; i < N_COMMITS; i++) {
    double before = now_s();
    check(cr_db_begin(work, &error) &&
              cr_documents_set_counts(work, ids->pdata[i * 7919 % ids->len], i, 0, &error) &&
              cr_db_commit(work, &error),
          error);
    took[i] = now_s() - before;
  }
  double ratio = (now_s() - start) / plain_write(N_COMMITS, 8192, TRUE);
  qsort(took, N_COMMITS, sizeof took[0], by_value);
  print_figure("commit-p50", took[N_COMMITS / 2] * 1e6, "us", ratio);
  print_figure("commit-p99", took[N_COMMITS * 99 / 100] * 1e6, "us", ratio);
}

static void
bench_check(void)
{
  g_autoptr(GError) error = NULL;
  double start = now_s();
  check(cr_db_check(vault, &error) && cr_db_check(work, &error), error);
  print_figure("check", (now_s() - start) * 1e3, "ms", 0);
}

static void
print_sizes(guint n)
{
  static const char *const names[] = {"vault.db", "work.db"};
  for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
    g_autofree char *path = g_build_filename(dir, names[i], NULL);
    struct stat st;
    check(stat(path, &st) == 0, NULL);
    print_figure(names[i], (double)st.st_size / n, "bytes/note", 0);
  }
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  print_figure("memory", (double)usage.ru_maxrss / 1024, "MB", 0);
}

int
main(int argc, char **argv)
{
  guint n = argc > 1 ? (guint)atoi(argv[1]) : 100000;
  g_autofree char *made = argc > 2 ? NULL : g_dir_make_tmp("chartroom-bench-XXXXXX", NULL);
  g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
  dir = made ? made : argv[2];
  check(dir && n > 0, NULL);
  key = cr_key_new_random(cr_env_default());
  vault = open_db("vault.db", CR_DB_VAULT, TRUE);
  work = open_db("work.db", CR_DB_WORK, TRUE);
  bench_insert(ids, n);
  bench_open();
  bench_reads(ids);
  bench_list(n);
  bench_commits(ids);
  bench_check();
  close_db(vault);
  close_db(work);
  print_sizes(n);
  cr_key_unref(key);
  return made && !cr_dir_remove(made, NULL);
}
