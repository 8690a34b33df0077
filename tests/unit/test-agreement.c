/* agreement: coefficients against published tables, matching and the grid against brute force. */
#include <chartroom/agreement.h>
#include <chartroom/text.h>
#include "agreement/agreement-private.h"
#include <math.h>
#include <string.h>

/* ---- tables ---- */

typedef struct {
  GArray *values; /* of double */
  gsize n_raters;
} Ratings;

static void
ratings_clear(Ratings *r)
{
  g_clear_pointer(&r->values, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Ratings, ratings_clear)

static CrRatings
view(const Ratings *r)
{
  return (CrRatings){(const double *)(gpointer)r->values->data, r->values->len / r->n_raters, r->n_raters,
                     FALSE};
}

static json_t *
report(const Ratings *r, const char *level)
{
  CrRatings ratings = view(r);
  json_t *out = cr_agreement_ratings(&ratings, level);
  g_assert_nonnull(out);
  return out;
}

/* NaN where the member is null; fails where it is absent. */
static double
value_of(const json_t *out, const char *key)
{
  const json_t *value = json_object_get(out, key);
  g_assert_nonnull(value);
  if (json_is_object(value))
    value = json_object_get(value, "value");
  if (json_is_null(value))
    g_assert_nonnull(json_object_get(json_object_get(out, "notes"), key));
  return json_is_null(value) ? NAN : json_number_value(value);
}

static void
assert_close(double value, double expected, double by, const char *what)
{
  if (isnan(value) != isnan(expected) || fabs(value - expected) > by)
    g_error("%s: %.6f, expected %.6f", what, value, expected);
}

static gboolean
has_warning(const json_t *out, const char *code)
{
  const json_t *warnings = json_object_get(out, "warnings");
  for (gsize i = 0; i < json_array_size(warnings); i++)
    if (g_str_equal(json_string_value(json_object_get(json_array_get(warnings, i), "code")), code))
      return TRUE;
  return FALSE;
}

/* ---- published cases ---- */

static Ratings
load_csv(const char *name)
{
  g_autofree char *file = g_strconcat(name, ".csv", NULL);
  g_autofree char *path = g_test_build_filename(G_TEST_DIST, "cases", "agreement", file, NULL);
  g_autofree char *text = NULL;
  g_autoptr(GError) error = NULL;
  g_file_get_contents(path, &text, NULL, &error);
  g_assert_no_error(error);
  g_auto(GStrv) lines = g_strsplit(g_strchomp(text), "\n", -1);
  Ratings r = {g_array_new(FALSE, FALSE, sizeof(double)), 0};
  for (guint i = 0; lines[i]; i++) {
    g_auto(GStrv) cells = g_strsplit(lines[i], ",", -1);
    r.n_raters = g_strv_length(cells);
    for (guint c = 0; i > 0 && cells[c]; c++) {
      double value = *cells[c] ? g_ascii_strtod(cells[c], NULL) : NAN;
      g_array_append_val(r.values, value);
    }
  }
  return r;
}

/* As close as the answer is printed. */
static double
tolerance(const char *printed)
{
  const char *point = strchr(printed, '.');
  return 0.51 * pow(10, -(double)(point ? strlen(point + 1) : 6));
}

static void
test_published(void)
{
  g_autofree char *path = g_test_build_filename(G_TEST_DIST, "cases", "agreement", "answers.tsv", NULL);
  g_autofree char *text = NULL;
  g_autoptr(GError) error = NULL;
  g_file_get_contents(path, &text, NULL, &error);
  g_assert_no_error(error);
  g_auto(GStrv) lines = g_strsplit(g_strchomp(text), "\n", -1);
  g_assert_cmpuint(g_strv_length(lines), >, 30);
  for (guint i = 1; lines[i]; i++) {
    g_auto(GStrv) cells = g_strsplit(lines[i], "\t", -1);
    g_assert_cmpuint(g_strv_length(cells), ==, 5);
    g_auto(Ratings) r = load_csv(cells[0]);
    g_autoptr(json_t) out = report(&r, cells[2]);
    gboolean undefined = g_str_equal(cells[3], "null");
    assert_close(value_of(out, cells[1]), undefined ? NAN : g_ascii_strtod(cells[3], NULL),
                 tolerance(cells[3]), lines[i]);
  }
}

/* ---- golden values of the workplace ---- */

static json_t *
load_shared(const char *name)
{
  const char *shared = g_getenv("CR_SHARED");
  g_autofree char *path = g_build_filename(shared ? shared : "", "golden", "agreement", name, NULL);
  return shared ? json_load_file(path, 0, NULL) : NULL;
}

static Ratings
golden_rows(const json_t *rows)
{
  Ratings r = {g_array_new(FALSE, FALSE, sizeof(double)), json_array_size(json_array_get(rows, 0))};
  for (gsize u = 0; u < json_array_size(rows); u++)
    for (gsize c = 0; c < r.n_raters; c++) {
      const json_t *cell = json_array_get(json_array_get(rows, u), c);
      double value = json_is_null(cell) ? NAN : json_number_value(cell);
      g_array_append_val(r.values, value);
    }
  return r;
}

static const struct {
  const char *source, *name, *key, *level;
} golden_map[] = {
    {"live_dkpro", "percent", "percent", "nominal"},
    {"live_dkpro", "cohen_kappa", "cohen_kappa", "nominal"},
    {"live_dkpro", "scott_pi", "scott_pi", "nominal"},
    {"live_dkpro", "gwet_ac1", "gwet_ac1", "nominal"},
    {"live_dkpro", "gwet_ac2_nominal(=AC1 multi-rater)", "gwet_ac1", "nominal"},
    {"live_dkpro", "gwet_ac2_quadratic", "gwet_ac2", "nominal"},
    {"live_dkpro", "fleiss_kappa", "fleiss_kappa", "nominal"},
    {"live_dkpro", "hubert_kappa", "conger_kappa", "nominal"},
    {"live_dkpro", "alpha_nominal", "krippendorff_alpha", "nominal"},
    {"live_dkpro", "alpha_ordinal", "krippendorff_alpha", "ordinal"},
    {"live_dkpro", "alpha_interval", "krippendorff_alpha", "interval"},
    {"live_dkpro", "alpha_ratio", "krippendorff_alpha", "ratio"},
    {"live_nltk", "alpha_nominal", "krippendorff_alpha", "nominal"},
    {"live_nltk", "alpha_interval(d^2)", "krippendorff_alpha", "interval"},
    {"live_sklearn", "kappa", "cohen_kappa", "nominal"},
    {"live_sklearn", "kappa_linear", "cohen_kappa_linear", "nominal"},
    {"live_sklearn", "kappa_quadratic", "cohen_kappa_quadratic", "nominal"},
    {"live_statsmodels", "kappa", "cohen_kappa", "nominal"},
};

static guint
check_golden_table(const char *table, const json_t *entry)
{
  guint n_checked = 0;
  g_auto(Ratings) r = golden_rows(json_object_get(entry, "rows"));
  for (guint i = 0; i < G_N_ELEMENTS(golden_map); i++) {
    const json_t *expected =
        json_object_get(json_object_get(entry, golden_map[i].source), golden_map[i].name);
    if (!expected)
      continue;
    g_autoptr(json_t) out = report(&r, golden_map[i].level);
    double value = value_of(out, golden_map[i].key);
    g_autofree char *what = g_strdup_printf("%s %s %s", table, golden_map[i].source, golden_map[i].name);
    gboolean refused =
        json_integer_value(json_object_get(out, "missing")) > 0 &&
        (g_str_equal(golden_map[i].key, "fleiss_kappa") || g_str_equal(golden_map[i].key, "conger_kappa"));
    if (refused || g_str_equal(table, "degenerate_one_category"))
      assert_close(value, g_str_equal(golden_map[i].key, "percent") ? 1 : NAN, 0, what);
    else
      assert_close(value, json_number_value(expected), 0.00005, what);
    n_checked++;
  }
  return n_checked;
}

static void
check_golden_errors(const json_t *entry)
{
  const json_t *live = json_object_get(entry, "live_statsmodels");
  if (!json_is_real(json_object_get(live, "ase")))
    return;
  g_auto(Ratings) r = golden_rows(json_object_get(entry, "rows"));
  g_autoptr(json_t) out = report(&r, "nominal");
  const json_t *kappa = json_object_get(out, "cohen_kappa");
  assert_close(json_number_value(json_object_get(kappa, "se")),
               json_number_value(json_object_get(live, "ase")), 1e-9, "ase");
  assert_close(json_number_value(json_object_get(kappa, "low")),
               json_number_value(json_object_get(live, "lcl")), 1e-6, "lcl");
  assert_close(json_number_value(json_object_get(kappa, "high")),
               json_number_value(json_object_get(live, "ucl")), 1e-6, "ucl");
}

static void
test_golden(void)
{
  g_autoptr(json_t) golden = load_shared("golden.json");
  if (!golden) {
    g_test_skip("no golden values (CR_SHARED)");
    return;
  }
  guint n_checked = 0;
  const char *table = NULL;
  json_t *entry = NULL;
  json_object_foreach(golden, table, entry)
  {
    if (!json_is_array(json_object_get(entry, "rows")))
      continue;
    n_checked += check_golden_table(table, entry);
    check_golden_errors(entry);
  }
  g_test_message("%u golden values", n_checked);
  g_assert_cmpuint(n_checked, >=, 60);
}

static void
test_golden_light_and_pairs(void)
{
  g_autoptr(json_t) golden = load_shared("golden.json");
  if (!golden) {
    g_test_skip("no golden values (CR_SHARED)");
    return;
  }
  const json_t *entry = json_object_get(golden, "fleiss1971_diagnoses");
  g_auto(Ratings) r = golden_rows(json_object_get(entry, "rows"));
  g_autoptr(json_t) out = report(&r, "nominal");
  assert_close(value_of(out, "light_kappa"), json_number_value(json_object_get(entry, "live_light")), 1e-9,
               "light");
  for (gsize a = 0; a < 6; a++)
    for (gsize b = a + 1; b < 6; b++) {
      guint64 counts[25] = {0};
      for (gsize u = 0; u < r.values->len / 6; u++) {
        guint x = (guint)g_array_index(r.values, double, u * 6 + a),
              y = (guint)g_array_index(r.values, double, u * 6 + b);
        counts[(x - 1) * 5 + y - 1]++;
      }
      g_autofree char *name = g_strdup_printf("r%zur%zu", a + 1, b + 1);
      assert_close(cr_kappa_cohen(counts, 5).value,
                   json_number_value(json_object_get(json_object_get(entry, "live_pairwise"), name)), 0.0005,
                   name);
    }
}

static void
check_gwet_fixture(const char *name)
{
  g_autoptr(json_t) fixture = load_shared(name);
  if (!fixture) {
    g_test_skip("no golden values (CR_SHARED)");
    return;
  }
  g_auto(Ratings) r = {g_array_new(FALSE, FALSE, sizeof(double)), 2};
  const json_t *table = json_object_get(fixture, "table");
  for (gsize i = 0; i < json_array_size(table); i++)
    for (gsize j = 0; j < json_array_size(table); j++)
      for (json_int_t n = json_integer_value(json_array_get(json_array_get(table, i), j)); n > 0; n--) {
        double pair[] = {(double)i + 1, (double)j + 1};
        g_array_append_vals(r.values, pair, 2);
      }
  g_autoptr(json_t) out = report(&r, "nominal");
  const json_t *cases = json_object_get(fixture, "cases");
  for (gsize i = 0; i < json_array_size(cases); i++) {
    const json_t *one = json_array_get(cases, i);
    const char *measure = json_string_value(json_object_get(one, "measure"));
    assert_close(value_of(out, g_str_equal(measure, "AC1") ? "gwet_ac1" : "gwet_ac2"),
                 json_number_value(json_object_get(one, "coefficient")), 0.00005, name);
  }
}

static void
test_golden_gwet(void)
{
  check_gwet_fixture("gwet/fixture_01_paradox_2x2.json");
  check_gwet_fixture("gwet/fixture_04_likert_4x4.json");
}

/* ---- Cohen's standard error, by hand for 2 x 2 ---- */

static void
test_cohen_error(void)
{
  /* Fleiss, Cohen & Everitt (1969): 88 + 10 agreed of 100 needs no table: p11 .4 p12 .1 p21 .15 p22 .35 */
  const guint64 counts[] = {40, 10, 15, 35};
  CrEstimate e = cr_kappa_cohen(counts, 2);
  double po = 0.75, pe = 0.5 * 0.55 + 0.5 * 0.45, kappa = (po - pe) / (1 - pe);
  const double p[] = {0.4, 0.1, 0.15, 0.35}, rows[] = {0.5, 0.5}, columns[] = {0.55, 0.45};
  double diagonal = 0, off = 0;
  for (guint i = 0; i < 2; i++)
    for (guint j = 0; j < 2; j++) {
      double edge = columns[i] + rows[j];
      if (i == j)
        diagonal += p[i * 2 + j] * pow(1 - pe - (rows[i] + columns[i]) * (1 - po), 2);
      else
        off += p[i * 2 + j] * edge * edge;
    }
  double centre = po * pe - 2 * pe + po;
  double variance = (diagonal + (1 - po) * (1 - po) * off - centre * centre) / (100 * pow(1 - pe, 4));
  assert_close(e.value, kappa, 1e-12, "kappa");
  assert_close(e.se, sqrt(variance), 1e-12, "se");
  assert_close(e.high - e.low, 2 * 1.959964 * e.se, 1e-6, "interval");
  g_assert_null(e.why);
}

static void
test_cohen_edges(void)
{
  const guint64 none[4] = {0}, one[] = {7, 0, 0, 0}, apart[] = {0, 5, 0, 0}, perfect[] = {3, 0, 0, 4};
  g_assert_true(isnan(cr_kappa_cohen(none, 2).value) && cr_kappa_cohen(none, 2).why);
  g_assert_true(isnan(cr_kappa_cohen(one, 2).value) && cr_kappa_cohen(one, 2).why);
  g_assert_true(isnan(cr_kappa_cohen(NULL, 0).value));
  assert_close(cr_kappa_cohen(apart, 2).value, 0, 1e-12, "each keeps to one category of his own");
  assert_close(cr_kappa_cohen(perfect, 2).value, 1, 1e-12, "perfect");
  assert_close(cr_kappa_cohen(perfect, 2).se, 0, 1e-9, "perfect");
}

/* ---- ratings: alpha against the definition, random tables ---- */

static double
level_distance(const char *level, double a, double b, const double *sorted, gsize n)
{
  if (g_str_equal(level, "nominal"))
    return a < b || a > b;
  if (g_str_equal(level, "interval"))
    return (a - b) * (a - b);
  if (g_str_equal(level, "ratio"))
    return a + b > 0 ? pow((a - b) / (a + b), 2) : 0;
  double between = 0, low = MIN(a, b), high = MAX(a, b), n_low = 0, n_high = 0;
  for (gsize i = 0; i < n; i++) {
    between += sorted[i] >= low && sorted[i] <= high;
    n_low += !(sorted[i] < low) && !(sorted[i] > low);
    n_high += !(sorted[i] < high) && !(sorted[i] > high);
  }
  return low < high ? pow(between - (n_low + n_high) / 2, 2) : 0;
}

/* Straight from the definition: every pair within units, every pair of pairable values. */
static double
brute_alpha(const CrRatings *r, const char *level)
{
  g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(double));
  for (gsize u = 0; u < r->n_units; u++) {
    gsize m = 0;
    for (gsize i = 0; i < r->n_raters; i++)
      m += !isnan(r->values[u * r->n_raters + i]);
    for (gsize i = 0; i < r->n_raters && m >= 2; i++)
      if (!isnan(r->values[u * r->n_raters + i]))
        g_array_append_val(all, r->values[u * r->n_raters + i]);
  }
  const double *v = (const double *)(gpointer)all->data;
  double observed = 0, expected = 0, n = all->len;
  for (gsize u = 0; u < r->n_units; u++) {
    const double *row = r->values + u * r->n_raters;
    double m = 0, sum = 0;
    for (gsize i = 0; i < r->n_raters; i++) {
      m += !isnan(row[i]);
      for (gsize j = 0; j < r->n_raters; j++)
        if (i != j && !isnan(row[i]) && !isnan(row[j]))
          sum += level_distance(level, row[i], row[j], v, all->len);
    }
    observed += m >= 2 ? sum / (m - 1) : 0;
  }
  for (guint i = 0; i < all->len; i++)
    for (guint j = 0; j < all->len; j++)
      expected += i == j ? 0 : level_distance(level, v[i], v[j], v, all->len);
  return expected > 0 ? 1 - (observed / n) / (expected / (n * (n - 1))) : NAN;
}

