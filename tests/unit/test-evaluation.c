/* The measures, each on a case small enough to be counted by hand; what must hold for any case, on random
 * ones. */
#include <chartroom/evaluation.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- cases: labels are the letters A to F ---- */

static const char *const letters[] = {"A", "B", "C", "D", "E", "F"};

typedef struct {
  CrText *text;
  GArray *gold, *system; /* CrLabelSpan */
} Case;

/* "A:0-3 B:4-7+9-12": label, bytes, more pieces behind '+'. */
static GArray *
parse_spans(const char *spec)
{
  GArray *spans = g_array_new(FALSE, FALSE, sizeof(CrLabelSpan));
  g_auto(GStrv) words = g_strsplit(spec, " ", -1);
  for (guint i = 0; words[i] != NULL; i++) {
    if (*words[i] == '\0')
      continue;
    CrLabelSpan span = {.label = (guint)(words[i][0] - 'A')};
    g_auto(GStrv) pieces = g_strsplit(words[i] + 2, "+", -1);
    g_autoptr(GArray) list = cr_fragments_new();
    for (guint p = 0; pieces[p] != NULL; p++) {
      CrSpan piece = {0, 0};
      g_assert_cmpint(sscanf(pieces[p], "%zu-%zu", &piece.start, &piece.end), ==, 2);
      g_array_append_val(list, piece);
    }
    CrSpan bounds = cr_fragments_bounds(list);
    span.start = bounds.start;
    span.end = bounds.end;
    if (list->len > 1)
      span.fragments = g_steal_pointer(&list);
    g_array_append_val(spans, span);
  }
  return spans;
}

static void
span_clear_cb(gpointer data)
{
  g_clear_pointer(&((CrLabelSpan *)data)->fragments, g_array_unref);
}

static Case
case_new(const char *text, const char *gold, const char *system)
{
  Case c = {cr_text_new(text, -1, NULL), parse_spans(gold), parse_spans(system)};
  g_array_set_clear_func(c.gold, span_clear_cb);
  g_array_set_clear_func(c.system, span_clear_cb);
  return c;
}

