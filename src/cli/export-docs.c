/* export-docs.c: see export-docs.h. */
#include "cli/export-docs.h"

#include <string.h>

typedef struct {
  CrDocumentFunc func;
  gpointer user_data;
  GError *refused; /* the first that could not be read */
  guint64 n;
} Walk;

static void
bad_cb(const GError *error, gpointer user_data)
{
  Walk *w = user_data;
  if (!w->refused && !g_error_matches(error, CR_ERROR, CR_ERROR_NOT_CARRIED))
    w->refused = g_error_copy(error);
}

static gboolean
document_cb(json_t *document, gpointer user_data, GError **error)
{
  Walk *w = user_data;
  w->n++;
  return w->func(document, w->user_data, error);
}

static gboolean
read_one(const CrFormat *format, const char *path, Walk *w, GError **error)
{
  gboolean ok = format->read(path, document_cb, bad_cb, w, error);
  if (ok && w->refused)
    g_propagate_error(error, g_steal_pointer(&w->refused));
  else if (!ok || !w->refused)
    return ok;
  return FALSE;
}

static gint
compare_paths(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Paths in the folder that end in suffix ("": folders), sorted. */
static GPtrArray *
list_folder(const char *path, const char *suffix)
{
  GPtrArray *found = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
  for (const char *name; dir && (name = g_dir_read_name(dir));) {
    g_autofree char *full = g_build_filename(path, name, NULL);
    gboolean is_dir = g_file_test(full, G_FILE_TEST_IS_DIR);
    if (*suffix ? !is_dir && g_str_has_suffix(name, suffix) : is_dir)
      g_ptr_array_add(found, g_steal_pointer(&full));
  }
  g_ptr_array_sort(found, compare_paths);
  return found;
}

static gboolean
read_all(const CrFormat *format, const GPtrArray *paths, Walk *w, GError **error)
{
  for (guint i = 0; i < paths->len; i++)
    if (!read_one(format, paths->pdata[i], w, error))
      return FALSE;
  return TRUE;
}

/* FORMAT/PART below the folder, as `export` lays out what is a folder itself. */
static gboolean
read_below(const char *path, Walk *w, GError **error)
{
  for (guint i = 0; cr_formats()[i] && w->n == 0; i++) {
    const CrFormat *format = cr_formats()[i];
    g_autofree char *below = g_build_filename(path, format->name, NULL);
    g_autoptr(GPtrArray) parts = list_folder(below, "");
    if (format->is_folder && !read_all(format, parts, w, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
read_folder(const char *path, Walk *w, GError **error)
{
  g_autoptr(GPtrArray) lines = list_folder(path, ".jsonl");
  if (lines->len > 0)
    return read_all(cr_format_find("jsonl"), lines, w, error);
  if (!read_below(path, w, error))
    return FALSE;
  const CrFormat *format = w->n == 0 ? cr_format_sniff(path) : NULL;
  return !format || read_one(format, path, w, error);
}

gboolean
cr_export_walk(const char *path, CrDocumentFunc func, gpointer user_data, GError **error)
{
  Walk w = {func, user_data, NULL, 0};
  gboolean ok = g_file_test(path, G_FILE_TEST_IS_DIR) ? read_folder(path, &w, error)
                                                      : read_one(cr_format_find("jsonl"), path, &w, error);
  g_clear_error(&w.refused);
  if (!ok || w.n > 0)
    return ok;
  g_set_error(error, CR_ERROR, CR_ERROR_NOT_FOUND, "%s: there is no document in it", path);
  return FALSE;
}