static void
test_alpha_brute(void)
{
  static const char *const levels[] = {"nominal", "ordinal", "interval", "ratio"};
  for (guint t = 0; t < 25; t++) {
    g_auto(Ratings) r = {g_array_new(FALSE, FALSE, sizeof(double)), (gsize)g_test_rand_int_range(2, 5)};
    gsize n_cells = (gsize)g_test_rand_int_range(1, 9) * r.n_raters;
    for (gsize i = 0; i < n_cells; i++) {
      double value = g_test_rand_int_range(0, 5) == 0 ? NAN : (double)g_test_rand_int_range(0, 4) * 1.5;
      g_array_append_val(r.values, value);
    }
    CrRatings ratings = view(&r);
    for (guint l = 0; l < G_N_ELEMENTS(levels); l++) {
      g_autoptr(json_t) out = report(&r, levels[l]);
      assert_close(value_of(out, "krippendorff_alpha"), brute_alpha(&ratings, levels[l]), 1e-9, levels[l]);
    }
  }
}

/* Cohen (1968): 1 - sum(w o) / sum(w e), w the disagreement; and what must coincide for two raters. */
static void
test_two_raters(void)
{
  for (guint t = 0; t < 40; t++) {
    enum { K = 4, N = 25 };
    g_auto(Ratings) r = {g_array_new(FALSE, FALSE, sizeof(double)), 2};
    double cells[K][K] = {{0}}, rows[K] = {0}, columns[K] = {0};
    for (guint i = 0; i < N; i++) {
      gint a = i < K ? (gint)i : g_test_rand_int_range(0, K), b = g_test_rand_int_range(0, K);
      double pair[] = {a * 10, b * 10};
      cells[a][b] += 1.0 / N;
      rows[a] += 1.0 / N;
      columns[b] += 1.0 / N;
      g_array_append_vals(r.values, pair, 2);
    }
    g_autoptr(json_t) out = report(&r, "nominal");
    static const char *const keys[] = {"cohen_kappa", "cohen_kappa_linear", "cohen_kappa_quadratic"};
    for (guint power = 0; power < 3; power++) {
      double observed = 0, expected = 0;
      for (gint i = 0; i < K; i++)
        for (gint j = 0; j < K; j++) {
          double w = i == j ? 0 : pow(abs(i - j), power);
          observed += w * cells[i][j];
          expected += w * rows[i] * columns[j];
        }
      assert_close(value_of(out, keys[power]), 1 - observed / expected, 1e-9, keys[power]);
    }
    assert_close(value_of(out, "conger_kappa"), value_of(out, "cohen_kappa"), 1e-9, "Conger of two is Cohen");
    assert_close(value_of(out, "light_kappa"), value_of(out, "cohen_kappa"), 1e-9, "Light of two is Cohen");
    assert_close(value_of(out, "fleiss_kappa"), value_of(out, "scott_pi"), 1e-9, "Fleiss of two is Scott");
  }
}

