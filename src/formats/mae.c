/* MAE and MedTator XML: an element of TAGS is a finding, <AE spans="283~292" text="allergies" id="A0"
 * certainty="positive"/>, its name the label; several pieces are parted by commas, spans of -1~-1 speak of
 * the whole note. An element with ids of two findings is a relation. Stubbs 2011 (MAE); He et al. 2022
 * (MedTator). */
#include "formats/xml-notes.h"
#include <stdlib.h>
#include <string.h>

#define ROOT "CHARTROOM"
#define FROM "arg0ID"
#define TO "arg1ID"
#define BETWEEN " ... " /* the pieces of a text */

/* ---- reading ---- */

typedef struct {
  json_t *entities, *relations, *answers, *links,
      *tags; /* links, tags: not understood before all ids are known */
  GHashTable *ids;
} Reading;

/* "a~b,c~d" into [[a,b],[c,d]]; NULL where it is none, or speaks of the whole note. New reference. */
static json_t *
read_spans(const char *spans)
{
  g_auto(GStrv) parts = g_strsplit(spans, ",", -1);
  json_t *list = json_array();
  for (guint i = 0; parts[i] != NULL; i++) {
    char *middle = NULL, *end = NULL;
    const long long from = strtoll(parts[i], &middle, 10),
                    to = middle != NULL && *middle == '~' ? strtoll(middle + 1, &end, 10) : -1;
    if (from < 0 || to < from || end == NULL || *end != '\0') {
      json_decref(list);
      return NULL;
    }
    json_array_append_new(list, json_pack("[I, I]", (json_int_t)from, (json_int_t)to));
  }
  return list;
}

static json_t *
tag_json(const char *element, const char **names, const char **values)
{
  json_t *attributes = json_object();
  for (guint i = 0; names[i] != NULL; i++)
    json_object_set_new(attributes, names[i], json_string(values[i]));
  return json_pack("{s:s, s:o}", "element", element, "attributes", attributes);
}

static void
add_entity(Reading *r, const char *element, const char **names, const char **values, const json_t *pieces)
{
  json_t *entity = json_pack("{s:s}", "label", element), *attributes = json_object();
  json_int_t start = G_MAXINT64, end = 0;
  for (size_t i = 0; i < json_array_size(pieces); i++) {
    start = MIN(start, json_integer_value(json_array_get(json_array_get(pieces, i), 0)));
    end = MAX(end, json_integer_value(json_array_get(json_array_get(pieces, i), 1)));
  }
  json_object_set_new(entity, "start", json_integer(start));
  json_object_set_new(entity, "end", json_integer(end));
  if (json_array_size(pieces) > 1)
    json_object_set(entity, "fragments", (json_t *)pieces);
  for (guint i = 0; names[i] != NULL; i++) {
    if (strcmp(names[i], "id") == 0) {
      json_object_set_new(entity, "id", json_string(values[i]));
      g_hash_table_add(r->ids, g_strdup(values[i]));
    } else if (strcmp(names[i], "label") == 0 && strcmp(element, "TAG") == 0)
      json_object_set_new(entity, "label", json_string(values[i]));
    else if (strcmp(names[i], "text") == 0 && json_array_size(pieces) == 1)
      json_object_set_new(entity, "text", json_string(values[i]));
    else if (strcmp(names[i], "spans") != 0 && strcmp(names[i], "text") != 0 && *values[i] != '\0')
      json_object_set_new(attributes, names[i], json_string(values[i]));
  }
  if (json_object_size(attributes) > 0)
    json_object_set(entity, "attributes", attributes);
  json_decref(attributes);
  json_array_append_new(r->entities, entity);
}

static gboolean
take_tag(const char *element, const char **names, const char **values, gpointer data, GError **error)
{
  Reading *r = data;
  const char *spans = NULL;
  for (guint i = 0; names[i] != NULL; i++)
    if (strcmp(names[i], "spans") == 0)
      spans = values[i];
  g_autoptr(json_t) pieces = spans != NULL ? read_spans(spans) : NULL;
  if (pieces != NULL)
    add_entity(r, element, names, values, pieces);
  else if (spans == NULL)
    json_array_append_new(r->links, tag_json(element, names, values));
  else if (g_str_has_prefix(spans, "-1")) {
    json_object_set_new(r->answers, element, json_string("present"));
    json_array_append_new(r->tags, tag_json(element, names, values));
  } else {
    g_set_error(error, CR_ERROR, CR_ERROR_BAD_XML, "a tag whose spans are not START~END");
    return FALSE;
  }
  return TRUE;
}

