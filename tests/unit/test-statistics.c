/* statistics: against figures worked out apart from this program (the Python beside each), and by counting.
 */
#include <chartroom/statistics.h>

#include <math.h>
#include <string.h>

static void
assert_near(double got, double wanted, double within)
{
  if (isnan(got) != isnan(wanted) || fabs(got - wanted) > within)
    g_error("%.12f, expected %.12f", got, wanted);
}

/* ---- robust ---- */

/* statistics.median(x) = 3.0; median(|x - 3|) = 0.2; 0.6745 (x - 3) / 0.2 */
static void
test_robust(void)
{
  const double x[] = {2.5, 3.1, 2.9, 3.0, 2.8, 9.0, 3.2},
               wanted[] = {-1.68625, 0.33725, -0.33725, 0, -0.6745, 20.235, 0.6745};
  double z[7], even[] = {4, 1, 3, 2}, same[] = {5, 5, 5, 5, 9}, none[] = {1, 1, 1};
  assert_near(cr_stat_median(x, 7), 3, 1e-12);
  assert_near(cr_stat_mad(x, 7), 0.2, 1e-12);
  cr_stat_robust_z(x, 7, z);
  for (guint i = 0; i < 7; i++)
    assert_near(z[i], wanted[i], 1e-9);
  assert_near(cr_stat_median(even, 4), 2.5, 1e-12);
  assert_near(cr_stat_quantile(even, 4, 0.25), 1.75, 1e-12); /* numpy.quantile([1,2,3,4], .25) */
  /* MAD 0: mean distance 4/5, z = 4 / (1.2533141373155 * 0.8) */
  cr_stat_robust_z(same, 5, z);
  assert_near(z[4], 4 / (1.2533141373155 * 0.8), 1e-9);
  assert_near(z[0], 0, 1e-12);
  cr_stat_robust_z(none, 3, z);
  assert_near(z[0], 0, 0);
  g_assert_true(isnan(cr_stat_median(x, 0)));
}

/* ---- trends ---- */

/* ranks by counting, rho from them, p over itertools.permutations: 176 of 5040 at least as far; slopes of all
 * 21 pairs: median 5/6, the 3rd and the 19th as (21 -+ 1.96 sqrt(7*6*19/18)) / 2 rounded outwards. */
static void
test_trend_exact(void)
{
  const double x[] = {1, 2, 3, 4, 5, 6, 7}, y[] = {2, 1, 4, 3.5, 3.5, 7, 6};
  CrTrend t = cr_stat_trend(x, y, NULL, 7, 1);
  g_assert_null(t.why);
  assert_near(t.rho, 0.8108437164260031, 1e-12);
  g_assert_true(t.is_exact);
  assert_near(t.p, 176.0 / 5040, 1e-12);
  assert_near(t.slope, 5.0 / 6, 1e-12);
  assert_near(t.low, -0.5, 1e-12);
  assert_near(t.high, 1.75, 1e-12);
}

static double
brute_rho(const double *x, const double *y, gsize n)
{
  double mx = 0, my = 0, sxy = 0, sxx = 0, syy = 0;
  g_autofree double *rx = g_new0(double, n), *ry = g_new0(double, n);
  for (gsize i = 0; i < n; i++) {
    for (gsize j = 0; j < n; j++) {
      rx[i] += x[j] < x[i] ? 1 : (x[j] > x[i] ? 0 : 0.5);
      ry[i] += y[j] < y[i] ? 1 : (y[j] > y[i] ? 0 : 0.5);
    }
    mx += rx[i] / (double)n;
    my += ry[i] / (double)n;
  }
  for (gsize i = 0; i < n; i++) {
    sxy += (rx[i] - mx) * (ry[i] - my);
    sxx += (rx[i] - mx) * (rx[i] - mx);
    syy += (ry[i] - my) * (ry[i] - my);
  }
  return sxy / sqrt(sxx * syy);
}

