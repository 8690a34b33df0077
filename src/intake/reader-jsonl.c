/* JSON lines: an object a line, as cli.md's document line. What the line says beyond the fields of a record
 * is kept in meta. A bad line, the truncated last one too, is quarantined with file:line:byte. */
#include "intake/intake-private.h"
#include <string.h>

typedef struct {
  CrIntakeRun *run;
  CrSource *source;
  const char *base_id;
  char *where; /* "file:line:byte" of the line at hand */
  GString *rest;
} Reader;

/* The key that holds `field`: the one the map names, else the field itself. */
static const char *
mapped_key(const Reader *reader, const char *field)
{
  GHashTableIter iter;
  gpointer column, mapped;
  if (reader->run->options->map == NULL)
    return field;
  g_hash_table_iter_init(&iter, reader->run->options->map);
  while (g_hash_table_iter_next(&iter, &column, &mapped))
    if (strcmp(mapped, field) == 0)
      return column;
  return field;
}

static const char *
text_key(const Reader *reader, const json_t *line)
{
  const char *mapped = mapped_key(reader, "text");
  if (strcmp(mapped, "text") != 0)
    return json_object_get(line, mapped) != NULL ? mapped : NULL;
  for (gsize i = 0; cr_text_names[i] != NULL; i++)
    if (json_object_get(line, cr_text_names[i]) != NULL)
      return cr_text_names[i];
  return NULL;
}

/* cut: the text that was taken out of the line before, or NULL. */
static CrText *
take_text(const Reader *reader, json_t *line, GByteArray *cut, GError **error)
{
  const char *key = text_key(reader, line);
  const json_t *value = key != NULL ? json_object_get(line, key) : NULL;
  if (value == NULL || !json_is_string(value)) {
    g_set_error(error, CR_ERROR, CR_ERROR_MISSING_FIELD, "%s: %s", reader->where,
                value == NULL ? "no member for the note's text" : "the note's text is not a string");
    return NULL;
  }
  const char *bytes = cut != NULL ? (const char *)cut->data : json_string_value(value);
  gsize n_bytes = cut != NULL ? cut->len : json_string_length(value);
  CrText *text = cr_intake_text(bytes, n_bytes, reader->where, 0, error);
  if (text != NULL)
    json_object_del(line, key);
  return text;
}

/* A string or a whole number, as a string; NULL for anything else. */
static char *
scalar_dup(const json_t *value)
{
  if (json_is_string(value) && json_string_length(value) > 0)
    return g_strdup(json_string_value(value));
  return json_is_integer(value) ? g_strdup_printf("%" JSON_INTEGER_FORMAT, json_integer_value(value)) : NULL;
}

/* Moves the members that are fields of a record out of object; those of another type stay where they are. */
static void
take_fields(const Reader *reader, json_t *object, CrRecord *record)
{
  for (gsize i = 0; cr_record_fields[i] != NULL; i++) {
    const char *field = cr_record_fields[i], *mapped = mapped_key(reader, field);
    /* A map made for another file of the same import takes nothing from this one. */
    const char *key = json_object_get(object, mapped) != NULL ? mapped : field;
    char **member = cr_record_member(record, field);
    g_autofree char *value = *member == NULL ? scalar_dup(json_object_get(object, key)) : NULL;
    if (value == NULL)
      continue;
    if (strcmp(field, "date") == 0 && !cr_record_set_date(record, value))
      continue;
    if (strcmp(field, "date") != 0)
      *member = g_steal_pointer(&value);
    json_object_del(object, key);
  }
}

/* meta and what is left of the line, as one object; NULL where there is nothing. A key that both have is kept
 * as "line.KEY" too. */
static json_t *
take_meta(const Reader *reader, json_t *line, CrRecord *record)
{
  json_t *meta = json_object_get(line, "meta");
  g_autoptr(json_t) all = json_is_object(meta) ? json_incref(meta) : json_object();
  const char *key;
  json_t *value;
  if (json_is_object(meta))
    json_object_del(line, "meta");
  take_fields(reader, all, record);
  json_object_foreach(line, key, value)
  {
    g_autofree char *other =
        json_object_get(all, key) != NULL ? g_strdup_printf("line.%s", key) : g_strdup(key);
    json_object_set(all, other, value);
  }
  return json_object_size(all) > 0 ? g_steal_pointer(&all) : NULL;
}

static gboolean
take_known(const Reader *reader, json_t *line, CrRecord *record, GError **error)
{
  json_t *known = json_object_get(line, "known");
  g_autoptr(GError) failure = NULL;
  if (known == NULL || json_is_null(known))
    return TRUE;
  record->known = cr_known_from_json(known, &failure);
  if (record->known == NULL) {
    g_set_error(error, CR_ERROR, failure->code, "%s: known: %s", reader->where, failure->message);
    return FALSE;
  }
  json_object_del(line, "known");
  return TRUE;
}

