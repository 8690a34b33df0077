/* i2b2 2014 de-identification XML: <deIdi2b2><TEXT><![CDATA[…]]></TEXT><TAGS><NAME id="P0" start="16"
 * end="26" text="…" TYPE="DOCTOR" comment=""/>…</TAGS></deIdi2b2>. Offsets are code points of the text after
 * the XML reader made every line end one LF. Stubbs & Uzuner, J Biomed Inform 58:S20 (2015). */
#include "formats/xml-notes.h"
#include <stdlib.h>
#include <string.h>

typedef void (*BadFunc)(const GError *error, gpointer user_data);

/* The element that a type belongs to; others stand as elements of their own name. */
static const struct {
  const char *element, *types[12];
} elements[] = {
    {"NAME", {"PATIENT", "DOCTOR", "USERNAME"}},
    {"PROFESSION", {"PROFESSION"}},
    {"LOCATION",
     {"ROOM", "DEPARTMENT", "HOSPITAL", "ORGANIZATION", "STREET", "CITY", "STATE", "COUNTRY", "ZIP",
      "LOCATION-OTHER"}},
    {"AGE", {"AGE"}},
    {"DATE", {"DATE"}},
    {"CONTACT", {"PHONE", "FAX", "EMAIL", "URL", "IPADDR"}},
    {"ID",
     {"SSN", "MEDICALRECORD", "HEALTHPLAN", "ACCOUNT", "LICENSE", "VEHICLE", "DEVICE", "BIOID", "IDNUM"}}};

static const char *
element_of(const char *type)
{
  for (guint i = 0; i < G_N_ELEMENTS(elements); i++)
    for (guint k = 0; k < G_N_ELEMENTS(elements[i].types) && elements[i].types[k] != NULL; k++)
      if (strcmp(elements[i].types[k], type) == 0)
        return elements[i].element;
  return NULL;
}

/* ---- reading ---- */

static gboolean
read_number(const char *value, json_int_t *out)
{
  char *end = NULL;
  *out = value != NULL ? strtoll(value, &end, 10) : -1;
  return end != NULL && end != value && *end == '\0' && *out >= 0;
}

static gboolean
take_tag(const char *element, const char **names, const char **values, gpointer entities, GError **error)
{
  const char *at[6] = {NULL}; /* id, start, end, text, TYPE, comment */
  static const char *const known[6] = {"id", "start", "end", "text", "TYPE", "comment"};
  json_int_t start, end;
  for (guint i = 0; names[i] != NULL; i++)
    for (guint k = 0; k < G_N_ELEMENTS(known); k++)
      if (strcmp(names[i], known[k]) == 0)
        at[k] = values[i];
  if (!read_number(at[1], &start) || !read_number(at[2], &end)) {
    g_set_error(error, CR_ERROR, CR_ERROR_BAD_I2B2, "a tag without a start or an end");
    return FALSE;
  }
  const char *label = at[4] != NULL && *at[4] != '\0' ? at[4] : element;
  json_t *entity = json_pack("{s:s*, s:I, s:I, s:s, s:s*}", "id", at[0], "start", start, "end", end, "label",
                             label, "text", at[3]);
  if (g_strcmp0(element_of(label), element) != 0 && strcmp(label, element) != 0)
    json_object_set_new(entity, "i2b2-2014", json_pack("{s:s}", "element", element));
  if (at[5] != NULL && *at[5] != '\0')
    json_object_set_new(entity, "comment", json_string(at[5]));
  json_array_append_new(entities, entity);
  return TRUE;
}

static json_t *
read_note(const char *path, const char *id, GError **error)
{
  g_autoptr(GString) text = g_string_new(NULL);
  g_autoptr(json_t) entities = json_array();
  if (!cr_xml_read(path, text, NULL, take_tag, entities, error))
    return NULL;
  json_t *document = json_pack("{s:s, s:o, s:O, s:[]}", "id", id, "text", json_stringn(text->str, text->len),
                               "entities", entities, "relations");
  cr_document_name_all(document);
  g_autoptr(CrText) checked =
      json_object_get(document, "text") != NULL ? cr_document_check(document, path, error) : NULL;
  if (checked == NULL)
    g_clear_pointer(&document, json_decref);
  return document;
}