static void
test_trend_brute(void)
{
  for (guint t = 0; t < 200; t++) {
    double x[30], y[30];
    gsize n = (gsize)g_test_rand_int_range(5, 30);
    for (gsize i = 0; i < n; i++) {
      x[i] = g_test_rand_int_range(0, 8);
      y[i] = g_test_rand_int_range(0, 8);
    }
    CrTrend trend = cr_stat_trend(x, y, NULL, n, t);
    if (trend.why)
      continue;
    assert_near(trend.rho, brute_rho(x, y, n), 1e-9);
    g_assert_true(trend.p > 0 && trend.p <= 1);
    CrTrend again = cr_stat_trend(x, y, NULL, n, t);
    assert_near(trend.p, again.p, 0); /* the same seed, the same p */
  }
}

/* What differs between strata is no trend: y falls within each of two strata and rises from one to the other.
 * Two strata of 4, each in full reverse: 2 of (4!)^2 orders are as far. */
static void
test_trend_strata(void)
{
  const double x[] = {1, 2, 3, 4, 11, 12, 13, 14}, y[] = {4, 3, 2, 1, 14, 13, 12, 11};
  const guint strata[] = {0, 0, 0, 0, 1, 1, 1, 1};
  CrTrend t = cr_stat_trend(x, y, strata, 8, 1), mixed = cr_stat_trend(x, y, NULL, 8, 1);
  assert_near(t.rho, -1, 1e-12);
  g_assert_true(t.is_exact);
  assert_near(t.p, 2.0 / (24 * 24), 1e-12);
  assert_near(t.slope, -1, 1e-12);
  g_assert_true(isnan(t.low));
  g_assert_true(mixed.rho > 0);
  g_assert_cmpuint(t.n_strata, ==, 2);
}

static void
test_trend_edges(void)
{
  const double flat[] = {1, 1, 1, 1, 1, 1}, up[] = {1, 2, 3, 4, 5, 6};
  const guint alone[] = {0, 1, 2, 3, 4, 5};
  g_assert_nonnull(cr_stat_trend(up, flat, NULL, 6, 1).why);
  g_assert_nonnull(cr_stat_trend(up, up, NULL, 3, 1).why);
  g_assert_nonnull(cr_stat_trend(up, up, alone, 6, 1).why);
  g_assert_nonnull(cr_stat_trend(NULL, NULL, NULL, 0, 1).why);
}

/* Where y has nothing to do with x, p below .05 comes in about one of twenty: the test keeps its word. */
static void
test_trend_level(void)
{
  guint n_below = 0;
  enum { TRIES = 400, N = 12 };
  for (guint t = 0; t < TRIES; t++) {
    double x[N], y[N];
    for (guint i = 0; i < N; i++) {
      x[i] = i;
      y[i] = g_test_rand_double();
    }
    n_below += cr_stat_trend(x, y, NULL, N, t).p < 0.05;
  }
  g_assert_cmpuint(n_below, <, TRIES / 8);
  g_assert_cmpuint(n_below, >, 2);
}

/* ---- ratios ---- */

static void
test_ratio(void)
{
  double part[] = {1, 0, 2, 1, 0, 1}, whole[] = {2, 2, 4, 1, 1, 2};
  CrStatFigure f = cr_stat_ratio(part, whole, 6, 3), again = cr_stat_ratio(part, whole, 6, 3),
               few = cr_stat_ratio(part, whole, 3, 3), none = cr_stat_ratio(part, whole, 0, 3);
  assert_near(f.value, 5.0 / 12, 1e-12);
  g_assert_true(f.low < f.value && f.value < f.high && f.low >= 0 && f.high <= 1);
  assert_near(f.low, again.low, 0);
  assert_near(few.value, 3.0 / 8, 1e-12);
  g_assert_true(isnan(few.low) && none.why);
  /* Many equal documents hold no variation. */
  double ones[20], twos[20];
  for (guint i = 0; i < 20; i++) {
    ones[i] = 1;
    twos[i] = 2;
  }
  CrStatFigure even = cr_stat_ratio(ones, twos, 20, 1);
  assert_near(even.low, 0.5, 1e-12);
  assert_near(even.high, 0.5, 1e-12);
}