/* An element with the ids of two findings; others are kept as they are. */
static gboolean
add_relation(Reading *r, const json_t *link)
{
  const json_t *attributes = json_object_get(link, "attributes");
  const char *roles[2] = {NULL, NULL}, *ends[2] = {NULL, NULL}, *key;
  json_t *value;
  guint n = 0;
  json_object_foreach((json_t *)attributes, key, value)
  {
    if (strcmp(key, "id") == 0 || !g_hash_table_contains(r->ids, json_string_value(value)))
      continue;
    if (n < 2)
      roles[n] = key, ends[n] = json_string_value(value);
    n++;
  }
  if (n != 2)
    return FALSE;
  json_t *relation = json_pack("{s:s*, s:s, s:s, s:s}", "id", cr_json_string(attributes, "id"), "type",
                               cr_json_string(link, "element"), "from", ends[0], "to", ends[1]);
  g_autoptr(json_t) kept = json_object();
  if (strcmp(roles[0], FROM) != 0 || strcmp(roles[1], TO) != 0) {
    json_object_set_new(kept, "from", json_string(roles[0]));
    json_object_set_new(kept, "to", json_string(roles[1]));
  }
  json_object_foreach((json_t *)attributes, key, value)
  {
    if (strcmp(key, "id") != 0 && strcmp(key, roles[0]) != 0 && strcmp(key, roles[1]) != 0 &&
        !g_str_has_suffix(key, "Text"))
      json_object_set(kept, key, value);
  }
  if (json_object_size(kept) > 0)
    json_object_set(relation, "mae", kept);
  json_array_append_new(r->relations, relation);
  return TRUE;
}

static json_t *
finish_reading(Reading *r, const char *id, const GString *text, const char *root)
{
  g_autoptr(json_t) kept = json_object(), links = json_array();
  for (size_t i = 0; i < json_array_size(r->links); i++)
    if (!add_relation(r, json_array_get(r->links, i)))
      json_array_append(links, json_array_get(r->links, i));
  if (strcmp(root, ROOT) != 0)
    json_object_set_new(kept, "root", json_string(root));
  if (json_array_size(links) > 0)
    json_object_set(kept, "links", links);
  if (json_array_size(r->tags) > 0)
    json_object_set(kept, "tags", r->tags);
  json_t *document = json_pack("{s:s, s:o, s:O, s:O}", "id", id, "text", json_stringn(text->str, text->len),
                               "entities", r->entities, "relations", r->relations);
  if (json_object_size(r->answers) > 0)
    json_object_set(document, "answers", r->answers);
  if (json_object_size(kept) > 0)
    json_object_set(document, "mae", kept);
  cr_document_name_all(document);
  return document;
}

/* MedTator writes some texts in small letters: those are the text's own, as long as only the case differs. */
static void
forgive_case(json_t *document)
{
  const json_t *value = json_object_get(document, "text");
  g_autoptr(CrText) text = cr_text_new(json_string_value(value), (gssize)json_string_length(value), NULL);
  size_t i;
  json_t *entity;
  json_array_foreach(cr_document_array(document, "entities"), i, entity)
  {
    const char *said = cr_json_string(entity, "text");
    const json_int_t start = json_integer_value(json_object_get(entity, "start")),
                     end = json_integer_value(json_object_get(entity, "end"));
    CrSpan bytes;
    if (text == NULL || said == NULL ||
        !cr_span_from_unit(text, CR_UNIT_CODE_POINT, (gsize)start, (gsize)end, &bytes, NULL))
      continue;
    g_autofree char *stands = cr_span_dup_text(text, bytes), *one = g_utf8_casefold(stands, -1),
                    *other = g_utf8_casefold(said, -1);
    if (strcmp(one, other) == 0)
      json_object_del(entity, "text");
  }
}

static json_t *
read_note(const char *path, const char *id, GError **error)
{
  g_autoptr(GString) text = g_string_new(NULL);
  g_autofree char *root = NULL;
  g_autoptr(json_t) entities = json_array(), relations = json_array(), answers = json_object(),
                    links = json_array(), tags = json_array();
  g_autoptr(GHashTable) ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  Reading r = {entities, relations, answers, links, tags, ids};
  if (!cr_xml_read(path, text, &root, take_tag, &r, error))
    return NULL;
  json_t *document = finish_reading(&r, id, text, root);
  forgive_case(document);
  g_autoptr(CrText) checked = cr_document_check(document, path, error);
  if (checked == NULL)
    g_clear_pointer(&document, json_decref);
  return document;
}

