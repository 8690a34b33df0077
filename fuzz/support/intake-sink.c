/* intake-sink: see intake-sink.h. */
#include "intake-sink.h"
#include "support.h"

#include <string.h>

typedef struct {
  guint64 n_accepted, n_quarantined, n_bytes, last;
} Seen;

static gboolean
accept_cb(CrRecord *record, gpointer user_data, GError **error)
{
  Seen *seen = user_data;
  seen->n_accepted++;
  fuzz_check(record->id && record->text && record->record > 0, "a record has an id, a text and a number");
  fuzz_check(record->byte_off <= seen->n_bytes && record->byte_off >= seen->last, "records come in order");
  fuzz_check(cr_text_length(record->text, CR_UNIT_BYTE) > 0, "no note is empty");
  fuzz_check(strlen(record->source_sha256) == 64, "a record's bytes are hashed");
  seen->last = record->byte_off;
  cr_record_free(record);
  return TRUE;
}

static void
quarantine_cb(const CrQuarantined *q, gpointer user_data)
{
  Seen *seen = user_data;
  seen->n_quarantined++;
  g_autoptr(GError) copy = g_error_copy(q->error);
  fuzz_refused(&copy);
  fuzz_check(q->byte_off <= seen->n_bytes, "a quarantined record lies in the file");
}

int
fuzz_intake(const char *format, const char *name, const uint8_t *data, size_t size)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *path = fuzz_file(name, data, size);
  CrIntakeOptions options = {.format = format};
  CrIntakeSink sink = {.accept = accept_cb, .quarantine = quarantine_cb};
  Seen seen = {.n_bytes = size};
  if (!cr_intake_read(path, &options, &sink, &seen, &error))
    return fuzz_refused(&error);
  return 0;
}
