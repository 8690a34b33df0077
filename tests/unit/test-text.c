/* text: each fast answer against a slow one that is plainly right, on seeded random texts from an alphabet of
 * the characters that break things. */
#include "text/tokens-private.h"
#include <chartroom/text.h>
#include <string.h>

/* ---- material ---- */

static const char *const nasty[] = {"a",
                                    "B",
                                    "z",
                                    "0",
                                    "9",
                                    "1",
                                    "@",
                                    "_",
                                    ".",
                                    ",",
                                    ":",
                                    ";",
                                    "'",
                                    "\"",
                                    "-",
                                    "/",
                                    "(",
                                    " ",
                                    "  ",
                                    "\t",
                                    "\n",
                                    "\r\n",
                                    "\r",
                                    "\f",
                                    "\v",
                                    "%",
                                    "$",
                                    "\1",
                                    "\x7f",
                                    "é",
                                    "e\u0301",
                                    "\u0301",
                                    "ß",
                                    "µ",
                                    "°",
                                    "½",
                                    "²",
                                    "٣",
                                    "א",
                                    "ב",
                                    "ع",
                                    "日本",
                                    "語",
                                    "カ",
                                    "ไทย",
                                    "ภาษา",
                                    "한",
                                    "\u200d",
                                    "\u200b",
                                    "\ufeff",
                                    "\u00a0",
                                    "\u2028",
                                    "\xc2\x85",
                                    "\u3000",
                                    "’",
                                    "“",
                                    "…",
                                    "😀",
                                    "👩\u200d⚕\ufe0f",
                                    "🇩🇪",
                                    "🇫",
                                    "👍🏽",
                                    "𝒳",
                                    "\U0010FFFF",
                                    "\uffff",
                                    "\u0800",
                                    "\u07ff",
                                    "\U00010000",
                                    "mg",
                                    "10",
                                    "Dr.",
                                    "b.i.d.",
                                    "@"};

static char *
random_text(GRand *rand, guint n_pieces, guint share_of_ascii)
{
  GString *text = g_string_new(NULL);
  for (guint i = 0; i < n_pieces; i++) {
    gboolean plain = (guint)g_rand_int_range(rand, 0, 100) < share_of_ascii;
    g_string_append(text, nasty[g_rand_int_range(rand, 0, plain ? 29 : G_N_ELEMENTS(nasty))]);
  }
  return g_string_free(text, FALSE);
}

static CrText *
text_of(const char *utf8)
{
  g_autoptr(GError) error = NULL;
  CrText *text = cr_text_new(utf8, -1, &error);
  g_assert_no_error(error);
  return text;
}

/* ---- UTF-8 ---- */

static void
test_refuses_invalid(void)
{
  static const struct {
    const char *bytes;
    gssize n, at;
  } cases[] = {{"ab\xff", 3, 2},
               {"\x80", 1, 0},
               {"abcdefghijklmnopqrstuvwxyz0123456789\xc0\x80", 38, 36}, /* overlong NUL */
               {"\xc1\xbf", 2, 0},
               {"\xe0\x9f\xbf", 3, 0},     /* overlong, three bytes */
               {"\xf0\x8f\xbf\xbf", 4, 0}, /* overlong, four */
               {"a\xed\xa0\x80", 4, 1},    /* high surrogate */
               {"a\xed\xbf\xbf", 4, 1},    /* low surrogate */
               {"\xf4\x90\x80\x80", 4, 0}, /* U+110000 */
               {"\xf5\x80\x80\x80", 4, 0},
               {"\xc3", 1, 0}, /* cut off */
               {"é\xe2\x82", 4, 2},
               {"\xf0\x9f\x98", 3, 0},
               {"\xe2\x28\xa1", 3, 0},
               {"\xf0\x9f\x28\x80", 4, 0}};
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(GError) error = NULL;
    g_assert_null(cr_text_new(cases[i].bytes, cases[i].n, &error));
    g_assert_error(error, CR_ERROR, CR_ERROR_INVALID_UTF8);
    g_autofree char *where = g_strdup_printf("byte %" G_GSSIZE_FORMAT ":", cases[i].at);
    g_assert_true(g_str_has_prefix(error->message, where));
  }
}

