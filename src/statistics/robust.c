/* robust.c: the middle of values, and what lies far from it. */
#include <chartroom/statistics.h>

#include <math.h>
#include <stdlib.h>

static int
compare(const void *a, const void *b)
{
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

double
cr_stat_quantile(const double *values, gsize n, double share)
{
  if (n == 0)
    return NAN;
  g_autofree double *sorted = g_memdup2(values, n * sizeof(double));
  qsort(sorted, n, sizeof(double), compare);
  double at = share * (double)(n - 1);
  gsize below = (gsize)floor(at);
  return below + 1 >= n ? sorted[n - 1]
                        : sorted[below] + (at - (double)below) * (sorted[below + 1] - sorted[below]);
}

double
cr_stat_median(const double *values, gsize n)
{
  return cr_stat_quantile(values, n, 0.5);
}

static double *
distances(const double *values, gsize n, double middle)
{
  double *out = g_new(double, n + 1);
  for (gsize i = 0; i < n; i++)
    out[i] = fabs(values[i] - middle);
  return out;
}

double
cr_stat_mad(const double *values, gsize n)
{
  g_autofree double *away = distances(values, n, cr_stat_median(values, n));
  return cr_stat_median(away, n);
}

void
cr_stat_robust_z(const double *values, gsize n, double *out)
{
  double middle = cr_stat_median(values, n), mad = cr_stat_mad(values, n), mean = 0;
  for (gsize i = 0; i < n; i++)
    mean += fabs(values[i] - middle) / (double)n;
  /* Both scales estimate the standard deviation of a normal sample: 1/0.6745 and sqrt(pi/2). */
  double scale = mad > 0 ? mad / 0.6745 : mean * 1.2533141373155;
  for (gsize i = 0; i < n; i++)
    out[i] = scale > 0 ? (values[i] - middle) / scale : 0;
}
