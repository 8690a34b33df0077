/* Reading the CSV tables. documents.csv is read forward; of the other two only the places of the rows are
 * held, by document, so rows may stand in any order. */
#include "formats/csv-private.h"
#include <string.h>

typedef struct {
  CrSource *source;
  char *path;
  GPtrArray *columns; /* char* */
  GArray *fields;
  GByteArray *scratch;
  GHashTable *places; /* document id -> GArray of Place; NULL for documents.csv */
} Table;

typedef struct {
  guint64 byte_off, line;
} Place;

static void
table_free(Table *table)
{
  if (table == NULL)
    return;
  cr_source_free(table->source);
  g_free(table->path);
  g_clear_pointer(&table->columns, g_ptr_array_unref);
  g_clear_pointer(&table->fields, g_array_unref);
  g_clear_pointer(&table->scratch, g_byte_array_unref);
  g_clear_pointer(&table->places, g_hash_table_unref);
  g_free(table);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Table, table_free)

/* ---- rows ---- */

static gboolean
bad_row(const Table *table, const CrRawRecord *raw, int code, const char *what, GError **error)
{
  g_set_error(error, CR_ERROR, code, "%s:%" G_GUINT64_FORMAT ": %s", table->path, raw->line, what);
  return FALSE;
}

static gboolean
split_row(Table *table, CrRead got, const CrRawRecord *raw, GError **error)
{
  if (got == CR_READ_TOO_LONG)
    return bad_row(table, raw, CR_ERROR_LIMIT, "the record is too long", error);
  if (got == CR_READ_UNCLOSED)
    return bad_row(table, raw, CR_ERROR_BAD_CSV, "a quote opens and never closes", error);
  if (!cr_csv_split(raw, ',', table->fields, table->scratch))
    return bad_row(table, raw, CR_ERROR_BAD_CSV, "something follows a closing quote", error);
  if (table->columns != NULL && table->fields->len != table->columns->len)
    return bad_row(table, raw, CR_ERROR_BAD_CSV, "not as many fields as the header has", error);
  for (guint i = 0; i < table->fields->len; i++) {
    CrField field = g_array_index(table->fields, CrField, i);
    if (memchr(field.bytes, '\0', field.n_bytes) != NULL)
      return bad_row(table, raw, CR_ERROR_NUL_BYTE, "a NUL byte", error);
    if (!g_utf8_validate_len(field.bytes, field.n_bytes, NULL))
      return bad_row(table, raw, CR_ERROR_INVALID_UTF8, "not valid UTF-8", error);
  }
  return TRUE;
}

static CrRead
next_row(Table *table, CrRawRecord *raw, GError **error)
{
  CrRead got;
  do
    got = cr_source_next_csv(table->source, ',', CR_FORMATS_MAX_RECORD, raw, error);
  while (got == CR_READ_RECORD && raw->n_bytes == 0);
  return got;
}

static gboolean
has_column(const Table *table, const char *name)
{
  return g_ptr_array_find_with_equal_func(table->columns, name, g_str_equal, NULL);
}

static gboolean
read_header(Table *table, const char *const *required, GError **error)
{
  CrRawRecord raw = {.line = 1};
  CrRead got = next_row(table, &raw, error);
  if (got == CR_READ_FAILED)
    return FALSE;
  if (got == CR_READ_END)
    return bad_row(table, &raw, CR_ERROR_MISSING_COLUMN, "the table is empty", error);
  if (!split_row(table, got, &raw, error))
    return FALSE;
  table->columns = g_ptr_array_new_with_free_func(g_free);
  for (guint i = 0; i < table->fields->len; i++) {
    CrField field = g_array_index(table->fields, CrField, i);
    g_ptr_array_add(table->columns, g_strndup(field.bytes, field.n_bytes));
  }
  for (gsize i = 0; required[i] != NULL; i++)
    if (!has_column(table, required[i])) {
      g_set_error(error, CR_ERROR, CR_ERROR_MISSING_COLUMN, "%s: no column \"%s\"", table->path, required[i]);
      return FALSE;
    }
  return TRUE;
}

static Table *
table_open(const char *folder, const char *name, const char *const *required, GError **error)
{
  g_autoptr(Table) table = g_new0(Table, 1);
  table->path = g_build_filename(folder, name, NULL);
  table->fields = g_array_new(FALSE, FALSE, sizeof(CrField));
  table->scratch = g_byte_array_new();
  table->source = cr_source_open(table->path, error);
  if (table->source == NULL || !read_header(table, required, error))
    return NULL;
  return g_steal_pointer(&table);
}

/* ---- cells ---- */

static const CrCsvColumn *
column_of(const CrCsvColumn *columns, const char *name)
{
  for (gsize i = 0; columns[i].name != NULL; i++)
    if (strcmp(columns[i].name, name) == 0)
      return &columns[i];
  return NULL;
}

