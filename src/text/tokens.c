/* tokens and sentences: UAX #29 by ICU, with a scan of our own for stretches of ASCII.
 *
 * The text is cut into pieces where ASCII white space is followed by an ASCII byte: no rule of UAX #29 looks
 * across such a place. A piece of ASCII goes through scan_ascii, others through ICU; both must give the same
 * tokens (tests/unit/test-text.c compares them, and the whole, on random texts). */
#include "text/utf8-private.h"
#include <chartroom/text.h>
#include "text/tokens-private.h"
#include <unicode/ubrk.h>
#include <unicode/uchar.h>
#include <unicode/utext.h>

static GArray *
spans_new(gsize n_bytes)
{
  return g_array_sized_new(FALSE, FALSE, sizeof(CrSpan), (guint)MIN(n_bytes / 5 + 8, 1 << 20));
}

static inline void
append_span(GArray *spans, gsize start, gsize end)
{
  CrSpan span = {start, end};
  g_array_append_val(spans, span);
}

/* ---- ICU ---- */

static void
close_iterator(gpointer data)
{
  ubrk_close(data);
}

/* Iterators are dear to open and not for sharing: one of each kind a thread. The root locale, so that tokens
 * do not depend on where the program runs. */
static UBreakIterator *
get_iterator(UBreakIteratorType type)
{
  static GPrivate words = G_PRIVATE_INIT(close_iterator), sentences = G_PRIVATE_INIT(close_iterator);
  GPrivate *slot = type == UBRK_WORD ? &words : &sentences;
  UBreakIterator *iterator = g_private_get(slot);
  if (iterator)
    return iterator;
  UErrorCode status = U_ZERO_ERROR;
  iterator = ubrk_open(type, "root", NULL, 0, &status);
  if (U_FAILURE(status))
    g_error("ICU gives no break iterator: %s", u_errorName(status));
  g_private_set(slot, iterator);
  return iterator;
}

typedef void (*SegmentFunc)(const char *data, gsize start, gsize end, GArray *out);

/* Calls func for each segment of data between start and end. */
static void
break_text(UBreakIteratorType type, const char *data, gsize start, gsize end, SegmentFunc func, GArray *out)
{
  UErrorCode status = U_ZERO_ERROR;
  UBreakIterator *iterator = get_iterator(type);
  /* ICU's UTF-8 text counts in 32 bits */
  for (gsize from = start; from < end;) {
    gsize n = end - from;
    if (n > G_MAXINT32 - 8)
      for (n = G_MAXINT32 / 2; cr_utf8_is_continuation(data[from + n]);)
        n--;
    UText utext = UTEXT_INITIALIZER;
    utext_openUTF8(&utext, data + from, (int64_t)n, &status);
    ubrk_setUText(iterator, &utext, &status);
    if (U_FAILURE(status))
      g_error("ICU cannot break the text: %s", u_errorName(status));
    int32_t at = ubrk_first(iterator);
    for (int32_t next = ubrk_next(iterator); next != UBRK_DONE; at = next, next = ubrk_next(iterator))
      func(data, from + (gsize)at, from + (gsize)next, out);
    utext_close(&utext);
    from += n;
  }
}

typedef enum { CLASS_OTHER, CLASS_LETTER, CLASS_DIGIT, CLASS_MARK } CharClass;

static CharClass
class_of(gunichar c)
{
  switch (u_charType((UChar32)c)) {
  case U_UPPERCASE_LETTER:
  case U_LOWERCASE_LETTER:
  case U_TITLECASE_LETTER:
  case U_MODIFIER_LETTER:
  case U_OTHER_LETTER:
    return CLASS_LETTER;
  case U_DECIMAL_DIGIT_NUMBER:
    return CLASS_DIGIT;
  case U_NON_SPACING_MARK:
  case U_ENCLOSING_MARK:
  case U_COMBINING_SPACING_MARK:
  case U_FORMAT_CHAR:
    return CLASS_MARK; /* belongs to what it stands on */
  default:
    return CLASS_OTHER;
  }
}

static inline gboolean
splits(CharClass before, CharClass here)
{
  return (before == CLASS_LETTER && here == CLASS_DIGIT) || (before == CLASS_DIGIT && here == CLASS_LETTER);
}

/* A segment starts with white space where nothing else follows, or marks alone. */
static gsize
skip_white(const char *data, gsize start, gsize end)
{
  guint n = 0;
  while (start < end && u_isUWhiteSpace((UChar32)cr_utf8_get(data + start, &n)))
    start += n;
  return start;
}

static void
add_word(const char *data, gsize start, gsize end, GArray *out)
{
  start = skip_white(data, start, end);
  if (start == end)
    return;
  CharClass before = CLASS_OTHER;
  guint n = 0;
  for (gsize i = start; i < end; i += n) {
    CharClass here = class_of(cr_utf8_get(data + i, &n));
    if (here == CLASS_MARK)
      continue;
    if (splits(before, here)) {
      append_span(out, start, i);
      start = i;
    }
    before = here;
  }
  append_span(out, start, end);
}

