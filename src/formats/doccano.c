/* doccano JSON lines: {"text", "label": [[start, end, label]]}, or with relations {"text", "entities":
 * [{"id","label","start_offset","end_offset"}], "relations": [{"id","from_id","to_id","type"}]}. Code points,
 * half open. Members of other names are a note's meta data. */
#include "formats/shape.h"
#include <stdlib.h>
#include <string.h>

/* ---- reading ---- */

static gboolean
not_read(const char *where, const char *what, GError **error)
{
  g_set_error(error, CR_ERROR, CR_ERROR_BAD_JSON, "%s: %s", where, what);
  return FALSE;
}

static gboolean
read_triples(json_t *entities, const json_t *labels, const char *where, GError **error)
{
  size_t i;
  json_t *triple;
  json_array_foreach((json_t *)labels, i, triple)
  {
    if (json_array_size(triple) != 3 || !json_is_string(json_array_get(triple, 2)))
      return not_read(where, "a label is not [start, end, name]", error);
    cr_shape_add_entity(entities, NULL, json_array_get(triple, 0), json_array_get(triple, 1),
                        json_string_value(json_array_get(triple, 2)));
  }
  return TRUE;
}

static gboolean
read_entities(json_t *entities, const json_t *given, const char *where, GError **error)
{
  static const char *const named[] = {"id", "label", "start_offset", "end_offset", NULL};
  size_t i;
  json_t *item;
  json_array_foreach((json_t *)given, i, item)
  {
    g_autofree char *number = cr_shape_id(json_object_get(item, "id"));
    g_autofree char *id = number != NULL && json_is_integer(json_object_get(item, "id"))
                              ? g_strconcat("T", number, NULL)
                              : g_strdup(number);
    const json_t *start = cr_shape_member(item, "start_offset", where, error);
    const json_t *end = start != NULL ? cr_shape_member(item, "end_offset", where, error) : NULL;
    if (end == NULL)
      return FALSE;
    json_t *entity = cr_shape_add_entity(entities, id, start, end, cr_json_string(item, "label"));
    cr_shape_keep(entity, "doccano", item, named);
  }
  return TRUE;
}

static gboolean
read_relations(json_t *relations, const json_t *given, const char *where, GError **error)
{
  static const char *const ends[][2] = {{"from_id", "from"}, {"to_id", "to"}};
  size_t i;
  json_t *item;
  json_array_foreach((json_t *)given, i, item)
  {
    json_t *relation = json_object();
    json_array_append_new(relations, relation);
    g_autofree char *id = cr_shape_id(json_object_get(item, "id"));
    g_autofree char *named = id != NULL && json_is_integer(json_object_get(item, "id"))
                                 ? g_strconcat("R", id, NULL)
                                 : g_strdup(id);
    if (named != NULL)
      json_object_set_new(relation, "id", json_string(named));
    json_object_set(relation, "type", json_object_get(item, "type"));
    for (gsize k = 0; k < G_N_ELEMENTS(ends); k++) {
      const json_t *end = cr_shape_member(item, ends[k][0], where, error);
      g_autofree char *number = cr_shape_id(end);
      if (number == NULL)
        return FALSE;
      g_autofree char *name = json_is_integer(end) ? g_strconcat("T", number, NULL) : g_strdup(number);
      json_object_set_new(relation, ends[k][1], json_string(name));
    }
  }
  return TRUE;
}

/* A list of strings classifies the whole note. */
static gboolean
is_triples(const json_t *labels)
{
  return json_is_array(labels) && json_is_array(json_array_get(labels, 0));
}

static void
read_rest(json_t *document, const json_t *value)
{
  static const char *const named[] = {"id",       "text",     "entities", "relations",
                                      "Comments", "comments", "cats",     NULL};
  g_autoptr(json_t) meta = json_object(), kept = json_object();
  const char *key;
  json_t *member;
  json_object_foreach((json_t *)value, key, member)
  {
    const gboolean is_label = strcmp(key, "label") == 0 || strcmp(key, "labels") == 0;
    if (is_label                           ? !is_triples(member) && json_array_size(member) > 0
        : strcasecmp(key, "comments") == 0 ? json_array_size(member) > 0
                                           : strcmp(key, "cats") == 0)
      json_object_set(kept, key, member);
    else if (!is_label && !g_strv_contains(named, key))
      json_object_set(meta, key, member);
  }
  if (json_object_size(meta) > 0)
    json_object_set(document, "meta", meta);
  if (json_object_size(kept) > 0)
    json_object_set(document, "doccano", kept);
}

