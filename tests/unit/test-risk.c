/* risk: every figure against values worked out by hand or published. */
#include <chartroom/risk.h>
#include <math.h>

#define NEAR(a, b, within) g_assert_cmpfloat_with_epsilon((a), (b), (within))

/* Newcombe (1998), Statistics in Medicine 17:857, table I. */
static void
test_shares(void)
{
  static const struct {
    guint64 hits, n;
    double wilson[2], exact[2];
  } rows[] = {{81, 263, {0.2553, 0.3662}, {0.2527, 0.3676}},
              {15, 148, {0.0624, 0.1605}, {0.0578, 0.1617}},
              {0, 20, {0, 0.1611}, {0, 0.1684}},
              {1, 29, {0.0061, 0.1718}, {0.0009, 0.1776}},
              {29, 29, {0.8830, 1}, {0.8806, 1}}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    CrRiskFigure w = cr_risk_wilson(rows[i].hits, rows[i].n), e = cr_risk_exact(rows[i].hits, rows[i].n);
    NEAR(w.value, (double)rows[i].hits / (double)rows[i].n, 1e-12);
    NEAR(w.low, rows[i].wilson[0], 5e-5);
    NEAR(w.high, rows[i].wilson[1], 5e-5);
    NEAR(e.low, rows[i].exact[0], 5e-5);
    NEAR(e.high, rows[i].exact[1], 5e-5);
  }
  g_assert_nonnull(cr_risk_wilson(0, 0).why);
  g_assert_nonnull(cr_risk_exact(0, 0).why);
  /* exact for large samples too: at zero the limit is 1 - .025^(1/n) */
  NEAR(cr_risk_exact(0, 100000).high, 1 - pow(0.025, 1e-5), 1e-12);
}

static void
test_rule_of_three(void)
{
  NEAR(cr_risk_none_seen(300), 3.0 / 300, 2e-4);
  NEAR(cr_risk_none_seen(20), 0.1391, 5e-5);
  NEAR(pow(1 - cr_risk_none_seen(77), 77), 0.05, 1e-12);
  g_assert_true(isnan(cr_risk_none_seen(0)));
}

/* Sunfish of an Indiana lake (Krumholz 1944; the example of Ricker's handbook): 346 marked, 184 caught, 49 of
 * them marked. */
static void
test_chapman_published(void)
{
  double se;
  CrRiskFigure f = cr_capture_chapman(346, 184, 49, &se);
  g_assert_null(f.why);
  NEAR(f.value, 347.0 * 185 / 50 - 1, 1e-9); /* 1282.9 */
  NEAR(se, 142.08, 0.01);                    /* sqrt(347*185*297*135 / (50^2*51)) */
  /* Chao's limits: 481 + 801.9 / C and 481 + 801.9 * C, C = exp(1.96 sqrt(log(1 + (142.08/801.9)^2)))
   * = 1.4113 */
  NEAR(f.low, 481 + 801.9 / 1.4113, 0.1);
  NEAR(f.high, 481 + 801.9 * 1.4113, 0.1);
}

static void
test_chapman_not_defined(void)
{
  g_assert_nonnull(cr_capture_chapman(10, 15, 5, NULL).why); /* overlap of 5 */
  g_assert_nonnull(cr_capture_chapman(0, 0, 0, NULL).why);
  g_assert_nonnull(cr_capture_chapman(3, 9, 8, NULL).why); /* cannot be */
  g_assert_null(cr_capture_chapman(10, 15, 7, NULL).why);
}

/* One found all that the other found: nothing is estimated to be missed, and that is not certain. */
static void
test_chapman_zero(void)
{
  CrRiskFigure f = cr_capture_chapman(100, 100, 100, NULL);
  double miss = cr_risk_exact(0, 100).high;
  NEAR(f.value, 100, 1e-9);
  NEAR(f.low, 100, 1e-9);
  NEAR(f.high, 100 + 100 * miss * miss / (1 - miss * miss), 1e-9);
  CrRiskFigure g = cr_capture_chapman(100, 60, 60, NULL);
  g_assert_cmpfloat(g.high, >, f.high);
}

