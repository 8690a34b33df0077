/* json: what is refused and where, what comes back, and that it agrees with jansson on everything else. */
#include "base/base.h"
#include <chartroom/json.h>

#include <math.h>
#include <string.h>

#define assert_code(error, code)                                                                             \
  do {                                                                                                       \
    g_assert_error((error), CR_ERROR, CR_ERROR_##code);                                                      \
    g_clear_error(&(error));                                                                                 \
  } while (0)

static void
test_json_refuses(void)
{
  static const struct {
    const char *text;
    gsize n;
    CrErrorCode code;
  } cases[] = {
      {"{\"a\":", 5, CR_ERROR_BAD_JSON},
      {"{\"a\":1}{", 8, CR_ERROR_BAD_JSON},
      {"{\"a\":1,\"a\":2}", 13, CR_ERROR_BAD_JSON},
      {"", 0, CR_ERROR_BAD_JSON},
      {"\"\\ud800\"", 8, CR_ERROR_LONE_SURROGATE},
      {"\"\\udc00\"", 8, CR_ERROR_LONE_SURROGATE},
      {"\"\\ud83d\\u0041\"", 14, CR_ERROR_LONE_SURROGATE},
      {"\"\\u0000\"", 8, CR_ERROR_NUL_BYTE},
      {"\"a\0b\"", 5, CR_ERROR_NUL_BYTE},
      {"\"\xff\"", 3, CR_ERROR_INVALID_UTF8},
      {"\"\xed\xa0\x80\"", 5, CR_ERROR_INVALID_UTF8}, /* a surrogate in UTF-8 */
  };
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(GError) error = NULL;
    json_t *value = cr_json_parse(cases[i].text, cases[i].n, &error);
    g_assert_null(value);
    g_assert_error(error, CR_ERROR, (gint)cases[i].code);
  }
}

static void
test_json_depth(void)
{
  g_autoptr(GString) deep = g_string_new(NULL);
  g_autoptr(GError) error = NULL;
  for (int i = 0; i < 64; i++)
    g_string_append_c(deep, '[');
  g_autofree char *open64 = g_strdup(deep->str), *shut = g_strnfill(64, ']'),
                  *fits = g_strconcat(open64, shut, NULL), *over = g_strconcat("[", open64, shut, "]", NULL);
  json_t *value = cr_json_parse(fits, strlen(fits), &error);
  g_assert_no_error(error);
  json_decref(value);
  g_assert_null(cr_json_parse(over, strlen(over), &error));
  assert_code(error, LIMIT);
  value = cr_json_parse("\"[[[[\\\"[[{{\"", 12, &error); /* brackets in strings do not count */
  g_assert_no_error(error);
  json_decref(value);
}

/* A fault is told by its place, never by the text near it: that may be a patient's. */
static void
test_json_tells_no_text(void)
{
  g_autoptr(GError) error = NULL;
  static const char *const bad[] = {"{\"text\": \"Maria Lopez\" x}", "{\"text\": Lopez}",
                                    "{\"Lopez\": 1, \"Lopez\": 2}", "[\"Lopez\""};
  for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
    g_assert_null(cr_json_parse(bad[i], strlen(bad[i]), &error));
    g_assert_null(strstr(error->message, "Lopez"));
    assert_code(error, BAD_JSON);
  }
}

static void
test_json_round_trip(void)
{
  static const char *const same[] = {"{\"b\":1,\"a\":[0.98,1e-07,1.0,-3,true,false,null],\"text\":"
                                     "\"caf\xc3\xa9 \xf0\x9f\x98\x8a \\\"q\\\" \\\\ \\n\\t\\u0001\"}",
                                     "[0.1,0.30000000000000004,1e+300,123456789012345]", "\"\""};
  for (guint i = 0; i < G_N_ELEMENTS(same); i++) {
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) value = cr_json_parse(same[i], strlen(same[i]), &error);
    g_assert_no_error(error);
    g_autofree char *text = cr_json_dump(value);
    g_assert_cmpstr(text, ==, same[i]);
  }
}

