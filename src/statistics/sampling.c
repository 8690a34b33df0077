/* sampling.c: whether a lot may pass by what a sample of it holds: Wald's sequential test, and single samples
 * whose risks are counted by the hypergeometric distribution. */
#include <chartroom/statistics.h>

#include <math.h>

/* ---- sequential (Wald 1947, chapter 5: the binomial) ---- */

typedef struct {
  double slope, accept, reject; /* accept where d <= slope n - accept, refuse where d >= slope n + reject */
} Lines;

static Lines
make_lines(const CrSamplingPlan *p)
{
  double good = log((1 - p->acceptable) / (1 - p->rejectable)), bad = log(p->rejectable / p->acceptable),
         scale = good + bad;
  return (Lines){good / scale, log((1 - p->alpha) / p->beta) / scale, log((1 - p->beta) / p->alpha) / scale};
}

CrSequential
cr_stat_sequential(const CrSamplingPlan *plan, guint64 n, guint64 d)
{
  Lines l = make_lines(plan);
  double accept = floor(l.slope * (double)n - l.accept + 1e-9),
         reject = ceil(l.slope * (double)n + l.reject - 1e-9);
  CrSequential s = {CR_SAMPLING_GO_ON, accept < 0 ? -1 : (gint64)accept, (gint64)reject,
                    (gint64)ceil(l.accept / l.slope - 1e-9)};
  if (n > 0 && (double)d >= reject)
    s.verdict = CR_SAMPLING_REJECT;
  else if (n > 0 && (double)d <= accept)
    s.verdict = CR_SAMPLING_ACCEPT;
  return s;
}

/* ---- single samples ---- */

static double
log_choose(guint64 n, guint64 k)
{
  return lgamma((double)n + 1) - lgamma((double)k + 1) - lgamma((double)(n - k) + 1);
}

double
cr_stat_hypergeometric(guint64 lot, guint64 d, guint64 n, guint64 c)
{
  guint64 least = n + d > lot ? n + d - lot : 0, most = MIN(MIN(n, d), c);
  double sum = 0;
  if (most >= MIN(n, d))
    return 1;
  for (guint64 k = least; k <= most; k++)
    sum += exp(log_choose(d, k) + log_choose(lot - d, n - k) - log_choose(lot, n));
  return MIN(1, sum);
}

/* The largest number that is not yet bad, and the smallest that is: whole notes. */
static guint64
defective(guint64 lot, double share, gboolean up)
{
  double exact = share * (double)lot;
  return (guint64)(up ? ceil(exact - 1e-9) : floor(exact + 1e-9));
}

static gboolean
holds(const CrSamplingPlan *p, guint64 lot, guint64 n, guint64 c)
{
  return cr_stat_hypergeometric(lot, defective(lot, p->acceptable, FALSE), n, c) >= 1 - p->alpha - 1e-9 &&
         cr_stat_hypergeometric(lot, defective(lot, p->rejectable, TRUE), n, c) <= p->beta + 1e-9;
}

guint64
cr_stat_single_sample(const CrSamplingPlan *plan, guint64 lot, guint64 *accept)
{
  guint64 c = 0;
  for (guint64 n = 1; n < lot; n++) {
    /* For each n the fewest that good lots ask to be let through; more would only let bad ones through. */
    while (cr_stat_hypergeometric(lot, defective(lot, plan->acceptable, FALSE), n, c) <
           1 - plan->alpha - 1e-9)
      c++;
    if (holds(plan, lot, n, c)) {
      *accept = c;
      return n;
    }
  }
  *accept = defective(lot, plan->acceptable, FALSE);
  return lot;
}