/* The detector shows 200, of which A misses 4 and B 5 apart; beyond it both find 12, A 6 more, B 4 more. */
static void
test_three_sources(void)
{
  CrCapture c = {{[0] = 1,
                  [CR_FOUND_DETECTOR] = 2,
                  [CR_FOUND_FIRST] = 6,
                  [CR_FOUND_SECOND] = 4,
                  [CR_FOUND_FIRST | CR_FOUND_SECOND] = 12,
                  [CR_FOUND_DETECTOR | CR_FOUND_FIRST] = 5,
                  [CR_FOUND_DETECTOR | CR_FOUND_SECOND] = 4,
                  [7] = 191}};
  CrCaptureReport r = cr_capture_report(&c);
  g_assert_cmpuint(r.found, ==, 224);
  g_assert_cmpuint(r.both, ==, 203);
  g_assert_cmpuint(r.first_only, ==, 11);
  g_assert_cmpuint(r.second_only, ==, 8);
  g_assert_cmpuint(r.beyond_detector, ==, 22);
  g_assert_cmpuint(r.later, ==, 3);
  NEAR(r.missed_pooled.value, 11.0 * 8 / 204, 1e-9);
  NEAR(r.missed_shown.value, 5.0 * 4 / 192, 1e-9);
  NEAR(r.missed_hidden.value, 6.0 * 4 / 13, 1e-9);
  NEAR(r.missed.value, 5.0 * 4 / 192 + 6.0 * 4 / 13, 1e-9);
  g_assert_cmpfloat(r.missed.high, >, r.missed.value);
  /* variance of the hidden part: 19*17*6*4 / (13^2 * 14) = 3.2764 */
  double t = 24.0 / 13, C = exp(1.959963984540054 * sqrt(log(1 + 3.276416 / (t * t))));
  NEAR(r.missed_hidden.high, ceil(t * C), 1e-9);
  NEAR(r.missed_hidden.low, floor(t / C), 1e-9);
  /* Chao: f1 = 2+6+4, f2 = 12+5+4, two thirds of f1^2 / 2 f2 */
  NEAR(r.missed_at_least.value, 2.0 / 3 * 144 / 42, 1e-9);
  CrCapture sum = {{0}};
  cr_capture_add(&sum, &c);
  cr_capture_add(&sum, &c);
  g_assert_cmpuint(cr_capture_report(&sum).found, ==, 448);
}

static void
test_words(void)
{
  static const struct {
    double value, low, high, times;
    const char *text;
  } rows[] = {{1.94, 0, 9, 1, "1.9 (0 to 9)"},      {0.0182, 0, 1, 1, "0.018 (0 to 1)"},
              {0, 0, 0.0023, 100, "0 (0 to 0.23)"}, {1234.4, 999.9, 1500, 1, "1234 (1000 to 1500)"},
              {0.25, NAN, NAN, 100, "25"},          {0.00001, 0, 0.005, 1, "0.00001 (0 to 0.005)"}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    CrRiskFigure f = {rows[i].value, rows[i].low, rows[i].high, NULL};
    g_autoptr(json_t) json = cr_risk_figure_json(&f);
    g_autofree char *text = cr_risk_figure_text(json, rows[i].times);
    g_assert_cmpstr(text, ==, rows[i].text);
  }
  CrRiskFigure none = {NAN, NAN, NAN, "too few"};
  g_autoptr(json_t) json = cr_risk_figure_json(&none);
  g_autofree char *text = cr_risk_figure_text(json, 1);
  g_assert_cmpstr(text, ==, "not defined");
  g_assert_cmpstr(json_string_value(json_object_get(json, "why")), ==, "too few");
}

