/* Label Studio's full JSON: a list of tasks, each with its text and the annotations of one or more people.
 * Offsets of plain text are code points (Label Studio 1.6 and later; before, they were UTF-16). An attribute
 * is a result with the id of the region it is about; one without a region answers a question on the note. */
#include "formats/shape.h"
#include <string.h>

#define FROM_LABELS "label"
#define TO_TEXT "text"

/* ---- reading ---- */

/* The string the results point to: data[to_name], data.text, or the only string there is. */
static const char *
text_of(const json_t *task)
{
  const json_t *data = json_object_get(task, "data");
  const char *key, *only = cr_json_string(data, TO_TEXT);
  json_t *value;
  guint n = 0;
  if (only != NULL)
    return only;
  json_object_foreach((json_t *)data, key, value) if (json_is_string(value))
  {
    only = json_string_value(value);
    n++;
  }
  return n == 1 ? only : NULL;
}

/* What a control's value says: its member beside start, end and text; a list of one is that one. Borrowed. */
static const json_t *
said_by(const json_t *result)
{
  static const char *const place[] = {"start",     "end",           "text", "startOffset",
                                      "endOffset", "globalOffsets", NULL};
  const char *key;
  json_t *value;
  const json_t *named =
      json_object_get(json_object_get(result, "value"), cr_json_string(result, "type") ?: "");
  if (named == NULL)
    json_object_foreach(json_object_get(result, "value"), key, value) if (!g_strv_contains(place, key))
        named = value;
  return json_array_size(named) == 1 ? json_array_get(named, 0) : named;
}

static gboolean
is_region(const json_t *result)
{
  const json_t *value = json_object_get(result, "value");
  return json_is_integer(json_object_get(value, "start")) && json_is_array(json_object_get(value, "labels"));
}

static void
keep_result(json_t *document, const json_t *result)
{
  json_t *kept = json_object_get(document, "label-studio");
  if (kept == NULL)
    json_object_set_new(document, "label-studio", kept = json_pack("{s:[]}", "result"));
  json_array_append(json_object_get(kept, "result"), (json_t *)result);
}

static gboolean
read_region(json_t *entities, GHashTable *regions, const json_t *result, const char *where, GError **error)
{
  const json_t *value = json_object_get(result, "value"), *labels = json_object_get(value, "labels");
  g_autofree char *id = cr_shape_id(json_object_get(result, "id"));
  if (json_array_size(labels) != 1 || !json_is_string(json_array_get(labels, 0))) {
    g_set_error(error, CR_ERROR, CR_ERROR_LABEL_UNKNOWN, "%s: a region has %zu labels, and one is wanted",
                where, json_array_size(labels));
    return FALSE;
  }
  json_t *entity = id != NULL ? g_hash_table_lookup(regions, id) : NULL;
  if (entity != NULL)
    return TRUE;
  entity = cr_shape_add_entity(entities, id, json_object_get(value, "start"), json_object_get(value, "end"),
                               json_string_value(json_array_get(labels, 0)));
  if (json_is_string(json_object_get(value, "text")))
    json_object_set(entity, "text", json_object_get(value, "text"));
  if (json_is_number(json_object_get(result, "score")))
    json_object_set(entity, "score", json_object_get(result, "score"));
  if (id != NULL)
    g_hash_table_insert(regions, g_steal_pointer(&id), entity);
  return TRUE;
}

static void
set_member(json_t *object, const char *member, const char *name, const json_t *value)
{
  json_t *inner = json_object_get(object, member);
  if (inner == NULL)
    json_object_set_new(object, member, inner = json_object());
  json_object_set(inner, name, (json_t *)value);
}

/* Everything that is no region: relations, attributes of regions, answers; what is none of these is kept. */
static void
read_other(json_t *document, json_t *relations, GHashTable *regions, const json_t *result)
{
  const char *type = cr_json_string(result, "type"), *name = cr_json_string(result, "from_name");
  g_autofree char *id = cr_shape_id(json_object_get(result, "id"));
  json_t *entity = id != NULL ? g_hash_table_lookup(regions, id) : NULL;
  const json_t *said = said_by(result);
  if (g_strcmp0(type, "relation") == 0 && cr_json_string(result, "from_id") != NULL &&
      cr_json_string(result, "to_id") != NULL) {
    const json_t *label = json_array_get(json_object_get(result, "labels"), 0);
    json_t *relation =
        json_pack("{s:s, s:s, s:s}", "type", json_is_string(label) ? json_string_value(label) : "related",
                  "from", cr_json_string(result, "from_id"), "to", cr_json_string(result, "to_id"));
    if (id != NULL)
      json_object_set_new(relation, "id", json_string(id));
    if (g_strcmp0(cr_json_string(result, "direction"), "right") != 0 &&
        cr_json_string(result, "direction") != NULL)
      json_object_set(relation, "direction", json_object_get(result, "direction"));
    json_array_append_new(relations, relation);
  } else if (name == NULL || said == NULL)
    keep_result(document, result);
  else if (entity != NULL)
    set_member(entity, "attributes", name, said);
  else if (json_object_get(json_object_get(result, "value"), "start") == NULL)
    set_member(document, "answers", name, said);
  else
    keep_result(document, result);
}

