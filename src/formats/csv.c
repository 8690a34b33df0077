/* CSV: a folder of documents.csv, findings.csv and relations.csv. What a column is made for stands in it;
 * everything else of a document, finding or relation stands as JSON in its last column, so nothing is lost.
 */
#include "formats/formats-private.h"
#include "formats/csv-private.h"
#include "base/base.h"
#include <string.h>

/* ---- the columns: name, and whether the cell is JSON (else a string, or a whole number) ---- */

const CrCsvColumn cr_csv_document_columns[] = {{"id"}, {"text"}, {"meta", CR_CELL_JSON}, {NULL}};
const CrCsvColumn cr_csv_finding_columns[] = {{"id"},
                                              {"start", CR_CELL_NUMBER},
                                              {"end", CR_CELL_NUMBER},
                                              {"label"},
                                              {"text"},
                                              {"fragments", CR_CELL_JSON},
                                              {"attributes", CR_CELL_JSON},
                                              {"codes", CR_CELL_JSON},
                                              {"score", CR_CELL_JSON},
                                              {"by", CR_CELL_JSON},
                                              {NULL}};
const CrCsvColumn cr_csv_relation_columns[] = {{"id"}, {"type"}, {"from"}, {"to"}, {NULL}};

/* ---- writing ---- */

struct CrWriter {
  char *target, *folder;
  CrOut *documents, *findings, *relations;
  GHashTable *ids;       /* of documents so far */
  GPtrArray *attributes; /* names of the schema: a column each */
  GString *row;
};

static void
writer_free(CrWriter *writer)
{
  g_clear_pointer(&writer->documents, cr_out_free);
  g_clear_pointer(&writer->findings, cr_out_free);
  g_clear_pointer(&writer->relations, cr_out_free);
  g_hash_table_unref(writer->ids);
  g_ptr_array_unref(writer->attributes);
  g_string_free(writer->row, TRUE);
  g_free(writer->target);
  g_free(writer->folder);
  g_free(writer);
}

static void
writer_discard(CrWriter *writer)
{
  g_autofree char *folder = g_strdup(writer->folder);
  writer_free(writer);
  cr_dir_remove(folder, NULL);
}

static void
add_cell(GString *row, const char *bytes, gsize n_bytes)
{
  if (row->len > 0)
    g_string_append_c(row, ',');
  cr_csv_append(row, bytes, n_bytes);
}

static gboolean
put_row(CrOut *out, GString *row, GError **error)
{
  g_string_append_c(row, '\n');
  gboolean done = cr_out_write(out, row->str, row->len, error);
  g_string_truncate(row, 0);
  return done;
}

static CrOut *
open_table(CrWriter *writer, const char *name, const CrCsvColumn *columns, gboolean of_document,
           GError **error)
{
  g_autofree char *path = g_build_filename(writer->folder, name, NULL);
  g_autoptr(CrOut) out = cr_out_open(path, error);
  if (out == NULL)
    return NULL;
  if (of_document)
    g_string_append(writer->row, "document");
  for (gsize i = 0; columns[i].name != NULL; i++)
    add_cell(writer->row, columns[i].name, strlen(columns[i].name));
  for (guint i = 0; columns == cr_csv_finding_columns && i < writer->attributes->len; i++) {
    g_autofree char *name_of = g_strconcat("attributes.", writer->attributes->pdata[i], NULL);
    add_cell(writer->row, name_of, strlen(name_of));
  }
  g_string_append(writer->row, ",more");
  return put_row(out, writer->row, error) ? g_steal_pointer(&out) : NULL;
}

static void
take_attributes(CrWriter *writer, const json_t *schema)
{
  size_t i;
  json_t *attribute;
  json_array_foreach(cr_document_array(schema, "attributes"), i, attribute)
  {
    const char *name = cr_json_string(attribute, "name");
    if (name != NULL && name[0] != '\0')
      g_ptr_array_add(writer->attributes, g_strdup(name));
  }
}

static CrWriter *
writer_new(const char *path, const json_t *schema, GError **error)
{
  char *folder = cr_out_folder_new(path, error);
  if (folder == NULL)
    return NULL;
  CrWriter *writer = g_new0(CrWriter, 1);
  writer->target = g_strdup(path);
  writer->folder = folder;
  writer->ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  writer->attributes = g_ptr_array_new_with_free_func(g_free);
  writer->row = g_string_new(NULL);
  if (schema != NULL)
    take_attributes(writer, schema);
  writer->documents = open_table(writer, "documents.csv", cr_csv_document_columns, FALSE, error);
  if (writer->documents != NULL)
    writer->findings = open_table(writer, "findings.csv", cr_csv_finding_columns, TRUE, error);
  if (writer->findings != NULL)
    writer->relations = open_table(writer, "relations.csv", cr_csv_relation_columns, TRUE, error);
  if (writer->relations != NULL)
    return writer;
  writer_discard(writer);
  return NULL;
}

/* Moves the member into a cell; what the cell cannot say (an empty string, another type) stays for "more". */
static void
move_to_cell(GString *row, json_t *rest, const CrCsvColumn *column)
{
  json_t *value = json_object_get(rest, column->name);
  g_autofree char *dump = NULL;
  const char *cell = "";
  gboolean fits = FALSE;
  if (value != NULL && column->cell == CR_CELL_JSON)
    cell = dump = cr_json_dump(value);
  else if (column->cell == CR_CELL_NUMBER && json_is_integer(value))
    cell = dump = g_strdup_printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
  else if (column->cell == CR_CELL_STRING && json_is_string(value))
    cell = json_string_value(value);
  fits = cell[0] != '\0';
  add_cell(row, cell, strlen(cell));
  if (fits)
    json_object_del(rest, column->name);
}

