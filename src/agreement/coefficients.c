/* Coefficients over coded ratings. Each takes a list of units, so that a resample is a list with repetitions;
 * the categories are always those of the whole table.
 *
 * Missing ratings: percent, alpha, AC1 and AC2 count pairable ratings (of units with two or more), each unit
 * weighing as many as it has, as Krippendorff's coincidence matrix does; so they differ in what they take for
 * chance and in nothing else. Fleiss' and Conger's kappas are defined for complete tables alone. */
#include "agreement/agreement-private.h"
#include <math.h>
#include <string.h>

static const char no_pairs[] = "no unit has two ratings",
                  one_category[] = "one category only was used: agreement by chance is certain (0/0)",
                  incomplete[] = "ratings are missing: it is defined for complete tables only",
                  two_raters[] = "it is defined for two raters";

static double
undefined(const char **why, const char *reason)
{
  *why = reason;
  return NAN;
}

/* ---- pairable ratings ---- */

typedef double (*Closeness)(const CrCoded *coded, gint a, gint b); /* 1 = the same, 0 = as far as can be */

static double
same(const CrCoded *coded, gint a, gint b)
{
  return a == b;
}

/* irrCAC's quadratic weights: by the values themselves over their range. */
static double
quadratic(const CrCoded *coded, gint a, gint b)
{
  double range = coded->values[coded->n_categories - 1] - coded->values[0];
  double distance = (coded->values[a] - coded->values[b]) / range;
  return 1 - distance * distance;
}

/* The mean closeness of the pairs of ratings in one unit; *n_ratings gets how many it has. */
static double
unit_agreement(const CrCoded *coded, const gint *row, Closeness closeness, guint *n_ratings)
{
  double sum = 0;
  guint n = 0;
  for (gsize i = 0; i < coded->n_raters; i++) {
    if (row[i] < 0)
      continue;
    for (gsize j = 0; j < i; j++)
      if (row[j] >= 0)
        sum += closeness(coded, row[i], row[j]);
    n++;
  }
  *n_ratings = n;
  return n < 2 ? 0 : sum * 2 / ((double)n * (n - 1));
}

typedef struct {
  double n;       /* pairable ratings */
  double agree;   /* observed agreement, 0..1 */
  double *counts; /* [n_categories] of pairable ratings */
  guint n_used;   /* categories with a count */
} Pairable;