static void
test_three_sources_not_defined(void)
{
  CrCapture shown = {{[7] = 50}};
  CrCaptureReport r = cr_capture_report(&shown);
  g_assert_null(r.missed_pooled.why);
  g_assert_null(r.missed_shown.why);
  g_assert_nonnull(r.missed_hidden.why);
  g_assert_nonnull(r.missed.why);
  NEAR(r.missed_at_least.value, 0, 1e-12);
  CrCapture few = {{[7] = 50, [CR_FOUND_FIRST | CR_FOUND_SECOND] = 3, [CR_FOUND_FIRST] = 1}};
  g_assert_cmpstr(cr_capture_report(&few).missed.why, !=, r.missed.why);
  CrCapture nothing = {{0}};
  g_assert_nonnull(cr_capture_report(&nothing).missed_at_least.why);
}

static const char *const keys[] = {"age", "sex", "zip"};

static CrKeyTable *
toy(void)
{
  /* six persons; P1 has two documents */
  static const struct {
    const char *person, *values[3];
  } rows[] = {{"P1", {"30", "F", "021"}}, {"P1", {"30", "F", "021"}}, {"P2", {"30", "F", "021"}},
              {"P3", {"30", "M", "021"}}, {"P4", {"30", "M", "100"}}, {"P5", {"40", "M", "100"}},
              {"P6", {NULL, "M", "100"}}};
  CrKeyTable *table = cr_key_table_new(keys, 3);
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
    cr_key_table_add(table, rows[i].person, rows[i].values);
  return table;
}

static void
test_classes(void)
{
  static const guint all[] = {2, 2, 2, 1, 1, 1, 1}, sex[] = {2, 2, 2, 4, 4, 4, 4},
                     sex_zip[] = {2, 2, 2, 1, 3, 3, 3};
  static const struct {
    guint mask;
    const guint *sizes;
  } rows[] = {{7, all}, {2, sex}, {6, sex_zip}};
  g_autoptr(CrKeyTable) table = toy();
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(GArray) sizes = cr_key_table_sizes(table, rows[i].mask);
    g_assert_cmpuint(sizes->len, ==, 7);
    for (guint row = 0; row < 7; row++)
      g_assert_cmpuint(g_array_index(sizes, guint, row), ==, rows[i].sizes[row]);
  }
  static const guint alike[] = {2, 2, 2, 1, 1, 1, 3}; /* the last is like all M 100 */
  g_autoptr(GArray) told = cr_key_table_alike(table, 7), sex_alone = cr_key_table_alike(table, 2);
  for (guint row = 0; row < 7; row++) {
    g_assert_cmpuint(g_array_index(told, guint, row), ==, alike[row]);
    g_assert_cmpuint(g_array_index(sex_alone, guint, row), ==, sex[row]);
  }
  g_autoptr(GArray) age_alone = cr_key_table_alike(table, 1);
  g_assert_cmpuint(g_array_index(age_alone, guint, 6), ==, 6); /* tells nothing: like everybody */
  g_autoptr(GArray) histogram = cr_key_table_histogram(table, 7);
  g_assert_cmpuint(histogram->len, ==, 2);
  g_assert_cmpuint(g_array_index(histogram, guint64, 0), ==, 4);
  g_assert_cmpuint(g_array_index(histogram, guint64, 1), ==, 1);
  g_assert_cmpstr(cr_key_table_value(table, 5, 0), ==, "40");
  g_assert_null(cr_key_table_value(table, 6, 0));
}

/* Row 3 (30 M 021) is alone by sex and zip, not by age and sex; row 4 by age and zip; row 5 by age alone. Row
 * 6 lacks its age: nobody can look for that. */
static void
test_singling(void)
{
  g_autoptr(CrKeyTable) table = toy();
  g_autoptr(GArray) sets = cr_key_table_singling(table, 7, 3);
  g_assert_cmpuint(sets->len, ==, 3);
  guint seen = 0;
  for (guint i = 0; i < sets->len; i++) {
    const CrKeySet *set = &g_array_index(sets, CrKeySet, i);
    g_assert_cmpuint(set->n_rows, ==, 1);
    g_assert_true(set->mask == 1 || set->mask == 5 || set->mask == 6);
    seen |= set->mask;
  }
  g_assert_cmpuint(seen, ==, 7);
  g_autoptr(GArray) one = cr_key_table_singling(table, 7, 1);
  g_assert_cmpuint(one->len, ==, 1);
}

