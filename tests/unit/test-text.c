/* text: each fast answer against a slow one that is plainly right, on seeded random texts from an alphabet of
 * the characters that break things. */
#include "base/base.h"
#include "text/tokens-private.h"
#include <chartroom/known.h>
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

/* ---- offset maps ---- */

static CrOffsetMap *
random_map(GRand *rand, gsize old_length)
{
  g_autoptr(GArray) edits = g_array_new(FALSE, FALSE, sizeof(CrEdit));
  gsize old_pos = 0, new_pos = 0;
  while (g_rand_int_range(rand, 0, 6) > 0) {
    gsize gap = (gsize)g_rand_int_range(rand, 0, 5), n_old = (gsize)g_rand_int_range(rand, 0, 4);
    if (old_pos + gap + n_old > old_length)
      break;
    gsize n_new = (gsize)g_rand_int_range(rand, 0, 4);
    CrEdit edit = {old_pos + gap, old_pos + gap + n_old, new_pos + gap, new_pos + gap + n_new};
    g_array_append_val(edits, edit);
    old_pos = edit.old_end;
    new_pos = edit.new_end;
  }
  g_autoptr(GError) error = NULL;
  CrOffsetMap *map = cr_offset_map_new((const CrEdit *)edits->data, edits->len, old_length,
                                       new_pos + (old_length - old_pos), &error);
  g_assert_no_error(error);
  return map;
}

static gsize
new_length_of(const CrOffsetMap *map, gsize old_length)
{
  gsize length = old_length;
  for (gsize i = 0; i < cr_offset_map_n_edits(map); i++) {
    CrEdit e = cr_offset_map_edit(map, i);
    length = length - (e.old_end - e.old_start) + (e.new_end - e.new_start);
  }
  return length;
}

/* For each unit of one side: what holds it there, and what that is on the other side. */
typedef struct {
  CrSpan here, there;
  gboolean edited;
} Holder;

/* By copying units one by one. from_new: units of the new side. */
static GArray *
holders(const CrOffsetMap *map, gsize length, gboolean from_new)
{
  GArray *out = g_array_new(FALSE, FALSE, sizeof(Holder));
  gsize here = 0, there = 0;
  for (gsize i = 0; i <= cr_offset_map_n_edits(map); i++) {
    gboolean last = i == cr_offset_map_n_edits(map);
    CrEdit e = last ? (CrEdit){0, 0, 0, 0} : cr_offset_map_edit(map, i);
    CrSpan a = from_new ? (CrSpan){e.new_start, e.new_end} : (CrSpan){e.old_start, e.old_end};
    CrSpan b = from_new ? (CrSpan){e.old_start, e.old_end} : (CrSpan){e.new_start, e.new_end};
    for (gsize stop = last ? length : a.start; here < stop; here++, there++) {
      Holder unchanged = {{here, here + 1}, {there, there + 1}, FALSE};
      g_array_append_val(out, unchanged);
    }
    for (; !last && here < a.end; here++) {
      Holder edited = {a, b, TRUE};
      g_array_append_val(out, edited);
    }
    there = last ? there : b.end;
  }
  return out;
}

static void
check_map_side(const CrOffsetMap *map, gsize length, gboolean from_new)
{
  g_autoptr(GArray) units = holders(map, length, from_new);
  g_assert_cmpuint(units->len, ==, length);
  for (gsize start = 0; start <= length; start++)
    for (gsize end = start; end <= length; end++) {
      gboolean exact = FALSE;
      CrSpan asked = {start, end};
      CrSpan got =
          from_new ? cr_offset_map_to_old(map, asked, &exact) : cr_offset_map_to_new(map, asked, &exact);
      CrSpan expected = {G_MAXSIZE, 0}, grown = {G_MAXSIZE, 0};
      for (gsize u = start; u < end; u++) { /* the hull of what the units' holders are on the other side */
        const Holder *holder = &g_array_index(units, Holder, u);
        expected = (CrSpan){MIN(expected.start, holder->there.start), MAX(expected.end, holder->there.end)};
        grown = (CrSpan){MIN(grown.start, holder->here.start), MAX(grown.end, holder->here.end)};
      }
      if (start == end) {
        const Holder *before = start > 0 ? &g_array_index(units, Holder, start - 1) : NULL;
        gsize behind = before ? before->there.end : 0;
        gboolean inside = before && before->here.end > start;
        expected = inside ? before->there : (CrSpan){behind, behind};
        grown = inside ? before->here : asked;
      }
      g_assert_cmpint(cr_span_compare(&got, &expected), ==, 0);
      g_assert_cmpint(exact, ==, cr_span_compare(&grown, &asked) == 0);
    }
}

