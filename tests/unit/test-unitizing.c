/* agreement: alpha for unitizing against a case counted by hand, and against its definition character by
 * character on random small cases. */
#include <chartroom/agreement.h>
#include <chartroom/text.h>
#include <math.h>
#include <string.h>

enum { MAX_READERS = 4, N_LABELS = 3, GAP = N_LABELS, N_DOCUMENTS = 3, LENGTH = 14 };
static const char *const labels[] = {"A", "B", "C"};
static const char *const names[] = {"ann", "bob", "cid", "dee"};

static json_t *
compare(const GArray *const *tokens, guint n_documents, GArray **spans, guint n_readers)
{
  CrLabelSet sets[MAX_READERS];
  for (guint r = 0; r < n_readers; r++)
    sets[r] = (CrLabelSet){names[r], (const CrLabelSpan *)(gpointer)spans[r]->data, spans[r]->len};
  CrComparison comparison = {n_documents, tokens, labels, N_LABELS, 7, 50, NULL};
  g_autoptr(GError) error = NULL;
  json_t *out = cr_agreement_spans(&comparison, sets, n_readers, &error);
  g_assert_no_error(error);
  return out;
}

/* NaN where null. */
static double
member(const json_t *out, const char *name)
{
  const json_t *value = json_object_get(out, "unitizing_alpha");
  g_auto(GStrv) steps = g_strsplit(name, ".", -1);
  for (guint i = 0; steps[i]; i++)
    value = json_object_get(value, steps[i]);
  g_assert_nonnull(value);
  return json_is_null(value) ? NAN : json_number_value(json_object_get(value, "value"));
}

/* Rows of documents are single precision, and hold thirds where four read. */
static void
assert_close(double value, double expected, const char *what)
{
  if (isnan(value) != isnan(expected) || fabs(value - expected) >= 1e-6)
    g_error("%s: %.9f, expected %.9f", what, value, expected);
}

static GArray *
token_list(gsize end)
{
  GArray *tokens = g_array_new(FALSE, FALSE, sizeof(CrSpan));
  CrSpan token = {0, end};
  g_array_append_val(tokens, token);
  return tokens;
}

static void
add_span(GArray *spans, guint document, gsize start, gsize end, guint label)
{
  CrLabelSpan span = {document, start, end, label, NULL};
  g_array_append_val(spans, span);
}

static GArray *
span_list(void)
{
  return g_array_new(FALSE, FALSE, sizeof(CrLabelSpan));
}

/* Places of both readers, 22: ann 4 of A and a gap of 7, bob 3 of A, a gap of 5, 3 of B; 4 of 11 places
 * apart. By chance a unit does not meet itself, a gap's place not itself: 484 - 12 - (16 + 9 + 9) = 438
 * pairs, 240 of them a unit and a gap, 282 of different values. Both marked three places, all of them A. */
static void
test_by_hand(void)
{
  g_autoptr(GArray) tokens = token_list(11), a = span_list(), b = span_list();
  add_span(a, 0, 0, 4, 0);
  add_span(b, 0, 0, 3, 0);
  add_span(b, 0, 8, 11, 1);
  GArray *spans[] = {a, b};
  const GArray *const grid[] = {tokens};
  g_autoptr(json_t) out = compare(grid, 1, spans, 2);
  assert_close(member(out, "binary"), 1 - (8.0 / 22) / (240.0 / 438), "|u");
  assert_close(member(out, "u"), 1 - (8.0 / 22) / (282.0 / 438), "u");
  assert_close(member(out, "cu"), NAN, "cu");
  assert_close(member(out, "per_label.A.ku"), NAN, "A");
}

/* Krippendorff 2004, p. 254: a continuum of 300, c and k; printed are .7286 of c, 1 of k, and .8591 of both,
 * which comes of rounded disagreements (.0144 / .1022). */
static void
test_published_2004(void)
{
  g_autoptr(GArray) tokens = token_list(300), a = span_list(), b = span_list();
  add_span(a, 0, 30, 90, 1);
  add_span(a, 0, 75, 145, 0);
  add_span(a, 0, 150, 200, 1);
  add_span(a, 0, 220, 250, 0);
  add_span(b, 0, 30, 90, 1);
  add_span(b, 0, 70, 150, 0);
  add_span(b, 0, 150, 200, 1);
  add_span(b, 0, 205, 225, 0);
  add_span(b, 0, 250, 270, 0);
  GArray *spans[] = {a, b};
  const GArray *const grid[] = {tokens};
  g_autoptr(json_t) out = compare(grid, 1, spans, 2);
  const json_t *alpha = json_object_get(out, "unitizing_alpha"),
               *per_label = json_object_get(alpha, "per_label");
  const double c = json_number_value(json_object_get(json_object_get(per_label, "A"), "alpha_2004")),
               k = json_number_value(json_object_get(json_object_get(per_label, "B"), "alpha_2004")),
               both = json_number_value(json_object_get(alpha, "value"));
  g_assert_cmpfloat_with_epsilon(c, 0.7286, 0.00005);
  g_assert_cmpfloat_with_epsilon(k, 1, 1e-12);
  g_assert_cmpfloat_with_epsilon(both, 0.8591, 0.00005 / 0.1022);
}

/* ---- the definition, place by place ---- */