static gboolean
read_value(const json_t *value, const char *where,
           gboolean (*take)(json_t *document, gpointer data, GError **error), gpointer data, GError **error)
{
  static const char *const lists[] = {"label", "labels"};
  g_autoptr(json_t) document = json_object(), entities = json_array(), relations = json_array();
  g_autofree char *id = cr_shape_id(json_object_get(value, "id"));
  const json_t *text = cr_shape_member(value, "text", where, error);
  if (text == NULL || !read_entities(entities, json_object_get(value, "entities"), where, error) ||
      !read_relations(relations, json_object_get(value, "relations"), where, error))
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS(lists); i++) {
    const json_t *labels = json_object_get(value, lists[i]);
    if (is_triples(labels) && !read_triples(entities, labels, where, error))
      return FALSE;
  }
  if (id != NULL)
    json_object_set_new(document, "id", json_string(id));
  json_object_set(document, "text", (json_t *)text);
  read_rest(document, value);
  json_object_set(document, "entities", entities);
  json_object_set(document, "relations", relations);
  return take(document, data, error);
}

/* ---- writing ---- */

/* "T7" is 7 in doccano, whose ids are numbers; other ids get the first free one. */
static GHashTable *
number_all(const json_t *array, char letter, GPtrArray *not_carried, const char *document)
{
  GHashTable *numbers = g_hash_table_new(g_str_hash, g_str_equal);
  g_autoptr(GHashTable) taken = g_hash_table_new(g_direct_hash, g_direct_equal);
  size_t i;
  json_t *item;
  guint next = 1;
  json_array_foreach((json_t *)array, i, item)
  {
    const char *id = cr_json_string(item, "id");
    char *end = NULL;
    const unsigned long n = id[0] == letter && id[1] != '0' ? strtoul(id + 1, &end, 10) : 0;
    if (end != NULL && *end == '\0' && n > 0 && n < G_MAXINT &&
        g_hash_table_add(taken, GUINT_TO_POINTER((guint)n)))
      g_hash_table_insert(numbers, (gpointer)id, GUINT_TO_POINTER((guint)n));
  }
  json_array_foreach((json_t *)array, i, item)
  {
    const char *id = cr_json_string(item, "id");
    if (g_hash_table_contains(numbers, id))
      continue;
    while (!g_hash_table_add(taken, GUINT_TO_POINTER(next)))
      next++;
    g_hash_table_insert(numbers, (gpointer)id, GUINT_TO_POINTER(next));
    cr_not_carried_add(not_carried, document, "id of %s", id);
  }
  return numbers;
}

static json_int_t
number_of(GHashTable *numbers, const char *id)
{
  return (json_int_t)GPOINTER_TO_UINT(g_hash_table_lookup(numbers, id));
}

/* An entity of several pieces is one of several here: the first keeps the number. */
static void
write_entity(json_t *list, const json_t *entity, json_int_t number, json_int_t *next)
{
  g_autoptr(GArray) pieces = cr_pieces_of(entity, NULL); /* checked before */
  for (guint k = 0; k < pieces->len; k++) {
    const CrSpan piece = g_array_index(pieces, CrSpan, k);
    json_t *out = json_pack("{s:I, s:s, s:I, s:I}", "id", k == 0 ? number : (*next)++, "label",
                            cr_json_string(entity, "label"), "start_offset", (json_int_t)piece.start,
                            "end_offset", (json_int_t)piece.end);
    cr_shape_restore(out, entity, "doccano");
    json_array_append_new(list, out);
  }
}

