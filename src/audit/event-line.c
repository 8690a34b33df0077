/* event line: one event as one JSON object, keys in fixed order, written and read by hand because a million
 * of them pass here in seconds and every byte is hashed.
 *
 * {"seq":0,"time":"…","mono":…,"boot":"…","actor":"…","role":"…","session":"…","object":"…","action":"…",
 *  "old":"…","new":"…","reason":"…","sealed":true,"version":"…","prev":"64 digits","hash":"64 digits"}
 *
 * Absent strings and a false sealed are left out. The hash is SHA-256 over the bytes before ,"hash". */
#include "audit/audit-private.h"

void
cr_hex_into(const guint8 *bytes, gsize n_bytes, char *out)
{
  static const char digits[] = "0123456789abcdef";
  for (gsize i = 0; i < n_bytes; i++) {
    out[2 * i] = digits[bytes[i] >> 4];
    out[2 * i + 1] = digits[bytes[i] & 15];
  }
}

void
cr_genesis_hex(const char *project_id, char out[CR_HEX_HASH + 1])
{
  g_autofree char *text = g_strconcat("chartroom audit v1\n", project_id, NULL);
  guint8 hash[CR_HASH_BYTES];
  cr_sha256(text, strlen(text), hash);
  cr_hex_into(hash, sizeof hash, out);
  out[CR_HEX_HASH] = '\0';
}

/* ---- writing ---- */

static inline gboolean
needs_escape(char c)
{
  return (guchar)c < 0x20 || c == '"' || c == '\\';
}

static void
write_escaped(GString *out, char c)
{
  static const char short_forms[][2] = {{'"', '"'},  {'\\', '\\'}, {'\n', 'n'}, {'\r', 'r'},
                                        {'\t', 't'}, {'\b', 'b'},  {'\f', 'f'}};
  for (guint i = 0; i < G_N_ELEMENTS(short_forms); i++)
    if (short_forms[i][0] == c) {
      g_string_append_c(out, '\\');
      g_string_append_c(out, short_forms[i][1]);
      return;
    }
  g_string_append_printf(out, "\\u%04x", (guint)(guchar)c);
}

static void
write_valid(GString *out, const char *utf8)
{
  g_string_append_c(out, '"');
  for (const char *p = utf8; *p;) {
    const char *run = p;
    while (*p && !needs_escape(*p))
      p++;
    g_string_append_len(out, run, p - run);
    if (*p)
      write_escaped(out, *p++);
  }
  g_string_append_c(out, '"');
}

/* The trail must stay readable whatever a caller hands in: invalid bytes become U+FFFD. */
void
cr_json_string_write(GString *out, const char *utf8)
{
  if (g_utf8_validate(utf8, -1, NULL)) {
    write_valid(out, utf8);
    return;
  }
  g_autofree char *valid = g_utf8_make_valid(utf8, -1);
  write_valid(out, valid);
}

static void
write_member(GString *out, const char *key, const char *value)
{
  if (!value)
    return;
  g_string_append(out, key);
  cr_json_string_write(out, value);
}

void
cr_event_line_write(GString *out, const CrEventPlace *place, const CrEvent *event, guint8 hash[CR_HASH_BYTES])
{
  gsize start = out->len;
  g_string_append_printf(out, "{\"seq\":%" G_GUINT64_FORMAT, place->seq);
  write_member(out, ",\"time\":", place->time);
  g_string_append_printf(out, ",\"mono\":%" G_GINT64_FORMAT, place->mono_us);
  write_member(out, ",\"boot\":", place->boot);
  write_member(out, ",\"actor\":", event->actor);
  write_member(out, ",\"role\":", event->role);
  write_member(out, ",\"session\":", event->session);
  write_member(out, ",\"object\":", event->object);
  write_member(out, ",\"action\":", event->action);
  write_member(out, ",\"old\":", event->old_value);
  write_member(out, ",\"new\":", event->new_value);
  write_member(out, ",\"reason\":", event->reason);
  if (event->sealed)
    g_string_append(out, ",\"sealed\":true");
  write_member(out, ",\"version\":", CR_VERSION);
  write_member(out, ",\"prev\":", place->prev_hex);
  cr_sha256(out->str + start, out->len - start, hash);
  char hex[CR_HEX_HASH];
  cr_hex_into(hash, CR_HASH_BYTES, hex);
  g_string_append(out, ",\"hash\":\"");
  g_string_append_len(out, hex, sizeof hex);
  g_string_append(out, "\"}\n");
}

/* ---- reading ---- */

typedef struct {
  const char *p, *end;
} Cursor;

static inline gboolean
skip(Cursor *cursor, const char *literal, gsize n)
{
  if ((gsize)(cursor->end - cursor->p) < n || memcmp(cursor->p, literal, n) != 0)
    return FALSE;
  cursor->p += n;
  return TRUE;
}
#define SKIP(cursor, literal) skip(cursor, literal, sizeof(literal) - 1)

/* A number as written: digits without a leading zero. */
static gboolean
read_number(Cursor *cursor, guint64 *out)
{
  const char *start = cursor->p;
  guint64 n = 0;
  for (; cursor->p < cursor->end && g_ascii_isdigit(*cursor->p); cursor->p++)
    if (!g_uint64_checked_mul(&n, n, 10) || !g_uint64_checked_add(&n, n, (guint64)(*cursor->p - '0')))
      return FALSE;
  if (cursor->p == start || (*start == '0' && cursor->p - start > 1))
    return FALSE;
  *out = n;
  return TRUE;
}

