/* proportion.c: a share with its interval. The exact one inverts the binomial distribution through the
 * incomplete beta function. */
#include <chartroom/risk.h>
#include <math.h>
#include <stdlib.h>

#define Z 1.959963984540054

json_t *
cr_risk_figure_json(const CrRiskFigure *f)
{
  if (f->why)
    return json_pack("{s:n, s:n, s:n, s:s}", "value", "low", "high", "why", f->why);
  json_t *json = json_pack("{s:f}", "value", f->value);
  json_object_set_new(json, "low", isfinite(f->low) ? json_real(f->low) : json_null());
  json_object_set_new(json, "high", isfinite(f->high) ? json_real(f->high) : json_null());
  return json;
}

/* Whole numbers as they are; else two digits that mean something below 1, one decimal to 100, none beyond.
 * transfer full */
static char *
number_text(double value)
{
  static const struct {
    double below;
    const char *format;
  } formats[] = {{1e-4, "%.5f"}, {0.00995, "%.1g"}, {0.995, "%.2g"}, {99.95, "%.1f"}, {G_MAXDOUBLE, "%.0f"}};
  char text[G_ASCII_DTOSTR_BUF_SIZE];
  guint i = 0;
  while (value >= formats[i].below && i + 1 < G_N_ELEMENTS(formats))
    i++;
  return g_strdup(
      g_ascii_formatd(text, sizeof text, value == floor(value) ? "%.0f" : formats[i].format, value));
}

char *
cr_risk_figure_text(const json_t *figure, double times)
{
  const json_t *value = json_object_get(figure, "value"), *low = json_object_get(figure, "low"),
               *high = json_object_get(figure, "high");
  if (!json_is_number(value))
    return g_strdup("not defined");
  g_autofree char *middle = number_text(times * json_number_value(value));
  if (!json_is_number(low) || !json_is_number(high))
    return g_steal_pointer(&middle);
  g_autofree char *from = number_text(times * json_number_value(low)),
                  *to = number_text(times * json_number_value(high));
  return g_strdup_printf("%s (%s to %s)", middle, from, to);
}

static CrRiskFigure
none(const char *why)
{
  return (CrRiskFigure){NAN, NAN, NAN, why};
}

CrRiskFigure
cr_risk_wilson(guint64 hits, guint64 n)
{
  if (n == 0)
    return none("nothing was looked at");
  double p = (double)hits / (double)n, z2 = Z * Z / (double)n;
  double centre = (p + z2 / 2) / (1 + z2);
  double half = Z * sqrt(p * (1 - p) / (double)n + z2 / (4 * (double)n)) / (1 + z2);
  return (CrRiskFigure){p, hits == 0 ? 0 : MAX(0, centre - half), hits == n ? 1 : MIN(1, centre + half),
                        NULL};
}

/* Continued fraction of the incomplete beta function, by Lentz's method. */
static double
beta_fraction(double a, double b, double x)
{
  const double tiny = 1e-300;
  double c = 1, d = 1 - (a + b) * x / (a + 1);
  d = 1 / (fabs(d) < tiny ? tiny : d);
  double h = d;
  for (int m = 1; m <= 100000; m++) {
    for (int half = 0; half < 2; half++) {
      double k = m, top = half ? -(a + k) * (a + b + k) * x / ((a + 2 * k) * (a + 2 * k + 1))
                               : k * (b - k) * x / ((a + 2 * k - 1) * (a + 2 * k));
      d = 1 + top * d;
      c = 1 + top / c;
      d = 1 / (fabs(d) < tiny ? tiny : d);
      c = fabs(c) < tiny ? tiny : c;
      h *= d * c;
    }
    if (fabs(d * c - 1) < 1e-15)
      break;
  }
  return h;
}

static double
incomplete_beta(double a, double b, double x)
{
  if (x <= 0 || x >= 1)
    return x <= 0 ? 0 : 1;
  double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
  return x < (a + 1) / (a + b + 2) ? front * beta_fraction(a, b, x) / a
                                   : 1 - front * beta_fraction(b, a, 1 - x) / b;
}

static double
beta_quantile(double share, double a, double b)
{
  double low = 0, high = 1;
  for (int i = 0; i < 200 && high - low > 1e-15; i++) {
    double middle = (low + high) / 2;
    if (incomplete_beta(a, b, middle) < share)
      low = middle;
    else
      high = middle;
  }
  return (low + high) / 2;
}

CrRiskFigure
cr_risk_exact(guint64 hits, guint64 n)
{
  if (n == 0)
    return none("nothing was looked at");
  double k = (double)hits, all = (double)n;
  return (CrRiskFigure){k / all, hits == 0 ? 0 : beta_quantile(0.025, k, all - k + 1),
                        hits == n ? 1 : beta_quantile(0.975, k + 1, all - k), NULL};
}

double
cr_risk_none_seen(guint64 n)
{
  return n ? -expm1(log(0.05) / (double)n) : NAN;
}

static gint
compare_doubles(gconstpointer a, gconstpointer b)
{
  double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

static double *
sorted(const double *values, gsize n)
{
  double *copy = g_memdup2(values, n * sizeof(double));
  qsort(copy, n, sizeof(double), compare_doubles);
  return copy;
}

/* Pairs in which the first list's value is the greater one, ties half. */
static double
count_wins(const double *leaks, gsize n_leaks, const double *others, gsize n_others)
{
  g_autofree double *a = sorted(leaks, n_leaks), *b = sorted(others, n_others);
  gsize below = 0, up_to = 0;
  double wins = 0;
  for (gsize i = 0; i < n_leaks; i++) {
    while (below < n_others && b[below] < a[i])
      below++;
    while (up_to < n_others && b[up_to] <= a[i])
      up_to++;
    wins += (double)below + (double)(up_to - below) / 2;
  }
  return wins;
}

CrRiskFigure
cr_risk_auc(const double *leaks, gsize n_leaks, const double *others, gsize n_others)
{
  if (n_leaks == 0 || n_others == 0)
    return none(n_leaks == 0 ? "no leak is among what the attacker looks at"
                             : "nothing but leaks is among what the attacker looks at");
  double n1 = (double)n_leaks, n2 = (double)n_others;
  double a = count_wins(leaks, n_leaks, others, n_others) / (n1 * n2);
  double q1 = a / (2 - a), q2 = 2 * a * a / (1 + a);
  double se = sqrt(MAX(0, (a * (1 - a) + (n1 - 1) * (q1 - a * a) + (n2 - 1) * (q2 - a * a)) / (n1 * n2)));
  return (CrRiskFigure){a, MAX(0, a - Z * se), MIN(1, a + Z * se), NULL};
}
