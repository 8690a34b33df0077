/* What holds for a document of any format, and the list of what a format cannot carry. */
#include "formats/formats-private.h"
#include <string.h>

const char *
cr_json_string(const json_t *object, const char *member)
{
  return json_string_value(json_object_get(object, member));
}

const char *
cr_document_id(const json_t *document)
{
  const char *id = cr_json_string(document, "id");
  return id != NULL ? id : "";
}

json_t *
cr_document_array(const json_t *document, const char *member)
{
  json_t *array = json_object_get(document, member);
  return json_is_array(array) ? array : NULL;
}

/* ---- the check ---- */

static char *
entity_name(const json_t *entity, size_t i)
{
  const char *id = cr_json_string(entity, "id");
  return id != NULL ? g_strdup(id) : g_strdup_printf("entity %" G_GSIZE_FORMAT, i + 1);
}

static gboolean
check_text(const CrText *text, const json_t *entity, const GArray *pieces, const GArray *bytes,
           GError **error)
{
  const json_t *said = json_object_get(entity, "text");
  if (said == NULL)
    return TRUE;
  g_autofree char *found = cr_pieces_dup_text(text, bytes);
  if (json_is_string(said) && strcmp(json_string_value(said), found) == 0)
    return TRUE;
  CrSpan bounds = cr_pieces_bounds(pieces);
  g_set_error(error, CR_ERROR, CR_ERROR_LABEL_TEXT,
              "%" G_GSIZE_FORMAT "-%" G_GSIZE_FORMAT ": the label's text is not what stands there",
              bounds.start, bounds.end);
  return FALSE;
}

static gboolean
check_entity(const CrText *text, const json_t *entity, GError **error)
{
  if (!json_is_object(entity) || cr_json_string(entity, "label") == NULL) {
    g_set_error(error, CR_ERROR, CR_ERROR_MISSING_FIELD, "no label");
    return FALSE;
  }
  g_autoptr(GArray) pieces = cr_pieces_of(entity, error);
  g_autoptr(GArray) bytes = pieces != NULL ? cr_pieces_to_bytes(text, pieces, error) : NULL;
  return bytes != NULL && check_text(text, entity, pieces, bytes, error);
}

static gboolean
take_id(GHashTable *ids, const char *id, GError **error)
{
  if (id == NULL || g_hash_table_add(ids, (gpointer)id))
    return TRUE;
  g_set_error(error, CR_ERROR, CR_ERROR_DUPLICATE_ID, "the id stands twice");
  return FALSE;
}

static gboolean
prefix(GError **error, GError *failure, const char *where, const char *name)
{
  g_set_error(error, CR_ERROR, failure->code, "%s: %s: %s", where, name, failure->message);
  g_error_free(failure);
  return FALSE;
}

static gboolean
check_entities(const json_t *document, const CrText *text, GHashTable *ids, const char *where, GError **error)
{
  size_t i;
  json_t *entity;
  json_array_foreach(cr_document_array(document, "entities"), i, entity)
  {
    GError *failure = NULL;
    if (!check_entity(text, entity, &failure) || !take_id(ids, cr_json_string(entity, "id"), &failure)) {
      g_autofree char *name = entity_name(entity, i);
      return prefix(error, failure, where, name);
    }
  }
  json_array_foreach(cr_document_array(document, "events"), i, entity)
  {
    GError *failure = NULL;
    if (!take_id(ids, cr_json_string(entity, "id"), &failure))
      return prefix(error, failure, where, cr_json_string(entity, "id"));
  }
  return TRUE;
}

static gboolean
check_relation(const json_t *relation, GHashTable *ids, GError **error)
{
  static const char *const ends[] = {"from", "to"};
  if (cr_json_string(relation, "type") == NULL) {
    g_set_error(error, CR_ERROR, CR_ERROR_MISSING_FIELD, "no type");
    return FALSE;
  }
  for (gsize i = 0; i < G_N_ELEMENTS(ends); i++) {
    const char *end = cr_json_string(relation, ends[i]);
    if (end == NULL || !g_hash_table_contains(ids, end)) {
      g_set_error(error, CR_ERROR, CR_ERROR_MISSING_FIELD, "\"%s\" names no entity of the document", ends[i]);
      return FALSE;
    }
  }
  return TRUE;
}

static gboolean
check_relations(const json_t *document, GHashTable *ids, const char *where, GError **error)
{
  size_t i;
  json_t *relation;
  json_array_foreach(cr_document_array(document, "relations"), i, relation)
  {
    GError *failure = NULL;
    if (!check_relation(relation, ids, &failure)) {
      const char *id = cr_json_string(relation, "id");
      g_autofree char *name = id != NULL ? g_strdup(id) : g_strdup_printf("relation %" G_GSIZE_FORMAT, i + 1);
      return prefix(error, failure, where, name);
    }
  }
  return TRUE;
}