/* ---- resampling ---- */

static void
test_resampling(void)
{
  /* SplitMix64 from state 0, as published with it */
  CrRandom random = {0};
  g_assert_true(cr_random_next(&random) == G_GUINT64_CONSTANT(0xE220A8397B1DCDAF));
  g_assert_true(cr_random_next(&random) == G_GUINT64_CONSTANT(0x6E789E6AA1B965F4));
  guint counts[7] = {0};
  for (guint i = 0; i < 70000; i++)
    counts[cr_random_below(&random, 7)]++;
  for (guint i = 0; i < 7; i++)
    g_assert_true(counts[i] > 9600 && counts[i] < 10400);

  /* 0..1000 around their middle, without skew: the interval is the plain quantiles' */
  g_autofree double *values = g_new(double, 1001), *even = g_new(double, 10);
  for (guint i = 0; i <= 1000; i++)
    values[i] = (i * 7919) % 1001;
  for (guint i = 0; i < 10; i++)
    even[i] = i % 2;
  CrInterval interval = cr_interval(500, values, 1001, even, 10);
  assert_close(interval.low, 25, 1e-6, "low");
  assert_close(interval.high, 975, 1e-6, "high");
  /* a value above the middle of its resamples moves the interval up (Efron 1987) */
  CrInterval moved = cr_interval(600, values, 1001, even, 10);
  g_assert_true(moved.low > interval.low && moved.high > interval.high);
  values[0] = values[1] = NAN;
  g_assert_cmpuint(cr_interval(500, values, 1001, NULL, 0).n_defined, ==, 999);
  double mostly_undefined[] = {NAN, NAN, 1};
  g_assert_true(isnan(cr_interval(1, mostly_undefined, 3, NULL, 0).low));
}

