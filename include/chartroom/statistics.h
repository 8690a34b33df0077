/* statistics: how the labels were made, in figures. Numbers in, numbers out: nothing here reads files or
 * projects. A figure that is not defined is NaN and says why; what is drawn at random is drawn from a seed.
 * Definitions, sources and limits: docs/quality.md. */
#pragma once
#include <glib.h>
#include <chartroom/json.h>
#include <chartroom/error.h>

G_BEGIN_DECLS

/* ---- the middle, and what lies far from it ---- */
CR_EXPORT double cr_stat_quantile(const double *values, gsize n,
                                  double share); /* Hyndman & Fan (1996) type 7; NaN for n = 0 */
CR_EXPORT double cr_stat_median(const double *values, gsize n);
/* Median of the distances from the median, not scaled. */
CR_EXPORT double cr_stat_mad(const double *values, gsize n);
/* Modified z scores into out[n] (Iglewicz & Hoaglin 1993): 0.6745 (x - median) / MAD; where the MAD is 0,
 * (x - median) / (1.2533 mean distance); all 0 where every value is the median. Far: beyond 3.5. */
CR_EXPORT void cr_stat_robust_z(const double *values, gsize n, double *out);
#define CR_STAT_FAR 3.5

/* ---- trends ---- */
typedef struct {
  double rho;              /* Spearman's, over ranks centred within each stratum */
  double p;                /* two-sided, by permutation within the strata */
  gboolean is_exact;       /* every permutation was counted */
  double slope, low, high; /* Theil-Sen within the strata, with Sen's (1968) 95 % interval (one stratum) */
  gsize n, n_strata;
  const char *why; /* static: why nothing is defined; NULL where it is */
} CrTrend;
/* Whether y goes up or down with x. strata (may be NULL: one): a number for each pair; values are compared
 * with others of their stratum alone. p: all permutations up to 50,000 of them, else 9,999 drawn from seed,
 * (b + 1) / (m + 1) (Davison & Hinkley 1997). Not defined below 4 pairs in strata of two and more. */
CR_EXPORT CrTrend cr_stat_trend(const double *x, const double *y, const guint *strata, gsize n, guint64 seed);

/* p values adjusted for being n (Holm 1979) into out[n], which may be p. */
CR_EXPORT void cr_stat_holm(const double *p, gsize n, double *out);

/* ---- shares and means over documents ---- */
typedef struct {
  double value, low, high;
  const char *why;
} CrStatFigure;
/* sum(part) / sum(whole) over documents, with the percentile interval of 2,000 resamples of documents. No
 * interval below 5 documents. */
CR_EXPORT CrStatFigure cr_stat_ratio(const double *part, const double *whole, gsize n, guint64 seed);
/* How much larger the ratio is in one group of documents than in another; each group is resampled apart. No
 * interval where either has fewer than 5 documents. */
CR_EXPORT CrStatFigure cr_stat_gap(const double *part_a, const double *whole_a, gsize n_a,
                                   const double *part_b, const double *whole_b, gsize n_b, guint64 seed);
/* {"value","low","high"}, null with "why" where not defined. New reference. */
CR_EXPORT json_t *cr_stat_figure_json(const CrStatFigure *figure);

/* ---- accepting a lot by a sample ---- */
typedef struct {
  double acceptable, rejectable; /* shares of defective notes: AQL, LTPD */
  double alpha, beta;            /* risk that a lot at acceptable is refused, that one at rejectable passes */
} CrSamplingPlan;
typedef enum { CR_SAMPLING_GO_ON, CR_SAMPLING_ACCEPT, CR_SAMPLING_REJECT } CrSamplingVerdict;
/* Wald's sequential test of the binomial share (1947): after n looked at with d defective. accept_at: the
 * most defective at which n suffices to accept (-1: none does yet), reject_at: the fewest at which it is
 * refused. */
typedef struct {
  CrSamplingVerdict verdict;
  gint64 accept_at, reject_at;
  gint64 least; /* how many must be looked at to accept if none is defective */
} CrSequential;
CR_EXPORT CrSequential cr_stat_sequential(const CrSamplingPlan *plan, guint64 n, guint64 d);
/* The smallest single sample for a lot (type A: hypergeometric) that holds both risks: accept up to *accept
 * defective. The whole lot where no smaller one does (then *accept is what the lot may hold). */
CR_EXPORT guint64 cr_stat_single_sample(const CrSamplingPlan *plan, guint64 lot, guint64 *accept);
/* The chance of at most c defective in n drawn from a lot that holds d. */
CR_EXPORT double cr_stat_hypergeometric(guint64 lot, guint64 d, guint64 n, guint64 c);

G_END_DECLS