static void
pairable_clear(Pairable *p)
{
  g_clear_pointer(&p->counts, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Pairable, pairable_clear)

static void
add_counts(Pairable *p, const gint *row, gsize n_raters)
{
  for (gsize r = 0; r < n_raters; r++)
    if (row[r] >= 0)
      p->counts[row[r]]++;
}

static void
pairable_fill(Pairable *p, const CrCoded *coded, const guint *units, gsize n, Closeness closeness)
{
  p->counts = g_new0(double, MAX(coded->n_categories, 1));
  for (gsize i = 0; i < n; i++) {
    const gint *row = coded->codes + units[i] * coded->n_raters;
    guint n_ratings = 0;
    double agreement = unit_agreement(coded, row, closeness, &n_ratings);
    if (n_ratings < 2)
      continue;
    p->n += n_ratings;
    p->agree += n_ratings * agreement;
    add_counts(p, row, coded->n_raters);
  }
  p->agree = p->n > 0 ? p->agree / p->n : 0;
  for (guint c = 0; c < coded->n_categories; c++)
    p->n_used += p->counts[c] > 0;
}

double
cr_coefficient_percent(const CrCoded *coded, const guint *units, gsize n, const char **why)
{
  g_auto(Pairable) p = {0};
  pairable_fill(&p, coded, units, n, same);
  return p.n > 0 ? p.agree : undefined(why, no_pairs);
}

/* ---- kappas with one common distribution ---- */

static double
from_pooled(const Pairable *p, guint n_categories, const char **why)
{
  if (p->n <= 0 || p->n_used < 2)
    return undefined(why, p->n <= 0 ? no_pairs : one_category);
  double pe = 0;
  for (guint c = 0; c < n_categories; c++)
    pe += p->counts[c] / p->n * p->counts[c] / p->n;
  return (p->agree - pe) / (1 - pe);
}

/* Scott (1955): two raters, units that both rated. */
double
cr_coefficient_scott(const CrCoded *coded, const guint *units, gsize n, const char **why)
{
  if (coded->n_raters != 2)
    return undefined(why, two_raters);
  g_auto(Pairable) p = {0};
  pairable_fill(&p, coded, units, n, same);
  return from_pooled(&p, coded->n_categories, why);
}

/* Fleiss (1971). */
double
cr_coefficient_fleiss(const CrCoded *coded, const guint *units, gsize n, const char **why)
{
  if (coded->n_missing)
    return undefined(why, incomplete);
  g_auto(Pairable) p = {0};
  pairable_fill(&p, coded, units, n, same);
  return from_pooled(&p, coded->n_categories, why);
}

/* ---- kappas with a distribution for each rater ---- */

/* [n_raters][n_categories] of the units; g_free. */
static double *
rater_counts(const CrCoded *coded, const guint *units, gsize n)
{
  double *counts = g_new0(double, MAX(coded->n_raters * coded->n_categories, 1));
  for (gsize i = 0; i < n; i++)
    for (gsize r = 0; r < coded->n_raters; r++) {
      gint code = coded->codes[units[i] * coded->n_raters + r];
      if (code >= 0)
        counts[r * coded->n_categories + (gsize)code]++;
    }
  return counts;
}

/* Conger (1980), also Hubert (1977): chance is the mean over pairs of raters of the sum of products of their
 * own shares, which is [(sum_r p_rc)^2 - sum_r p_rc^2] / [m(m-1)] summed over categories. */
double
cr_coefficient_conger(const CrCoded *coded, const guint *units, gsize n, const char **why)
{
  if (coded->n_missing)
    return undefined(why, incomplete);
  g_auto(Pairable) p = {0};
  pairable_fill(&p, coded, units, n, same);
  if (p.n <= 0 || p.n_used < 2)
    return undefined(why, p.n <= 0 ? no_pairs : one_category);
  g_autofree double *counts = rater_counts(coded, units, n);
  double pe = 0, m = (double)coded->n_raters;
  for (guint c = 0; c < coded->n_categories; c++) {
    double sum = 0, squares = 0;
    for (gsize r = 0; r < coded->n_raters; r++) {
      double share = counts[r * coded->n_categories + c] / (double)n;
      sum += share;
      squares += share * share;
    }
    pe += (sum * sum - squares) / (m * (m - 1));
  }
  return (p.agree - pe) / (1 - pe);
}

static double
pair_kappa(const CrCoded *coded, const guint *units, gsize n, gsize a, gsize b, const char **why)
{
  guint k = coded->n_categories;
  g_autofree double *rows = g_new0(double, k), *columns = g_new0(double, k);
  double n_both = 0, n_agree = 0;
  for (gsize i = 0; i < n; i++) {
    const gint *row = coded->codes + units[i] * coded->n_raters;
    if (row[a] < 0 || row[b] < 0)
      continue;
    rows[row[a]]++;
    columns[row[b]]++;
    n_both++;
    n_agree += row[a] == row[b];
  }
  return cr_kappa_from_marginals(n_both, n_agree, rows, columns, k, why);
}

/* Light (1971): the mean of Cohen's kappas of all pairs; every one of them must be defined. */
double
cr_coefficient_light(const CrCoded *coded, const guint *units, gsize n, const char **why)
{
  if (coded->n_raters < 2 || coded->n_categories == 0)
    return undefined(why, no_pairs);
  double sum = 0;
  guint n_pairs = 0;
  for (gsize a = 0; a < coded->n_raters; a++)
    for (gsize b = a + 1; b < coded->n_raters; b++, n_pairs++)
      sum += pair_kappa(coded, units, n, a, b, why);
  return sum / n_pairs; /* NaN from one pair is NaN in the sum */
}

/* ---- Krippendorff's alpha ---- */

/* What stands for a category where disagreement is a squared difference: its value, or for ordinal data its
 * mid-rank, since sum n_g over g=c..k - (n_c + n_k)/2 is the difference of mid-ranks. */
static double *
places(const CrCoded *coded, const Pairable *p)
{
  double *place = g_new(double, MAX(coded->n_categories, 1));
  double before = 0;
  for (guint c = 0; c < coded->n_categories; c++) {
    place[c] = g_str_equal(coded->level, "ordinal") ? before + p->counts[c] / 2 : coded->values[c];
    before += p->counts[c];
  }
  return place;
}

static double
distance(const CrCoded *coded, const double *place, gint a, gint b)
{
  if (g_str_equal(coded->level, "nominal"))
    return a != b;
  double difference = place[a] - place[b];
  if (!g_str_equal(coded->level, "ratio"))
    return difference * difference;
  double sum = place[a] + place[b];
  return a == b ? 0 : difference * difference / (sum * sum);
}

/* Sum over units of (ordered pairs' distances) / (ratings - 1). */
static double
observed_disagreement(const CrCoded *coded, const double *place, const guint *units, gsize n)
{
  double all = 0;
  for (gsize i = 0; i < n; i++) {
    const gint *row = coded->codes + units[i] * coded->n_raters;
    double sum = 0;
    guint n_ratings = 0;
    for (gsize a = 0; a < coded->n_raters; a++) {
      if (row[a] < 0)
        continue;
      n_ratings++;
      for (gsize b = 0; b < a; b++)
        sum += row[b] < 0 ? 0 : 2 * distance(coded, place, row[a], row[b]);
    }
    all += n_ratings < 2 ? 0 : sum / (n_ratings - 1);
  }
  return all;
}

/* Sum over ordered pairs of categories of n_c n_k distance; for squared differences from the moments, which
 * needs no loop over pairs. */
static double
expected_disagreement(const CrCoded *coded, const double *place, const Pairable *p)
{
  double sum = 0, mean = 0;
  guint k = coded->n_categories;
  if (g_str_equal(coded->level, "nominal")) {
    for (guint c = 0; c < k; c++)
      sum += p->counts[c] * (p->n - p->counts[c]);
    return sum;
  }
  if (g_str_equal(coded->level, "ratio")) {
    for (guint c = 0; c < k; c++)
      for (guint d = 0; d < c; d++)
        sum += 2 * p->counts[c] * p->counts[d] * distance(coded, place, (gint)c, (gint)d);
    return sum;
  }
  for (guint c = 0; c < k; c++)
    mean += p->counts[c] * place[c] / p->n;
  for (guint c = 0; c < k; c++)
    sum += p->counts[c] * (place[c] - mean) * (place[c] - mean);
  return 2 * p->n * sum;
}

/* Krippendorff (2011): alpha = 1 - (n-1) observed / expected. */
double
cr_coefficient_alpha(const CrCoded *coded, const guint *units, gsize n, const char **why)
{
  g_auto(Pairable) p = {0};
  pairable_fill(&p, coded, units, n, same);
  if (p.n <= 0 || p.n_used < 2)
    return undefined(why, p.n <= 0 ? no_pairs : one_category);
  g_autofree double *place = places(coded, &p);
  double observed = observed_disagreement(coded, place, units, n),
         expected = expected_disagreement(coded, place, &p);
  return 1 - (p.n - 1) * observed / expected;
}

/* ---- Gwet ---- */

/* Gwet (2008, 2014): pe = T / (k (k-1)) sum q (1-q), T the sum of all weights, k the categories that occur in
 * the table. */
static double
gwet(const CrCoded *coded, const guint *units, gsize n, Closeness closeness, const char **why)
{
  g_auto(Pairable) p = {0};
  if (coded->n_categories < 2)
    return undefined(why, coded->n_units ? one_category : no_pairs);
  pairable_fill(&p, coded, units, n, closeness);
  if (p.n <= 0)
    return undefined(why, no_pairs);
  double spread = 0, weights = 0, k = coded->n_categories;
  for (guint c = 0; c < coded->n_categories; c++) {
    double q = p.counts[c] / p.n;
    spread += q * (1 - q);
    for (guint d = 0; d < coded->n_categories && closeness != same; d++)
      weights += closeness(coded, (gint)c, (gint)d);
  }
  double pe = (closeness == same ? k : weights) / (k * (k - 1)) * spread;
  return (p.agree - pe) / (1 - pe);
}

double
cr_coefficient_ac1(const CrCoded *coded, const guint *units, gsize n, const char **why)
{
  return gwet(coded, units, n, same, why);
}

double
cr_coefficient_ac2(const CrCoded *coded, const guint *units, gsize n, const char **why)
{
  return gwet(coded, units, n, quadratic, why);
}

double
cr_coefficient_ac1_per_unit(const CrCoded *coded, const guint *units, gsize n, const char **why)
{
  if (coded->n_categories < 2)
    return undefined(why, coded->n_units ? one_category : no_pairs);
  g_autofree double *shares = g_new0(double, coded->n_categories);
  double agree = 0, n_paired = 0, n_rated = 0;
  for (gsize i = 0; i < n; i++) {
    const gint *row = coded->codes + units[i] * coded->n_raters;
    guint n_ratings = 0;
    double agreement = unit_agreement(coded, row, same, &n_ratings);
    n_rated++; /* a coded unit has at least one rating */
    for (gsize r = 0; r < coded->n_raters; r++)
      if (row[r] >= 0)
        shares[row[r]] += 1.0 / n_ratings;
    agree += agreement;
    n_paired += n_ratings >= 2;
  }
  if (n_paired <= 0)
    return undefined(why, no_pairs);
  double spread = 0;
  for (guint c = 0; c < coded->n_categories; c++)
    spread += shares[c] / n_rated * (1 - shares[c] / n_rated);
  double po = agree / n_paired, pe = spread / (coded->n_categories - 1);
  return (po - pe) / (1 - pe);
}