static void
case_clear(Case *c)
{
  g_clear_pointer(&c->text, cr_text_unref);
  g_clear_pointer(&c->gold, g_array_unref);
  g_clear_pointer(&c->system, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Case, case_clear)

static CrEvaluationDocument
document_of(const Case *c)
{
  return (CrEvaluationDocument){.id = "d",
                                .text = c->text,
                                .gold = (const CrLabelSpan *)(gpointer)c->gold->data,
                                .n_gold = c->gold->len,
                                .system = (const CrLabelSpan *)(gpointer)c->system->data,
                                .n_system = c->system->len,
                                .group = -1};
}

static CrEvaluationScheme
plain_scheme(void)
{
  return (CrEvaluationScheme){.labels = letters, .n_labels = G_N_ELEMENTS(letters), .seed = 1};
}

static json_t *
report_of(const CrEvaluationScheme *scheme, const char *text, const char *gold, const char *system)
{
  g_auto(Case) c = case_new(text, gold, system);
  CrEvaluationDocument document = document_of(&c);
  return cr_evaluation_report(scheme, &document, 1);
}

/* "strict.f1.value" of an object. */
static const json_t *
at(const json_t *object, const char *path)
{
  g_auto(GStrv) keys = g_strsplit(path, ".", -1);
  for (guint i = 0; keys[i] != NULL; i++) {
    object = json_object_get(object, keys[i]);
    if (object == NULL)
      g_error("%s: no member %s", path, keys[i]);
  }
  return object;
}

static void
assert_number(const json_t *object, const char *path, double expected)
{
  const json_t *found = at(object, path);
  if (isnan(expected) ? !json_is_null(found)
                      : !json_is_number(found) || fabs(json_number_value(found) - expected) > 1e-9)
    g_error("%s is %s, not %g", path, json_is_number(found) ? "another number" : "null", expected);
}

static void
assert_prf(const json_t *report, const char *measure, double precision, double recall, double f1)
{
  const double values[] = {precision, recall, f1};
  const char *const names[] = {"precision", "recall", "f1"};
  for (guint i = 0; i < 3; i++) {
    g_autofree char *path = g_strdup_printf("%s.%s.value", measure, names[i]);
    assert_number(report, path, values[i]);
  }
}

static void
assert_share(const json_t *report, const char *share, double part, double of)
{
  g_autofree char *p = g_strconcat(share, ".part", NULL), *o = g_strconcat(share, ".of", NULL),
                  *v = g_strconcat(share, ".value", NULL);
  assert_number(report, p, part);
  assert_number(report, o, of);
  assert_number(report, v, of > 0 ? part / of : NAN);
}

/* ---- counted by hand ---- */

static const char six[] = "aaa bbb ccc ddd eee fff"; /* words at 0, 4, 8, 12, 16, 20 */

/* One found, one of another label, one half, one missed, one invented. */
static void
test_one_of_each(void)
{
  CrEvaluationScheme scheme = plain_scheme();
  g_autoptr(json_t) r = report_of(&scheme, six, "A:0-3 A:4-7 A:8-15 A:16-19", "A:0-3 B:4-7 A:8-11 A:20-23");
  assert_prf(r, "strict", 0.25, 0.25, 0.25);
  assert_number(r, "strict.correct", 1);
  assert_number(r, "strict.incorrect", 2);
  assert_number(r, "strict.missed", 1);
  assert_number(r, "strict.spurious", 1);
  assert_prf(r, "exact", 0.5, 0.5, 0.5);
  assert_number(r, "exact.correct", 2);
  assert_prf(r, "partial", 0.625, 0.625, 0.625);
  assert_number(r, "partial.partial", 1);
  assert_prf(r, "type", 0.5, 0.5, 0.5);
  assert_prf(r, "spans_strict", 0.5, 0.5, 0.5);
  assert_prf(r, "spans_merged", 0, 0, 0);
  assert_prf(r, "token", 0.75, 0.6, 2 * 0.75 * 0.6 / 1.35);
  assert_prf(r, "token_kind", 0.5, 0.4, 2 * 0.5 * 0.4 / 0.9);
  assert_prf(r, "characters", 0.75, 0.6, 2 * 0.75 * 0.6 / 1.35);
  assert_share(r, "spans_covered", 2, 4);
  assert_share(r, "spans_touched", 3, 4);
  assert_share(r, "leak_free", 0, 1);
  assert_share(r, "untouched", 0, 0);
  assert_number(r, "per_label.A.gold", 4);
  assert_number(r, "per_label.A.system", 3);
  assert_number(r, "per_label.A.correct", 1);
  assert_number(r, "per_label.A.precision.value", 1.0 / 3);
  assert_number(r, "per_label.A.recall.value", 0.25);
  assert_number(r, "per_label.A.characters.value", 9.0 / 15);
  assert_number(r, "per_label.B.precision.value", 0);
  assert_number(r, "per_label.B.recall.value", NAN);
  assert_number(r, "per_label.C.f1.value", NAN);
  assert_number(r, "confusion.A.A", 2);
  assert_number(r, "confusion.A.B", 1);
  g_assert_cmpint(json_integer_value(json_object_get(at(r, "confusion.A"), "")), ==, 1);
  g_assert_cmpint(json_integer_value(json_object_get(json_object_get(at(r, "confusion"), ""), "A")), ==, 1);
  assert_number(r, "documents", 1);
  assert_number(r, "gold_spans", 4);
  assert_number(r, "system_spans", 4);
}

static void
test_empty_sides(void)
{
  CrEvaluationScheme scheme = plain_scheme();
  static const char *const measures[] = {"strict",       "exact", "partial",    "type",      "spans_strict",
                                         "spans_merged", "token", "token_kind", "characters"};
  g_autoptr(json_t) none = report_of(&scheme, six, "", ""), invented = report_of(&scheme, six, "", "A:0-3"),
                    missed = report_of(&scheme, six, "A:0-3", ""), no_text = report_of(&scheme, "", "", "");
  for (gsize m = 0; m < G_N_ELEMENTS(measures); m++) {
    assert_prf(none, measures[m], NAN, NAN, NAN);
    assert_prf(no_text, measures[m], NAN, NAN, NAN);
    assert_prf(invented, measures[m], 0, NAN, 0);
    assert_prf(missed, measures[m], NAN, 0, 0);
  }
  assert_share(none, "untouched", 1, 1);
  assert_share(none, "leak_free", 0, 0);
  assert_share(invented, "untouched", 0, 1);
  assert_share(missed, "leak_free", 0, 1);
  g_autoptr(json_t) nothing = cr_evaluation_report(&scheme, NULL, 0);
  assert_prf(nothing, "strict", NAN, NAN, NAN);
  assert_share(nothing, "untouched", 0, 0);
}

static void
test_discontinuous(void)
{
  CrEvaluationScheme scheme = plain_scheme();
  g_autoptr(json_t) wider = report_of(&scheme, "aaa bbb ccc", "A:0-3+8-11", "A:0-11");
  assert_prf(wider, "strict", 0, 0, 0);
  assert_prf(wider, "partial", 0.5, 0.5, 0.5);
  assert_prf(wider, "type", 1, 1, 1);
  assert_prf(wider, "characters", 6.0 / 9, 1, 0.8);
  assert_prf(wider, "token", 2.0 / 3, 1, 0.8);
  assert_prf(wider, "spans_strict", 0, 0, 0);
  assert_share(wider, "spans_covered", 1, 1);
  g_autoptr(json_t) same = report_of(&scheme, "aaa bbb ccc", "A:0-3+8-11", "A:0-3+8-11");
  assert_prf(same, "strict", 1, 1, 1);
  assert_prf(same, "spans_strict", 1, 1, 1);
  assert_prf(same, "spans_merged", 1, 1, 1);
  /* What lies in the gap is nobody's. */
  g_autoptr(json_t) gap = report_of(&scheme, "aaa bbb ccc", "A:0-3+8-11", "A:4-7");
  assert_prf(gap, "partial", 0, 0, 0);
  assert_number(gap, "partial.missed", 1);
  assert_number(gap, "partial.spurious", 1);
  assert_share(gap, "spans_touched", 0, 1);
}

static void
test_merged(void)
{
  CrEvaluationScheme scheme = plain_scheme();
  /* "María, Gómez" as two spans and as one; í and ó take two bytes */
  g_autoptr(json_t) joined = report_of(&scheme, "Mar\u00EDa, G\u00F3mez x", "A:0-6 B:8-14", "A:0-14");
  assert_prf(joined, "spans_strict", 0, 0, 0);
  assert_prf(joined, "spans_merged", 1, 1, 1);
  g_autoptr(json_t) parted = report_of(&scheme, "aaa, \u00E9 bbb", "A:0-3 A:8-11", "A:0-11");
  assert_prf(parted, "spans_merged", 0, 0, 0);
  /* Bounds that stand twice under two labels count once. */
  g_autoptr(json_t) twice = report_of(&scheme, six, "A:0-3 B:0-3", "C:0-3");
  assert_prf(twice, "spans_strict", 1, 1, 1);
  assert_prf(twice, "exact", 1, 0.5, 2.0 / 3);
}

/* F is only reported. */
static void
test_reported(void)
{
  static const gboolean is_reported[G_N_ELEMENTS(letters)] = {[5] = TRUE};
  CrEvaluationScheme scheme = plain_scheme();
  scheme.is_reported = is_reported;
  g_autoptr(json_t) r = report_of(&scheme, "aaa bbb ccc ddd", "A:0-3 F:4-7", "F:0-3 A:4-7 F:8-11");
  assert_prf(r, "strict", 0, 0, 0);
  assert_number(r, "strict.incorrect", 1);
  assert_number(r, "strict.spurious", 0);
  assert_prf(r, "exact", 1, 1, 1);
  assert_prf(r, "characters", 1, 1, 1);
  assert_prf(r, "token", 1, 1, 1);
  assert_number(r, "token.system", 1);
  assert_prf(r, "token_kind", NAN, 0, 0);
  assert_share(r, "spans_covered", 1, 1);
  assert_share(r, "leak_free", 1, 1);
  assert_number(r, "per_label.F.gold", 1);
  assert_number(r, "per_label.F.system", 2);
  g_assert_true(json_is_true(at(r, "per_label.F.reported")));
  g_autoptr(json_t) missed = report_of(&scheme, "aaa bbb", "F:0-3", ""),
                    invented = report_of(&scheme, "aaa", "", "F:0-3");
  assert_number(missed, "strict.missed", 0);
  assert_share(missed, "untouched", 1, 1);
  assert_number(invented, "strict.spurious", 0);
  assert_share(invented, "untouched", 1, 1);
}

static void
test_titles(void)
{
  CrEvaluationScheme scheme = plain_scheme();
  g_autoptr(json_t) strictly = report_of(&scheme, "Dr. Smith", "A:0-9", "A:4-9");
  assert_share(strictly, "leak_free", 0, 1);
  assert_number(strictly, "characters.recall.value", 5.0 / 7);
  scheme.titles_are_free = TRUE;
  g_autoptr(json_t) freely = report_of(&scheme, "Dr. Smith", "A:0-9", "A:4-9");
  assert_share(freely, "leak_free", 1, 1);
  assert_prf(freely, "characters", 1, 1, 1);
  assert_prf(freely, "token", 1, 1, 1);
  g_autoptr(json_t) both = report_of(&scheme, "Dr. Smith", "A:0-9", "A:0-9");
  assert_prf(both, "characters", 1, 1, 1);
}

/* Letters of any script count one each; a span without letters by its other characters. */
static void
test_letters(void)
{
  CrEvaluationScheme scheme = plain_scheme();
  g_autoptr(json_t) name =
      report_of(&scheme, "\u0141ukasz \u674E\U0001F600.", "A:0-8 A:8-15", "A:0-7 A:8-11");
  assert_number(name, "characters.gold", 7);
  assert_prf(name, "characters", 1, 1, 1);
  assert_share(name, "leak_free", 1, 1);
  g_autoptr(json_t) signs = report_of(&scheme, "+++ -", "A:0-3", "A:0-2");
  assert_share(signs, "spans_covered", 0, 1);
  assert_share(signs, "spans_touched", 1, 1);
  assert_prf(signs, "characters", NAN, NAN, NAN);
}

static void
test_word_of_two_spans(void)
{
  CrEvaluationScheme scheme = plain_scheme();
  /* The shorter span names the word: B inside A. */
  g_autoptr(json_t) r = report_of(&scheme, "aaa bbb ccc", "A:0-11 B:4-7", "A:0-3 B:4-7 A:8-11");
  assert_prf(r, "token_kind", 1, 1, 1);
}

/* ---- groups ---- */

static void
test_groups(void)
{
  static const char *const names[] = {"x", "y"};
  CrEvaluationScheme scheme = plain_scheme();
  scheme.groups = names;
  scheme.n_groups = 2;
  g_auto(Case) first = case_new(six, "A:0-3 A:4-7 A:8-11 A:12-15", "A:0-3 A:4-6 B:8-11");
  g_auto(Case) second = case_new(six, "A:0-3", "A:0-3 A:20-23");
  static const gint groups[] = {0, 0, 1, -1};
  CrEvaluationDocument documents[] = {document_of(&first), document_of(&second)};
  documents[0].gold_groups = groups;
  documents[1].group = 1;
  g_autoptr(json_t) r = cr_evaluation_report(&scheme, documents, 2);
  assert_number(r, "groups.x.gold", 2);
  assert_number(r, "groups.x.documents", 0);
  assert_number(r, "groups.x.recall.value", 0.5);
  assert_number(r, "groups.x.spans_covered.value", 0.5);
  assert_number(r, "groups.x.characters.value", 5.0 / 6);
  assert_number(r, "groups.x.leak_free.value", NAN);
  assert_number(r, "groups.y.gold", 2);
  assert_number(r, "groups.y.documents", 1);
  assert_number(r, "groups.y.recall.value", 0.5);
  assert_number(r, "groups.y.spans_covered.value", 1);
  assert_number(r, "groups.y.leak_free.value", 1);
  assert_number(r, "groups.y.token_precision.value", 0.5);
  assert_number(r, "spread.recall.value", 0);
  assert_number(r, "spread.spans_covered.value", 0.5);
  assert_number(r, "spread.characters.value", 1.0 / 6);
  static const gboolean is_small[] = {TRUE, FALSE};
  scheme.is_small = is_small;
  g_autoptr(json_t) without = cr_evaluation_report(&scheme, documents, 2);
  assert_number(without, "spread.characters.value", NAN);
  g_assert_true(json_is_true(at(without, "groups.x.small")));
}

/* ---- random documents ---- */

static char *
random_spans(GRand *rand, gsize n_bytes)
{
  GString *spec = g_string_new(NULL);
  for (gint n = g_rand_int_range(rand, 0, 7); n > 0; n--) {
    gint start = g_rand_int_range(rand, 0, (gint)n_bytes),
         end = g_rand_int_range(rand, start + 1, (gint)n_bytes + 1);
    g_string_append_printf(spec, "%c:%d-%d ", 'A' + g_rand_int_range(rand, 0, 6), start, end);
  }
  return g_string_free(spec, FALSE);
}

static void
assert_same(const json_t *a, const char *path_a, const json_t *b, const char *path_b)
{
  const json_t *x = at(a, path_a), *y = at(b, path_b);
  assert_number(b, path_b, json_is_null(x) ? NAN : json_number_value(x));
  g_assert_cmpint(json_is_null(x), ==, json_is_null(y));
}

/* Who is called gold decides what is precision and what is recall, and nothing else. */
static void
test_symmetric(void)
{
  static const char *const measures[] = {"strict",       "exact", "partial",    "type",      "spans_strict",
                                         "spans_merged", "token", "token_kind", "characters"};
  g_autoptr(GRand) rand = g_rand_new_with_seed(7);
  CrEvaluationScheme scheme = plain_scheme();
  for (guint i = 0; i < 300; i++) {
    g_autofree char *a = random_spans(rand, strlen(six)), *b = random_spans(rand, strlen(six));
    g_autoptr(json_t) forth = report_of(&scheme, six, a, b), back = report_of(&scheme, six, b, a);
    for (gsize m = 0; m < G_N_ELEMENTS(measures); m++) {
      g_autofree char *p = g_strconcat(measures[m], ".precision.value", NULL),
                      *r = g_strconcat(measures[m], ".recall.value", NULL),
                      *f = g_strconcat(measures[m], ".f1.value", NULL);
      assert_same(forth, p, back, r);
      assert_same(forth, r, back, p);
      assert_same(forth, f, back, f);
    }
  }
}

/* What is said of a whole is what is counted over its documents; strict <= exact, type; leak-free <= covered.
 */
static void
test_sums_and_bounds(void)
{
  g_autoptr(GRand) rand = g_rand_new_with_seed(11);
  CrEvaluationScheme scheme = plain_scheme();
  Case cases[40];
  CrEvaluationDocument documents[G_N_ELEMENTS(cases)];
  double correct = 0, found = 0, covered = 0;
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autofree char *a = random_spans(rand, strlen(six)), *b = random_spans(rand, strlen(six));
    cases[i] = case_new(six, a, b);
    documents[i] = document_of(&cases[i]);
    g_autoptr(json_t) one = cr_evaluation_report(&scheme, &documents[i], 1);
    correct += json_number_value(at(one, "strict.correct"));
    found += json_number_value(at(one, "characters.found"));
    covered += json_number_value(at(one, "spans_covered.part"));
    g_assert_cmpfloat(json_number_value(at(one, "strict.correct")), <=,
                      json_number_value(at(one, "exact.correct")));
    g_assert_cmpfloat(json_number_value(at(one, "strict.correct")), <=,
                      json_number_value(at(one, "type.correct")));
    g_assert_cmpfloat(json_number_value(at(one, "spans_covered.part")), <=,
                      json_number_value(at(one, "spans_touched.part")));
  }
  g_autoptr(json_t) all = cr_evaluation_report(&scheme, documents, G_N_ELEMENTS(cases));
  assert_number(all, "strict.correct", correct);
  assert_number(all, "characters.found", found);
  assert_number(all, "spans_covered.part", covered);
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
    case_clear(&cases[i]);
}