static gboolean
check_shape(const json_t *document, const char *where, GError **error)
{
  static const char *const arrays[] = {"entities", "relations", "events", "equivs", "notes"};
  if (!json_is_object(document) || !json_is_string(json_object_get(document, "text"))) {
    g_set_error(error, CR_ERROR, CR_ERROR_MISSING_FIELD, "%s: no member \"text\" that is a string", where);
    return FALSE;
  }
  for (gsize i = 0; i < G_N_ELEMENTS(arrays); i++) {
    const json_t *member = json_object_get(document, arrays[i]);
    if (member != NULL && !json_is_array(member)) {
      g_set_error(error, CR_ERROR, CR_ERROR_BAD_JSON, "%s: \"%s\" is not a list", where, arrays[i]);
      return FALSE;
    }
  }
  return TRUE;
}

CrText *
cr_document_check(const json_t *document, const char *where, GError **error)
{
  if (!check_shape(document, where, error))
    return NULL;
  const json_t *value = json_object_get(document, "text");
  g_autoptr(CrText) text = cr_text_new(json_string_value(value), (gssize)json_string_length(value), error);
  g_autoptr(GHashTable) ids = g_hash_table_new(g_str_hash, g_str_equal);
  if (text == NULL || !check_entities(document, text, ids, where, error) ||
      !check_relations(document, ids, where, error))
    return NULL;
  return g_steal_pointer(&text);
}

/* ---- ids ---- */

static void
name_all(json_t *array, GHashTable *taken, const char *letter)
{
  size_t i;
  json_t *item;
  guint next = 1;
  json_array_foreach(array, i, item)
  {
    if (cr_json_string(item, "id") != NULL)
      continue;
    char *id = g_strdup_printf("%s%u", letter, next++);
    while (g_hash_table_contains(taken, id)) {
      g_free(id);
      id = g_strdup_printf("%s%u", letter, next++);
    }
    json_object_set_new(item, "id", json_string(id));
    g_hash_table_add(taken, id);
  }
}

void
cr_document_name_all(json_t *document)
{
  static const char *const arrays[] = {"entities", "relations", "events"}, *const letters[] = {"T", "R", "E"};
  g_autoptr(GHashTable) taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  size_t i;
  json_t *item;
  for (gsize k = 0; k < G_N_ELEMENTS(arrays); k++)
    json_array_foreach(cr_document_array(document, arrays[k]), i, item)
    {
      if (cr_json_string(item, "id") != NULL)
        g_hash_table_add(taken, g_strdup(cr_json_string(item, "id")));
    }
  for (gsize k = 0; k < G_N_ELEMENTS(arrays); k++)
    name_all(cr_document_array(document, arrays[k]), taken, letters[k]);
}

/* ---- what is not carried ---- */

void
cr_not_carried_add(GPtrArray *not_carried, const char *document, const char *format, ...)
{
  if (not_carried == NULL)
    return;
  va_list args;
  va_start(args, format);
  CrNotCarried *item = g_new0(CrNotCarried, 1);
  item->document = g_strdup(document);
  item->what = g_strdup_vprintf(format, args);
  va_end(args);
  g_ptr_array_add(not_carried, item);
}

static void
list_member(GHashTable *lists, GPtrArray *order, const char *key, const char *id)
{
  GString *list = g_hash_table_lookup(lists, key);
  if (list == NULL) {
    list = g_string_new(NULL);
    g_hash_table_insert(lists, (gpointer)key, list);
    g_ptr_array_add(order, (gpointer)key);
  }
  g_string_append_printf(list, "%s%s", list->len > 0 ? ", " : "", id != NULL ? id : "one without an id");
}

static void
free_string(gpointer data)
{
  g_string_free(data, TRUE);
}

void
cr_not_carried_members(GPtrArray *not_carried, const char *document, const json_t *array,
                       const char *const *known)
{
  g_autoptr(GHashTable) lists = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_string);
  g_autoptr(GPtrArray) order = g_ptr_array_new();
  size_t i;
  json_t *item, *value;
  const char *key;
  json_array_foreach(array, i, item) json_object_foreach(item, key, value)
  {
    if (!g_strv_contains(known, key))
      list_member(lists, order, key, cr_json_string(item, "id"));
  }
  for (guint k = 0; k < order->len; k++) {
    const GString *list = g_hash_table_lookup(lists, order->pdata[k]);
    cr_not_carried_add(not_carried, document, "%s of %s", (const char *)order->pdata[k], list->str);
  }
}