static void
test_refuses_nul(void)
{
  /* at every place of a block of words, so that each step of the skip meets one */
  for (gsize at = 0; at < 80; at++) {
    char bytes[80];
    memset(bytes, 'x', sizeof bytes);
    bytes[at] = '\0';
    g_autoptr(GError) error = NULL;
    g_assert_null(cr_text_new(bytes, sizeof bytes, &error));
    g_assert_error(error, CR_ERROR, CR_ERROR_NUL_BYTE);
    g_autofree char *where = g_strdup_printf("byte %" G_GSIZE_FORMAT ":", at);
    g_assert_true(g_str_has_prefix(error->message, where));
  }
}

/* Every sequence of one and two bytes, and random longer ones: GLib's validator is the reference. */
static void
test_validation_agrees_with_glib(void)
{
  g_autoptr(GRand) rand = g_rand_new_with_seed(1);
  for (guint round = 0; round < 65536 + 200000; round++) {
    char bytes[48];
    gsize n = round < 65536 ? 2 : (gsize)g_rand_int_range(rand, 1, sizeof bytes);
    static const guchar heads[] = {0xC1, 0xC2, 0xDF, 0xE0, 0xED, 0xEF, 0xF0,
                                   0xF4, 0xF5, 0x80, 0x9F, 0xA0, 0xBF};
    for (gsize i = 0; i < n; i++)
      bytes[i] = (char)(g_rand_int_range(rand, 0, 3) ? heads[g_rand_int_range(rand, 0, G_N_ELEMENTS(heads))]
                                                     : g_rand_int_range(rand, 1, 128));
    if (round < 65536)
      bytes[0] = (char)(round >> 8), bytes[1] = (char)round;
    const char *end = NULL;
    gboolean valid = g_utf8_validate(bytes, (gssize)n, &end);
    g_autoptr(GError) error = NULL;
    g_autoptr(CrText) text = cr_text_new(bytes, (gssize)n, &error);
    g_assert_cmpint(text != NULL, ==, valid);
    if (!valid) {
      g_autofree char *where = g_strdup_printf("byte %" G_GSIZE_FORMAT ":", (gsize)(end - bytes));
      g_assert_true(g_str_has_prefix(error->message, where));
    }
  }
}

static void
test_empty_and_borrowed(void)
{
  g_autoptr(CrText) empty = text_of("");
  gsize off = 9, line = 0, column = 0;
  g_assert_cmpstr(cr_text_bytes(empty), ==, "");
  for (CrUnit unit = CR_UNIT_BYTE; unit <= CR_UNIT_UTF16; unit++) {
    g_assert_cmpuint(cr_text_length(empty, unit), ==, 0);
    g_assert_true(cr_text_convert(empty, unit, 0, CR_UNIT_UTF16, &off));
    g_assert_cmpuint(off, ==, 0);
    off = 9;
    g_assert_false(cr_text_convert(empty, unit, 1, CR_UNIT_BYTE, &off));
    g_assert_cmpuint(off, ==, 9);
  }
  cr_text_line_column(empty, 5, &line, &column);
  g_assert_cmpuint(line, ==, 1);
  g_assert_cmpuint(column, ==, 1);
  g_autoptr(GArray) tokens = cr_text_tokens(empty);
  g_autoptr(GArray) sentences = cr_text_sentences(empty);
  g_assert_cmpuint(tokens->len + sentences->len, ==, 0);

  static const char data[] = "é";
  g_autoptr(GBytes) bytes = g_bytes_new_static(data, 2);
  g_autoptr(GError) error = NULL;
  g_autoptr(CrText) borrowed = cr_text_new_bytes(bytes, &error);
  g_assert_no_error(error);
  g_assert_true(cr_text_bytes(borrowed) == data);
}

/* ---- units ---- */

/* The offset of each byte boundary in the other units, by a plain walk; G_MAXSIZE inside a character. */
typedef struct {
  gsize n, *code_point, *utf16;
} Walked;

