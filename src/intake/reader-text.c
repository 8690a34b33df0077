/* A file is a note. Its bytes are the text, CR LF and all; only a byte order mark at the start is the file's,
 * not the note's: it is left out, and the record's meta says so. */
#include "intake/intake-private.h"
#include <string.h>

/* Everything there is as one record, at most a byte over the limit: enough to know that it is too long. */
static gboolean
slurp(CrSource *source, GByteArray *out, GError **error)
{
  for (;;) {
    CrRawRecord raw;
    CrRead got = cr_source_next_chunk(source, &raw, error);
    if (got != CR_READ_RECORD)
      return got == CR_READ_END;
    if (out->len <= CR_INTAKE_MAX_NOTE)
      g_byte_array_append(out, (const guint8 *)raw.bytes, (guint)raw.n_bytes);
  }
}

static CrRecord *
make_record(CrIntakeRun *run, CrSource *source, const GByteArray *bytes, const char *base_id, GError **error)
{
  const char *text = bytes->len > 0 ? (const char *)bytes->data : "";
  guint64 mark = cr_source_had_bom(source) ? 3 : 0;
  g_autoptr(CrText) checked = cr_intake_text(text, bytes->len, cr_source_path(source), mark, error);
  if (checked == NULL)
    return NULL;
  CrRecord *record = cr_record_new(source, 1, &(CrRawRecord){.bytes = text, .n_bytes = bytes->len});
  record->id = g_strdup(base_id);
  record->text = g_steal_pointer(&checked);
  if (mark > 0)
    record->meta = json_pack("{s:b}", "bom", 1);
  cr_record_complete(record, run, base_id);
  return record;
}

static gboolean
read_text(CrIntakeRun *run, CrSource *source, const char *base_id, GError **error)
{
  g_autoptr(GByteArray) bytes =
      g_byte_array_sized_new((guint)MIN(cr_source_size(source), CR_INTAKE_MAX_NOTE) + 1);
  g_autoptr(GError) failure = NULL;
  if (!slurp(source, bytes, error))
    return FALSE;
  CrRecord *record = make_record(run, source, bytes, base_id, &failure);
  if (record != NULL)
    return cr_intake_accept(run, record, error);
  cr_intake_quarantine(run, cr_source_path(source), 1, 0, g_steal_pointer(&failure));
  return TRUE;
}

static const char *const extensions[] = {".txt", ".text", ".note", ".md", NULL};
const CrReader cr_reader_text = {"text", extensions, read_text};