static gboolean
read_signed(Cursor *cursor, gint64 *out)
{
  gboolean negative = SKIP(cursor, "-");
  guint64 n = 0;
  if (!read_number(cursor, &n) || n > G_MAXINT64)
    return FALSE;
  *out = negative ? -(gint64)n : (gint64)n;
  return TRUE;
}

/* The length of the escape at p, 0 where it is none of those that are written (a NUL never is). */
static gsize
escape_length(const char *p, const char *end)
{
  if (end - p >= 2 && strchr("\"\\nrtbf", p[1]) && p[1])
    return 2;
  if (end - p >= 6 && p[1] == 'u' && p[2] == '0' && p[3] == '0' && (p[4] == '0' || p[4] == '1') &&
      g_ascii_isxdigit(p[5]) && (p[4] == '1' || p[5] != '0'))
    return 6;
  return 0;
}

static gboolean
read_string(Cursor *cursor, CrSlice *out)
{
  if (!SKIP(cursor, "\""))
    return FALSE;
  const char *p = cursor->p, *end = cursor->end;
  while (p < end && *p != '"') {
    gsize n = *p == '\\' ? escape_length(p, end) : (guchar)*p >= 0x20;
    if (n == 0)
      return FALSE;
    p += n;
  }
  if (p >= end)
    return FALSE;
  *out = (CrSlice){cursor->p, (gsize)(p - cursor->p)};
  cursor->p = p + 1;
  return TRUE;
}

static inline gboolean
is_hex_digit(char c)
{
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static gboolean
read_hash(Cursor *cursor, const char **out)
{
  CrSlice slice = {NULL, 0};
  if (!read_string(cursor, &slice) || slice.n_bytes != CR_HEX_HASH)
    return FALSE;
  for (gsize i = 0; i < CR_HEX_HASH; i++)
    if (!is_hex_digit(slice.bytes[i]))
      return FALSE;
  *out = slice.bytes;
  return TRUE;
}

static gboolean
read_fields(Cursor *cursor, CrEventLine *line)
{
  static const struct {
    const char *key;
    gsize n_key;
    CrField field;
  } optional[] = {{",\"actor\":", 9, CR_FIELD_ACTOR},      {",\"role\":", 8, CR_FIELD_ROLE},
                  {",\"session\":", 11, CR_FIELD_SESSION}, {",\"object\":", 10, CR_FIELD_OBJECT},
                  {",\"action\":", 10, CR_FIELD_ACTION},   {",\"old\":", 7, CR_FIELD_OLD},
                  {",\"new\":", 7, CR_FIELD_NEW},          {",\"reason\":", 10, CR_FIELD_REASON}};
  for (guint i = 0; i < G_N_ELEMENTS(optional); i++)
    if (skip(cursor, optional[i].key, optional[i].n_key) &&
        !read_string(cursor, &line->fields[optional[i].field]))
      return FALSE;
  return TRUE;
}

gboolean
cr_event_line_parse(const char *bytes, gsize n_bytes, CrEventLine *out)
{
  Cursor cursor = {bytes, bytes + n_bytes};
  CrEventLine line = {0};
  if (!SKIP(&cursor, "{\"seq\":") || !read_number(&cursor, &line.seq) || !SKIP(&cursor, ",\"time\":") ||
      !read_string(&cursor, &line.fields[CR_FIELD_TIME]) || !SKIP(&cursor, ",\"mono\":") ||
      !read_signed(&cursor, &line.mono_us) || !SKIP(&cursor, ",\"boot\":") ||
      !read_string(&cursor, &line.fields[CR_FIELD_BOOT]) || !read_fields(&cursor, &line))
    return FALSE;
  line.sealed = SKIP(&cursor, ",\"sealed\":true");
  if (!SKIP(&cursor, ",\"version\":") || !read_string(&cursor, &line.fields[CR_FIELD_VERSION]) ||
      !SKIP(&cursor, ",\"prev\":") || !read_hash(&cursor, &line.prev))
    return FALSE;
  line.n_hashed = (gsize)(cursor.p - bytes);
  if (!SKIP(&cursor, ",\"hash\":") || !read_hash(&cursor, &line.hash) || !SKIP(&cursor, "}") ||
      cursor.p != cursor.end)
    return FALSE;
  *out = line;
  return TRUE;
}

/* ---- values ---- */

static char
unescape(const char *p, gsize *n)
{
  *n = 2;
  switch (p[1]) {
  case 'n':
    return '\n';
  case 'r':
    return '\r';
  case 't':
    return '\t';
  case 'b':
    return '\b';
  case 'f':
    return '\f';
  case 'u':
    *n = 6;
    return (char)(g_ascii_xdigit_value(p[4]) * 16 + g_ascii_xdigit_value(p[5]));
  default:
    return p[1];
  }
}

char *
cr_slice_dup(CrSlice slice)
{
  if (!slice.bytes)
    return NULL;
  char *plain = g_malloc(slice.n_bytes + 1), *to = plain;
  for (const char *p = slice.bytes, *end = p + slice.n_bytes; p < end;) {
    gsize n = 1;
    *to++ = *p == '\\' ? unescape(p, &n) : *p;
    p += n;
  }
  *to = '\0';
  if (g_utf8_validate(plain, to - plain, NULL))
    return plain;
  char *valid = g_utf8_make_valid(plain, to - plain); /* a line that was tampered with must still be shown */
  g_free(plain);
  return valid;
}

gboolean
cr_slice_is(CrSlice slice, const char *plain)
{
  return slice.bytes && slice.n_bytes == strlen(plain) && memcmp(slice.bytes, plain, slice.n_bytes) == 0;
}