static gboolean
read_annotation(const json_t *task, const json_t *annotation, const char *text, const char *id,
                const char *where, gboolean (*take)(json_t *document, gpointer data, GError **error),
                gpointer data, GError **error)
{
  g_autoptr(json_t) document = json_object(), entities = json_array(), relations = json_array();
  g_autoptr(GHashTable) regions = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  const json_t *results = json_object_get(annotation, "result");
  if (id != NULL)
    json_object_set_new(document, "id", json_string(id));
  json_object_set_new(document, "text", json_string(text));
  g_autoptr(json_t) meta = json_copy(json_object_get(task, "data"));
  json_object_del(meta, TO_TEXT);
  if (json_is_string(json_object_get(meta, "id")))
    json_object_del(meta, "id"); /* the document's */
  json_t *inner = json_object_get(meta, "meta");
  if (json_is_object(inner))
    json_object_set(document, "meta", inner);
  else if (json_object_size(meta) > 0)
    json_object_set(document, "meta", meta);
  for (size_t i = 0; i < json_array_size(results); i++)
    if (is_region(json_array_get(results, i)) &&
        !read_region(entities, regions, json_array_get(results, i), where, error))
      return FALSE;
  for (size_t i = 0; i < json_array_size(results); i++)
    if (!is_region(json_array_get(results, i)))
      read_other(document, relations, regions, json_array_get(results, i));
  json_object_set(document, "entities", entities);
  json_object_set(document, "relations", relations);
  return take(document, data, error);
}

/* One document an annotation that was not cancelled: where there are several, "ID/1", "ID/2". */
static gboolean
read_task(const json_t *task, const char *where,
          gboolean (*take)(json_t *document, gpointer data, GError **error), gpointer data, GError **error)
{
  const json_t *annotations = json_object_get(task, "annotations"), *own = json_object_get(task, "data");
  g_autofree char *number = cr_shape_id(json_object_get(task, "id"));
  g_autofree char *id =
      json_is_string(json_object_get(own, "id")) ? g_strdup(cr_json_string(own, "id")) : g_strdup(number);
  const char *text = text_of(task);
  gsize n = 0, taken = 0;
  if (text == NULL) {
    g_set_error(error, CR_ERROR, CR_ERROR_MISSING_FIELD,
                "%s: no text in its data (pictures and sounds are not read)", where);
    return FALSE;
  }
  for (size_t i = 0; i < json_array_size(annotations); i++)
    n += !json_is_true(json_object_get(json_array_get(annotations, i), "was_cancelled"));
  if (n == 0)
    return read_annotation(task, NULL, text, id, where, take, data, error);
  for (size_t i = 0; i < json_array_size(annotations); i++) {
    const json_t *annotation = json_array_get(annotations, i);
    if (json_is_true(json_object_get(annotation, "was_cancelled")))
      continue;
    g_autofree char *own_id =
        n > 1 ? g_strdup_printf("%s/%zu", id != NULL ? id : where, ++taken) : g_strdup(id);
    if (!read_annotation(task, annotation, text, own_id, where, take, data, error))
      return FALSE;
  }
  return TRUE;
}

/* ---- writing ---- */

static json_t *
region_json(const json_t *entity, const CrText *text, CrSpan piece, const char *id)
{
  CrSpan bytes;
  if (!cr_span_from_unit(text, CR_UNIT_CODE_POINT, piece.start, piece.end, &bytes, NULL))
    return NULL;
  json_t *said = json_stringn(cr_text_bytes(text) + bytes.start, bytes.end - bytes.start);
  json_t *result = json_pack("{s:s, s:s, s:s, s:s, s:s, s:{s:I, s:I, s:o, s:[O]}}", "id", id, "from_name",
                             FROM_LABELS, "to_name", TO_TEXT, "type", "labels", "origin", "manual", "value",
                             "start", (json_int_t)piece.start, "end", (json_int_t)piece.end, "text", said,
                             "labels", json_object_get(entity, "label"));
  if (json_object_get(entity, "score") != NULL)
    json_object_set(result, "score", json_object_get(entity, "score"));
  return result;
}

