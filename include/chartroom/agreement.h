/* agreement: how far readers agree. Nothing here reads files or projects: units, labels and spans in, numbers
 * out. A value that is not defined (0/0) is NaN, with the reason in `why`; it is never silently 0 or 1. */
#pragma once
#include <glib.h>
#include <chartroom/json.h>
#include <chartroom/error.h>

G_BEGIN_DECLS

typedef struct {
  double value, se, low, high;
  const char *why; /* static, NULL where defined */
} CrEstimate;

/* Categories 0..n_categories-1, a = rows, b = columns. counts row-major n_categories^2. Cohen (1960); SE and
 * 95 % interval after Fleiss, Cohen & Everitt (1969). */
CR_EXPORT CrEstimate cr_kappa_cohen(const guint64 *counts, guint n_categories);

/* ratings: n_units x n_raters, row-major; NaN = missing. Categories are the distinct values. */
typedef struct {
  const double *values;
  gsize n_units, n_raters;
  gboolean are_words; /* the values only stand for words: no order, no distance */
} CrRatings;
/* All metrics of cli.md's `agree --ratings` as one JSON object; level "nominal", "ordinal", "interval",
 * "ratio" (of Krippendorff's alpha). Where a coefficient is not defined its member is null and the reason
 * stands under "notes". New reference. */
CR_EXPORT json_t *cr_agreement_ratings(const CrRatings *ratings, const char *level);

/* Labelled spans of one reader in one document, code points or bytes alike. fragments: normalised. */
typedef struct {
  guint document;
  gsize start, end;
  guint label;
  GArray *fragments; /* NULL: one piece */
} CrLabelSpan;
typedef struct {
  const char *reader;
  const CrLabelSpan *spans;
  gsize n_spans;
} CrLabelSet; /* spans sorted by document, start, end */

typedef struct {
  guint n_documents;           /* read by every reader of the comparison */
  const GArray *const *tokens; /* per document: GArray of CrSpan (the token grid), same unit as the spans */
  const char *const *labels;
  guint n_labels;
  guint64 seed;
  guint n_bootstrap;    /* 2,000 by default */
  const gsize *lengths; /* per document, same unit; NULL: to the end of its last token or span */
} CrComparison;

/* Everything cli.md lists for `agree FILE FILE…` that is defined for the readers given: documents, per_label,
 * span_f1 {strict, exact, partial, type}, token_kappa, dropped, warnings, each with its document-bootstrap 95
 * % interval {value, low, high}. Metrics this version does not compute are absent, not null. New reference.
 */
CR_EXPORT json_t *cr_agreement_spans(const CrComparison *comparison, const CrLabelSet *readers,
                                     guint n_readers, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Span matching of one document: SemEval-2013 counts. Matching is one-to-one: exact bounds and label first,
 * then exact bounds, then the greatest overlap. */
typedef struct {
  guint64 correct, incorrect, partial, missing, spurious;
} CrSpanCounts;
typedef enum { CR_MATCH_STRICT, CR_MATCH_EXACT, CR_MATCH_PARTIAL, CR_MATCH_TYPE, CR_MATCH_N } CrMatch;
CR_EXPORT void cr_span_match(const CrLabelSpan *gold, gsize n_gold, const CrLabelSpan *system, gsize n_system,
                             CrSpanCounts out[CR_MATCH_N]);
CR_EXPORT double cr_span_f1(const CrSpanCounts *counts,
                            CrMatch match); /* NaN where nothing is there on either side */

/* The differences of two readers in one document, for resolution: pairs by the same matching. kind: "bounds"
 * (same label), "type" (another label, the bounds the same or not), "missing" (only one reader has it). */
typedef struct {
  const char *kind;
  gssize a, b; /* index into the sets, -1 = absent */
} CrDifference;
CR_EXPORT GArray *cr_span_differences(const CrLabelSpan *a, gsize n_a, const CrLabelSpan *b,
                                      gsize n_b); /* of CrDifference, by position */

/* What of two readers' agreement a cluster of disputes holds back. A dispute is what both have in one place:
 * places in their sets (readers[side].spans), either side may have none. The figures are those of
 * cr_agreement_spans without intervals, NaN where not defined. */
typedef struct {
  guint cluster, document;
  const guint *spans[2];
  guint n_spans[2];
} CrDispute;
typedef struct {
  double strict, partial, kappa; /* span F1 strict and partial, kappa on tokens */
} CrSettledFigures;
typedef struct {
  CrSettledFigures first, second; /* if all of the cluster were as the first (second) reader has it */
} CrSettled;
/* CrSettled a cluster, and the figures as they are. LIMIT. */
CR_EXPORT GArray *cr_agreement_settled(const CrComparison *comparison, const CrLabelSet *readers,
                                       const CrDispute *disputes, gsize n_disputes, guint n_clusters,
                                       CrSettledFigures *now, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
