/* Inside agreement/: coefficients over tables and coded ratings, the statistics of one document.
 *
 * Nothing here reads files. NaN means not defined, and then a static reason goes with it. */
#pragma once
#include <chartroom/agreement.h>
#include "agreement/match.h"
#include "agreement/resample.h"
#include <chartroom/text.h>

#define CR_Z95 1.959963984540054 /* the normal quantile of 0.975 */

/* ---- kappa.c ---- */
typedef enum { CR_WEIGHTS_IDENTITY, CR_WEIGHTS_LINEAR, CR_WEIGHTS_QUADRATIC } CrWeights;
/* Cohen (1960, 1968) with the large-sample SE of Fleiss, Cohen & Everitt (1969). Weights by the distance of
 * the categories' places, 1 - |i-j|/(k-1) or its square. */
CrEstimate cr_kappa_weighted(const guint64 *counts, guint n_categories, CrWeights weights);
/* kappa from what it depends on: n units, n_agree of them alike, marginals of both sides. Cheap, no SE. */
double cr_kappa_from_marginals(double n, double n_agree, const double *rows, const double *columns,
                               guint n_categories, const char **why);
/* Gwet's AC1 (2008) for two readers from the same numbers; k counts the categories that occur. */
double cr_ac1_from_marginals(double n, double n_agree, const double *rows, const double *columns,
                             guint n_categories, const char **why);

/* ---- coded.c: ratings as places in the sorted list of distinct values ---- */
typedef struct {
  gsize n_units;      /* units with at least one rating */
  gsize n_raters;     /* columns */
  guint n_categories; /* distinct values */
  double *values;     /* [n_categories], ascending */
  gint *codes;        /* [n_units][n_raters], -1 = missing */
  guint64 n_missing;  /* among those units */
  const char *level;  /* "nominal", "ordinal", "interval", "ratio" */
} CrCoded;
CrCoded *cr_coded_new(const CrRatings *ratings, const char *level);
void cr_coded_free(CrCoded *coded);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrCoded, cr_coded_free)

/* ---- coefficients.c: over the units listed (a resample repeats some) ---- */
typedef double (*CrCoefficient)(const CrCoded *coded, const guint *units, gsize n, const char **why);
double cr_coefficient_percent(const CrCoded *coded, const guint *units, gsize n, const char **why);
double cr_coefficient_scott(const CrCoded *coded, const guint *units, gsize n, const char **why);
double cr_coefficient_fleiss(const CrCoded *coded, const guint *units, gsize n, const char **why);
double cr_coefficient_conger(const CrCoded *coded, const guint *units, gsize n, const char **why);
double cr_coefficient_light(const CrCoded *coded, const guint *units, gsize n, const char **why);
double cr_coefficient_alpha(const CrCoded *coded, const guint *units, gsize n, const char **why);
double cr_coefficient_ac1(const CrCoded *coded, const guint *units, gsize n, const char **why);
double cr_coefficient_ac2(const CrCoded *coded, const guint *units, gsize n, const char **why);
/* AC1 with missing ratings as Gwet (2014) averages: per unit, not per rating. */
double cr_coefficient_ac1_per_unit(const CrCoded *coded, const guint *units, gsize n, const char **why);
/* The table of two raters over units that both rated: [n_categories][n_categories]; g_free. */
guint64 *cr_coded_table(const CrCoded *coded, gsize a, gsize b);
