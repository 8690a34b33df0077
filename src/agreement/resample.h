/* resample: a repeatable generator, resampled sums, and the interval that resampled values give. */
#pragma once
#include <glib.h>

typedef struct {
  guint64 state;
} CrRandom;
guint64 cr_random_next(CrRandom *random);             /* SplitMix64 */
guint cr_random_below(CrRandom *random, guint bound); /* 0..bound-1 */

/* Resamples rows (a document each) with replacement and hands out the sums of their columns, a call a
 * resample. Same seed, same sums. */
typedef void (*CrResampleFunc)(const double *sums, guint resample, gpointer user_data);
void cr_resample_rows(const float *rows, guint n_rows, gsize stride, guint n_resamples, guint64 seed,
                      CrResampleFunc func, gpointer user_data);

typedef struct {
  double low, high; /* NaN where not to be had */
  gboolean is_flat; /* every resample gave the same value */
  guint n_defined;  /* resamples in which the value is defined */
} CrInterval;
/* 95 %. values: one a resample, NaN where not defined there; sorted in place. jackknife (may be NULL: the
 * plain percentile interval): the value without each unit in turn, for the bias-corrected and accelerated
 * interval of Efron (1987). */
CrInterval cr_interval(double value, double *values, guint n_values, const double *jackknife,
                       gsize n_jackknife);