static GArray *
histogram_of(const guint64 *counts, guint n)
{
  GArray *h = g_array_new(FALSE, TRUE, sizeof(guint64));
  g_array_append_vals(h, counts, n);
  return h;
}

/* Two lone persons and a pair, half of a population of 8: (2/3 * 35/70) / (2/3 * 35/70 + 1/3 * 40/70) = 7/11
 * of the lone are alone, and half of the sample is lone. */
static void
test_zayatz(void)
{
  const char *method;
  g_autoptr(GArray) h = histogram_of((guint64[]){2, 1}, 2);
  CrRiskFigure f = cr_risk_population_unique(h, 8, &method);
  g_assert_cmpstr(method, ==, "Zayatz");
  NEAR(f.value, 7.0 / 11 / 2, 1e-9);
  NEAR(cr_risk_population_unique(h, 4, NULL).value, 0.5, 1e-9); /* the sample is the population */
}

/* theta 368.6 and alpha 0.273, found by another program from the formula's products: 752.1 of 5,000. */
static void
test_pitman(void)
{
  const char *method;
  g_autoptr(GArray) h = histogram_of((guint64[]){200, 30, 10, 5}, 4);
  CrRiskFigure f = cr_risk_population_unique(h, 5000, &method);
  g_assert_cmpstr(method, ==, "Pitman");
  NEAR(f.value, 0.15041, 2e-5);
  CrRiskFigure more = cr_risk_population_unique(h, 1000000, NULL);
  g_assert_cmpfloat(more.value, <, f.value);
}

static void
test_population_not_defined(void)
{
  g_autoptr(GArray) empty = histogram_of(NULL, 0), lone = histogram_of((guint64[]){9}, 1),
                    none = histogram_of((guint64[]){0, 4}, 2);
  g_assert_nonnull(cr_risk_population_unique(empty, 100, NULL).why);
  g_assert_nonnull(cr_risk_population_unique(lone, 5, NULL).why);
  g_assert_nonnull(cr_risk_population_unique(lone, 1000, NULL).why);
  NEAR(cr_risk_population_unique(none, 1000, NULL).value, 0, 1e-12);
}

static void
test_auc(void)
{
  const double leaks[] = {3, 1}, others[] = {2, 1, 0};
  CrRiskFigure f = cr_risk_auc(leaks, 2, others, 3);
  NEAR(f.value, 4.5 / 6, 1e-12);
  /* Hanley & McNeil: q1 = .75/1.25 = .6, q2 = 1.125/1.75 = .642857; (.1875 + .0375 + 2 * .080357) / 6 */
  NEAR(f.value - f.low, 1.959963984540054 * sqrt((0.1875 + 0.0375 + 2 * 0.08035714) / 6), 1e-6);
  const double apart[] = {9, 8};
  NEAR(cr_risk_auc(apart, 2, others, 3).value, 1, 1e-12);
  NEAR(cr_risk_auc(others, 3, others, 3).value, 0.5, 1e-12);
  g_assert_nonnull(cr_risk_auc(leaks, 0, others, 3).why);
  g_assert_nonnull(cr_risk_auc(leaks, 2, others, 0).why);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/risk/shares", test_shares);
  g_test_add_func("/risk/rule-of-three", test_rule_of_three);
  g_test_add_func("/risk/chapman-published", test_chapman_published);
  g_test_add_func("/risk/chapman-not-defined", test_chapman_not_defined);
  g_test_add_func("/risk/chapman-zero", test_chapman_zero);
  g_test_add_func("/risk/three-sources", test_three_sources);
  g_test_add_func("/risk/three-sources-not-defined", test_three_sources_not_defined);
  g_test_add_func("/risk/words", test_words);
  g_test_add_func("/risk/classes", test_classes);
  g_test_add_func("/risk/singling", test_singling);
  g_test_add_func("/risk/zayatz", test_zayatz);
  g_test_add_func("/risk/pitman", test_pitman);
  g_test_add_func("/risk/population-not-defined", test_population_not_defined);
  g_test_add_func("/risk/auc", test_auc);
  return g_test_run();
}