static void
test_ratings_edges(void)
{
  g_auto(Ratings) r = load_csv("prevalence");
  g_autoptr(json_t) out = report(&r, "nominal");
  g_assert_true(has_warning(out, "prevalence"));
  g_assert_false(has_warning(out, "missing"));
  const json_t *alpha = json_object_get(out, "krippendorff_alpha");
  double low = json_number_value(json_object_get(alpha, "low")),
         high = json_number_value(json_object_get(alpha, "high"));
  g_assert_true(low < json_number_value(json_object_get(alpha, "value")) && high > low && high < 1);
  g_autoptr(json_t) again = report(&r, "nominal");
  g_assert_true(json_equal(out, again)); /* the seed is fixed */
  g_auto(Ratings) missing = load_csv("krippendorff-2011");
  g_autoptr(json_t) gaps = report(&missing, "nominal");
  g_assert_true(has_warning(gaps, "missing") && has_warning(gaps, "few-units"));
  /* Gwet (2014), Handbook of Inter-Rater Reliability: 0.77544 for these units */
  assert_close(json_number_value(json_object_get(json_object_get(gaps, "gwet_ac1"), "per_unit")), 0.77544,
               5e-6, "AC1 per unit");
  CrRatings words = view(&r);
  words.are_words = TRUE;
  g_autoptr(json_t) of_words = cr_agreement_ratings(&words, "nominal");
  g_assert_true(isnan(value_of(of_words, "cohen_kappa_quadratic")) && isnan(value_of(of_words, "gwet_ac2")));
  assert_close(value_of(of_words, "cohen_kappa"), 0.3144, 5e-5, "words have categories");
  const CrRatings empty = {NULL, 0, 3, FALSE}, nobody = {NULL, 0, 0, FALSE};
  g_autoptr(json_t) of_nothing = cr_agreement_ratings(&empty, "interval"),
                    of_nobody = cr_agreement_ratings(&nobody, "nominal");
  g_assert_true(isnan(value_of(of_nothing, "percent")) && isnan(value_of(of_nothing, "krippendorff_alpha")));
  g_assert_true(isnan(value_of(of_nobody, "light_kappa")));
  const double negative[] = {-1, 1, 2, 2};
  const CrRatings below_zero = {negative, 2, 2, FALSE};
  g_autoptr(json_t) ratio = cr_agreement_ratings(&below_zero, "ratio");
  g_assert_true(isnan(value_of(ratio, "krippendorff_alpha")));
}

/* ---- span matching ---- */

static GArray *
make_spans(guint n, gsize length, guint n_labels, guint document)
{
  GArray *spans = g_array_new(FALSE, FALSE, sizeof(CrLabelSpan));
  for (guint i = 0; i < n; i++) {
    gsize start = (gsize)g_test_rand_int_range(0, (gint)length);
    gsize end = start + (gsize)g_test_rand_int_range(0, 6);
    CrLabelSpan span = {document, start, MIN(end, length), (guint)g_test_rand_int_range(0, (gint)n_labels),
                        NULL};
    g_array_append_val(spans, span);
  }
  return spans;
}

static gint
compare_position(gconstpointer a, gconstpointer b)
{
  const CrLabelSpan *x = a, *y = b;
  if (x->document != y->document)
    return x->document < y->document ? -1 : 1;
  if (x->start != y->start)
    return x->start < y->start ? -1 : 1;
  return (x->end > y->end) - (x->end < y->end);
}

static const CrLabelSpan *
spans_of(const GArray *array)
{
  return (const CrLabelSpan *)(gpointer)array->data;
}

static void
shuffle(GArray *spans)
{
  for (guint i = spans->len; i > 1; i--) {
    guint j = (guint)g_test_rand_int_range(0, (gint)i);
    CrLabelSpan swap = g_array_index(spans, CrLabelSpan, i - 1);
    g_array_index(spans, CrLabelSpan, i - 1) = g_array_index(spans, CrLabelSpan, j);
    g_array_index(spans, CrLabelSpan, j) = swap;
  }
}