/* ---- intervals ---- */

typedef struct {
  Case *cases;
  CrEvaluationDocument *documents;
  guint n;
} Set;

/* Every k-th document is missed. */
static Set
set_new(guint n, guint k)
{
  Set set = {g_new(Case, n), g_new(CrEvaluationDocument, n), n};
  for (guint i = 0; i < n; i++) {
    set.cases[i] = case_new(six, "A:0-3", k > 0 && i % k == 0 ? "" : "A:0-3");
    set.documents[i] = document_of(&set.cases[i]);
  }
  return set;
}

static void
set_clear(Set *set)
{
  for (guint i = 0; i < set->n; i++)
    case_clear(&set->cases[i]);
  g_clear_pointer(&set->cases, g_free);
  g_clear_pointer(&set->documents, g_free);
  set->n = 0;
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Set, set_clear)

/* Recall of one span a document is a mean of 100 coins of 0.8: the interval is that of the binomial
 * distribution, 0.72 to 0.88 by its quantiles, give or take one document. */
static void
test_interval(void)
{
  g_auto(Set) set = set_new(100, 5);
  CrEvaluationScheme scheme = plain_scheme();
  scheme.n_bootstrap = 2000;
  g_autoptr(json_t) r = cr_evaluation_report(&scheme, set.documents, set.n);
  assert_number(r, "strict.recall.value", 0.8);
  double low = json_number_value(at(r, "strict.recall.low")),
         high = json_number_value(at(r, "strict.recall.high"));
  g_assert_cmpfloat(fabs(low - 0.72), <=, 0.0151);
  g_assert_cmpfloat(fabs(high - 0.88), <=, 0.0151);
  g_autoptr(json_t) again = cr_evaluation_report(&scheme, set.documents, set.n);
  g_assert_true(json_equal(r, again));
  scheme.seed = 2;
  g_autoptr(json_t) other = cr_evaluation_report(&scheme, set.documents, set.n);
  g_assert_false(json_equal(r, other));
  assert_number(other, "intervals.seed", 2);
  g_autoptr(json_t) single = cr_evaluation_report(&scheme, set.documents, 1);
  assert_number(single, "strict.recall.low", NAN);
  scheme.n_bootstrap = 0;
  g_autoptr(json_t) none = cr_evaluation_report(&scheme, set.documents, set.n);
  assert_number(none, "strict.recall.high", NAN);
}