static Walked
walk(const char *utf8)
{
  gsize n = strlen(utf8);
  Walked walked = {n, g_new(gsize, n + 1), g_new(gsize, n + 1)};
  gsize code_points = 0, utf16 = 0;
  for (gsize i = 0; i <= n; i++) {
    gboolean boundary = i == n || ((guchar)utf8[i] & 0xC0) != 0x80;
    walked.code_point[i] = boundary ? code_points : G_MAXSIZE;
    walked.utf16[i] = boundary ? utf16 : G_MAXSIZE;
    if (boundary && i < n) {
      code_points++;
      utf16 += g_utf8_get_char(utf8 + i) > 0xFFFF ? 2 : 1;
    }
  }
  return walked;
}

static void
walked_clear(Walked *walked)
{
  g_free(walked->code_point);
  g_free(walked->utf16);
}

static gsize
walked_unit(const Walked *walked, CrUnit unit, gsize byte)
{
  return unit == CR_UNIT_BYTE ? byte : unit == CR_UNIT_UTF16 ? walked->utf16[byte] : walked->code_point[byte];
}

static void
check_byte(const CrText *text, const Walked *walked, gsize byte)
{
  gsize out = 0;
  if (walked->code_point[byte] == G_MAXSIZE) {
    for (CrUnit to = CR_UNIT_BYTE; to <= CR_UNIT_UTF16; to++)
      g_assert_false(cr_text_convert(text, CR_UNIT_BYTE, byte, to, &out));
    return;
  }
  for (CrUnit from = CR_UNIT_BYTE; from <= CR_UNIT_UTF16; from++)
    for (CrUnit to = CR_UNIT_BYTE; to <= CR_UNIT_UTF16; to++) {
      g_assert_true(cr_text_convert(text, from, walked_unit(walked, from, byte), to, &out));
      g_assert_cmpuint(out, ==, walked_unit(walked, to, byte));
    }
  if (byte < walked->n && ((guchar)cr_text_bytes(text)[byte]) >= 0xF0) /* inside the surrogate pair */
    g_assert_false(cr_text_convert(text, CR_UNIT_UTF16, walked->utf16[byte] + 1, CR_UNIT_BYTE, &out));
}

static void
check_units(const char *utf8, gsize step)
{
  g_autoptr(CrText) text = text_of(utf8);
  Walked walked = walk(utf8);
  for (gsize i = 0; i <= walked.n; i += i + step > walked.n && i < walked.n ? walked.n - i : step)
    check_byte(text, &walked, i);
  for (CrUnit unit = CR_UNIT_BYTE; unit <= CR_UNIT_UTF16; unit++) {
    gsize length = walked_unit(&walked, unit, walked.n), out = 0;
    g_assert_cmpuint(cr_text_length(text, unit), ==, length);
    g_assert_false(cr_text_convert(text, unit, length + 1, CR_UNIT_BYTE, &out));
    g_assert_false(cr_text_convert(text, unit, G_MAXSIZE, CR_UNIT_BYTE, &out));
  }
  walked_clear(&walked);
}

static void
test_units_random(void)
{
  g_autoptr(GRand) rand = g_rand_new_with_seed(2);
  for (guint round = 0; round < 300; round++) {
    g_autofree char *utf8 = random_text(rand, (guint)g_rand_int_range(rand, 0, 200), round % 101);
    check_units(utf8, 1);
  }
  for (guint round = 0; round < 12; round++) { /* several blocks of the index */
    g_autofree char *utf8 = random_text(rand, 6000, round * 9);
    check_units(utf8, 1);
  }
}

/* Characters of each length across the edges of the index blocks. */
static void
test_units_at_block_edges(void)
{
  static const char *const characters[] = {"a", "é", "語", "😀"};
  for (guint c = 0; c < G_N_ELEMENTS(characters); c++)
    for (gsize lead = 0; lead < 4; lead++) {
      g_autoptr(GString) utf8 = g_string_new(NULL);
      for (gsize i = 0; i < lead; i++)
        g_string_append_c(utf8, 'x');
      while (utf8->len < 3 * 4096 + 10)
        g_string_append(utf8, characters[c]);
      check_units(utf8->str, 1);
    }
}