static gboolean
read_path(const char *path, CrDocumentFunc func, BadFunc bad, gpointer user_data, GError **error)
{
  return cr_xml_read_files(path, read_note, func, bad, user_data, error);
}

/* ---- writing ---- */

static void
put_tag(GString *out, const json_t *entity, const CrText *text, CrSpan piece, const char *id)
{
  const char *label = cr_json_string(entity, "label"),
             *kept = cr_json_string(json_object_get(entity, "i2b2-2014"), "element"),
             *element = element_of(label);
  CrSpan bytes;
  if (kept != NULL && cr_xml_is_name(kept))
    element = kept;
  if (element == NULL)
    element = cr_xml_is_name(label) ? label : "TAG";
  if (!cr_span_from_unit(text, CR_UNIT_CODE_POINT, piece.start, piece.end, &bytes, NULL))
    return;
  g_string_append_printf(out, "<%s", element);
  cr_xml_put_attribute(out, "id", id, strlen(id));
  g_string_append_printf(out, " start=\"%" G_GSIZE_FORMAT "\" end=\"%" G_GSIZE_FORMAT "\"", piece.start,
                         piece.end);
  cr_xml_put_attribute(out, "text", cr_text_bytes(text) + bytes.start, bytes.end - bytes.start);
  cr_xml_put_attribute(out, "TYPE", label, strlen(label));
  const char *comment = cr_json_string(entity, "comment");
  cr_xml_put_attribute(out, "comment", comment != NULL ? comment : "", comment != NULL ? strlen(comment) : 0);
  g_string_append(out, " />\n");
}

static void
put_entity(GString *out, const json_t *entity, const CrText *text, const char *document,
           GPtrArray *not_carried)
{
  g_autoptr(GArray) pieces = cr_pieces_of(entity, NULL);
  const char *id = cr_json_string(entity, "id");
  for (guint k = 0; k < pieces->len; k++) {
    g_autofree char *own = k == 0 ? g_strdup(id) : g_strdup_printf("%s.%u", id, k + 1);
    put_tag(out, entity, text, g_array_index(pieces, CrSpan, k), own);
  }
  if (pieces->len > 1)
    cr_not_carried_add(not_carried, document, "fragments of %s", id);
}

static void
tell_rest(const json_t *document, GPtrArray *not_carried)
{
  static const char *const of_entities[] = {"id",        "start",   "end",       "label", "text",
                                            "fragments", "comment", "i2b2-2014", NULL};
  static const char *const members[] = {"id", "text", "entities", NULL};
  const char *key;
  json_t *value;
  size_t i;
  json_object_foreach((json_t *)document, key, value)
  {
    if (!g_strv_contains(members, key) && strcmp(key, "relations") != 0 &&
        json_object_size(value) + json_array_size(value) > 0)
      cr_not_carried_add(not_carried, cr_document_id(document), "%s", key);
  }
  json_array_foreach(cr_document_array(document, "relations"), i, value)
      cr_not_carried_add(not_carried, cr_document_id(document), "relation %s", cr_json_string(value, "id"));
  cr_not_carried_members(not_carried, cr_document_id(document), cr_document_array(document, "entities"),
                         of_entities);
}

static char *
write_note(const json_t *document, const CrText *text, GPtrArray *not_carried)
{
  GString *out = g_string_new("<?xml version=\"1.0\" encoding=\"UTF-8\" ?>\n<deIdi2b2>\n");
  size_t i;
  json_t *entity;
  cr_xml_put_text(out, json_string_value(json_object_get(document, "text")));
  g_string_append(out, "<TAGS>\n");
  json_array_foreach(cr_document_array(document, "entities"), i, entity)
      put_entity(out, entity, text, cr_document_id(document), not_carried);
  g_string_append(out, "</TAGS>\n</deIdi2b2>\n");
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
  return cr_xml_sniff(path, head, n_head, "<deIdi2b2");
}

const CrFormat cr_format_i2b2_2014 = {.name = "i2b2-2014",
                                      .title = "i2b2 2014 XML (a folder)",
                                      .unit = CR_UNIT_CODE_POINT,
                                      .is_folder = TRUE,
                                      .read = read_path,
                                      .writer_new = cr_xml_writer_new,
                                      .writer_add = writer_add,
                                      .writer_finish = cr_xml_writer_finish,
                                      .writer_discard = cr_xml_writer_discard,
                                      .sniff = sniff};
