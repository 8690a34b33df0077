/* Taking the note out of a JSON line before the line is parsed: nearly all of a line is the one string that
 * holds the note, and a general parser goes through it character by character, several times. Here it is
 * found and unescaped in long runs, and the parser sees an empty string in its place. Anything out of the
 * ordinary is left to the parser, which knows how to say what is wrong. */
#include "intake/intake-private.h"
#include <string.h>

enum { WORTH_IT = 256 }; /* bytes of a string below which the parser is as fast */

/* Behind the closing quote of the string whose opening quote is at `from` - 1; NULL where it does not close.
 */
static const char *
string_end(const char *from, const char *end)
{
  for (const char *at = from; at < end; at++) {
    at = memchr(at, '"', (gsize)(end - at));
    if (at == NULL)
      return NULL;
    gsize n_backslashes = 0;
    while (at - n_backslashes > from && at[-(gssize)n_backslashes - 1] == '\\')
      n_backslashes++;
    if (n_backslashes % 2 == 0)
      return at + 1;
  }
  return NULL;
}

static const char *
skip_space(const char *at, const char *end)
{
  while (at < end && (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n'))
    at++;
  return at;
}

static gboolean
is_key(const char *bytes, gsize n_bytes, const char *const *keys)
{
  for (; *keys != NULL; keys++)
    if (strlen(*keys) == n_bytes && memcmp(*keys, bytes, n_bytes) == 0)
      return TRUE;
  return FALSE;
}

/* ---- unescaping ---- */

static gboolean
has_control(const char *bytes, gsize n_bytes)
{
  const guint64 ones = G_GUINT64_CONSTANT(0x0101010101010101), highs = ones << 7;
  gsize i = 0;
  for (; i + 8 <= n_bytes; i += 8) {
    guint64 word;
    memcpy(&word, bytes + i, 8);
    if (((word - ones * 0x20) & ~word & highs) != 0) /* a byte below 0x20 */
      return TRUE;
  }
  for (; i < n_bytes; i++)
    if ((guchar)bytes[i] < 0x20)
      return TRUE;
  return FALSE;
}

static gboolean
hex4(const char *at, const char *end, guint *value)
{
  *value = 0;
  for (gsize i = 0; i < 4; i++) {
    int digit = at + i < end ? g_ascii_xdigit_value(at[i]) : -1;
    if (digit < 0)
      return FALSE;
    *value = *value << 4 | (guint)digit;
  }
  return TRUE;
}

/* at stands behind "\u"; behind the escape, or its pair of escapes, afterwards. FALSE for NUL and half pairs.
 */
static gboolean
unescape_unicode(const char **at, const char *end, GByteArray *out)
{
  guint first = 0, second = 0;
  char utf8[6];
  if (!hex4(*at, end, &first) || first == 0 || (first >= 0xDC00 && first <= 0xDFFF))
    return FALSE;
  *at += 4;
  if (first >= 0xD800 && first <= 0xDBFF) {
    if (end - *at < 6 || (*at)[0] != '\\' || (*at)[1] != 'u' || !hex4(*at + 2, end, &second) ||
        second < 0xDC00 || second > 0xDFFF)
      return FALSE;
    *at += 6;
    first = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
  }
  g_byte_array_append(out, (const guint8 *)utf8, (guint)g_unichar_to_utf8(first, utf8));
  return TRUE;
}

static gboolean
unescape_one(const char **at, const char *end, GByteArray *out)
{
  static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
  if (*at >= end)
    return FALSE;
  char c = *(*at)++;
  if (c == 'u')
    return unescape_unicode(at, end, out);
  const char *name = c != '\0' ? strchr(names, c) : NULL;
  if (name == NULL)
    return FALSE;
  g_byte_array_append(out, (const guint8 *)&values[name - names], 1);
  return TRUE;
}

static gboolean
unescape(const char *at, const char *end, GByteArray *out)
{
  if (has_control(at, (gsize)(end - at)))
    return FALSE;
  while (at < end) {
    const char *backslash = memchr(at, '\\', (gsize)(end - at));
    const char *stop = backslash != NULL ? backslash : end;
    g_byte_array_append(out, (const guint8 *)at, (guint)(stop - at));
    at = stop;
    if (backslash != NULL) {
      at++;
      if (!unescape_one(&at, end, out))
        return FALSE;
    }
  }
  return TRUE;
}

/* ---- the cut ---- */

/* The value of the first of keys in the outermost object that is a long string: its bytes between the quotes.
 */
static gboolean
find_value(const char *bytes, gsize n_bytes, const char *const *keys, CrField *key, CrField *value)
{
  const char *end = bytes + n_bytes;
  guint depth = 0;
  for (const char *at = bytes; at < end;) {
    char c = *at++;
    depth += c == '{' || c == '[';
    depth -= (c == '}' || c == ']') && depth > 0;
    if (c != '"')
      continue;
    const char *behind = string_end(at, end);
    if (behind == NULL)
      return FALSE;
    *key = (CrField){at, (gsize)(behind - 1 - at)};
    at = behind;
    if (depth != 1 || !is_key(key->bytes, key->n_bytes, keys))
      continue;
    const char *colon = skip_space(behind, end), *quote = colon < end ? skip_space(colon + 1, end) : end;
    if (quote >= end || *colon != ':' || *quote != '"')
      continue;
    behind = string_end(quote + 1, end);
    if (behind == NULL)
      return FALSE;
    *value = (CrField){quote + 1, (gsize)(behind - 1 - (quote + 1))};
    if (value->n_bytes >= WORTH_IT)
      return TRUE;
    at = behind;
  }
  return FALSE;
}

GByteArray *
cr_json_cut(const char *bytes, gsize n_bytes, const char *const *keys, GString *rest, char **key)
{
  CrField name, value;
  if (n_bytes > G_MAXINT || !find_value(bytes, n_bytes, keys, &name, &value))
    return NULL;
  g_autoptr(GByteArray) text = g_byte_array_sized_new((guint)value.n_bytes);
  if (!unescape(value.bytes, value.bytes + value.n_bytes, text))
    return NULL;
  g_string_truncate(rest, 0);
  g_string_append_len(rest, bytes, value.bytes - bytes);
  g_string_append_len(rest, value.bytes + value.n_bytes,
                      bytes + n_bytes - value.bytes - (gssize)value.n_bytes);
  *key = g_strndup(name.bytes, name.n_bytes);
  return g_steal_pointer(&text);
}