static void
test_compare(void)
{
  g_auto(Set) worse = set_new(100, 2), better = set_new(100, 5);
  CrEvaluationScheme scheme = plain_scheme();
  scheme.n_bootstrap = 999;
  g_autoptr(json_t) same = cr_evaluation_compare(&scheme, worse.documents, worse.documents, worse.n);
  assert_number(same, "strict.f1.difference", 0);
  assert_number(same, "strict.f1.low", 0);
  assert_number(same, "strict.f1.high", 0);
  assert_number(same, "strict.f1.p", 1);
  assert_number(same, "leak_free.p", 1);
  g_autoptr(json_t) forth = cr_evaluation_compare(&scheme, worse.documents, better.documents, worse.n);
  assert_number(forth, "strict.recall.first", 0.5);
  assert_number(forth, "strict.recall.second", 0.8);
  assert_number(forth, "strict.recall.difference", 0.3);
  assert_number(forth, "strict.recall.p", 2.0 / 1000);
  g_assert_cmpfloat(json_number_value(at(forth, "strict.recall.low")), >, 0.15);
  g_autoptr(json_t) back = cr_evaluation_compare(&scheme, better.documents, worse.documents, worse.n);
  assert_number(back, "strict.recall.difference", -0.3);
  assert_same(forth, "strict.recall.p", back, "strict.recall.p");
  assert_number(back, "strict.recall.low", -json_number_value(at(forth, "strict.recall.high")));
  assert_number(forth, "per_label.B.f1.p", NAN);
}