static void
move_attributes(const CrWriter *writer, GString *row, json_t *rest)
{
  json_t *attributes = json_object_get(rest, "attributes");
  for (guint i = 0; i < writer->attributes->len; i++) {
    const char *name = writer->attributes->pdata[i], *value = cr_json_string(attributes, name);
    gboolean fits = value != NULL && value[0] != '\0';
    g_string_append_c(row, ',');
    cr_csv_append(row, fits ? value : "", fits ? strlen(value) : 0);
    if (fits)
      json_object_del(attributes, name);
  }
  if (writer->attributes->len > 0 && attributes != NULL && json_object_size(attributes) == 0)
    json_object_del(rest, "attributes");
}

static gboolean
put_object(CrWriter *writer, CrOut *out, const char *document, const json_t *object,
           const CrCsvColumn *columns, const char *const *left_out, GError **error)
{
  g_autoptr(json_t) rest = json_deep_copy(object);
  g_autoptr(GString) attributes = g_string_new(NULL);
  if (document != NULL)
    cr_csv_append(writer->row, document, strlen(document));
  for (gsize i = 0; left_out != NULL && left_out[i] != NULL; i++)
    json_object_del(rest, left_out[i]);
  if (columns == cr_csv_finding_columns)
    move_attributes(writer, attributes, rest);
  for (gsize i = 0; columns[i].name != NULL; i++)
    move_to_cell(writer->row, rest, &columns[i]);
  g_string_append_len(writer->row, attributes->str, (gssize)attributes->len);
  g_autofree char *more = json_object_size(rest) > 0 ? cr_json_dump(rest) : g_strdup("");
  add_cell(writer->row, more, strlen(more));
  return put_row(out, writer->row, error);
}

static gboolean
put_all(CrWriter *writer, CrOut *out, const json_t *document, const char *member, const CrCsvColumn *columns,
        GError **error)
{
  size_t i;
  json_t *item;
  json_array_foreach(cr_document_array(document, member), i, item)
  {
    if (!put_object(writer, out, cr_document_id(document), item, columns, NULL, error))
      return FALSE;
  }
  return TRUE;
}

/* The document as the tables carry it: everything has an id, and every finding its text. New reference. */
static json_t *
completed(const json_t *document, GError **error)
{
  g_autoptr(CrText) text = cr_document_check(document, cr_document_id(document), error);
  g_autoptr(json_t) copy = text != NULL ? json_deep_copy(document) : NULL;
  size_t i;
  json_t *entity;
  if (copy == NULL)
    return NULL;
  cr_document_name_all(copy);
  json_array_foreach(cr_document_array(copy, "entities"), i, entity)
  {
    g_autoptr(GArray) pieces = cr_pieces_of(entity, error);
    g_autoptr(GArray) bytes = pieces != NULL ? cr_pieces_to_bytes(text, pieces, error) : NULL;
    if (bytes == NULL)
      return NULL;
    g_autofree char *found = cr_pieces_dup_text(text, bytes);
    json_object_set_new(entity, "text", json_string(found));
  }
  return g_steal_pointer(&copy);
}

static gboolean
writer_add(CrWriter *writer, const json_t *document, GPtrArray *not_carried, GError **error)
{
  static const char *const elsewhere[] = {"entities", "relations", NULL};
  const char *id = cr_document_id(document);
  if (id[0] == '\0' || !g_hash_table_add(writer->ids, g_strdup(id))) {
    g_set_error(error, CR_ERROR, id[0] == '\0' ? CR_ERROR_MISSING_FIELD : CR_ERROR_DUPLICATE_ID,
                "document \"%s\": %s", id, id[0] == '\0' ? "it has no id" : "its id stands twice");
    return FALSE;
  }
  g_autoptr(json_t) own = completed(document, error);
  return own != NULL &&
         put_object(writer, writer->documents, NULL, own, cr_csv_document_columns, elsewhere, error) &&
         put_all(writer, writer->findings, own, "entities", cr_csv_finding_columns, error) &&
         put_all(writer, writer->relations, own, "relations", cr_csv_relation_columns, error);
}

static gboolean
writer_finish(CrWriter *writer, GError **error)
{
  g_autofree char *folder = g_strdup(writer->folder), *target = g_strdup(writer->target);
  gboolean done = cr_out_commit(g_steal_pointer(&writer->documents), error);
  done = done && cr_out_commit(g_steal_pointer(&writer->findings), error);
  done = done && cr_out_commit(g_steal_pointer(&writer->relations), error);
  writer_free(writer);
  if (done)
    return cr_out_folder_publish(folder, target, error);
  cr_dir_remove(folder, NULL);
  return FALSE;
}

static gboolean
sniff(const char *path, const char *head, gsize n_head)
{
  g_autofree char *documents = g_build_filename(path, "documents.csv", NULL);
  return g_file_test(documents, G_FILE_TEST_IS_REGULAR);
}

const CrFormat cr_format_csv = {.name = "csv",
                                .title = "CSV tables",
                                .unit = CR_UNIT_CODE_POINT,
                                .is_folder = TRUE,
                                .read = cr_csv_read,
                                .writer_new = writer_new,
                                .writer_add = writer_add,
                                .writer_finish = writer_finish,
                                .writer_discard = writer_discard,
                                .sniff = sniff};
