/* gamma: Mathet, Widlöcher & Métivier 2015. */
#pragma once
#include "agreement/agreement-private.h"

typedef struct {
  double start, end;
  guint label;
} CrGammaUnit;

/* Of two units, with alpha = beta = delta = 1: ((|start - start| + |end - end|) / (length + length))^2, and 1
 * where the labels differ (eq. 3 and 4). */
double cr_gamma_dissimilarity(const CrGammaUnit *a, const CrGammaUnit *b);

/* The disorder of the best alignment of n_readers sets of units, the sum over its unitary alignments; units
 * of a reader in any order. bound: the best alignment's sum is between it and the value returned; equal where
 * the search was complete. */
double cr_gamma_best_sum(const GArray *const *readers /* CrGammaUnit */, guint n_readers, double *bound);

/* {"value","low","high","observed","expected","samples","precision","seed","gap"}; or null with a reason
 * under "gamma" in notes. New reference. */
json_t *cr_gamma_report(const CrComparison *comparison, const CrLabelSet *readers, guint n_readers,
                        json_t *notes);
