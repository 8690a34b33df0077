/* utility: which words of a note are clinical, and which of them went with the identifiers. */
#include <chartroom/utility.h>
#include <string.h>

/* Counts the note with everything in angle brackets masked (the brackets are not part of it). */
static void
count(CrUtility *u, const char *marked, CrUtilityCounts *sum)
{
  g_autoptr(GString) s = g_string_new(NULL);
  g_autoptr(GArray) masked = g_array_new(FALSE, FALSE, sizeof(CrSpan));
  g_autoptr(GError) error = NULL;
  for (const char *c = marked; *c; c++)
    if (*c == '<') {
      CrSpan span = {s->len, s->len};
      g_array_append_val(masked, span);
    } else if (*c == '>')
      g_array_index(masked, CrSpan, masked->len - 1).end = s->len;
    else
      g_string_append_c(s, *c);
  g_autoptr(CrText) text = cr_text_new(s->str, (gssize)s->len, &error);
  g_assert_no_error(error);
  cr_utility_add(u, text, masked, sum);
}

static void
test_classes(void)
{
  static const struct {
    const char *note;
    guint64 all[CR_UTILITY_N_CLASSES], masked[CR_UTILITY_N_CLASSES], words;
  } rows[] = {/* drug, problem, eponym, lab */
              {"Start lisinopril and warfarin.", {2}, {0}, 0},
              {"Start <Lisinopril> for <Maria Lopez>.", {1}, {1}, 3},
              {"Asthma and pneumonia; <Dr. Smith>.", {0, 2}, {0}, 2},
              {"Foley catheter, Parkinson disease, <Bell> palsy.", {0, 0, 3}, {0, 0, 1}, 1},
              {"Seen by <Dr. Parkinson>.", {0}, {0}, 2},
              {"Hgb 9.2, WBC: 12, Na = 138, K 4.1", {0, 0, 0, 4}, {0}, 0},
              {"<K> 4 of 5; the Na of it; <INR 2.1>", {0, 0, 0, 1}, {0, 0, 0, 1}, 2},
              {"Grace and May went to Reading.", {0}, {0}, 0}};
  g_autoptr(GError) error = NULL;
  g_autoptr(CrUtility) u = cr_utility_new(NULL, NULL, &error);
  g_assert_no_error(error);
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    CrUtilityCounts counts = {0};
    count(u, rows[i].note, &counts);
    g_test_message("%s", rows[i].note);
    g_assert_cmpmem(counts.all, sizeof counts.all, rows[i].all, sizeof rows[i].all);
    g_assert_cmpmem(counts.masked, sizeof counts.masked, rows[i].masked, sizeof rows[i].masked);
    g_assert_cmpuint(counts.words_masked, ==, rows[i].words);
  }
}

static void
test_words(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(CrUtility) u = cr_utility_new(NULL, "en", &error);
  CrUtilityCounts counts = {0};
  g_assert_no_error(error);
  count(u, "<Warfarin>, warfarin, <WARFARIN>; <asthma>; metformin. <Maria>", &counts);
  g_autoptr(json_t) words = cr_utility_words(u, 10), one = cr_utility_words(u, 1);
  g_autoptr(json_t) expected =
      json_pack("[{s:s, s:s, s:i, s:i}, {s:s, s:s, s:i, s:i}]", "word", "warfarin", "class", "drug", "masked",
                2, "all", 3, "word", "asthma", "class", "problem", "masked", 1, "all", 1);
  g_assert_true(json_equal(words, expected));
  g_assert_cmpuint(json_array_size(one), ==, 1);
  g_assert_null(cr_utility_new(NULL, "tlh", &error));
  g_assert_error(error, CR_ERROR, CR_ERROR_USAGE);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/utility/classes", test_classes);
  g_test_add_func("/utility/words", test_words);
  return g_test_run();
}
