/* Gamma over documents: the disorder of the best alignments against that of continua drawn by chance. A drawn
 * continuum has as many units a reader, as long, as far apart and of such labels as the readers' own, each
 * drawn from the normal distribution with their mean and standard deviation (labels by their shares); seeded.
 * Disorders are sums over unitary alignments divided by the mean number of units of a reader. */
#include "agreement/gamma.h"
#include "agreement/unitizing.h"
#include <math.h>

enum { LEAST_SAMPLES = 30, MOST_SAMPLES = 300, MOST_UNITS = 200000, MOST_READERS = 16 };
#define MOST_WORK 2e9  /* some seconds */
#define PRECISION 0.02 /* of the expected disorder, at 95 % */

typedef struct {
  double mean, sd;
} Normal;

typedef struct {
  Normal n_units, gap, length;
  double *share; /* of each label, cumulated */
  guint n_labels, n_readers;
} Chance;

typedef struct {
  double *sum, *mean_units; /* of each document */
  double all_sum, all_units, bound;
} Observed;

/* ---- what the readers did ---- */

static void
add_unit(GArray *units, const CrLabelSpan *span)
{
  const CrGammaUnit unit = {(double)span->start, (double)span->end, span->label};
  if (span->end > span->start)
    g_array_append_val(units, unit);
}

static Normal
normal_of(const GArray *values)
{
  Normal out = {0, 0};
  for (guint i = 0; i < values->len; i++)
    out.mean += g_array_index(values, double, i) / values->len;
  for (guint i = 0; i < values->len; i++)
    out.sd += (g_array_index(values, double, i) - out.mean) * (g_array_index(values, double, i) - out.mean) /
              values->len;
  out.sd = sqrt(out.sd);
  return out;
}

typedef struct {
  GArray *n_units, *gaps, *lengths; /* double */
} Measured;

static void
measure(Measured *m, double *share, const GArray *const *units, guint n_readers)
{
  double from = INFINITY;
  for (guint r = 0; r < n_readers; r++)
    for (guint i = 0; i < units[r]->len; i++)
      from = MIN(from, g_array_index(units[r], CrGammaUnit, i).start);
  for (guint r = 0; r < n_readers; r++) {
    const double n = units[r]->len;
    double at = from;
    g_array_append_val(m->n_units, n);
    for (guint i = 0; i < units[r]->len; i++) {
      const CrGammaUnit *unit = &g_array_index(units[r], CrGammaUnit, i);
      const double gap = unit->start - at, length = unit->end - unit->start;
      g_array_append_val(m->gaps, gap);
      g_array_append_val(m->lengths, length);
      share[unit->label]++;
      at = unit->end;
    }
  }
}

static void
align(Observed *o, guint document, const GArray *const *units, guint n_readers)
{
  double bound = 0, n = 0;
  for (guint r = 0; r < n_readers; r++)
    n += units[r]->len;
  o->sum[document] = cr_gamma_best_sum(units, n_readers, &bound);
  o->mean_units[document] = n / n_readers;
  o->all_sum += o->sum[document];
  o->all_units += o->mean_units[document];
  o->bound += bound;
}

static void
read_documents(const CrComparison *comparison, const CrLabelSet *readers, Chance *chance, Observed *o)
{
  g_autoptr(GArray) n_units = g_array_new(FALSE, FALSE, sizeof(double)),
                    gaps = g_array_new(FALSE, FALSE, sizeof(double)),
                    lengths = g_array_new(FALSE, FALSE, sizeof(double));
  g_autofree gsize *next = g_new0(gsize, chance->n_readers);
  Measured m = {n_units, gaps, lengths};
  for (guint d = 0; d < comparison->n_documents; d++) {
    g_autoptr(GPtrArray) units = g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref);
    for (guint r = 0; r < chance->n_readers; r++) {
      GArray *own = g_array_new(FALSE, FALSE, sizeof(CrGammaUnit));
      g_ptr_array_add(units, own);
      for (; next[r] < readers[r].n_spans && readers[r].spans[next[r]].document == d; next[r]++)
        add_unit(own, &readers[r].spans[next[r]]);
    }
    measure(&m, chance->share, (const GArray *const *)units->pdata, chance->n_readers);
    align(o, d, (const GArray *const *)units->pdata, chance->n_readers);
  }
  chance->n_units = normal_of(n_units);
  chance->gap = normal_of(gaps);
  chance->length = normal_of(lengths);
  for (guint l = 1; l < chance->n_labels; l++)
    chance->share[l] += chance->share[l - 1];
}

/* ---- chance ---- */

static double
uniform(CrRandom *random)
{
  return ((double)(cr_random_next(random) >> 11) + 0.5) * 0x1p-53;
}

/* Box and Muller 1958. */
static double
draw(CrRandom *random, Normal normal)
{
  const double radius = sqrt(-2 * log(uniform(random)));
  return normal.mean + normal.sd * radius * cos(2 * G_PI * uniform(random));
}

static guint
draw_label(CrRandom *random, const Chance *chance)
{
  const double at = uniform(random) * chance->share[chance->n_labels - 1];
  guint label = 0;
  while (label + 1 < chance->n_labels && chance->share[label] < at)
    label++;
  return label;
}

static GArray *
draw_reader(CrRandom *random, const Chance *chance)
{
  GArray *units = g_array_new(FALSE, FALSE, sizeof(CrGammaUnit));
  double at = 0;
  for (guint n = (guint)fabs(draw(random, chance->n_units)); n > 0; n--) {
    const double start = at + draw(random, chance->gap);
    double length = fabs(draw(random, chance->length));
    while (length <= 0)
      length = fabs(draw(random, chance->length));
    const CrGammaUnit unit = {start, start + length, draw_label(random, chance)};
    g_array_append_val(units, unit);
    at = unit.end;
  }
  return units;
}

