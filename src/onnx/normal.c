/* What a byte-level tokeniser sees of a text: its bytes, a space before them and composed accents where the
 * model was trained so; and the expression of GPT-2 that cuts it into pieces, read by hand:
 *   's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+ */
#include "onnx-private.h"
#include <string.h>

/* ---- normal form ---- */

enum { MAX_SEGMENT_CHARS = 64 }; /* putting marks in order takes the square of their number */

/* Whether c may melt into what stands before it: marks, and the later parts of a Korean syllable. */
static gboolean
continues_segment(gunichar c)
{
  GUnicodeType type = g_unichar_type(c);
  return type == G_UNICODE_NON_SPACING_MARK || type == G_UNICODE_SPACING_MARK ||
         type == G_UNICODE_ENCLOSING_MARK || (c >= 0x1160 && c <= 0x11ff);
}

static const char *
segment_end(const char *at, const char *stop)
{
  const char *next = g_utf8_next_char(at);
  for (guint n = 1; next < stop && n < MAX_SEGMENT_CHARS && continues_segment(g_utf8_get_char(next)); n++)
    next = g_utf8_next_char(next);
  return next;
}

typedef struct {
  GString *s;
  GArray *start, *end;
} Composing;

static void
add_byte(Composing *c, char byte, gsize start, gsize end)
{
  guint32 from = (guint32)start, to = (guint32)end;
  g_string_append_c(c->s, byte);
  g_array_append_val(c->start, from);
  g_array_append_val(c->end, to);
}

/* A segment that changes is one place: nobody can say which of its bytes became which. */
static void
add_segment(Composing *c, const char *utf8, const char *at, const char *next)
{
  gsize n = (gsize)(next - at);
  g_autofree char *composed = g_utf8_normalize(at, (gssize)n, G_NORMALIZE_NFC);
  gboolean same = strlen(composed) == n && memcmp(composed, at, n) == 0;
  for (gsize i = 0; composed[i]; i++) {
    gsize start = (gsize)(at - utf8) + (same ? i : 0);
    add_byte(c, composed[i], start, same ? start + 1 : (gsize)(next - utf8));
  }
}

static void
compose(OnnxNormal *normal, const char *utf8, guint32 n_bytes, gboolean prefix)
{
  Composing c = {g_string_sized_new(n_bytes + 1), g_array_new(FALSE, FALSE, sizeof(guint32)),
                 g_array_new(FALSE, FALSE, sizeof(guint32))};
  if (prefix)
    add_byte(&c, ' ', 0, 0);
  for (const char *at = utf8, *next; at < utf8 + n_bytes; at = next) {
    next = segment_end(at, utf8 + n_bytes);
    if ((guchar)*at < 0x80 && next == at + 1)
      add_byte(&c, *at, (gsize)(at - utf8), (gsize)(next - utf8));
    else
      add_segment(&c, utf8, at, next);
  }
  normal->n_bytes = (guint32)c.s->len;
  normal->s = g_string_free(c.s, FALSE);
  normal->start = (guint32 *)(gpointer)g_array_free(c.start, FALSE);
  normal->end = (guint32 *)(gpointer)g_array_free(c.end, FALSE);
}

static gboolean
is_ascii(const char *utf8, guint32 n_bytes)
{
  for (guint32 i = 0; i < n_bytes; i++)
    if ((guchar)utf8[i] >= 0x80)
      return FALSE;
  return TRUE;
}

void
onnx_normal_init(OnnxNormal *normal, const char *utf8, guint32 n_bytes, gboolean nfc, gboolean prefix)
{
  *normal = (OnnxNormal){NULL};
  prefix = prefix && n_bytes && utf8[0] != ' ';
  if (nfc && !is_ascii(utf8, n_bytes)) {
    compose(normal, utf8, n_bytes, prefix);
    return;
  }
  normal->shift = prefix ? 1 : 0;
  normal->n_bytes = n_bytes + normal->shift;
  normal->s = g_malloc(normal->n_bytes + 1);
  normal->s[0] = ' ';
  memcpy(normal->s + normal->shift, utf8, n_bytes);
  normal->s[normal->n_bytes] = '\0';
}

void
onnx_normal_clear(OnnxNormal *normal)
{
  g_clear_pointer(&normal->s, g_free);
  g_clear_pointer(&normal->start, g_free);
  g_clear_pointer(&normal->end, g_free);
}

guint32
onnx_normal_start(const OnnxNormal *normal, guint32 i)
{
  if (normal->start)
    return normal->start[i];
  return i < normal->shift ? 0 : i - normal->shift;
}

guint32
onnx_normal_end(const OnnxNormal *normal, guint32 i)
{
  return normal->end ? normal->end[i] : i + 1 - normal->shift;
}

/* ---- pieces ---- */

typedef enum { CLASS_SPACE, CLASS_LETTER, CLASS_NUMBER, CLASS_OTHER } Class;

static Class
class_of(gunichar c)
{
  if (onnx_is_space(c))
    return CLASS_SPACE;
  switch (g_unichar_type(c)) {
  case G_UNICODE_UPPERCASE_LETTER:
  case G_UNICODE_LOWERCASE_LETTER:
  case G_UNICODE_TITLECASE_LETTER:
  case G_UNICODE_MODIFIER_LETTER:
  case G_UNICODE_OTHER_LETTER:
    return CLASS_LETTER;
  case G_UNICODE_DECIMAL_NUMBER:
  case G_UNICODE_LETTER_NUMBER:
  case G_UNICODE_OTHER_NUMBER:
    return CLASS_NUMBER;
  default:
    return CLASS_OTHER;
  }
}

static guint32
contraction_length(const char *s, guint32 n)
{
  static const char *const all[] = {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"};
  for (guint i = 0; i < G_N_ELEMENTS(all); i++) {
    gsize length = strlen(all[i]);
    if (n >= length && memcmp(s, all[i], length) == 0)
      return (guint32)length;
  }
  return 0;
}

/* The end of the run of one class, and where its last character begins. */
static guint32
run_end(const char *s, guint32 n_bytes, guint32 i, guint32 *last)
{
  Class class = class_of(g_utf8_get_char(s + i));
  do {
    *last = i;
    i = (guint32)(g_utf8_next_char(s + i) - s);
  } while (i < n_bytes && class_of(g_utf8_get_char(s + i)) == class);
  return i;
}

guint32
onnx_pretoken_end(const char *s, guint32 n_bytes, guint32 i)
{
  guint32 last = i, contraction = contraction_length(s + i, n_bytes - i);
  if (contraction)
    return i + contraction;
  gboolean after_space =
      s[i] == ' ' && i + 1 < n_bytes && class_of(g_utf8_get_char(s + i + 1)) != CLASS_SPACE;
  guint32 from = after_space ? i + 1 : i;
  gboolean is_space = class_of(g_utf8_get_char(s + from)) == CLASS_SPACE;
  guint32 end = run_end(s, n_bytes, from, &last);
  /* White space leaves its last character to the word behind it. */
  return is_space && end < n_bytes && last > i ? last : end;
}
