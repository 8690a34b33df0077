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

CrStatFigure
cr_stat_ratio(const double *part, const double *whole, gsize n, guint64 seed)
{
  double a = 0, b = 0;
  for (gsize i = 0; i < n; i++) {
    a += part[i];
    b += whole[i];
  }
  if (!(b > 0))
    return (CrStatFigure){NAN, NAN, NAN, n ? "there is nothing to be a share of" : "there is no document"};
  CrStatFigure f = {a / b, NAN, NAN, NULL};
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
  if (n_drawn * 2 < RESAMPLES)
    return f;
  f.low = cr_stat_quantile(drawn, n_drawn, 0.025);
  f.high = cr_stat_quantile(drawn, n_drawn, 0.975);
  return f;
}
