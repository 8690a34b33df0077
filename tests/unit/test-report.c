/* report: a paper as Markdown and as PDF. */
#include "report/report.h"

#include <string.h>

#ifdef CR_SANITIZED
/* fontconfig and pango keep what they have looked up for the life of the process. */
CR_EXPORT const char *__lsan_default_suppressions(void);
const char *
__lsan_default_suppressions(void)
{
  return "leak:libfontconfig\nleak:libpango\nleak:libcairo\nleak:libglib-2.0.so\nleak:libgobject\n";
}
#endif

static CrPaper *
make_paper(guint n_rows, const char *word)
{
  CrPaper *p = cr_paper_new("A title");
  cr_paper_add_heading(p, "First");
  cr_paper_add_paragraph(p, "Some words.");
  cr_paper_add_table(p, (const char *const[]){"name", "n", NULL}, "lr");
  for (guint i = 0; i < n_rows; i++) {
    g_autofree char *number = g_strdup_printf("%u", i);
    cr_paper_add_row(p, (const char *const[]){word, number, NULL});
  }
  return p;
}

static void
test_markdown(void)
{
  g_autoptr(CrPaper) p = make_paper(1, "a|b\n*c*");
  g_autofree char *text = cr_paper_to_markdown(p);
  g_assert_cmpstr(
      text, ==,
      "# A title\n\n## First\n\nSome words.\n\n| name | n |\n| --- | ---: |\n| a\\|b \\*c\\* | 0 |\n\n");
}

static guint
count(GBytes *bytes, const char *what)
{
  gsize n_bytes = 0, n = strlen(what);
  const char *data = g_bytes_get_data(bytes, &n_bytes);
  guint found = 0;
  for (gsize i = 0; i + n <= n_bytes; i++)
    found += memcmp(data + i, what, n) == 0;
  return found;
}

static GBytes *
print(guint n_rows, const char *word)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(CrPaper) p = make_paper(n_rows, word);
  GBytes *bytes = cr_paper_to_pdf(p, "2026-01-02T03:04:05Z", &error);
  if (g_error_matches(error, CR_ERROR, CR_ERROR_PDF_LIBRARY))
    g_test_skip(error->message);
  else
    g_assert_no_error(error);
  return bytes;
}

/* 7.5 points and 4 between: about 13 points a row, 752 points a page. */
static void
test_pages(void)
{
  g_autoptr(GBytes) one = print(3, "word"), again = print(3, "word"), many = print(500, "word");
  if (!one)
    return;
  g_assert_cmpint(memcmp(g_bytes_get_data(one, NULL), "%PDF-", 5), ==, 0);
  g_assert_cmpuint(count(one, "%%EOF"), ==, 1);
  g_assert_cmpuint(count(one, "/Type /Page %"), ==, 1);
  g_assert_cmpuint(count(many, "/Type /Page %"), >=, 6);
  g_assert_cmpuint(count(many, "/Type /Page %"), <=, 14);
  g_assert_true(g_bytes_equal(one, again));
}

/* Words that no page is wide enough for, of other scripts, and none. */
static void
test_odd_words(void)
{
  g_autofree char *wide = g_strnfill(3000, 'w');
  const char *const words[] = {wide, "Ünïcödé 病気 \xF0\x9F\x92\x8A", ""};
  for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
    g_autoptr(GBytes) bytes = print(2, words[i]);
    if (bytes)
      g_assert_cmpuint(count(bytes, "%%EOF"), ==, 1);
  }
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/report/markdown", test_markdown);
  g_test_add_func("/report/pages", test_pages);
  g_test_add_func("/report/odd-words", test_odd_words);
  return g_test_run();
}
