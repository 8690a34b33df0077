/* intake: from a path to records. Finds the files, chooses the reader, and keeps the law of the room:
 * input = accepted + quarantined. */
#include "intake/intake-private.h"
#include "base/base.h"
#include <string.h>
#include <sys/stat.h>

static const CrReader *const readers[] = {&cr_reader_text, &cr_reader_jsonl, &cr_reader_csv};

void
cr_record_free(CrRecord *record)
{
  if (record == NULL)
    return;
  for (gsize i = 0; cr_record_fields[i] != NULL; i++)
    g_free(*cr_record_member(record, cr_record_fields[i]));
  cr_text_unref(record->text);
  json_decref(record->meta);
  if (record->known != NULL)
    cr_known_free(record->known);
  g_free(record->source_file);
  g_free(record);
}

CrRecord *
cr_record_new(const CrSource *source, guint64 number, const CrRawRecord *raw)
{
  CrRecord *record = g_new0(CrRecord, 1);
  record->source_file = g_strdup(cr_source_path(source));
  record->record = number;
  record->byte_off = raw->byte_off;
  g_autofree char *hash = cr_sha256_hex(raw->bytes, raw->n_bytes);
  g_strlcpy(record->source_sha256, hash, sizeof record->source_sha256);
  return record;
}

void
cr_record_complete(CrRecord *record, const CrIntakeRun *run, const char *base_id)
{
  if (record->id == NULL || record->id[0] == '\0') {
    g_free(record->id);
    record->id = g_strdup_printf("%s:%" G_GUINT64_FORMAT, base_id, record->record);
  }
  if (record->language == NULL && run->options->default_language != NULL)
    record->language = g_strdup(run->options->default_language);
}

gboolean
cr_intake_accept(CrIntakeRun *run, CrRecord *record, GError **error)
{
  if (run->sink->accept(record, run->user_data, error))
    return TRUE;
  run->stopped = TRUE;
  return FALSE;
}

void
cr_intake_quarantine(CrIntakeRun *run, const char *path, guint64 record, guint64 byte_off, GError *error)
{
  g_autofree char *file = g_strdup(path);
  CrQuarantined quarantined = {.file = file, .record = record, .byte_off = byte_off, .error = error};
  if (run->sink->quarantine != NULL)
    run->sink->quarantine(&quarantined, run->user_data);
  g_error_free(error);
}

void
cr_intake_progress(CrIntakeRun *run, const CrSource *source)
{
  if (run->sink->progress != NULL)
    run->sink->progress(run->bytes_done + cr_source_offset(source), run->bytes_all, run->user_data);
}

/* ---- text that every source brings ---- */

static gboolean
is_blank(const char *bytes, gsize n_bytes)
{
  for (const char *p = bytes; p < bytes + n_bytes; p = g_utf8_next_char(p)) {
    gunichar c = g_utf8_get_char(p);
    if (!g_unichar_isspace(c) && c != 0xFEFF && c != 0x200B)
      return FALSE;
  }
  return TRUE;
}

static void
set_not_text(const char *bytes, gsize n_bytes, const char *where, guint64 byte_off, GError **error)
{
  const char *bad = bytes;
  g_utf8_validate_len(bytes, n_bytes, &bad);
  gboolean is_nul = bad < bytes + n_bytes && *bad == '\0';
  g_set_error(error, CR_ERROR, is_nul ? CR_ERROR_NUL_BYTE : CR_ERROR_INVALID_UTF8,
              "%s: byte %" G_GUINT64_FORMAT ": %s", where, byte_off + (guint64)(bad - bytes),
              is_nul ? "a NUL byte" : "not valid UTF-8");
}

