/* lines.c: files of JSON lines, and the numbers that people type. */
#include "cli/lines.h"
#include "base/base.h"
#include "cli/cli.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#define MAX_FILE ((gsize)1 << 30)

static GBytes *
read_stdin(GError **error)
{
  g_autoptr(GByteArray) all = g_byte_array_new();
  guint8 buffer[65536];
  for (;;) {
    ssize_t n = read(STDIN_FILENO, buffer, sizeof buffer);
    if (n < 0) {
      cr_error_set_errno(error, errno, "standard input", "reading");
      return NULL;
    }
    if (n == 0)
      return g_byte_array_free_to_bytes(g_steal_pointer(&all));
    if (all->len + (gsize)n > MAX_FILE) {
      g_set_error(error, CR_ERROR, CR_ERROR_LIMIT, "standard input: more than %zu bytes", MAX_FILE);
      return NULL;
    }
    g_byte_array_append(all, buffer, (guint)n);
  }
}

static gboolean
add_line(json_t *lines, const char *path, guint number, const char *at, gsize n, GError **error)
{
  while (n > 0 && g_ascii_isspace(at[n - 1]))
    n--;
  while (n > 0 && g_ascii_isspace(*at))
    at++, n--;
  if (n == 0)
    return TRUE;
  g_autoptr(json_t) value = cr_json_parse(at, n, error);
  if (!value) {
    g_prefix_error(error, "%s:%u: ", path, number);
    return FALSE;
  }
  if (!json_is_object(value)) {
    g_set_error(error, CR_ERROR, CR_ERROR_BAD_JSON, "%s:%u: the line is not an object", path, number);
    return FALSE;
  }
  json_array_append(lines, value);
  return TRUE;
}

json_t *
cr_cli_read_lines(const char *path, GError **error)
{
  g_autoptr(GBytes) bytes = g_str_equal(path, "-") ? read_stdin(error) : cr_file_read(path, MAX_FILE, error);
  if (!bytes)
    return NULL;
  g_autoptr(json_t) lines = json_array();
  gsize n = 0;
  const char *at = g_bytes_get_data(bytes, &n), *end = at + n;
  if (n >= 3 && memcmp(at, "\xEF\xBB\xBF", 3) == 0)
    at += 3;
  for (guint number = 1; at < end; number++) {
    const char *stop = memchr(at, '\n', (gsize)(end - at));
    stop = stop ? stop : end;
    if (!add_line(lines, path, number, at, (gsize)(stop - at), error))
      return NULL;
    at = stop + 1;
  }
  return g_steal_pointer(&lines);
}

gboolean
cr_cli_parse_share(const char *given, double *share, GError **error)
{
  char *end;
  double value = g_ascii_strtod(given, &end);
  gboolean any = end != given;
  while (*end == ' ')
    end++;
  if (*end == '%') {
    value /= 100;
    end++;
  }
  if (any && !*end && isfinite(value) && value >= 0 && value <= 1) {
    *share = value;
    return TRUE;
  }
  g_autofree char *said = cr_error_excerpt(given, 20);
  g_set_error(error, CR_ERROR, CR_ERROR_USAGE, "'%s' is not a share: write it as 20%% or 0.2", said);
  return FALSE;
}

gboolean
cr_cli_parse_number(const char *option, const char *given, gint64 *number, GError **error)
{
  guint64 value;
  if (g_ascii_string_to_unsigned(given, 10, 0, G_MAXINT64, &value, NULL)) {
    *number = (gint64)value;
    return TRUE;
  }
  g_autofree char *said = cr_error_excerpt(given, 20);
  g_set_error(error, CR_ERROR, CR_ERROR_USAGE, "%s takes a whole number from 0, not '%s'", option, said);
  return FALSE;
}

const char *
cr_cli_text(const json_t *object, const char *key)
{
  const char *text = json_string_value(json_object_get(object, key));
  return text ? text : "";
}

gint64
cr_cli_int(const json_t *object, const char *key)
{
  return json_integer_value(json_object_get(object, key));
}

void
cr_cli_print_json_lines(const json_t *list)
{
  json_t *item;
  gsize i;
  json_array_foreach((json_t *)list, i, item) cr_cli_print_json(item);
}