static void
test_units_large(void)
{
  g_autoptr(GRand) rand = g_rand_new_with_seed(3);
  g_autofree char *piece = random_text(rand, 20000, 60);
  g_autoptr(GString) utf8 = g_string_sized_new(51u << 20);
  while (utf8->len < 50u << 20)
    g_string_append(utf8, piece);
  check_units(utf8->str, 9973);
}

static void
test_line_column(void)
{
  const char *utf8 = "ab\ncé\r\nd\re\n\nf😀g";
  static const gsize expected[][3] = {{0, 1, 1},  {2, 1, 3},  {3, 2, 1},  {4, 2, 2},  {5, 2, 2},  {6, 2, 3},
                                      {7, 2, 4},  {8, 3, 1},  {10, 4, 1}, {12, 5, 1}, {13, 6, 1}, {14, 6, 2},
                                      {17, 6, 2}, {18, 6, 3}, {19, 6, 4}, {99, 6, 4}};
  g_autoptr(CrText) text = text_of(utf8);
  for (guint i = 0; i < G_N_ELEMENTS(expected); i++) {
    gsize line = 0, column = 0;
    cr_text_line_column(text, expected[i][0], &line, &column);
    g_assert_cmpuint(line, ==, expected[i][1]);
    g_assert_cmpuint(column, ==, expected[i][2]);
  }
}

/* ---- spans ---- */

static void
test_span_from_unit(void)
{
  g_autoptr(CrText) text = text_of("né😀!");
  static const struct {
    CrUnit unit;
    gsize start, end;
    int code; /* -1: good */
    CrSpan bytes;
  } cases[] = {{CR_UNIT_CODE_POINT, 2, 3, -1, {3, 7}},
               {CR_UNIT_UTF16, 2, 4, -1, {3, 7}},
               {CR_UNIT_UTF16, 0, 5, -1, {0, 8}},
               {CR_UNIT_BYTE, 1, 3, -1, {1, 3}},
               {CR_UNIT_UTF16, 2, 3, CR_ERROR_SPAN_OUTSIDE, {0, 0}},
               {CR_UNIT_BYTE, 2, 3, CR_ERROR_SPAN_OUTSIDE, {0, 0}},
               {CR_UNIT_CODE_POINT, 3, 5, CR_ERROR_SPAN_OUTSIDE, {0, 0}},
               {CR_UNIT_CODE_POINT, 0, G_MAXSIZE, CR_ERROR_SPAN_OUTSIDE, {0, 0}},
               {CR_UNIT_CODE_POINT, 2, 2, CR_ERROR_SPAN_ORDER, {0, 0}},
               {CR_UNIT_CODE_POINT, 3, 1, CR_ERROR_SPAN_ORDER, {0, 0}}};
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(GError) error = NULL;
    CrSpan span = {77, 78};
    gboolean good = cr_span_from_unit(text, cases[i].unit, cases[i].start, cases[i].end, &span, &error);
    g_assert_cmpint(good, ==, cases[i].code < 0);
    if (!good) {
      g_assert_error(error, CR_ERROR, cases[i].code);
      g_assert_cmpuint(span.start, ==, 77);
      continue;
    }
    g_assert_cmpint(cr_span_compare(&span, &cases[i].bytes), ==, 0);
    CrSpan back = cr_span_to_unit(text, cases[i].unit, span);
    g_assert_cmpuint(back.start, ==, cases[i].start);
    g_assert_cmpuint(back.end, ==, cases[i].end);
  }
  g_autofree char *slice = cr_span_dup_text(text, (CrSpan){1, 7});
  g_assert_cmpstr(slice, ==, "é😀");
}

/* The published example: offsets that many have copied and that are wrong. */
static void
test_lisinopril(void)
{
  g_autoptr(CrText) text = text_of("Patient was started on lisinopril 10mg daily for hypertension.");
  CrSpan span = {0, 0};
  guint n_found = 0;
  g_autofree char *found = cr_span_dup_text(text, (CrSpan){21, 31});
  g_assert_cmpstr(found, ==, "n lisinopr");
  g_assert_true(cr_text_find_nearest(text, "lisinopril", 21, &span, &n_found));
  g_assert_cmpuint(span.start, ==, 23);
  g_assert_cmpuint(span.end, ==, 33);
  g_assert_cmpuint(n_found, ==, 1);
}

