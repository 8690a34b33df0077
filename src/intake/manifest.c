/* The manifest of known identifiers. Strict: an identifier that is not read is one that the detector will not
 * look for, so a bad line fails the whole file. */
#include "intake/intake-private.h"
#include <string.h>

struct CrManifest {
  GHashTable *patients, *notes; /* char* -> CrKnown* */
  GHashTable *unions;           /* "patient\x1fid" -> CrKnown*, made on demand */
  GMutex lock;                  /* of unions */
};

static GHashTable *
table_new(void)
{
  return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)cr_known_free);
}

static CrManifest *
manifest_new(void)
{
  CrManifest *manifest = g_new0(CrManifest, 1);
  manifest->patients = table_new();
  manifest->notes = table_new();
  manifest->unions = table_new();
  g_mutex_init(&manifest->lock);
  return manifest;
}

void
cr_manifest_free(CrManifest *manifest)
{
  if (manifest == NULL)
    return;
  g_hash_table_unref(manifest->patients);
  g_hash_table_unref(manifest->notes);
  g_hash_table_unref(manifest->unions);
  g_mutex_clear(&manifest->lock);
  g_free(manifest);
}

static void
add(GHashTable *table, const char *key, const CrKnown *known)
{
  CrKnown *there = g_hash_table_lookup(table, key);
  if (there == NULL) {
    there = cr_known_new();
    g_hash_table_insert(table, g_strdup(key), there);
  }
  cr_known_merge(there, known);
}

static gboolean
add_named(CrManifest *manifest, const char *patient, const char *id, const CrKnown *known, int missing_code,
          const char *where, GError **error)
{
  gboolean has_patient = patient != NULL && patient[0] != '\0', has_id = id != NULL && id[0] != '\0';
  if (!has_patient && !has_id) {
    g_set_error(error, CR_ERROR, missing_code, "%s: neither \"patient\" nor \"id\" says whose these are",
                where);
    return FALSE;
  }
  /* With both, it is said of this note alone. */
  add(has_id ? manifest->notes : manifest->patients, has_id ? id : patient, known);
  return TRUE;
}

/* ---- JSON lines ---- */

static char *
name_dup(const json_t *value)
{
  if (json_is_integer(value))
    return g_strdup_printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
  return g_strdup(json_string_value(value));
}

