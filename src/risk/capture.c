/* capture.c: what nobody found, from what one found and the other did not. */
#include <chartroom/risk.h>
#include <math.h>

#define Z 1.959963984540054
enum { LEAST_OVERLAP = 7 };

void
cr_capture_add(CrCapture *sum, const CrCapture *more)
{
  for (guint i = 0; i < G_N_ELEMENTS(sum->cells); i++)
    sum->cells[i] += more->cells[i];
}

static CrRiskFigure
none(const char *why)
{
  return (CrRiskFigure){NAN, NAN, NAN, why};
}

/* Log-normal limits of what was not seen (Chao 1987): never below nothing. */
static CrRiskFigure
log_normal(double missed, double variance)
{
  if (missed <= 0)
    return (CrRiskFigure){0, 0, 0, NULL};
  double c = exp(Z * sqrt(log1p(variance / (missed * missed))));
  return (CrRiskFigure){missed, missed / c, missed * c, NULL};
}

/* a found by the first alone, b by the second alone, m by both: (n1+1)(n2+1)/(m+1)-1 less what was seen is
 * ab/(m+1). */
static double
chapman_variance(double a, double b, double m)
{
  return (a + m + 1) * (b + m + 1) * a * b / ((m + 1) * (m + 1) * (m + 2));
}

/* Where one of them found all that the other found, the estimate is 0 with variance 0, which is no certainty:
 * the upper limit then takes each reviewer's chance to miss at its own exact upper limit. */
static double
high_at_zero(guint64 a, guint64 b, guint64 m)
{
  double miss_first = cr_risk_exact(b, m + b).high, miss_second = cr_risk_exact(a, m + a).high;
  double both = miss_first * miss_second;
  return (double)(a + b + m) * both / (1 - both);
}

static CrRiskFigure
missed_of(guint64 a, guint64 b, guint64 m, double *variance)
{
  *variance = chapman_variance((double)a, (double)b, (double)m);
  if (a + b + m == 0)
    return none("neither reviewer found any");
  if (m < LEAST_OVERLAP)
    return none("fewer than 7 were found by both reviewers");
  CrRiskFigure f = log_normal((double)a * (double)b / (double)(m + 1), *variance);
  if (f.value <= 0)
    f.high = high_at_zero(a, b, m);
  return f;
}

CrRiskFigure
cr_capture_chapman(guint64 n1, guint64 n2, guint64 m, double *se)
{
  double variance, seen = (double)n1 + (double)n2 - (double)m;
  if (m > n1 || m > n2)
    return none("more in common than one of them found");
  CrRiskFigure f = missed_of(n1 - m, n2 - m, m, &variance);
  if (se)
    *se = sqrt(variance);
  if (f.why)
    return f;
  return (CrRiskFigure){seen + f.value, seen + f.low, seen + f.high, NULL};
}

/* f1 were found by one of three, f2 by two of three. */
static CrRiskFigure
chao(double f1, double f2, double seen)
{
  const double t = 2.0 / 3.0;
  if (seen <= 0)
    return none("nobody found any");
  if (f1 <= 0)
    return (CrRiskFigure){0, NAN, NAN, NULL}; /* a lower bound of nothing says nothing more */
  if (f2 > 0) {
    double r = f1 / f2, missed = t * f1 * f1 / (2 * f2);
    return log_normal(missed, f2 * (t / 2 * r * r + t * t * r * r * r + t * t / 4 * r * r * r * r));
  }
  double missed = t * f1 * (f1 - 1) / 2;
  return log_normal(missed, t * f1 * (f1 - 1) / 2 + t * t * f1 * (2 * f1 - 1) * (2 * f1 - 1) / 4 -
                                t * t * f1 * f1 * f1 * f1 / (4 * (seen + missed)));
}

/* Two independent parts: values and variances add up; the limits anew from their sum. */
static CrRiskFigure
sum_parts(const CrRiskFigure *x, double vx, const CrRiskFigure *y, double vy)
{
  CrRiskFigure f = log_normal(x->value + y->value, vx + vy);
  /* A part at zero has no variance; its upper limit must not be lost. */
  double apart = hypot(x->high - x->value, y->high - y->value) + f.value;
  f.high = MAX(f.high, apart);
  return f;
}

static CrRiskFigure
conditional(CrCaptureReport *r, const guint64 *c)
{
  double shown, hidden;
  r->missed_shown =
      missed_of(c[CR_FOUND_DETECTOR | CR_FOUND_FIRST], c[CR_FOUND_DETECTOR | CR_FOUND_SECOND], c[7], &shown);
  r->missed_hidden =
      missed_of(c[CR_FOUND_FIRST], c[CR_FOUND_SECOND], c[CR_FOUND_FIRST | CR_FOUND_SECOND], &hidden);
  if (r->missed_shown.why)
    return r->missed_shown;
  if (r->missed_hidden.why)
    return none(r->beyond_detector
                    ? "fewer than 7 were found by both reviewers where the detector found nothing"
                    : "neither reviewer found any that the detector had not shown");
  return sum_parts(&r->missed_shown, shown, &r->missed_hidden, hidden);
}

/* How many were missed is a whole number: the limits go outwards to the next. */
static void
make_whole(CrRiskFigure *f)
{
  if (f->why || isnan(f->low))
    return;
  f->low = floor(f->low);
  f->high = ceil(f->high - 1e-9);
}

CrCaptureReport
cr_capture_report(const CrCapture *capture)
{
  const guint64 *c = capture->cells;
  CrCaptureReport r = {.later = c[0] + c[CR_FOUND_DETECTOR]};
  double variance;
  for (guint i = 1; i < G_N_ELEMENTS(capture->cells); i++)
    r.found += c[i];
  r.both = c[7] + c[CR_FOUND_FIRST | CR_FOUND_SECOND];
  r.first_only = c[CR_FOUND_FIRST] + c[CR_FOUND_DETECTOR | CR_FOUND_FIRST];
  r.second_only = c[CR_FOUND_SECOND] + c[CR_FOUND_DETECTOR | CR_FOUND_SECOND];
  r.beyond_detector = c[CR_FOUND_FIRST] + c[CR_FOUND_SECOND] + c[CR_FOUND_FIRST | CR_FOUND_SECOND];
  r.missed_pooled = missed_of(r.first_only, r.second_only, r.both, &variance);
  r.missed = conditional(&r, c);
  double one = (double)(c[CR_FOUND_DETECTOR] + c[CR_FOUND_FIRST] + c[CR_FOUND_SECOND]),
         two = (double)(c[CR_FOUND_DETECTOR | CR_FOUND_FIRST] + c[CR_FOUND_DETECTOR | CR_FOUND_SECOND] +
                        c[CR_FOUND_FIRST | CR_FOUND_SECOND]);
  r.missed_at_least = chao(one, two, (double)r.found);
  CrRiskFigure *const figures[] = {&r.missed, &r.missed_pooled, &r.missed_shown, &r.missed_hidden,
                                   &r.missed_at_least};
  for (guint i = 0; i < G_N_ELEMENTS(figures); i++)
    make_whole(figures[i]);
  return r;
}