static void
test_find_nearest(void)
{
  g_autoptr(CrText) text = text_of("aspirin, aspirin; é aaaa");
  CrSpan span = {5, 6};
  guint n_found = 9;
  g_assert_true(cr_text_find_nearest(text, "aspirin", 4, &span, &n_found)); /* nearer to 0 than to 9 */
  g_assert_cmpuint(span.start, ==, 0);
  g_assert_true(cr_text_find_nearest(text, "aspirin", 5, &span, &n_found));
  g_assert_cmpuint(span.start, ==, 9);
  g_assert_cmpuint(n_found, ==, 2);
  g_assert_true(cr_text_find_nearest(text, "aspirin", G_MAXSIZE, &span, NULL));
  g_assert_cmpuint(span.start, ==, 9);
  g_assert_true(cr_text_find_nearest(text, "aa", 0, &span, &n_found)); /* overlapping ones count */
  g_assert_cmpuint(n_found, ==, 3);
  static const char *const absent[] = {"", "Aspirin", "\xa9", "\xc3", "aspirin, aspirin; é aaaaa"};
  for (guint i = 0; i < G_N_ELEMENTS(absent); i++) {
    span = (CrSpan){5, 6};
    g_assert_false(cr_text_find_nearest(text, absent[i], 0, &span, &n_found));
    g_assert_cmpuint(n_found, ==, 0);
    g_assert_cmpuint(span.start, ==, 5);
  }
}

#define UNITS 40

static GArray *
random_fragments(GRand *rand, guint8 bits[UNITS])
{
  GArray *list = cr_fragments_new();
  memset(bits, 0, UNITS);
  for (gint n = g_rand_int_range(rand, 0, 7); n > 0; n--) {
    gsize start = (gsize)g_rand_int_range(rand, 0, UNITS);
    CrSpan span = {start, start + (gsize)g_rand_int_range(rand, 0, (gint32)MIN(8, UNITS - start) + 1)};
    memset(bits + span.start, 1, span.end - span.start);
    g_array_append_val(list, span);
  }
  return list;
}

/* The one list for the bits, by a plain scan. */
static void
check_list(GArray *list, const guint8 bits[UNITS])
{
  guint n = 0;
  for (gsize i = 0; i < UNITS; i++)
    if (bits[i] && (i == 0 || !bits[i - 1])) {
      CrSpan span = {i, i};
      while (span.end < UNITS && bits[span.end])
        span.end++;
      g_assert_cmpuint(n, <, list->len);
      g_assert_cmpint(cr_span_compare(&g_array_index(list, CrSpan, n), &span), ==, 0);
      n++;
    }
  g_assert_cmpuint(n, ==, list->len);
}

static void
test_fragments_random(void)
{
  g_autoptr(GRand) rand = g_rand_new_with_seed(4);
  for (guint round = 0; round < 20000; round++) {
    guint8 a_bits[UNITS], b_bits[UNITS], either[UNITS], both[UNITS], only_a[UNITS];
    g_autoptr(GArray) a = random_fragments(rand, a_bits);
    g_autoptr(GArray) b = random_fragments(rand, b_bits);
    gsize n_a = 0, n_both = 0;
    for (gsize i = 0; i < UNITS; i++) {
      either[i] = a_bits[i] | b_bits[i];
      both[i] = a_bits[i] & b_bits[i];
      only_a[i] = a_bits[i] && !b_bits[i];
      n_a += a_bits[i];
      n_both += both[i];
    }
    g_autoptr(GArray) a_normal = cr_fragments_normalise(a);
    g_autoptr(GArray) b_normal = cr_fragments_normalise(b);
    g_autoptr(GArray) in_either = cr_fragments_union(a, b);
    g_autoptr(GArray) in_both = cr_fragments_intersect(a, b);
    g_autoptr(GArray) in_a_only = cr_fragments_subtract(a, b);
    check_list(a_normal, a_bits);
    check_list(in_either, either);
    check_list(in_both, both);
    check_list(in_a_only, only_a);
    g_assert_cmpuint(cr_fragments_length(a_normal), ==, n_a);
    g_assert_cmpuint(cr_fragments_overlap(a_normal, b_normal), ==, n_both);
    g_assert_cmpint(cr_fragments_equal(a_normal, b_normal), ==, memcmp(a_bits, b_bits, UNITS) == 0);
    for (guint i = 0; i < a->len && i < b->len; i++) {
      CrSpan x = g_array_index(a, CrSpan, i), y = g_array_index(b, CrSpan, i);
      gsize common = 0;
      for (gsize u = 0; u < UNITS; u++)
        common += u >= x.start && u < x.end && u >= y.start && u < y.end;
      g_assert_cmpint(cr_span_overlaps(x, y), ==, common > 0);
      if (y.end > y.start)
        g_assert_cmpint(cr_span_contains(x, y), ==, common == y.end - y.start);
    }
  }
}