static gboolean
add_line(CrManifest *manifest, const CrRawRecord *raw, const char *where, GError **error)
{
  g_autoptr(GError) failure = NULL;
  g_autoptr(json_t) line = cr_json_parse(raw->bytes, raw->n_bytes, &failure);
  json_t *object = line != NULL ? json_object_get(line, "known") : NULL;
  g_autoptr(CrKnown) known = object != NULL ? cr_known_from_json(object, &failure) : NULL;
  if (failure != NULL) {
    g_set_error(error, CR_ERROR, failure->code, "%s: %s", where, failure->message);
    return FALSE;
  }
  if (known == NULL) {
    g_set_error(error, CR_ERROR, CR_ERROR_MISSING_FIELD, "%s: no \"known\" object", where);
    return FALSE;
  }
  g_autofree char *patient = name_dup(json_object_get(line, "patient"));
  g_autofree char *id = name_dup(json_object_get(line, "id"));
  return add_named(manifest, patient, id, known, CR_ERROR_MISSING_FIELD, where, error);
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
load_jsonl(CrManifest *manifest, CrSource *source, GError **error)
{
  for (;;) {
    CrRawRecord raw;
    CrRead got = cr_source_next_line(source, 1 << 24, &raw, error);
    if (got == CR_READ_END || got == CR_READ_FAILED)
      return got == CR_READ_END;
    g_autofree char *where = g_strdup_printf("%s:%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT,
                                             cr_source_path(source), raw.line, raw.byte_off);
    if (got == CR_READ_TOO_LONG) {
      g_set_error(error, CR_ERROR, CR_ERROR_LIMIT, "%s: a line of %" G_GSIZE_FORMAT " bytes", where,
                  raw.n_bytes);
      return FALSE;
    }
    if (!is_blank(&raw) && !add_line(manifest, &raw, where, error))
      return FALSE;
  }
}

/* ---- CSV ---- */

typedef struct {
  char delimiter;
  GPtrArray *columns; /* cr_column_key of each */
  GArray *fields;
  GByteArray *scratch;
} Csv;

static void
csv_clear(Csv *csv)
{
  g_clear_pointer(&csv->columns, g_ptr_array_unref);
  g_clear_pointer(&csv->fields, g_array_unref);
  g_clear_pointer(&csv->scratch, g_byte_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Csv, csv_clear)

static gboolean
split(const Csv *csv, const CrRawRecord *raw, const char *where, GError **error)
{
  gboolean ragged = csv->columns->len > 0;
  const char *wrong = NULL;
  if (!cr_csv_split(raw, csv->delimiter, csv->fields, csv->scratch))
    wrong = "something follows a closing quote";
  else if (ragged && csv->fields->len != csv->columns->len)
    wrong = "not as many fields as the header has";
  if (wrong != NULL) {
    g_set_error(error, CR_ERROR, CR_ERROR_BAD_CSV, "%s: %s", where, wrong);
    return FALSE;
  }
  for (guint i = 0; i < csv->fields->len; i++) {
    CrField field = g_array_index(csv->fields, CrField, i);
    if (!g_utf8_validate_len(field.bytes, field.n_bytes, NULL)) {
      g_set_error(error, CR_ERROR, CR_ERROR_INVALID_UTF8, "%s: field %u is not valid UTF-8", where, i + 1);
      return FALSE;
    }
  }
  return TRUE;
}

static gboolean
add_row(CrManifest *manifest, const Csv *csv, const char *where, GError **error)
{
  g_auto(CrKnownRow) row = {0};
  g_autofree char *patient = NULL, *id = NULL;
  g_autoptr(GError) failure = NULL;
  for (guint i = 0; i < csv->columns->len; i++) {
    CrField field = g_array_index(csv->fields, CrField, i);
    g_autofree char *value = g_strstrip(g_strndup(field.bytes, field.n_bytes));
    const char *column = csv->columns->pdata[i];
    if (strcmp(column, "patient") == 0 || strcmp(column, "patient_id") == 0)
      patient = patient != NULL ? patient : g_steal_pointer(&value);
    else if (strcmp(column, "id") == 0 || strcmp(column, "note_id") == 0)
      id = id != NULL ? id : g_steal_pointer(&value);
    else
      cr_known_row_set(&row, column, value);
  }
  g_autoptr(CrKnown) known = cr_known_row_finish(&row, where, &failure);
  if (failure != NULL) {
    g_propagate_error(error, g_steal_pointer(&failure));
    return FALSE;
  }
  if (known == NULL)
    known = cr_known_new();
  return add_named(manifest, patient, id, known, CR_ERROR_BAD_CSV, where, error);
}

static gboolean
has_column(const Csv *csv, const char *name)
{
  return g_ptr_array_find_with_equal_func(csv->columns, name, g_str_equal, NULL);
}

static gboolean
take_header(Csv *csv, const char *path, GError **error)
{
  for (guint i = 0; i < csv->fields->len; i++) {
    CrField field = g_array_index(csv->fields, CrField, i);
    g_autofree char *name = g_strndup(field.bytes, field.n_bytes);
    g_ptr_array_add(csv->columns, cr_column_key(name));
  }
  if (has_column(csv, "patient") || has_column(csv, "patient_id") || has_column(csv, "id") ||
      has_column(csv, "note_id"))
    return TRUE;
  g_autofree char *list = cr_columns_list(csv->columns);
  g_set_error(error, CR_ERROR, CR_ERROR_MISSING_COLUMN, "%s: no column \"patient\" or \"id\"; there are: %s",
              path, list);
  return FALSE;
}

static gboolean
load_csv(CrManifest *manifest, CrSource *source, GError **error)
{
  g_auto(Csv) csv = {.columns = g_ptr_array_new_with_free_func(g_free),
                     .fields = g_array_new(FALSE, FALSE, sizeof(CrField)),
                     .scratch = g_byte_array_new()};
  gsize n_peek = 0;
  const char *peek = cr_source_peek(source, &n_peek), *line_end = memchr(peek, '\n', n_peek);
  csv.delimiter = cr_csv_delimiter(peek, line_end != NULL ? (gsize)(line_end - peek) : n_peek);
  for (guint64 number = 0;; number++) {
    CrRawRecord raw;
    CrRead got = cr_source_next_csv(source, csv.delimiter, 1 << 24, &raw, error);
    if (got == CR_READ_FAILED || (got == CR_READ_END && number > 0))
      return got == CR_READ_END;
    g_autofree char *where = g_strdup_printf("%s:%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT,
                                             cr_source_path(source), number, raw.byte_off);
    if (got == CR_READ_END) {
      g_set_error(error, CR_ERROR, CR_ERROR_MISSING_COLUMN, "%s: the file is empty", cr_source_path(source));
      return FALSE;
    }
    if (got != CR_READ_RECORD) {
      g_set_error(error, CR_ERROR, CR_ERROR_BAD_CSV, "%s: a quote opens and never closes", where);
      return FALSE;
    }
    if (number > 0 && raw.n_bytes == 0)
      continue;
    if (!split(&csv, &raw, where, error) || !(number == 0 ? take_header(&csv, cr_source_path(source), error)
                                                          : add_row(manifest, &csv, where, error)))
      return FALSE;
  }
}

/* ---- the door ---- */

static gboolean
looks_like_json(CrSource *source)
{
  gsize n = 0, i = 0;
  const char *head = cr_source_peek(source, &n);
  while (i < n && g_ascii_isspace(head[i]))
    i++;
  return i < n && head[i] == '{';
}

CrManifest *
cr_manifest_load(const char *path, GError **error)
{
  g_autoptr(CrSource) source = cr_source_open(path, error);
  if (source == NULL)
    return NULL;
  g_autoptr(CrManifest) manifest = manifest_new();
  gboolean done =
      looks_like_json(source) ? load_jsonl(manifest, source, error) : load_csv(manifest, source, error);
  return done ? g_steal_pointer(&manifest) : NULL;
}

/* What is known of the patient and of the note together. */
static const CrKnown *
lookup_union(CrManifest *manifest, const char *patient, const char *id, const CrKnown *a, const CrKnown *b)
{
  g_autofree char *key = g_strdup_printf("%s\x1f%s", patient, id);
  g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&manifest->lock);
  CrKnown *both = g_hash_table_lookup(manifest->unions, key);
  if (both == NULL) {
    both = cr_known_new();
    cr_known_merge(both, a);
    cr_known_merge(both, b);
    g_hash_table_insert(manifest->unions, g_steal_pointer(&key), both);
  }
  return both;
}

const CrKnown *
cr_manifest_lookup(const CrManifest *manifest, const char *patient, const char *id)
{
  const CrKnown *of_patient = patient != NULL ? g_hash_table_lookup(manifest->patients, patient) : NULL;
  const CrKnown *of_note = id != NULL ? g_hash_table_lookup(manifest->notes, id) : NULL;
  if (of_patient != NULL && of_note != NULL)
    return lookup_union((CrManifest *)manifest, patient, id, of_patient, of_note);
  return of_patient != NULL ? of_patient : of_note;
}

guint
cr_manifest_size(const CrManifest *manifest)
{
  return g_hash_table_size(manifest->patients) + g_hash_table_size(manifest->notes);
}