static void
assert_same_counts(const CrSpanCounts *x, const CrSpanCounts *y, gboolean swapped)
{
  for (guint m = 0; m < CR_MATCH_N; m++) {
    g_assert_cmpuint(x[m].correct, ==, y[m].correct);
    g_assert_cmpuint(x[m].incorrect, ==, y[m].incorrect);
    g_assert_cmpuint(x[m].partial, ==, y[m].partial);
    g_assert_cmpuint(x[m].missing, ==, swapped ? y[m].spurious : y[m].missing);
    g_assert_cmpuint(x[m].spurious, ==, swapped ? y[m].missing : y[m].spurious);
  }
}

/* How many spans of a multiset stand in both: the strict and exact counts by definition. */
static guint64
brute_equal(const GArray *a, const GArray *b, gboolean with_label)
{
  g_autofree gboolean *used = g_new0(gboolean, b->len + 1);
  guint64 n = 0;
  for (guint i = 0; i < a->len; i++)
    for (guint j = 0; j < b->len; j++) {
      const CrLabelSpan *x = &spans_of(a)[i], *y = &spans_of(b)[j];
      if (used[j] || x->start != y->start || x->end != y->end || (with_label && x->label != y->label))
        continue;
      used[j] = TRUE;
      n++;
      break;
    }
  return n;
}

static void
test_match_random(void)
{
  for (guint t = 0; t < 3000; t++) {
    g_autoptr(GArray) a = make_spans((guint)g_test_rand_int_range(0, 9), 20, 3, 0),
                      b = make_spans((guint)g_test_rand_int_range(0, 9), 20, 3, 0);
    CrSpanCounts counts[CR_MATCH_N], other[CR_MATCH_N];
    cr_span_match(spans_of(a), a->len, spans_of(b), b->len, counts);
    for (guint m = 0; m < CR_MATCH_N; m++) {
      guint64 paired = counts[m].correct + counts[m].incorrect + counts[m].partial;
      g_assert_cmpuint(paired + counts[m].missing, ==, a->len);
      g_assert_cmpuint(paired + counts[m].spurious, ==, b->len);
      double f1 = cr_span_f1(&counts[m], (CrMatch)m);
      g_assert_true(isnan(f1) == (a->len + b->len == 0) && !(f1 < 0) && !(f1 > 1));
    }
    g_assert_cmpuint(counts[CR_MATCH_STRICT].correct, ==, brute_equal(a, b, TRUE));
    g_assert_cmpuint(counts[CR_MATCH_EXACT].correct, ==, brute_equal(a, b, FALSE));
    cr_span_match(spans_of(b), b->len, spans_of(a), a->len, other);
    assert_same_counts(counts, other, TRUE);
    shuffle(a);
    shuffle(b);
    cr_span_match(spans_of(a), a->len, spans_of(b), b->len, other);
    assert_same_counts(counts, other, FALSE);
  }
}

/* SemEval-2013 task 9's six scenarios: one spurious, one missing, one right boundary with the wrong type, one
 * wrong boundary with the right type, one with both wrong, two right. */
static void
test_match_semeval(void)
{
  enum { BRAND, DRUG, GROUP };
  const CrLabelSpan gold[] = {{0, 10, 17, BRAND, NULL}, {0, 30, 38, DRUG, NULL}, {0, 50, 61, DRUG, NULL},
                              {0, 70, 79, DRUG, NULL},  {0, 80, 86, DRUG, NULL}, {0, 94, 108, GROUP, NULL}};
  const CrLabelSpan pred[] = {{0, 20, 27, BRAND, NULL}, {0, 27, 38, DRUG, NULL}, {0, 50, 61, BRAND, NULL},
                              {0, 70, 79, DRUG, NULL},  {0, 80, 86, DRUG, NULL}, {0, 89, 108, DRUG, NULL}};
  static const CrSpanCounts expected[CR_MATCH_N] = {[CR_MATCH_STRICT] = {2, 3, 0, 1, 1},
                                                    [CR_MATCH_EXACT] = {3, 2, 0, 1, 1},
                                                    [CR_MATCH_PARTIAL] = {3, 0, 2, 1, 1},
                                                    [CR_MATCH_TYPE] = {3, 2, 0, 1, 1}};
  static const double f1[CR_MATCH_N] = {0.3333, 0.5, 0.6667, 0.5};
  CrSpanCounts counts[CR_MATCH_N];
  cr_span_match(gold, G_N_ELEMENTS(gold), pred, G_N_ELEMENTS(pred), counts);
  assert_same_counts(counts, expected, FALSE);
  for (guint m = 0; m < CR_MATCH_N; m++)
    assert_close(cr_span_f1(&counts[m], (CrMatch)m), f1[m], 0.00005, "SemEval-2013");
}

static GArray *
fragments(gsize a, gsize b, gsize c, gsize d)
{
  GArray *list = g_array_new(FALSE, FALSE, sizeof(CrSpan));
  CrSpan first = {a, b}, second = {c, d};
  g_array_append_val(list, first);
  g_array_append_val(list, second);
  return list;
}