CrText *
cr_intake_text(const char *bytes, gsize n_bytes, const char *where, guint64 byte_off, GError **error)
{
  if (n_bytes > CR_INTAKE_MAX_NOTE) {
    g_set_error(error, CR_ERROR, CR_ERROR_LIMIT, "%s: a note of %" G_GSIZE_FORMAT " bytes; the most is %u MB",
                where, n_bytes, CR_INTAKE_MAX_NOTE >> 20);
    return NULL;
  }
  g_autoptr(CrText) text = cr_text_new(bytes, (gssize)n_bytes, NULL);
  if (text == NULL) {
    set_not_text(bytes, n_bytes, where, byte_off, error);
    return NULL;
  }
  if (is_blank(bytes, n_bytes)) {
    g_set_error(error, CR_ERROR, CR_ERROR_EMPTY_TEXT, "%s: %s", where,
                n_bytes == 0 ? "the note is empty" : "the note is only white space");
    return NULL;
  }
  return g_steal_pointer(&text);
}

/* ---- which reader ---- */

static const CrReader *
reader_by_name(const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS(readers); i++)
    if (strcmp(readers[i]->name, name) == 0)
      return readers[i];
  return NULL;
}

static const CrReader *
reader_by_extension(const char *path)
{
  g_autofree char *lower = g_ascii_strdown(path, -1);
  for (gsize i = 0; i < G_N_ELEMENTS(readers); i++)
    for (gsize k = 0; readers[i]->extensions[k] != NULL; k++)
      if (g_str_has_suffix(lower, readers[i]->extensions[k]))
        return readers[i];
  return NULL;
}

/* Formats that people will hand in and that these readers would take for text. */
static const struct {
  const char *magic, *name;
} foreign[] = {{"{\\rtf", "RTF"},
               {"%PDF-", "PDF"},
               {"PK\x03\x04", "a zip file (DOCX, XLSX)"},
               {"\x1f\x8b", "a gzip file"},
               {"\xD0\xCF\x11\xE0", "an old Office file"},
               {"MSH|", "HL7 v2"},
               {"<?xml", "XML"}};

static const char *
foreign_name(const char *head, gsize n_head)
{
  for (gsize i = 0; i < G_N_ELEMENTS(foreign); i++)
    if (n_head >= strlen(foreign[i].magic) && memcmp(head, foreign[i].magic, strlen(foreign[i].magic)) == 0)
      return foreign[i].name;
  return NULL;
}

static const CrReader *
reader_by_content(const char *head, gsize n_head)
{
  gsize i = 0;
  while (i < n_head && g_ascii_isspace(head[i]))
    i++;
  return i < n_head && head[i] == '{' ? &cr_reader_jsonl : &cr_reader_text;
}

static const CrReader *
choose_reader(const CrIntakeRun *run, CrSource *source, GError **error)
{
  gsize n_head = 0;
  const char *path = cr_source_path(source), *head = cr_source_peek(source, &n_head);
  if (run->options->format != NULL) {
    const CrReader *named = reader_by_name(run->options->format);
    if (named == NULL)
      g_set_error(error, CR_ERROR, CR_ERROR_UNKNOWN_FORMAT,
                  "%s: no reader for the format \"%s\"; there are text, jsonl, csv", path,
                  run->options->format);
    return named;
  }
  const char *foreign_format = foreign_name(head, n_head);
  const CrReader *by_extension = foreign_format == NULL ? reader_by_extension(path) : NULL;
  if (by_extension != NULL)
    return by_extension;
  const char *name = strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path;
  gboolean unnamed = strcmp(path, "-") == 0 || strchr(name, '.') == NULL;
  if (foreign_format == NULL && unnamed)
    return reader_by_content(head, n_head);
  g_set_error(error, CR_ERROR, CR_ERROR_UNKNOWN_FORMAT, "%s: not read: %s; the readers are text, jsonl, csv",
              path, foreign_format != NULL ? foreign_format : "a file of a kind without a reader");
  return NULL;
}

/* ---- files and folders ---- */

static guint64
file_size(const char *path)
{
  struct stat st;
  return stat(path, &st) == 0 && S_ISREG(st.st_mode) ? (guint64)st.st_size : 0;
}

static gboolean
read_source(CrIntakeRun *run, const char *path, const char *base_id, GError **error)
{
  g_autoptr(CrSource) source = cr_source_open(path, error);
  const CrReader *reader = source != NULL ? choose_reader(run, source, error) : NULL;
  return reader != NULL && reader->read(run, source, base_id, error);
}