static void
test_fragments_text(void)
{
  g_autoptr(CrText) text = text_of("left and right lung");
  g_autoptr(GArray) list = cr_fragments_new();
  CrSpan bounds = cr_fragments_bounds(list);
  g_assert_cmpuint(bounds.end, ==, 0);
  g_array_append_val(list, ((CrSpan){0, 4}));
  g_array_append_val(list, ((CrSpan){15, 19}));
  g_autofree char *joined = cr_fragments_dup_text(text, list);
  g_assert_cmpstr(joined, ==, "left lung");
  bounds = cr_fragments_bounds(list);
  g_assert_cmpuint(bounds.end, ==, 19);
}

/* ---- tokens ---- */

static char *
show(const CrText *text, const GArray *spans)
{
  GString *shown = g_string_new(NULL);
  for (guint i = 0; i < spans->len; i++) {
    g_autofree char *piece = cr_span_dup_text(text, g_array_index(spans, CrSpan, i));
    g_string_append_printf(shown, "%s%s", i ? "|" : "", piece);
  }
  return g_string_free(shown, FALSE);
}

static void
test_tokens_known(void)
{
  static const char *const cases[][2] = {
      {"Lisinopril 10mg daily.", "Lisinopril|10|mg|daily|."},
      {"BP 120/80, T 37.5°C", "BP|120|/|80|,|T|37.5|°|C"},
      {"can't O'Neil's 1,000.5 3rd B12", "can't|O'Neil's|1,000.5|3|rd|B|12"},
      {"a_1 _x_ b.i.d. q.8h", "a_1|_x_|b.i.d|.|q|.|8|h"},
      {"naïve café 10µg x2", "naïve|café|10|µg|x|2"},
      {"e\u0301t\u0301e 5\u0301mg", "e\u0301t\u0301e|5\u0301|mg"},
      {"  \t\r\n ", ""},
      {"👩\u200d⚕\ufe0f ok 🇩🇪🇫🇷", "👩\u200d⚕\ufe0f|ok|🇩🇪|🇫🇷"},
      {"jo@x.org é@é @\u0301a", "jo|@|x.org|é|@|é|@\u0301|a"},
      {"a:b 1:2 a..b 1..2 x'", "a|:|b|1|:|2|a|.|.|b|1|.|.|2|x|'"}};
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(CrText) text = text_of(cases[i][0]);
    g_autoptr(GArray) tokens = cr_text_tokens(text);
    g_autofree char *shown = show(text, tokens);
    g_assert_cmpstr(shown, ==, cases[i][1]);
  }
}

static void
check_tokens(const char *utf8)
{
  g_autoptr(CrText) text = text_of(utf8);
  g_autoptr(GArray) fast = cr_text_tokens(text);
  g_autoptr(GArray) slow = cr_fragments_new();
  cr_tokens_by_icu(utf8, 0, strlen(utf8), slow);
  if (!cr_fragments_equal(fast, slow)) {
    g_autofree char *shown = show(text, fast), *reference = show(text, slow);
    g_autofree char *a = g_strescape(shown, NULL), *b = g_strescape(reference, NULL);
    g_test_message("fast %s\nICU  %s", a, b);
    g_test_fail();
  }
}

