/* brat as a format: folders in, folders out. Offsets are code points of the .txt. */
#include "formats/brat-private.h"
#include "formats/brat-read.h"
#include "formats/brat-write.h"
#include "base/base.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

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

gboolean
cr_brat_write_file(const char *folder, const char *relative, const char *bytes, gsize n_bytes, GError **error)
{
  g_autofree char *path = g_build_filename(folder, relative, NULL), *parent = g_path_get_dirname(path);
  if (g_mkdir_with_parents(parent, 0700) != 0) {
    cr_error_set_errno(error, errno, parent, "creating the folder");
    return FALSE;
  }
  /* The folder that it lies in is synced and renamed as a whole. */
  return cr_out_write_plain(path, bytes, n_bytes, error);
}

/* An id as a path below the folder: never upwards, never hidden. transfer full */
static char *
stem_of(const char *id)
{
  g_autoptr(GString) stem = g_string_new(NULL);
  g_auto(GStrv) parts = g_strsplit(id, "/", -1);
  for (gsize i = 0; parts[i] != NULL; i++) {
    g_autofree char *part = g_strndup(parts[i], 200);
    for (char *p = part; *p != '\0'; p++)
      if (g_ascii_iscntrl(*p) || *p == '\\' || (p == part && *p == '.'))
        *p = '_';
    g_string_append_printf(stem, "%s%s", i > 0 ? "/" : "", part[0] != '\0' ? part : "_");
  }
  g_autofree char *valid = g_utf8_make_valid(stem->str, (gssize)stem->len);
  return g_steal_pointer(&valid);
}

static char *
choose_stem(CrWriter *writer, const char *id, GPtrArray *not_carried, GError **error)
{
  g_autofree char *stem = stem_of(id);
  if (strcmp(stem, id) != 0)
    cr_not_carried_add(not_carried, id, "id as it is (the file is %s.txt)", stem);
  if (!g_hash_table_add(writer->stems, g_strdup(stem))) {
    g_set_error(error, CR_ERROR, CR_ERROR_DUPLICATE_ID, "%s: two documents for the file %s.txt", id, stem);
    return NULL;
  }
  return g_steal_pointer(&stem);
}

/* ---- line ends: brat counts CR LF differently from version to version, so notes go out with LF ---- */

static gsize
count_below(const GArray *cuts, gsize offset)
{
  guint low = 0, high = cuts->len;
  while (low < high) {
    guint middle = (low + high) / 2;
    if (g_array_index(cuts, gsize, middle) < offset)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/* A piece that was the CR alone goes with it, as long as another is left. */
static GArray *
move_pieces(const GArray *pieces, const GArray *cuts)
{
  GArray *moved = cr_fragments_new();
  for (guint i = 0; i < pieces->len; i++) {
    CrSpan old = g_array_index(pieces, CrSpan, i);
    CrSpan piece = {old.start - count_below(cuts, old.start), old.end - count_below(cuts, old.end)};
    gboolean vanished = piece.start == piece.end && old.start < old.end;
    if (!vanished || (moved->len == 0 && i + 1 == pieces->len))
      g_array_append_val(moved, piece);
  }
  return moved;
}

static void
move_entity(json_t *entity, const GArray *cuts)
{
  g_autoptr(GArray) pieces = cr_pieces_of(entity, NULL);
  g_autoptr(GArray) moved = pieces != NULL ? move_pieces(pieces, cuts) : NULL;
  if (moved != NULL)
    cr_pieces_set(entity, moved);
  json_object_del(entity, "text");
}

/* The text without the CR of each CR LF; cuts gets their offsets in code points. transfer full */
static char *
plain_text(const json_t *document, GArray *cuts)
{
  const char *text = json_string_value(json_object_get(document, "text"));
  GString *plain = g_string_new(NULL);
  gsize offset = 0;
  for (const char *p = text; *p != '\0'; p = g_utf8_next_char(p), offset++) {
    if (p[0] == '\r' && p[1] == '\n')
      g_array_append_val(cuts, offset);
    else
      g_string_append_len(plain, p, g_utf8_next_char(p) - p);
  }
  return g_string_free(plain, FALSE);
}

/* New reference: the document itself, or one with LF line ends and its offsets moved. */
static json_t *
with_plain_lines(const json_t *document, GPtrArray *not_carried)
{
  const char *text = json_string_value(json_object_get(document, "text"));
  if (strstr(text, "\r\n") == NULL)
    return json_incref((json_t *)document);
  g_autoptr(GArray) cuts = g_array_new(FALSE, FALSE, sizeof(gsize));
  json_t *copy = json_deep_copy(document), *entity;
  size_t i;
  g_autofree char *plain = plain_text(document, cuts);
  json_object_set_new(copy, "text", json_string(plain));
  json_array_foreach(cr_document_array(copy, "entities"), i, entity) move_entity(entity, cuts);
  cr_not_carried_add(not_carried, cr_document_id(document), "CR LF line ends of the text (written as LF)");
  return copy;
}

static gboolean
writer_add(CrWriter *writer, const json_t *document, GPtrArray *not_carried, GError **error)
{
  const char *id = cr_document_id(document);
  g_autoptr(CrText) checked = cr_document_check(document, id, error);
  g_autofree char *stem = checked != NULL ? choose_stem(writer, id, not_carried, error) : NULL;
  if (stem == NULL)
    return FALSE;
  g_autoptr(json_t) plain = with_plain_lines(document, not_carried);
  const json_t *value = json_object_get(plain, "text");
  g_autoptr(CrText) text = cr_text_new(json_string_value(value), (gssize)json_string_length(value), error);
  g_autoptr(GPtrArray) facts = text != NULL ? cr_brat_lines_of(plain, text, not_carried, error) : NULL;
  g_autofree char *file = g_strconcat(stem, ".txt", NULL);
  if (facts == NULL ||
      !cr_brat_write_file(writer->folder, file, json_string_value(value), json_string_length(value), error))
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