static gboolean
read_path(const char *path, CrDocumentFunc func, void (*bad)(const GError *error, gpointer user_data),
          gpointer user_data, GError **error)
{
  return cr_xml_read_files(path, read_note, func, bad, user_data, error);
}

/* ---- writing ---- */

static void
put_words(GString *out, const char *name, const char *words)
{
  cr_xml_put_attribute(out, name, words, strlen(words));
}

static gboolean
is_own(const char *name)
{
  static const char *const own[] = {"id", "spans", "text", "label", NULL};
  return g_strv_contains(own, name);
}

static void
put_attributes(GString *out, const json_t *object, const char *what, const char *document,
               GPtrArray *not_carried)
{
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)object, key, value)
  {
    if (json_is_string(value) && cr_xml_is_name(key) && !is_own(key))
      put_words(out, key, json_string_value(value));
    else
      cr_not_carried_add(not_carried, document, "attributes of %s", what);
  }
}

/* The text of the pieces; as MedTator joins them. transfer full */
static char *
joined(const CrText *text, const GArray *bytes)
{
  GString *out = g_string_new(NULL);
  for (guint i = 0; i < bytes->len; i++) {
    const CrSpan piece = g_array_index(bytes, CrSpan, i);
    g_string_append(out, i > 0 ? BETWEEN : "");
    g_string_append_len(out, cr_text_bytes(text) + piece.start, (gssize)(piece.end - piece.start));
  }
  return g_string_free(out, FALSE);
}

static void
put_entity(GString *out, const json_t *entity, const CrText *text, const char *document,
           GPtrArray *not_carried)
{
  g_autoptr(GArray) pieces = cr_pieces_of(entity, NULL), bytes = cr_pieces_to_bytes(text, pieces, NULL);
  const char *label = cr_json_string(entity, "label"), *id = cr_json_string(entity, "id");
  const gboolean is_name = cr_xml_is_name(label) && strcmp(label, "TAG") != 0;
  g_autofree char *said = joined(text, bytes);
  g_string_append_printf(out, "<%s spans=\"", is_name ? label : "TAG");
  for (guint i = 0; i < pieces->len; i++) {
    const CrSpan piece = g_array_index(pieces, CrSpan, i);
    g_string_append_printf(out, "%s%" G_GSIZE_FORMAT "~%" G_GSIZE_FORMAT, i > 0 ? "," : "", piece.start,
                           piece.end);
  }
  g_string_append_c(out, '"');
  put_words(out, "text", said);
  put_words(out, "id", id);
  if (!is_name)
    put_words(out, "label", label);
  put_attributes(out, json_object_get(entity, "attributes"), id, document, not_carried);
  g_string_append(out, "/>\n");
}

static const json_t *
entity_named(const json_t *document, const char *id)
{
  size_t i;
  json_t *entity;
  json_array_foreach(cr_document_array(document, "entities"), i,
                     entity) if (g_strcmp0(cr_json_string(entity, "id"), id) == 0) return entity;
  return NULL;
}

/* "link_AEID" goes with "link_AEText". */
static void
put_end(GString *out, const char *role, const json_t *entity)
{
  const char *text = cr_json_string(entity, "text");
  put_words(out, role, cr_json_string(entity, "id"));
  if (g_str_has_suffix(role, "ID") && text != NULL) {
    g_autofree char *stem = g_strndup(role, strlen(role) - 2), *name = g_strconcat(stem, "Text", NULL);
    put_words(out, name, text);
  }
}