static json_t *
parse_line(const Reader *reader, const char *bytes, gsize n_bytes, GError **error)
{
  g_autoptr(GError) failure = NULL;
  g_autoptr(json_t) line = cr_json_parse(bytes, n_bytes, &failure);
  if (line == NULL) {
    gboolean ours = failure->domain == CR_ERROR;
    g_set_error(error, CR_ERROR, ours ? failure->code : CR_ERROR_BAD_JSON, "%s: %s", reader->where,
                failure->message);
    return NULL;
  }
  if (!json_is_object(line)) {
    g_set_error(error, CR_ERROR, CR_ERROR_BAD_JSON, "%s: not an object", reader->where);
    return NULL;
  }
  return g_steal_pointer(&line);
}

/* The line without its text, which goes to cut; NULL where the line is better parsed whole. */
static json_t *
parse_cut(const Reader *reader, const CrRawRecord *raw, GByteArray **cut)
{
  const char *mapped = mapped_key(reader, "text"), *const mapped_keys[] = {mapped, NULL};
  gboolean is_mapped = strcmp(mapped, "text") != 0;
  g_autofree char *key = NULL;
  g_autoptr(GByteArray) text =
      cr_json_cut(raw->bytes, raw->n_bytes, is_mapped ? mapped_keys : cr_text_names, reader->rest, &key);
  g_autoptr(json_t) line =
      text != NULL ? parse_line(reader, reader->rest->str, reader->rest->len, NULL) : NULL;
  if (line == NULL || g_strcmp0(text_key(reader, line), key) != 0)
    return NULL;
  *cut = g_steal_pointer(&text);
  return g_steal_pointer(&line);
}

static CrRecord *
make_record(const Reader *reader, const CrRawRecord *raw, GError **error)
{
  g_autoptr(GByteArray) cut = NULL;
  g_autoptr(json_t) line = parse_cut(reader, raw, &cut);
  if (line == NULL)
    line = parse_line(reader, raw->bytes, raw->n_bytes, error);
  if (line == NULL)
    return NULL;
  g_autoptr(CrRecord) record = cr_record_new(reader->source, raw->line, raw);
  record->text = take_text(reader, line, cut, error);
  if (record->text == NULL || !take_known(reader, line, record, error))
    return NULL;
  take_fields(reader, line, record);
  record->meta = take_meta(reader, line, record);
  cr_record_complete(record, reader->run, reader->base_id);
  return g_steal_pointer(&record);
}

static gboolean
is_blank(const CrRawRecord *raw)
{
  for (gsize i = 0; i < raw->n_bytes; i++)
    if (!g_ascii_isspace(raw->bytes[i]))
      return FALSE;
  return TRUE;
}

static gboolean
one_line(Reader *reader, CrRead got, const CrRawRecord *raw, GError **error)
{
  const char *path = cr_source_path(reader->source);
  g_autoptr(GError) failure = NULL;
  g_free(reader->where);
  reader->where =
      g_strdup_printf("%s:%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT, path, raw->line, raw->byte_off);
  if (got == CR_READ_TOO_LONG) {
    failure = g_error_new(CR_ERROR, CR_ERROR_LIMIT, "%s: a line of %" G_GSIZE_FORMAT " bytes", reader->where,
                          raw->n_bytes);
  } else {
    CrRecord *record = make_record(reader, raw, &failure);
    if (record != NULL)
      return cr_intake_accept(reader->run, record, error);
  }
  cr_intake_quarantine(reader->run, path, raw->line, raw->byte_off, g_steal_pointer(&failure));
  return TRUE;
}

static gboolean
read_jsonl(CrIntakeRun *run, CrSource *source, const char *base_id, GError **error)
{
  Reader reader = {.run = run, .source = source, .base_id = base_id, .rest = g_string_new(NULL)};
  for (;;) {
    CrRawRecord raw;
    CrRead got = cr_source_next_line(source, CR_INTAKE_MAX_RECORD, &raw, error);
    gboolean more = got == CR_READ_RECORD || got == CR_READ_TOO_LONG;
    if (!more || (!(got == CR_READ_RECORD && is_blank(&raw)) && !one_line(&reader, got, &raw, error))) {
      g_free(reader.where);
      g_string_free(reader.rest, TRUE);
      return got == CR_READ_END;
    }
    cr_intake_progress(run, source);
  }
}

static const char *const extensions[] = {".jsonl", ".ndjson", ".jsonlines", ".json", NULL};
const CrReader cr_reader_jsonl = {"jsonl", extensions, read_jsonl};
