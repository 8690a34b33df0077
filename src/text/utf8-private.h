/* utf8: validation and counting, eight bytes at a time. Inside of the text room. */
#pragma once
#include <glib.h>
#include <string.h>

typedef enum { CR_UTF8_OK, CR_UTF8_INVALID, CR_UTF8_NUL } CrUtf8Fault;

/* The first fault of the bytes and where it is. *ascii tells whether every byte is below 0x80 (set only where
 * there is no fault). */
CrUtf8Fault cr_utf8_check(const char *bytes, gsize n_bytes, gsize *fault_off, gboolean *ascii);

/* How many characters and UTF-16 units start within the bytes. */
typedef struct {
  gsize code_points, utf16;
} CrUtf8Count;
CrUtf8Count cr_utf8_count(const char *bytes, gsize n_bytes);

/* Walks from byte 0 of valid UTF-8 (continuation bytes before the first character are skipped) to where
 * exactly n units (UTF-16 when utf16, else code points) have started: the byte of the character that starts
 * next, or n_bytes. FALSE where n lies inside a surrogate pair or beyond the end. */
gboolean cr_utf8_advance(const char *bytes, gsize n_bytes, gsize n, gboolean utf16, gsize *out);

static inline gboolean
cr_utf8_is_continuation(char byte)
{
  return ((guchar)byte & 0xC0) == 0x80;
}

/* The character at valid UTF-8 and its length. */
static inline gunichar
cr_utf8_get(const char *bytes, guint *n_bytes)
{
  const guchar *p = (const guchar *)bytes;
  if (p[0] < 0x80)
    return *n_bytes = 1, p[0];
  if (p[0] < 0xE0)
    return *n_bytes = 2, (gunichar)((p[0] & 0x1F) << 6 | (p[1] & 0x3F));
  if (p[0] < 0xF0)
    return *n_bytes = 3, (gunichar)((p[0] & 0x0F) << 12 | (p[1] & 0x3F) << 6 | (p[2] & 0x3F));
  *n_bytes = 4;
  return (gunichar)((p[0] & 0x07) << 18 | (p[1] & 0x3F) << 12 | (p[2] & 0x3F) << 6 | (p[3] & 0x3F));
}
