/* The files of a model's folder: small ones, read whole, refused by name. */
#include "onnx-private.h"
#include "base/base.h"
#include <errno.h>
#include <string.h>

gboolean
onnx_refuse(GError **error, const char *path, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *what = g_strdup_vprintf(format, args);
  va_end(args);
  g_set_error(error, CR_ERROR, CR_ERROR_ONNX_MODEL, "%s: %s", path, what);
  return FALSE;
}

char *
onnx_path(const char *folder, const char *name)
{
  return g_build_filename(folder, name, NULL);
}

gboolean
onnx_has(const char *folder, const char *name)
{
  g_autofree char *path = onnx_path(folder, name);
  return g_file_test(path, G_FILE_TEST_EXISTS);
}

json_t *
onnx_read_object(const char *folder, const char *name, GChecksum *hash, GError **error)
{
  g_autofree char *path = onnx_path(folder, name);
  g_autoptr(GError) cause = NULL;
  if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
    onnx_refuse(error, path, "there is no such file");
    return NULL;
  }
  g_autoptr(GBytes) bytes = cr_file_read(path, ONNX_MAX_FILE, error);
  if (!bytes)
    return NULL;
  gsize n = 0;
  const char *s = g_bytes_get_data(bytes, &n);
  if (hash && n)
    g_checksum_update(hash, (const guchar *)s, (gssize)n);
  g_autoptr(json_t) value = cr_json_parse(s ? s : "", n, &cause);
  if (value && json_is_object(value))
    return g_steal_pointer(&value);
  onnx_refuse(error, path, "%s", cause ? cause->message : "not a JSON object");
  return NULL;
}

gboolean
onnx_json_number(const json_t *object, const char *key, gint64 fallback, gint64 least, gint64 most,
                 gint64 *out)
{
  const json_t *value = json_object_get(object, key);
  if (!value || json_is_null(value)) {
    *out = fallback;
    return TRUE;
  }
  if (!json_is_integer(value) || json_integer_value(value) < least || json_integer_value(value) > most)
    return FALSE;
  *out = json_integer_value(value);
  return TRUE;
}