/* The place is that of the first byte at fault. */
static void
test_json_names_the_byte(void)
{
  static const struct {
    const char *text;
    gsize n, byte_off;
  } cases[] = {{"{\"caf\xc3\xa9\":\"\\ud83d\"}", 18, 10},
               {"[\"ok \\ud83d\\ude00\",\"\\udc00 x\"]", 30, 20},
               {"[\"\xe2\x82\"]", 6, 2},
               {"[1,\0]", 5, 3},
               {"\"ab\\u0000\"", 10, 3}};
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(GError) error = NULL;
    g_autofree char *place = g_strdup_printf("byte %" G_GSIZE_FORMAT ":", cases[i].byte_off);
    g_assert_null(cr_json_parse(cases[i].text, cases[i].n, &error));
    g_assert_true(g_str_has_prefix(error->message, place));
  }
}

/* ---- numbers ---- */

/* The digits of a printed number, without sign, point, exponent and zeros at either end. */
static gsize
n_digits(const char *text)
{
  const char *first = NULL, *last = NULL;
  gsize n = 0;
  for (const char *c = text; *c && *c != 'e'; c++)
    if (*c >= '1' && *c <= '9') {
      first = first ? first : c;
      last = c;
    }
  for (const char *c = first; c && c <= last; c++)
    n += g_ascii_isdigit(*c);
  return n;
}

static gsize
fewest_digits(double value)
{
  for (int n = 1;; n++) {
    char text[40], format[8];
    g_snprintf(format, sizeof format, "%%.%de", n - 1);
    g_ascii_formatd(text, sizeof text, format, value);
    if (g_ascii_strtod(text, NULL) == value)
      return n_digits(text);
  }
}

static void
check_real(double value)
{
  g_autoptr(json_t) real = json_real(value);
  g_autofree char *text = cr_json_dump(real);
  g_autoptr(json_t) again = cr_json_parse(text, strlen(text), NULL);
  g_assert_true(json_is_real(again));
  double back = json_real_value(again);
  g_assert_true(memcmp(&back, &value, sizeof value) == 0); /* also the sign of zero */
  g_assert_cmpuint(n_digits(text), ==, fewest_digits(value));
}

static void
test_reals(void)
{
  static const double special[] = {0.0,     -0.0,     5e-324, 2.2250738585072014e-308, 1.7976931348623157e308,
                                   1.0 / 3, 1e23,     0.1,    123456789012345680.0,    -9007199254740993.0,
                                   1e-7,    0.000001, 100.0,  4503599627370496.5};
  for (guint i = 0; i < G_N_ELEMENTS(special); i++)
    check_real(special[i]);
  for (int i = 0; i < 20000; i++) {
    guint64 bits = (guint64)g_test_rand_int() << 32 | (guint32)g_test_rand_int();
    double value;
    memcpy(&value, &bits, sizeof value);
    if (isfinite(value))
      check_real(value);
    check_real(g_test_rand_int_range(-100000, 100000) / 1000.0);
  }
}

static void
test_integers(void)
{
  static const char *const same[] = {"[9223372036854775807,-9223372036854775808,0]"};
  static const char *const bad[] = {"9223372036854775808", "1e999", "01", "+1", ".5", "1.", "NaN", "-"};
  for (guint i = 0; i < G_N_ELEMENTS(same); i++) {
    g_autoptr(json_t) value = cr_json_parse(same[i], strlen(same[i]), NULL);
    g_autofree char *text = cr_json_dump(value);
    g_assert_cmpstr(text, ==, same[i]);
  }
  for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
    g_autoptr(GError) error = NULL;
    g_assert_null(cr_json_parse(bad[i], strlen(bad[i]), &error));
    assert_code(error, BAD_JSON);
  }
}