typedef struct {
  guint reader, document, value, run; /* run: the unit it is in, 0 in a gap */
  gsize at;
  gboolean is_met; /* another reader marked the place */
} Place;

/* The shortest span over the place; of equals the first label, then the first in the text; -1 = none. */
static gint
span_at(const GArray *spans, guint document, gsize at)
{
  gint best = -1;
  for (guint i = 0; i < spans->len; i++) {
    const CrLabelSpan *s = &g_array_index(spans, CrLabelSpan, i), *t = NULL;
    if (s->document != document || at < s->start || at >= s->end)
      continue;
    t = best < 0 ? NULL : &g_array_index(spans, CrLabelSpan, (guint)best);
    gsize length = s->end - s->start, other = t ? t->end - t->start : 0;
    if (!t || length < other || (length == other && s->label < t->label))
      best = (gint)i;
  }
  return best;
}

static GArray *
places_of(GArray **spans, guint n_readers)
{
  GArray *places = g_array_new(FALSE, FALSE, sizeof(Place));
  guint run = 0;
  for (guint r = 0; r < n_readers; r++)
    for (guint d = 0; d < N_DOCUMENTS; d++) {
      gint before = -1;
      for (gsize at = 0; at < LENGTH; at++) {
        gint span = span_at(spans[r], d, at);
        run += span >= 0 && (span != before || at == 0);
        before = span;
        Place place = {r, d, GAP, span >= 0 ? run : 0, at, FALSE};
        if (span >= 0)
          place.value = g_array_index(spans[r], CrLabelSpan, (guint)span).label;
        for (guint o = 0; o < n_readers; o++)
          place.is_met |= o != r && span_at(spans[o], d, at) >= 0;
        g_array_append_val(places, place);
      }
    }
  return places;
}

/* Coincidences are pairs of readers at a place, chance pairs any two places but one with itself and two of
 * one unit. only: coding, of what both marked; of (may be -1): of pairs whose first place has the value. */
static double
brute_alpha(const GArray *places, gboolean only, gint of, gboolean is_binary)
{
  double met = 0, apart = 0, chance = 0, chance_apart = 0;
  for (guint i = 0; i < places->len; i++)
    for (guint j = 0; j < places->len; j++) {
      const Place *x = &g_array_index(places, Place, i), *y = &g_array_index(places, Place, j);
      gboolean differ = is_binary ? (x->value == GAP) != (y->value == GAP) : x->value != y->value;
      if (only && (x->value == GAP || y->value == GAP || !x->is_met || !y->is_met))
        continue;
      if (of >= 0 && x->value != (guint)of)
        continue;
      gboolean is_pair = x->reader != y->reader && x->document == y->document && x->at == y->at;
      met += is_pair;
      apart += is_pair && differ;
      gboolean self = i == j || (x->run != 0 && x->run == y->run);
      chance += !self;
      chance_apart += differ;
    }
  return met > 0 && chance_apart > 0 ? 1 - apart / met / (chance_apart / chance) : NAN;
}

static void
random_spans(GArray *spans, guint document)
{
  guint n = (guint)g_test_rand_int_range(0, 6);
  gsize start = 0;
  for (guint i = 0; i < n; i++) {
    start = (gsize)g_test_rand_int_range((gint)start, LENGTH);
    gsize end = start + (gsize)g_test_rand_int_range(0, 6);
    add_span(spans, document, start, MIN(end, LENGTH), (guint)g_test_rand_int_range(0, N_LABELS));
  }
}

/* With two readers all coefficients; with more, the two over whole continua. */
static void
assert_as_defined(const json_t *out, const GArray *places, guint n_readers)
{
  assert_close(member(out, "binary"), brute_alpha(places, FALSE, -1, TRUE), "|u");
  assert_close(member(out, "u"), brute_alpha(places, FALSE, -1, FALSE), "u");
  if (n_readers > 2)
    return;
  assert_close(member(out, "cu"), brute_alpha(places, TRUE, -1, FALSE), "cu");
  for (guint l = 0; l < N_LABELS; l++) {
    g_autofree char *name = g_strdup_printf("per_label.%s.ku", labels[l]);
    assert_close(member(out, name), brute_alpha(places, TRUE, (gint)l, FALSE), name);
  }
}

static void
test_brute(void)
{
  for (guint t = 0; t < 200; t++) {
    guint n_readers = (guint)g_test_rand_int_range(2, MAX_READERS + 1);
    g_autoptr(GArray) tokens = token_list(LENGTH);
    const GArray *const grid[] = {tokens, tokens, tokens};
    g_autoptr(GPtrArray) lists = g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref);
    for (guint r = 0; r < n_readers; r++) {
      g_ptr_array_add(lists, span_list());
      for (guint d = 0; d < N_DOCUMENTS; d++)
        random_spans(lists->pdata[r], d);
    }
    g_autoptr(GArray) places = places_of((GArray **)lists->pdata, n_readers);
    g_autoptr(json_t) out = compare(grid, N_DOCUMENTS, (GArray **)lists->pdata, n_readers);
    assert_as_defined(out, places, n_readers);
  }
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/unitizing/by-hand", test_by_hand);
  g_test_add_func("/unitizing/published", test_published_2004);
  g_test_add_func("/unitizing/brute", test_brute);
  return g_test_run();
}