static json_int_t
first_free(GHashTable *numbers)
{
  GHashTableIter iter;
  gpointer number;
  guint most = 0;
  g_hash_table_iter_init(&iter, numbers);
  while (g_hash_table_iter_next(&iter, NULL, &number))
    most = MAX(most, GPOINTER_TO_UINT(number));
  return (json_int_t)most + 1;
}

static json_t *
write_relations(const json_t *document, GHashTable *entities, GPtrArray *not_carried)
{
  const json_t *relations = cr_document_array(document, "relations");
  g_autoptr(GHashTable) numbers = number_all(relations, 'R', not_carried, cr_document_id(document));
  json_t *list = json_array(), *item;
  size_t i;
  json_array_foreach((json_t *)relations, i, item)
  {
    const char *id = cr_json_string(item, "id"), *from = cr_json_string(item, "from"),
               *to = cr_json_string(item, "to");
    if (!g_hash_table_contains(entities, from) || !g_hash_table_contains(entities, to)) /* an event's */
      cr_not_carried_add(not_carried, cr_document_id(document), "relation %s", id);
    else
      json_array_append_new(list, json_pack("{s:I, s:I, s:I, s:s}", "id", number_of(numbers, id), "from_id",
                                            number_of(entities, from), "to_id", number_of(entities, to),
                                            "type", cr_json_string(item, "type")));
  }
  return list;
}

static json_t *
write_value(const json_t *document, const CrText *text, GPtrArray *not_carried, GError **error)
{
  static const char *const members[] = {"id", "text", "meta", "entities", "relations", "doccano", NULL};
  static const char *const of_entities[] = {"id", "start", "end", "label", "text", "doccano", NULL};
  static const char *const of_relations[] = {"id", "type", "from", "to", NULL};
  const json_t *entities = cr_document_array(document, "entities");
  g_autoptr(GHashTable) numbers = number_all(entities, 'T', not_carried, cr_document_id(document));
  json_int_t next = first_free(numbers);
  json_t *list = json_array(), *entity;
  size_t i;
  json_array_foreach((json_t *)entities, i, entity)
      write_entity(list, entity, number_of(numbers, cr_json_string(entity, "id")), &next);
  json_t *value = json_pack("{s:O, s:O, s:o, s:o, s:[]}", "id", json_object_get(document, "id"), "text",
                            json_object_get(document, "text"), "entities", list, "relations",
                            write_relations(document, numbers, not_carried), "Comments");
  if (json_object_get(json_object_get(document, "doccano"), "Comments") != NULL)
    json_object_del(value, "Comments");
  cr_shape_restore(value, document, "doccano");
  const char *key;
  json_t *member;
  json_object_foreach(json_object_get(document, "meta"), key, member)
  {
    if (json_object_get(value, key) == NULL)
      json_object_set(value, key, member);
    else
      cr_not_carried_add(not_carried, cr_document_id(document), "meta %s", key);
  }
  cr_shape_not_carried(not_carried, document, members, of_entities, of_relations);
  return value;
}

static gboolean
sniff(const char *path, const char *head, gsize n_head)
{
  if (n_head == 0 || head[0] != '{' || g_strstr_len(head, (gssize)n_head, "\"text\"") == NULL)
    return FALSE;
  return g_strstr_len(head, (gssize)n_head, "\"start_offset\"") != NULL ||
         g_strstr_len(head, (gssize)n_head, "\"label\": [[") != NULL ||
         g_strstr_len(head, (gssize)n_head, "\"label\":[[") != NULL ||
         g_strstr_len(head, (gssize)n_head, "\"label\": [ [") != NULL;
}

static const CrShape shape = {FALSE, read_value, write_value};
CR_SHAPE_FUNCTIONS(shape)
const CrFormat cr_format_doccano = {.name = "doccano",
                                    .title = "doccano JSON lines",
                                    .unit = CR_UNIT_CODE_POINT,
                                    .extension = ".jsonl",
                                    .read = read_path,
                                    .writer_new = writer_new,
                                    .writer_add = cr_shape_writer_add,
                                    .writer_finish = cr_shape_writer_finish,
                                    .writer_discard = cr_shape_writer_discard,
                                    .sniff = sniff};