/* The end of the sign at i and of the marks that stand on it (WB4). */
static gsize
sign_end(const char *data, gsize i, gsize end)
{
  guint n = 0;
  for (i++; i < end; i += n)
    switch (u_getIntPropertyValue((UChar32)cr_utf8_get(data + i, &n), UCHAR_WORD_BREAK)) {
    case U_WB_EXTEND:
    case U_WB_FORMAT:
    case U_WB_ZWJ:
      continue;
    default:
      return i;
    }
  return i;
}

/* ICU 72 alone takes "@" for a letter; UAX #29 does not. It is a token of its own here, so that the tokens
 * are the same with every ICU. */
void
cr_tokens_by_icu(const char *data, gsize start, gsize end, GArray *out)
{
  while (start < end) {
    const char *sign = memchr(data + start, '@', end - start);
    gsize stop = sign ? (gsize)(sign - data) : end;
    if (start < stop)
      break_text(UBRK_WORD, data, start, stop, add_word, out);
    start = stop;
    if (sign) {
      start = sign_end(data, stop, end);
      append_span(out, stop, start);
    }
  }
}

/* ---- ASCII ---- */

static inline gboolean
is_white(char c)
{
  return c == ' ' || (c >= '\t' && c <= '\r');
}

static inline gboolean
is_word_part(char c)
{
  return g_ascii_isalnum(c) || c == '_';
}

/* Whether c, between two bytes of the same class, holds a word or a number together (WB6, WB7, WB11, WB12).
 * ICU's root rules leave the colon out. */
static inline gboolean
joins(char before, char c, char after)
{
  if (g_ascii_isalpha(before) && g_ascii_isalpha(after))
    return c == '.' || c == '\'';
  if (g_ascii_isdigit(before) && g_ascii_isdigit(after))
    return c == '.' || c == '\'' || c == ',' || c == ';';
  return FALSE;
}

/* The end of the token at i: one byte, or a word to where it ends or letters meet digits. */
static gsize
ascii_token_end(const char *data, gsize i, gsize end)
{
  if (!is_word_part(data[i]))
    return i + 1;
  for (i++; i < end; i++) {
    char before = data[i - 1], here = data[i];
    if ((g_ascii_isalpha(before) && g_ascii_isdigit(here)) ||
        (g_ascii_isdigit(before) && g_ascii_isalpha(here)))
      return i;
    if (is_word_part(here))
      continue;
    if (i + 1 >= end || !joins(before, here, data[i + 1]))
      return i;
    i++;
  }
  return i;
}

static void
scan_ascii(const char *data, gsize start, gsize end, GArray *out)
{
  for (gsize i = start; i < end;) {
    if (is_white(data[i])) {
      i++;
      continue;
    }
    gsize stop = ascii_token_end(data, i, end);
    append_span(out, i, stop);
    i = stop;
  }
}

/* ---- the whole text ---- */

/* A shorter stretch of ASCII between others costs less inside ICU than a call of its own. */
#define WORTH_A_PIECE 96

/* The end of the piece at start, and whether it is ASCII. cut: the last place of an ASCII piece, the first of
 * the ASCII behind another, where it may be cut; 0 for none. */
static gsize
piece_end(const char *data, gsize start, gsize end, gboolean *ascii)
{
  gsize cut = 0;
  *ascii = TRUE;
  for (gsize i = start; i < end; i++) {
    if ((guchar)data[i] >= 0x80) {
      if (*ascii && cut >= start + WORTH_A_PIECE)
        return cut;
      *ascii = FALSE;
      cut = 0;
    } else if (is_white(data[i]) && i + 1 < end && (guchar)data[i + 1] < 0x80 && (*ascii || cut == 0)) {
      cut = i + 1;
    }
    if (!*ascii && cut > 0 && i >= cut + WORTH_A_PIECE)
      return cut;
  }
  return end;
}

GArray *
cr_text_tokens(const CrText *text)
{
  const char *data = cr_text_bytes(text);
  gsize n_bytes = cr_text_length(text, CR_UNIT_BYTE);
  GArray *tokens = spans_new(n_bytes);
  gboolean all_ascii = cr_text_length(text, CR_UNIT_CODE_POINT) == n_bytes, ascii = TRUE;
  for (gsize i = 0; i < n_bytes;) {
    gsize end = all_ascii ? n_bytes : piece_end(data, i, n_bytes, &ascii);
    if (ascii)
      scan_ascii(data, i, end, tokens);
    else
      cr_tokens_by_icu(data, i, end, tokens);
    i = end;
  }
  return tokens;
}

/* ---- sentences ---- */

static void
add_sentence(const char *data, gsize start, gsize end, GArray *out)
{
  gsize first = end, behind = start;
  guint n = 0;
  for (gsize i = start; i < end; i += n)
    if (!u_isUWhiteSpace((UChar32)cr_utf8_get(data + i, &n))) {
      first = MIN(first, i);
      behind = i + n;
    }
  if (first < behind)
    append_span(out, first, behind);
}

GArray *
cr_text_sentences(const CrText *text)
{
  gsize n_bytes = cr_text_length(text, CR_UNIT_BYTE);
  GArray *sentences = spans_new(n_bytes / 16);
  break_text(UBRK_SENTENCE, cr_text_bytes(text), 0, n_bytes, add_sentence, sentences);
  return sentences;
}