/* A difference that is there by chance: p is about as often below 0.1 as it says. */
static void
test_compare_level(void)
{
  g_autoptr(GRand) rand = g_rand_new_with_seed(5);
  CrEvaluationScheme scheme = plain_scheme();
  guint n_below = 0, n_trials = 200;
  scheme.n_bootstrap = 200;
  for (guint t = 0; t < n_trials; t++) {
    g_auto(Set) first = set_new(60, 0), second = set_new(60, 0);
    for (guint i = 0; i < 60; i++) {
      first.documents[i].n_system = g_rand_double(rand) < 0.6;
      second.documents[i].n_system = g_rand_double(rand) < 0.6;
    }
    scheme.seed = t;
    g_autoptr(json_t) c = cr_evaluation_compare(&scheme, first.documents, second.documents, 60);
    n_below += json_number_value(at(c, "strict.recall.p")) < 0.1;
  }
  g_assert_cmpuint(n_below, >=, 8);
  g_assert_cmpuint(n_below, <=, 36);
}

/* ---- errors ---- */

static void
assert_errors(const CrEvaluationScheme *scheme, const char *text, const char *gold, const char *system,
              const char *expected)
{
  g_auto(Case) c = case_new(text, gold, system);
  CrEvaluationDocument document = document_of(&c);
  g_autoptr(GArray) errors = cr_evaluation_errors(scheme, &document);
  g_autoptr(GString) found = g_string_new(NULL);
  for (guint i = 0; i < errors->len; i++) {
    const CrEvaluationError *e = &g_array_index(errors, CrEvaluationError, i);
    g_string_append_printf(found, "%s %zu-%zu %s/%s\n", cr_evaluation_error_name(e->kind), e->span.start,
                           e->span.end, e->gold >= 0 ? letters[e->gold] : "-",
                           e->system >= 0 ? letters[e->system] : "-");
  }
  g_assert_cmpstr(found->str, ==, expected);
}

