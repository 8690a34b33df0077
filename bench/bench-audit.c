/* How fast events are appended and a whole trail is verified. One line a figure:
 *     name value unit ratio
 * ratio: the time taken over the time of one bare SHA-256 pass over the same bytes (below 1 where several
 * threads hash). First argument: the number of events, a million where absent. */
#include "audit/audit.h"
#include <glib/gstdio.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define PROJECT "P-BENCH234"
#define BATCH_BYTES (1u << 20)

static guint8 secret[64];
static char public_hex[65];

static void
sign_cb(gpointer signer, const void *data, gsize n_bytes, uint8_t signature[64])
{
  crypto_sign_detached(signature, NULL, data, n_bytes, secret);
}

static void
append_event(CrChain *chain, const CrEvent *event, GString *batch)
{
  g_autofree char *line = cr_chain_append(chain, event);
  g_string_append(batch, line);
}

static void
first_events(CrChain *chain, GString *batch)
{
  g_autofree char *value = g_strdup_printf("{\"key\":\"%s\",\"roles\":\"lead\"}", public_hex);
  append_event(chain, &(CrEvent){.actor = "system", .object = "project", .action = "project.made"}, batch);
  append_event(
      chain,
      &(CrEvent){
          .actor = "system", .object = "member:M-ANNAAA", .action = "member.added", .new_value = value},
      batch);
}

static void
check(gboolean good, GError *error)
{
  if (!good)
    g_error("%s", error ? error->message : "failed");
}

static void
write_log(CrChain *chain, const char *path, guint64 n_events)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GString) batch = g_string_sized_new(BATCH_BYTES + 4096);
  CrAuditLog *log = cr_audit_log_open(cr_env_default()->io, path, &error);
  check(log != NULL, error);
  first_events(chain, batch);
  while (cr_chain_n_events(chain) < n_events) {
    char object[32];
    g_snprintf(object, sizeof object, "note:N-%08X", (guint)cr_chain_n_events(chain));
    CrEvent event = {"M-ANNAAA", "privacy",  "S-7K3M9QXA", object, "note.imported",
                     NULL,       "imported", NULL,         FALSE};
    append_event(chain, &event, batch);
    if (batch->len < BATCH_BYTES)
      continue;
    check(cr_audit_log_append(log, batch->str, batch->len, &error), error);
    g_string_truncate(batch, 0);
  }
  check(cr_audit_log_append(log, batch->str, batch->len, &error), error);
  check(cr_audit_log_sync(log, &error), error);
  cr_audit_log_close(log);
}

/* Seconds of one SHA-256 a megabyte over the file. */
static double
yardstick(const char *path, gsize *n_bytes)
{
  g_autoptr(GMappedFile) file = g_mapped_file_new(path, FALSE, NULL);
  const char *bytes = g_mapped_file_get_contents(file);
  *n_bytes = g_mapped_file_get_length(file);
  gint64 start = g_get_monotonic_time();
  for (gsize at = 0; at < *n_bytes; at += BATCH_BYTES) {
    uint8_t hash[CR_HASH_BYTES];
    cr_sha256(bytes + at, MIN(BATCH_BYTES, *n_bytes - at), hash);
  }
  return (double)(g_get_monotonic_time() - start) / 1e6;
}

static long
peak_kilobytes(void)
{
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

static void
show(const char *name, double value, const char *unit, double ratio)
{
  printf("%s %.6g %s %.3g\n", name, value, unit, ratio);
}

static void
bench(const char *dir, guint64 n_events)
{
  g_autofree char *log_path = g_build_filename(dir, "audit.log", NULL);
  g_autofree char *head_path = g_build_filename(dir, "audit.head", NULL);
  g_autoptr(CrChain) chain = cr_chain_new(cr_env_default(), PROJECT);
  g_autoptr(GError) error = NULL;
  gsize n_bytes = 0;

  gint64 start = g_get_monotonic_time();
  write_log(chain, log_path, n_events);
  double append_s = (double)(g_get_monotonic_time() - start) / 1e6;
  g_autofree char *head = cr_chain_checkpoint(chain, "M-ANNAAA", public_hex, sign_cb, NULL);
  check(g_file_set_contents(head_path, head, -1, &error), error);

  long before_kb = peak_kilobytes();
  start = g_get_monotonic_time();
  g_autoptr(CrAuditReport) report = cr_audit_verify(log_path, head_path, NULL, PROJECT, &error);
  double verify_s = (double)(g_get_monotonic_time() - start) / 1e6;
  check(report && report->ok && report->n_signed == n_events, error);
  long grown_kb = peak_kilobytes() - before_kb;
  double sha_s = yardstick(log_path, &n_bytes);

  show("audit.append", (double)n_events / append_s, "events/s", append_s / sha_s);
  show("audit.verify", (double)n_events / verify_s, "events/s", verify_s / sha_s);
  show("audit.verify.time", verify_s, "s", verify_s / sha_s);
  show("audit.verify.memory", (double)grown_kb, "KB", (double)grown_kb * 1024 / (double)n_bytes);
  show("audit.sha256", (double)n_bytes / sha_s / 1e6, "MB/s", 1);
  g_remove(log_path);
  g_remove(head_path);
}

int
main(int argc, char **argv)
{
  guint64 n_events = argc > 1 ? g_ascii_strtoull(argv[1], NULL, 10) : 1000000;
  uint8_t public_key[32];
  cr_env_default();
  crypto_sign_keypair(public_key, secret);
  sodium_bin2hex(public_hex, sizeof public_hex, public_key, sizeof public_key);
  g_autofree char *dir = g_dir_make_tmp("chartroom-bench-XXXXXX", NULL);
  bench(dir, MAX(n_events, 2));
  g_rmdir(dir);
  return 0;
}