static void
put_relation(GString *out, const json_t *relation, const json_t *document, GPtrArray *not_carried)
{
  const json_t *from = entity_named(document, cr_json_string(relation, "from")),
               *to = entity_named(document, cr_json_string(relation, "to")),
               *kept = json_object_get(relation, "mae");
  const char *type = cr_json_string(relation, "type"), *id = cr_json_string(relation, "id"), *key,
             *roles[2] = {cr_json_string(kept, "from"), cr_json_string(kept, "to")};
  json_t *value;
  if (from == NULL || to == NULL || !cr_xml_is_name(type)) {
    cr_not_carried_add(not_carried, cr_document_id(document), "relation %s", id);
    return;
  }
  g_string_append_printf(out, "<%s", type);
  put_words(out, "id", id);
  put_end(out, roles[0] != NULL && cr_xml_is_name(roles[0]) ? roles[0] : FROM, from);
  put_end(out, roles[1] != NULL && cr_xml_is_name(roles[1]) ? roles[1] : TO, to);
  json_object_foreach((json_t *)kept, key, value)
  {
    if (strcmp(key, "from") != 0 && strcmp(key, "to") != 0 && json_is_string(value) && cr_xml_is_name(key))
      put_words(out, key, json_string_value(value));
  }
  g_string_append(out, "/>\n");
}

/* Tags of the whole note, and links of other shapes, as they were. */
static void
put_kept(GString *out, const json_t *list)
{
  size_t i;
  json_t *tag, *value;
  const char *key;
  json_array_foreach((json_t *)list, i, tag)
  {
    const char *element = cr_json_string(tag, "element");
    if (element == NULL || !cr_xml_is_name(element))
      continue;
    g_string_append_printf(out, "<%s", element);
    json_object_foreach(json_object_get(tag, "attributes"), key,
                        value) if (json_is_string(value) && cr_xml_is_name(key))
        put_words(out, key, json_string_value(value));
    g_string_append(out, "/>\n");
  }
}

static void
tell_rest(const json_t *document, GPtrArray *not_carried)
{
  static const char *const members[] = {"id", "text", "entities", "relations", "mae", NULL};
  static const char *const of_entities[] = {"id",   "start",     "end",        "label",
                                            "text", "fragments", "attributes", NULL};
  static const char *const of_relations[] = {"id", "type", "from", "to", "mae", NULL};
  const gboolean kept = json_object_get(json_object_get(document, "mae"), "tags") != NULL;
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)document, key, value)
  {
    if (!g_strv_contains(members, key) && !(kept && strcmp(key, "answers") == 0) &&
        json_object_size(value) + json_array_size(value) > 0)
      cr_not_carried_add(not_carried, cr_document_id(document), "%s", key);
  }
  cr_not_carried_members(not_carried, cr_document_id(document), cr_document_array(document, "entities"),
                         of_entities);
  cr_not_carried_members(not_carried, cr_document_id(document), cr_document_array(document, "relations"),
                         of_relations);
}

static char *
write_note(const json_t *document, const CrText *text, GPtrArray *not_carried)
{
  const json_t *kept = json_object_get(document, "mae");
  const char *given = cr_json_string(kept, "root"),
             *root = given != NULL && cr_xml_is_name(given) ? given : ROOT;
  GString *out = g_string_new("<?xml version=\"1.0\" encoding=\"UTF-8\" ?>\n");
  size_t i;
  json_t *item;
  g_string_append_printf(out, "<%s>\n", root);
  cr_xml_put_text(out, json_string_value(json_object_get(document, "text")));
  g_string_append(out, "<TAGS>\n");
  json_array_foreach(cr_document_array(document, "entities"), i, item)
      put_entity(out, item, text, cr_document_id(document), not_carried);
  json_array_foreach(cr_document_array(document, "relations"), i, item)
      put_relation(out, item, document, not_carried);
  put_kept(out, json_object_get(kept, "tags"));
  put_kept(out, json_object_get(kept, "links"));
  g_string_append_printf(out, "</TAGS>\n<META/>\n</%s>\n", root);
  tell_rest(document, not_carried);
  return g_string_free(out, FALSE);
}

static gboolean
writer_add(CrWriter *writer, const json_t *document, GPtrArray *not_carried, GError **error)
{
  return cr_xml_writer_add(writer, document, write_note, not_carried, error);
}

static gboolean
sniff(const char *path, const char *head, gsize n_head)
{
  return cr_xml_sniff(path, head, n_head, "<TAGS>");
}

const CrFormat cr_format_mae = {.name = "mae",
                                .title = "MAE / MedTator XML (a folder)",
                                .unit = CR_UNIT_CODE_POINT,
                                .is_folder = TRUE,
                                .read = read_path,
                                .writer_new = cr_xml_writer_new,
                                .writer_add = writer_add,
                                .writer_finish = cr_xml_writer_finish,
                                .writer_discard = cr_xml_writer_discard,
                                .sniff = sniff};
