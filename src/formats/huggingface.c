/* Hugging Face token classification: a folder of data.jsonl, {"id","tokens","ner_tags"} a line, and
 * dataset_info.json with the ClassLabel names that the tags count. Tags are IOB2. Offsets do not exist: a
 * reader gets the tokens joined by spaces; "starts", a column beyond the usual two, keeps where each token
 * stood in the text, and "text" the text itself. */
#include "formats/formats-private.h"
#include "formats/iob.h"
#include "base/base.h"
#include <string.h>

#define DATA "data.jsonl"
#define INFO "dataset_info.json"

/* ---- reading ---- */

typedef struct {
  GPtrArray *names; /* of tags; NULL: tags are strings */
  char *path;
} Names;

static void
names_clear(Names *names)
{
  g_clear_pointer(&names->names, g_ptr_array_unref);
  g_clear_pointer(&names->path, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Names, names_clear)

/* features.ner_tags.feature.names, in either of the two ways the library writes it. */
static const json_t *
names_in(const json_t *info)
{
  const json_t *features = json_object_get(info, "features"), *tags = json_object_get(features, "ner_tags");
  const json_t *feature = json_object_get(tags, "feature");
  if (feature == NULL)
    feature = tags;
  const json_t *names = json_object_get(feature, "names");
  return names != NULL ? names : json_object_get(json_object_get(feature, "class_label"), "names");
}

static gboolean
load_names(Names *names, GError **error)
{
  if (!g_file_test(names->path, G_FILE_TEST_EXISTS))
    return TRUE;
  g_autoptr(GBytes) bytes = cr_file_read(names->path, 1 << 24, error);
  gsize n = 0;
  const char *data = bytes != NULL ? g_bytes_get_data(bytes, &n) : NULL;
  g_autoptr(json_t) info = bytes != NULL ? cr_json_parse(data, n, error) : NULL;
  const json_t *list = names_in(info);
  if (info == NULL)
    return FALSE;
  names->names = g_ptr_array_new_with_free_func(g_free);
  for (size_t i = 0; i < json_array_size(list); i++)
    g_ptr_array_add(names->names, g_strdup(json_string_value(json_array_get(list, i)) ?: "O"));
  return TRUE;
}

/* NULL with LABEL_UNKNOWN. Borrowed. */
static const char *
tag_name(const Names *names, const json_t *tag, const char *where, GError **error)
{
  if (json_is_string(tag))
    return json_string_value(tag);
  const json_int_t i = json_is_integer(tag) ? json_integer_value(tag) : -1;
  if (names->names != NULL && i >= 0 && i < (json_int_t)names->names->len)
    return names->names->pdata[i];
  if (names->names == NULL && json_is_integer(tag))
    g_set_error(error, CR_ERROR, CR_ERROR_LABEL_UNKNOWN,
                "%s: tags are numbers, and %s with their names is not there", where, names->path);
  else
    g_set_error(error, CR_ERROR, CR_ERROR_LABEL_UNKNOWN, "%s: a tag that names no class", where);
  return NULL;
}

typedef struct {
  json_t *entities;
  json_t *open; /* the entity that goes on; borrowed */
} Spans;

static void
add_tag(Spans *spans, const char *tag, gsize start, gsize end)
{
  const gboolean begins = g_str_has_prefix(tag, "B-"), inside = g_str_has_prefix(tag, "I-");
  const char *label = begins || inside ? tag + 2 : tag;
  if (strcmp(tag, "O") == 0) {
    spans->open = NULL;
    return;
  }
  if (inside && spans->open != NULL && strcmp(cr_json_string(spans->open, "label"), label) == 0) {
    json_object_set_new(spans->open, "end", json_integer((json_int_t)end));
    return;
  }
  spans->open =
      json_pack("{s:I, s:I, s:s}", "start", (json_int_t)start, "end", (json_int_t)end, "label", label);
  json_array_append_new(spans->entities, spans->open);
}

/* Where token i stands: at its "starts", else behind the last and a space. */
static gsize
start_of(const json_t *line, size_t i, gsize behind)
{
  const json_t *start = json_array_get(json_object_get(line, "starts"), i);
  return json_is_integer(start) && json_integer_value(start) >= 0 ? (gsize)json_integer_value(start)
                                                                  : behind + (i > 0 ? 1 : 0);
}

static gboolean
read_tokens(const Names *names, const json_t *line, json_t *document, const char *where, GError **error)
{
  const json_t *tokens = json_object_get(line, "tokens"), *tags = json_object_get(line, "ner_tags");
  g_autoptr(GString) text = g_string_new(NULL);
  Spans spans = {json_array(), NULL};
  gsize behind = 0;
  json_object_set_new(document, "entities", spans.entities);
  for (size_t i = 0; i < json_array_size(tokens); i++) {
    const char *token = json_string_value(json_array_get(tokens, i));
    const char *tag = tag_name(names, json_array_get(tags, i), where, error);
    if (token == NULL || tag == NULL) {
      if (tag != NULL)
        g_set_error(error, CR_ERROR, CR_ERROR_BAD_JSON, "%s: token %zu is not a string", where, i);
      return FALSE;
    }
    const gsize start = start_of(line, i, behind);
    g_string_append_printf(text, "%s%s", i > 0 ? " " : "", token);
    behind = start + (gsize)g_utf8_strlen(token, -1);
    add_tag(&spans, tag, start, behind);
  }
  if (json_is_string(json_object_get(line, "text")))
    json_object_set(document, "text", json_object_get(line, "text"));
  else
    json_object_set_new(document, "text", json_string(text->str));
  return TRUE;
}

static json_t *
read_line(const Names *names, const CrRawRecord *raw, const char *where, GError **error)
{
  static const char *const named[] = {"id", "text", "tokens", "ner_tags", "starts", NULL};
  g_autoptr(GError) failure = NULL;
  g_autoptr(json_t) line = cr_json_parse(raw->bytes, raw->n_bytes, &failure), document = json_object();
  if (line == NULL) {
    g_set_error(error, CR_ERROR, failure->code, "%s: %s", where, failure->message);
    return NULL;
  }
  const json_t *tokens = json_object_get(line, "tokens"), *tags = json_object_get(line, "ner_tags");
  if (!json_is_array(tokens) || json_array_size(tokens) != json_array_size(tags)) {
    g_set_error(error, CR_ERROR, CR_ERROR_MISSING_FIELD,
                "%s: \"tokens\" and \"ner_tags\" of one length are needed", where);
    return NULL;
  }
  const json_t *id = json_object_get(line, "id");
  json_object_set_new(document, "id", json_is_string(id) ? json_copy((json_t *)id) : json_string(where));
  if (!read_tokens(names, line, document, where, error))
    return NULL;
  const char *key;
  json_t *value;
  json_object_foreach(line, key, value) if (!g_strv_contains(named, key))
      json_object_set(document, key, value);
  cr_document_name_all(document);
  g_autoptr(CrText) text = cr_document_check(document, where, error);
  return text != NULL ? g_steal_pointer(&document) : NULL;
}

static gboolean
read_huggingface(const char *path, CrDocumentFunc func, void (*bad)(const GError *error, gpointer user_data),
                 gpointer user_data, GError **error)
{
  const gboolean is_folder = g_file_test(path, G_FILE_TEST_IS_DIR);
  g_autofree char *data = is_folder ? g_build_filename(path, DATA, NULL) : g_strdup(path),
                  *folder = g_path_get_dirname(data);
  g_auto(Names) names = {NULL, g_build_filename(folder, INFO, NULL)};
  g_autoptr(CrSource) source = load_names(&names, error) ? cr_source_open(data, error) : NULL;
  while (source != NULL) {
    CrRawRecord raw;
    g_autoptr(GError) failure = NULL;
    const CrRead got = cr_source_next_line(source, CR_FORMATS_MAX_RECORD, &raw, error);
    if (got == CR_READ_END || got == CR_READ_FAILED)
      return got == CR_READ_END;
    g_autofree char *where = g_strdup_printf("%s:%" G_GUINT64_FORMAT, data, raw.line);
    g_autoptr(json_t) document = NULL;
    if (got == CR_READ_TOO_LONG)
      g_set_error(&failure, CR_ERROR, CR_ERROR_LIMIT, "%s: a line of %zu bytes", where, raw.n_bytes);
    else
      document = read_line(&names, &raw, where, &failure);
    if (document == NULL)
      bad(failure, user_data);
    else if (!func(document, user_data, error))
      return FALSE;
  }
  return FALSE;
}

/* ---- writing ---- */

struct CrWriter {
  char *target, *folder;
  CrOut *out;
  GPtrArray *names;    /* char *, "O" first */
  GHashTable *numbers; /* name -> place + 1 */
};

static void
writer_discard(CrWriter *writer)
{
  cr_out_free(writer->out);
  if (writer->folder != NULL)
    (void)!cr_dir_remove(writer->folder, NULL);
  g_free(writer->folder);
  g_free(writer->target);
  g_ptr_array_unref(writer->names);
  g_hash_table_unref(writer->numbers);
  g_free(writer);
}

static guint
number_of(CrWriter *writer, const char *name)
{
  gpointer found = g_hash_table_lookup(writer->numbers, name);
  if (found != NULL)
    return GPOINTER_TO_UINT(found) - 1;
  char *own = g_strdup(name);
  g_ptr_array_add(writer->names, own);
  g_hash_table_insert(writer->numbers, own, GUINT_TO_POINTER(writer->names->len));
  return writer->names->len - 1;
}

/* Classes in the order of the guidelines, so that two exports count alike; others as they come. */
static void
name_classes(CrWriter *writer, const json_t *schema)
{
  size_t i;
  json_t *label;
  (void)number_of(writer, "O");
  json_array_foreach(json_object_get(schema, "labels"), i, label)
  {
    const char *name = json_is_string(label) ? json_string_value(label) : cr_json_string(label, "name");
    g_autofree char *first = g_strconcat("B-", name, NULL), *next = g_strconcat("I-", name, NULL);
    if (name == NULL)
      continue;
    (void)number_of(writer, first);
    (void)number_of(writer, next);
  }
}

static CrWriter *
writer_new(const char *path, const json_t *schema, GError **error)
{
  CrWriter *writer = g_new0(CrWriter, 1);
  writer->target = g_strdup(path);
  writer->names = g_ptr_array_new_with_free_func(g_free);
  writer->numbers = g_hash_table_new(g_str_hash, g_str_equal);
  writer->folder = cr_out_folder_new(path, error);
  g_autofree char *data = writer->folder != NULL ? g_build_filename(writer->folder, DATA, NULL) : NULL;
  writer->out = data != NULL ? cr_out_open(data, error) : NULL;
  if (writer->out == NULL) {
    writer_discard(writer);
    return NULL;
  }
  name_classes(writer, schema);
  return writer;
}

/* "B-X" where an entity begins, else "I-X"; each token of the first entity that has a part of it. */
static json_t *
tags_json(CrWriter *writer, const CrText *text, const GArray *tokens, const json_t *document,
          GPtrArray *not_carried)
{
  g_autofree guint *tag = g_new0(guint, tokens->len + 1);
  size_t i;
  json_t *entity;
  json_array_foreach(cr_document_array(document, "entities"), i, entity)
  {
    g_autoptr(GArray) pieces = cr_pieces_of(entity, NULL), bytes = cr_pieces_to_bytes(text, pieces, NULL);
    const CrSpan bounds = cr_pieces_bounds(bytes);
    const char *label = cr_json_string(entity, "label"), *id = cr_json_string(entity, "id");
    g_autofree char *first = g_strconcat("B-", label, NULL), *next = g_strconcat("I-", label, NULL);
    guint n = 0, n_taken = 0, last = 0, from = 0;
    for (guint t = 0; t < tokens->len; t++) {
      const CrSpan token = g_array_index(tokens, CrSpan, t);
      if (token.end <= bounds.start || token.start >= bounds.end)
        continue;
      from = n++ == 0 ? t : from;
      last = t;
      n_taken += tag[t] != 0;
    }
    if (n == 0 || n_taken > 0) {
      cr_not_carried_add(not_carried, cr_document_id(document),
                         n == 0 ? "%s, which has no token" : "overlap of %s", id);
      continue;
    }
    if (bytes->len > 1)
      cr_not_carried_add(not_carried, cr_document_id(document), "fragments of %s", id);
    if (g_array_index(tokens, CrSpan, from).start != bounds.start ||
        g_array_index(tokens, CrSpan, last).end != bounds.end)
      cr_not_carried_add(not_carried, cr_document_id(document), "bounds of %s", id);
    const guint begins = number_of(writer, first), goes_on = number_of(writer, next); /* beside one another */
    for (guint t = from; t <= last; t++)
      tag[t] = t == from ? begins : goes_on;
  }
  json_t *list = json_array();
  for (guint t = 0; t < tokens->len; t++)
    json_array_append_new(list, json_integer(tag[t]));
  return list;
}

static gboolean
write_document(CrWriter *writer, json_t *document, const CrText *text, GPtrArray *not_carried, GError **error)
{
  static const char *const of_entities[] = {"id", "start", "end", "label", "text", "fragments", NULL};
  static const char *const members[] = {"id", "text", "entities", "relations", NULL};
  g_autoptr(GArray) tokens = cr_text_tokens(text);
  json_t *words = json_array(), *starts = json_array(), *item;
  const char *key;
  size_t i;
  for (guint t = 0; t < tokens->len; t++) {
    const CrSpan token = g_array_index(tokens, CrSpan, t),
                 at = cr_span_to_unit(text, CR_UNIT_CODE_POINT, token);
    json_array_append_new(words, json_stringn(cr_text_bytes(text) + token.start, token.end - token.start));
    json_array_append_new(starts, json_integer((json_int_t)at.start));
  }
  g_autoptr(json_t) line =
      json_pack("{s:O, s:o, s:o, s:o, s:O}", "id", json_object_get(document, "id"), "tokens", words,
                "ner_tags", tags_json(writer, text, tokens, document, not_carried), "starts", starts, "text",
                json_object_get(document, "text"));
  json_object_foreach(document, key, item) if (!g_strv_contains(members, key))
      json_object_set(line, key, item);
  cr_not_carried_members(not_carried, cr_document_id(document), cr_document_array(document, "entities"),
                         of_entities);
  json_array_foreach(cr_document_array(document, "relations"), i, item)
      cr_not_carried_add(not_carried, cr_document_id(document), "relation %s", cr_json_string(item, "id"));
  g_autofree char *bytes = cr_json_dump(line);
  return cr_out_write(writer->out, bytes, strlen(bytes), error) && cr_out_write(writer->out, "\n", 1, error);
}

static gboolean
writer_add(CrWriter *writer, const json_t *document, GPtrArray *not_carried, GError **error)
{
  g_autoptr(json_t) own = json_deep_copy(document);
  g_autoptr(CrText) text = cr_document_check(own, cr_document_id(own), error);
  if (text == NULL)
    return FALSE;
  cr_document_name_all(own);
  return write_document(writer, own, text, not_carried, error);
}

/* dataset_info.json as the datasets library writes it. */
static gboolean
write_info(const CrWriter *writer, GError **error)
{
  json_t *names = json_array();
  for (guint i = 0; i < writer->names->len; i++)
    json_array_append_new(names, json_string(writer->names->pdata[i]));
  g_autoptr(json_t) info = json_pack(
      "{s:{s:{s:s, s:s}, s:{s:{s:s, s:s}, s:s}, s:{s:{s:o, s:s}, s:s}, s:{s:{s:s, s:s}, s:s}, s:{s:s, s:s}}}",
      "features", "id", "dtype", "string", "_type", "Value", "tokens", "feature", "dtype", "string", "_type",
      "Value", "_type", "Sequence", "ner_tags", "feature", "names", names, "_type", "ClassLabel", "_type",
      "Sequence", "starts", "feature", "dtype", "int64", "_type", "Value", "_type", "Sequence", "text",
      "dtype", "string", "_type", "Value");
  g_autofree char *bytes = cr_json_dump(info), *path = g_build_filename(writer->folder, INFO, NULL);
  return cr_out_write_plain(path, bytes, strlen(bytes), error);
}

static gboolean
writer_finish(CrWriter *writer, GError **error)
{
  gboolean done = cr_out_commit(g_steal_pointer(&writer->out), error) && write_info(writer, error) &&
                  cr_out_folder_publish(writer->folder, writer->target, error);
  if (done)
    g_clear_pointer(&writer->folder, g_free);
  writer_discard(writer);
  return done;
}

static gboolean
sniff(const char *path, const char *head, gsize n_head)
{
  g_autofree char *info = g_build_filename(path, INFO, NULL);
  return g_file_test(info, G_FILE_TEST_EXISTS) ||
         (n_head > 0 && head[0] == '{' && g_strstr_len(head, (gssize)n_head, "\"ner_tags\"") != NULL);
}

const CrFormat cr_format_huggingface = {.name = "huggingface",
                                        .title = "Hugging Face tokens and tags (a folder)",
                                        .unit = CR_UNIT_CODE_POINT,
                                        .is_folder = TRUE,
                                        .read = read_huggingface,
                                        .writer_new = writer_new,
                                        .writer_add = writer_add,
                                        .writer_finish = writer_finish,
                                        .writer_discard = writer_discard,
                                        .sniff = sniff};
