/* How long a person waits in a project that is there: opening it, opening a cleared note at random, and a
 * finding made durable. Arguments: the project, the number of labels (1,000 where absent). The passphrase
 * comes from CHARTROOM_PASSPHRASE. One line a figure:
 *     name value unit ratio
 * ratio: the time taken over that of the plain thing: opening over Argon2id alone, a note over a pread of
 * 3 KB, a label over a write and fsync of 200 bytes in the same folder. */
#include "store/documents.h"
#include "workflow/workflow-private.h"

#include <chartroom/reading.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define N_READS 20000
#define NOTE_BYTES 3000

static const char *path, *passphrase;

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

static void
show(const char *name, double value, const char *unit, double ratio)
{
  printf("%s %.6g %s %.3g\n", name, value, unit, ratio);
}

/* A plain file of n_bytes beside the project; the caller closes and removes it. */
static int
plain_file(char **name, gsize n_bytes)
{
  g_autofree char *dir = g_path_get_dirname(path), *block = g_strnfill(NOTE_BYTES, 'x');
  *name = g_build_filename(dir, "bench-plain", NULL);
  int fd = open(*name, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0600);
  check(fd >= 0, NULL);
  for (gsize done = 0; done < n_bytes; done += NOTE_BYTES)
    check(write(fd, block, NOTE_BYTES) == NOTE_BYTES, NULL);
  return fd;
}

/* ---- opening ---- */

/* Argon2id and the unwrapping of one member's keys: what opening can't do without. */
static double
unlock_alone(void)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *file = cr_project_file(path, CR_FILE_KEYRING);
  g_autoptr(CrKeyring) ring = cr_keyring_load(cr_env_default(), file, &error);
  check(ring != NULL, error);
  g_auto(GStrv) members = cr_keyring_members(ring);
  double start = now_s();
  g_autoptr(CrMemberKeys) keys = cr_keyring_unlock(ring, members[0], passphrase, &error);
  check(keys != NULL, error);
  return now_s() - start;
}

static CrProject *
bench_open(void)
{
  g_autoptr(GError) error = NULL;
  double unlock = unlock_alone(), start = now_s();
  CrProject *p = cr_project_open(path, NULL, passphrase, &error);
  double opened = now_s() - start;
  check(p != NULL, error);
  start = now_s();
  g_autoptr(json_t) status = cr_project_status(p, &error);
  double told = now_s() - start;
  check(status != NULL, error);
  show("open.argon2id", unlock, "s", 1);
  show("open", opened, "s", opened / unlock);
  show("open.beside-argon2id", opened - unlock, "s", (opened - unlock) / unlock);
  show("open.status", told, "s", told / unlock);
  return p;
}

/* ---- reading ---- */

static gboolean
collect_cb(const CrDocumentRow *row, gpointer ids, GError **error)
{
  if (row->cleared_sha256)
    g_ptr_array_add(ids, g_strdup(row->id));
  return TRUE;
}

static double
plain_reads(guint n_notes)
{
  g_autofree char *name = NULL, *block = g_malloc(NOTE_BYTES);
  g_autoptr(GRand) random = g_rand_new_with_seed(1);
  int fd = plain_file(&name, (gsize)n_notes * NOTE_BYTES);
  double start = now_s();
  for (guint i = 0; i < N_READS; i++) {
    off_t at = (off_t)g_rand_int_range(random, 0, (gint)n_notes) * NOTE_BYTES;
    check(pread(fd, block, NOTE_BYTES, at) == NOTE_BYTES, NULL);
  }
  double took = now_s() - start;
  close(fd);
  g_unlink(name);
  return took;
}

static void
bench_reads(CrProject *p)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(GRand) random = g_rand_new_with_seed(1);
  double start = now_s();
  check(cr_documents_list(p->work, NULL, NULL, collect_cb, ids, &error), error);
  double listed = now_s() - start;
  if (ids->len == 0)
    return;
  start = now_s();
  for (guint i = 0; i < N_READS; i++) {
    const char *id = ids->pdata[g_rand_int_range(random, 0, (gint)ids->len)];
    g_autoptr(CrText) text = cr_documents_load_cleared(p->work, id, &error);
    check(text != NULL, error);
  }
  double took = now_s() - start, plain = plain_reads(ids->len);
  show("read.list", ids->len / listed, "notes/s", listed / ids->len / (plain / N_READS));
  show("read.cleared", N_READS / took, "notes/s", took / plain);
}

/* ---- labelling ---- */

static int
by_value(const void *a, const void *b)
{
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double
percentile(double *sorted, guint n, guint percent)
{
  return sorted[MIN(n * percent / 100, n - 1)] * 1e3;
}

static void
plain_syncs(double *took, guint n)
{
  char line[200];
  g_autofree char *name = NULL;
  int fd = plain_file(&name, 0);
  memset(line, 'x', sizeof line);
  for (guint i = 0; i < n; i++) {
    double start = now_s();
    check(write(fd, line, sizeof line) == sizeof line && fsync(fd) == 0, NULL);
    took[i] = now_s() - start;
  }
  close(fd);
  g_unlink(name);
}

/* Findings one after another, each in the next of the reader's notes, as a reader makes them. */
static void
add_labels(CrProject *p, const json_t *tasks, double *took, guint n)
{
  g_autoptr(GError) error = NULL;
  gsize n_tasks = json_array_size(tasks);
  for (guint i = 0; i < n; i++) {
    const char *note = json_string_value(json_object_get(json_array_get(tasks, i % n_tasks), "note"));
    json_int_t at = (json_int_t)(i / n_tasks) * 12;
    g_autoptr(json_t) op =
        json_pack("{s:s, s:I, s:I, s:s}", "op", "add", "start", at, "end", at + 10, "label", "DRUG");
    double start = now_s();
    check(cr_reading_add_op(p, note, op, "hand", NULL, NULL, &error), error);
    took[i] = now_s() - start;
  }
}

static void
bench_labels(CrProject *p, guint n)
{
  static const guint percents[] = {50, 99};
  g_autoptr(GError) error = NULL;
  g_autofree double *took = g_new(double, n), *plain = g_new(double, n);
  g_autoptr(json_t) tasks = cr_reading_tasks(p, FALSE, &error);
  check(tasks != NULL, error);
  if (json_array_size(tasks) == 0)
    return;
  add_labels(p, tasks, took, n);
  plain_syncs(plain, n);
  qsort(took, n, sizeof *took, by_value);
  qsort(plain, n, sizeof *plain, by_value);
  for (guint i = 0; i < G_N_ELEMENTS(percents); i++) {
    g_autofree char *name = g_strdup_printf("label.durable.p%u", percents[i]);
    double ms = percentile(took, n, percents[i]), plain_ms = percentile(plain, n, percents[i]);
    show(name, ms, "ms", ms / plain_ms);
  }
}

int
main(int argc, char **argv)
{
  path = argc > 1 ? argv[1] : NULL;
  passphrase = g_getenv("CHARTROOM_PASSPHRASE");
  guint n_labels = argc > 2 ? (guint)atoi(argv[2]) : 1000;
  if (!path || !passphrase || n_labels == 0)
    return fprintf(stderr, "bench-project PROJECT [LABELS], with CHARTROOM_PASSPHRASE set\n"), 2;
  g_autoptr(CrProject) p = bench_open();
  bench_reads(p);
  bench_labels(p, n_labels);
  return 0;
}
