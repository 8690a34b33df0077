/* Two systems over the same documents: paired bootstrap (Efron & Tibshirani 1993; Berg-Kirkpatrick, Burkett &
 * Klein 2012). A resample takes the same documents for both, so what is easy or hard about a document falls
 * out of the difference. */
#include "evaluation/evaluation-private.h"
#include "agreement/resample.h"
#include <math.h>

typedef struct {
  const CrEvaluationScheme *scheme;
  guint n_documents;
  gsize stride; /* of one system; a row holds both */
  float *rows;
  double *sums;  /* [2 * stride] */
  double *drawn; /* [figures][n_bootstrap]: differences */
} Comparison;

static void
comparison_clear(Comparison *comparison)
{
  g_clear_pointer(&comparison->rows, g_free);
  g_clear_pointer(&comparison->sums, g_free);
  g_clear_pointer(&comparison->drawn, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Comparison, comparison_clear)

static void
draw_cb(const double *sums, guint resample, gpointer data)
{
  Comparison *comparison = data;
  guint n = cr_n_figures(comparison->scheme);
  for (guint f = 0; f < n; f++)
    comparison->drawn[(gsize)f * comparison->scheme->n_bootstrap + resample] =
        cr_figure_value(comparison->scheme, sums + comparison->stride, f) -
        cr_figure_value(comparison->scheme, sums, f);
}

static void
comparison_init(Comparison *c, const CrEvaluationDocument *first, const CrEvaluationDocument *second)
{
  c->stride = cr_row_length(c->scheme);
  c->rows = g_new(float, MAX(2 * c->stride * c->n_documents, 1));
  c->sums = g_new0(double, 2 * c->stride);
  c->drawn = g_new(double, (gsize)cr_n_figures(c->scheme) * MAX(c->scheme->n_bootstrap, 1));
  for (guint d = 0; d < c->n_documents; d++) {
    float *row = c->rows + 2 * c->stride * d;
    cr_row_fill(c->scheme, &first[d], row, NULL);
    cr_row_fill(c->scheme, &second[d], row + c->stride, NULL);
    for (gsize i = 0; i < 2 * c->stride; i++)
      c->sums[i] += (double)row[i];
  }
  if (c->n_documents > 1)
    cr_resample_rows(c->rows, c->n_documents, 2 * c->stride, c->scheme->n_bootstrap, c->scheme->seed, draw_cb,
                     c);
}

static json_t *
number(double value)
{
  return isnan(value) ? json_null() : json_real(value);
}

/* Two-sided: twice the smaller share of resampled differences on the other side of 0, 0 itself on both; each
 * count with one added, so that no p is 0. */
static double
p_value(const double *differences, guint n)
{
  guint below = 0, above = 0, n_defined = 0;
  for (guint i = 0; i < n; i++) {
    if (isnan(differences[i]))
      continue;
    n_defined++;
    below += differences[i] <= 0;
    above += differences[i] >= 0;
  }
  return n_defined > 0 ? MIN(1, 2.0 * (MIN(below, above) + 1) / (n_defined + 1)) : NAN;
}

static json_t *
figure(Comparison *c, guint f)
{
  double first = cr_figure_value(c->scheme, c->sums, f);
  double second = cr_figure_value(c->scheme, c->sums + c->stride, f), difference = second - first, p = NAN;
  double *drawn = c->drawn + (gsize)f * c->scheme->n_bootstrap;
  CrInterval interval = {NAN, NAN, FALSE, 0};
  if (c->n_documents > 1 && c->scheme->n_bootstrap > 1 && !isnan(difference)) {
    p = p_value(drawn, c->scheme->n_bootstrap);
    interval = cr_interval(difference, drawn, c->scheme->n_bootstrap, NULL, 0);
  }
  return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "first", number(first), "second", number(second),
                   "difference", number(difference), "low", number(interval.low), "high",
                   number(interval.high), "p", number(p));
}

json_t *
cr_evaluation_compare(const CrEvaluationScheme *scheme, const CrEvaluationDocument *first,
                      const CrEvaluationDocument *second, guint n_documents)
{
  g_auto(Comparison) c = {.scheme = scheme, .n_documents = n_documents};
  json_t *object = json_object(), *labels = json_object();
  comparison_init(&c, first, second);
  for (guint m = 0; m < N_MEASURES; m++) {
    json_t *measure = json_object();
    for (guint which = 0; which < N_PRF; which++)
      json_object_set_new(measure, cr_prf_names[which], figure(&c, m * N_PRF + which));
    json_object_set_new(object, cr_measure_names[m], measure);
  }
  for (guint s = 0; s < N_SHARES; s++)
    json_object_set_new(object, cr_share_names[s], figure(&c, cr_figure_of_share((Share)s)));
  for (guint l = 0; l < scheme->n_labels; l++)
    json_object_set_new(labels, scheme->labels[l],
                        json_pack("{s:o, s:o}", "f1", figure(&c, cr_figure_of_label(l) + FIGURE_F1),
                                  "spans_covered", figure(&c, cr_figure_of_label(l) + LABEL_FIGURES - 1)));
  json_object_set_new(object, "per_label", labels);
  return object;
}