static void
test_map_random(void)
{
  g_autoptr(GRand) rand = g_rand_new_with_seed(5);
  for (guint round = 0; round < 2000; round++) {
    gsize old_length = (gsize)g_rand_int_range(rand, 0, 30);
    g_autoptr(CrOffsetMap) map = random_map(rand, old_length);
    check_map_side(map, new_length_of(map, old_length), TRUE);
    check_map_side(map, old_length, FALSE);
  }
}

static void
test_map_refuses(void)
{
  static const CrEdit bad[][2] = {
      {{0, 2, 0, 3}, {1, 4, 4, 5}},     /* overlap in the old text */
      {{0, 2, 0, 3}, {4, 5, 4, 5}},     /* stretches of unequal length */
      {{4, 5, 4, 5}, {0, 2, 0, 3}},     /* out of order */
      {{2, 1, 2, 3}, {5, 6, 7, 8}},     /* turned round */
      {{0, 2, 0, 3}, {18, 21, 19, 22}}, /* beyond the end */
  };
  for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
    g_autoptr(GError) error = NULL;
    g_assert_null(cr_offset_map_new(bad[i], 2, 20, 21, &error));
    g_assert_error(error, CR_ERROR, CR_ERROR_INTERNAL);
  }
  g_autoptr(GError) error = NULL;
  g_assert_null(cr_offset_map_new(NULL, 0, 20, 21, &error));
  g_assert_error(error, CR_ERROR, CR_ERROR_INTERNAL);
}

/* What composition must keep: units that neither step touched stay paired exactly; nothing else is paired;
 * and a span leads at least as far back as the two steps one after the other. */
static void
check_composed(const CrOffsetMap *earlier, const CrOffsetMap *later, gsize old_length, gsize mid_length,
               gsize new_length)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(CrOffsetMap) both = cr_offset_map_compose(earlier, later, &error);
  g_assert_no_error(error);
  g_assert_cmpuint(new_length_of(both, old_length), ==, new_length);
  g_autoptr(GArray) of_later = holders(later, new_length, TRUE);
  g_autoptr(GArray) of_earlier = holders(earlier, mid_length, TRUE);
  g_autoptr(GArray) of_both = holders(both, new_length, TRUE);
  for (gsize u = 0; u < new_length; u++) {
    const Holder *second = &g_array_index(of_later, Holder, u);
    const Holder *first = second->edited ? NULL : &g_array_index(of_earlier, Holder, second->there.start);
    const Holder *composed = &g_array_index(of_both, Holder, u);
    g_assert_cmpint(composed->edited, ==, !first || first->edited);
    if (!composed->edited)
      g_assert_cmpuint(composed->there.start, ==, first->there.start);
  }
  for (gsize start = 0; start < new_length; start++)
    for (gsize end = start + 1; end <= new_length; end++) {
      CrSpan one_step = cr_offset_map_to_old(both, (CrSpan){start, end}, NULL);
      CrSpan middle = cr_offset_map_to_old(later, (CrSpan){start, end}, NULL);
      CrSpan two_steps = cr_offset_map_to_old(earlier, middle, NULL);
      if (middle.start < middle.end)
        g_assert_true(cr_span_contains(one_step, two_steps));
    }
}

static void
test_compose_random(void)
{
  g_autoptr(GRand) rand = g_rand_new_with_seed(6);
  for (guint round = 0; round < 4000; round++) {
    gsize old_length = (gsize)g_rand_int_range(rand, 0, 30);
    g_autoptr(CrOffsetMap) earlier = random_map(rand, old_length);
    gsize mid_length = new_length_of(earlier, old_length);
    g_autoptr(CrOffsetMap) later = random_map(rand, mid_length);
    check_composed(earlier, later, old_length, mid_length, new_length_of(later, mid_length));
  }
}

