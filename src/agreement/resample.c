/* Resampling: a repeatable generator, and the interval that a set of resampled values gives. */
#include "agreement/agreement-private.h"
#include <math.h>
#include <stdlib.h>

/* SplitMix64 (Steele, Lea & Flood 2014): the same numbers on every machine. */
guint64
cr_random_next(CrRandom *random)
{
  guint64 z = random->state += G_GUINT64_CONSTANT(0x9E3779B97F4A7C15);
  z = (z ^ (z >> 30)) * G_GUINT64_CONSTANT(0xBF58476D1CE4E5B9);
  z = (z ^ (z >> 27)) * G_GUINT64_CONSTANT(0x94D049BB133111EB);
  return z ^ (z >> 31);
}

guint
cr_random_below(CrRandom *random, guint bound)
{
  return (guint)(((cr_random_next(random) >> 32) * bound) >> 32);
}

/* ---- resampled sums ---- */

enum { BLOCK = 8 }; /* resamples summed in one pass over the rows */

static void
add_row(double *sums, const float *row, double weight, gsize n)
{
  for (gsize i = 0; i < n; i++)
    sums[i] += weight * (double)row[i];
}

static void
draw_weights(CrRandom *random, guint32 *weights, guint n_rows, guint n_in_block)
{
  for (gsize i = 0; i < (gsize)n_rows * BLOCK; i++)
    weights[i] = 0;
  for (guint r = 0; r < n_in_block; r++)
    for (guint i = 0; i < n_rows; i++)
      weights[(gsize)cr_random_below(random, n_rows) * BLOCK + r]++;
}

void
cr_resample_rows(const float *rows, guint n_rows, gsize stride, guint n_resamples, guint64 seed,
                 CrResampleFunc func, gpointer user_data)
{
  g_autofree guint32 *weights = g_new(guint32, (gsize)n_rows * BLOCK);
  g_autofree double *sums = g_new(double, MAX(stride * BLOCK, 1));
  CrRandom random = {seed};
  for (guint first = 0; first < n_resamples; first += BLOCK) {
    guint n_in_block = MIN((guint)BLOCK, n_resamples - first);
    draw_weights(&random, weights, n_rows, n_in_block);
    for (gsize i = 0; i < stride * BLOCK; i++)
      sums[i] = 0;
    for (guint d = 0; d < n_rows; d++)
      for (guint r = 0; r < n_in_block; r++)
        if (weights[(gsize)d * BLOCK + r])
          add_row(sums + r * stride, rows + d * stride, weights[(gsize)d * BLOCK + r], stride);
    for (guint r = 0; r < n_in_block; r++)
      func(sums + r * stride, first + r, user_data);
  }
}

/* ---- intervals ---- */

static double
normal_cdf(double x)
{
  return 0.5 * erfc(-x / sqrt(2));
}

/* The inverse, by bisection: called a few times an interval, and exact to the last digits that matter. */
static double
normal_quantile(double p)
{
  double low = -9, high = 9;
  for (guint i = 0; i < 60; i++) {
    double middle = (low + high) / 2;
    if (normal_cdf(middle) < p)
      low = middle;
    else
      high = middle;
  }
  return (low + high) / 2;
}

static int
compare_doubles(const void *a, const void *b)
{
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Linear between order statistics (Hyndman & Fan 1996, type 7). */
static double
quantile(const double *sorted, guint n, double p)
{
  double position = p * (n - 1);
  guint below = (guint)floor(position);
  if (below + 1 >= n)
    return sorted[n - 1];
  return sorted[below] + (position - below) * (sorted[below + 1] - sorted[below]);
}

/* Efron (1987): a = sum d^3 / (6 (sum d^2)^1.5), d the mean less each value without one unit. */
static double
acceleration(const double *jackknife, gsize n)
{
  double mean = 0, squares = 0, cubes = 0;
  gsize n_defined = 0;
  for (gsize i = 0; i < n; i++)
    if (!isnan(jackknife[i])) {
      mean += jackknife[i];
      n_defined++;
    }
  mean /= (double)MAX(n_defined, 1);
  for (gsize i = 0; i < n; i++) {
    double d = mean - jackknife[i];
    if (isnan(d))
      continue;
    squares += d * d;
    cubes += d * d * d;
  }
  return squares > 0 ? cubes / (6 * pow(squares, 1.5)) : 0;
}

/* Share of resamples below the value, those equal to it by half. */
static double
share_below(double value, const double *sorted, guint n)
{
  double below = 0;
  for (guint i = 0; i < n && sorted[i] <= value; i++)
    below += sorted[i] < value ? 1 : 0.5;
  return below / n;
}

/* The corrected quantile; where the acceleration is too strong for the formula, the plain one. */
static double
corrected(double z0, double a, double z)
{
  double shifted = z0 + z, scale = 1 - a * shifted;
  return normal_cdf(scale > 0.1 ? z0 + shifted / scale : z);
}

CrInterval
cr_interval(double value, double *values, guint n_values, const double *jackknife, gsize n_jackknife)
{
  CrInterval interval = {NAN, NAN, FALSE, 0};
  for (guint i = 0; i < n_values; i++)
    if (!isnan(values[i]))
      values[interval.n_defined++] = values[i];
  if (isnan(value) || interval.n_defined * 2 < n_values || interval.n_defined < 2)
    return interval;
  qsort(values, interval.n_defined, sizeof *values, compare_doubles);
  interval.is_flat = values[0] >= values[interval.n_defined - 1];
  double low = 0.025, high = 0.975, share = share_below(value, values, interval.n_defined);
  if (jackknife && share > 0 && share < 1) {
    double z0 = normal_quantile(share), a = acceleration(jackknife, n_jackknife);
    low = corrected(z0, a, -CR_Z95);
    high = corrected(z0, a, CR_Z95);
  }
  interval.low = quantile(values, interval.n_defined, low);
  interval.high = quantile(values, interval.n_defined, high);
  return interval;
}
