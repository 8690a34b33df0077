/* The report on one system: every figure, its interval, and the counts it is made of. */
#include "evaluation/evaluation-private.h"
#include "agreement/resample.h"
#include <math.h>

typedef struct {
  const CrEvaluationScheme *scheme;
  guint n_documents;
  guint64 *confusion; /* [n_labels + 1]^2 */
  float *rows;
  double *sums;  /* [stride] */
  double *drawn; /* [figures][n_bootstrap] */
} Report;

static void
report_clear(Report *report)
{
  g_clear_pointer(&report->confusion, g_free);
  g_clear_pointer(&report->rows, g_free);
  g_clear_pointer(&report->sums, g_free);
  g_clear_pointer(&report->drawn, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Report, report_clear)

static void
draw_cb(const double *sums, guint resample, gpointer data)
{
  Report *report = data;
  guint n = cr_n_figures(report->scheme);
  for (guint f = 0; f < n; f++)
    report->drawn[(gsize)f * report->scheme->n_bootstrap + resample] =
        cr_figure_value(report->scheme, sums, f);
}

static void
report_init(Report *report, const CrEvaluationDocument *documents)
{
  const CrEvaluationScheme *scheme = report->scheme;
  gsize stride = cr_row_length(scheme), n = (gsize)scheme->n_labels + 1;
  report->confusion = g_new0(guint64, n * n);
  report->rows = cr_rows_new(scheme, documents, report->n_documents, report->confusion);
  report->sums = g_new0(double, stride);
  for (guint d = 0; d < report->n_documents; d++)
    for (gsize i = 0; i < stride; i++)
      report->sums[i] += (double)report->rows[d * stride + i];
  report->drawn = g_new(double, (gsize)cr_n_figures(scheme) * MAX(scheme->n_bootstrap, 1));
  if (report->n_documents > 1)
    cr_resample_rows(report->rows, report->n_documents, stride, scheme->n_bootstrap, scheme->seed, draw_cb,
                     report);
}

/* ---- members ---- */

static json_t *
number(double value)
{
  return isnan(value) ? json_null() : json_real(value);
}

/* {"value", "low", "high"}; one document has no interval. */
static json_t *
figure(Report *report, guint f)
{
  guint n = report->n_documents > 1 ? report->scheme->n_bootstrap : 0;
  double value = cr_figure_value(report->scheme, report->sums, f);
  CrInterval interval = {NAN, NAN, FALSE, 0};
  if (n > 1)
    interval = cr_interval(value, report->drawn + (gsize)f * report->scheme->n_bootstrap, n, NULL, 0);
  return json_pack("{s:o, s:o, s:o}", "value", number(value), "low", number(interval.low), "high",
                   number(interval.high));
}

static json_t *
count(double value)
{
  return json_integer((json_int_t)value);
}

static json_t *
measure(Report *report, guint m)
{
  json_t *object = json_object();
  for (guint which = 0; which < N_PRF; which++)
    json_object_set_new(object, cr_prf_names[which], figure(report, m * N_PRF + which));
  if (m < CR_MATCH_N) {
    static const char *const names[N_COUNTS] = {"correct", "incorrect", "partial", "missed", "spurious"};
    for (guint c = 0; c < N_COUNTS; c++)
      json_object_set_new(object, names[c], count(report->sums[COLUMN_COUNTS + m * N_COUNTS + c]));
  } else {
    static const char *const names[N_PARTS] = {"gold", "found", "system", "right"};
    for (guint p = 0; p < N_PARTS; p++)
      json_object_set_new(object, names[p],
                          count(report->sums[COLUMN_PARTS + (m - CR_MATCH_N) * N_PARTS + p]));
  }
  return object;
}

static json_t *
share(Report *report, guint s)
{
  json_t *object = figure(report, cr_figure_of_share((Share)s));
  json_object_set_new(object, "part", count(report->sums[COLUMN_SHARES + 2 * s]));
  json_object_set_new(object, "of", count(report->sums[COLUMN_SHARES + 2 * s + 1]));
  return object;
}

static json_t *
per_label(Report *report)
{
  const CrEvaluationScheme *scheme = report->scheme;
  json_t *labels = json_object();
  for (guint l = 0; l < scheme->n_labels; l++) {
    const double *counts = report->sums + cr_row_label(l);
    json_t *object = json_pack("{s:o, s:o, s:o}", "gold", count(counts[LABEL_GOLD]), "system",
                               count(counts[LABEL_SYSTEM]), "correct", count(counts[LABEL_STRICT]));
    for (guint which = 0; which < LABEL_FIGURES; which++)
      json_object_set_new(object, cr_label_figure_names[which],
                          figure(report, cr_figure_of_label(l) + which));
    if (cr_label_is_reported(scheme, l))
      json_object_set_new(object, "reported", json_true());
    json_object_set_new(labels, scheme->labels[l], object);
  }
  return labels;
}

/* {"GOLD": {"SYSTEM": n}} without zeros; "" is none. */
static json_t *
confusion(const Report *report)
{
  const CrEvaluationScheme *scheme = report->scheme;
  guint n = scheme->n_labels + 1;
  json_t *object = json_object();
  for (guint gold = 0; gold < n; gold++) {
    json_t *row = json_object();
    for (guint system = 0; system < n; system++) {
      guint64 cell = report->confusion[(gsize)gold * n + system];
      if (cell > 0)
        json_object_set_new(row, system < scheme->n_labels ? scheme->labels[system] : "",
                            json_integer((json_int_t)cell));
    }
    if (json_object_size(row) > 0)
      json_object_set(object, gold < scheme->n_labels ? scheme->labels[gold] : "", row);
    json_decref(row);
  }
  return object;
}

static json_t *
groups(Report *report)
{
  const CrEvaluationScheme *scheme = report->scheme;
  json_t *all = json_object();
  for (guint g = 0; g < scheme->n_groups; g++) {
    const double *counts = report->sums + cr_row_group(scheme, g);
    json_t *object = json_pack("{s:o, s:o}", "documents", count(counts[GROUP_DOCUMENTS]), "gold",
                               count(counts[GROUP_GOLD]));
    for (guint which = 0; which < GROUP_FIGURES; which++)
      json_object_set_new(object, cr_group_figure_names[which],
                          figure(report, cr_figure_of_group(scheme, g) + which));
    if (scheme->is_small != NULL && scheme->is_small[g])
      json_object_set_new(object, "small", json_true());
    json_object_set_new(all, scheme->groups[g], object);
  }
  return all;
}

json_t *
cr_evaluation_report(const CrEvaluationScheme *scheme, const CrEvaluationDocument *documents,
                     guint n_documents)
{
  g_auto(Report) report = {.scheme = scheme, .n_documents = n_documents};
  report_init(&report, documents);
  json_t *object =
      json_pack("{s:i, s:o, s:o}", "documents", n_documents, "gold_spans", count(report.sums[COLUMN_GOLD]),
                "system_spans", count(report.sums[COLUMN_SYSTEM]));
  for (guint m = 0; m < N_MEASURES; m++)
    json_object_set_new(object, cr_measure_names[m], measure(&report, m));
  for (guint s = 0; s < N_SHARES; s++)
    json_object_set_new(object, cr_share_names[s], share(&report, s));
  json_object_set_new(object, "per_label", per_label(&report));
  json_object_set_new(object, "confusion", confusion(&report));
  if (scheme->n_groups > 0) {
    json_t *spread = json_object();
    for (guint which = 0; which < N_SPREADS; which++)
      json_object_set_new(spread, cr_group_figure_names[which],
                          figure(&report, cr_figure_of_spread(scheme) + which));
    json_object_set_new(object, "groups", groups(&report));
    json_object_set_new(object, "spread", spread);
  }
  json_object_set_new(object, "intervals",
                      json_pack("{s:s, s:i, s:I}", "method", "percentile bootstrap over documents",
                                "resamples", scheme->n_bootstrap, "seed", (json_int_t)scheme->seed));
  return object;
}