/* New reference; NULL where the cell is not what its column holds. */
static json_t *
cell_value(CrField field, CrCell cell)
{
  if (cell == CR_CELL_STRING)
    return json_stringn(field.bytes, field.n_bytes);
  g_autoptr(json_t) value = cr_json_parse(field.bytes, field.n_bytes, NULL);
  if (value == NULL || (cell == CR_CELL_NUMBER && !json_is_integer(value)))
    return NULL;
  return g_steal_pointer(&value);
}

static gboolean
set_attribute(json_t *object, const char *name, CrField field)
{
  json_t *attributes = json_object_get(object, "attributes");
  if (attributes == NULL) {
    attributes = json_object();
    json_object_set_new(object, "attributes", attributes);
  }
  return json_object_set_new(attributes, name, json_stringn(field.bytes, field.n_bytes)) == 0;
}

/* One cell; a column that is none of ours is a member of that name, as a string. */
static gboolean
set_cell(json_t *object, const char *name, CrField field, const CrCsvColumn *columns)
{
  const CrCsvColumn *column = column_of(columns, name);
  if (field.n_bytes == 0 || strcmp(name, "document") == 0)
    return TRUE;
  if (columns == cr_csv_finding_columns && g_str_has_prefix(name, "attributes."))
    return set_attribute(object, name + strlen("attributes."), field);
  if (strcmp(name, "more") == 0) {
    g_autoptr(json_t) more = cr_json_parse(field.bytes, field.n_bytes, NULL);
    return json_is_object(more) && json_object_update_recursive(object, more) == 0;
  }
  json_t *value = cell_value(field, column != NULL ? column->cell : CR_CELL_STRING);
  return value != NULL && json_object_set_new(object, name, value) == 0;
}

static json_t *
row_object(const Table *table, const CrRawRecord *raw, const CrCsvColumn *columns, GError **error)
{
  g_autoptr(json_t) object = json_object();
  for (guint i = 0; i < table->columns->len; i++) {
    const char *name = table->columns->pdata[i];
    if (set_cell(object, name, g_array_index(table->fields, CrField, i), columns))
      continue;
    g_set_error(error, CR_ERROR, CR_ERROR_BAD_CSV,
                "%s:%" G_GUINT64_FORMAT ": the cell of \"%s\" does not hold what it should", table->path,
                raw->line, name);
    return NULL;
  }
  return g_steal_pointer(&object);
}

/* ---- the places of rows ---- */

static char *
field_dup(const Table *table, const char *name)
{
  guint at = 0;
  if (!g_ptr_array_find_with_equal_func(table->columns, name, g_str_equal, &at))
    return g_strdup("");
  CrField field = g_array_index(table->fields, CrField, at);
  return g_strndup(field.bytes, field.n_bytes);
}

static void
free_places(gpointer places)
{
  g_array_unref(places);
}

static void
index_row(Table *table, const CrRawRecord *raw)
{
  char *document = field_dup(table, "document");
  GArray *places = g_hash_table_lookup(table->places, document);
  Place place = {raw->byte_off, raw->line};
  if (places == NULL) {
    places = g_array_new(FALSE, FALSE, sizeof(Place));
    g_hash_table_insert(table->places, document, places);
  } else {
    g_free(document);
  }
  g_array_append_val(places, place);
}

typedef void (*BadFunc)(const GError *error, gpointer user_data);

static gboolean
index_table(Table *table, BadFunc bad, gpointer user_data, GError **error)
{
  table->places = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_places);
  for (;;) {
    CrRawRecord raw;
    g_autoptr(GError) failure = NULL;
    CrRead got = next_row(table, &raw, error);
    if (got == CR_READ_END || got == CR_READ_FAILED)
      return got == CR_READ_END;
    if (split_row(table, got, &raw, &failure))
      index_row(table, &raw);
    else
      bad(failure, user_data);
  }
}

/* The rows of one document as a list under member; its places are taken out of the index. */
static gboolean
add_rows(Table *table, json_t *document, const char *member, const CrCsvColumn *columns, GError **error)
{
  g_autoptr(json_t) list = json_array();
  const char *id = cr_document_id(document);
  GArray *places = table != NULL ? g_hash_table_lookup(table->places, id) : NULL;
  for (guint i = 0; places != NULL && i < places->len; i++) {
    Place place = g_array_index(places, Place, i);
    CrRawRecord raw;
    if (!cr_source_seek(table->source, place.byte_off, place.line, error))
      return FALSE;
    CrRead got = next_row(table, &raw, error);
    if (got == CR_READ_END || got == CR_READ_FAILED || !split_row(table, got, &raw, error))
      return FALSE;
    json_t *object = row_object(table, &raw, columns, error);
    if (object == NULL)
      return FALSE;
    json_array_append_new(list, object);
  }
  if (table != NULL)
    g_hash_table_remove(table->places, id);
  json_object_set(document, member, list);
  return TRUE;
}

