/* brat as a format: folders in, folders out. Offsets are code points of the .txt. */
#include "formats/brat-private.h"
#include "formats/brat-read.h"
#include "formats/brat-write.h"
#include "base/base.h"
#include <string.h>

typedef void (*BadFunc)(const GError *error, gpointer user_data);

/* ---- reading ---- */

static const char *
extension_of(const char *path)
{
  const char *dot = strrchr(path, '.'), *slash = strrchr(path, '/');
  return dot != NULL && (slash == NULL || dot > slash) ? dot + 1 : "";
}

static char *
without_extension(const char *path)
{
  const char *extension = extension_of(path);
  return extension[0] != '\0' ? g_strndup(path, (gsize)(extension - path) - 1) : g_strdup(path);
}

static gboolean
is_annotation(const char *path)
{
  return g_strv_contains(cr_brat_extensions, extension_of(path));
}

static gboolean
read_one(const char *stem, const char *id, CrDocumentFunc func, BadFunc bad, gpointer user_data,
         GError **error)
{
  g_autoptr(GError) failure = NULL;
  g_autoptr(json_t) document = cr_brat_read_document(stem, id, &failure);
  if (document != NULL)
    return func(document, user_data, error);
  bad(failure, user_data);
  return TRUE;
}

/* A file that is neither a note nor annotations of one is told, not read. */
static void
report_other(const char *path, BadFunc bad, gpointer user_data)
{
  g_autoptr(GError) failure = NULL;
  g_autofree char *stem = without_extension(path), *note = g_strconcat(stem, ".txt", NULL);
  if (!is_annotation(path))
    failure = g_error_new(CR_ERROR, CR_ERROR_NOT_CARRIED,
                          "%s: neither a note nor annotations: left where it is", path);
  else if (!g_file_test(note, G_FILE_TEST_EXISTS))
    failure = g_error_new(CR_ERROR, CR_ERROR_BAD_BRAT, "%s: no .txt beside it", path);
  if (failure != NULL)
    bad(failure, user_data);
}

static gboolean
read_folder(const char *root, CrDocumentFunc func, BadFunc bad, gpointer user_data, GError **error)
{
  g_autoptr(GPtrArray) files = cr_list_files(root, error);
  if (files == NULL)
    return FALSE;
  for (guint i = 0; i < files->len; i++) {
    g_autofree char *path = g_build_filename(root, files->pdata[i], NULL);
    if (strcmp(extension_of(path), "txt") != 0) {
      report_other(path, bad, user_data);
      continue;
    }
    g_autofree char *stem = without_extension(path), *id = without_extension(files->pdata[i]);
    if (!read_one(stem, id, func, bad, user_data, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
read_brat(const char *path, CrDocumentFunc func, BadFunc bad, gpointer user_data, GError **error)
{
  if (g_file_test(path, G_FILE_TEST_IS_DIR))
    return read_folder(path, func, bad, user_data, error);
  if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
    cr_error_set_errno(error, ENOENT, path, "opening");
    return FALSE;
  }
  g_autofree char *stem = without_extension(path), *id = g_path_get_basename(stem);
  return read_one(stem, id, func, bad, user_data, error);
}

/* ---- writing ---- */

struct CrWriter {
  char *target, *folder;
  CrBratTypes *types;
  GHashTable *stems; /* written so far */
};

static CrWriter *
writer_new(const char *path, const json_t *schema, GError **error)
{
  char *folder = cr_out_folder_new(path, error);
  if (folder == NULL)
    return NULL;
  CrWriter *writer = g_new0(CrWriter, 1);
  writer->target = g_strdup(path);
  writer->folder = folder;
  writer->types = cr_brat_types_new(schema);
  writer->stems = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  return writer;
}

static void
writer_free(CrWriter *writer)
{
  g_free(writer->target);
  g_free(writer->folder);
  cr_brat_types_free(writer->types);
  g_hash_table_unref(writer->stems);
  g_free(writer);
}

static gboolean
writer_add(CrWriter *writer, const json_t *document, GPtrArray *not_carried, GError **error)
{
  const char *id = cr_document_id(document);
  g_autoptr(CrText) checked = cr_document_check(document, id, error);
  g_autofree char *stem =
      checked != NULL ? cr_folder_stem(writer->stems, id, ".txt", not_carried, error) : NULL;
  if (stem == NULL)
    return FALSE;
  g_autoptr(json_t) plain = cr_document_plain_lines(document, not_carried);
  const json_t *value = json_object_get(plain, "text");
  g_autoptr(CrText) text = cr_text_new(json_string_value(value), (gssize)json_string_length(value), error);
  g_autoptr(GPtrArray) facts = text != NULL ? cr_brat_lines_of(plain, text, not_carried, error) : NULL;
  g_autofree char *file = g_strconcat(stem, ".txt", NULL);
  if (facts == NULL ||
      !cr_folder_write(writer->folder, file, json_string_value(value), json_string_length(value), error))
    return FALSE;
  cr_brat_types_add(writer->types, facts);
  return cr_brat_write_annotations(writer->folder, stem, plain, text, facts, error);
}

static gboolean
writer_finish(CrWriter *writer, GError **error)
{
  gboolean done = cr_brat_types_write(writer->types, writer->folder, error);
  if (done)
    done = cr_out_folder_publish(writer->folder, writer->target, error);
  else
    cr_dir_remove(writer->folder, NULL);
  writer_free(writer);
  return done;
}

static void
writer_discard(CrWriter *writer)
{
  cr_dir_remove(writer->folder, NULL);
  writer_free(writer);
}

/* ---- sniffing ---- */

static gboolean
sniff(const char *path, const char *head, gsize n_head)
{
  if (!g_file_test(path, G_FILE_TEST_IS_DIR))
    return strcmp(extension_of(path), "ann") == 0;
  g_autoptr(GPtrArray) files = cr_list_files(path, NULL);
  for (guint i = 0; files != NULL && i < files->len; i++)
    if (is_annotation(files->pdata[i]))
      return TRUE;
  return FALSE;
}

const CrFormat cr_format_brat = {.name = "brat",
                                 .title = "brat standoff",
                                 .unit = CR_UNIT_CODE_POINT,
                                 .is_folder = TRUE,
                                 .read = read_brat,
                                 .writer_new = writer_new,
                                 .writer_add = writer_add,
                                 .writer_finish = writer_finish,
                                 .writer_discard = writer_discard,
                                 .sniff = sniff};
