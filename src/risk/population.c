/* population.c: how many of those that are alone in the sample are alone in the population. */
#include <chartroom/risk.h>
#include <math.h>

typedef struct {
  const GArray *histogram; /* [i]: classes of i + 1 */
  double n, u;             /* in the sample: persons, classes */
} Sample;

static Sample
count(const GArray *histogram)
{
  Sample s = {histogram, 0, 0};
  for (guint i = 0; i < histogram->len; i++) {
    double classes = (double)g_array_index(histogram, guint64, i);
    s.n += classes * (i + 1);
    s.u += classes;
  }
  return s;
}

/* ---- Pitman's sampling formula ---- */

/* Its log likelihood in 0 < a < 1, theta > -a, constants left out. Products (theta + a)(theta + 2a)… and
 * (1 - a)(2 - a)… are ratios of gamma functions. */
static double
likelihood(const Sample *s, double theta, double a)
{
  double x = theta / a, l = (s->u - 1) * log(a) + lgamma(x + s->u) - lgamma(x + 1);
  l -= lgamma(theta + s->n) - lgamma(theta + 1);
  for (guint i = 1; i < s->histogram->len; i++) {
    double classes = (double)g_array_index(s->histogram, guint64, i);
    if (classes > 0)
      l += classes * (lgamma((double)i + 1 - a) - lgamma(1 - a));
  }
  return l;
}

/* The theta that is likeliest with a, sought on a logarithmic scale of theta + a by golden sections. */
static double
best_theta(const Sample *s, double a, double *best)
{
  const double golden = 0.6180339887498949;
  double low = log(1e-6), high = log(1e9);
  for (int i = 0; i < 80; i++) {
    double x = high - golden * (high - low), y = low + golden * (high - low);
    if (likelihood(s, exp(x) - a, a) < likelihood(s, exp(y) - a, a))
      low = x;
    else
      high = y;
  }
  double theta = exp((low + high) / 2) - a;
  *best = likelihood(s, theta, a);
  return theta;
}

static double
best_alpha(const Sample *s, double *theta)
{
  const double golden = 0.6180339887498949;
  double low = 1e-6, high = 1 - 1e-6, value;
  for (int i = 0; i < 60; i++) {
    double x = high - golden * (high - low), y = low + golden * (high - low), lx, ly;
    (void)best_theta(s, x, &lx);
    (void)best_theta(s, y, &ly);
    if (lx < ly)
      low = x;
    else
      high = y;
  }
  *theta = best_theta(s, (low + high) / 2, &value);
  return (low + high) / 2;
}

/* Persons of the population who are alone: Gamma(theta+1)/Gamma(theta+a) N^a (Hoshino 2001); of the sample
 * then the same share. */
static double
pitman(const Sample *s, double population)
{
  double theta, a = best_alpha(s, &theta);
  double unique = exp(lgamma(theta + 1) - lgamma(theta + a) + a * log(population));
  return unique / population;
}

/* ---- Zayatz ---- */

/* The chance that a class of i in the population shows one of its persons in the sample. */
static double
log_one_of(double i, double n, double population)
{
  /* C(i,1) C(N-i, n-1) / C(N, n) */
  return log(i) + lgamma(population - i + 1) - lgamma(n) - lgamma(population - i - n + 2) -
         (lgamma(population + 1) - lgamma(n + 1) - lgamma(population - n + 1));
}

/* Sizes in the population are taken as those of the sample; Bayes gives how many of the lone are alone. */
static double
zayatz(const Sample *s, double population)
{
  double all = 0, alone = 0;
  for (guint i = 0; i < s->histogram->len; i++) {
    double classes = (double)g_array_index(s->histogram, guint64, i);
    if (classes <= 0 || population - (i + 1) < s->n - 1)
      continue;
    double chance = classes / s->u * exp(log_one_of(i + 1, s->n, population));
    all += chance;
    alone += i == 0 ? chance : 0;
  }
  double lone = (double)g_array_index(s->histogram, guint64, 0);
  return all > 0 ? alone / all * lone / s->n : 0;
}

CrRiskFigure
cr_risk_population_unique(const GArray *histogram, guint64 population, const char **method)
{
  Sample s = count(histogram);
  double lone = histogram->len ? (double)g_array_index(histogram, guint64, 0) : 0;
  gboolean few = s.n <= 0.1 * (double)population;
  CrRiskFigure f = {0, NAN, NAN, NULL};
  if (method)
    *method = few ? "Pitman" : "Zayatz";
  if (s.n < 1)
    f.why = "nobody is in the sample";
  else if ((double)population < s.n)
    f.why = "the population is smaller than the sample";
  else if (few && lone >= s.u)
    f.why = "everybody in the sample is alone: the model can't tell how far that goes";
  else if (lone > 0)
    f.value = few ? pitman(&s, (double)population) : zayatz(&s, (double)population);
  if (f.why)
    f.value = NAN;
  else
    f.value = MIN(f.value, lone / s.n);
  return f;
}
