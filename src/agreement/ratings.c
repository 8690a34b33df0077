/* A table of ratings as one JSON object: every coefficient that is defined for it, with an interval; null and
 * a note for those that are not; warnings where a number would mislead. */
#include "agreement/agreement-private.h"
#include <math.h>
#include <string.h>

enum { N_RESAMPLES = 2000, MAX_TABLE = 2000, MAX_RATIO_VALUES = 20000 };
static const double budget = 4e9; /* elementary steps that intervals may cost */
static const guint64 interval_seed = 20261122;

typedef struct {
  const CrCoded *coded;
  gboolean are_words; /* values stand for words */
  guint *units;       /* 0..n_units-1 */
  json_t *out, *notes, *warnings;
} Report;

static const struct {
  const char *key;
  CrCoefficient coefficient;
  gboolean needs_numbers;
} coefficients[] = {
    {"scott_pi", cr_coefficient_scott, FALSE},
    {"fleiss_kappa", cr_coefficient_fleiss, FALSE},
    {"conger_kappa", cr_coefficient_conger, FALSE},
    {"light_kappa", cr_coefficient_light, FALSE},
    {"krippendorff_alpha", cr_coefficient_alpha, FALSE},
    {"gwet_ac1", cr_coefficient_ac1, FALSE},
    {"gwet_ac2", cr_coefficient_ac2, TRUE},
};

static const char words[] = "the values are words: order and distance mean nothing",
                  too_many[] = "too many distinct values: use --level interval or ratio and read the alpha";

static void warn(Report *r, const char *code, const char *format, ...) G_GNUC_PRINTF(3, 4);

static void
warn(Report *r, const char *code, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *message = g_strdup_vprintf(format, args);
  va_end(args);
  json_array_append_new(r->warnings, json_pack("{s:s, s:s}", "code", code, "message", message));
}

static json_t *
number(double value)
{
  return isfinite(value) ? json_real(value) : json_null();
}

static void
put_undefined(Report *r, const char *key, const char *why)
{
  json_object_set_new(r->out, key, json_null());
  json_object_set_new(r->notes, key, json_string(why));
}

static void
put_estimate(Report *r, const char *key, const CrEstimate *e)
{
  if (isnan(e->value)) {
    put_undefined(r, key, e->why);
    return;
  }
  json_t *object = json_object();
  json_object_set_new(object, "value", number(e->value));
  json_object_set_new(object, "se", number(e->se));
  json_object_set_new(object, "low", number(e->low));
  json_object_set_new(object, "high", number(e->high));
  json_object_set_new(r->out, key, object);
}

/* ---- Cohen ---- */

static void
put_cohen(Report *r)
{
  static const struct {
    const char *key;
    CrWeights weights;
  } kinds[] = {{"cohen_kappa", CR_WEIGHTS_IDENTITY},
               {"cohen_kappa_linear", CR_WEIGHTS_LINEAR},
               {"cohen_kappa_quadratic", CR_WEIGHTS_QUADRATIC}};
  const char *why = r->coded->n_raters != 2              ? "it is defined for two raters"
                    : r->coded->n_categories > MAX_TABLE ? too_many
                                                         : NULL;
  g_autofree guint64 *table = why ? NULL : cr_coded_table(r->coded, 0, 1);
  for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
    if (why || (i > 0 && r->are_words)) {
      put_undefined(r, kinds[i].key, why ? why : words);
      continue;
    }
    CrEstimate e = cr_kappa_weighted(table, r->coded->n_categories, kinds[i].weights);
    put_estimate(r, kinds[i].key, &e);
  }
}

/* ---- the others, with intervals over resampled units ---- */

static gboolean
can_resample(const Report *r)
{
  double n = (double)r->coded->n_units, m = (double)r->coded->n_raters, k = r->coded->n_categories;
  return r->coded->n_units > 1 && (n * m * m + k * k + m * m * k) * N_RESAMPLES < budget;
}

static void
draw_units(CrRandom *random, guint *units, gsize n)
{
  for (gsize i = 0; i < n; i++)
    units[i] = cr_random_below(random, (guint)n);
}

static double
spread(const double *values, guint n)
{
  double mean = 0, squares = 0;
  for (guint i = 0; i < n; i++)
    mean += values[i] / n;
  for (guint i = 0; i < n; i++)
    squares += (values[i] - mean) * (values[i] - mean);
  return n > 1 ? sqrt(squares / (n - 1)) : NAN;
}

static void
add_interval(const Report *r, CrCoefficient coefficient, CrEstimate *e)
{
  gsize n = r->coded->n_units;
  g_autofree guint *drawn = g_new(guint, n);
  g_autofree double *values = g_new(double, N_RESAMPLES);
  CrRandom random = {interval_seed};
  const char *why = NULL;
  for (guint b = 0; b < N_RESAMPLES; b++) {
    draw_units(&random, drawn, n);
    values[b] = coefficient(r->coded, drawn, n, &why);
  }
  CrInterval interval = cr_interval(e->value, values, N_RESAMPLES, NULL, 0);
  e->low = interval.low;
  e->high = interval.high;
  e->se = isnan(interval.low) ? NAN : spread(values, interval.n_defined);
}

static void
put_coefficient(Report *r, guint i)
{
  CrEstimate e = {NAN, NAN, NAN, NAN, NULL};
  if (coefficients[i].needs_numbers && r->are_words)
    e.why = words;
  else if (r->coded->n_categories > MAX_TABLE && coefficients[i].coefficient != cr_coefficient_alpha)
    e.why = too_many;
  else
    e.value = coefficients[i].coefficient(r->coded, r->units, r->coded->n_units, &e.why);
  if (!isnan(e.value) && can_resample(r))
    add_interval(r, coefficients[i].coefficient, &e);
  put_estimate(r, coefficients[i].key, &e);
}