static void
test_match_rules(void)
{
  /* the greatest overlap wins, one to one: the long span takes the better half, the other stays alone */
  const CrLabelSpan one[] = {{0, 0, 20, 0, NULL}}, halves[] = {{0, 0, 8, 0, NULL}, {0, 9, 20, 0, NULL}};
  CrSpanCounts counts[CR_MATCH_N];
  cr_span_match(one, 1, halves, 2, counts);
  g_assert_cmpuint(counts[CR_MATCH_PARTIAL].partial, ==, 1);
  g_assert_cmpuint(counts[CR_MATCH_PARTIAL].spurious, ==, 1);
  g_autoptr(GArray) differences = cr_span_differences(one, 1, halves, 2);
  g_assert_cmpuint(differences->len, ==, 2);
  const CrDifference *d = (const CrDifference *)(gpointer)differences->data;
  g_assert_true(d[0].a == -1 && d[0].b == 0 && g_str_equal(d[0].kind, "missing"));
  g_assert_true(d[1].a == 0 && d[1].b == 1 && g_str_equal(d[1].kind, "bounds"));
  /* pieces count: the same outer bounds are not the same bounds */
  g_autoptr(GArray) split = fragments(0, 4, 10, 14), other = fragments(0, 5, 10, 14);
  const CrLabelSpan a[] = {{0, 0, 14, 0, split}}, b[] = {{0, 0, 14, 0, other}},
                    whole[] = {{0, 0, 14, 0, NULL}}, gap[] = {{0, 5, 9, 0, NULL}};
  cr_span_match(a, 1, a, 1, counts);
  g_assert_cmpuint(counts[CR_MATCH_STRICT].correct, ==, 1);
  cr_span_match(a, 1, b, 1, counts);
  g_assert_cmpuint(counts[CR_MATCH_STRICT].correct + counts[CR_MATCH_EXACT].correct, ==, 0);
  g_assert_cmpuint(counts[CR_MATCH_PARTIAL].partial, ==, 1);
  cr_span_match(a, 1, whole, 1, counts);
  g_assert_cmpuint(counts[CR_MATCH_PARTIAL].partial, ==, 1);
  cr_span_match(a, 1, gap, 1, counts); /* inside the gap: nothing in common */
  g_assert_cmpuint(counts[CR_MATCH_PARTIAL].missing, ==, 1);
  /* empty spans can be equal and cannot overlap */
  const CrLabelSpan empty[] = {{0, 3, 3, 0, NULL}}, around[] = {{0, 0, 9, 0, NULL}};
  cr_span_match(empty, 1, empty, 1, counts);
  g_assert_cmpuint(counts[CR_MATCH_STRICT].correct, ==, 1);
  cr_span_match(empty, 1, around, 1, counts);
  g_assert_cmpuint(counts[CR_MATCH_STRICT].missing, ==, 1);
}

static void
test_differences(void)
{
  const CrLabelSpan a[] = {
      {0, 0, 5, 0, NULL}, {0, 10, 15, 1, NULL}, {0, 20, 25, 0, NULL}, {0, 40, 42, 0, NULL}};
  const CrLabelSpan b[] = {
      {0, 0, 5, 0, NULL}, {0, 10, 15, 0, NULL}, {0, 21, 25, 0, NULL}, {0, 30, 35, 0, NULL}};
  static const struct {
    const char *kind;
    gssize a, b;
  } expected[] = {{"type", 1, 1}, {"bounds", 2, 2}, {"missing", -1, 3}, {"missing", 3, -1}};
  g_autoptr(GArray) found = cr_span_differences(a, 4, b, 4), none = cr_span_differences(a, 4, a, 4);
  g_assert_cmpuint(none->len, ==, 0);
  g_assert_cmpuint(found->len, ==, G_N_ELEMENTS(expected));
  for (guint i = 0; i < found->len; i++) {
    const CrDifference *d = &g_array_index(found, CrDifference, i);
    g_assert_cmpstr(d->kind, ==, expected[i].kind);
    g_assert_true(d->a == expected[i].a && d->b == expected[i].b);
  }
}

/* ---- comparisons ---- */

typedef struct {
  GPtrArray *tokens; /* of GArray of CrSpan */
  GArray *spans[3];
  CrLabelSet sets[3];
  guint n_readers;
} Study;

static const char *const study_labels[] = {"A", "B", "C"};

static void
study_clear(Study *s)
{
  g_clear_pointer(&s->tokens, g_ptr_array_unref);
  for (guint r = 0; r < s->n_readers; r++)
    g_clear_pointer(&s->spans[r], g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Study, study_clear)

/* Tokens of 3 units with 1 between them. */
static GArray *
make_tokens(guint n)
{
  GArray *tokens = g_array_new(FALSE, FALSE, sizeof(CrSpan));
  for (guint i = 0; i < n; i++) {
    CrSpan token = {i * 4, i * 4 + 3};
    g_array_append_val(tokens, token);
  }
  return tokens;
}

static void
study_finish(Study *s)
{
  static const char *const names[] = {"ann", "bob", "cid"};
  for (guint r = 0; r < s->n_readers; r++) {
    g_array_sort(s->spans[r], compare_position);
    s->sets[r] = (CrLabelSet){names[r], spans_of(s->spans[r]), s->spans[r]->len};
  }
}

static Study
make_study(guint n_readers, guint n_documents, guint n_tokens, guint n_spans)
{
  Study s = {.tokens = g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref), .n_readers = n_readers};
  for (guint r = 0; r < n_readers; r++)
    s.spans[r] = g_array_new(FALSE, FALSE, sizeof(CrLabelSpan));
  for (guint d = 0; d < n_documents; d++) {
    g_ptr_array_add(s.tokens, make_tokens(n_tokens));
    for (guint r = 0; r < n_readers; r++) {
      g_autoptr(GArray) some =
          make_spans((guint)g_test_rand_int_range(0, (gint)n_spans + 1), n_tokens * 4, 3, d);
      g_array_append_vals(s.spans[r], some->data, some->len);
    }
  }
  study_finish(&s);
  return s;
}

static json_t *
compare(const Study *s, guint n_readers, guint n_bootstrap)
{
  CrComparison comparison = {s->tokens->len, (const GArray *const *)s->tokens->pdata, study_labels, 3, 42,
                             n_bootstrap};
  g_autoptr(GError) error = NULL;
  json_t *out = cr_agreement_spans(&comparison, s->sets, n_readers, &error);
  g_assert_no_error(error);
  return out;
}

static double
dig(const json_t *out, const char *path)
{
  g_auto(GStrv) steps = g_strsplit(path, ".", -1);
  for (guint i = 0; steps[i]; i++)
    out = json_is_array(out) ? json_array_get(out, (gsize)atoi(steps[i])) : json_object_get(out, steps[i]);
  g_assert_nonnull(out);
  return json_is_null(out) ? NAN
                           : json_number_value(json_is_object(out) ? json_object_get(out, "value") : out);
}

/* Label 3 (O), or the shortest span's of the document that shares a unit with the token. */
static guint
brute_token_label(const GArray *spans, guint document, CrSpan token)
{
  guint label = 3;
  gsize shortest = G_MAXSIZE;
  for (guint i = 0; i < spans->len; i++) {
    const CrLabelSpan *s = &spans_of(spans)[i];
    gsize length = s->end - s->start;
    if (s->document != document || s->start >= token.end || s->end <= token.start || s->start == s->end)
      continue;
    if (length < shortest || (length == shortest && s->label < label)) {
      shortest = length;
      label = s->label;
    }
  }
  return label;
}