static void
test_errors(void)
{
  static const gboolean is_reported[G_N_ELEMENTS(letters)] = {[5] = TRUE};
  CrEvaluationScheme scheme = plain_scheme();
  assert_errors(&scheme, six, "A:0-3 A:4-7 A:8-15 A:16-19", "A:0-3 B:4-7 A:8-11 A:20-23",
                "label 4-7 A/B\npart 8-15 A/A\nmiss 16-19 A/-\nfalse 20-23 -/A\n");
  assert_errors(&scheme, six, "A:0-3", "A:0-7", "over 0-7 A/A\n");
  assert_errors(&scheme, six, "A:0-3", "A:0-3", "");
  assert_errors(&scheme, six, "A:0-7", "A:0-3 A:4-7", "");
  scheme.is_reported = is_reported;
  assert_errors(&scheme, six, "F:0-3 A:4-7", "F:8-11 F:4-7", "label 4-7 A/F\n");
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/evaluation/one-of-each", test_one_of_each);
  g_test_add_func("/evaluation/empty-sides", test_empty_sides);
  g_test_add_func("/evaluation/discontinuous", test_discontinuous);
  g_test_add_func("/evaluation/merged", test_merged);
  g_test_add_func("/evaluation/reported", test_reported);
  g_test_add_func("/evaluation/titles", test_titles);
  g_test_add_func("/evaluation/letters", test_letters);
  g_test_add_func("/evaluation/word-of-two-spans", test_word_of_two_spans);
  g_test_add_func("/evaluation/groups", test_groups);
  g_test_add_func("/evaluation/symmetric", test_symmetric);
  g_test_add_func("/evaluation/sums-and-bounds", test_sums_and_bounds);
  g_test_add_func("/evaluation/interval", test_interval);
  g_test_add_func("/evaluation/compare", test_compare);
  g_test_add_func("/evaluation/compare-level", test_compare_level);
  g_test_add_func("/evaluation/errors", test_errors);
  return g_test_run();
}
