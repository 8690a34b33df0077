/* i2b2 2014 de-identification XML: <deIdi2b2><TEXT><![CDATA[…]]></TEXT><TAGS><NAME id="P0" start="16"
 * end="26" text="…" TYPE="DOCTOR" comment=""/>…</TAGS></deIdi2b2>. Offsets are code points of the text after
 * the XML reader made every line end one LF. Stubbs & Uzuner, J Biomed Inform 58:S20 (2015). */
#include "formats/formats-private.h"
#include "base/base.h"
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

typedef struct {
  const char *path;
  GString *text;
  json_t *entities;
  gboolean in_text, in_tags, has_text;
} Reading;

static gboolean
bad(GError **error, const char *what)
{
  g_set_error(error, CR_ERROR, CR_ERROR_BAD_I2B2, "%s", what);
  return FALSE;
}

static gboolean
read_number(const char *value, json_int_t *out)
{
  char *end = NULL;
  *out = value != NULL ? strtoll(value, &end, 10) : -1;
  return end != NULL && end != value && *end == '\0' && *out >= 0;
}

static void
take_tag(Reading *r, const char *element, const char **names, const char **values, GError **error)
{
  const char *at[6] = {NULL}; /* id, start, end, text, TYPE, comment */
  static const char *const known[6] = {"id", "start", "end", "text", "TYPE", "comment"};
  json_int_t start, end;
  for (guint i = 0; names[i] != NULL; i++)
    for (guint k = 0; k < G_N_ELEMENTS(known); k++)
      if (strcmp(names[i], known[k]) == 0)
        at[k] = values[i];
  if (!read_number(at[1], &start) || !read_number(at[2], &end)) {
    (void)bad(error, "a tag without a start or an end");
    return;
  }
  const char *label = at[4] != NULL && *at[4] != '\0' ? at[4] : element;
  json_t *entity = json_pack("{s:s*, s:I, s:I, s:s, s:s*}", "id", at[0], "start", start, "end", end, "label",
                             label, "text", at[3]);
  if (g_strcmp0(element_of(label), element) != 0 && strcmp(label, element) != 0)
    json_object_set_new(entity, "i2b2-2014", json_pack("{s:s}", "element", element));
  if (at[5] != NULL && *at[5] != '\0')
    json_object_set_new(entity, "comment", json_string(at[5]));
  json_array_append_new(r->entities, entity);
}

static void
start_cb(GMarkupParseContext *context, const char *element, const char **names, const char **values,
         gpointer data, GError **error)
{
  Reading *r = data;
  if (strcmp(element, "TEXT") == 0)
    r->in_text = r->has_text = TRUE;
  else if (strcmp(element, "TAGS") == 0)
    r->in_tags = TRUE;
  else if (r->in_tags)
    take_tag(r, element, names, values, error);
}

static void
end_cb(GMarkupParseContext *context, const char *element, gpointer data, GError **error)
{
  Reading *r = data;
  if (strcmp(element, "TEXT") == 0)
    r->in_text = FALSE;
  else if (strcmp(element, "TAGS") == 0)
    r->in_tags = FALSE;
}

/* As XML 1.0, 2.11 has it: CR LF and a CR alone are one LF. */
static void
text_cb(GMarkupParseContext *context, const char *text, gsize n_bytes, gpointer data, GError **error)
{
  Reading *r = data;
  for (gsize i = 0; r->in_text && i < n_bytes; i++) {
    if (text[i] == '\r' && (i + 1 == n_bytes || text[i + 1] != '\n'))
      g_string_append_c(r->text, '\n');
    else if (text[i] != '\r')
      g_string_append_c(r->text, text[i]);
  }
}

static gboolean
parse(Reading *r, GError **error)
{
  static const GMarkupParser parser = {start_cb, end_cb, text_cb, NULL, NULL};
  g_autoptr(GBytes) bytes = cr_file_read(r->path, CR_FORMATS_MAX_RECORD, error);
  g_autoptr(GMarkupParseContext) context =
      g_markup_parse_context_new(&parser, G_MARKUP_TREAT_CDATA_AS_TEXT, r, NULL);
  g_autoptr(GError) why = NULL;
  gsize n = 0;
  const char *data = bytes != NULL ? g_bytes_get_data(bytes, &n) : NULL;
  if (bytes == NULL)
    return FALSE;
  if (g_markup_parse_context_parse(context, data, (gssize)n, &why) &&
      g_markup_parse_context_end_parse(context, &why)) {
    if (r->has_text)
      return TRUE;
    g_set_error(error, CR_ERROR, CR_ERROR_BAD_I2B2, "%s: no TEXT in it", r->path);
    return FALSE;
  }
  int line = 0, column = 0;
  g_markup_parse_context_get_position(context, &line, &column);
  g_set_error(error, CR_ERROR, CR_ERROR_BAD_I2B2, "%s:%d: %s", r->path, line,
              why->domain == CR_ERROR ? why->message : "not XML that can be read");
  return FALSE;
}

