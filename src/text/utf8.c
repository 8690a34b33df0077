/* utf8: validation and counting, eight bytes at a time.
 *
 * The byte tricks: in a word, ONES has bit 0 of each byte, HIGHS bit 7. Sums of per-byte flags come from one
 * multiplication by ONES (the top byte of the product is the sum of the bytes). */
#include "text/utf8-private.h"

#define ONES G_GUINT64_CONSTANT(0x0101010101010101)
#define HIGHS G_GUINT64_CONSTANT(0x8080808080808080)

static inline guint64
load_word(const char *bytes)
{
  guint64 word;
  memcpy(&word, bytes, sizeof word);
  return word;
}

/* Bit 7 of some byte is set where a byte is NUL or not ASCII; exact as a yes or no for the whole word. */
static inline guint64
not_plain(guint64 word)
{
  return (word | (word - ONES)) & HIGHS;
}

/* The length of the run of bytes 01-7F at the start, to within the last few bytes of it. */
static gsize
skip_plain(const char *bytes, gsize n_bytes)
{
  gsize i = 0;
  while (i + 32 <= n_bytes) {
    guint64 any = not_plain(load_word(bytes + i)) | not_plain(load_word(bytes + i + 8)) |
                  not_plain(load_word(bytes + i + 16)) | not_plain(load_word(bytes + i + 24));
    if (any)
      break;
    i += 32;
  }
  while (i + 8 <= n_bytes && !not_plain(load_word(bytes + i)))
    i += 8;
  return i;
}

/* The length of the well-formed character of two to four bytes at p, 0 where there is none (Unicode 15, table
 * 3-7: the second byte's range depends on the first). */
static guint
multibyte_length(const guchar *p, gsize n_left)
{
  if (p[0] < 0xC2 || p[0] > 0xF4)
    return 0;
  guint length = p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
  if (n_left < length)
    return 0;
  guchar low = p[0] == 0xE0 ? 0xA0 : p[0] == 0xF0 ? 0x90 : 0x80;
  guchar high = p[0] == 0xED ? 0x9F : p[0] == 0xF4 ? 0x8F : 0xBF;
  if (p[1] < low || p[1] > high)
    return 0;
  for (guint i = 2; i < length; i++)
    if ((p[i] & 0xC0) != 0x80)
      return 0;
  return length;
}

CrUtf8Fault
cr_utf8_check(const char *bytes, gsize n_bytes, gsize *fault_off, gboolean *ascii)
{
  const guchar *p = (const guchar *)bytes;
  gboolean plain = TRUE;
  gsize i = 0;
  while (i < n_bytes) {
    if (p[i] < 0x80 && p[i] != 0) {
      i += MAX(1, skip_plain(bytes + i, n_bytes - i));
      continue;
    }
    *fault_off = i;
    if (p[i] == 0)
      return CR_UTF8_NUL;
    guint length = multibyte_length(p + i, n_bytes - i);
    if (length == 0)
      return CR_UTF8_INVALID;
    plain = FALSE;
    i += length;
  }
  *ascii = plain;
  return CR_UTF8_OK;
}

/* Characters that start in the eight bytes; those of four bytes start another UTF-16 unit each. */
static inline CrUtf8Count
count_word(guint64 word)
{
  guint64 continuation = (word >> 7) & ~(word >> 6) & ONES;
  guint64 four_bytes = (word >> 7) & (word >> 6) & (word >> 5) & (word >> 4) & ONES;
  gsize code_points = 8 - (gsize)((continuation * ONES) >> 56);
  return (CrUtf8Count){code_points, code_points + (gsize)((four_bytes * ONES) >> 56)};
}

static inline CrUtf8Count
count_byte(char byte)
{
  if (cr_utf8_is_continuation(byte))
    return (CrUtf8Count){0, 0};
  return (CrUtf8Count){1, (guchar)byte >= 0xF0 ? 2 : 1};
}

CrUtf8Count
cr_utf8_count(const char *bytes, gsize n_bytes)
{
  CrUtf8Count sum = {0, 0};
  gsize i = 0;
  for (; i + 8 <= n_bytes; i += 8) {
    CrUtf8Count here = count_word(load_word(bytes + i));
    sum.code_points += here.code_points;
    sum.utf16 += here.utf16;
  }
  for (; i < n_bytes; i++) {
    CrUtf8Count here = count_byte(bytes[i]);
    sum.code_points += here.code_points;
    sum.utf16 += here.utf16;
  }
  return sum;
}

gboolean
cr_utf8_advance(const char *bytes, gsize n_bytes, gsize n, gboolean utf16, gsize *out)
{
  gsize started = 0, i = 0;
  for (; i + 8 <= n_bytes; i += 8) {
    CrUtf8Count here = count_word(load_word(bytes + i));
    gsize next = started + (utf16 ? here.utf16 : here.code_points);
    if (next > n)
      break;
    started = next;
  }
  for (; i < n_bytes && (started < n || cr_utf8_is_continuation(bytes[i])); i++) {
    CrUtf8Count here = count_byte(bytes[i]);
    started += utf16 ? here.utf16 : here.code_points;
  }
  if (started != n)
    return FALSE;
  *out = i;
  return TRUE;
}
