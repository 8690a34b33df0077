/* Reading and writing one XML file a note; see xml-notes.h. GMarkup reads: no DTD, no entities beyond XML's
 * own, no network. */
#include "formats/xml-notes.h"
#include "base/base.h"
#include <string.h>

typedef void (*BadFunc)(const GError *error, gpointer user_data);

/* ---- reading ---- */

typedef struct {
  const char *path;
  GString *text;
  CrXmlTagFunc func;
  gpointer data;
  char *root;
  gboolean in_text, in_tags, has_text;
} Reading;

static void
start_cb(GMarkupParseContext *context, const char *element, const char **names, const char **values,
         gpointer data, GError **error)
{
  Reading *r = data;
  if (r->root == NULL)
    r->root = g_strdup(element);
  else if (strcmp(element, "TEXT") == 0)
    r->in_text = r->has_text = TRUE;
  else if (strcmp(element, "TAGS") == 0)
    r->in_tags = TRUE;
  else if (r->in_tags)
    (void)r->func(element, names, values, r->data, error);
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
    g_set_error(error, CR_ERROR, CR_ERROR_BAD_XML, "%s: no TEXT in it", r->path);
    return FALSE;
  }
  int line = 0, column = 0;
  g_markup_parse_context_get_position(context, &line, &column);
  g_set_error(error, CR_ERROR, why->domain == CR_ERROR ? why->code : CR_ERROR_BAD_XML, "%s:%d: %s", r->path,
              line, why->domain == CR_ERROR ? why->message : "not XML that can be read");
  return FALSE;
}

gboolean
cr_xml_read(const char *path, GString *text, char **root, CrXmlTagFunc func, gpointer data, GError **error)
{
  Reading r = {.path = path, .text = text, .func = func, .data = data};
  const gboolean done = parse(&r, error);
  if (root != NULL)
    *root = g_steal_pointer(&r.root);
  g_free(r.root);
  return done;
}

gboolean
cr_xml_read_files(const char *path, CrXmlNoteFunc read, CrDocumentFunc func, BadFunc bad, gpointer user_data,
                  GError **error)
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
    g_autoptr(json_t) document = read(full, id, &failure);
    if (document == NULL)
      bad(failure, user_data);
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

CrWriter *
cr_xml_writer_new(const char *path, const json_t *schema, GError **error)
{
  g_autofree char *folder = cr_out_folder_new(path, error);
  if (folder == NULL)
    return NULL;
  CrWriter *writer = g_new0(CrWriter, 1);
  *writer = (CrWriter){g_strdup(path), g_steal_pointer(&folder),
                       g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};
  return writer;
}

void
cr_xml_put_attribute(GString *out, const char *name, const char *value, gsize n_bytes)
{
  g_string_append_printf(out, " %s=\"", name);
  for (gsize i = 0; i < n_bytes; i++)
    if (strchr("<>&\"'", value[i]) != NULL || (guchar)value[i] < 0x20)
      g_string_append_printf(out, "&#%u;", (guint)(guchar)value[i]);
    else
      g_string_append_c(out, value[i]);
  g_string_append_c(out, '"');
}

void
cr_xml_put_text(GString *out, const char *text)
{
  g_auto(GStrv) parts = g_strsplit(text, "]]>", -1);
  g_autofree char *joined = g_strjoinv("]]]]><![CDATA[>", parts);
  g_string_append_printf(out, "<TEXT><![CDATA[%s]]></TEXT>\n", joined);
}

gboolean
cr_xml_is_name(const char *name)
{
  if (!g_ascii_isalpha(*name) && *name != '_')
    return FALSE;
  while (g_ascii_isalnum(*name) || strchr("_-.", *name) != NULL)
    if (*name++ == '\0')
      return TRUE;
  return FALSE;
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

gboolean
cr_xml_writer_add(CrWriter *writer, const json_t *document,
                  char *(*write)(const json_t *document, const CrText *text, GPtrArray *not_carried),
                  GPtrArray *not_carried, GError **error)
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
  g_autofree char *file = g_strconcat(stem, ".xml", NULL), *bytes = write(own, text, not_carried);
  return cr_folder_write(writer->folder, file, bytes, strlen(bytes), error);
}

static void
writer_free(CrWriter *writer)
{
  g_free(writer->target);
  g_free(writer->folder);
  g_hash_table_unref(writer->stems);
  g_free(writer);
}

gboolean
cr_xml_writer_finish(CrWriter *writer, GError **error)
{
  const gboolean done = cr_out_folder_publish(writer->folder, writer->target, error);
  writer_free(writer);
  return done;
}

void
cr_xml_writer_discard(CrWriter *writer)
{
  cr_dir_remove(writer->folder, NULL);
  writer_free(writer);
}

static gboolean
has_words(const char *path, const char *words)
{
  g_autoptr(GBytes) bytes = cr_file_read(path, CR_FORMATS_MAX_RECORD, NULL);
  gsize n = 0;
  const char *data = bytes != NULL ? g_bytes_get_data(bytes, &n) : NULL;
  return data != NULL && g_strstr_len(data, (gssize)n, words) != NULL;
}

gboolean
cr_xml_sniff(const char *path, const char *head, gsize n_head, const char *words)
{
  if (n_head > 0)
    return g_strstr_len(head, (gssize)MIN(n_head, 10), "<") != NULL &&
           g_strstr_len(head, (gssize)n_head, words) != NULL;
  g_autoptr(GPtrArray) files = g_file_test(path, G_FILE_TEST_IS_DIR) ? cr_list_files(path, NULL) : NULL;
  for (guint i = 0; files != NULL && i < files->len; i++) {
    g_autofree char *full = g_build_filename(path, files->pdata[i], NULL);
    if (g_str_has_suffix(full, ".xml"))
      return has_words(full, words);
  }
  return FALSE;
}