/* A choice about a region (id) or about the note (id made of the question). */
static json_t *
choice_json(const char *id, const char *name, const json_t *value, const json_t *region)
{
  g_autoptr(json_t) place = region != NULL ? json_copy(json_object_get(region, "value")) : json_object();
  json_object_del(place, "labels");
  if (json_is_number(value))
    json_object_set(place, "number", (json_t *)value);
  else if (json_is_array(value))
    json_object_set(place, "choices", (json_t *)value);
  else
    json_object_set_new(place, "choices", json_pack("[O]", value));
  return json_pack("{s:s, s:s, s:s, s:s, s:s, s:O}", "id", id, "from_name", name, "to_name", TO_TEXT, "type",
                   json_is_number(value) ? "number" : "choices", "origin", "manual", "value", place);
}

static void
write_entity(json_t *results, const json_t *entity, const CrText *text)
{
  g_autoptr(GArray) pieces = cr_pieces_of(entity, NULL); /* checked before */
  const char *id = cr_json_string(entity, "id"), *name;
  json_t *value, *first = NULL;
  for (guint k = 0; k < pieces->len; k++) {
    g_autofree char *own = k == 0 ? g_strdup(id) : g_strdup_printf("%s.%u", id, k + 1);
    json_t *region = region_json(entity, text, g_array_index(pieces, CrSpan, k), own);
    json_array_append_new(results, region);
    first = k == 0 ? region : first;
  }
  json_object_foreach(json_object_get(entity, "attributes"), name, value)
      json_array_append_new(results, choice_json(id, name, value, first));
}

static void
write_relations(json_t *results, const json_t *document, GPtrArray *not_carried)
{
  g_autoptr(GHashTable) ids = g_hash_table_new(g_str_hash, g_str_equal);
  json_t *item;
  size_t i;
  json_array_foreach(cr_document_array(document, "entities"), i, item)
      g_hash_table_add(ids, (gpointer)cr_json_string(item, "id"));
  json_array_foreach(cr_document_array(document, "relations"), i, item)
  {
    const char *from = cr_json_string(item, "from"), *to = cr_json_string(item, "to");
    const char *direction = cr_json_string(item, "direction");
    if (!g_hash_table_contains(ids, from) || !g_hash_table_contains(ids, to)) /* an event's */
      cr_not_carried_add(not_carried, cr_document_id(document), "relation %s", cr_json_string(item, "id"));
    else
      json_array_append_new(results,
                            json_pack("{s:O, s:s, s:s, s:s, s:s, s:[O]}", "id", json_object_get(item, "id"),
                                      "type", "relation", "from_id", from, "to_id", to, "direction",
                                      direction != NULL ? direction : "right", "labels",
                                      json_object_get(item, "type")));
  }
}

static json_t *
write_task(const json_t *document, const CrText *text, GPtrArray *not_carried, GError **error)
{
  static const char *const members[] = {"id",        "text",    "meta",         "entities",
                                        "relations", "answers", "label-studio", NULL};
  static const char *const of_entities[] = {"id",   "start",      "end",   "label",
                                            "text", "attributes", "score", NULL};
  static const char *const of_relations[] = {"id", "type", "from", "to", "direction", NULL};
  json_t *results = json_array(), *value;
  const json_t *kept = json_object_get(json_object_get(document, "label-studio"), "result");
  const char *name;
  size_t i;
  json_array_foreach(cr_document_array(document, "entities"), i, value) write_entity(results, value, text);
  write_relations(results, document, not_carried);
  json_object_foreach(json_object_get(document, "answers"), name, value)
  {
    g_autofree char *id = g_strconcat("answer-", name, NULL);
    json_array_append_new(results, choice_json(id, name, value, NULL));
  }
  json_array_extend(results, (json_t *)kept);
  cr_shape_not_carried(not_carried, document, members, of_entities, of_relations);
  return json_pack("{s:{s:O, s:O, s:O*}, s:[{s:b, s:b, s:o}]}", "data", "id", json_object_get(document, "id"),
                   TO_TEXT, json_object_get(document, "text"), "meta", json_object_get(document, "meta"),
                   "annotations", "was_cancelled", 0, "ground_truth", 0, "result", results);
}

static gboolean
sniff(const char *path, const char *head, gsize n_head)
{
  gsize i = 0;
  while (i < n_head && g_ascii_isspace(head[i]))
    i++;
  return i < n_head && head[i] == '[' && g_strstr_len(head, (gssize)n_head, "\"annotations\"") != NULL;
}

static const CrShape shape = {TRUE, read_task, write_task};
CR_SHAPE_FUNCTIONS(shape)
const CrFormat cr_format_label_studio = {.name = "label-studio",
                                         .title = "Label Studio JSON",
                                         .unit = CR_UNIT_CODE_POINT,
                                         .extension = ".json",
                                         .read = read_path,
                                         .writer_new = writer_new,
                                         .writer_add = cr_shape_writer_add,
                                         .writer_finish = cr_shape_writer_finish,
                                         .writer_discard = cr_shape_writer_discard,
                                         .sniff = sniff};