/* ---- everything else: as jansson has it ---- */

static const char *const pieces[] = {"{",
                                     "}",
                                     "[",
                                     "]",
                                     ",",
                                     ":",
                                     "\"",
                                     "\\",
                                     "u",
                                     "\\u0041",
                                     "\\ud83d",
                                     "\\ude00",
                                     "\\ud83d\\ude00",
                                     "\\u00",
                                     "true",
                                     "false",
                                     "null",
                                     "1",
                                     "-0.5",
                                     "1e5",
                                     " ",
                                     "\n",
                                     "\"a\"",
                                     "\"b\":",
                                     "[[",
                                     "]]",
                                     "é",
                                     "\xff",
                                     "\xc3",
                                     "x",
                                     "\\u0000",
                                     "\x01",
                                     "\"\\\\\"",
                                     "\"\\\"",
                                     "{\"k\":1}",
                                     "/",
                                     "\\/",
                                     "\\b",
                                     "\xf0\x9f\x98\x8a"};

static GString *
random_text(void)
{
  GString *text = g_string_new(g_test_rand_bit() ? "[\"" : "{\"a\":");
  for (int n = g_test_rand_int_range(0, 12); n > 0; n--)
    g_string_append(text, pieces[g_test_rand_int_range(0, G_N_ELEMENTS(pieces))]);
  if (g_test_rand_bit())
    g_string_append(text, g_test_rand_bit() ? "\"]" : "}");
  return text;
}

/* Only what is refused for a reason of its own may differ from jansson; what is read has jansson's value. */
static gboolean
check_against_jansson(const GString *text)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(json_t) ours = cr_json_parse(text->str, text->len, &error);
  g_autoptr(json_t) theirs = json_loadb(text->str, text->len, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
  g_assert_true((ours == NULL) == (error != NULL));
  if (ours)
    g_assert_true(json_equal(ours, theirs));
  else
    g_assert_null(theirs); /* it refuses NUL, broken UTF-8 and half pairs as well, with fewer words */
  g_autofree char *once = ours ? cr_json_dump(ours) : NULL;
  g_autoptr(json_t) again = once ? cr_json_parse(once, strlen(once), NULL) : NULL;
  g_assert_true(!ours || json_equal(ours, again));
  return ours != NULL;
}

static void
test_as_jansson(void)
{
  guint n_read = 0;
  for (int i = 0; i < 60000; i++) {
    GString *text = random_text();
    n_read += check_against_jansson(text);
    g_string_free(text, TRUE);
  }
  g_assert_cmpuint(n_read, >, 500); /* both sides of the fence were seen */
}

/* Every cut and every changed bit of a document is refused or read as jansson reads it. */
static void
test_mutations(void)
{
  static const char whole[] =
      "{\"id\":\"N-1\",\"text\":\"caf\xc3\xa9 \\ud83d\\ude00\\n\",\"e\":[{\"s\":1,\"p\":0.25}]}";
  for (gsize i = 0; i < sizeof whole - 1; i++)
    for (int bit = -1; bit < 8; bit++) {
      GString *text = g_string_new_len(whole, bit < 0 ? (gssize)i : (gssize)sizeof whole - 1);
      if (bit >= 0)
        text->str[i] = (char)(text->str[i] ^ (1 << bit));
      (void)check_against_jansson(text);
      g_string_free(text, TRUE);
    }
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/json/refuses", test_json_refuses);
  g_test_add_func("/json/depth", test_json_depth);
  g_test_add_func("/json/no-text", test_json_tells_no_text);
  g_test_add_func("/json/byte", test_json_names_the_byte);
  g_test_add_func("/json/round-trip", test_json_round_trip);
  g_test_add_func("/json/reals", test_reals);
  g_test_add_func("/json/integers", test_integers);
  g_test_add_func("/json/as-jansson", test_as_jansson);
  g_test_add_func("/json/mutations", test_mutations);
  return g_test_run();
}
