/* Two raters, one table: Cohen's kappa, plain and weighted, with its standard error. */
#include "agreement/agreement-private.h"
#include <math.h>

static const char no_units[] = "no unit was rated by both",
                  one_category[] = "one category only was used: agreement by chance is certain (0/0)";

static CrEstimate
undefined(const char *why)
{
  return (CrEstimate){NAN, NAN, NAN, NAN, why};
}

/* Agreement weight of categories i and j of k. */
static double
weight(CrWeights weights, guint i, guint j, guint k)
{
  if (weights == CR_WEIGHTS_IDENTITY || k < 2)
    return i == j;
  double distance = fabs((double)i - (double)j) / (double)(k - 1);
  return 1 - (weights == CR_WEIGHTS_LINEAR ? distance : distance * distance);
}

typedef struct {
  guint k;
  double n;
  double *rows, *columns; /* marginal shares */
} Table;

static double
fill_marginals(Table *t, const guint64 *counts)
{
  for (guint i = 0; i < t->k; i++)
    for (guint j = 0; j < t->k; j++) {
      t->n += (double)counts[i * t->k + j];
      t->rows[i] += (double)counts[i * t->k + j];
      t->columns[j] += (double)counts[i * t->k + j];
    }
  for (guint i = 0; i < t->k && t->n > 0; i++) {
    t->rows[i] /= t->n;
    t->columns[i] /= t->n;
  }
  return t->n;
}

static guint
count_used(const Table *t)
{
  guint n_used = 0;
  for (guint i = 0; i < t->k; i++)
    n_used += t->rows[i] + t->columns[i] > 0;
  return n_used;
}

/* Fleiss, Cohen & Everitt (1969), eq. 13:
 * n (1-pe)^4 var = sum p_ij [w_ij (1-pe) - (wbar_i. + wbar_.j)(1-po)]^2 - (po pe - 2 pe + po)^2 */
static double
standard_error(const Table *t, const guint64 *counts, CrWeights weights, double po, double pe)
{
  g_autofree double *row_mean = g_new0(double, t->k), *column_mean = g_new0(double, t->k);
  for (guint i = 0; i < t->k; i++)
    for (guint j = 0; j < t->k; j++) {
      row_mean[i] += weight(weights, i, j, t->k) * t->columns[j];
      column_mean[j] += weight(weights, i, j, t->k) * t->rows[i];
    }
  double sum = 0;
  for (guint i = 0; i < t->k; i++)
    for (guint j = 0; j < t->k; j++) {
      double term = weight(weights, i, j, t->k) * (1 - pe) - (row_mean[i] + column_mean[j]) * (1 - po);
      sum += (double)counts[i * t->k + j] / t->n * term * term;
    }
  double centre = po * pe - 2 * pe + po;
  double variance = (sum - centre * centre) / (t->n * pow(1 - pe, 4));
  return sqrt(MAX(variance, 0));
}

CrEstimate
cr_kappa_weighted(const guint64 *counts, guint n_categories, CrWeights weights)
{
  g_autofree double *rows = g_new0(double, n_categories), *columns = g_new0(double, n_categories);
  Table t = {n_categories, 0, rows, columns};
  if (fill_marginals(&t, counts) <= 0)
    return undefined(no_units);
  if (count_used(&t) < 2)
    return undefined(one_category);
  double po = 0, pe = 0;
  for (guint i = 0; i < t.k; i++)
    for (guint j = 0; j < t.k; j++) {
      double w = weight(weights, i, j, t.k);
      po += w * (double)counts[i * t.k + j] / t.n;
      pe += w * rows[i] * columns[j];
    }
  CrEstimate result = {.value = (po - pe) / (1 - pe)};
  result.se = standard_error(&t, counts, weights, po, pe);
  result.low = result.value - CR_Z95 * result.se;
  result.high = result.value + CR_Z95 * result.se;
  return result;
}

CrEstimate
cr_kappa_cohen(const guint64 *counts, guint n_categories)
{
  return cr_kappa_weighted(counts, n_categories, CR_WEIGHTS_IDENTITY);
}

double
cr_kappa_from_marginals(double n, double n_agree, const double *rows, const double *columns,
                        guint n_categories, const char **why)
{
  double chance = 0;
  guint n_used = 0;
  for (guint i = 0; i < n_categories; i++) {
    chance += rows[i] * columns[i];
    n_used += rows[i] + columns[i] > 0;
  }
  if (n <= 0 || n_used < 2) {
    *why = n <= 0 ? no_units : one_category;
    return NAN;
  }
  double po = n_agree / n, pe = chance / (n * n);
  return (po - pe) / (1 - pe);
}

double
cr_ac1_from_marginals(double n, double n_agree, const double *rows, const double *columns, guint n_categories,
                      const char **why)
{
  double spread = 0;
  guint n_used = 0;
  for (guint i = 0; i < n_categories && n > 0; i++) {
    double q = (rows[i] + columns[i]) / (2 * n);
    spread += q * (1 - q);
    n_used += q > 0;
  }
  if (n <= 0 || n_used < 2) {
    *why = n <= 0 ? no_units : one_category;
    return NAN;
  }
  double po = n_agree / n, pe = spread / (double)(n_used - 1);
  return (po - pe) / (1 - pe);
}