static void
test_compose_known(void)
{
  static const CrEdit remove_name = {10, 20, 10, 10}, put_tag = {10, 10, 10, 16};
  g_autoptr(CrOffsetMap) earlier = cr_offset_map_new(&remove_name, 1, 30, 20, NULL);
  g_autoptr(CrOffsetMap) later = cr_offset_map_new(&put_tag, 1, 20, 26, NULL);
  g_autoptr(GError) error = NULL;
  g_autoptr(CrOffsetMap) both = cr_offset_map_compose(earlier, later, &error);
  g_assert_no_error(error);
  g_assert_cmpuint(cr_offset_map_n_edits(both), ==, 1); /* the tag stands for the name */
  CrEdit edit = cr_offset_map_edit(both, 0);
  g_assert_cmpuint(edit.old_end, ==, 20);
  g_assert_cmpuint(edit.new_end, ==, 16);
  g_assert_null(cr_offset_map_compose(later, later, &error));
  g_assert_error(error, CR_ERROR, CR_ERROR_INTERNAL);
}

static void
check_refused(const guint8 *data, gsize n)
{
  g_autoptr(GBytes) bytes = g_bytes_new(data, n);
  g_autoptr(GError) error = NULL;
  g_autoptr(CrOffsetMap) map = cr_offset_map_parse(bytes, &error);
  g_assert_null(map);
  g_assert_error(error, CR_ERROR, CR_ERROR_DAMAGED);
}

static void
test_map_bytes(void)
{
  g_autoptr(GRand) rand = g_rand_new_with_seed(7);
  for (guint round = 0; round < 60; round++) {
    gsize old_length = round == 0 ? 0 : (gsize)g_rand_int_range(rand, 0, 60) + (round % 3) * 1000000;
    g_autoptr(CrOffsetMap) map = random_map(rand, old_length);
    g_autoptr(GBytes) bytes = cr_offset_map_serialise(map);
    g_autoptr(GError) error = NULL;
    g_autoptr(CrOffsetMap) back = cr_offset_map_parse(bytes, &error);
    g_assert_no_error(error);
    g_autoptr(GBytes) again = cr_offset_map_serialise(back);
    g_assert_true(g_bytes_equal(bytes, again));
    g_assert_cmpuint(cr_offset_map_n_edits(back), ==, cr_offset_map_n_edits(map));
    gsize n = 0;
    const guint8 *data = g_bytes_get_data(bytes, &n);
    for (gsize i = 0; i < n; i++) {
      check_refused(data, i);
      for (guint bit = 0; bit < 8; bit++) {
        g_autofree guint8 *flipped = g_memdup2(data, n);
        flipped[i] ^= (guint8)(1u << bit);
        check_refused(flipped, n);
      }
    }
  }
}