static double
draw_disorder(CrRandom *random, const Chance *chance)
{
  for (guint tries = 0; tries < 100; tries++) {
    g_autoptr(GPtrArray) units = g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref);
    double n = 0, bound = 0;
    for (guint r = 0; r < chance->n_readers; r++) {
      g_ptr_array_add(units, draw_reader(random, chance));
      n += ((const GArray *)units->pdata[r])->len;
    }
    if (n > 0)
      return cr_gamma_best_sum((const GArray *const *)units->pdata, chance->n_readers, &bound) *
             chance->n_readers / n;
  }
  return NAN;
}

/* As many samples as the precision takes, at least 30 (5.2 of the paper). */
static double
expected_disorder(const Chance *chance, guint64 seed, guint *n_samples, double *precision)
{
  CrRandom random = {seed};
  double sum = 0, squares = 0;
  for (*n_samples = 0; *n_samples < MOST_SAMPLES;) {
    const double one = draw_disorder(&random, chance);
    sum += one;
    squares += one * one;
    const double n = ++*n_samples, mean = sum / n,
                 variance = MAX(0, squares / n - mean * mean) * n / MAX(n - 1, 1);
    *precision = mean > 0 ? CR_Z95 * sqrt(variance / n) / mean : 0;
    if (*n_samples >= LEAST_SAMPLES && *precision <= PRECISION)
      break;
  }
  return sum / *n_samples;
}

/* ---- the report ---- */

static CrInterval
interval_of(const Observed *o, guint n_documents, double expected, guint n_resamples, guint64 seed,
            double value)
{
  g_autofree double *values = g_new(double, n_resamples), *jackknife = g_new(double, MAX(n_documents, 1));
  CrRandom random = {seed};
  for (guint i = 0; i < n_resamples; i++) {
    double sum = 0, units = 0;
    for (guint d = 0; d < n_documents; d++) {
      const guint drawn = cr_random_below(&random, n_documents);
      sum += o->sum[drawn];
      units += o->mean_units[drawn];
    }
    values[i] = units > 0 ? 1 - sum / units / expected : NAN;
  }
  for (guint d = 0; d < n_documents; d++) {
    const double units = o->all_units - o->mean_units[d];
    jackknife[d] = units > 0 ? 1 - (o->all_sum - o->sum[d]) / units / expected : NAN;
  }
  return cr_interval(value, values, n_resamples, jackknife, n_documents);
}

static json_t *
number(double value)
{
  return isfinite(value) ? json_real(value) : json_null();
}

static json_t *
report(const CrComparison *comparison, const Chance *chance, const Observed *o)
{
  const guint64 seed = comparison->seed & G_MAXINT64;
  guint n_samples = 0;
  double precision = 0;
  const double observed = o->all_sum / o->all_units,
               expected = expected_disorder(chance, seed, &n_samples, &precision),
               value = 1 - observed / expected;
  CrInterval interval = {NAN, NAN, FALSE, 0};
  if (comparison->n_documents > 1)
    interval = interval_of(o, comparison->n_documents, expected,
                           comparison->n_bootstrap ? comparison->n_bootstrap : 2000, seed, value);
  return json_pack("{s:o, s:o, s:o, s:o, s:o, s:I, s:o, s:I, s:o}", "value", number(value), "low",
                   number(interval.low), "high", number(interval.high), "observed", number(observed),
                   "expected", number(expected), "samples", (json_int_t)n_samples, "precision",
                   number(precision), "seed", (json_int_t)seed, "gap",
                   number((o->all_sum - o->bound) / o->all_units / expected));
}

/* How much there is to search, roughly: in each note, and in the least number of drawn ones, all pairs of
 * units, and more with each further reader. */
static double
work_of(const CrComparison *comparison, const CrLabelSet *readers, guint n_readers)
{
  const guint n = comparison->n_documents;
  g_autofree double *units = g_new0(double, n);
  double work = 0;
  for (guint r = 0; r < n_readers; r++)
    for (gsize i = 0; i < readers[r].n_spans; i++)
      units[readers[r].spans[i].document]++;
  for (guint d = 0; d < n; d++)
    work += units[d] * units[d];
  return work * pow(4, n_readers - 2.0) * (1 + (double)LEAST_SAMPLES / n);
}

json_t *
cr_gamma_report(const CrComparison *comparison, const CrLabelSet *readers, guint n_readers, json_t *notes)
{
  gsize n = 0;
  for (guint r = 0; r < n_readers; r++)
    n += readers[r].n_spans;
  const char *why = n > MOST_UNITS ? "more than 200,000 units: the best alignment is not looked for"
                    : n_readers > MOST_READERS ? "more than 16 readers"
                    : work_of(comparison, readers, n_readers) > MOST_WORK
                        ? "too many units a note for so many readers: the best alignment is not looked for"
                        : NULL;
  const guint n_documents = comparison->n_documents;
  g_autofree double *share = g_new0(double, MAX(comparison->n_labels, 1)), *sum = g_new0(double, n_documents),
                    *units = g_new0(double, n_documents);
  Chance chance = {.share = share, .n_labels = MAX(comparison->n_labels, 1), .n_readers = n_readers};
  Observed o = {.sum = sum, .mean_units = units};
  if (!why)
    read_documents(comparison, readers, &chance, &o);
  if (!why && !(o.all_units > 0))
    why = "no reader has a unit";
  if (!why)
    return report(comparison, &chance, &o);
  json_object_set_new(notes, "gamma", json_string(why));
  return json_null();
}