/* The interval holds the truth about as often as it says: 40 documents of 5 things each, each right with 0.8.
 */
static void
test_ratio_coverage(void)
{
  guint n_held = 0;
  enum { TRIES = 200, N = 40 };
  for (guint t = 0; t < TRIES; t++) {
    double part[N], whole[N];
    for (guint i = 0; i < N; i++) {
      part[i] = 0;
      whole[i] = 5;
      for (guint k = 0; k < 5; k++)
        part[i] += g_test_rand_double() < 0.8 ? 1 : 0;
    }
    CrStatFigure f = cr_stat_ratio(part, whole, N, t);
    n_held += f.low <= 0.8 && 0.8 <= f.high;
  }
  g_assert_cmpuint(n_held, >, TRIES * 85 / 100);
}

/* .8 of 5 in each of 40 documents against .5: the gap is .3 and its interval holds it and not 0. */
static void
test_gap(void)
{
  double a[40], b[40], whole[40], few[] = {1, 1};
  for (guint i = 0; i < 40; i++) {
    whole[i] = 10;
    a[i] = i % 2 ? 9 : 7;
    b[i] = i % 2 ? 6 : 4;
  }
  CrStatFigure f = cr_stat_gap(a, whole, 40, b, whole, 40, 5),
               back = cr_stat_gap(b, whole, 40, a, whole, 40, 5),
               thin = cr_stat_gap(few, whole, 2, b, whole, 40, 5),
               none = cr_stat_gap(a, whole, 40, NULL, NULL, 0, 5);
  assert_near(f.value, 0.3, 1e-12);
  g_assert_true(f.low > 0.2 && f.low < 0.3 && f.high > 0.3 && f.high < 0.4);
  assert_near(back.value, -0.3, 1e-12);
  assert_near(thin.value, 0.1 - 0.5, 1e-12);
  g_assert_true(isnan(thin.low) && none.why && isnan(none.value));
}

/* Holm (1979) by hand: .01 * 4, max(.04, .02 * 3), max(.06, .03 * 2), max(.06, .9) */
static void
test_holm(void)
{
  const double p[] = {.03, .01, .9, .02}, wanted[] = {.06, .04, .9, .06};
  double out[4], one[] = {.5}, high[] = {.6, .7};
  cr_stat_holm(p, 4, out);
  for (guint i = 0; i < 4; i++)
    assert_near(out[i], wanted[i], 1e-12);
  cr_stat_holm(one, 1, one);
  assert_near(one[0], .5, 0);
  cr_stat_holm(high, 2, high);
  assert_near(high[0], 1, 0);
  assert_near(high[1], 1, 0);
  cr_stat_holm(NULL, 0, NULL);
}

/* ---- sampling ---- */

/* k = ln(p1 (1-p0) / (p0 (1-p1))), h1 = ln((1-a)/b)/k = 1.36386, h2 = ln((1-b)/a)/k = 1.75102,
 * s = ln((1-p0)/(1-p1))/k = 0.0249854 for p0 .01, p1 .05, a .05, b .10; n clean ones accept from h1/s = 54.6.
 */
static void
test_sequential(void)
{
  static const struct {
    guint64 n, d;
    gint64 accept, reject;
    CrSamplingVerdict verdict;
  } cases[] = {{0, 0, -1, 2, CR_SAMPLING_GO_ON},   {10, 0, -1, 3, CR_SAMPLING_GO_ON},
               {10, 3, -1, 3, CR_SAMPLING_REJECT}, {54, 0, -1, 4, CR_SAMPLING_GO_ON},
               {55, 0, 0, 4, CR_SAMPLING_ACCEPT},  {55, 1, 0, 4, CR_SAMPLING_GO_ON},
               {100, 1, 1, 5, CR_SAMPLING_ACCEPT}, {100, 2, 1, 5, CR_SAMPLING_GO_ON},
               {200, 7, 3, 7, CR_SAMPLING_REJECT}};
  const CrSamplingPlan plan = {.01, .05, .05, .10};
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    CrSequential s = cr_stat_sequential(&plan, cases[i].n, cases[i].d);
    g_assert_cmpint(s.accept_at, ==, cases[i].accept);
    g_assert_cmpint(s.reject_at, ==, cases[i].reject);
    g_assert_cmpint(s.verdict, ==, cases[i].verdict);
    g_assert_cmpint(s.least, ==, 55);
  }
}