static void
test_tokens_agree_with_icu(void)
{
  g_autoptr(GRand) rand = g_rand_new_with_seed(9);
  for (guint round = 0; round < 30000; round++) {
    g_autofree char *utf8 = random_text(rand, (guint)g_rand_int_range(rand, 0, 40), round % 101);
    check_tokens(utf8);
  }
  for (guint round = 0; round < 2000; round++) { /* pieces of both kinds in one text */
    g_autofree char *head = random_text(rand, (guint)g_rand_int_range(rand, 0, 200), 100);
    g_autofree char *middle = random_text(rand, (guint)g_rand_int_range(rand, 1, 20), 30);
    g_autofree char *tail = random_text(rand, (guint)g_rand_int_range(rand, 0, 200), 99);
    g_autofree char *utf8 = g_strconcat(head, middle, tail, NULL);
    check_tokens(utf8);
  }
  for (guint round = 0; round < 60000; round++) { /* every ASCII byte */
    char utf8[24] = {0};
    for (gint i = g_rand_int_range(rand, 0, 23); i > 0; i--)
      utf8[i - 1] = (char)g_rand_int_range(rand, 1, 128);
    utf8[strlen(utf8)] = '\0';
    check_tokens(utf8);
  }
}

static void
test_sentences(void)
{
  static const char *const cases[][2] = {
      {"He came. She left.  Is it so? Yes!", "He came.|She left.|Is it so?|Yes!"},
      {"Line one\nline two\r\n\r\n  three \n", "Line one|line two|three"},
      {"Temp 37.5 today. 😀 Fine.", "Temp 37.5 today.|😀 Fine."},
      {" \n\n ", ""}};
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(CrText) text = text_of(cases[i][0]);
    g_autoptr(GArray) sentences = cr_text_sentences(text);
    g_autofree char *shown = show(text, sentences);
    g_assert_cmpstr(shown, ==, cases[i][1]);
  }
}

static gpointer
tokenise_in_thread(gpointer data)
{
  for (guint i = 0; i < 200; i++) {
    g_autoptr(GArray) tokens = cr_text_tokens(data);
    g_autoptr(GArray) sentences = cr_text_sentences(data);
    g_assert_cmpuint(tokens->len, >, sentences->len);
  }
  return NULL;
}

static void
test_threads(void)
{
  g_autoptr(CrText) text = text_of("Ärztin naïve café 10µg. Zwei Sätze.");
  GThread *threads[4];
  for (guint i = 0; i < 4; i++)
    threads[i] = g_thread_new("tokens", tokenise_in_thread, text);
  for (guint i = 0; i < 4; i++)
    g_thread_join(threads[i]);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/text/utf8/refuses-invalid", test_refuses_invalid);
  g_test_add_func("/text/utf8/refuses-nul", test_refuses_nul);
  g_test_add_func("/text/utf8/agrees-with-glib", test_validation_agrees_with_glib);
  g_test_add_func("/text/empty-and-borrowed", test_empty_and_borrowed);
  g_test_add_func("/text/units/random", test_units_random);
  g_test_add_func("/text/units/block-edges", test_units_at_block_edges);
  g_test_add_func("/text/units/large", test_units_large);
  g_test_add_func("/text/line-column", test_line_column);
  g_test_add_func("/text/span/from-unit", test_span_from_unit);
  g_test_add_func("/text/find/lisinopril", test_lisinopril);
  g_test_add_func("/text/find/nearest", test_find_nearest);
  g_test_add_func("/text/fragments/random", test_fragments_random);
  g_test_add_func("/text/fragments/text", test_fragments_text);
  g_test_add_func("/text/tokens/known", test_tokens_known);
  g_test_add_func("/text/tokens/agree-with-icu", test_tokens_agree_with_icu);
  g_test_add_func("/text/sentences", test_sentences);
  g_test_add_func("/text/threads", test_threads);
  return g_test_run();
}