/* A good checksum over nonsense: still refused, by what it says. */
static void
test_map_bytes_nonsense(void)
{
  g_autoptr(GRand) rand = g_rand_new_with_seed(8);
  for (guint round = 0; round < 20000; round++) {
    guint8 data[64] = "CRM\1";
    gsize n = 4 + (gsize)g_rand_int_range(rand, 0, 40);
    for (gsize i = 4; i < n; i++)
      data[i] = (guint8)(g_rand_int_range(rand, 0, 3) ? g_rand_int_range(rand, 0, 8)
                                                      : g_rand_int_range(rand, 0, 256));
    uint8_t hash[CR_HASH_BYTES];
    cr_sha256(data, n, hash);
    memcpy(data + n, hash, 8);
    g_autoptr(GBytes) bytes = g_bytes_new(data, n + 8);
    g_autoptr(GError) error = NULL;
    g_autoptr(CrOffsetMap) map = cr_offset_map_parse(bytes, &error);
    if (!map)
      g_assert_error(error, CR_ERROR, CR_ERROR_DAMAGED);
  }
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

/* ---- known identifiers ---- */

static CrKnown *
known_of(const char *json, GError **error)
{
  g_autoptr(json_t) object = json_loads(json, JSON_DECODE_ANY, NULL);
  g_assert_nonnull(object);
  return cr_known_from_json(object, error);
}

static void
test_known_round_trip(void)
{
  const char *json =
      "{\"names\":[{\"given\":\"Ann\",\"family\":\"Lee\"},{\"family\":\"Roe\",\"role\":\"staff\"},"
      "{\"role\":\"patient\"}],\"dates\":[\"1950-01-02\",\"\",\"1950-01-02\"],\"phones\":null,"
      "\"ids\":[{\"kind\":\"mrn\",\"value\":\"12\"},{\"value\":\"7\"},{\"kind\":\"x\"}],\"other\":3}";
  g_autoptr(GError) error = NULL;
  g_autoptr(CrKnown) known = known_of(json, &error);
  g_assert_no_error(error);
  g_assert_cmpuint(known->names->len, ==, 2);
  g_autoptr(json_t) object = cr_known_to_json(known);
  g_autofree char *dumped = json_dumps(object, JSON_COMPACT);
  g_assert_cmpstr(dumped, ==,
                  "{\"names\":[{\"given\":\"Ann\",\"family\":\"Lee\",\"role\":\"patient\"},"
                  "{\"family\":\"Roe\",\"role\":\"staff\"}],\"dates\":[\"1950-01-02\"],"
                  "\"ids\":[{\"kind\":\"mrn\",\"value\":\"12\"},{\"kind\":\"id\",\"value\":\"7\"}]}");
  g_autoptr(CrKnown) other =
      known_of("{\"names\":[{\"given\":\"Ann\",\"family\":\"Lee\"},{\"given\":\"Bo\"}],"
               "\"emails\":[\"a@b\"],\"dates\":[\"1950-01-02\"]}",
               &error);
  cr_known_merge(other, known);
  cr_known_merge(other, known);
  g_assert_cmpuint(other->names->len, ==, 3);
  g_assert_cmpuint(other->dates->len, ==, 1);
  g_assert_cmpuint(other->ids->len, ==, 2);
  g_assert_false(cr_known_is_empty(other));
}

static void
test_known_wrong_types(void)
{
  static const char *const cases[][2] = {
      {"[]", "known:"},
      {"{\"names\":{}}", "known.names:"},
      {"{\"names\":[\"SECRET\"]}", "known.names[0]:"},
      {"{\"names\":[{},{\"given\":[\"SECRET\"]}]}", "known.names[1].given:"},
      {"{\"names\":[{\"role\":1}]}", "known.names[0].role:"},
      {"{\"dates\":\"SECRET\"}", "known.dates:"},
      {"{\"phones\":[\"SECRET\",5]}", "known.phones[1]:"},
      {"{\"emails\":[null]}", "known.emails[0]:"},
      {"{\"addresses\":7}", "known.addresses:"},
      {"{\"ids\":[{\"kind\":\"mrn\",\"value\":12}]}", "known.ids[0].value:"},
      {"{\"ids\":[[]]}", "known.ids[0]:"}};
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(GError) error = NULL;
    g_assert_null(known_of(cases[i][0], &error));
    g_assert_error(error, CR_ERROR, CR_ERROR_BAD_JSON);
    g_assert_true(g_str_has_prefix(error->message, cases[i][1]));
    g_assert_null(strstr(error->message, "SECRET"));
  }
}

static void
test_known_empty(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(CrKnown) known = known_of("{}", &error);
  g_assert_no_error(error);
  g_assert_true(cr_known_is_empty(known));
  CrKnown bare = {NULL};
  g_assert_true(cr_known_is_empty(&bare));
  cr_known_merge(known, &bare);
  g_autoptr(json_t) object = cr_known_to_json(&bare);
  g_assert_cmpuint(json_object_size(object), ==, 0);
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
  g_test_add_func("/text/map/random", test_map_random);
  g_test_add_func("/text/map/refuses", test_map_refuses);
  g_test_add_func("/text/map/compose-random", test_compose_random);
  g_test_add_func("/text/map/compose-known", test_compose_known);
  g_test_add_func("/text/map/bytes", test_map_bytes);
  g_test_add_func("/text/map/bytes-nonsense", test_map_bytes_nonsense);
  g_test_add_func("/text/tokens/known", test_tokens_known);
  g_test_add_func("/text/tokens/agree-with-icu", test_tokens_agree_with_icu);
  g_test_add_func("/text/sentences", test_sentences);
  g_test_add_func("/text/threads", test_threads);
  g_test_add_func("/text/known/round-trip", test_known_round_trip);
  g_test_add_func("/text/known/wrong-types", test_known_wrong_types);
  g_test_add_func("/text/known/empty", test_known_empty);
  return g_test_run();
}