static gboolean
brute_under(const GArray *spans, guint document, CrSpan token, guint label)
{
  for (guint i = 0; i < spans->len; i++) {
    const CrLabelSpan *s = &spans_of(spans)[i];
    if (s->document == document && s->label == label && s->start < token.end && s->end > token.start &&
        s->start < s->end)
      return TRUE;
  }
  return FALSE;
}

/* Every figure again, by the definitions of docs/agreement.md, from tables of all tokens. */
static void
check_study(const Study *s)
{
  g_autoptr(json_t) out = compare(s, 2, 50);
  guint64 grid[16] = {0}, under[3][4] = {{0}};
  CrSpanCounts total[CR_MATCH_N] = {{0}};
  for (guint d = 0; d < s->tokens->len; d++) {
    const GArray *tokens = s->tokens->pdata[d];
    for (guint t = 0; t < tokens->len; t++) {
      CrSpan token = g_array_index(tokens, CrSpan, t);
      grid[brute_token_label(s->spans[0], d, token) * 4 + brute_token_label(s->spans[1], d, token)]++;
      for (guint l = 0; l < 3; l++)
        under[l][brute_under(s->spans[0], d, token, l) * 2 + brute_under(s->spans[1], d, token, l)]++;
    }
    g_autoptr(GArray) a = g_array_new(FALSE, FALSE, sizeof(CrLabelSpan)),
                      b = g_array_new(FALSE, FALSE, sizeof(CrLabelSpan));
    for (guint r = 0; r < 2; r++)
      for (guint i = 0; i < s->spans[r]->len; i++)
        if (spans_of(s->spans[r])[i].document == d)
          g_array_append_val(r ? b : a, spans_of(s->spans[r])[i]);
    CrSpanCounts counts[CR_MATCH_N];
    cr_span_match(spans_of(a), a->len, spans_of(b), b->len, counts);
    for (guint m = 0; m < CR_MATCH_N; m++) {
      total[m].correct += counts[m].correct;
      total[m].incorrect += counts[m].incorrect;
      total[m].partial += counts[m].partial;
      total[m].missing += counts[m].missing;
      total[m].spurious += counts[m].spurious;
    }
  }
  assert_close(dig(out, "token_kappa"), cr_kappa_cohen(grid, 4).value, 1e-9, "token kappa");
  assert_close(dig(out, "span_f1.strict"), cr_span_f1(&total[CR_MATCH_STRICT], CR_MATCH_STRICT), 1e-12,
               "strict");
  assert_close(dig(out, "span_f1.exact"), cr_span_f1(&total[CR_MATCH_EXACT], CR_MATCH_EXACT), 1e-12, "exact");
  assert_close(dig(out, "span_f1.partial"), cr_span_f1(&total[CR_MATCH_PARTIAL], CR_MATCH_PARTIAL), 1e-12,
               "partial");
  assert_close(dig(out, "span_f1.type"), cr_span_f1(&total[CR_MATCH_TYPE], CR_MATCH_TYPE), 1e-12, "type");
  for (guint l = 0; l < 3; l++) {
    g_autofree char *path = g_strdup_printf("per_label.%s.token_kappa", study_labels[l]);
    assert_close(dig(out, path), cr_kappa_cohen(under[l], 2).value, 1e-9, path);
  }
}

static void
test_spans_brute(void)
{
  for (guint t = 0; t < 60; t++) {
    g_auto(Study) s =
        make_study(2, (guint)g_test_rand_int_range(1, 6), (guint)g_test_rand_int_range(1, 9), 5);
    check_study(&s);
  }
}

static void
test_spans_symmetry(void)
{
  g_auto(Study) s = make_study(2, 15, 12, 6);
  g_auto(Study) swapped = {.tokens = g_ptr_array_ref(s.tokens), .n_readers = 2};
  swapped.spans[0] = g_array_ref(s.spans[1]);
  swapped.spans[1] = g_array_ref(s.spans[0]);
  study_finish(&swapped);
  static const char *const members[] = {"span_f1", "token_kappa", "token_ac1", "token_prevalence"};
  g_autoptr(json_t) one = compare(&s, 2, 200), two = compare(&swapped, 2, 200), again = compare(&s, 2, 200);
  g_assert_true(json_equal(one, again));
  for (guint i = 0; i < G_N_ELEMENTS(members); i++)
    g_assert_true(json_equal(json_object_get(one, members[i]), json_object_get(two, members[i])));
  const json_t *kappa = json_object_get(one, "token_kappa");
  g_assert_cmpfloat(json_number_value(json_object_get(kappa, "low")), <, dig(one, "token_kappa"));
  g_assert_cmpfloat(json_number_value(json_object_get(kappa, "high")), >, dig(one, "token_kappa"));
}

static void
test_spans_three_readers(void)
{
  g_auto(Study) s = make_study(3, 12, 10, 5);
  g_autoptr(json_t) all = compare(&s, 3, 100);
  double sum = 0;
  for (guint p = 0; p < 3; p++) {
    g_autofree char *path = g_strdup_printf("pairs.%u.span_f1.partial", p);
    sum += dig(all, path);
  }
  assert_close(dig(all, "span_f1.partial"), sum / 3, 1e-12, "the mean of the pairs");
  g_autoptr(json_t) first = compare(&s, 2, 100);
  assert_close(dig(all, "pairs.0.token_kappa"), dig(first, "token_kappa"), 1e-12, "a pair is as if alone");
  g_assert_null(json_object_get(first, "pairs"));
}

