/* A line of the trail, and a checkpoint, from any bytes: what is taken is byte for byte what would be
 * written. */
#include "audit/audit-private.h"
#include "support/support.h"

static void
run_event(const char *bytes, gsize n_bytes)
{
  CrEventLine line;
  if (!cr_event_line_parse(bytes, n_bytes, &line))
    return;
  char *fields[CR_N_FIELDS];
  for (guint i = 0; i < CR_N_FIELDS; i++) {
    fields[i] = cr_slice_dup(line.fields[i]);
    fuzz_check(!fields[i] == !line.fields[i].bytes, "a field that is there has a value");
  }
  g_autofree char *prev = g_strndup(line.prev, CR_HEX_HASH);
  CrEvent event = {fields[CR_FIELD_ACTOR],  fields[CR_FIELD_ROLE],   fields[CR_FIELD_SESSION],
                   fields[CR_FIELD_OBJECT], fields[CR_FIELD_ACTION], fields[CR_FIELD_OLD],
                   fields[CR_FIELD_NEW],    fields[CR_FIELD_REASON], line.sealed};
  CrEventPlace place = {line.seq, fields[CR_FIELD_TIME], fields[CR_FIELD_BOOT], line.mono_us, prev};
  guint8 hash[CR_HASH_BYTES];
  g_autoptr(GString) again = g_string_new(NULL);
  cr_event_line_write(again, &place, &event, hash);
  CrEventLine second;
  fuzz_check(cr_event_line_parse(again->str, again->len - 1, &second) && second.seq == line.seq &&
                 second.sealed == line.sealed && second.mono_us == line.mono_us,
             "a line written from what was read can be read");
  for (guint i = 0; i < CR_N_FIELDS; i++)
    g_free(fields[i]);
}

static void
run_checkpoint(const char *bytes, gsize n_bytes)
{
  g_autoptr(CrCheckpoint) checkpoint = cr_checkpoint_parse(bytes, n_bytes);
  if (!checkpoint)
    return;
  g_autofree char *again = cr_checkpoint_format(checkpoint);
  fuzz_check(strlen(again) == n_bytes && memcmp(again, bytes, n_bytes) == 0,
             "a checkpoint is exactly what is written");
  (void)cr_checkpoint_signature_valid(checkpoint);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  run_event((const char *)data, size);
  run_checkpoint((const char *)data, size);
  g_autoptr(GBytes) state = g_bytes_new_static(data, size);
  g_autoptr(GError) error = NULL;
  g_autoptr(CrChain) chain = cr_chain_from_state(cr_env_default(), "P-FUZZ", state, &error);
  return chain ? 0 : fuzz_refused(&error);
}
