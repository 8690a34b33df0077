/* Any text as an exported note: both attackers and the count of clinical words look at it, and what they
 * point at lies in it. The second part says which bytes are surrogates, leaks or masked. */
#include "support/support.h"
#include <chartroom/attack.h>
#include <chartroom/utility.h>

#include <string.h>

/* Spans from pairs of bytes: a gap, a length. On characters, ascending. */
static GArray *
spans_of(const CrText *text, FuzzPart part)
{
  GArray *spans = g_array_new(FALSE, FALSE, sizeof(CrSpan));
  gsize at = 0, n = cr_text_length(text, CR_UNIT_CODE_POINT);
  for (size_t i = 0; i + 1 < part.size && at < n; i += 2) {
    gsize start = at + part.data[i], end = start + 1 + part.data[i + 1] % 16;
    CrSpan span;
    if (end > n || !cr_span_from_unit(text, CR_UNIT_CODE_POINT, start, end, &span, NULL))
      break;
    g_array_append_val(spans, span);
    at = end;
  }
  return spans;
}

enum { KEPT_RUNS = 4096 };

/* Making an attacker reads the lists: one serves for many runs, and only what the run added is looked at. */
static void
look_for_originals(const CrText *text, const GArray *surrogates, const GArray *leaks)
{
  static CrHiding *h;
  static guint n_runs, n_seen;
  g_autoptr(GError) error = NULL;
  if (n_runs % KEPT_RUNS == 0) {
    cr_hiding_free(h);
    h = cr_hiding_new(NULL, "en", &error);
    n_seen = 0;
  }
  guint first = 2 * (n_runs++ % KEPT_RUNS);
  fuzz_check(h != NULL, error ? error->message : "the attacker can be made");
  cr_hiding_add(h, text, "P1", surrogates, leaks);
  cr_hiding_add(h, text, NULL, leaks, surrogates);
  const GArray *guesses = cr_hiding_finish(h);
  for (; n_seen < guesses->len; n_seen++) {
    const CrHidingGuess *g = &g_array_index(guesses, CrHidingGuess, n_seen);
    g_autofree char *words = cr_span_dup_text(text, g->span);
    fuzz_check(g->document == first || g->document == first + 1, "a guess is about a note that was added");
    fuzz_check(strcmp(words, g->words) == 0, "a guess is what stands there");
    fuzz_check(g->truth != CR_HIDING_LEAK || g->leak < (g->document > first ? surrogates : leaks)->len,
               "a leak is one of the note's");
  }
}

static void
count_words(CrUtility *utility, const CrText *text, const GArray *masked)
{
  CrUtilityCounts counts = {0}, none = {0};
  g_autoptr(GArray) nothing = g_array_new(FALSE, FALSE, sizeof(CrSpan));
  cr_utility_add(utility, text, masked, &counts);
  cr_utility_add(utility, text, nothing, &none);
  for (guint i = 0; i < CR_UTILITY_N_CLASSES; i++)
    fuzz_check(counts.masked[i] <= counts.all[i] && counts.all[i] == none.all[i] && none.masked[i] == 0,
               "no more is masked than is there");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static CrQuasi *quasi;
  static CrUtility *utility;
  FuzzPart parts[3];
  g_autoptr(GError) error = NULL;
  if (!quasi)
    quasi = cr_quasi_new(NULL, "en", &error);
  if (!utility)
    utility = cr_utility_new(NULL, "en", NULL);
  fuzz_check(quasi && utility, error ? error->message : "the tables can be read");
  fuzz_parts(data, size, parts, 3);
  g_autoptr(CrText) text = cr_text_new((const char *)parts[0].data, (gssize)parts[0].size, &error);
  if (!text) {
    fuzz_refused(&error);
    return 0;
  }
  g_autoptr(GArray) some = spans_of(text, parts[1]), others = spans_of(text, parts[2]);
  g_autoptr(GPtrArray) values = cr_quasi_read(quasi, text, NULL);
  fuzz_check(values->len == g_strv_length((char **)cr_quasi_keys(quasi)), "a value a key");
  look_for_originals(text, some, others);
  count_words(utility, text, some);
  return 0;
}
