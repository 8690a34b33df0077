/* Any bytes as a text: refused exactly where GLib's own check refuses them; offsets convert back; tokens and
 * sentences lie inside, in order, on characters, and the fast tokeniser agrees with ICU. */
#include "support/support.h"
#include "text/tokens-private.h"
#include <chartroom/text.h>

#include <string.h>

static void
check_offset(const CrText *text, gsize byte_off)
{
  for (CrUnit unit = CR_UNIT_CODE_POINT; unit <= CR_UNIT_UTF16; unit++) {
    gsize there = 0, back = 0;
    if (cr_text_convert(text, CR_UNIT_BYTE, byte_off, unit, &there))
      fuzz_check(cr_text_convert(text, unit, there, CR_UNIT_BYTE, &back) && back == byte_off,
                 "an offset converts back");
  }
}

static void
check_spans(const CrText *text, const GArray *spans)
{
  gsize last = 0, n = cr_text_length(text, CR_UNIT_BYTE), out = 0;
  for (guint i = 0; i < spans->len; i++) {
    CrSpan s = g_array_index(spans, CrSpan, i);
    fuzz_check(s.start >= last && s.end > s.start && s.end <= n, "spans are ordered, not empty, inside");
    fuzz_check(cr_text_convert(text, CR_UNIT_BYTE, s.start, CR_UNIT_CODE_POINT, &out) &&
                   cr_text_convert(text, CR_UNIT_BYTE, s.end, CR_UNIT_CODE_POINT, &out),
               "spans stand on characters");
    last = s.end;
  }
}

static void
check_finding(const CrText *text, CrSpan token)
{
  CrSpan found = {0, 0};
  guint n = 0;
  g_autofree char *needle = cr_span_dup_text(text, token);
  fuzz_check(cr_text_find_nearest(text, needle, token.start, &found, &n) && n >= 1 &&
                 found.start == token.start && found.end == token.end,
             "a token is found where it stands");
}

static void
check_tokens(const CrText *text, const char *bytes, gsize n)
{
  g_autoptr(GArray) tokens = cr_text_tokens(text), sentences = cr_text_sentences(text);
  g_autoptr(GArray) slow = g_array_new(FALSE, FALSE, sizeof(CrSpan));
  cr_tokens_by_icu(bytes, 0, n, slow);
  check_spans(text, tokens);
  check_spans(text, sentences);
  fuzz_check(tokens->len == slow->len &&
                 (tokens->len == 0 || memcmp(tokens->data, slow->data, tokens->len * sizeof(CrSpan)) == 0),
             "the fast tokeniser and ICU agree");
  for (guint i = 0; i < tokens->len; i += tokens->len / 8 + 1)
    check_finding(text, g_array_index(tokens, CrSpan, i));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(CrText) text = cr_text_new((const char *)data, (gssize)size, &error);
  fuzz_check(!!text == g_utf8_validate_len((const char *)data, size, NULL),
             "valid UTF-8 without NUL, and nothing else");
  if (!text)
    return fuzz_refused(&error);
  gsize n = cr_text_length(text, CR_UNIT_BYTE), line = 0, column = 0;
  fuzz_check(n == size && memcmp(cr_text_bytes(text), data, size) == 0, "bytes are kept as they are");
  fuzz_check((glong)cr_text_length(text, CR_UNIT_CODE_POINT) == g_utf8_strlen(cr_text_bytes(text), (gssize)n),
             "code points are counted");
  for (gsize off = 0; off <= n; off += n / 64 + 1)
    check_offset(text, off);
  cr_text_line_column(text, n, &line, &column);
  fuzz_check(line >= 1 && column >= 1, "lines and columns count from one");
  check_tokens(text, cr_text_bytes(text), n);
  return 0;
}