/* ---- what is said beside the numbers ---- */

/* Shares of the categories among all ratings; the largest. */
static double
largest_share(const CrCoded *coded, json_t *prevalence)
{
  g_autofree double *counts = g_new0(double, MAX(coded->n_categories, 1));
  double n = 0, largest = 0;
  for (gsize i = 0; i < coded->n_units * coded->n_raters; i++)
    if (coded->codes[i] >= 0) {
      counts[coded->codes[i]]++;
      n++;
    }
  for (guint c = 0; c < coded->n_categories; c++) {
    largest = MAX(largest, counts[c] / n);
    if (coded->n_categories <= 50)
      json_array_append_new(prevalence,
                            json_pack("{s:f, s:f}", "value", coded->values[c], "share", counts[c] / n));
  }
  return largest;
}

static double
value_of(const Report *r, const char *key)
{
  const json_t *value = json_object_get(r->out, key);
  const json_t *inner = json_is_object(value) ? json_object_get(value, "value") : value;
  return json_is_real(inner) ? json_real_value(inner) : NAN;
}

/* Feinstein & Cicchetti (1990): high agreement, low kappa, because one category fills the table. */
static void
warn_prevalence(Report *r, double share)
{
  double percent = value_of(r, "percent");
  double kappa = value_of(r, r->coded->n_raters == 2 ? "cohen_kappa" : "fleiss_kappa");
  if (percent >= 0.8 && share >= 0.8 && percent - kappa >= 0.2)
    warn(
        r, "prevalence",
        "one category holds %.0f %% of the ratings: kappa (%.2f) is low beside the agreement (%.2f) for that "
        "reason; read gwet_ac1 (%.2f) with it",
        share * 100, kappa, percent, value_of(r, "gwet_ac1"));
}

static void
warn_data(Report *r)
{
  const CrCoded *coded = r->coded;
  if (coded->n_missing)
    warn(r, "missing",
         "%" G_GUINT64_FORMAT " ratings are missing: each coefficient uses what it is defined for (docs)",
         coded->n_missing);
  if (coded->n_units > 0 && coded->n_units < 30)
    warn(r, "few-units", "%zu units: intervals of so few are rough", coded->n_units);
  if (coded->n_categories == 1)
    warn(r, "one-category", "every rating is the same: chance-corrected agreement is not defined");
}

/* With missing ratings two definitions of AC1 are in use; docs/agreement.md says which is which. */
static void
add_per_unit(Report *r)
{
  json_t *ac1 = json_object_get(r->out, "gwet_ac1");
  const char *why = NULL;
  if (r->coded->n_missing && json_is_object(ac1))
    json_object_set_new(ac1, "per_unit",
                        number(cr_coefficient_ac1_per_unit(r->coded, r->units, r->coded->n_units, &why)));
}

static void
put_frame(Report *r)
{
  json_object_set_new(r->out, "units", json_integer((json_int_t)r->coded->n_units));
  json_object_set_new(r->out, "raters", json_integer((json_int_t)r->coded->n_raters));
  json_object_set_new(r->out, "categories", json_integer(r->coded->n_categories));
  json_object_set_new(r->out, "missing", json_integer((json_int_t)r->coded->n_missing));
  json_object_set_new(r->out, "level", json_string(r->coded->level));
}

static const char *
alpha_cannot(const Report *r)
{
  if (g_str_equal(r->coded->level, "nominal"))
    return NULL;
  if (r->are_words)
    return words;
  if (!g_str_equal(r->coded->level, "ratio"))
    return NULL;
  if (r->coded->n_categories > 0 && r->coded->values[0] < 0)
    return "ratio data cannot be negative";
  return r->coded->n_categories > MAX_RATIO_VALUES ? "too many distinct values" : NULL;
}

static void
put_all(Report *r)
{
  const char *why = NULL;
  double percent = cr_coefficient_percent(r->coded, r->units, r->coded->n_units, &why);
  json_object_set_new(r->out, "percent", number(percent));
  if (isnan(percent))
    json_object_set_new(r->notes, "percent", json_string(why));
  put_cohen(r);
  for (guint i = 0; i < G_N_ELEMENTS(coefficients); i++) {
    const char *cannot = coefficients[i].coefficient == cr_coefficient_alpha ? alpha_cannot(r) : NULL;
    if (cannot)
      put_undefined(r, coefficients[i].key, cannot);
    else
      put_coefficient(r, i);
  }
  add_per_unit(r);
}

json_t *
cr_agreement_ratings(const CrRatings *ratings, const char *level)
{
  g_autoptr(CrCoded) coded = cr_coded_new(ratings, level);
  g_autofree guint *units = g_new(guint, MAX(coded->n_units, 1));
  for (gsize u = 0; u < coded->n_units; u++)
    units[u] = (guint)u;
  Report r = {coded, ratings->are_words, units, json_object(), json_object(), json_array()};
  put_frame(&r);
  put_all(&r);
  json_t *prevalence = json_array();
  double share = largest_share(coded, prevalence);
  warn_data(&r);
  warn_prevalence(&r, share);
  json_object_set_new(r.out, "prevalence", prevalence);
  json_object_set_new(r.out, "intervals",
                      json_pack("{s:s, s:s, s:i, s:I}", "cohen", "normal, Fleiss, Cohen & Everitt (1969)",
                                "others", "percentile bootstrap over units", "resamples", N_RESAMPLES, "seed",
                                (json_int_t)interval_seed));
  json_object_set_new(r.out, "notes", r.notes);
  json_object_set_new(r.out, "warnings", r.warnings);
  return r.out;
}
