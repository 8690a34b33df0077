/* Figures from sums of rows. NaN where nothing is there to be right or wrong about. */
#include "evaluation/evaluation-private.h"
#include <math.h>

const char *const cr_measure_names[N_MEASURES] = {
    "strict",       "exact",        "partial", "type", /* SemEval-2013 */
    "spans_strict", "spans_merged", "token",   "token_kind", "characters",
};
const char *const cr_share_names[N_SHARES] = {"spans_covered", "spans_touched", "leak_free", "untouched"};
const char *const cr_prf_names[N_PRF] = {"precision", "recall", "f1"};
const char *const cr_label_figure_names[LABEL_FIGURES] = {"precision", "recall", "f1", "characters",
                                                          "spans_covered"};
const char *const cr_group_figure_names[GROUP_FIGURES] = {"recall", "spans_covered", "characters",
                                                          "leak_free", "token_precision"};

guint
cr_figure_of_share(Share share)
{
  return N_MEASURES * N_PRF + share;
}

guint
cr_figure_of_label(guint label)
{
  return N_MEASURES * N_PRF + N_SHARES + label * LABEL_FIGURES;
}

guint
cr_figure_of_group(const CrEvaluationScheme *scheme, guint group)
{
  return cr_figure_of_label(scheme->n_labels) + group * GROUP_FIGURES;
}

guint
cr_figure_of_spread(const CrEvaluationScheme *scheme)
{
  return cr_figure_of_group(scheme, scheme->n_groups);
}

guint
cr_n_figures(const CrEvaluationScheme *scheme)
{
  return cr_figure_of_spread(scheme) + N_SPREADS;
}

static double
ratio(double part, double whole)
{
  return whole > 0 ? part / whole : NAN;
}

/* gold and system: spans, words or characters of each side; hit of gold, right of system. */
static double
prf(double gold, double hit, double system, double right, guint which)
{
  double precision = ratio(right, system), recall = ratio(hit, gold);
  if (which != FIGURE_F1)
    return which == FIGURE_PRECISION ? precision : recall;
  if (isnan(precision) && isnan(recall))
    return NAN;
  if (isnan(precision) || isnan(recall) || precision + recall <= 0)
    return 0;
  return 2 * precision * recall / (precision + recall);
}

/* SemEval-2013 task 9: possible = correct + incorrect + partial + missing, actual the same with spurious. */
static double
match_figure(const double *sums, CrMatch match, guint which)
{
  const double *counts = sums + COLUMN_COUNTS + (gsize)match * N_COUNTS;
  double paired = counts[COUNT_CORRECT] + counts[COUNT_INCORRECT] + counts[COUNT_PARTIAL];
  double credit = counts[COUNT_CORRECT] + counts[COUNT_PARTIAL] / 2;
  return prf(paired + counts[COUNT_MISSING], credit, paired + counts[COUNT_SPURIOUS], credit, which);
}

static double
label_figure(const double *label, guint which)
{
  if (which < N_PRF)
    return prf(label[LABEL_GOLD], label[LABEL_STRICT], label[LABEL_SYSTEM], label[LABEL_STRICT], which);
  return which == N_PRF ? ratio(label[LABEL_CHARS_COVERED], label[LABEL_CHARS])
                        : ratio(label[LABEL_SPANS_COVERED], label[LABEL_GOLD]);
}

static double
group_figure(const double *group, guint which)
{
  static const guint parts[GROUP_FIGURES][2] = {{GROUP_STRICT, GROUP_GOLD},
                                                {GROUP_SPANS_COVERED, GROUP_GOLD},
                                                {GROUP_CHARS_COVERED, GROUP_CHARS},
                                                {GROUP_LEAK_FREE, GROUP_GOLD_DOCUMENTS},
                                                {GROUP_RIGHT_TOKENS, GROUP_SYSTEM_TOKENS}};
  return ratio(group[parts[which][0]], group[parts[which][1]]);
}

/* The best group less the worst. */
static double
spread(const CrEvaluationScheme *scheme, const double *sums, guint which)
{
  double low = INFINITY, high = -INFINITY;
  guint n = 0;
  for (guint g = 0; g < scheme->n_groups; g++) {
    double value = group_figure(sums + cr_row_group(scheme, g), which);
    if (isnan(value) || (scheme->is_small != NULL && scheme->is_small[g]))
      continue;
    low = MIN(low, value);
    high = MAX(high, value);
    n++;
  }
  return n >= 2 ? high - low : NAN;
}

static double
measure_figure(const double *sums, guint measure, guint which)
{
  if (measure < CR_MATCH_N)
    return match_figure(sums, (CrMatch)measure, which);
  const double *parts = sums + COLUMN_PARTS + (gsize)(measure - CR_MATCH_N) * N_PARTS;
  return prf(parts[PART_GOLD], parts[PART_HIT], parts[PART_SYSTEM], parts[PART_RIGHT], which);
}

double
cr_figure_value(const CrEvaluationScheme *scheme, const double *sums, guint figure)
{
  if (figure < cr_figure_of_share(0))
    return measure_figure(sums, figure / N_PRF, figure % N_PRF);
  if (figure < cr_figure_of_label(0)) {
    const double *share = sums + COLUMN_SHARES + 2 * (gsize)(figure - cr_figure_of_share(0));
    return ratio(share[0], share[1]);
  }
  if (figure < cr_figure_of_group(scheme, 0)) {
    guint at = figure - cr_figure_of_label(0);
    return label_figure(sums + cr_row_label(at / LABEL_FIGURES), at % LABEL_FIGURES);
  }
  if (figure < cr_figure_of_spread(scheme)) {
    guint at = figure - cr_figure_of_group(scheme, 0);
    return group_figure(sums + cr_row_group(scheme, at / GROUP_FIGURES), at % GROUP_FIGURES);
  }
  return spread(scheme, sums, figure - cr_figure_of_spread(scheme));
}
