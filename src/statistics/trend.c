/* trend.c: whether one number goes with another: Spearman's rank correlation with a permutation test, and the
 * Theil-Sen slope, both within strata (sittings, kinds of document) so that what differs between strata is
 * not taken for a trend. */
#include <chartroom/statistics.h>
#include "statistics/draw.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FEWEST = 4, DRAWN = 9999, MOST_COUNTED = 50000, MOST_SLOPES = 2000000 };

typedef struct {
  gsize first, n; /* places in the sorted pairs */
} Stratum;

typedef struct {
  gsize n;
  double *x, *y; /* the values, by stratum */
  double *u, *v; /* their mid ranks, centred within the stratum */
  GArray *strata;
} Ranked;

static void
ranked_clear(Ranked *r)
{
  g_free(r->x);
  g_free(r->y);
  g_free(r->u);
  g_free(r->v);
  g_clear_pointer(&r->strata, g_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Ranked, ranked_clear)

static int
compare_doubles(const void *a, const void *b)
{
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Mid ranks less their mean, (n - 1) / 2 counted from 0. */
static void
rank(const double *values, gsize n, double *out)
{
  g_autofree double *sorted = g_memdup2(values, n * sizeof(double));
  qsort(sorted, n, sizeof(double), compare_doubles);
  for (gsize i = 0; i < n; i++) {
    gsize below = 0, up_to = n, high = n;
    while (below < high) {
      gsize middle = below + (high - below) / 2;
      if (sorted[middle] < values[i])
        below = middle + 1;
      else
        high = middle;
    }
    for (up_to = below; up_to < n && sorted[up_to] <= values[i]; up_to++)
      ;
    out[i] = ((double)below + (double)up_to - 1) / 2 - (double)(n - 1) / 2;
  }
}

typedef struct {
  guint stratum;
  gsize at;
} Place;

static int
compare_places(const void *a, const void *b)
{
  const Place *p = a, *q = b;
  if (p->stratum != q->stratum)
    return p->stratum < q->stratum ? -1 : 1;
  return (p->at > q->at) - (p->at < q->at);
}

/* Pairs by stratum; strata of one tell nothing and are left out. */
static void
ranked_init(Ranked *r, const double *x, const double *y, const guint *strata, gsize n)
{
  g_autofree Place *places = g_new(Place, n + 1);
  *r = (Ranked){0,
                g_new(double, n + 1),
                g_new(double, n + 1),
                g_new(double, n + 1),
                g_new(double, n + 1),
                g_array_new(FALSE, FALSE, sizeof(Stratum))};
  for (gsize i = 0; i < n; i++)
    places[i] = (Place){strata ? strata[i] : 0, i};
  qsort(places, n, sizeof(Place), compare_places);
  for (gsize i = 0, end; i < n; i = end) {
    for (end = i; end < n && places[end].stratum == places[i].stratum; end++)
      ;
    if (end - i < 2)
      continue;
    Stratum s = {r->n, end - i};
    for (gsize k = i; k < end; k++, r->n++) {
      r->x[r->n] = x[places[k].at];
      r->y[r->n] = y[places[k].at];
    }
    rank(r->x + s.first, s.n, r->u + s.first);
    rank(r->y + s.first, s.n, r->v + s.first);
    g_array_append_val(r->strata, s);
  }
}

/* ---- the permutation test ---- */

static double
product(const double *u, const double *v, gsize n)
{
  double sum = 0;
  for (gsize i = 0; i < n; i++)
    sum += u[i] * v[i];
  return sum;
}

typedef struct {
  const Ranked *r;
  double *v; /* being permuted */
  double seen;
  guint64 n, n_as_far;
} Counting;

static void
swap(double *v, gsize i, gsize j)
{
  double held = v[i];
  v[i] = v[j];
  v[j] = held;
}

static void
count_one(Counting *c)
{
  c->n++;
  c->n_as_far += fabs(product(c->r->u, c->v, c->r->n)) >= c->seen - 1e-9;
}

/* Every order of one stratum after another. */
static void
count_orders(Counting *c, guint stratum, gsize fixed)
{
  if (stratum == c->r->strata->len) {
    count_one(c);
    return;
  }
  const Stratum *s = &g_array_index(c->r->strata, Stratum, stratum);
  if (fixed == s->n) {
    count_orders(c, stratum + 1, 0);
    return;
  }
  for (gsize i = fixed; i < s->n; i++) {
    swap(c->v + s->first, fixed, i);
    count_orders(c, stratum, fixed + 1);
    swap(c->v + s->first, fixed, i);
  }
}

static void
draw_orders(Counting *c, guint64 seed)
{
  CrStatRandom random = {seed};
  for (guint d = 0; d < DRAWN; d++) {
    for (guint k = 0; k < c->r->strata->len; k++) {
      const Stratum *s = &g_array_index(c->r->strata, Stratum, k);
      for (gsize i = s->n; i > 1; i--)
        swap(c->v + s->first, i - 1, cr_stat_below(&random, i));
    }
    count_one(c);
  }
}

static double
number_of_orders(const Ranked *r)
{
  double n = 1;
  for (guint k = 0; k < r->strata->len; k++)
    for (gsize i = 2; i <= g_array_index(r->strata, Stratum, k).n && n <= MOST_COUNTED; i++)
      n *= (double)i;
  return n;
}

static double
permutation_p(const Ranked *r, guint64 seed, gboolean *is_exact)
{
  g_autofree double *v = g_memdup2(r->v, r->n * sizeof(double));
  Counting c = {r, v, fabs(product(r->u, r->v, r->n)), 0, 0};
  *is_exact = number_of_orders(r) <= MOST_COUNTED;
  if (*is_exact)
    count_orders(&c, 0, 0);
  else
    draw_orders(&c, seed);
  return *is_exact ? (double)c.n_as_far / (double)c.n : (double)(c.n_as_far + 1) / (double)(c.n + 1);
}

/* ---- the slope ---- */

/* Slopes of all pairs of a stratum with different x; beyond two millions a stratum gives every k-th pair. */
static GArray *
all_slopes(const Ranked *r)
{
  GArray *slopes = g_array_new(FALSE, FALSE, sizeof(double));
  double n_pairs = 0;
  for (guint k = 0; k < r->strata->len; k++) {
    double n = (double)g_array_index(r->strata, Stratum, k).n;
    n_pairs += n * (n - 1) / 2;
  }
  gsize step = 1 + (gsize)(n_pairs / MOST_SLOPES), at = 0;
  for (guint k = 0; k < r->strata->len; k++) {
    const Stratum *s = &g_array_index(r->strata, Stratum, k);
    for (gsize i = s->first; i < s->first + s->n; i++)
      for (gsize j = i + 1; j < s->first + s->n; j++) {
        double across = r->x[j] - r->x[i], slope = (r->y[j] - r->y[i]) / across;
        if ((across > 0 || across < 0) && at++ % step == 0)
          g_array_append_val(slopes, slope);
      }
  }
  return slopes;
}

/* Sen's interval: the slopes at (N -+ 1.96 sqrt(n (n-1) (2n+5) / 18)) / 2 in order. */
static void
theil_sen(const Ranked *r, CrTrend *t)
{
  g_autoptr(GArray) slopes = all_slopes(r);
  double *values = (double *)(gpointer)slopes->data, n = (double)r->n, all = slopes->len;
  if (slopes->len == 0)
    return;
  t->slope = cr_stat_median(values, slopes->len);
  if (r->strata->len != 1 || all < n * (n - 1) / 2 - 0.5)
    return; /* ties in x, strata, thinned pairs: the variance is another */
  qsort(values, slopes->len, sizeof(double), compare_doubles);
  double reach = 1.959963984540054 * sqrt(n * (n - 1) * (2 * n + 5) / 18);
  double low = floor((all - reach) / 2), high = ceil((all + reach) / 2);
  if (low < 1 || high > all - 1)
    return;
  t->low = values[(gsize)low - 1];
  t->high = values[(gsize)high];
}

CrTrend
cr_stat_trend(const double *x, const double *y, const guint *strata, gsize n, guint64 seed)
{
  g_auto(Ranked) r;
  ranked_init(&r, x, y, strata, n);
  CrTrend t = {NAN, NAN, FALSE, NAN, NAN, NAN, r.n, r.strata->len, NULL};
  double xx = product(r.u, r.u, r.n), yy = product(r.v, r.v, r.n);
  if (r.n < FEWEST)
    t.why = "too few notes";
  else if (!(xx > 0) || !(yy > 0))
    t.why = "all are alike";
  if (t.why)
    return t;
  t.rho = product(r.u, r.v, r.n) / sqrt(xx * yy);
  t.p = permutation_p(&r, seed, &t.is_exact);
  theil_sen(&r, &t);
  return t;
}

/* ---- many tests at once ---- */

static int
compare_pointed(const void *a, const void *b)
{
  return compare_doubles(*(const double *const *)a, *(const double *const *)b);
}

/* The k-th smallest of n by n - k + 1, never below the one before, never above 1. */
void
cr_stat_holm(const double *p, gsize n, double *out)
{
  g_autofree double *given = g_memdup2(p, n * sizeof(double));
  g_autofree const double **order = g_new(const double *, n + 1);
  double before = 0;
  for (gsize i = 0; i < n; i++)
    order[i] = &given[i];
  qsort(order, n, sizeof *order, compare_pointed);
  for (gsize k = 0; k < n; k++) {
    before = MIN(1, MAX(before, *order[k] * (double)(n - k)));
    out[order[k] - given] = before;
  }
}
