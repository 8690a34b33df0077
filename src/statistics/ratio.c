/* ratio.c: a share or a mean over documents, with an interval over resampled documents. */
#include <chartroom/statistics.h>
#include "statistics/draw.h"

#include <math.h>

enum { RESAMPLES = 2000, FEWEST = 5 };

json_t *
cr_stat_figure_json(const CrStatFigure *f)
{
  if (f->why)
    return json_pack("{s:n, s:n, s:n, s:s}", "value", "low", "high", "why", f->why);
  json_t *json = json_pack("{s:f}", "value", f->value);
  json_object_set_new(json, "low", isfinite(f->low) ? json_real(f->low) : json_null());
  json_object_set_new(json, "high", isfinite(f->high) ? json_real(f->high) : json_null());
  return json;
}

static double
resampled(const double *part, const double *whole, gsize n, CrStatRandom *random)
{
  double a = 0, b = 0;
  for (gsize i = 0; i < n; i++) {
    gsize at = cr_stat_below(random, n);
    a += part[at];
    b += whole[at];
  }
  return b > 0 ? a / b : NAN;
}

static double
ratio_of(const double *part, const double *whole, gsize n)
{
  double a = 0, b = 0;
  for (gsize i = 0; i < n; i++) {
    a += part[i];
    b += whole[i];
  }
  return b > 0 ? a / b : NAN;
}

static CrStatFigure
none(gsize n)
{
  return (CrStatFigure){NAN, NAN, NAN, n ? "there is nothing to be a share of" : "there is no document"};
}

/* Resamples in which the value is defined; below half of them there is no interval. */
static void
set_interval(CrStatFigure *f, const double *drawn, gsize n_drawn)
{
  if (n_drawn * 2 < RESAMPLES)
    return;
  f->low = cr_stat_quantile(drawn, n_drawn, 0.025);
  f->high = cr_stat_quantile(drawn, n_drawn, 0.975);
}

CrStatFigure
cr_stat_ratio(const double *part, const double *whole, gsize n, guint64 seed)
{
  CrStatFigure f = {ratio_of(part, whole, n), NAN, NAN, NULL};
  if (isnan(f.value))
    return none(n);
  if (n < FEWEST)
    return f;
  g_autofree double *drawn = g_new(double, RESAMPLES);
  CrStatRandom random = {seed};
  gsize n_drawn = 0;
  for (gsize i = 0; i < RESAMPLES; i++) {
    double value = resampled(part, whole, n, &random);
    if (!isnan(value))
      drawn[n_drawn++] = value;
  }
  set_interval(&f, drawn, n_drawn);
  return f;
}

CrStatFigure
cr_stat_gap(const double *part_a, const double *whole_a, gsize n_a, const double *part_b,
            const double *whole_b, gsize n_b, guint64 seed)
{
  CrStatFigure f = {ratio_of(part_a, whole_a, n_a) - ratio_of(part_b, whole_b, n_b), NAN, NAN, NULL};
  if (isnan(f.value))
    return none(MIN(n_a, n_b));
  if (n_a < FEWEST || n_b < FEWEST)
    return f;
  g_autofree double *drawn = g_new(double, RESAMPLES);
  CrStatRandom random = {seed};
  gsize n_drawn = 0;
  for (gsize i = 0; i < RESAMPLES; i++) {
    double value = resampled(part_a, whole_a, n_a, &random) - resampled(part_b, whole_b, n_b, &random);
    if (!isnan(value))
      drawn[n_drawn++] = value;
  }
  set_interval(&f, drawn, n_drawn);
  return f;
}
