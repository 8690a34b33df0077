/* bench-intake [NOTES]: how fast notes of 3 KB come in from JSON lines and CSV; memory should not
 * grow with their number. */
#include <chartroom/intake.h>
#include "base/records.h"
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { NOTE_BYTES = 3000 };

typedef struct {
  guint64 notes, bytes, quarantined;
} Count;

static gboolean
accept_cb(CrRecord *record, gpointer data, GError **error)
{
  Count *count = data;
  count->notes++;
  count->bytes += cr_text_length(record->text, CR_UNIT_BYTE);
  cr_record_free(record);
  return TRUE;
}

static void
quarantine_cb(const CrQuarantined *quarantined, gpointer data)
{
  ((Count *)data)->quarantined++;
}

/* Lines as notes have them, another number in each; one in three has letters beyond ASCII. */
static void
fill_note(GString *note, guint n)
{
  g_string_truncate(note, 0);
  while (note->len < NOTE_BYTES)
    g_string_append_printf(note,
                           "%s: Patient %u denies chest pain, \"shortness of breath\"%s\nBP 120/%u, HR 72.\n",
                           n % 3 == 0 ? "R\xC3\xA9sum\xC3\xA9" : "Interval history", n,
                           n % 3 == 0 ? " at 37.5 \xC2\xB0"
                                        "C"
                                      : "",
                           60 + n % 40);
}

static void
put_json(FILE *file, const GString *note, guint n)
{
  g_autoptr(GString) out = g_string_new(NULL);
  for (gsize i = 0; i < note->len; i++) {
    if (note->str[i] == '\n')
      g_string_append(out, "\\n");
    else if (note->str[i] == '"')
      g_string_append(out, "\\\"");
    else
      g_string_append_c(out, note->str[i]);
  }
  fprintf(file, "{\"id\":\"n%u\",\"patient\":\"P%u\",\"text\":\"%s\",\"meta\":{\"type\":\"progress\"}}\n", n,
          n / 3, out->str);
}

static void
write_files(const char *jsonl, const char *csv, guint n_notes)
{
  FILE *lines = fopen(jsonl, "w"), *table = fopen(csv, "w");
  g_autoptr(GString) note = g_string_new(NULL);
  g_assert(lines != NULL && table != NULL);
  fprintf(table, "id,patient,text\r\n");
  for (guint n = 0; n < n_notes; n++) {
    g_autoptr(GString) cell = g_string_new(NULL);
    fill_note(note, n);
    put_json(lines, note, n);
    cr_csv_append(cell, note->str, note->len);
    fprintf(table, "n%u,P%u,%s\r\n", n, n / 3, cell->str);
  }
  fclose(lines);
  fclose(table);
}

static int
measure(const char *name, const char *path)
{
  static const CrIntakeSink sink = {accept_cb, quarantine_cb, NULL};
  Count count = {0};
  g_autoptr(GError) error = NULL;
  struct rusage usage;
  gint64 start = g_get_monotonic_time();
  if (!cr_intake_read(path, NULL, &sink, &count, &error)) {
    fprintf(stderr, "%s\n", error->message);
    return 1;
  }
  double seconds = (double)(g_get_monotonic_time() - start) / 1e6;
  getrusage(RUSAGE_SELF, &usage);
  printf("intake %s: %" G_GUINT64_FORMAT " notes, %.0f notes/s, %.0f MB/s, peak memory %ld MB\n", name,
         count.notes, (double)count.notes / seconds, (double)count.bytes / 1e6 / seconds,
         usage.ru_maxrss / 1024);
  return count.quarantined == 0 ? 0 : 1;
}

int
main(int argc, char **argv)
{
  guint n_notes = argc > 1 ? (guint)strtoul(argv[1], NULL, 10) : 100000;
  g_autofree char *dir = g_dir_make_tmp("chartroom-bench-XXXXXX", NULL);
  g_autofree char *jsonl = g_build_filename(dir, "notes.jsonl", NULL),
                  *csv = g_build_filename(dir, "notes.csv", NULL);
  write_files(jsonl, csv, n_notes);
  int status = measure("jsonl", jsonl) | measure("csv", csv);
  g_unlink(jsonl);
  g_unlink(csv);
  g_rmdir(dir);
  return status;
}