/* ---- documents ---- */

typedef struct {
  Table *documents, *findings, *relations; /* relations may be NULL */
  GHashTable *seen;
  CrDocumentFunc func;
  BadFunc bad;
  gpointer user_data;
} Reading;

static json_t *
read_document(Reading *reading, CrRead got, const CrRawRecord *raw, GError **error)
{
  Table *table = reading->documents;
  if (!split_row(table, got, raw, error))
    return NULL;
  g_autoptr(json_t) document = row_object(table, raw, cr_csv_document_columns, error);
  if (document == NULL)
    return NULL;
  if (cr_document_id(document)[0] == '\0' ||
      !g_hash_table_add(reading->seen, g_strdup(cr_document_id(document)))) {
    gboolean missing = cr_document_id(document)[0] == '\0';
    bad_row(table, raw, missing ? CR_ERROR_MISSING_FIELD : CR_ERROR_DUPLICATE_ID,
            missing ? "no id" : "the id stands twice", error);
    return NULL;
  }
  if (json_object_get(document, "text") == NULL)
    json_object_set_new(document, "text", json_string(""));
  g_autofree char *where = g_strdup_printf("%s:%" G_GUINT64_FORMAT, table->path, raw->line);
  if (!add_rows(reading->findings, document, "entities", cr_csv_finding_columns, error) ||
      !add_rows(reading->relations, document, "relations", cr_csv_relation_columns, error))
    return NULL;
  g_autoptr(CrText) text = cr_document_check(document, where, error);
  return text != NULL ? g_steal_pointer(&document) : NULL;
}

static gboolean
read_documents(Reading *reading, GError **error)
{
  for (;;) {
    CrRawRecord raw;
    g_autoptr(GError) failure = NULL;
    CrRead got = next_row(reading->documents, &raw, error);
    if (got == CR_READ_END || got == CR_READ_FAILED)
      return got == CR_READ_END;
    g_autoptr(json_t) document = read_document(reading, got, &raw, &failure);
    if (document == NULL)
      reading->bad(failure, reading->user_data);
    else if (!reading->func(document, reading->user_data, error))
      return FALSE;
  }
}

/* Rows of documents that documents.csv does not have. */
static void
report_left(const Reading *reading, const Table *table)
{
  GHashTableIter iter;
  gpointer id, places;
  if (table == NULL)
    return;
  g_hash_table_iter_init(&iter, table->places);
  while (g_hash_table_iter_next(&iter, &id, &places)) {
    Place first = g_array_index((GArray *)places, Place, 0);
    g_autoptr(GError) failure = NULL;
    if (g_hash_table_contains(reading->seen, id))
      continue; /* its document was reported */
    failure = g_error_new(CR_ERROR, CR_ERROR_BAD_CSV,
                          "%s:%" G_GUINT64_FORMAT
                          ": %u rows of the document \"%s\", which documents.csv does not have",
                          table->path, first.line, ((GArray *)places)->len, (char *)id);
    reading->bad(failure, reading->user_data);
  }
}

gboolean
cr_csv_read(const char *path, CrDocumentFunc func, BadFunc bad, gpointer user_data, GError **error)
{
  static const char *const of_documents[] = {"id", "text", NULL};
  static const char *const of_findings[] = {"document", "start", "end", "label", NULL};
  static const char *const of_relations[] = {"document", "type", "from", "to", NULL};
  g_autofree char *relations_path = g_build_filename(path, "relations.csv", NULL);
  g_autofree char *findings_path = g_build_filename(path, "findings.csv", NULL);
  g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr(Table) documents = table_open(path, "documents.csv", of_documents, error);
  if (documents == NULL)
    return FALSE;
  gboolean has_findings = g_file_test(findings_path, G_FILE_TEST_EXISTS);
  gboolean has_relations = g_file_test(relations_path, G_FILE_TEST_EXISTS);
  g_autoptr(Table) findings = has_findings ? table_open(path, "findings.csv", of_findings, error) : NULL;
  if (has_findings && (findings == NULL || !index_table(findings, bad, user_data, error)))
    return FALSE;
  g_autoptr(Table) relations = has_relations ? table_open(path, "relations.csv", of_relations, error) : NULL;
  if (has_relations && (relations == NULL || !index_table(relations, bad, user_data, error)))
    return FALSE;
  Reading reading = {documents, findings, relations, seen, func, bad, user_data};
  if (!read_documents(&reading, error))
    return FALSE;
  report_left(&reading, findings);
  report_left(&reading, relations);
  return TRUE;
}