/* Wald: the risks stay within about a/(1-b) and b/(1-a). Lots at the two shares, walked to the verdict. */
static void
test_sequential_risks(void)
{
  const CrSamplingPlan plan = {.02, .10, .05, .10};
  const double shares[] = {.02, .10};
  for (guint k = 0; k < 2; k++) {
    guint n_wrong = 0;
    enum { TRIES = 1000 };
    for (guint t = 0; t < TRIES; t++) {
      guint64 n = 0, d = 0;
      CrSequential s;
      do {
        n++;
        d += g_test_rand_double() < shares[k];
        s = cr_stat_sequential(&plan, n, d);
      } while (s.verdict == CR_SAMPLING_GO_ON && n < 5000);
      n_wrong += s.verdict != (k == 0 ? CR_SAMPLING_ACCEPT : CR_SAMPLING_REJECT);
    }
    g_assert_cmpuint(n_wrong, <, TRIES * 15 / 100);
  }
}

/* sum(comb(D,k) comb(N-D,n-k) for k <= c) / comb(N,n), and the first n, c that hold both risks, in Python's
 * whole numbers. */
static void
test_single_samples(void)
{
  static const struct {
    double good, bad;
    guint64 lot, n, c;
  } cases[] = {{.01, .05, 20, 18, 0},   {.01, .05, 100, 58, 1},  {.01, .05, 200, 89, 2},
               {.01, .05, 500, 123, 3}, {.025, .10, 100, 44, 2}, {.025, .10, 300, 62, 3}};
  assert_near(cr_stat_hypergeometric(50, 5, 10, 1), 0.7418999792231363, 1e-9);
  assert_near(cr_stat_hypergeometric(500, 25, 80, 2), 0.2057936486096265, 1e-9);
  assert_near(cr_stat_hypergeometric(10, 8, 5, 1), 0, 1e-12); /* at least three are defective */
  assert_near(cr_stat_hypergeometric(10, 2, 5, 2), 1, 1e-12);
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    CrSamplingPlan plan = {cases[i].good, cases[i].bad, .05, .10};
    guint64 c = 0, n = cr_stat_single_sample(&plan, cases[i].lot, &c);
    g_assert_cmpuint(n, ==, cases[i].n);
    g_assert_cmpuint(c, ==, cases[i].c);
  }
  CrSamplingPlan strict = {.01, .05, .05, .10};
  guint64 c = 9, n = cr_stat_single_sample(&strict, 1, &c);
  g_assert_cmpuint(n, ==, 1);
  g_assert_cmpuint(c, ==, 0);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/statistics/robust", test_robust);
  g_test_add_func("/statistics/trend-exact", test_trend_exact);
  g_test_add_func("/statistics/trend-brute", test_trend_brute);
  g_test_add_func("/statistics/trend-strata", test_trend_strata);
  g_test_add_func("/statistics/trend-edges", test_trend_edges);
  g_test_add_func("/statistics/trend-level", test_trend_level);
  g_test_add_func("/statistics/ratio", test_ratio);
  g_test_add_func("/statistics/ratio-coverage", test_ratio_coverage);
  g_test_add_func("/statistics/gap", test_gap);
  g_test_add_func("/statistics/holm", test_holm);
  g_test_add_func("/statistics/sequential", test_sequential);
  g_test_add_func("/statistics/sequential-risks", test_sequential_risks);
  g_test_add_func("/statistics/single-samples", test_single_samples);
  return g_test_run();
}