static void
test_spans_traps(void)
{
  g_auto(Study) nothing = make_study(2, 3, 5, 0);
  g_autoptr(json_t) empty = compare(&nothing, 2, 100);
  g_assert_true(isnan(dig(empty, "span_f1.strict")) && isnan(dig(empty, "token_kappa")));
  g_assert_nonnull(json_object_get(json_object_get(empty, "notes"), "token_kappa"));
  g_assert_true(has_warning(empty, "few-documents") && !has_warning(empty, "rare-label"));

  g_auto(Study) s = make_study(2, 1, 5, 0);
  /* ann: two labels over the first token, and a span that lies between tokens */
  const CrLabelSpan ann[] = {{0, 0, 3, 0, NULL}, {0, 0, 7, 1, NULL}, {0, 3, 4, 2, NULL}};
  g_array_append_vals(s.spans[0], ann, 3);
  g_array_append_vals(s.spans[1], ann, 1);
  study_finish(&s);
  g_autoptr(json_t) out = compare(&s, 2, 100);
  g_assert_cmpfloat(dig(out, "dropped.0.overlapping_tokens"), ==, 1);
  g_assert_cmpfloat(dig(out, "dropped.0.spans_without_token"), ==, 1);
  g_assert_cmpfloat(dig(out, "dropped.1.overlapping_tokens"), ==, 0);
  g_assert_true(has_warning(out, "overlap") && has_warning(out, "off-grid") &&
                has_warning(out, "rare-label"));
  g_assert_true(json_is_null(json_object_get(json_object_get(out, "token_kappa"), "low"))); /* one document */

  CrComparison comparison = {0, NULL, study_labels, 3, 1, 10};
  g_autoptr(GError) error = NULL;
  g_assert_null(cr_agreement_spans(&comparison, s.sets, 2, &error));
  g_assert_error(error, CR_ERROR, CR_ERROR_NOT_COMPARABLE);
  g_clear_error(&error);
  comparison = (CrComparison){1, (const GArray *const *)s.tokens->pdata, study_labels, 3, 1, 10};
  g_assert_null(cr_agreement_spans(&comparison, s.sets, 1, &error));
  g_assert_error(error, CR_ERROR, CR_ERROR_NOT_COMPARABLE);
}

/* What would cost gigabytes is refused: spans that all overlap, labels without end. */
static void
test_spans_limits(void)
{
  g_auto(Study) s = make_study(2, 1, 5, 0);
  for (guint i = 0; i < 1100; i++)
    for (guint r = 0; r < 2; r++) {
      CrLabelSpan span = {0, i, 2000 + i + r, 0, NULL};
      g_array_append_val(s.spans[r], span);
    }
  study_finish(&s);
  CrComparison comparison = {1, (const GArray *const *)s.tokens->pdata, study_labels, 3, 1, 10};
  g_autoptr(GError) error = NULL;
  g_assert_null(cr_agreement_spans(&comparison, s.sets, 2, &error));
  g_assert_error(error, CR_ERROR, CR_ERROR_LIMIT);
  g_clear_error(&error);
  comparison.n_labels = 1000000;
  g_assert_null(cr_agreement_spans(&comparison, s.sets, 2, &error));
  g_assert_error(error, CR_ERROR, CR_ERROR_LIMIT);
  /* as many that do not overlap are no trouble */
  for (guint i = 0; i < 1100; i++)
    for (guint r = 0; r < 2; r++)
      g_array_index(s.spans[r], CrLabelSpan, i) = (CrLabelSpan){0, i * 3, i * 3 + 2 + r, 0, NULL};
  study_finish(&s);
  g_autoptr(json_t) out = compare(&s, 2, 10);
  assert_close(dig(out, "span_f1.partial"), 0.5, 1e-12, "all overlap by half credit");
}

static void
test_spans_perfect(void)
{
  g_auto(Study) s = make_study(2, 12, 10, 4);
  g_array_set_size(s.spans[1], 0);
  g_array_append_vals(s.spans[1], s.spans[0]->data, s.spans[0]->len);
  study_finish(&s);
  g_autoptr(json_t) out = compare(&s, 2, 100);
  assert_close(dig(out, "span_f1.strict"), 1, 0, "strict");
  assert_close(dig(out, "token_kappa"), 1, 1e-12, "kappa");
  g_assert_true(has_warning(out, "interval-flat"));
}

/* 95 % intervals should hold the true value about 95 times in 100: documents drawn around a known rate. */
static void
test_interval_coverage(void)
{
  guint n_covered = 0, n_trials = 200;
  for (guint t = 0; t < n_trials; t++) {
    g_auto(Study) s = make_study(2, 40, 8, 0);
    for (guint d = 0; d < 40; d++)
      for (guint i = 0; i < 6; i++) {
        CrLabelSpan span = {d, i * 4, i * 4 + 3, 0, NULL};
        gboolean alike = g_test_rand_double() < 0.8;
        g_array_append_val(s.spans[0], span);
        span.end -= alike ? 0 : 1;
        g_array_append_val(s.spans[1], span);
      }
    study_finish(&s);
    g_autoptr(json_t) out = compare(&s, 2, 400);
    const json_t *strict = json_object_get(json_object_get(out, "span_f1"), "strict");
    n_covered += json_number_value(json_object_get(strict, "low")) <= 0.8 &&
                 json_number_value(json_object_get(strict, "high")) >= 0.8;
  }
  g_test_message("%u of %u intervals hold the true value", n_covered, n_trials);
  g_assert_cmpuint(n_covered, >=, n_trials * 86 / 100);
  g_assert_cmpuint(n_covered, <, n_trials);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/agreement/published", test_published);
  g_test_add_func("/agreement/golden/tables", test_golden);
  g_test_add_func("/agreement/golden/pairs", test_golden_light_and_pairs);
  g_test_add_func("/agreement/golden/gwet", test_golden_gwet);
  g_test_add_func("/agreement/cohen/error", test_cohen_error);
  g_test_add_func("/agreement/cohen/edges", test_cohen_edges);
  g_test_add_func("/agreement/alpha/brute", test_alpha_brute);
  g_test_add_func("/agreement/ratings/two", test_two_raters);
  g_test_add_func("/agreement/resampling", test_resampling);
  g_test_add_func("/agreement/ratings/edges", test_ratings_edges);
  g_test_add_func("/agreement/match/random", test_match_random);
  g_test_add_func("/agreement/match/semeval", test_match_semeval);
  g_test_add_func("/agreement/match/rules", test_match_rules);
  g_test_add_func("/agreement/differences", test_differences);
  g_test_add_func("/agreement/spans/brute", test_spans_brute);
  g_test_add_func("/agreement/spans/symmetry", test_spans_symmetry);
  g_test_add_func("/agreement/spans/three", test_spans_three_readers);
  g_test_add_func("/agreement/spans/traps", test_spans_traps);
  g_test_add_func("/agreement/spans/limits", test_spans_limits);
  g_test_add_func("/agreement/spans/perfect", test_spans_perfect);
  g_test_add_func("/agreement/spans/coverage", test_interval_coverage);
  return g_test_run();
}