static json_t *
read_note(const char *path, const char *id, GError **error)
{
  g_autoptr(GString) text = g_string_new(NULL);
  g_autoptr(json_t) entities = json_array();
  Reading r = {path, text, entities, FALSE, FALSE, FALSE};
  if (!parse(&r, error))
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
read_folder(const char *path, CrDocumentFunc func, BadFunc bad_func, gpointer user_data, GError **error)
{
  const gboolean is_folder = g_file_test(path, G_FILE_TEST_IS_DIR);
  g_autoptr(GPtrArray) files =
      is_folder ? cr_list_files(path, error) : g_ptr_array_new_with_free_func(g_free);
  if (!is_folder)
    g_ptr_array_add(files, g_path_get_basename(path));
  for (guint i = 0; files != NULL && i < files->len; i++) {
    const char *name = files->pdata[i];
    g_autoptr(GError) failure = NULL;
    if (!g_str_has_suffix(name, ".xml"))
      continue;
    g_autofree char *full = is_folder ? g_build_filename(path, name, NULL) : g_strdup(path),
                    *id = g_strndup(name, strlen(name) - 4);
    g_autoptr(json_t) document = read_note(full, id, &failure);
    if (document == NULL)
      bad_func(failure, user_data);
    else if (!func(document, user_data, error))
      return FALSE;
  }
  return files != NULL;
}

/* ---- writing ---- */

struct CrWriter {
  char *target, *folder;
  GHashTable *stems;
};

static CrWriter *
writer_new(const char *path, const json_t *schema, GError **error)
{
  g_autofree char *folder = cr_out_folder_new(path, error);
  if (folder == NULL)
    return NULL;
  CrWriter *writer = g_new0(CrWriter, 1);
  *writer = (CrWriter){g_strdup(path), g_steal_pointer(&folder),
                       g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};
  return writer;
}

/* An attribute's value: what XML would read otherwise, as references. */
static void
put_attribute(GString *out, const char *name, const char *value, gsize n_bytes)
{
  g_string_append_printf(out, " %s=\"", name);
  for (gsize i = 0; i < n_bytes; i++)
    if (strchr("<>&\"'", value[i]) != NULL || (guchar)value[i] < 0x20)
      g_string_append_printf(out, "&#%u;", (guint)(guchar)value[i]);
    else
      g_string_append_c(out, value[i]);
  g_string_append_c(out, '"');
}

/* "]]>" ends a CDATA section: the text goes on in the next. */
static void
put_text(GString *out, const char *text)
{
  g_auto(GStrv) parts = g_strsplit(text, "]]>", -1);
  g_autofree char *joined = g_strjoinv("]]]]><![CDATA[>", parts);
  g_string_append_printf(out, "<TEXT><![CDATA[%s]]></TEXT>\n", joined);
}

/* A name that an XML element can have. */
static gboolean
is_name(const char *name)
{
  if (!g_ascii_isalpha(*name) && *name != '_')
    return FALSE;
  while (g_ascii_isalnum(*name) || strchr("_-.", *name) != NULL)
    if (*name++ == '\0')
      return TRUE;
  return FALSE;
}

static void
put_tag(GString *out, const json_t *entity, const CrText *text, CrSpan piece, const char *id)
{
  const char *label = cr_json_string(entity, "label"),
             *kept = cr_json_string(json_object_get(entity, "i2b2-2014"), "element"),
             *element = element_of(label);
  CrSpan bytes;
  if (kept != NULL && is_name(kept))
    element = kept;
  if (element == NULL)
    element = is_name(label) ? label : "TAG";
  if (!cr_span_from_unit(text, CR_UNIT_CODE_POINT, piece.start, piece.end, &bytes, NULL))
    return;
  g_string_append_printf(out, "<%s", element);
  put_attribute(out, "id", id, strlen(id));
  g_string_append_printf(out, " start=\"%" G_GSIZE_FORMAT "\" end=\"%" G_GSIZE_FORMAT "\"", piece.start,
                         piece.end);
  put_attribute(out, "text", cr_text_bytes(text) + bytes.start, bytes.end - bytes.start);
  put_attribute(out, "TYPE", label, strlen(label));
  const char *comment = cr_json_string(entity, "comment");
  put_attribute(out, "comment", comment != NULL ? comment : "", comment != NULL ? strlen(comment) : 0);
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

/* XML has no place for most control characters: a space stands in for each, so that offsets stay. */
static void
replace_controls(json_t *document, GPtrArray *not_carried)
{
  g_autofree char *text = g_strdup(json_string_value(json_object_get(document, "text")));
  gboolean any = FALSE;
  size_t i;
  json_t *entity;
  for (char *c = text; *c != '\0'; c++)
    if ((guchar)*c < 0x20 && strchr("\t\n", *c) == NULL) {
      *c = *c == '\r' ? '\n' : ' ';
      any = TRUE;
    }
  if (!any)
    return;
  cr_not_carried_add(not_carried, cr_document_id(document), "control characters of the text");
  json_object_set_new(document, "text", json_string(text));
  json_array_foreach(cr_document_array(document, "entities"), i, entity) json_object_del(entity, "text");
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

static gboolean
writer_add(CrWriter *writer, const json_t *document, GPtrArray *not_carried, GError **error)
{
  g_autoptr(json_t) plain = cr_document_plain_lines(document, not_carried), own = json_deep_copy(plain);
  replace_controls(own, not_carried);
  g_autoptr(CrText) text = cr_document_check(own, cr_document_id(own), error);
  if (text == NULL)
    return FALSE;
  cr_document_name_all(own);
  g_autofree char *stem = cr_folder_stem(writer->stems, cr_document_id(own), ".xml", not_carried, error);
  if (stem == NULL)
    return FALSE;
  g_autoptr(GString) out = g_string_new("<?xml version=\"1.0\" encoding=\"UTF-8\" ?>\n<deIdi2b2>\n");
  size_t i;
  json_t *entity;
  put_text(out, json_string_value(json_object_get(own, "text")));
  g_string_append(out, "<TAGS>\n");
  json_array_foreach(cr_document_array(own, "entities"), i, entity)
      put_entity(out, entity, text, cr_document_id(own), not_carried);
  g_string_append(out, "</TAGS>\n</deIdi2b2>\n");
  tell_rest(own, not_carried);
  g_autofree char *file = g_strconcat(stem, ".xml", NULL);
  return cr_folder_write(writer->folder, file, out->str, out->len, error);
}

static void
writer_free(CrWriter *writer)
{
  g_free(writer->target);
  g_free(writer->folder);
  g_hash_table_unref(writer->stems);
  g_free(writer);
}

static gboolean
writer_finish(CrWriter *writer, GError **error)
{
  const gboolean done = cr_out_folder_publish(writer->folder, writer->target, error);
  writer_free(writer);
  return done;
}

static void
writer_discard(CrWriter *writer)
{
  cr_dir_remove(writer->folder, NULL);
  writer_free(writer);
}

static gboolean
is_ours(const char *path)
{
  g_autoptr(GBytes) bytes = cr_file_read(path, CR_FORMATS_MAX_RECORD, NULL);
  gsize n = 0;
  const char *data = bytes != NULL ? g_bytes_get_data(bytes, &n) : NULL;
  return data != NULL && g_strstr_len(data, (gssize)MIN(n, 4096), "<deIdi2b2") != NULL;
}

static gboolean
sniff(const char *path, const char *head, gsize n_head)
{
  if (n_head > 0)
    return g_strstr_len(head, (gssize)n_head, "<deIdi2b2") != NULL;
  g_autoptr(GPtrArray) files = g_file_test(path, G_FILE_TEST_IS_DIR) ? cr_list_files(path, NULL) : NULL;
  for (guint i = 0; files != NULL && i < files->len; i++) {
    g_autofree char *full = g_build_filename(path, files->pdata[i], NULL);
    if (g_str_has_suffix(full, ".xml"))
      return is_ours(full);
  }
  return FALSE;
}

const CrFormat cr_format_i2b2_2014 = {.name = "i2b2-2014",
                                      .title = "i2b2 2014 XML (a folder)",
                                      .unit = CR_UNIT_CODE_POINT,
                                      .is_folder = TRUE,
                                      .read = read_folder,
                                      .writer_new = writer_new,
                                      .writer_add = writer_add,
                                      .writer_finish = writer_finish,
                                      .writer_discard = writer_discard,
                                      .sniff = sniff};
