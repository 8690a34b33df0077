/* JSON lines, a document a line, in the shape of cli.md: our own format, which carries everything. */
#include "formats/formats-private.h"
#include <string.h>

typedef void (*BadFunc)(const GError *error, gpointer user_data);

/* ---- reading ---- */

static void
complete(json_t *document, const char *path, guint64 line)
{
  const json_t *id = json_object_get(document, "id");
  g_autofree char *made = NULL;
  if (json_is_string(id))
    return;
  if (json_is_integer(id)) {
    made = g_strdup_printf("%" JSON_INTEGER_FORMAT, json_integer_value(id));
  } else {
    g_autofree char *base = g_path_get_basename(path);
    made = g_strdup_printf("%s-%" G_GUINT64_FORMAT, base, line);
  }
  /* First, as in every document line. */
  g_autoptr(json_t) rest = json_copy(document);
  json_object_clear(document);
  json_object_set_new(document, "id", json_string(made));
  json_object_del(rest, "id");
  json_object_update(document, rest);
}

static json_t *
parse_line(const CrRawRecord *raw, const char *path, GError **error)
{
  g_autofree char *where = g_strdup_printf("%s:%" G_GUINT64_FORMAT, path, raw->line);
  g_autoptr(GError) failure = NULL;
  g_autoptr(json_t) document = cr_json_parse(raw->bytes, raw->n_bytes, &failure);
  if (document == NULL) {
    g_set_error(error, CR_ERROR, failure->code, "%s:%" G_GUINT64_FORMAT ": %s", where, raw->byte_off,
                failure->message);
    return NULL;
  }
  g_autoptr(CrText) text = cr_document_check(document, where, error);
  if (text == NULL)
    return NULL;
  complete(document, path, raw->line);
  return g_steal_pointer(&document);
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
read_jsonl(const char *path, CrDocumentFunc func, BadFunc bad, gpointer user_data, GError **error)
{
  g_autoptr(CrSource) source = cr_source_open(path, error);
  for (CrRead got = CR_READ_RECORD; source != NULL;) {
    CrRawRecord raw;
    g_autoptr(GError) failure = NULL;
    g_autoptr(json_t) document = NULL;
    got = cr_source_next_line(source, CR_FORMATS_MAX_RECORD, &raw, error);
    if (got == CR_READ_END || got == CR_READ_FAILED)
      return got == CR_READ_END;
    if (got == CR_READ_TOO_LONG)
      g_set_error(&failure, CR_ERROR, CR_ERROR_LIMIT,
                  "%s:%" G_GUINT64_FORMAT ": a line of %" G_GSIZE_FORMAT " bytes", path, raw.line,
                  raw.n_bytes);
    else if (!is_blank(&raw))
      document = parse_line(&raw, path, &failure);
    if (failure != NULL)
      bad(failure, user_data);
    if (document != NULL && !func(document, user_data, error))
      return FALSE;
  }
  return FALSE;
}

/* ---- writing ---- */

struct CrWriter {
  CrOut *out;
};

static CrWriter *
writer_new(const char *path, const json_t *schema, GError **error)
{
  CrOut *out = cr_out_open(path, error);
  if (out == NULL)
    return NULL;
  CrWriter *writer = g_new0(CrWriter, 1);
  writer->out = out;
  return writer;
}

static const char *const document_order[] = {"id", "text", "meta", "known", "entities", "relations", NULL};
static const char *const entity_order[] = {"id",         "start", "end",   "label", "text", "fragments",
                                           "attributes", "codes", "score", "by",    NULL};
static const char *const relation_order[] = {"id", "type", "from", "to", NULL};

/* The same members, those of the table first and in its order. New reference. */
static json_t *
in_order(const json_t *object, const char *const *order)
{
  json_t *out = json_object();
  const char *key;
  json_t *value;
  for (gsize i = 0; order[i] != NULL; i++)
    if ((value = json_object_get(object, order[i])) != NULL)
      json_object_set(out, order[i], value);
  json_object_foreach((json_t *)object, key, value)
  {
    if (!g_strv_contains(order, key))
      json_object_set(out, key, value);
  }
  return out;
}

static void
order_array(json_t *document, const char *member, const char *const *order)
{
  const json_t *array = json_object_get(document, member);
  g_autoptr(json_t) ordered = json_array();
  size_t i;
  json_t *item;
  json_array_foreach(array, i, item) json_array_append_new(ordered, in_order(item, order));
  json_object_set(document, member, ordered);
}

/* The text of each entity is what stands at its offsets: a reader need not count. */
static gboolean
fill_texts(json_t *document, GError **error)
{
  g_autoptr(CrText) text = cr_document_check(document, cr_document_id(document), error);
  size_t i;
  json_t *entity;
  if (text == NULL)
    return FALSE;
  json_array_foreach(cr_document_array(document, "entities"), i, entity)
  {
    g_autoptr(GArray) pieces = cr_pieces_of(entity, error);
    g_autoptr(GArray) bytes = pieces != NULL ? cr_pieces_to_bytes(text, pieces, error) : NULL;
    if (bytes == NULL)
      return FALSE;
    g_autofree char *found = cr_pieces_dup_text(text, bytes);
    json_object_set_new(entity, "text", json_string(found));
  }
  return TRUE;
}

static gboolean
writer_add(CrWriter *writer, const json_t *document, GPtrArray *not_carried, GError **error)
{
  g_autoptr(json_t) line = in_order(document, document_order);
  if (cr_document_array(line, "entities") == NULL)
    json_object_set_new(line, "entities", json_array());
  if (cr_document_array(line, "relations") == NULL)
    json_object_set_new(line, "relations", json_array());
  g_autoptr(json_t) own = json_deep_copy(line);
  if (!fill_texts(own, error))
    return FALSE;
  cr_document_name_all(own);
  order_array(own, "entities", entity_order);
  order_array(own, "relations", relation_order);
  g_autoptr(json_t) ordered = in_order(own, document_order);
  g_autofree char *bytes = cr_json_dump(ordered);
  return cr_out_write(writer->out, bytes, strlen(bytes), error) && cr_out_write(writer->out, "\n", 1, error);
}

static gboolean
writer_finish(CrWriter *writer, GError **error)
{
  gboolean done = cr_out_commit(writer->out, error);
  g_free(writer);
  return done;
}

static void
writer_discard(CrWriter *writer)
{
  cr_out_free(writer->out);
  g_free(writer);
}

static gboolean
sniff(const char *path, const char *head, gsize n_head)
{
  gsize i = 0;
  if (n_head >= 3 && memcmp(head, "\xEF\xBB\xBF", 3) == 0)
    i = 3;
  while (i < n_head && g_ascii_isspace(head[i]))
    i++;
  return i < n_head && head[i] == '{';
}

const CrFormat cr_format_jsonl = {.name = "jsonl",
                                  .title = "Chartroom JSON lines",
                                  .unit = CR_UNIT_CODE_POINT,
                                  .extension = ".jsonl",
                                  .read = read_jsonl,
                                  .writer_new = writer_new,
                                  .writer_add = writer_add,
                                  .writer_finish = writer_finish,
                                  .writer_discard = writer_discard,
                                  .sniff = sniff};
