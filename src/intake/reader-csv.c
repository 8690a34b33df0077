/* CSV after RFC 4180, with a header: the columns' names say where their values go (fields.c, --map). A record
 * that does not fit the header is quarantined; its fields are never guessed. */
#include "intake/intake-private.h"
#include <string.h>

typedef struct {
  CrIntakeRun *run;
  CrSource *source;
  const char *base_id;
  char delimiter;
  GPtrArray *columns; /* char* */
  GArray *targets;    /* of CrTarget, one a column */
  GArray *fields;     /* of CrField, of the record at hand */
  GByteArray *scratch;
  char *where; /* "file:record:byte" */
} Reader;

static void
reader_clear(Reader *reader)
{
  g_clear_pointer(&reader->columns, g_ptr_array_unref);
  g_clear_pointer(&reader->targets, g_array_unref);
  g_clear_pointer(&reader->fields, g_array_unref);
  g_clear_pointer(&reader->scratch, g_byte_array_unref);
  g_clear_pointer(&reader->where, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Reader, reader_clear)

static gboolean
missing_header(const Reader *reader, CrRead got, GError **error)
{
  if (got == CR_READ_FAILED)
    return FALSE;
  if (got == CR_READ_END)
    g_set_error(error, CR_ERROR, CR_ERROR_MISSING_COLUMN,
                "%s: the file is empty; the first line names the columns", cr_source_path(reader->source));
  else
    g_set_error(error, CR_ERROR, CR_ERROR_BAD_CSV, "%s:1: the header is not a CSV record",
                cr_source_path(reader->source));
  return FALSE;
}

static gboolean
read_header(Reader *reader, GError **error)
{
  CrRawRecord raw;
  gsize n_peek = 0;
  const char *peek = cr_source_peek(reader->source, &n_peek), *line_end = memchr(peek, '\n', n_peek);
  reader->delimiter = cr_csv_delimiter(peek, line_end != NULL ? (gsize)(line_end - peek) : n_peek);
  CrRead got = cr_source_next_csv(reader->source, reader->delimiter, 1 << 20, &raw, error);
  if (got != CR_READ_RECORD || !cr_csv_split(&raw, reader->delimiter, reader->fields, reader->scratch))
    return missing_header(reader, got, error);
  reader->columns = g_ptr_array_new_with_free_func(g_free);
  for (guint i = 0; i < reader->fields->len; i++) {
    CrField field = g_array_index(reader->fields, CrField, i);
    if (!g_utf8_validate_len(field.bytes, field.n_bytes, NULL)) {
      g_set_error(error, CR_ERROR, CR_ERROR_INVALID_UTF8, "%s:1: the name of column %u is not valid UTF-8",
                  cr_source_path(reader->source), i + 1);
      return FALSE;
    }
    g_ptr_array_add(reader->columns, g_strstrip(g_strndup(field.bytes, field.n_bytes)));
  }
  reader->targets =
      cr_targets_new(cr_source_path(reader->source), reader->columns, reader->run->options->map, error);
  return reader->targets != NULL;
}

static void
add_meta(CrRecord *record, const char *key, const char *value)
{
  if (value[0] == '\0')
    return;
  if (record->meta == NULL)
    record->meta = json_object();
  json_object_set_new(record->meta, key, json_string(value));
}

static void
set_field(CrRecord *record, gsize member, const char *column, char *value /* full */)
{
  g_autofree char *trimmed = g_strstrip(value);
  char **place = (char **)G_STRUCT_MEMBER_P(record, member);
  if (trimmed[0] == '\0')
    return;
  if (member == G_STRUCT_OFFSET(CrRecord, date)) {
    if (!cr_record_set_date(record, trimmed))
      add_meta(record, column, trimmed);
    return;
  }
  g_free(*place);
  *place = g_steal_pointer(&trimmed);
}

static gboolean
set_text(const Reader *reader, CrRecord *record, CrField field, GError **error)
{
  record->text = cr_intake_text(field.bytes, field.n_bytes, reader->where, 0, error);
  return record->text != NULL;
}

static gboolean
set_column(const Reader *reader, CrRecord *record, guint i, CrKnownRow *known, GError **error)
{
  CrField field = g_array_index(reader->fields, CrField, i);
  const CrTarget *target = &g_array_index(reader->targets, CrTarget, i);
  const char *column = reader->columns->pdata[i];
  if (target->kind == CR_TARGET_TEXT)
    return set_text(reader, record, field, error);
  if (!g_utf8_validate_len(field.bytes, field.n_bytes, NULL)) {
    gboolean is_nul = memchr(field.bytes, '\0', field.n_bytes) != NULL;
    g_set_error(error, CR_ERROR, is_nul ? CR_ERROR_NUL_BYTE : CR_ERROR_INVALID_UTF8, "%s: column \"%s\": %s",
                reader->where, column, is_nul ? "a NUL byte" : "not valid UTF-8");
    return FALSE;
  }
  g_autofree char *value = g_strndup(field.bytes, field.n_bytes);
  g_autofree char *key = cr_column_key(column);
  if (target->kind == CR_TARGET_META)
    add_meta(record, target->name, value);
  else if (target->kind == CR_TARGET_KNOWN)
    cr_known_row_set(known, target->name, value);
  else
    set_field(record, target->member, column, g_strdup(value));
  /* A patient's number found by the name of its column is an identifier to look for in the text. */
  if (target->kind == CR_TARGET_FIELD && strcmp(key, "mrn") == 0)
    cr_known_row_set(known, key, value);
  return TRUE;
}

static CrRecord *
make_record(const Reader *reader, const CrRawRecord *raw, guint64 number, GError **error)
{
  g_auto(CrKnownRow) known = {0};
  g_autoptr(GError) failure = NULL;
  if (!cr_csv_split(raw, reader->delimiter, reader->fields, reader->scratch)) {
    g_set_error(error, CR_ERROR, CR_ERROR_BAD_CSV, "%s: something follows a closing quote", reader->where);
    return NULL;
  }
  if (reader->fields->len != reader->columns->len) {
    g_set_error(error, CR_ERROR, CR_ERROR_BAD_CSV, "%s: %u fields where the header has %u", reader->where,
                reader->fields->len, reader->columns->len);
    return NULL;
  }
  g_autoptr(CrRecord) record = cr_record_new(reader->source, number, raw);
  for (guint i = 0; i < reader->columns->len; i++)
    if (!set_column(reader, record, i, &known, error))
      return NULL;
  record->known = cr_known_row_finish(&known, reader->where, &failure);
  if (failure != NULL) {
    g_propagate_error(error, g_steal_pointer(&failure));
    return NULL;
  }
  cr_record_complete(record, reader->run, reader->base_id);
  return g_steal_pointer(&record);
}

static GError *
unread_error(const Reader *reader, CrRead got, const CrRawRecord *raw)
{
  if (got == CR_READ_TOO_LONG)
    return g_error_new(CR_ERROR, CR_ERROR_LIMIT, "%s: a record of %" G_GSIZE_FORMAT " bytes", reader->where,
                       raw->n_bytes);
  return g_error_new(CR_ERROR, CR_ERROR_BAD_CSV,
                     "%s: a quote opens in the record of line %" G_GUINT64_FORMAT
                     " and never closes; it takes the last %" G_GSIZE_FORMAT " bytes of the file",
                     reader->where, raw->line, raw->n_bytes);
}

static gboolean
one_record(Reader *reader, CrRead got, const CrRawRecord *raw, guint64 number, GError **error)
{
  const char *path = cr_source_path(reader->source);
  g_autoptr(GError) failure = NULL;
  g_free(reader->where);
  reader->where = g_strdup_printf("%s:%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT, path, number, raw->byte_off);
  if (got != CR_READ_RECORD) {
    failure = unread_error(reader, got, raw);
  } else {
    CrRecord *record = make_record(reader, raw, number, &failure);
    if (record != NULL)
      return cr_intake_accept(reader->run, record, error);
  }
  cr_intake_quarantine(reader->run, path, number, raw->byte_off, g_steal_pointer(&failure));
  return TRUE;
}

static gboolean
read_csv(CrIntakeRun *run, CrSource *source, const char *base_id, GError **error)
{
  g_auto(Reader) reader = {.run = run,
                           .source = source,
                           .base_id = base_id,
                           .fields = g_array_new(FALSE, FALSE, sizeof(CrField)),
                           .scratch = g_byte_array_new()};
  if (!read_header(&reader, error))
    return FALSE;
  for (guint64 number = 1;;) {
    CrRawRecord raw;
    CrRead got = cr_source_next_csv(source, reader.delimiter, CR_INTAKE_MAX_RECORD, &raw, error);
    if (got == CR_READ_END || got == CR_READ_FAILED)
      return got == CR_READ_END;
    if (got == CR_READ_RECORD && raw.n_bytes == 0)
      continue; /* an empty line holds no record */
    if (!one_record(&reader, got, &raw, number++, error))
      return FALSE;
    cr_intake_progress(run, source);
  }
}

static const char *const extensions[] = {".csv", ".tsv", NULL};
const CrReader cr_reader_csv = {"csv", extensions, read_csv};
