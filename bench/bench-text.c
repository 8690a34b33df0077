/* How fast text is checked, measured and cut. One line a figure:
 *     name value unit ratio
 * ratio: the time taken over that of a yardstick: one memchr pass over the same bytes for what reads a text
 * once; g_utf8_offset_to_pointer for a conversion; ICU alone for tokens. First argument: megabytes a text, 50
 * where absent. */
#include "text/tokens-private.h"
#include <chartroom/text.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char plain_line[] = "Patient was started on lisinopril 10mg daily for hypertension; BP 142/88, "
                                 "HR 76, follow-up in 2 weeks.\n";
static const char mixed_line[] = "Señora Müller: température 38.5°C, 10µg x2, “no acute distress” 😀 "
                                 "e\u0301tat stable — 次回 3/4, naïve.\r\n";

static char *
make_text(const char *line, gsize n_bytes, gboolean one_line)
{
  GString *text = g_string_sized_new(n_bytes + 256);
  while (text->len < n_bytes)
    g_string_append(text, line);
  if (one_line)
    g_strdelimit(text->str, "\r\n", ' ');
  return g_string_free(text, FALSE);
}

static double
seconds_since(gint64 start)
{
  return (double)(g_get_monotonic_time() - start) / 1e6;
}

static double
memchr_pass(const char *bytes, gsize n)
{
  gint64 start = g_get_monotonic_time();
  const void *volatile found = memchr(bytes, '\1', n);
  g_assert(!found);
  return MAX(seconds_since(start), 1e-9);
}

static void
show(const char *kind, const char *what, double value, const char *unit, double ratio)
{
  printf("text.%s.%s %.6g %s %.3g\n", kind, what, value, unit, ratio);
}

#define N_CONVERSIONS 200000
#define N_SLOW 20

static void
bench_conversions(const char *kind, const CrText *text)
{
  gsize n = cr_text_length(text, CR_UNIT_CODE_POINT), sum = 0, step = n / N_CONVERSIONS + 1, count = 0;
  gint64 start = g_get_monotonic_time();
  for (gsize cp = 0; cp < n; cp += step, count++) {
    gsize byte_off = 0, utf16 = 0;
    gboolean good = cr_text_convert(text, CR_UNIT_CODE_POINT, cp, CR_UNIT_BYTE, &byte_off) &&
                    cr_text_convert(text, CR_UNIT_BYTE, byte_off, CR_UNIT_UTF16, &utf16);
    g_assert(good);
    sum += utf16;
  }
  double ours = seconds_since(start) / (double)count;
  start = g_get_monotonic_time();
  for (gsize i = 0; i < N_SLOW; i++)
    sum +=
        (gsize)(g_utf8_offset_to_pointer(cr_text_bytes(text), (glong)(n * i / N_SLOW)) - cr_text_bytes(text));
  double walk = seconds_since(start) / N_SLOW;
  g_assert(sum > 0);
  show(kind, "convert", ours * 1e9, "ns/pair", ours / walk);
}

static void
bench_pieces(const char *kind, const CrText *text, double yardstick)
{
  gsize n = cr_text_length(text, CR_UNIT_BYTE), some = MIN(n, 4u << 20);
  gint64 start = g_get_monotonic_time();
  g_autoptr(GArray) tokens = cr_text_tokens(text);
  double ours = seconds_since(start);
  g_autoptr(GArray) by_icu = cr_fragments_new();
  start = g_get_monotonic_time();
  while (((guchar)cr_text_bytes(text)[some] & 0xC0) == 0x80)
    some--;
  cr_tokens_by_icu(cr_text_bytes(text), 0, some, by_icu);
  double icu = seconds_since(start) * (double)n / (double)some;
  show(kind, "tokens", (double)n / ours / 1e6, "MB/s", ours / icu);
  start = g_get_monotonic_time();
  g_autoptr(GArray) sentences = cr_text_sentences(text);
  double taken = seconds_since(start);
  show(kind, "sentences", (double)n / taken / 1e6, "MB/s", taken / yardstick);
}

static void
bench(const char *kind, const char *line, gsize n_bytes, gboolean one_line)
{
  g_autofree char *utf8 = make_text(line, n_bytes, one_line);
  gsize n = strlen(utf8);
  double yardstick = memchr_pass(utf8, n);
  yardstick = MIN(yardstick, memchr_pass(utf8, n));
  g_autoptr(GBytes) bytes = g_bytes_new_static(utf8, n);
  g_autoptr(GError) error = NULL;
  gint64 start = g_get_monotonic_time();
  g_autoptr(CrText) text = cr_text_new_bytes(bytes, &error);
  double taken = seconds_since(start);
  g_assert_no_error(error);
  show(kind, "check", (double)n / taken / 1e6, "MB/s", taken / yardstick);
  bench_conversions(kind, text);
  gsize row = 0, column = 0;
  start = g_get_monotonic_time();
  cr_text_line_column(text, n, &row, &column);
  taken = seconds_since(start);
  show(kind, "line-column", taken * 1e3, "ms", taken / yardstick);
  bench_pieces(kind, text, yardstick);
}

int
main(int argc, char **argv)
{
  gsize n_bytes = (argc > 1 ? (gsize)g_ascii_strtoull(argv[1], NULL, 10) : 50) << 20;
  bench("ascii", plain_line, n_bytes, FALSE);
  bench("mixed", mixed_line, n_bytes, FALSE);
  bench("one-line", mixed_line, n_bytes / 10, TRUE);
  return 0;
}