static gboolean
read_file(CrIntakeRun *run, const char *path, const char *base_id, GError **error)
{
  gboolean done = read_source(run, path, base_id, error);
  run->bytes_done += file_size(path);
  if (run->sink->progress != NULL)
    run->sink->progress(run->bytes_done, run->bytes_all, run->user_data);
  return done;
}

static char *
without_extension(const char *name)
{
  const char *slash = strrchr(name, '/'), *dot = strrchr(name, '.');
  gboolean has = dot != NULL && dot != name && (slash == NULL || dot > slash + 1);
  return has ? g_strndup(name, (gsize)(dot - name)) : g_strdup(name);
}

static int
compare_names(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Adds the files below root/relative. Hidden files are left alone, linked folders are not entered: no loops.
 */
static gboolean
list_files(const char *root, const char *relative, GPtrArray *files, GError **error)
{
  g_autofree char *path = g_build_filename(root, relative, NULL);
  g_autoptr(GError) failure = NULL;
  g_autoptr(GDir) dir = g_dir_open(path, 0, &failure);
  if (dir == NULL) {
    g_set_error(error, CR_ERROR, CR_ERROR_IO, "%s: opening the folder: %s", path, failure->message);
    return FALSE;
  }
  for (const char *name = g_dir_read_name(dir); name != NULL; name = g_dir_read_name(dir)) {
    if (name[0] == '.')
      continue;
    g_autofree char *below = relative[0] != '\0' ? g_build_filename(relative, name, NULL) : g_strdup(name);
    g_autofree char *full = g_build_filename(root, below, NULL);
    struct stat st;
    if (lstat(full, &st) == 0 && S_ISDIR(st.st_mode)) {
      if (!list_files(root, below, files, error))
        return FALSE;
    } else if (!S_ISLNK(st.st_mode) || !g_file_test(full, G_FILE_TEST_IS_DIR)) {
      g_ptr_array_add(files, g_steal_pointer(&below));
    }
  }
  return TRUE;
}

/* A file of a folder that cannot be read at all is quarantined like a record, and the others go on. */
static gboolean
read_member(CrIntakeRun *run, const char *root, const char *relative, GError **error)
{
  g_autofree char *path = g_build_filename(root, relative, NULL);
  g_autofree char *base_id = without_extension(relative);
  g_autoptr(GError) failure = NULL;
  struct stat st;
  if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
    cr_intake_quarantine(run, path, 1, 0, g_error_new(CR_ERROR, CR_ERROR_IO, "%s: not a regular file", path));
    return TRUE;
  }
  if (read_file(run, path, base_id, &failure))
    return TRUE;
  if (run->stopped) {
    g_propagate_error(error, g_steal_pointer(&failure));
    return FALSE;
  }
  cr_intake_quarantine(run, path, 1, 0, g_steal_pointer(&failure));
  return TRUE;
}

static gboolean
read_folder(CrIntakeRun *run, const char *path, GError **error)
{
  g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
  if (!list_files(path, "", files, error))
    return FALSE;
  g_ptr_array_sort(files, compare_names);
  for (guint i = 0; i < files->len; i++) {
    g_autofree char *full = g_build_filename(path, files->pdata[i], NULL);
    run->bytes_all += file_size(full);
  }
  for (guint i = 0; i < files->len; i++)
    if (!read_member(run, path, files->pdata[i], error))
      return FALSE;
  return TRUE;
}

gboolean
cr_intake_read(const char *path, const CrIntakeOptions *options, const CrIntakeSink *sink, gpointer user_data,
               GError **error)
{
  static const CrIntakeOptions no_options = {0};
  CrIntakeRun run = {
      .options = options != NULL ? options : &no_options, .sink = sink, .user_data = user_data};
  g_assert(path != NULL && sink != NULL && sink->accept != NULL);
  if (g_file_test(path, G_FILE_TEST_IS_DIR))
    return read_folder(&run, path, error);
  run.bytes_all = file_size(path);
  g_autofree char *name = g_path_get_basename(path);
  g_autofree char *base_id = without_extension(name);
  return read_file(&run, path, base_id, error);
}
