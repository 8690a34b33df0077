/* unitizing: Krippendorff's alpha for unitizing. */
#pragma once
#include "agreement/agreement-private.h"

/* {"value","low","high","version","u","binary","cu","per_label":{LABEL:{"ku","coverage","alpha_2004"}},"hidden"}
 * with each figure {value, low, high} or null and its reason under "unitizing_alpha.…" in notes. New
 * reference. */
json_t *cr_unitizing_report(const CrComparison *comparison, const CrLabelSet *readers, guint n_readers,
                            guint n_resamples, json_t *notes);

/* The length of a document's continuum. */
gsize cr_continuum_length(const CrComparison *comparison, const CrLabelSet *readers, guint n_readers,
                          guint document);

/* ---- unitizing-2004.c: Krippendorff 1995 and 2004, for two readers ---- */
typedef struct CrAlpha2004 CrAlpha2004;
CrAlpha2004 *cr_alpha_2004_new(const CrComparison *comparison, const CrLabelSet *readers);
void cr_alpha_2004_free(CrAlpha2004 *alpha);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrAlpha2004, cr_alpha_2004_free)
/* label -1: over all labels. weights: how often each document counts; NULL: once. NaN where not defined. */
double cr_alpha_2004_value(const CrAlpha2004 *alpha, gint label, const guint *weights);
gsize cr_alpha_2004_size(const CrAlpha2004 *alpha); /* units and gaps, which a value's time goes with */
