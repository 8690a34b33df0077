/* json.c: jansson with this project's limits, and a dumper that writes numbers in their shortest exact form.
 */
#include <chartroom/json.h>

#include <float.h>
#include <math.h>
#include <string.h>

#define MAX_DEPTH 64

/* ---- reading ---- */

/* What jansson would report by halves, or allow: depth and surrogate escapes. One pass over the bytes that
 * knows strings. */
typedef struct {
  const char *at, *start, *end;
  guint depth;
} Scan;

static gboolean
fail(GError **error, CrErrorCode code, gsize byte_off, const char *what)
{
  g_set_error(error, CR_ERROR, (gint)code, "byte %" G_GSIZE_FORMAT ": %s", byte_off, what);
  return FALSE;
}

static gboolean
hex4(const char *p, const char *end, guint *value)
{
  *value = 0;
  if (end - p < 4)
    return FALSE;
  for (int i = 0; i < 4; i++) {
    int digit = g_ascii_xdigit_value(p[i]);
    if (digit < 0)
      return FALSE;
    *value = *value << 4 | (guint)digit;
  }
  return TRUE;
}

/* at is behind "\u". A high surrogate must be followed by an escaped low one; NUL is refused. */
static gboolean
check_escape(Scan *s, GError **error)
{
  guint first, second;
  gsize off = (gsize)(s->at - s->start) - 2;
  if (!hex4(s->at, s->end, &first))
    return TRUE; /* not a well-formed escape: the parser says so */
  s->at += 4;
  if (first == 0)
    return fail(error, CR_ERROR_NUL_BYTE, off, "an escaped NUL");
  if (first < 0xD800 || first > 0xDFFF)
    return TRUE;
  if (first <= 0xDBFF && s->end - s->at >= 6 && s->at[0] == '\\' && s->at[1] == 'u' &&
      hex4(s->at + 2, s->end, &second) && second >= 0xDC00 && second <= 0xDFFF) {
    s->at += 6;
    return TRUE;
  }
  return fail(error, CR_ERROR_LONE_SURROGATE, off, "half of a surrogate pair");
}

static gboolean
skip_string(Scan *s, GError **error)
{
  while (s->at < s->end && *s->at != '"') {
    if (*s->at == 0)
      return fail(error, CR_ERROR_NUL_BYTE, (gsize)(s->at - s->start), "a NUL byte");
    if (*s->at++ != '\\' || s->at >= s->end)
      continue;
    if (*s->at++ == 'u' && !check_escape(s, error))
      return FALSE;
  }
  s->at++;
  return TRUE;
}

static gboolean
scan(const char *bytes, gsize n_bytes, GError **error)
{
  Scan s = {bytes, bytes, bytes + n_bytes, 0};
  while (s.at < s.end) {
    char c = *s.at++;
    if (c == '"' && !skip_string(&s, error))
      return FALSE;
    if (c == 0)
      return fail(error, CR_ERROR_NUL_BYTE, (gsize)(s.at - bytes) - 1, "a NUL byte");
    if ((c == '{' || c == '[') && ++s.depth > MAX_DEPTH)
      return fail(error, CR_ERROR_LIMIT, (gsize)(s.at - bytes) - 1, "nested more than 64 deep");
    if ((c == '}' || c == ']') && s.depth > 0)
      s.depth--;
  }
  return TRUE;
}

json_t *
cr_json_parse(const char *bytes, gsize n_bytes, GError **error)
{
  json_error_t why;
  const char *bad = NULL;
  if (!g_utf8_validate_len(bytes, n_bytes, &bad) &&
      *bad != 0) { /* at a NUL the scan below has the better word */
    fail(error, CR_ERROR_INVALID_UTF8, (gsize)(bad - bytes), "not UTF-8");
    return NULL;
  }
  if (!scan(bytes, n_bytes, error))
    return NULL;
  json_t *value = json_loadb(bytes, n_bytes, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &why);
  if (value)
    return value;
  /* jansson quotes the text near the fault; that may be note text, so only its place and kind are told. */
  char *near = strstr(why.text, " near '");
  g_set_error(error, CR_ERROR, CR_ERROR_BAD_JSON, "byte %d: %.*s", MAX(why.position, 0),
              near ? (int)(near - why.text) : 40, near ? why.text : "this is not JSON");
  return NULL;
}

/* ---- writing ---- */

static void
dump_string(GString *out, const char *text, gsize n)
{
  static const char hex[] = "0123456789abcdef";
  g_string_append_c(out, '"');
  for (gsize i = 0, from = 0; i <= n; i++) {
    unsigned char c = i < n ? (unsigned char)text[i] : 0;
    if (i < n && c >= 0x20 && c != '"' && c != '\\' && c != 0x7f)
      continue;
    g_string_append_len(out, text + from, (gssize)(i - from));
    from = i + 1;
    if (i == n)
      break;
    const char *named = c == '"'    ? "\\\""
                        : c == '\\' ? "\\\\"
                        : c == '\n' ? "\\n"
                        : c == '\r' ? "\\r"
                        : c == '\t' ? "\\t"
                                    : NULL;
    if (named)
      g_string_append(out, named);
    else
      g_string_append_printf(out, "\\u00%c%c", hex[c >> 4], hex[c & 15]);
  }
  g_string_append_c(out, '"');
}

/* The fewest digits that read back the same; always a real ("1.0"). Fifteen are never too many but for the
 * smallest numbers, which hold fewer. */
static void
dump_real(GString *out, double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];
  for (int digits = fabs(value) < DBL_MIN ? 1 : 15; digits <= 17; digits++) {
    char format[8];
    g_snprintf(format, sizeof format, "%%.%dg", digits);
    g_ascii_formatd(text, sizeof text, format, value);
    if (g_ascii_strtod(text, NULL) == value)
      break;
  }
  g_string_append(out, text);
  if (!strpbrk(text, ".eE"))
    g_string_append(out, ".0");
}

static void dump(GString *out, const json_t *value);

static void
dump_object(GString *out, const json_t *object)
{
  const char *key;
  json_t *member;
  gboolean first = TRUE;
  g_string_append_c(out, '{');
  json_object_foreach((json_t *)object, key, member)
  {
    if (!first)
      g_string_append_c(out, ',');
    first = FALSE;
    dump_string(out, key, strlen(key));
    g_string_append_c(out, ':');
    dump(out, member);
  }
  g_string_append_c(out, '}');
}

static void
dump_array(GString *out, const json_t *array)
{
  g_string_append_c(out, '[');
  for (size_t i = 0; i < json_array_size(array); i++) {
    if (i)
      g_string_append_c(out, ',');
    dump(out, json_array_get(array, i));
  }
  g_string_append_c(out, ']');
}

static void
dump(GString *out, const json_t *value)
{
  switch (json_typeof(value)) {
  case JSON_OBJECT:
    dump_object(out, value);
    break;
  case JSON_ARRAY:
    dump_array(out, value);
    break;
  case JSON_STRING:
    dump_string(out, json_string_value(value), json_string_length(value));
    break;
  case JSON_INTEGER:
    g_string_append_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    break;
  case JSON_REAL:
    dump_real(out, json_real_value(value));
    break;
  case JSON_TRUE:
    g_string_append(out, "true");
    break;
  case JSON_FALSE:
    g_string_append(out, "false");
    break;
  case JSON_NULL:
    g_string_append(out, "null");
    break;
  }
}

char *
cr_json_dump(const json_t *value)
{
  GString *out = g_string_new(NULL);
  dump(out, value);
  return g_string_free(out, FALSE);
}
